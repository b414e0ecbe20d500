//! AdamW (Loshchilov & Hutter, 1711.05101) with f32 moments.

use quaero_ops::adam::{self, Step};
use quaero_ops::{Device, Tensor};
use quaero_shape::ShapeError;
use serde::{Deserialize, Serialize};

/// The constants of AdamW. The learning rate comes with each step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamWOptions {
    /// β₁ and β₂: how slowly the moments move.
    pub betas: (f32, f32),
    /// Added to the root of the second moment.
    pub eps: f32,
    /// Decoupled weight decay: each step multiplies weights by 1 − lr · weight_decay.
    pub weight_decay: f32,
    /// Whether tensors of fewer than two axes (norm scales, biases) decay as well.
    pub decay_vectors: bool,
}

/// The optimiser's memory as named tensors, for checkpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Steps taken.
    pub n_steps: u64,
    /// `exp_avg.NAME` and `exp_avg_sq.NAME` for every parameter, in order.
    pub tensors: Vec<(String, Tensor)>,
}

/// State that does not fit the parameters, or a device that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A tensor is missing.
    #[error("optimiser state: tensor `{0}` is missing; the checkpoint is of another model")]
    Missing(String),
    /// A tensor has another shape.
    #[error("optimiser state: {0}; the checkpoint is of another model")]
    Shape(#[from] ShapeError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] quaero_ops::Error),
}

/// AdamW with the moments of one set of parameters.
#[derive(Clone, Debug)]
pub struct AdamW {
    options: AdamWOptions,
    n_steps: u64,
    exp_avg: Vec<Tensor>,
    exp_avg_sq: Vec<Tensor>,
}

impl AdamW {
    /// An optimiser for tensors of the shapes of `params` and where they lie, moments at zero.
    ///
    /// # Errors
    /// If the device has not enough memory.
    pub fn new(options: AdamWOptions, params: &[Tensor]) -> Result<Self, Error> {
        let zeros = || -> Result<Vec<Tensor>, Error> {
            let zero = |p: &Tensor| Ok(Tensor::zeros_on(&p.device(), p.shape().clone())?);
            params.iter().map(zero).collect()
        };
        Ok(Self { options, n_steps: 0, exp_avg: zeros()?, exp_avg_sq: zeros()? })
    }

    /// Steps taken so far.
    #[must_use]
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// One step: with g = grad_scale · gradient,
    /// m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
    /// w ← (1 − lr·decay) w − lr · (m / (1−β₁ᵗ)) / (√(v / (1−β₂ᵗ)) + eps).
    ///
    /// # Errors
    /// If the device failed; the CPU does not.
    ///
    /// # Panics
    /// If `params` or `grads` are not those the optimiser was made for.
    pub fn step(
        &mut self,
        params: &mut [Tensor],
        grads: &[Tensor],
        lr: f64,
        grad_scale: f32,
    ) -> Result<(), Error> {
        assert!(
            params.len() == self.exp_avg.len() && grads.len() == params.len(),
            "AdamW made for {} tensors got {} parameters and {} gradients",
            self.exp_avg.len(),
            params.len(),
            grads.len()
        );
        self.n_steps += 1;
        let AdamWOptions { betas, eps, weight_decay, decay_vectors } = self.options;
        let t = self.n_steps as f64;
        let correction = |beta: f32| 1.0 - f64::from(beta).powf(t);
        let step = Step {
            betas,
            step_size: (lr / correction(betas.0)) as f32,
            inv_sqrt_correction: (1.0 / correction(betas.1).sqrt()) as f32,
            eps,
            keep: 1.0,
            grad_scale,
        };
        let moments = self.exp_avg.iter_mut().zip(&mut self.exp_avg_sq);
        for ((param, grad), (m, v)) in params.iter_mut().zip(grads).zip(moments) {
            let decays = decay_vectors || param.shape().n_axes() >= 2;
            let keep = if decays { (1.0 - lr * f64::from(weight_decay)) as f32 } else { 1.0 };
            let step = Step { keep, ..step };
            adam::step(step, param, grad, (m, v))?;
        }
        Ok(())
    }

    /// The memory, with the parameters' `names`; its tensors lie on the CPU.
    ///
    /// # Errors
    /// If the device failed.
    pub fn state(&self, names: &[String]) -> Result<State, Error> {
        let mut tensors = Vec::new();
        for (prefix, moments) in [("exp_avg", &self.exp_avg), ("exp_avg_sq", &self.exp_avg_sq)] {
            for (name, tensor) in names.iter().zip(moments) {
                tensors.push((format!("{prefix}.{name}"), tensor.to(&Device::cpu())?));
            }
        }
        Ok(State { n_steps: self.n_steps, tensors })
    }

    /// An optimiser that goes on from `state`.
    ///
    /// # Errors
    /// If a tensor is missing or has another shape than its parameter.
    pub fn from_state(
        options: AdamWOptions,
        names: &[String],
        params: &[Tensor],
        state: State,
    ) -> Result<Self, Error> {
        let State { n_steps, tensors } = state;
        let mut tensors: std::collections::BTreeMap<String, Tensor> = tensors.into_iter().collect();
        let mut take = |prefix: &str, name: &str, param: &Tensor| -> Result<Tensor, Error> {
            let (shape, device) = (param.shape(), &param.device());
            let name = format!("{prefix}.{name}");
            let tensor = tensors.remove(&name).ok_or_else(|| Error::Missing(name.clone()))?;
            tensor.shape().expect(&name, shape)?;
            Ok(tensor.to(device)?)
        };
        let (mut exp_avg, mut exp_avg_sq) = (Vec::new(), Vec::new());
        for (name, param) in names.iter().zip(params) {
            exp_avg.push(take("exp_avg", name, param)?);
            exp_avg_sq.push(take("exp_avg_sq", name, param)?);
        }
        Ok(Self { options, n_steps, exp_avg, exp_avg_sq })
    }
}

#[cfg(test)]
mod tests;
