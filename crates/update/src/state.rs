//! What a learner keeps from update to update: its count, its reference, its file.

use std::path::Path;

use quaero_model::Model;
use quaero_ops::Tensor;
use quaero_optim::{AdamW, State};
use quaero_weights::Weights;

use crate::reference::{read_f32, write_f32};
use crate::{Error, Learner};

impl Learner {
    /// Whether the loss has a KL penalty, hence an update needs a reference.
    #[must_use]
    pub fn needs_reference(&self) -> bool {
        self.options.objective.kl.is_some()
    }

    /// Measures the KL penalty from `reference` from now on.
    pub fn set_reference(&mut self, reference: Model) {
        self.reference = Some(reference);
    }

    /// Optimiser steps taken so far.
    #[must_use]
    pub fn n_steps(&self) -> u64 {
        self.adamw.n_steps()
    }

    /// Writes weights and moments (of 8-bit Adam, their codes) in f32 to `path`.
    ///
    /// # Errors
    /// When there is no space, the file cannot be written or the device failed.
    pub fn save(&self, model: &Model, path: &Path) -> Result<(), Error> {
        let state = self.adamw.state(model.params().names())?;
        let moments = state.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
        let all: Vec<(&str, &Tensor)> = model.params().iter().chain(moments).collect();
        write_f32(path, &all)
    }

    /// Reads what [`Learner::save`] wrote after `n_steps` updates.
    ///
    /// # Errors
    /// When the file is missing or damaged, belongs to another model, or the device failed.
    pub fn restore(&mut self, model: &mut Model, path: &Path, n_steps: u64) -> Result<(), Error> {
        let weights = Weights::open(path)?;
        let mut tensors = Vec::new();
        let (names, params) = (model.params().names(), model.params().tensors());
        for (name, shape) in AdamW::state_shapes(self.options.adamw, names, params) {
            let mut tensor = Tensor::zeros(shape.clone());
            weights
                .read_into(&name, &shape, tensor.data_mut())
                .map_err(|source| Error::Moments { source })?;
            tensors.push((name, tensor));
        }
        read_f32(&weights, model)?;
        let (names, params) = (model.params().names(), model.params().tensors());
        let state = State { n_steps, tensors };
        self.adamw = AdamW::from_state(self.options.adamw, names, params, state)?;
        Ok(())
    }
}
