//! Python's `==` on plain values, through a key: two values are equal exactly when their keys are.
//!
//! Numbers compare by exact value whatever their type (`1 == 1.0 == True`, `2**53 + 1 != 2.0**53`),
//! list and tuple differ, sets and dictionaries have no order, NaN equals nothing. Knows no
//! identity, so a list that holds NaN does not equal itself.

use crate::{Int, Value};

/// How values are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Equality {
    /// Python's `==`.
    #[default]
    Python,
    /// Python's `==`, and the types agree at every depth.
    Strict,
}

impl Equality {
    /// Whether `a` equals `b`.
    #[must_use]
    pub fn holds(self, a: &Value, b: &Value) -> bool {
        !a.has_nan() && !b.has_nan() && self.key(a) == self.key(b)
    }

    /// Text that equal values share. NaN has a key like any other number: ask [`Value::has_nan`].
    #[must_use]
    pub fn key(self, value: &Value) -> String {
        let mut key = String::new();
        self.write(value, &mut key);
        key
    }

    fn write(self, value: &Value, out: &mut String) {
        match value {
            Value::None => out.push('N'),
            Value::Bool(b) => self.number("b", f64::from(*b), out),
            Value::Int(n) => {
                out.push_str(if self == Self::Strict { "i" } else { "" });
                out.push_str(&n.to_string());
            }
            Value::Float(x) => self.number("f", *x, out),
            Value::Complex(re, im) if *im == 0.0 => self.number("c", *re, out),
            Value::Complex(re, im) => {
                self.number("c", *re, out);
                out.push('+');
                self.number("", *im, out);
                out.push('j');
            }
            Value::Str(text) => quote('s', text.as_bytes(), out),
            Value::Bytes(bytes) => quote('y', bytes, out),
            Value::List(items) => self.items('[', items, false, out),
            Value::Tuple(items) => self.items('(', items, false, out),
            Value::Set(items) => self.items('{', items, true, out),
            Value::FrozenSet(items) => {
                self.items(if self == Self::Strict { '<' } else { '{' }, items, true, out);
            }
            Value::Dict(pairs) => {
                let mut keys: Vec<String> =
                    pairs.iter().map(|(k, v)| format!("{}:{}", self.key(k), self.key(v))).collect();
                keys.sort_unstable();
                list('d', &keys, out);
            }
        }
    }

    fn number(self, tag: &str, x: f64, out: &mut String) {
        if self == Self::Strict {
            out.push_str(tag);
        }
        match Int::from_f64(x) {
            Some(whole) => out.push_str(&whole.to_string()),
            None => out.push_str(&format!("{x:?}")),
        }
    }

    fn items(self, open: char, items: &[Value], unordered: bool, out: &mut String) {
        let mut keys: Vec<String> = items.iter().map(|item| self.key(item)).collect();
        if unordered {
            keys.sort_unstable();
        }
        list(open, &keys, out);
    }
}

fn list(open: char, keys: &[String], out: &mut String) {
    out.push(open);
    for key in keys {
        out.push_str(key);
        out.push(',');
    }
    out.push(']');
}

/// Length first, so that no content can imitate what stands around it.
fn quote(tag: char, bytes: &[u8], out: &mut String) {
    out.push(tag);
    out.push_str(&bytes.len().to_string());
    out.push(':');
    match std::str::from_utf8(bytes) {
        Ok(text) => out.push_str(text),
        Err(_) => bytes.iter().for_each(|byte| out.push_str(&format!("\\{byte:02x}"))),
    }
}
