//! Values and texts for the comparison with CPython: the same ones on every machine.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::{Equality, Int, Value};

/// Characters of every way in which `repr` shows one; none that a newer Unicode might add.
fn character() -> impl Strategy<Value = char> {
    prop_oneof![
        6 => proptest::char::range(' ', '~'),
        2 => proptest::sample::select("'\"\\\n\r\t\0\x7f\u{ad}".chars().collect::<Vec<_>>()),
        1 => proptest::char::range('\u{80}', '\u{17f}'),
        1 => proptest::sample::select(vec![
            '\u{200b}', '\u{2028}', '\u{3000}', '\u{feff}', '漢', '字', '😀', '\u{e000}', '\u{10ffff}',
        ]),
    ]
}

fn string() -> impl Strategy<Value = String> {
    proptest::collection::vec(character(), 0..8).prop_map(|chars| chars.into_iter().collect())
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        (-40_i64..40).prop_map(|n| n as f64 / 4.0),
        (-330_i32..310).prop_map(|e| 10_f64.powi(e)),
        (0_u32..80).prop_map(|e| 2_f64.powi(e as i32)),
        proptest::sample::select(vec![0.0, -0.0, 1e16, 1e-5, 123_456_789_012_345_680.0, 5e-324]),
    ]
}

fn integer() -> impl Strategy<Value = Int> {
    prop_oneof![
        4 => (-20_i64..20).prop_map(Int::from),
        1 => any::<i64>().prop_map(Int::from),
        1 => "[1-9][0-9]{0,40}".prop_map(|digits| Int::from_digits(&digits, 10).unwrap()),
        1 => (0_u32..80).prop_map(|e| Int::from_f64(2_f64.powi(e as i32)).unwrap().negated()),
    ]
}

fn hashable() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        integer().prop_map(Value::Int),
        float().prop_map(|x| Value::Float(if x.is_nan() { 0.5 } else { x })),
        string().prop_map(Value::Str),
        proptest::collection::vec(any::<u8>(), 0..6).prop_map(Value::Bytes),
    ];
    let nested = leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Tuple),
            proptest::collection::vec(inner, 0..3)
                .prop_map(|items| Value::FrozenSet(distinct(items))),
        ]
    });
    nested.boxed()
}

fn distinct(items: Vec<Value>) -> Vec<Value> {
    let mut seen = std::collections::BTreeSet::new();
    items.into_iter().filter(|item| seen.insert(Equality::Python.key(item))).collect()
}

/// Plain values of all types. Complex numbers have no negative zeros, and a zero only before a
/// positive imaginary part: a literal does not keep the others.
pub(super) fn value() -> BoxedStrategy<Value> {
    let real = || float().prop_map(|x| if x == 0.0 { 0.0 } else { x });
    let leaf = prop_oneof![
        4 => hashable(),
        1 => (real(), real()).prop_map(|(re, im)| {
            let re = if re == 0.0 && (im < 0.0 || im.is_nan()) { 1.0 } else { re };
            Value::Complex(re, im)
        }),
    ];
    let nested = leaf.prop_recursive(3, 16, 4, |inner| {
        let pairs = proptest::collection::vec((hashable(), inner.clone()), 0..4);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            proptest::collection::vec(inner, 0..4).prop_map(Value::Tuple),
            proptest::collection::vec(hashable(), 0..4)
                .prop_map(|items| Value::Set(distinct(items))),
            pairs.prop_map(|pairs| {
                let mut seen = std::collections::BTreeSet::new();
                let fresh = |(key, _): &(Value, Value)| seen.insert(Equality::Python.key(key));
                Value::Dict(pairs.into_iter().filter(fresh).collect())
            }),
        ]
    });
    nested.boxed()
}

