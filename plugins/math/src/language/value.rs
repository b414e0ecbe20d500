//! Values: rational numbers, and polynomials in `t` over them.
//!
//! Printed in one way only (`-3/2`, `t^2 - 1/2*t + 3`), read in that way and near it: an answer is
//! a number or a polynomial written out, never an expression that is left to be computed.

use std::fmt;

use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};

use super::Rat;

/// Longest text of a value that is read.
const CHARS_MAX: usize = 4096;
/// Highest degree.
pub(crate) const DEGREE_MAX: usize = 64;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Number(Rat),
    /// Coefficients from the lowest; at least two, the last not zero.
    Poly(Vec<Rat>),
}

impl Value {
    /// A polynomial of these coefficients, or the number that it is.
    pub(crate) fn of(mut coefficients: Vec<Rat>) -> Self {
        while coefficients.len() > 1 && coefficients.last().is_some_and(Zero::is_zero) {
            coefficients.pop();
        }
        match coefficients.len() {
            0 => Self::Number(Rat::zero()),
            1 => Self::Number(coefficients.remove(0)),
            _ => Self::Poly(coefficients),
        }
    }

    /// The coefficients from the lowest.
    pub(crate) fn coefficients(self) -> Vec<Rat> {
        match self {
            Self::Number(x) => vec![x],
            Self::Poly(coefficients) => coefficients,
        }
    }

    /// Reads a number (`7`, `-3/2`, `0.25`) or a polynomial written out as a sum.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let text = text.replace('−', "-").replace("**", "^");
        if text.is_empty() || text.len() > CHARS_MAX {
            return None;
        }
        let mut coefficients = vec![Rat::zero()];
        // Each power at most once: what has to be added up is not written out.
        let mut seen = [false; DEGREE_MAX + 1];
        let mut from = 0;
        let mut after_slash = false;
        for (at, c) in text.char_indices().chain([(text.len(), '+')]) {
            // A sign starts a new term, but for the one that starts the first.
            if !matches!(c, '+' | '-') || at == 0 || after_slash {
                after_slash = c == '/';
                continue;
            }
            let (coefficient, degree) = term(&text[from..at])?;
            if coefficients.len() <= degree {
                coefficients.resize(degree + 1, Rat::zero());
            }
            if std::mem::replace(&mut seen[degree], true) {
                return None;
            }
            coefficients[degree] = coefficient;
            from = at;
        }
        Some(Self::of(coefficients))
    }
}

/// A term's coefficient and degree: `-3/2*t^2`, `+t`, `5`.
fn term(text: &str) -> Option<(Rat, usize)> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (coefficient, degree) = match text.split_once('t') {
        None => (number(text)?, 0),
        Some((before, after)) => {
            let before = before.strip_suffix('*').unwrap_or(before);
            let coefficient = if before.is_empty() { Rat::one() } else { number(before)? };
            // `t^2/3`
            let (power, below) = match after.split_once('/') {
                Some((power, below)) => (power, number(below)?),
                None => (after, Rat::one()),
            };
            let degree = match power.strip_prefix('^') {
                Some(digits) if !digits.starts_with('+') => digits.parse().ok()?,
                None if power.is_empty() => 1,
                _ => return None,
            };
            if below.is_zero() || degree > DEGREE_MAX {
                return None;
            }
            (coefficient / below, degree)
        }
    };
    Some((if negative { -coefficient } else { coefficient }, degree))
}

/// A number without a sign: digits, a decimal, or a fraction.
fn number(text: &str) -> Option<Rat> {
    let text = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(text);
    let digits = |text: &str| {
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse::<BigInt>().ok()).flatten()
    };
    if let Some((upper, lower)) = text.split_once('/') {
        let (lower, negative) = match lower.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (lower, false),
        };
        let (upper, lower) = (digits(upper)?, digits(lower)?);
        let lower = if negative { -lower } else { lower };
        return (!lower.is_zero()).then(|| Rat::new(upper, lower));
    }
    match text.split_once('.') {
        Some((whole, decimals)) => {
            let all = digits(&format!("{whole}{decimals}"))?;
            let power = u32::try_from(decimals.len()).ok()?;
            Some(Rat::new(all, BigInt::from(10).pow(power)))
        }
        None => digits(text).map(Rat::from_integer),
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let coefficients = match self {
            Self::Number(x) => return write!(f, "{x}"),
            Self::Poly(coefficients) => coefficients,
        };
        let mut first = true;
        for (degree, c) in coefficients.iter().enumerate().rev() {
            if c.is_zero() {
                continue;
            }
            match (first, c.is_negative()) {
                (true, true) => write!(f, "-")?,
                (true, false) => {}
                (false, true) => write!(f, " - ")?,
                (false, false) => write!(f, " + ")?,
            }
            first = false;
            let size = c.abs();
            match (degree, size.is_one()) {
                (0, _) => write!(f, "{size}")?,
                (_, true) => {}
                (_, false) => write!(f, "{size}*")?,
            }
            match degree {
                0 => {}
                1 => write!(f, "t")?,
                _ => write!(f, "t^{degree}")?,
            }
        }
        Ok(())
    }
}
