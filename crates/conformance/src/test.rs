//! A test: what to launch, and what must come out.

use half::bf16;
use quaero_kernels::{Buffer, Device, Element, Error, View};
use quaero_testkit::kernels::{Real, Stored, e2, widened};

type Run = Box<dyn Fn(&Device) -> Result<Vec<Output>, Error> + Send + Sync>;
type Expect = Box<dyn Fn() -> Vec<Expected> + Send + Sync>;

/// One kernel at one shape.
pub struct Test {
    /// Kernel and shape.
    pub name: String,
    /// The kernel file it is about.
    pub file: &'static str,
    /// Whether it is small enough for the slowest sanitizer.
    pub small: bool,
    about: About,
    run: Run,
    expect: Expect,
}

/// What a device gave.
#[derive(Clone, Debug)]
pub struct Output {
    name: String,
    values: Vec<f32>,
    bits: Vec<u8>,
    /// An earlier output that must have the same bits.
    twin: Option<String>,
}

/// What it should have given.
#[derive(Clone, Debug)]
pub struct Expected {
    name: String,
    stored: Stored,
    want: Vec<f64>,
    naive: Vec<f64>,
}

/// An element that converts to f32, for comparisons.
pub(crate) trait AsF32: Element {
    fn as_f32(self) -> f32;
}

impl AsF32 for f32 {
    fn as_f32(self) -> f32 {
        self
    }
}
impl AsF32 for bf16 {
    fn as_f32(self) -> f32 {
        self.to_f32()
    }
}
impl AsF32 for i32 {
    fn as_f32(self) -> f32 {
        self as f32
    }
}
impl AsF32 for u8 {
    fn as_f32(self) -> f32 {
        f32::from(self)
    }
}

impl Output {
    pub(crate) fn view<T: AsF32>(name: &str, view: View<'_, T>) -> Result<Self, Error> {
        let values: Vec<T> = view.to_vec()?;
        // Bits by way of f32 and the storage's own order: exact for every type that is used.
        let values: Vec<f32> = values.into_iter().map(AsF32::as_f32).collect();
        let bits = values.iter().flat_map(|x| x.to_bits().to_le_bytes()).collect();
        Ok(Self { name: name.to_owned(), values, bits, twin: None })
    }

    pub(crate) fn of<T: AsF32>(name: &str, buffer: &Buffer<T>) -> Result<Self, Error> {
        Self::view(name, buffer.view())
    }

    /// Yes or no.
    pub(crate) fn flag(name: &str, yes: bool) -> Self {
        let value = if yes { 1.0_f32 } else { 0.0 };
        let bits = value.to_bits().to_le_bytes().to_vec();
        Self { name: name.to_owned(), values: vec![value], bits, twin: None }
    }

    /// Which of its values are NaN.
    pub(crate) fn flags(mut self, name: &str) -> Self {
        self.values.iter_mut().for_each(|x| *x = if x.is_nan() { 1.0 } else { 0.0 });
        Self { name: name.to_owned(), ..self }
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    /// This must have the bits of the output `name` before it.
    pub(crate) fn twin_of(mut self, name: &str) -> Self {
        self.twin = Some(name.to_owned());
        self
    }
}

impl Expected {
    pub(crate) fn new<A: Real, B: Real>(
        name: &str,
        stored: Stored,
        want: &[A],
        naive: &[B],
    ) -> Self {
        Self { name: name.to_owned(), stored, want: widened(want), naive: widened(naive) }
    }

    /// Nothing may differ.
    pub(crate) fn exact(name: &str, want: Vec<f64>) -> Self {
        Self { name: name.to_owned(), stored: Stored::Exact, naive: want.clone(), want }
    }
}

/// What a device must have for a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Any,
    /// Kernels for warpgroups.
    Warpgroups,
    /// Products by the vendor's library.
    Library,
}

