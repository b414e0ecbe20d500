//! A contiguous f32 array with a shape, on the CPU or on a device.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use half::bf16;
use quaero_kernels::{Buffer, cast};
use quaero_shape::{Shape, ShapeError};

use crate::{Device, Error};

/// A contiguous, row-major f32 array: weights, gradients, moments.
#[derive(Debug)]
pub struct Tensor {
    shape: Shape,
    pub(crate) values: Values,
}

#[derive(Debug)]
pub(crate) enum Values {
    Host(Vec<f32>),
    Device(OnDevice),
}

/// Values on a device, and their rounded copy once it has been asked for.
#[derive(Debug)]
pub(crate) struct OnDevice {
    exact: Buffer<f32>,
    rounded: OnceLock<Arc<Buffer<bf16>>>,
}

impl OnDevice {
    fn new(exact: Buffer<f32>) -> Self {
        Self { exact, rounded: OnceLock::new() }
    }

    pub(crate) fn exact(&self) -> &Buffer<f32> {
        &self.exact
    }

    /// To be changed: the rounded copy is forgotten.
    pub(crate) fn exact_mut(&mut self) -> &mut Buffer<f32> {
        self.rounded.take();
        &mut self.exact
    }

    /// The values in bf16, as the kernels read weights.
    pub(crate) fn rounded(&self) -> Result<Arc<Buffer<bf16>>, Error> {
        if let Some(rounded) = self.rounded.get() {
            return Ok(rounded.clone());
        }
        let mut rounded = self.exact.device().alloc(self.exact.len())?;
        cast::to_bf16(self.exact.view(), rounded.view_mut())?;
        Ok(self.rounded.get_or_init(|| Arc::new(rounded)).clone())
    }
}

impl Tensor {
    /// A tensor of zeros on the CPU.
    #[must_use]
    pub fn zeros(shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        Self { values: Values::Host(vec![0.0; shape.n_elements()]), shape }
    }

    /// A tensor of zeros on `device`.
    ///
    /// # Errors
    /// If the device has not enough memory.
    pub fn zeros_on(device: &Device, shape: impl Into<Shape>) -> Result<Self, Error> {
        let shape = shape.into();
        let Some(device) = &device.0 else { return Ok(Self::zeros(shape)) };
        let exact = device.zeros(shape.n_elements())?;
        Ok(Self { values: Values::Device(OnDevice::new(exact)), shape })
    }

    /// A tensor of `data` on the CPU.
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
        Ok(Self { shape, values: Values::Host(data) })
    }

    /// The shape.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Where it lies.
    #[must_use]
    pub fn device(&self) -> Device {
        match &self.values {
            Values::Host(_) => Device::cpu(),
            Values::Device(values) => Device(Some(values.exact.device().clone())),
        }
    }

    /// A copy on `device`.
    ///
    /// # Errors
    /// If the device failed or has not enough memory.
    pub fn to(&self, device: &Device) -> Result<Self, Error> {
        let values = self.values()?;
        let values = match &device.0 {
            None => Values::Host(values.into_owned()),
            Some(device) => Values::Device(OnDevice::new(device.upload(&values)?)),
        };
        Ok(Self { shape: self.shape.clone(), values })
    }

    /// The elements, row-major, copied from the device where they lie on one.
    ///
    /// # Errors
    /// If the device failed.
    pub fn values(&self) -> Result<Cow<'_, [f32]>, Error> {
        match &self.values {
            Values::Host(data) => Ok(Cow::Borrowed(data)),
            Values::Device(values) => Ok(Cow::Owned(values.exact.to_vec()?)),
        }
    }

    /// Overwrites the elements.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn set(&mut self, values: &[f32]) -> Result<(), Error> {
        match &mut self.values {
            Values::Host(data) => {
                data.copy_from_slice(values);
                Ok(())
            }
            Values::Device(on_device) => on_device.exact_mut().view_mut().write(values),
        }
    }

    /// Sets every element to 0.
    ///
    /// # Errors
    /// If the device failed.
    pub fn set_zero(&mut self) -> Result<(), Error> {
        match &mut self.values {
            Values::Host(data) => {
                data.fill(0.0);
                Ok(())
            }
            Values::Device(values) => values.exact_mut().view_mut().zero(),
        }
    }

    /// The elements of a tensor on the CPU, row-major.
    ///
    /// # Panics
    /// If it lies on a device: [`Self::values`] reads any.
    #[must_use]
    pub fn data(&self) -> &[f32] {
        match &self.values {
            Values::Host(data) => data,
            Values::Device(_) => panic!("a tensor on a device is read with `values`"),
        }
    }

    /// The elements of a tensor on the CPU, row-major.
    ///
    /// # Panics
    /// If it lies on a device: [`Self::set`] writes any.
    pub fn data_mut(&mut self) -> &mut [f32] {
        match &mut self.values {
            Values::Host(data) => data,
            Values::Device(_) => panic!("a tensor on a device is written with `set`"),
        }
    }

    /// The length of a row (the last axis; 1 without axes).
    #[must_use]
    pub fn row_len(&self) -> usize {
        self.shape.extents().last().copied().unwrap_or(1)
    }
}

/// # Panics
/// If a device has no memory for the copy; [`Tensor::to`] says so instead.
impl Clone for Tensor {
    fn clone(&self) -> Self {
        self.to(&self.device()).expect("the device has memory for a copy of a tensor")
    }
}

/// Equal shapes and equal elements, wherever they lie.
impl PartialEq for Tensor {
    fn eq(&self, other: &Self) -> bool {
        let same = || Some(self.values().ok()? == other.values().ok()?);
        self.shape == other.shape && same().unwrap_or(false)
    }
}
