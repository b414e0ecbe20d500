//! Reads Python literals: the one way in which text becomes a [`Value`]. Nothing is evaluated.
//!
//! Accepts what `ast.literal_eval` accepts of plain data, and also `frozenset(...)`, `nan`, `inf`,
//! `float('nan')` and the like, which canonical texts need. Knows no names and no operators but the
//! sign of a number and the sum of a complex one.

mod number;
mod quoted;

use std::collections::BTreeMap;
use std::fmt;

use crate::{Equality, Value};

/// Deepest nesting that is read.
pub const DEPTH_MAX: usize = 100;

/// Why a text is no literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiteralError {
    /// Not the syntax of a literal: what was expected, and the byte where.
    Syntax {
        /// What was expected there.
        expected: &'static str,
        /// Offset in bytes.
        at: usize,
    },
    /// Nested deeper than [`DEPTH_MAX`].
    TooDeep,
    /// More bytes than the limit given.
    TooLarge {
        /// Length of the text.
        len_bytes: usize,
        /// The limit.
        max_bytes: usize,
    },
    /// A list, dictionary or set as a key or as an item of a set.
    Unhashable(&'static str),
    /// An escape that names half a surrogate pair, which is no text.
    Surrogate,
}

impl fmt::Display for LiteralError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { expected, at } => write!(f, "expected {expected} at byte {at}"),
            Self::TooDeep => write!(f, "nested deeper than {DEPTH_MAX} levels"),
            Self::TooLarge { len_bytes, max_bytes } => {
                write!(f, "{len_bytes} bytes, more than {max_bytes}")
            }
            Self::Unhashable(name) => write!(f, "unhashable type: '{name}'"),
            Self::Surrogate => f.write_str("half a surrogate pair is no text"),
        }
    }
}

impl std::error::Error for LiteralError {}

impl Value {
    /// The value that the literal `text` says. A bare `1, 2` is a tuple, as in Python.
    ///
    /// # Errors
    /// Where `text` is no literal of plain data, is longer than `max_bytes` or nested too deeply.
    pub fn parse(text: &str, max_bytes: usize) -> Result<Self, LiteralError> {
        let mut parser = Parser::new(text, max_bytes)?;
        let (mut items, comma) = parser.items(None)?;
        match (items.len(), comma) {
            (0, _) => Err(parser.expected("a literal")),
            (1, false) => Ok(items.remove(0)),
            _ => Ok(Value::Tuple(items)),
        }
    }

    /// The values of comma-separated literals, as between the parentheses of a call.
    ///
    /// # Errors
    /// As [`Value::parse`]; no arguments at all are no error.
    pub fn parse_arguments(text: &str, max_bytes: usize) -> Result<Vec<Self>, LiteralError> {
        Ok(Parser::new(text, max_bytes)?.items(None)?.0)
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, max_bytes: usize) -> Result<Self, LiteralError> {
        if text.len() > max_bytes {
            return Err(LiteralError::TooLarge { len_bytes: text.len(), max_bytes });
        }
        Ok(Self { text, at: 0, depth: 0 })
    }