impl Test {
    pub(crate) fn new(
        file: &'static str,
        name: String,
        run: impl Fn(&Device) -> Result<Vec<Output>, Error> + Send + Sync + 'static,
        expect: impl Fn() -> Vec<Expected> + Send + Sync + 'static,
    ) -> Self {
        let (run, expect) = (Box::new(run), Box::new(expect));
        Self { name, file, small: false, about: About::Any, run, expect }
    }

    pub(crate) fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// About kernels for warpgroups.
    pub(crate) fn with_warpgroups(self) -> Self {
        Self { about: About::Warpgroups, ..self }
    }

    /// About products by the vendor's library.
    pub(crate) fn with_library(self) -> Self {
        Self { about: About::Library, ..self }
    }

    /// Whether `device` has what it is about.
    #[must_use]
    pub fn fits(&self, device: &Device) -> bool {
        match self.about {
            About::Any => true,
            About::Warpgroups => device.has_warpgroups(),
            About::Library => device.clone().with_library().is_ok(),
        }
    }

    fn run_on(&self, device: &Device) -> Result<Vec<Output>, Error> {
        let device = device.clone();
        (self.run)(&match self.about {
            About::Any => device,
            About::Warpgroups => device.with_warpgroups()?,
            About::Library => device.with_library()?,
        })
    }

    /// Runs it; the name of each output whose bits are the same on any device, and a number that
    /// they give.
    ///
    /// # Errors
    /// If a launch fails.
    pub fn bits(&self, device: &Device) -> Result<Vec<(String, u64)>, Error> {
        // The library's order of sums is its own.
        let got = if self.about == About::Library { vec![] } else { self.run_on(device)? };
        Ok(got.into_iter().map(|output| (output.name, fnv1a(&output.bits))).collect())
    }

    /// What is wrong with `got`, or the relative error of each output that has an oracle.
    ///
    /// # Errors
    /// The first output that is wrong, and how.
    pub fn judge(&self, got: &[Output]) -> Result<Vec<(String, f64)>, String> {
        let find = |name: &str| {
            let found = got.iter().find(|output| output.name == name);
            found.ok_or_else(|| format!("there is no output `{name}`"))
        };
        for output in got {
            let Some(twin) = &output.twin else { continue };
            if find(twin)?.bits != output.bits {
                return Err(format!("`{}` has other bits than `{twin}`", output.name));
            }
        }
        let mut errors = Vec::new();
        for want in (self.expect)() {
            let output = find(&want.name)?;
            let error = e2(want.stored, &output.values, &want.want, &want.naive)
                .map_err(|how| format!("`{}`: {how}", want.name))?;
            errors.push((want.name, error));
        }
        Ok(errors)
    }
}

/// The hash FNV-1a: equal bits give equal numbers, and others give others all but surely.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Runs `test` on every device of `devices` and judges the first result; all must have the same
/// bits, and none may have bank conflicts in its reads of tiles.
///
/// # Errors
/// What went wrong, in words.
pub fn run(test: &Test, devices: &[Device]) -> Result<Vec<(String, f64)>, String> {
    let mut first: Option<Vec<Output>> = None;
    for device in devices {
        let conflicts = || device.stats().map_or(0, |stats| stats.bank_conflicts);
        let before = conflicts();
        let got = test.run_on(device).map_err(|error| error.to_string())?;
        if conflicts() > before {
            return Err(format!("{} cycles of bank conflicts", conflicts() - before));
        }
        if let Some(first) = &first {
            for (a, b) in first.iter().zip(&got) {
                if a.bits != b.bits {
                    return Err(format!("`{}` has other bits on {}", b.name, device.name()));
                }
            }
        } else {
            first = Some(got);
        }
    }
    test.judge(&first.unwrap_or_default())
}

/// `n` numbers in (−1, 1), times `scale`, as bf16.
pub(crate) fn halves(seed: u64, n: usize, scale: f32) -> Vec<bf16> {
    quaero_testkit::random(seed, n).into_iter().map(|x| bf16::from_f32(x * scale)).collect()
}

/// As numbers of an oracle.
pub(crate) fn of<R: Real>(x: &[bf16]) -> Vec<R> {
    x.iter().map(|x| R::of(f64::from(x.to_f32()))).collect()
}
