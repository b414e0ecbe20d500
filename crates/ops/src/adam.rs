//! One step of AdamW, and the norm of gradients.

use quaero_cpu::adam as cpu;
use quaero_kernels::{Buffer, adam as kernel};

use crate::activation::device_mismatch;
use crate::tensor::{OnDevice, Values};
use crate::{Device, Error, Tensor};

pub use quaero_cpu::adam::Step;
pub use quaero_kernels::adam::LEAN_BLOCK;

/// Σ x² over all elements of all tensors, in a fixed order.
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the tensors lie on two devices.
pub fn sum_of_squares(tensors: &[Tensor]) -> Result<f64, Error> {
    let on_device = |tensor: &Tensor| !tensor.device().is_cpu();
    if !tensors.iter().any(on_device) {
        return Ok(tensors.iter().map(|tensor| cpu::sum_of_squares(tensor.data())).sum());
    }
    let views: Vec<_> = tensors
        .iter()
        .map(|tensor| match &tensor.values {
            Values::Device(values) => values.exact().view(),
            Values::Host(_) => device_mismatch("sum of squares"),
        })
        .collect();
    let lens: Vec<usize> = views.iter().map(|view| view.len()).collect();
    let Some(device) = tensors[0].device().0 else { device_mismatch("sum of squares") };
    let mut norm = kernel::Norm::new(&device, &lens)?;
    norm.of(&views, f32::INFINITY)?;
    let (norm, _) = norm.read()?;
    Ok(f64::from(norm).powi(2))
}

/// m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; w ← keep·w − step_size·m / (√v·correction + eps), with g
/// the gradient times `step.grad_scale`.
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes or the devices differ.
pub fn step(
    step: Step,
    w: &mut Tensor,
    grad: &Tensor,
    (m, v): (&mut Tensor, &mut Tensor),
) -> Result<(), Error> {
    match (&mut w.values, &grad.values, &mut m.values, &mut v.values) {
        (Values::Host(w), Values::Host(grad), Values::Host(m), Values::Host(v)) => {
            cpu::step(step, w, grad, m, v);
            Ok(())
        }
        (Values::Device(w), Values::Device(grad), Values::Device(m), Values::Device(v)) => {
            let (step, norm) = on_device(step, grad)?;
            let to = kernel::Full {
                w: w.exact_mut().view_mut(),
                w_bf16: None,
                m: m.exact_mut().view_mut(),
                v: v.exact_mut().view_mut(),
            };
            kernel::step(step, to, grad.exact().view(), &norm)
        }
        _ => device_mismatch("adam"),
    }
}

/// Moments in 8 bits an element with a scale for each [`LEAN_BLOCK`] of them.
#[derive(Debug)]
pub struct LeanMoments {
    m: Buffer<u8>,
    v: Buffer<u8>,
    m_scale: Buffer<f32>,
    v_scale: Buffer<f32>,
}

/// The same in the host's memory.
#[derive(Clone, Debug, PartialEq)]
pub struct LeanState {
    /// Codes of the first moment and of the second, one for each element.
    pub codes: [Vec<u8>; 2],
    /// Their scales.
    pub scales: [Vec<f32>; 2],
}

impl LeanState {
    /// Moments of 0 for `n` elements.
    #[must_use]
    pub fn zeros(n: usize) -> Self {
        let scales = vec![0.0; n.div_ceil(LEAN_BLOCK)];
        // 128 stands for 0 among the signed codes.
        Self { codes: [vec![128; n], vec![0; n]], scales: [scales.clone(), scales] }
    }
}

impl LeanMoments {
    /// Moments on `device`.
    ///
    /// # Errors
    /// If the device has not enough memory.
    ///
    /// # Panics
    /// On the CPU, which computes in f32.
    pub fn new(device: &Device, state: &LeanState) -> Result<Self, Error> {
        let Some(device) = &device.0 else { panic!("moments of 8 bits lie on a device") };
        let LeanState { codes: [m, v], scales: [m_scale, v_scale] } = state;
        Ok(Self {
            m: device.upload(m)?,
            v: device.upload(v)?,
            m_scale: device.upload(m_scale)?,
            v_scale: device.upload(v_scale)?,
        })
    }

    /// A copy in the host's memory.
    ///
    /// # Errors
    /// If the device failed.
    pub fn state(&self) -> Result<LeanState, Error> {
        let Self { m, v, m_scale, v_scale } = self;
        Ok(LeanState {
            codes: [m.to_vec()?, v.to_vec()?],
            scales: [m_scale.to_vec()?, v_scale.to_vec()?],
        })
    }
}

/// [`step`] for weights in bf16 alone and moments in 8 bits. Weights are rounded up or down by
/// chance, so that steps below a last digit count on average; `key` names the chance and must
/// differ from step to step and from tensor to tensor.
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes or the devices differ, or `w` is not in bf16 alone.
pub fn step_lean(
    step: Step,
    w: &mut Tensor,
    grad: &Tensor,
    moments: &mut LeanMoments,
    key: u64,
) -> Result<(), Error> {
    let (Values::Device(w), Values::Device(grad)) = (&mut w.values, &grad.values) else {
        device_mismatch("adam")
    };
    let (step, norm) = on_device(step, grad)?;
    let LeanMoments { m, v, m_scale, v_scale } = moments;
    let to = kernel::Lean {
        w: w.rounded_mut()?.view_mut(),
        m: m.view_mut(),
        v: v.view_mut(),
        m_scale: m_scale.view_mut(),
        v_scale: v_scale.view_mut(),
    };
    kernel::step_lean(step, to, grad.exact().view(), &norm, key)
}

/// The numbers of a step, and the factor of its gradient, as kernels take them.
fn on_device(step: Step, grad: &OnDevice) -> Result<(kernel::Step, kernel::Norm), Error> {
    let Step { betas, step_size, inv_sqrt_correction, eps, keep, grad_scale } = step;
    let mut norm = kernel::Norm::new(grad.exact().device(), &[])?;
    norm.set_factor(grad_scale)?;
    Ok((kernel::Step { betas, step_size, inv_sqrt_correction, eps, keep }, norm))
}
