//! A contiguous f32 array with a shape.

use quaero_shape::{Shape, ShapeError};

/// A contiguous, row-major f32 array.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Shape,
    data: Vec<f32>,
}

impl Tensor {
    /// A tensor of zeros.
    #[must_use]
    pub fn zeros(shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        Self { data: vec![0.0; shape.n_elements()], shape }
    }

    /// A tensor of `data`.
    ///
    /// # Errors
    /// If `data` has not as many elements as `shape`.
    pub fn new(shape: impl Into<Shape>, data: Vec<f32>) -> Result<Self, ShapeError> {
        let shape = shape.into();
        if data.len() != shape.n_elements() {
            let got = Shape::from([data.len()]);
            let op = "Tensor::new".to_owned();
            return Err(ShapeError { op, expected: shape, got });
        }
        Ok(Self { shape, data })
    }

    /// The shape.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The elements, row-major.
    #[must_use]
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The elements, row-major.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The length of a row (the last axis; 1 without axes).
    #[must_use]
    pub fn row_len(&self) -> usize {
        self.shape.extents().last().copied().unwrap_or(1)
    }
}
