//! Numbers: signs, radixes, underscores, exponents, imaginary parts, sums of a complex number.

use super::{LiteralError, Parser};
use crate::{Int, Value};

/// A number before its sign is known.
enum Magnitude {
    Int(Int),
    Float(f64),
    Imaginary(f64),
}

impl Parser<'_> {
    /// A signed number, and the imaginary part that may follow it.
    pub(super) fn number(&mut self) -> Result<Value, LiteralError> {
        let first = self.signed()?;
        let (Value::Int(_) | Value::Float(_)) = first else { return Ok(first) };
        let before = self.at;
        self.skip_space();
        let Some(sign @ ('+' | '-')) = self.peek() else {
            self.at = before;
            return Ok(first);
        };
        self.at += 1;
        self.skip_space();
        let Magnitude::Imaginary(im) = self.magnitude()? else {
            return Err(self.expected("an imaginary part after the sum"));
        };
        let re = match &first {
            Value::Int(n) => n.to_f64(),
            Value::Float(x) => *x,
            _ => return Err(self.expected("a real part before the sum")),
        };
        Ok(Value::Complex(re, if sign == '-' { -im } else { im }))
    }

    fn signed(&mut self) -> Result<Value, LiteralError> {
        let negative = self.peek() == Some('-');
        if negative || self.peek() == Some('+') {
            self.at += 1;
            self.skip_space();
        }
        Ok(match (self.magnitude()?, negative) {
            (Magnitude::Int(n), false) => Value::Int(n),
            (Magnitude::Int(n), true) => Value::Int(n.negated()),
            (Magnitude::Float(x), negative) => Value::Float(if negative { -x } else { x }),
            (Magnitude::Imaginary(x), false) => Value::Complex(0.0, x),
            // The negation of a complex number negates its real zero as well.
            (Magnitude::Imaginary(x), true) => Value::Complex(-0.0, -x),
        })
    }

    fn magnitude(&mut self) -> Result<Magnitude, LiteralError> {
        let token_len = self.number_len();
        let token = &self.rest()[..token_len];
        let parsed = read(token);
        if parsed.is_none() {
            return Err(self.expected("a number"));
        }
        self.at += token_len;
        parsed.ok_or_else(|| self.expected("a number"))
    }

    /// Length of the number ahead: letters, digits, points, and a sign right after an exponent.
    fn number_len(&self) -> usize {
        let bytes = self.rest().as_bytes();
        let radix = matches!(bytes, [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..]);
        let mut len = 0;
        while let Some(&byte) = bytes.get(len) {
            let exponent_sign = matches!(byte, b'+' | b'-')
                && !radix
                && len > 0
                && matches!(bytes[len - 1], b'e' | b'E');
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || exponent_sign) {
                break;
            }
            len += 1;
        }
        len
    }
}

fn read(token: &str) -> Option<Magnitude> {
    match token {
        "inf" => return Some(Magnitude::Float(f64::INFINITY)),
        "nan" => return Some(Magnitude::Float(f64::NAN)),
        "infj" => return Some(Magnitude::Imaginary(f64::INFINITY)),
        "nanj" => return Some(Magnitude::Imaginary(f64::NAN)),
        _ => {}
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some((head, digits)) = token.split_at_checked(2)
            && head.eq_ignore_ascii_case(prefix)
        {
            // One underscore may follow the prefix.
            let digits = without_underscores(digits.strip_prefix('_').unwrap_or(digits))?;
            return Int::from_digits(&digits, radix).map(Magnitude::Int);
        }
    }
    let token = without_underscores(token)?;
    if let Some(imaginary) = token.strip_suffix(['j', 'J']) {
        return decimal(imaginary).map(Magnitude::Imaginary);
    }
    if token.bytes().all(|byte| byte.is_ascii_digit()) {
        // 00 is zero, 007 is an error.
        let padded = token.len() > 1 && token.starts_with('0');
        if padded && token.bytes().any(|byte| byte != b'0') {
            return None;
        }
        return Int::from_digits(&token, 10).map(Magnitude::Int);
    }
    decimal(&token).map(Magnitude::Float)
}

fn decimal(token: &str) -> Option<f64> {
    let starts = token.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let plain = token.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    if starts && plain { token.parse().ok() } else { None }
}

/// Underscores may stand between two digits only.
fn without_underscores(token: &str) -> Option<String> {
    let bytes = token.as_bytes();
    let digit =
        |idx: Option<usize>| idx.and_then(|idx| bytes.get(idx)).is_some_and(u8::is_ascii_hexdigit);
    let fine = (0..bytes.len())
        .filter(|&idx| bytes[idx] == b'_')
        .all(|idx| digit(idx.checked_sub(1)) && digit(Some(idx + 1)));
    fine.then(|| token.replace('_', ""))
}
