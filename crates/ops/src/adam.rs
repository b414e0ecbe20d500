//! One step of AdamW, and the norm of gradients.

use quaero_cpu::adam as cpu;
use quaero_kernels::adam as kernel;

use crate::activation::apart;
use crate::tensor::Values;
use crate::{Error, Tensor};

pub use quaero_cpu::adam::Step;

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
            Values::Host(_) => apart("sum of squares"),
        })
        .collect();
    let lens: Vec<usize> = views.iter().map(|view| view.len()).collect();
    let Some(device) = tensors[0].device().0 else { apart("sum of squares") };
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
            let Step { betas, step_size, inv_sqrt_correction, eps, keep, grad_scale } = step;
            let step = kernel::Step { betas, step_size, inv_sqrt_correction, eps, keep };
            let mut norm = kernel::Norm::new(grad.exact().device(), &[])?;
            norm.set_factor(grad_scale)?;
            let to = kernel::Full {
                w: w.exact_mut().view_mut(),
                w_bf16: None,
                m: m.exact_mut().view_mut(),
                v: v.exact_mut().view_mut(),
            };
            kernel::step(step, to, grad.exact().view(), &norm)
        }
        _ => apart("adam"),
    }
}
