//! Other inputs of the same types: does a program's output depend on its input at all?
//!
//! Deterministic in the seed. Types are kept at every depth, and tuples keep their length, so that
//! a program that takes the original mostly takes its variants.

use std::collections::BTreeSet;

use quaero_sdk::{Equality, Int, Value};

use crate::task::print_arguments;

/// Up to `n` argument lists, each different from `arguments` and from each other, as source.
pub(crate) fn variants(arguments: &[Value], n: usize, seed: &str) -> Vec<String> {
    let mut rng = Rng::new(seed);
    let mut seen = BTreeSet::from([print_arguments(arguments)]);
    let mut found = Vec::new();
    // Some tries repeat an earlier variant (there is only one other bool).
    for _ in 0..4 * n {
        let variant: Vec<Value> = arguments.iter().map(|value| changed(value, &mut rng)).collect();
        let text = print_arguments(&variant);
        if found.len() < n && seen.insert(text.clone()) {
            found.push(text);
        }
    }
    found
}

/// SplitMix64 from an FNV-1a hash of a text.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: &str) -> Self {
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        Self(seed.bytes().fold(0xcbf2_9ce4_8422_2325, fnv))
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * n as u128) >> 64) as usize
    }

    /// A small number that is not zero.
    fn step(&mut self) -> i64 {
        [1, -1, 2, 3, -2, 5, 7][self.below(7)]
    }
}

fn changed(value: &Value, rng: &mut Rng) -> Value {
    match value {
        Value::None => Value::None,
        Value::Bool(b) => Value::Bool(if rng.below(4) == 0 { *b } else { !b }),
        Value::Int(n) => Value::Int(changed_int(n, rng)),
        Value::Float(x) => {
            Value::Float(if x.is_finite() { x + 0.5 * rng.step() as f64 } else { 1.5 })
        }
        Value::Complex(re, im) => Value::Complex(re + rng.step() as f64, *im),
        Value::Str(text) => Value::Str(changed_text(text, rng)),
        Value::Bytes(bytes) => {
            let mut bytes = bytes.clone();
            bytes.push(b'a' + rng.below(26) as u8);
            Value::Bytes(bytes)
        }
        Value::List(items) => Value::List(changed_items(items, rng)),
        Value::Tuple(items) => Value::Tuple(items.iter().map(|v| changed(v, rng)).collect()),
        Value::Set(items) => Value::Set(distinct(changed_items(items, rng))),
        Value::FrozenSet(items) => Value::FrozenSet(distinct(changed_items(items, rng))),
        Value::Dict(pairs) => {
            let mut pairs: Vec<_> =
                pairs.iter().map(|(k, v)| (k.clone(), changed(v, rng))).collect();
            if pairs.len() > 1 && rng.below(3) == 0 {
                pairs.remove(rng.below(pairs.len()));
            }
            Value::Dict(pairs)
        }
    }
}

fn changed_int(n: &Int, rng: &mut Rng) -> Int {
    let Some(n) = n.to_i64() else { return Int::from(rng.step()) };
    Int::from(match rng.below(4) {
        0 => n.saturating_mul(2).saturating_add(1),
        _ if n > 0 => n.saturating_add(rng.step()).max(0),
        _ => n.saturating_add(rng.step()),
    })
}

fn changed_text(text: &str, rng: &mut Rng) -> String {
    let letter = char::from(b'a' + rng.below(26) as u8);
    let mut chars: Vec<char> = text.chars().collect();
    match rng.below(4) {
        0 => chars.insert(0, letter),
        1 if chars.len() > 1 => {
            chars.remove(rng.below(chars.len()));
        }
        2 if !chars.is_empty() => {
            let idx = rng.below(chars.len());
            chars[idx] = letter;
        }
        _ => chars.push(letter),
    }
    chars.into_iter().collect()
}

fn changed_items(items: &[Value], rng: &mut Rng) -> Vec<Value> {
    let mut items: Vec<Value> = items.iter().map(|value| changed(value, rng)).collect();
    match rng.below(3) {
        0 if items.len() > 1 => {
            items.remove(rng.below(items.len()));
        }
        1 if !items.is_empty() => {
            let again = changed(&items[rng.below(items.len())], rng);
            items.push(again);
        }
        _ if items.is_empty() => items.push(Value::Int(Int::from(rng.step()))),
        _ => {}
    }
    items
}

/// Keeps the first of equal items.
fn distinct(items: Vec<Value>) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    items.into_iter().filter(|item| seen.insert(Equality::Python.key(item))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(input: &str) -> Vec<String> {
        let values = Value::parse_arguments(input, usize::MAX).unwrap();
        variants(&values, 4, "seed")
    }

    #[test]
    fn variants_differ_and_keep_their_types() {
        for input in
            ["3", "'ab', [1, 2]", "{'a': 1, 'b': 2}", "(1, 'x'), 2.5", "{1, 2}", "b'a'", "[]"]
        {
            let found = of(input);
            assert_eq!(found.len(), 4, "of {input}");
            let types = |text: &str| -> Vec<&str> {
                let values = Value::parse_arguments(text, usize::MAX).unwrap();
                values.iter().map(Value::type_name).collect()
            };
            for text in &found {
                assert_ne!(text, input);
                assert_eq!(types(text), types(input), "{text} of {input}");
            }
        }
        assert_eq!(of("True"), ["False"]);
        assert_eq!(of("None"), Vec::<String>::new());
        assert_eq!(of(""), Vec::<String>::new());
    }

    #[test]
    fn the_same_seed_gives_the_same_variants() {
        assert_eq!(of("[1, 2, 3], 'abc'"), of("[1, 2, 3], 'abc'"));
    }
}
