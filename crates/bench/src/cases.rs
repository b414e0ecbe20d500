//! The cases: one launcher at one shape each, every kernel of the registry in at least one.

mod attention;
mod gemm;
mod head;
mod optimiser;
mod rows;

use half::bf16;
use quaero_kernels::{Buffer, Error};

use crate::shapes::{QWEN, REFERENCE, SMALL_HEADS, Shapes};
use crate::{Source, Work};

/// What a launcher writes and nothing reads: poisoned before, looked at after.
#[derive(Debug, Default)]
pub struct Outputs {
    /// Buffers of bf16.
    pub halves: Vec<Buffer<bf16>>,
    /// Buffers of f32.
    pub floats: Vec<Buffer<f32>>,
}

/// One launch of a case, into its outputs.
type Launch = Box<dyn FnMut(&mut Outputs) -> Result<(), Error>>;

/// A case with its data on a device.
pub struct Set {
    /// What it writes.
    pub outputs: Outputs,
    launch: Launch,
}

type Make = Box<dyn Fn(&Source) -> Result<Set, Error>>;

/// A launcher at a shape.
pub struct Case {
    /// Operation and whose shape.
    pub name: String,
    /// The kernel file that it is about.
    pub file: &'static str,
    /// The kernels that it launches.
    pub kernels: Vec<String>,
    /// File and kernel that it launches instead on a device that uses its warpgroups.
    pub warpgroups: Option<(&'static str, String)>,
    /// The operation by the name that the baseline knows it by.
    pub op: &'static str,
    /// The extents that matter.
    pub dims: Vec<(&'static str, usize)>,
    /// What it moves and computes.
    pub work: Work,
    make: Make,
}

impl Outputs {
    fn new(source: &Source, halves: &[usize], floats: &[usize]) -> Result<Self, Error> {
        let device = source.device();
        let halves: Result<_, _> = halves.iter().map(|&n| device.alloc(n)).collect();
        let floats: Result<_, _> = floats.iter().map(|&n| device.alloc(n)).collect();
        Ok(Self { halves: halves?, floats: floats? })
    }
}

impl Set {
    fn new(
        outputs: Outputs,
        launch: impl FnMut(&mut Outputs) -> Result<(), Error> + 'static,
    ) -> Result<Self, Error> {
        Ok(Self { outputs, launch: Box::new(launch) })
    }

    /// Launches, and does not wait.
    ///
    /// # Errors
    /// If a launch fails.
    pub fn launch(&mut self) -> Result<(), Error> {
        (self.launch)(&mut self.outputs)
    }
}

impl Case {
    fn new(
        (op, shapes): (&'static str, &Shapes),
        (file, kernels): (&'static str, &[&str]),
        dims: &[(&'static str, usize)],
        work: Work,
        make: impl Fn(&Source) -> Result<Set, Error> + 'static,
    ) -> Self {
        Self {
            name: format!("{op} {}", shapes.name),
            file,
            kernels: kernels.iter().map(|&name| name.to_owned()).collect(),
            warpgroups: None,
            op,
            dims: dims.to_vec(),
            work,
            make: Box::new(make),
        }
    }

    fn with_warpgroups(mut self, file: &'static str, kernel: String) -> Self {
        self.warpgroups = Some((file, kernel));
        self
    }

    /// Lays its data out.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn set(&self, source: &Source) -> Result<Set, Error> {
        (self.make)(source)
    }

    /// Its extents in words.
    #[must_use]
    pub fn shape(&self) -> String {
        let parts: Vec<String> = self.dims.iter().map(|(name, n)| format!("{name} {n}")).collect();
        parts.join(" ")
    }

    /// Whether `name` means it: its operation, its file or one of its kernels.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        let stem = |file: &str| file.trim_end_matches(".cu") == name.trim_end_matches(".cu");
        let whole = self.op == name || stem(self.file) || self.name == name;
        let other = self.warpgroups.as_ref();
        let of_warpgroups = other.is_some_and(|(file, kernel)| stem(file) || kernel == name);
        whole || of_warpgroups || self.kernels.iter().any(|kernel| kernel == name)
    }
}

/// Every case.
#[must_use]
pub fn all() -> Vec<Case> {
    let mut cases = of(&REFERENCE);
    cases.extend(of(&QWEN));
    attention::add(&mut cases, SMALL_HEADS);
    cases
}

/// The cases of one model's shapes.
#[must_use]
pub fn of(shapes: &Shapes) -> Vec<Case> {
    let mut cases = Vec::new();
    rows::add(&mut cases, *shapes);
    attention::add(&mut cases, *shapes);
    gemm::add(&mut cases, *shapes);
    head::add(&mut cases, *shapes);
    optimiser::add(&mut cases, *shapes);
    cases
}

#[cfg(test)]
mod tests;