    fn expected(&self, expected: &'static str) -> LiteralError {
        LiteralError::Syntax { expected, at: self.at }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// White space, comments and continued lines.
    fn skip_space(&mut self) {
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | '\r' | '\x0c' => self.at += 1,
                '#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                '\\' if self.rest().starts_with("\\\n") => self.at += 2,
                _ => return,
            }
        }
    }

    fn take(&mut self, c: char) -> bool {
        self.skip_space();
        let found = self.peek() == Some(c);
        self.at += if found { c.len_utf8() } else { 0 };
        found
    }

    /// Items up to `close` (or the end of the text), and whether a comma stood among them.
    fn items(&mut self, close: Option<char>) -> Result<(Vec<Value>, bool), LiteralError> {
        let (mut items, mut comma) = (Vec::new(), false);
        loop {
            if self.closes(close) {
                return Ok((items, comma));
            }
            items.push(self.value()?);
            if self.take(',') {
                comma = true;
            } else if self.closes(close) {
                return Ok((items, comma));
            } else {
                return Err(self.expected("',' or the end"));
            }
        }
    }

    fn closes(&mut self, close: Option<char>) -> bool {
        match close {
            Some(close) => self.take(close),
            None => {
                self.skip_space();
                self.at == self.text.len()
            }
        }
    }

    fn value(&mut self) -> Result<Value, LiteralError> {
        self.skip_space();
        if self.depth == DEPTH_MAX {
            return Err(LiteralError::TooDeep);
        }
        self.depth += 1;
        let value = match self.peek() {
            Some('[') => {
                self.at += 1;
                Value::List(self.items(Some(']'))?.0)
            }
            Some('(') => {
                self.at += 1;
                self.parenthesised()?
            }
            Some('{') => {
                self.at += 1;
                self.braces()?
            }
            Some('"' | '\'') => self.strings()?,
            Some(c) if c.is_ascii_digit() || matches!(c, '.' | '+' | '-') => self.number()?,
            Some(c) if c.is_alphabetic() => self.word()?,
            _ => return Err(self.expected("a literal")),
        };
        self.depth -= 1;
        Ok(value)
    }

    fn parenthesised(&mut self) -> Result<Value, LiteralError> {
        let (mut items, comma) = self.items(Some(')'))?;
        Ok(if items.len() == 1 && !comma { items.remove(0) } else { Value::Tuple(items) })
    }

    fn braces(&mut self) -> Result<Value, LiteralError> {
        if self.take('}') {
            return Ok(Value::Dict(Vec::new()));
        }
        let first = self.value()?;
        if !self.take(':') {
            let mut items = vec![first];
            if !self.take('}') {
                if !self.take(',') {
                    return Err(self.expected("':', ',' or '}'"));
                }
                items.extend(self.items(Some('}'))?.0);
            }
            return Ok(Value::Set(distinct(items)?));
        }
        let mut pairs = vec![(first, self.value()?)];
        while !self.take('}') {
            if !self.take(',') {
                return Err(self.expected("',' or '}'"));
            }
            if self.take('}') {
                break;
            }
            let key = self.value()?;
            if !self.take(':') {
                return Err(self.expected("':'"));
            }
            pairs.push((key, self.value()?));
        }
        Ok(Value::Dict(distinct_keys(pairs)?))
    }

    /// A word: a name of a constant, a string's prefix, or one of the few calls.
    fn word(&mut self) -> Result<Value, LiteralError> {
        let len = self
            .rest()
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(self.rest().len());
        let word = &self.rest()[..len];
        if self.rest()[len..].starts_with(['"', '\'']) {
            return self.strings();
        }
        let value = match word {
            "None" => Value::None,
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            "inf" => Value::Float(f64::INFINITY),
            "nan" => Value::Float(f64::NAN),
            "infj" => Value::Complex(0.0, f64::INFINITY),
            "nanj" => Value::Complex(0.0, f64::NAN),
            "set" | "frozenset" | "float" | "complex" => {
                self.at += len;
                return self.call(word);
            }
            _ => return Err(self.expected("a literal")),
        };
        if word == "inf" || word == "nan" || word.ends_with('j') {
            return self.number();
        }
        self.at += len;
        Ok(value)
    }

    fn call(&mut self, name: &str) -> Result<Value, LiteralError> {
        if !self.take('(') {
            return Err(self.expected("'('"));
        }
        let at = self.at;
        let arguments = self.items(Some(')'))?.0;
        let bad = LiteralError::Syntax { expected: "the arguments of a literal", at };
        match (name, arguments.as_slice()) {
            ("set", []) => Ok(Value::Set(Vec::new())),
            ("frozenset", []) => Ok(Value::FrozenSet(Vec::new())),
            (
                "set" | "frozenset",
                [Value::List(items) | Value::Tuple(items) | Value::Set(items)],
            ) => {
                let items = distinct(items.clone())?;
                Ok(if name == "set" { Value::Set(items) } else { Value::FrozenSet(items) })
            }
            ("float", [Value::Str(text)]) => match text.to_ascii_lowercase().as_str() {
                "nan" => Ok(Value::Float(f64::NAN)),
                "inf" | "+inf" | "infinity" => Ok(Value::Float(f64::INFINITY)),
                "-inf" | "-infinity" => Ok(Value::Float(f64::NEG_INFINITY)),
                _ => Err(bad),
            },
            ("complex", [re, im]) => match (as_real(re), as_real(im)) {
                (Some(re), Some(im)) => Ok(Value::Complex(re, im)),
                _ => Err(bad),
            },
            _ => Err(bad),
        }
    }
}

fn as_real(value: &Value) -> Option<f64> {
    match value {
        Value::Float(x) => Some(*x),
        Value::Int(n) => Some(n.to_f64()),
        _ => None,
    }
}

/// Keeps the first of equal items, as a set does.
fn distinct(items: Vec<Value>) -> Result<Vec<Value>, LiteralError> {
    let pairs = distinct_keys(items.into_iter().map(|item| (item, Value::None)).collect())?;
    Ok(pairs.into_iter().map(|(item, _)| item).collect())
}

/// Of equal keys, keeps the first key with the last value, as a dictionary does.
fn distinct_keys(pairs: Vec<(Value, Value)>) -> Result<Vec<(Value, Value)>, LiteralError> {
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<(Value, Value)> = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        if !key.is_hashable() {
            return Err(LiteralError::Unhashable(key.type_name()));
        }
        let known = if key.has_nan() {
            None
        } else {
            let next = kept.len();
            Some(*place.entry(Equality::Python.key(&key)).or_insert(next))
        };
        match known {
            Some(idx) if idx < kept.len() => kept[idx].1 = value,
            _ => kept.push((key, value)),
        }
    }
    Ok(kept)
}
