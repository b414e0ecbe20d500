//! A launch being put together: arguments, held against the kernel's signature.

use half::bf16;

use crate::matrix::Matrix;
use crate::step::{Arg, Launch, Step};
use crate::tensor_map::TensorMap;
use crate::{Device, Element, Error, View, ViewMut};

/// A launch whose arguments are still being added.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    device: &'a Device,
    kernel: &'a str,
    letters: String,
    launch: Launch,
}

impl<'a> Call<'a> {
    pub(crate) fn new(device: &'a Device, kernel: &'a str) -> Self {
        let launch = Launch { grid: [1; 3], threads: 256, smem: 0, args: Vec::new() };
        Self { device, kernel, letters: String::new(), launch }
    }

    pub(crate) fn grid(mut self, grid: [usize; 3]) -> Self {
        self.launch.grid = grid.map(|n| u32::try_from(n).expect("a grid of less than 2^32 blocks"));
        self
    }

    pub(crate) fn threads(mut self, threads: usize) -> Self {
        self.launch.threads = threads as u32;
        self
    }

    pub(crate) fn smem(mut self, n_bytes: usize) -> Self {
        self.launch.smem = u32::try_from(n_bytes).expect("shared memory of less than 4 GiB");
        self
    }

    fn arg(mut self, letter: char, bits: u64) -> Self {
        self.letters.push(letter);
        self.launch.args.push(Arg::Bits(bits));
        self
    }

    /// A matrix that TMA loads boxes of `box_rows` rows by 64 columns from.
    pub(crate) fn tiles(self, matrix: &Matrix<'_, bf16>, box_rows: usize) -> Self {
        let name = self.kernel;
        assert!(matrix.data.device().is(self.device), "{name}: operands on two devices");
        let (columns, rows) = (matrix.columns, matrix.rows);
        let data = (matrix.data.address(), matrix.data.len());
        let map = TensorMap::new(data, (rows, columns), matrix.stride, box_rows);
        let mut call = self;
        call.letters.push('t');
        call.launch.args.push(Arg::Map(map));
        call
    }

    /// A view to read: of this device, aligned to 16 bytes.
    pub(crate) fn read<T: Element>(self, view: View<'_, T>) -> Self {
        assert!(view.device().is(self.device), "{}: operands on two devices", self.kernel);
        self.pointer(view.address())
    }

    /// A view to write: of this device, aligned to 16 bytes.
    pub(crate) fn write<T: Element>(self, view: &mut ViewMut<'_, T>) -> Self {
        assert!(view.device().is(self.device), "{}: operands on two devices", self.kernel);
        self.pointer(view.address())
    }

    /// A view to write that may be absent.
    pub(crate) fn maybe_write<T: Element>(self, view: Option<&mut ViewMut<'_, T>>) -> Self {
        match view {
            Some(view) => self.write(view),
            None => self.arg('p', 0),
        }
    }

    /// A view to read that may be absent.
    pub(crate) fn maybe<T: Element>(self, view: Option<View<'_, T>>) -> Self {
        match view {
            Some(view) => self.read(view),
            None => self.arg('p', 0),
        }
    }

    fn pointer(self, address: u64) -> Self {
        let name = self.kernel;
        assert!(address.is_multiple_of(16), "{name}: an operand that is not 16-byte aligned");
        self.arg('p', address)
    }

    pub(crate) fn int(self, x: usize) -> Self {
        let name = self.kernel;
        let x = i32::try_from(x).unwrap_or_else(|_| panic!("{name}: extent {x} is beyond 2^31"));
        self.arg('i', u64::from(x as u32))
    }

    pub(crate) fn flag(self, x: bool) -> Self {
        self.int(usize::from(x))
    }

    pub(crate) fn long(self, x: usize) -> Self {
        self.arg('l', x as u64)
    }

    pub(crate) fn word(self, x: u64) -> Self {
        self.arg('u', x)
    }

    pub(crate) fn float(self, x: f32) -> Self {
        self.arg('f', u64::from(x.to_bits()))
    }

    /// Launches; nothing to do if the grid is empty.
    ///
    /// # Safety
    /// The arguments are what the header of the kernel's file asks for.
    ///
    /// # Panics
    /// If the arguments are not those of the registry.
    pub(crate) unsafe fn launch(self) -> Result<(), Error> {
        let Self { device, kernel, letters, launch } = self;
        let kernel = device.registry.kernel(kernel);
        assert_eq!(letters, kernel.args, "{}: arguments", kernel.name);
        assert!(
            launch.threads <= kernel.threads && launch.threads.is_multiple_of(32),
            "{}: {} threads, at most {}",
            kernel.name,
            launch.threads,
            kernel.threads
        );
        if launch.grid.contains(&0) {
            return Ok(());
        }
        let step = Step::Launch { kernel: kernel.clone(), launch };
        // SAFETY: handed on to the caller.
        unsafe { device.stream.run(step) }
    }
}

/// Threads for a row of `c` elements, 8 a thread: whole warps, at most 256. Depends on `c` alone,
/// so that a row's bits do not depend on the rows around it.
pub(crate) fn row_threads(c: usize) -> usize {
    c.div_ceil(256).clamp(1, 8) * 32
}
