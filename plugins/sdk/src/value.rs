//! Plain Python data with exact types.
//!
//! What a judged program returns crosses to the judge as text and becomes a [`Value`] here; it is
//! compared here too, never inside the judged interpreter. Knows no subclass and no identity:
//! anything but plain data has no value.

use crate::Int;

/// Plain Python data.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of any size.
    Int(Int),
    /// A double.
    Float(f64),
    /// Real and imaginary part.
    Complex(f64, f64),
    /// Text.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A dictionary in insertion order; no two keys are equal.
    Dict(Vec<(Value, Value)>),
    /// A set; no two items are equal.
    Set(Vec<Value>),
    /// A frozen set; no two items are equal.
    FrozenSet(Vec<Value>),
}

impl Value {
    /// The name of its type, as Python says it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Complex(..) => "complex",
            Value::Str(_) => "str",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Dict(_) => "dict",
            Value::Set(_) => "set",
            Value::FrozenSet(_) => "frozenset",
        }
    }

    /// Whether a NaN stands anywhere in it: such a value equals nothing, itself included.
    #[must_use]
    pub fn has_nan(&self) -> bool {
        match self {
            Value::Float(x) => x.is_nan(),
            Value::Complex(re, im) => re.is_nan() || im.is_nan(),
            Value::List(items)
            | Value::Tuple(items)
            | Value::Set(items)
            | Value::FrozenSet(items) => items.iter().any(Value::has_nan),
            Value::Dict(pairs) => pairs.iter().any(|(k, v)| k.has_nan() || v.has_nan()),
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) | Value::Bytes(_) => false,
        }
    }

    /// Whether it may be a key or an item of a set.
    #[must_use]
    pub fn is_hashable(&self) -> bool {
        match self {
            Value::List(_) | Value::Dict(_) | Value::Set(_) => false,
            Value::Tuple(items) => items.iter().all(Value::is_hashable),
            _ => true,
        }
    }
}
