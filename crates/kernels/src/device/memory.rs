//! Typed memory of a device, and parts of it.

use std::marker::PhantomData;
use std::ops::Range;

use half::bf16;

use crate::{Device, Error};

/// What a buffer may hold.
pub trait Element: bytemuck::Pod + Send + Sync + std::fmt::Debug {}

impl Element for f32 {}
impl Element for bf16 {}
impl Element for i32 {}
impl Element for u8 {}
impl Element for u64 {}

/// Memory of a device that holds `len` elements.
#[derive(Debug)]
pub struct Buffer<T: Element> {
    device: Device,
    address: u64,
    len: usize,
    element: PhantomData<T>,
}

/// A part of a buffer, to read.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T: Element> {
    device: &'a Device,
    address: u64,
    len: usize,
    element: PhantomData<&'a T>,
}

/// A part of a buffer, to write.
#[derive(Debug)]
pub struct ViewMut<'a, T: Element> {
    device: &'a Device,
    address: u64,
    len: usize,
    element: PhantomData<&'a mut T>,
}

fn size_of_slice<T>(len: usize) -> usize {
    len.checked_mul(size_of::<T>()).expect("a buffer is smaller than the address space")
}

impl Device {
    /// Memory for `len` elements of arbitrary content.
    ///
    /// # Errors
    /// If there is not enough.
    pub fn alloc<T: Element>(&self, len: usize) -> Result<Buffer<T>, Error> {
        let address = self.backend.alloc(size_of_slice::<T>(len))?;
        Ok(Buffer { device: self.clone(), address, len, element: PhantomData })
    }

    /// `len` zeros.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn zeros<T: Element>(&self, len: usize) -> Result<Buffer<T>, Error> {
        let mut buffer = self.alloc(len)?;
        buffer.view_mut().zero()?;
        Ok(buffer)
    }

    /// A copy of `data` on the device.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn upload<T: Element>(&self, data: &[T]) -> Result<Buffer<T>, Error> {
        let mut buffer = self.alloc(data.len())?;
        buffer.view_mut().write(data)?;
        Ok(buffer)
    }

    /// A copy of `data`, rounded to bf16.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn upload_bf16(&self, data: &[f32]) -> Result<Buffer<bf16>, Error> {
        let rounded: Vec<bf16> = data.iter().map(|&x| bf16::from_f32(x)).collect();
        self.upload(&rounded)
    }
}

impl<T: Element> Buffer<T> {
    /// Elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where it lies.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// All of it, to read.
    #[must_use]
    pub fn view(&self) -> View<'_, T> {
        View { device: &self.device, address: self.address, len: self.len, element: PhantomData }
    }

    /// All of it, to write.
    pub fn view_mut(&mut self) -> ViewMut<'_, T> {
        let Self { device, address, len, .. } = self;
        ViewMut { device, address: *address, len: *len, element: PhantomData }
    }

    /// A part, to read.
    ///
    /// # Panics
    /// If the range does not lie in it.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> View<'_, T> {
        self.view().slice(range)
    }

    /// A part, to write.
    ///
    /// # Panics
    /// If the range does not lie in it.
    pub fn slice_mut(&mut self, range: Range<usize>) -> ViewMut<'_, T> {
        self.view_mut().slice(range)
    }

    /// A copy in the host's memory.
    ///
    /// # Errors
    /// If a kernel before it failed.
    pub fn to_vec(&self) -> Result<Vec<T>, Error> {
        self.view().to_vec()
    }
}

impl<T: Element> Drop for Buffer<T> {
    fn drop(&mut self) {
        let n_bytes = size_of_slice::<T>(self.len);
        // SAFETY: the address came from `alloc` with this size, and views do not outlive a buffer.
        unsafe { self.device.backend.free(self.address, n_bytes) };
    }
}

/// `range` of `len` elements from `address` on: where it begins and how long it is.
fn part<T>(address: u64, len: usize, range: Range<usize>) -> (u64, usize) {
    assert!(
        range.start <= range.end && range.end <= len,
        "elements {range:?} of a buffer that holds {len}"
    );
    (address + (range.start * size_of::<T>()) as u64, range.len())
}

impl<'a, T: Element> View<'a, T> {
    /// Elements.
    #[must_use]
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// A part of it.
    ///
    /// # Panics
    /// If the range does not lie in it.
    #[must_use]
    pub fn slice(self, range: Range<usize>) -> Self {
        let (address, len) = part::<T>(self.address, self.len, range);
        Self { address, len, ..self }
    }

