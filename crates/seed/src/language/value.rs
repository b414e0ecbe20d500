//! What programs compute: the values of the subset and their Python `repr`.

use std::cmp::Ordering;
use std::fmt::{self, Write};

/// A Python value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `int`, as far as 64 bits reach; beyond them a program evaluates to nothing.
    Int(i64),
    /// `bool`.
    Bool(bool),
    /// `str`, ASCII.
    Str(String),
    /// `list`.
    List(Vec<Value>),
}

impl Value {
    /// The value as a number: an int, or a bool as Python counts it.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Bool(b) => Some(i64::from(*b)),
            Self::Str(_) | Self::List(_) => None,
        }
    }

    /// Python's truth of a value.
    #[must_use]
    pub fn truth(&self) -> bool {
        match self {
            Self::Int(n) => *n != 0,
            Self::Bool(b) => *b,
            Self::Str(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
        }
    }

    /// Python's `==`.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.equals(y))
            }
            _ => matches!((self.as_int(), other.as_int()), (Some(a), Some(b)) if a == b),
        }
    }

    /// Python's order, where it has one.
    #[must_use]
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Str(a), Self::Str(b)) => Some(a.cmp(b)),
            (Self::List(a), Self::List(b)) => {
                for (x, y) in a.iter().zip(b) {
                    if !x.equals(y) {
                        return x.order(y);
                    }
                }
                Some(a.len().cmp(&b.len()))
            }
            _ => Some(self.as_int()?.cmp(&other.as_int()?)),
        }
    }

    /// What iterating over the value yields.
    #[must_use]
    pub fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(items) => Some(items.clone()),
            Self::Str(text) => Some(text.chars().map(|c| Self::Str(c.to_string())).collect()),
            Self::Int(_) | Self::Bool(_) => None,
        }
    }
}

impl fmt::Display for Value {
    /// Python's `repr`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(n) => write!(f, "{n}"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Str(text) => repr_str(text, f),
            Self::List(items) => {
                f.write_char('[')?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
                }
                f.write_char(']')
            }
        }
    }
}

fn repr_str(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    f.write_char(quote)?;
    for c in text.chars() {
        match c {
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            c if c == quote => write!(f, "\\{c}")?,
            c if c.is_ascii_control() => write!(f, "\\x{:02x}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    f.write_char(quote)
}

/// Inputs as the wire writes them: comma-separated literals.
#[must_use]
pub fn repr_inputs(inputs: &[Value]) -> String {
    inputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
