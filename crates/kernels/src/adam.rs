//! AdamW: f32 weights and moments, or the lean kind; the norm of gradients, in order.

use half::bf16;
use quaero_shape::AdamWStep;

use crate::call::Call;
use crate::{Buffer, Device, Error, View, ViewMut};

/// Adds the numbers of a step to a call.
fn with_numbers(call: Call<'_>, step: AdamWStep) -> Call<'_> {
    let AdamWStep { betas, step_size, inv_sqrt_correction, eps, keep } = step;
    let call = call.float(betas.0).float(betas.1).float(step_size);
    call.float(inv_sqrt_correction).float(eps).float(keep)
}

/// Elements that one block of the norm sums.
const NORM_BLOCK: usize = 4096;

/// The norm of all gradients, and the factor that clips it; it stays on the device.
#[derive(Debug)]
pub struct Norm {
    partial: Buffer<f32>,
    out: Buffer<f32>,
}

impl Norm {
    /// Room for gradients of these lengths.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn new(device: &Device, lens: &[usize]) -> Result<Self, Error> {
        let n_partial: usize = lens.iter().map(|len| Self::n_partial(*len)).sum();
        Ok(Self { partial: device.zeros(n_partial)?, out: device.zeros(2)? })
    }

    /// A multiple of 4, so that every tensor's partial sums are aligned; the rest stays 0.
    fn n_partial(len: usize) -> usize {
        len.div_ceil(NORM_BLOCK).next_multiple_of(4)
    }

    /// Computes the norm of `grads` and the factor min(1, max_norm / (norm + 1e-6)).
    ///
    /// # Errors
    /// If a launch fails.
    ///
    /// # Panics
    /// If the gradients are not those that room was made for.
    pub fn of(&mut self, grads: &[View<'_, f32>], max_norm: f32) -> Result<(), Error> {
        let device = self.out.device().clone();
        let mut first = 0;
        for grad in grads {
            let n = Self::n_partial(grad.len());
            let mut partial = self.partial.slice_mut(first..first + n);
            first += n;
            let call = Call::new(&device, "sum_squares");
            let call = call.grid([grad.len().div_ceil(NORM_BLOCK), 1, 1]).write(&mut partial);
            // SAFETY: `partial` has room for as many blocks as the grid has.
            unsafe { call.read(*grad).long(grad.len()).launch()? };
        }
        assert_eq!(first, self.partial.len(), "norm: gradients of other lengths than planned");
        let call = Call::new(&device, "clip_factor").write(&mut self.out.view_mut());
        let call = call.read(self.partial.view()).int(self.partial.len()).float(max_norm);
        // SAFETY: `out` holds the norm and the factor.
        unsafe { call.launch() }
    }

    /// Sets the factor by hand: no clipping is 1.
    ///
    /// # Errors
    /// If the device failed.
    pub fn set_factor(&mut self, factor: f32) -> Result<(), Error> {
        self.out.view_mut().write(&[f32::NAN, factor])
    }

    /// The norm and the factor.
    ///
    /// # Errors
    /// If a kernel before it failed.
    pub fn read(&self) -> Result<(f32, f32), Error> {
        let out = self.out.to_vec()?;
        Ok((out[0], out[1]))
    }
}

/// A parameter with f32 weights and moments, and perhaps a bf16 copy that products read.
#[derive(Debug)]
pub struct Full<'a> {
    /// The weights.
    pub w: ViewMut<'a, f32>,
    /// Their copy, if one is kept.
    pub w_bf16: Option<ViewMut<'a, bf16>>,
    /// First moment.
    pub m: ViewMut<'a, f32>,
    /// Second moment.
    pub v: ViewMut<'a, f32>,
}

/// One step, the gradient scaled by the factor of `norm`.
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the lengths differ.
pub fn step(step: AdamWStep, to: Full<'_>, grad: View<'_, f32>, norm: &Norm) -> Result<(), Error> {
    let Full { mut w, mut w_bf16, mut m, mut v } = to;
    let n = grad.len();
    let n_copy = w_bf16.as_ref().map_or(n, ViewMut::len);
    let lens = [w.len(), n_copy, m.len(), v.len()];
    assert!(lens.iter().all(|&len| len == n), "adamw: a gradient of {n}, state of {lens:?}");
    let call = Call::new(grad.device(), "adamw").grid([n.div_ceil(1024), 1, 1]);
    let call = call.write(&mut w).maybe_write(w_bf16.as_mut()).write(&mut m).write(&mut v);
    let call = with_numbers(call.read(grad).read(norm.out.view()).long(n), step);
    // SAFETY: the assertion is the header's Shapes.
    unsafe { call.launch() }
}

/// Elements that share a scale in the lean kind.
pub const LEAN_BLOCK: usize = 256;

/// A parameter in 4 bytes an element: bf16 weights, moments of 8 bits.
#[derive(Debug)]
pub struct Lean<'a> {
    /// The weights.
    pub w: ViewMut<'a, bf16>,
    /// First moment's codes; 128 is 0.
    pub m: ViewMut<'a, u8>,
    /// Second moment's codes.
    pub v: ViewMut<'a, u8>,
    /// First moment's scales, one for [`LEAN_BLOCK`] elements.
    pub m_scale: ViewMut<'a, f32>,
    /// Second moment's scales.
    pub v_scale: ViewMut<'a, f32>,
}

/// One step of the lean kind; `key` names its randomness and must differ from step to step and
/// from parameter to parameter.
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the lengths differ.
pub fn step_lean(
    step: AdamWStep,
    to: Lean<'_>,
    grad: View<'_, f32>,
    norm: &Norm,
    key: u64,
) -> Result<(), Error> {
    let Lean { mut w, mut m, mut v, mut m_scale, mut v_scale } = to;
    let n = grad.len();
    let lens = [w.len(), m.len(), v.len()];
    let n_blocks = n.div_ceil(LEAN_BLOCK);
    assert!(
        lens.iter().all(|&len| len == n) && m_scale.len() == n_blocks && v_scale.len() == n_blocks,
        "adamw_lean: a gradient of {n}, state of {lens:?}, {} and {} scales",
        m_scale.len(),
        v_scale.len()
    );
    let call = Call::new(grad.device(), "adamw_lean").grid([n_blocks.div_ceil(8), 1, 1]);
    let call = call.write(&mut w).write(&mut m).write(&mut v);
    let call = call.write(&mut m_scale).write(&mut v_scale).read(grad).read(norm.out.view());
    // SAFETY: the assertion is the header's Shapes.
    unsafe { with_numbers(call.long(n), step).word(key).launch() }
}