    /// A copy in the host's memory.
    ///
    /// # Errors
    /// If a kernel before it failed.
    pub fn to_vec(self) -> Result<Vec<T>, Error> {
        let mut data = vec![T::zeroed(); self.len];
        // SAFETY: the view lies in a live buffer, and `data` is as long as it.
        unsafe {
            self.device.backend.download(self.address, bytemuck::cast_slice_mut(&mut data))?;
        }
        Ok(data)
    }

    pub(crate) fn device(self) -> &'a Device {
        self.device
    }

    pub(crate) fn address(self) -> u64 {
        self.address
    }
}

impl<'a, T: Element> ViewMut<'a, T> {
    /// Elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The same, for a shorter time.
    pub fn reborrow(&mut self) -> ViewMut<'_, T> {
        ViewMut { device: self.device, address: self.address, len: self.len, element: PhantomData }
    }

    /// The same, to read.
    #[must_use]
    pub fn as_view(&self) -> View<'_, T> {
        View { device: self.device, address: self.address, len: self.len, element: PhantomData }
    }

    /// A part of it.
    ///
    /// # Panics
    /// If the range does not lie in it.
    #[must_use]
    pub fn slice(self, range: Range<usize>) -> Self {
        let (address, len) = part::<T>(self.address, self.len, range);
        Self { address, len, ..self }
    }

    /// The parts before and from `at` on.
    ///
    /// # Panics
    /// If `at` lies beyond its end.
    #[must_use]
    pub fn split_at(self, at: usize) -> (Self, Self) {
        let (device, end) = (self.device, self.len);
        let (first, n_first) = part::<T>(self.address, end, 0..at);
        let (second, n_second) = part::<T>(self.address, end, at..end);
        (
            Self { device, address: first, len: n_first, element: PhantomData },
            Self { device, address: second, len: n_second, element: PhantomData },
        )
    }

    /// Copies `data` here.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn write(&mut self, data: &[T]) -> Result<(), Error> {
        assert_eq!(data.len(), self.len, "write: lengths of the data and of the view");
        // SAFETY: the view lies in a live buffer, and `data` is as long as it.
        unsafe { self.device.backend.upload(self.address, bytemuck::cast_slice(data)) }
    }

    /// Copies `from` here, on the device.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If the lengths or the devices differ.
    pub fn copy_from(&mut self, from: View<'_, T>) -> Result<(), Error> {
        assert!(from.len == self.len && from.device.is(self.device), "copy: lengths or devices");
        let n_bytes = size_of_slice::<T>(self.len);
        // SAFETY: both lie in live buffers; this view is exclusive, so that they do not overlap.
        unsafe { self.device.backend.copy(from.address, self.address, n_bytes) }
    }

    /// Writes zeros.
    ///
    /// # Errors
    /// If the device failed.
    pub fn zero(&mut self) -> Result<(), Error> {
        // SAFETY: the view lies in a live buffer and is this long.
        unsafe { self.device.backend.zero(self.address, size_of_slice::<T>(self.len)) }
    }

    /// The same, to read, beside this one: for kernels whose header lets an output be an input.
    pub(crate) fn aliased(&self) -> View<'a, T> {
        View { device: self.device, address: self.address, len: self.len, element: PhantomData }
    }

    pub(crate) fn device(&self) -> &'a Device {
        self.device
    }

    pub(crate) fn address(&self) -> u64 {
        self.address
    }
}

/// Numbers on the device, each known to be below a bound: what a kernel may index with.
#[derive(Debug)]
pub struct Indices {
    buffer: Buffer<i32>,
    bound: usize,
}

impl Device {
    /// A copy of `indices` on the device. `-1` is allowed and means none where a launcher says so.
    ///
    /// # Errors
    /// If there is not enough memory.
    ///
    /// # Panics
    /// If an index is not below `bound`, or below −1.
    pub fn indices(&self, indices: &[i32], bound: usize) -> Result<Indices, Error> {
        let bad =
            indices.iter().find(|&&index| index < -1 || index >= 0 && index as usize >= bound);
        assert!(bad.is_none(), "index {bad:?} is not below {bound}");
        Ok(Indices { buffer: self.upload(indices)?, bound })
    }

    /// Room for `len` indices below `bound`, zero at first, for a kernel to write.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn zero_indices(&self, len: usize, bound: usize) -> Result<Indices, Error> {
        Ok(Indices { buffer: self.zeros(len)?, bound })
    }
}

impl Indices {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buffer.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.len == 0
    }

    /// What all are below.
    #[must_use]
    pub fn bound(&self) -> usize {
        self.bound
    }

    /// The numbers.
    #[must_use]
    pub fn view(&self) -> View<'_, i32> {
        self.buffer.view()
    }

    /// For a kernel that writes indices below the bound.
    pub(crate) fn view_mut(&mut self) -> ViewMut<'_, i32> {
        self.buffer.view_mut()
    }
}
