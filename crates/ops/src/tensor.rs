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
    /// Absent where the rounded values are all there is.
    exact: Option<Buffer<f32>>,
    rounded: OnceLock<Arc<Buffer<bf16>>>,
}

impl OnDevice {
    fn new(exact: Buffer<f32>) -> Self {
        Self { exact: Some(exact), rounded: OnceLock::new() }
    }

    fn of_rounded(rounded: Arc<Buffer<bf16>>) -> Self {
        Self { exact: None, rounded: OnceLock::from(rounded) }
    }

    fn device(&self) -> &quaero_kernels::Device {
        let rounded = || self.rounded.get().map(|rounded| rounded.device());
        let exact = self.exact.as_ref().map(Buffer::device);
        exact.or_else(rounded).expect("there are exact values or rounded ones")
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.exact.is_some()
    }

    pub(crate) fn exact(&self) -> &Buffer<f32> {
        self.exact.as_ref().expect("gradients and the weights of the full optimiser are exact")
    }

    /// To be changed: the rounded copy is forgotten.
    pub(crate) fn exact_mut(&mut self) -> &mut Buffer<f32> {
        self.rounded.take();
        self.exact.as_mut().expect("gradients and the weights of the full optimiser are exact")
    }

    /// The values in bf16, as the kernels read weights.
    pub(crate) fn rounded(&self) -> Result<Arc<Buffer<bf16>>, Error> {
        if let Some(rounded) = self.rounded.get() {
            return Ok(rounded.clone());
        }
        let exact = self.exact();
        let rounded = exact.device().outside_recording(|| {
            let mut rounded = exact.device().alloc(exact.len())?;
            cast::to_bf16(exact.view(), rounded.view_mut())?;
            Ok(rounded)
        })?;
        Ok(self.rounded.get_or_init(|| Arc::new(rounded)).clone())
    }

    /// Rounded values that are all there is, to be changed. Whoever shares them keeps the old ones.
    pub(crate) fn rounded_mut(&mut self) -> Result<&mut Buffer<bf16>, Error> {
        assert!(self.exact.is_none(), "the rounded copy of exact values follows them");
        let mut rounded = self.rounded.take().expect("there are exact values or rounded ones");
        if Arc::get_mut(&mut rounded).is_none() {
            let mut own = rounded.device().alloc(rounded.len())?;
            own.view_mut().copy_from(rounded.view())?;
            rounded = Arc::new(own);
        }
        self.rounded = OnceLock::from(rounded);
        let rounded = self.rounded.get_mut().and_then(Arc::get_mut);
        Ok(rounded.expect("nobody else holds it now"))
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
            Values::Device(values) => Device(Some(values.device().clone())),
        }
    }

    /// A copy on `device`, in bf16 alone if this one is and the device is one.
    ///
    /// # Errors
    /// If the device failed or has not enough memory.
    pub fn to(&self, device: &Device) -> Result<Self, Error> {
        let values = self.values()?;
        let values = match &device.0 {
            None => Values::Host(values.into_owned()),
            Some(device) if self.is_bf16() => {
                Values::Device(OnDevice::of_rounded(Arc::new(device.upload_bf16(&values)?)))
            }
            Some(device) => Values::Device(OnDevice::new(device.upload(&values)?)),
        };
        Ok(Self { shape: self.shape.clone(), values })
    }

    /// The same in bf16 alone, rounded to the nearest: half the memory, for
    /// [`crate::adam::step_lean`].
    ///
    /// # Errors
    /// If the device failed or has not enough memory.
    ///
    /// # Panics
    /// If it lies on the CPU, which computes in f32.
    pub fn into_bf16(self) -> Result<Self, Error> {
        let Values::Device(values) = self.values else { panic!("bf16 weights lie on a device") };
        let values = Values::Device(OnDevice::of_rounded(values.rounded()?));
        Ok(Self { shape: self.shape, values })
    }

    /// Whether its values are kept in bf16 alone.
    #[must_use]
    pub fn is_bf16(&self) -> bool {
        matches!(&self.values, Values::Device(values) if !values.is_exact())
    }

    /// The elements, row-major, copied from the device where they lie on one.
    ///
    /// # Errors
    /// If the device failed.
    pub fn values(&self) -> Result<Cow<'_, [f32]>, Error> {
        match &self.values {
            Values::Host(data) => Ok(Cow::Borrowed(data)),
            Values::Device(values) if values.is_exact() => Ok(Cow::Owned(values.exact().to_vec()?)),
            Values::Device(values) => {
                let rounded = values.rounded()?.to_vec()?;
                Ok(Cow::Owned(rounded.into_iter().map(bf16::to_f32).collect()))
            }
        }
    }

    /// Overwrites the elements; bf16 takes the nearest values.
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
            Values::Device(on_device) if on_device.is_exact() => {
                on_device.exact_mut().view_mut().write(values)
            }
            Values::Device(on_device) => {
                let rounded: Vec<bf16> = values.iter().map(|&x| bf16::from_f32(x)).collect();
                on_device.rounded_mut()?.view_mut().write(&rounded)
            }
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
            Values::Device(values) if values.is_exact() => values.exact_mut().view_mut().zero(),
            Values::Device(values) => values.rounded_mut()?.view_mut().zero(),
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