/// Texts that are literals, mostly: values as printed, twins that may be equal in other types,
/// other spellings, and a few damaged ones.
pub(super) fn texts(n: usize) -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    let mut draw = |strategy: &BoxedStrategy<Value>| {
        strategy.new_tree(&mut runner).expect("a value").current()
    };
    let (any_value, number) = (value(), numbers().boxed());
    let mut texts = SPELLINGS.map(str::to_owned).to_vec();
    while texts.len() < n {
        let value = draw(&any_value);
        let text = value.to_string();
        texts.push(text.clone());
        match texts.len() % 7 {
            0 => texts.push(text.replace(", ", " ,\n")),
            1 => texts.push(twin(&value).to_string()),
            2 => texts.push(draw(&number).to_string()),
            3 => texts.push(format!("[{text}, ]")),
            4 if texts.len().is_multiple_of(2) => texts.push(damaged(&text, texts.len())),
            5 => texts.push(format!("({text})")),
            _ => texts.push(text),
        }
    }
    texts.truncate(n);
    texts
}

fn numbers() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-3_i64..3).prop_map(|n| Value::Int(Int::from(n))),
        (-3_i64..3).prop_map(|n| Value::Float(n as f64)),
        any::<bool>().prop_map(Value::Bool),
    ]
}

/// The same value with other number types where Python does not mind.
fn twin(value: &Value) -> Value {
    let all = |items: &[Value]| items.iter().map(twin).collect();
    match value {
        Value::Bool(b) => Value::Int(Int::from(i64::from(*b))),
        Value::Int(n) => match Int::from_f64(n.to_f64()) {
            Some(back) if back == *n => Value::Float(n.to_f64()),
            _ => value.clone(),
        },
        Value::Float(x) => Int::from_f64(*x).map_or_else(|| value.clone(), Value::Int),
        Value::List(items) => Value::List(all(items)),
        Value::Tuple(items) => Value::Tuple(all(items)),
        Value::Set(items) => Value::Set(items.iter().rev().map(twin).collect()),
        Value::FrozenSet(items) => Value::FrozenSet(items.iter().rev().map(twin).collect()),
        Value::Dict(pairs) => {
            Value::Dict(pairs.iter().rev().map(|(k, v)| (twin(k), twin(v))).collect())
        }
        Value::None | Value::Complex(..) | Value::Str(_) | Value::Bytes(_) => value.clone(),
    }
}

/// Without one of its characters.
fn damaged(text: &str, salt: usize) -> String {
    let at = salt * 31 % text.chars().count().max(1);
    text.chars().enumerate().filter(|(idx, _)| *idx != at).map(|(_, c)| c).collect()
}

/// Spellings that `repr` never uses.
#[rustfmt::skip]
const SPELLINGS: [&str; 106] = [
    "0x1F", "0o17", "0b101", "0XfF", "1_000", "1__0", "_1", "1_", "00", "01", "0_0", ".5", "5.",
    "1e5", "1E+5", "1e-7", "1_0e1_0", "1e", "1.e3", "+1", "- 1", "+ 1.5", "1j", "1.5J", "-1j",
    "1+2j", "1 - 2j", "-1.5+0.5j", "1+2", "1j+1", "'a' 'b'", "'a' b'b'", "b'a' b\"b\"", "u'a'",
    "U\"a\"", "R'\\n'", "rb'\\n'", "Rb'\\x00'", "bR'\\''", "ub'a'", "f'a'", "'\\101'", "'\\7'",
    "'\\0'", "b'\\101'", "'\\x4'", "'\\u00e9'", "'\\U0001f600'", "'\\U00110000'", "'\\q'",
    "b'\\u00e9'", "b'\u{e9}'", "'''a'b'''", "\"\"\"a\n\"b\"\"\"", "'a\nb'", "'a\\\nb'", "()",
    "(,)", "(1,,)", "[,]", "[1 2]", "{,}", "{1:}", "{1: 2, 3}", "{1, 2: 3}", "{1: 2,}", "{1,}",
    "set()", "set(1)", "None", "none", "True", "true", "[1, # c\n2]", "# c\n1", "1 # c", "1;",
    "1\n2", "", " ", "[[[[]]]]", "((1))", "((1),)", "1,", "1, 2,", ",", "{**{}}", "[*[]]", "(1",
    "1)", "{(1, 2): [3]}", "{[1]}", "{{}}", "{1: {2: {3}}}", "10000000000000000000000000.0",
    "1e16", "123456789.0", "1e400", "-1e400", "1_0.5", "0.1_5", "1._5", "0x", "0b2", "1if", "'\t'",
];
