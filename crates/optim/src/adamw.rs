//! AdamW (Loshchilov & Hutter, 1711.05101) with f32 moments, or with moments of 8 bits for weights
//! in bf16.

mod moments;

use quaero_ops::Tensor;
use quaero_ops::adam::{self, AdamWStep};
use quaero_rng::Key;
use quaero_shape::{Shape, ShapeError};
use serde::{Deserialize, Serialize};

use moments::Moments;

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
    /// What is kept of each parameter.
    pub state_precision: StatePrecision,
}

/// What the optimiser keeps of a parameter, its weight included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatePrecision {
    /// 12 bytes: weight and both moments.
    #[default]
    #[serde(rename = "f32")]
    F32,
    /// 8-bit Adam, 4 bytes: the weight in bf16 with stochastic rounding (so that small steps count
    /// on average), and 8-bit moments with a scale for each block of 256 (after Dettmers et al.,
    /// 2110.02861; theirs are dynamic-tree codes in blocks of 2048, ours roots, which need no
    /// table). Of tensors on a device, in bf16 ([`Tensor::into_bf16`]).
    #[serde(rename = "8bit")]
    EightBit,
}

/// The optimiser's memory as named tensors, for checkpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Steps taken.
    pub n_steps: u64,
    /// `exp_avg.NAME` and `exp_avg_sq.NAME` for every parameter, in order; of 8-bit Adam
    /// `exp_avg_code`, `exp_avg_sq_code`, `exp_avg_scale` and `exp_avg_sq_scale`.
    pub tensors: Vec<(String, Tensor)>,
}

/// State that does not fit the parameters, or a device that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A tensor is missing.
    #[error(
        "optimiser state: tensor `{0}` is missing; the checkpoint is of another model or of \
         another optim.state_precision"
    )]
    Missing(String),
    /// A tensor has another shape.
    #[error("optimiser state: {0}; the checkpoint is of another model")]
    Shape(#[from] ShapeError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] quaero_ops::Error),
}

/// AdamW with the moments of one set of parameters.
#[derive(Debug)]
pub struct AdamW {
    options: AdamWOptions,
    n_steps: u64,
    moments: Vec<Moments>,
}

impl AdamW {
    /// An optimiser for tensors of the shapes of `params` and where they lie, moments at zero.
    ///
    /// # Errors
    /// If the device has not enough memory.
    ///
    /// # Panics
    /// If 8-bit Adam is made for tensors that are not in bf16.
    pub fn new(options: AdamWOptions, params: &[Tensor]) -> Result<Self, Error> {
        let zeros = params.iter().map(|param| Moments::zeros(options.state_precision, param));
        Ok(Self { options, n_steps: 0, moments: zeros.collect::<Result<_, _>>()? })
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
            params.len() == self.moments.len() && grads.len() == params.len(),
            "AdamW made for {} tensors got {} parameters and {} gradients",
            self.moments.len(),
            params.len(),
            grads.len()
        );
        self.n_steps += 1;
        let AdamWOptions { betas, eps, weight_decay, decay_vectors, state_precision: _ } =
            self.options;
        let t = self.n_steps as f64;
        let correction = |beta: f32| 1.0 - f64::from(beta).powf(t);
        let step = AdamWStep {
            betas,
            step_size: (lr / correction(betas.0)) as f32,
            inv_sqrt_correction: (1.0 / correction(betas.1).sqrt()) as f32,
            eps,
            keep: 1.0,
        };
        let chance = Key::new(0).named("adamw").with(self.n_steps);
        for (idx, moments) in self.moments.iter_mut().enumerate() {
            let (param, grad) = (&mut params[idx], (&grads[idx], grad_scale));
            let decays = decay_vectors || param.shape().n_axes() >= 2;
            let keep = if decays { (1.0 - lr * f64::from(weight_decay)) as f32 } else { 1.0 };
            let step = AdamWStep { keep, ..step };
            match moments {
                Moments::Full(m, v) => adam::step(step, param, grad, (m, v))?,
                Moments::Lean(lean) => {
                    adam::step_lean(step, param, grad, lean, chance.with(idx as u64).seed())?;
                }
            }
        }
        Ok(())
    }

    /// The memory, with the parameters' `names`; its tensors lie on the CPU.
    ///
    /// # Errors
    /// If the device failed.
    pub fn state(&self, names: &[String]) -> Result<State, Error> {
        let mut by_name = Vec::new();
        for moments in &self.moments {
            by_name.push(moments.to_host()?.into_iter());
        }
        let mut tensors = Vec::new();
        for prefix in moments::prefixes(self.options.state_precision) {
            for (name, of) in names.iter().zip(&mut by_name) {
                let tensor = of.next().expect("a tensor for each prefix");
                tensors.push((format!("{prefix}.{name}"), tensor));
            }
        }
        Ok(State { n_steps: self.n_steps, tensors })
    }

    /// Names and shapes of what [`AdamW::state`] holds for parameters of these names and shapes.
    #[must_use]
    pub fn state_shapes(
        options: AdamWOptions,
        names: &[String],
        params: &[Tensor],
    ) -> Vec<(String, Shape)> {
        let mut all = Vec::new();
        for (at, prefix) in moments::prefixes(options.state_precision).iter().enumerate() {
            for (name, param) in names.iter().zip(params) {
                let shape = moments::shape(options.state_precision, at, param.shape());
                all.push((format!("{prefix}.{name}"), shape));
            }
        }
        all
    }

    /// An optimiser that continues from `state`.
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
        let mut moments = Vec::new();
        for (name, param) in names.iter().zip(params) {
            let mut parts = Vec::new();
            for (at, prefix) in moments::prefixes(options.state_precision).iter().enumerate() {
                let name = format!("{prefix}.{name}");
                let tensor = tensors.remove(&name).ok_or_else(|| Error::Missing(name.clone()))?;
                let shape = moments::shape(options.state_precision, at, param.shape());
                tensor.shape().expect(&name, &shape)?;
                parts.push(tensor);
            }
            moments.push(Moments::from_host(options.state_precision, param, &parts)?);
        }
        Ok(Self { options, n_steps, moments })
    }
}

#[cfg(test)]
mod tests;
