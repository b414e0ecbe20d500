//! Shapes, element types and shape errors that carry their operands.
//!
//! Knows nothing of data or devices: a [`Shape`] is a list of extents, a [`DType`] a way to store
//! one element, a [`ShapeError`] the record of two that did not meet.
//!
//! # Layout
//! [`Shape`], [`DType`], [`ShapeError`] here → `operands` what operations are told besides arrays.
//! Row-major order is implied everywhere: the last axis is contiguous.

mod operands;

use std::fmt;

pub use operands::{AdamWStep, Groups, Heads};

/// The extents of a row-major array, outermost first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// A shape of the given extents.
    #[must_use]
    pub fn new(extents: impl Into<Vec<usize>>) -> Self {
        Self(extents.into())
    }

    /// The extents, outermost first.
    #[must_use]
    pub fn extents(&self) -> &[usize] {
        &self.0
    }

    /// The number of axes.
    #[must_use]
    pub fn n_axes(&self) -> usize {
        self.0.len()
    }

    /// The number of elements.
    #[must_use]
    pub fn n_elements(&self) -> usize {
        self.0.iter().product()
    }

    /// Checks that this shape is `expected`.
    ///
    /// # Errors
    /// If it is not; the error names `op` and both shapes.
    pub fn expect(&self, op: &str, expected: &Self) -> Result<(), ShapeError> {
        if self == expected {
            return Ok(());
        }
        Err(ShapeError { op: op.to_owned(), expected: expected.clone(), got: self.clone() })
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(extents: [usize; N]) -> Self {
        Self(extents.to_vec())
    }
}

impl From<&[usize]> for Shape {
    fn from(extents: &[usize]) -> Self {
        Self(extents.to_vec())
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[")?;
        for (i, extent) in self.0.iter().enumerate() {
            write!(f, "{}{extent}", if i > 0 { ", " } else { "" })?;
        }
        write!(f, "]")
    }
}

/// How one element is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DType {
    /// IEEE 754 binary32.
    F32,
    /// The upper half of binary32.
    BF16,
    /// IEEE 754 binary16.
    F16,
}

impl DType {
    /// Bytes of one element.
    #[must_use]
    pub fn size_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::BF16 | Self::F16 => 2,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::BF16 => "bf16",
            Self::F16 => "f16",
        })
    }
}

/// Two shapes that should have been equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError {
    /// What was being done, with the name of the operand.
    pub op: String,
    /// The shape it needed.
    pub expected: Shape,
    /// The shape it was given.
    pub got: Shape,
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected shape {}, got {}", self.op, self.expected, self.got)
    }
}

impl std::error::Error for ShapeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_the_operation_and_both_shapes() {
        let got = Shape::from([2, 3]).expect("load lm_head.weight", &Shape::from([3, 2]));
        assert_eq!(
            got.expect_err("they differ").to_string(),
            "load lm_head.weight: expected shape [3, 2], got [2, 3]"
        );
        assert_eq!(Shape::from([2, 3]).expect("same", &Shape::from([2, 3])), Ok(()));
    }

    #[test]
    fn sizes_multiply() {
        assert_eq!(Shape::from([2, 3, 4]).n_elements(), 24);
        assert_eq!(Shape::new([]).n_elements(), 1);
        assert_eq!(Shape::from([5, 0]).n_elements(), 0);
        assert_eq!((DType::F32.size_bytes(), DType::BF16.size_bytes()), (4, 2));
    }
}
