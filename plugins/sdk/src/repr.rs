//! Prints plain values exactly as CPython's `repr` does.
//!
//! Two things differ on purpose: the items of a set stand in sorted order of their text (CPython's
//! order depends on hash seeds), and NaN and infinities print by name as in `repr`, although no
//! Python literal says them.

use std::fmt;

use crate::Value;
use crate::printable::is_printable;

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => f.write_str("None"),
            Value::Bool(true) => f.write_str("True"),
            Value::Bool(false) => f.write_str("False"),
            Value::Int(n) => n.fmt(f),
            Value::Float(x) => f.write_str(&float(*x, true)),
            Value::Complex(re, im) => f.write_str(&complex(*re, *im)),
            Value::Str(text) => f.write_str(&string(text)),
            Value::Bytes(data) => f.write_str(&bytes(data)),
            Value::List(items) => sequence(f, "[", items, "]"),
            Value::Tuple(items) if items.len() == 1 => write!(f, "({},)", items[0]),
            Value::Tuple(items) => sequence(f, "(", items, ")"),
            Value::Set(items) if items.is_empty() => f.write_str("set()"),
            Value::Set(items) => set(f, items),
            Value::FrozenSet(items) if items.is_empty() => f.write_str("frozenset()"),
            Value::FrozenSet(items) => {
                f.write_str("frozenset(")?;
                set(f, items)?;
                f.write_str(")")
            }
            Value::Dict(pairs) => {
                f.write_str("{")?;
                for (idx, (key, value)) in pairs.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if idx > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
        }
    }
}

fn sequence(f: &mut fmt::Formatter<'_>, open: &str, items: &[Value], close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (idx, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if idx > 0 { ", " } else { "" })?;
    }
    f.write_str(close)
}

fn set(f: &mut fmt::Formatter<'_>, items: &[Value]) -> fmt::Result {
    let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
    texts.sort_unstable();
    write!(f, "{{{}}}", texts.join(", "))
}

/// Shortest digits that read back, with an exponent below 1e-4 and from 1e16 on; `point` adds the
/// `.0` of a whole float.
fn float(x: f64, point: bool) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{x:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) || x == 0.0 {
        let plain = format!("{x}");
        return if point && !plain.contains('.') { plain + ".0" } else { plain };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

fn complex(re: f64, im: f64) -> String {
    let imaginary = float(im, false);
    if re == 0.0 && re.is_sign_positive() {
        return format!("{imaginary}j");
    }
    let plus = if imaginary.starts_with('-') { "" } else { "+" };
    format!("({}{plus}{imaginary}j)", float(re, false))
}

fn quote_for(has_single: bool, has_double: bool) -> char {
    if has_single && !has_double { '"' } else { '\'' }
}

fn string(text: &str) -> String {
    let quote = quote_for(text.contains('\''), text.contains('"'));
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        let code = u32::from(c);
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if c == quote => out.extend(['\\', c]),
            _ if is_printable(c) => out.push(c),
            _ if code < 0x100 => out.push_str(&format!("\\x{code:02x}")),
            _ if code < 0x1_0000 => out.push_str(&format!("\\u{code:04x}")),
            _ => out.push_str(&format!("\\U{code:08x}")),
        }
    }
    out.push(quote);
    out
}

fn bytes(data: &[u8]) -> String {
    let quote = quote_for(data.contains(&b'\''), data.contains(&b'"'));
    let mut out = format!("b{quote}");
    for &byte in data {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ if char::from(byte) == quote => out.extend(['\\', quote]),
            0x20..0x7f => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}
