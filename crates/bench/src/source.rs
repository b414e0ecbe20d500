//! Random data on a device, made once and laid out again and again: what a case reads must be
//! random, and gigabytes of it would take longer to draw than all kernels to run.

use std::cell::Cell;

use half::bf16;
use quaero_kernels::{Buffer, Device, Element, Error, ViewMut};
use quaero_rng::Key;

/// Elements of a block of random numbers; odd, so that its copies do not line up with rows.
const BLOCK: usize = (1 << 22) + 7;
/// A NaN that no kernel makes: what was not written still holds it.
pub const POISON_16: bf16 = bf16::from_bits(0xffff);
/// The same as f32.
pub const POISON_32: f32 = f32::from_bits(0xffff_ffff);
/// Bytes that keep the device busy while the host gets ahead.
const SCRATCH: usize = 1 << 28;

/// Random numbers, as the host has them: devices share them.
#[derive(Debug)]
pub struct Numbers {
    normal: Vec<f32>,
}

impl Numbers {
    /// Draws them; `n` beyond a block makes no difference.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let mut stream = Key::new(1).named("bench").stream();
        Self { normal: (0..n.min(BLOCK)).map(|_| stream.normal()).collect() }
    }

    /// As many as the largest cases want.
    #[must_use]
    pub fn many() -> Self {
        Self::new(BLOCK)
    }
}

/// Random data on one device.
#[derive(Debug)]
pub struct Source {
    device: Device,
    halves: Buffer<bf16>,
    floats: Buffer<f32>,
    positive: Buffer<f32>,
    codes: Buffer<u8>,
    poison: (Buffer<bf16>, Buffer<f32>),
    scratch: Buffer<u8>,
    /// Where the next buffer begins in a block, so that no two are alike.
    next: Cell<usize>,
}

impl Source {
    /// Uploads the numbers.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn new(device: &Device, numbers: &Numbers) -> Result<Self, Error> {
        let n = numbers.normal.len();
        let squares: Vec<f32> = numbers.normal.iter().map(|x| x * x).collect();
        let codes: Vec<u8> = numbers.normal.iter().map(|x| (x * 40.0) as i32 as u8).collect();
        Ok(Self {
            device: device.clone(),
            halves: device.upload_bf16(&numbers.normal)?,
            floats: device.upload(&numbers.normal)?,
            positive: device.upload(&squares)?,
            codes: device.upload(&codes)?,
            poison: (device.upload(&vec![POISON_16; n])?, device.upload(&vec![POISON_32; n])?),
            scratch: device.alloc(if device.facts().is_some() { SCRATCH } else { 64 })?,
            next: Cell::new(0),
        })
    }

    /// Where the data lies.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Normally distributed numbers.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn halves(&self, len: usize) -> Result<Buffer<bf16>, Error> {
        self.laid(&self.halves, len)
    }

    /// Normally distributed numbers.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn floats(&self, len: usize) -> Result<Buffer<f32>, Error> {
        self.laid(&self.floats, len)
    }

    /// Squares of such.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn positive(&self, len: usize) -> Result<Buffer<f32>, Error> {
        self.laid(&self.positive, len)
    }

    /// Bytes.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn codes(&self, len: usize) -> Result<Buffer<u8>, Error> {
        self.laid(&self.codes, len)
    }

    /// Numbers below `bound`, for the host.
    #[must_use]
    pub fn below(&self, len: usize, bound: usize) -> Vec<u32> {
        let mut stream = Key::new(2).with(self.step() as u64).stream();
        (0..len).map(|_| stream.below(bound) as u32).collect()
    }

    fn step(&self) -> usize {
        self.next.set(self.next.get() + 1_000_003);
        self.next.get()
    }

    fn laid<T: Element>(&self, block: &Buffer<T>, len: usize) -> Result<Buffer<T>, Error> {
        let mut buffer = self.device.alloc(len)?;
        fill(block, self.step(), buffer.view_mut())?;
        Ok(buffer)
    }

    /// Fills `to` with [`POISON_16`].
    ///
    /// # Errors
    /// If the device fails.
    pub fn poison_halves(&self, to: ViewMut<'_, bf16>) -> Result<(), Error> {
        fill(&self.poison.0, 0, to)
    }

    /// Fills `to` with [`POISON_32`].
    ///
    /// # Errors
    /// If the device fails.
    pub fn poison_floats(&self, to: ViewMut<'_, f32>) -> Result<(), Error> {
        fill(&self.poison.1, 0, to)
    }

    /// Keeps the device busy for about a millisecond, so that the host can queue what is timed.
    ///
    /// # Errors
    /// If the device fails.
    pub fn head_start(&mut self) -> Result<(), Error> {
        for _ in 0..12 {
            self.scratch.view_mut().zero()?;
        }
        Ok(())
    }
}

/// Lays `block` out from element `start` on, again and again.
fn fill<T: Element>(block: &Buffer<T>, start: usize, to: ViewMut<'_, T>) -> Result<(), Error> {
    let (mut at, mut left) = (start % block.len(), to);
    while !left.is_empty() {
        let n = left.len().min(block.len() - at);
        let (mut part, rest) = left.split_at(n);
        part.copy_from(block.slice(at..at + n))?;
        (at, left) = (0, rest);
    }
    Ok(())
}
