//! Typed memory of a device, and parts of it.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use half::bf16;

use crate::step::Step;
use crate::stream::Memory;
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
    memory: Arc<Memory>,
    len: usize,
    element: PhantomData<T>,
}

/// A part of a buffer, to read.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T: Element> {
    device: &'a Device,
    memory: &'a Arc<Memory>,
    address: u64,
    len: usize,
    element: PhantomData<&'a T>,
}

/// A part of a buffer, to write.
#[derive(Debug)]
pub struct ViewMut<'a, T: Element> {
    device: &'a Device,
    memory: &'a Arc<Memory>,
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
        let memory = self.stream.alloc(size_of_slice::<T>(len))?;
        Ok(Buffer { device: self.clone(), memory, len, element: PhantomData })
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
        let Self { device, memory, len, element: _ } = self;
        View { device, memory, address: memory.address(), len: *len, element: PhantomData }
    }

    /// All of it, to write.
    pub fn view_mut(&mut self) -> ViewMut<'_, T> {
        let Self { device, memory, len, element: _ } = self;
        ViewMut { device, memory, address: memory.address(), len: *len, element: PhantomData }
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
        let bytes = bytemuck::cast_slice_mut(&mut data);
        // SAFETY: the view lies in a live buffer, and `data` is as long as it.
        unsafe { self.device.stream.download(self.address, bytes)? };
        Ok(data)
    }

    pub(crate) fn device(self) -> &'a Device {
        self.device
    }

    /// Where it lies, for a step: what the thread records holds the memory from now on.
    pub(crate) fn address(self) -> u64 {
        self.device.stream.hold(self.memory);
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
        let &mut Self { device, memory, address, len, element: _ } = self;
        ViewMut { device, memory, address, len, element: PhantomData }
    }

    /// The same, to read.
    #[must_use]
    pub fn as_view(&self) -> View<'_, T> {
        self.aliased()
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
        let (first, n_first) = part::<T>(self.address, self.len, 0..at);
        let (second, n_second) = part::<T>(self.address, self.len, at..self.len);
        let first = Self { address: first, len: n_first, ..self };
        let Self { device, memory, .. } = first;
        let element = PhantomData;
        (first, Self { device, memory, address: second, len: n_second, element })
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
        unsafe { self.device.stream.upload(self.address, bytemuck::cast_slice(data)) }
    }

    /// Copies `from` here, on the device.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If the lengths or the devices differ.
    pub fn copy_from(&mut self, from: View<'_, T>) -> Result<(), Error> {
        assert!(from.len == self.len && from.device().is(self.device()), "copy: lengths, devices");
        let n_bytes = size_of_slice::<T>(self.len);
        let step = Step::Copy { from: from.address(), to: self.address(), n_bytes };
        // SAFETY: both lie in live buffers; this view is exclusive, so that they do not overlap.
        unsafe { self.device.stream.run(step) }
    }

    /// Writes zeros.
    ///
    /// # Errors
    /// If the device failed.
    pub fn zero(&mut self) -> Result<(), Error> {
        let step = Step::Zero { at: self.address(), n_bytes: size_of_slice::<T>(self.len) };
        // SAFETY: the view lies in a live buffer and is this long.
        unsafe { self.device.stream.run(step) }
    }

    /// The same, to read, beside this one: for kernels whose header lets an output be an input.
    pub(crate) fn aliased(&self) -> View<'a, T> {
        let &Self { device, memory, address, len, element: _ } = self;
        View { device, memory, address, len, element: PhantomData }
    }

    pub(crate) fn device(&self) -> &'a Device {
        self.device
    }

    /// Where it lies, for a step: what the thread records holds the memory from now on.
    pub(crate) fn address(&self) -> u64 {
        self.device.stream.hold(self.memory);
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
        check_bound(indices, bound);
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

/// # Panics
/// If an index is not below `bound`, or below −1.
fn check_bound(indices: &[i32], bound: usize) {
    let bad = indices.iter().find(|&&index| index < -1 || index >= 0 && index as usize >= bound);
    assert!(bad.is_none(), "index {bad:?} is not below {bound}");
}

impl Indices {
    /// Overwrites the numbers; as many as there are.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If the lengths differ, or an index is not below the bound, or below −1.
    pub fn write(&mut self, indices: &[i32]) -> Result<(), Error> {
        check_bound(indices, self.bound);
        self.buffer.view_mut().write(indices)
    }

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
