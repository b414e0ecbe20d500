//! Times a case, and the device's two ceilings.

use half::bf16;
use quaero_kernels::gemm::{self, Layout, Matrix, MatrixMut};
use quaero_kernels::{Buffer, Device, Element, Error};

use crate::cases::{Outputs, Set};
use crate::source::{POISON_16, POISON_32};
use crate::{Case, Ceilings, Source, Work};

/// Timed launches of a round; there are two rounds.
const N_TIMED: usize = 30;
/// A launch shorter than this is timed in groups: marks take a microsecond or two themselves.
const GROUP_US: f64 = 60.0;
/// The most sets of data that a case rotates through.
const N_SETS_MAX: usize = 16;
/// Elements that are looked at in one place of an output, and places.
const LOOK: (usize, usize) = (4096, 64);

/// How long a case took.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// The median of each round, in microseconds.
    pub rounds: [f64; 2],
    /// Sets of data that it rotated through.
    pub n_sets: usize,
    /// Elements of outputs that were looked at and had not been written.
    pub n_unwritten: usize,
}

impl Timing {
    /// The better round, in microseconds.
    #[must_use]
    pub fn us(&self) -> f64 {
        self.rounds[0].min(self.rounds[1])
    }

    /// How far the rounds lie apart: less than this is noise.
    #[must_use]
    pub fn noise(&self) -> f64 {
        (self.rounds[0] - self.rounds[1]).abs() / self.us()
    }
}

/// Times `case`; `None` when emulated.
///
/// # Errors
/// If the device fails.
pub fn measure(case: &Case, source: &mut Source) -> Result<Option<Timing>, Error> {
    let Some(facts) = source.device().facts() else { return Ok(None) };
    // Twice the cache is passed between two uses of a buffer, the cache's policy be what it may.
    let n_sets = (3.0 * facts.l2_bytes as f64 / case.work.bytes).ceil();
    let n_sets = (n_sets as usize).clamp(1, N_SETS_MAX);
    let mut sets = (0..n_sets).map(|_| case.set(source)).collect::<Result<Vec<_>, _>>()?;
    let n_unwritten = written(&mut sets[0], source)?;
    let mut next = 0;
    let mut launches = |n: usize, group: usize| -> Result<Vec<f64>, Error> {
        source.head_start()?;
        let device = source.device().clone();
        let times = device.time(n, |_| {
            for _ in 0..group {
                next = (next + 1) % sets.len();
                sets[next].launch()?;
            }
            Ok(())
        })?;
        Ok(times.unwrap_or_default().into_iter().map(|us| us / group as f64).collect())
    };
    let warm = median(launches(3 + n_sets, 1)?);
    let group = ((GROUP_US / warm).ceil() as usize).clamp(1, 20);
    let rounds = [median(launches(N_TIMED, group)?), median(launches(N_TIMED, group)?)];
    Ok(Some(Timing { rounds, n_sets, n_unwritten }))
}

/// The middle value; NaN of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Launches `set` on poisoned outputs; how many of the elements looked at still hold the poison.
///
/// # Errors
/// If the device fails.
pub fn written(set: &mut Set, source: &Source) -> Result<usize, Error> {
    let Outputs { halves, floats } = &mut set.outputs;
    for buffer in halves.iter_mut() {
        source.poison_halves(buffer.view_mut())?;
    }
    for buffer in floats.iter_mut() {
        source.poison_floats(buffer.view_mut())?;
    }
    set.launch()?;
    source.device().synchronize()?;
    let mut n = 0;
    for buffer in &set.outputs.halves {
        n += looked(buffer)?.iter().filter(|x| x.to_bits() == POISON_16.to_bits()).count();
    }
    for buffer in &set.outputs.floats {
        n += looked(buffer)?.iter().filter(|x| x.to_bits() == POISON_32.to_bits()).count();
    }
    Ok(n)
}

/// Stretches of a buffer, spread over all of it, its ends among them.
fn looked<T: Element>(buffer: &Buffer<T>) -> Result<Vec<T>, Error> {
    let ((len, n), total) = (LOOK, buffer.len());
    if total <= len * n {
        return buffer.to_vec();
    }
    let mut found = Vec::new();
    for i in 0..n {
        let at = (total - len) * i / (n - 1);
        found.extend(buffer.slice(at..at + len).to_vec()?);
    }
    Ok(found)
}

/// Extent of the product that gives the ceiling, and bytes of the copy.
const CEILING: (usize, usize) = (8192, 1 << 30);

/// The device's ceilings; `None` when emulated. The copy is the driver's own, the product ours:
/// a better library's, where one is at hand, is the better ceiling.
///
/// # Errors
/// If the device fails.
pub fn ceilings(source: &mut Source) -> Result<Option<Ceilings>, Error> {
    let device = source.device().clone();
    let (n, n_bytes) = CEILING;
    let from = source.halves(n_bytes / 2)?;
    let mut to: Buffer<bf16> = device.alloc(n_bytes / 2)?;
    let Some(copies) =
        timed(source, |device| device.time(20, |_| to.view_mut().copy_from(from.view())))?
    else {
        return Ok(None);
    };
    let (a, b) = (source.halves(n * n)?, source.halves(n * n)?);
    let mut c: Buffer<bf16> = device.alloc(n * n)?;
    let products = timed(source, |device| {
        device.time(10, |_| {
            let (a, b) = (Matrix::new(a.view(), n), Matrix::new(b.view(), n));
            gemm::into_bf16(Layout::Nt, a, b, None, MatrixMut::new(c.view_mut(), n), None)
        })
    })?;
    let flops = Work::product(n, n, n, 2).flops;
    Ok(Some(Ceilings {
        copy_gb_s: 2.0 * n_bytes as f64 / median(copies) / 1e3,
        matmul_tflop_s: flops / median(products.unwrap_or_default()) / 1e6,
    }))
}

/// Times twice and gives the second: the first warms up.
fn timed(
    source: &mut Source,
    mut times: impl FnMut(&Device) -> Result<Option<Vec<f64>>, Error>,
) -> Result<Option<Vec<f64>>, Error> {
    let device = source.device().clone();
    times(&device)?;
    source.head_start()?;
    times(&device)
}
