//! The step.

use std::collections::BTreeMap;
use std::path::Path;

use quaero_model::{ForwardOptions, Model, Params};
use quaero_objective::{Row as LossRow, Share, policy_loss, scales};
use quaero_ops::Tensor;
use quaero_optim::{AdamW, AdamWOptions, Schedule, State, clip_grad_norm};
use quaero_policy::Policy;
use quaero_types::{Batch, PolicyVersion, Row, TaskRole};
use quaero_weights::Weights;

use crate::Error;
use crate::micro::{Micro, cut, pack};
use crate::reference::{read_f32, write_f32};

/// How to learn from a batch.
#[derive(Clone, Debug)]
pub struct Options {
    /// The loss.
    pub objective: quaero_objective::Options,
    /// The optimiser.
    pub adamw: AdamWOptions,
    /// The learning rate over updates.
    pub schedule: Schedule,
    /// The gradient's global norm is cut to this.
    pub grad_norm_max: f64,
    /// Tokens in a micro-batch.
    pub micro_batch_tokens: usize,
    /// Recompute activations in the backward pass: less memory, a third more work.
    pub recompute: bool,
}

/// What an update did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// The loss of the whole batch.
    pub loss: f64,
    /// The gradient's global norm before clipping.
    pub grad_norm: f64,
    /// The learning rate used.
    pub lr: f64,
    /// Tokens that went through the model, prompts included.
    pub n_tokens: u64,
    /// Sums over the tokens that were learned from.
    pub tokens: quaero_objective::Stats,
}

/// The optimiser with its memory: what outlives a step beside the policy.
#[derive(Debug)]
pub struct Learner {
    options: Options,
    adamw: AdamW,
    grads: Params,
    /// The frozen policy that the KL penalty measures from.
    reference: Option<Model>,
}

impl Learner {
    /// A learner for `model`, moments at zero, where the model lies.
    ///
    /// # Errors
    /// When the device has not enough memory.
    pub fn new(options: &Options, model: &Model) -> Result<Self, Error> {
        Ok(Self {
            options: options.clone(),
            adamw: AdamW::new(options.adamw, model.params().tensors())?,
            grads: model.params().zeros_like()?,
            reference: None,
        })
    }

    /// Whether the loss has a KL penalty, hence an update needs a reference.
    #[must_use]
    pub fn needs_reference(&self) -> bool {
        self.options.objective.kl.is_some()
    }

    /// Measures the KL penalty from `reference` from now on.
    pub fn set_reference(&mut self, reference: Model) {
        self.reference = Some(reference);
    }

    /// Updates taken so far.
    #[must_use]
    pub fn n_steps(&self) -> u64 {
        self.adamw.n_steps()
    }

    /// One update. A batch without rows changes nothing but the version.
    ///
    /// # Errors
    /// When loss or gradient are not finite, or the device failed.
    ///
    /// # Panics
    /// If the loss has a KL penalty and no reference was set.
    pub fn update(&mut self, policy: Policy, batch: &Batch) -> Result<(Policy, Stats), Error> {
        let mut policy = policy;
        let version = policy.version.0;
        let mut stats = self.accumulate(&policy.model, &batch.rows)?;
        let norm_max = self.options.grad_norm_max;
        let (norm, grad_scale) = clip_grad_norm(self.grads.tensors(), norm_max)?;
        for (what, got) in [("the loss", stats.loss), ("the gradient norm", norm)] {
            if !got.is_finite() {
                return Err(Error::NotFinite { what, got, version });
            }
        }
        stats.grad_norm = norm;
        stats.lr = self.options.schedule.lr_at(self.adamw.n_steps());
        if !batch.rows.is_empty() {
            let params = policy.model.params_mut().tensors_mut();
            self.adamw.step(params, self.grads.tensors(), stats.lr, grad_scale)?;
        }
        policy.version = PolicyVersion(version + 1);
        Ok((policy, stats))
    }

    /// Sums the gradient of all rows into `self.grads`.
    fn accumulate(&mut self, model: &Model, rows: &[Row]) -> Result<Stats, Error> {
        self.grads.set_zero()?;
        let scales = scales(&shares(rows), self.options.objective.aggregation);
        let mut stats = Stats::default();
        for run in cut(rows, self.options.micro_batch_tokens) {
            let (part, scales) = (&rows[run.clone()], &scales[run]);
            let micro = pack(part);
            let options = ForwardOptions {
                recompute: self.options.recompute,
                temperature: part[0].trace.temperature,
            };
            let logp_ref = self.reference_logp(&micro, &options)?;
            let forward = model.forward(&micro.packed, &micro.targets, &options)?;
            let losses: Vec<LossRow<'_>> = part
                .iter()
                .zip(&micro.spans)
                .zip(scales)
                .map(|((row, span), &scale)| LossRow {
                    logp: &forward.logp[span.clone()],
                    logp_old: &row.trace.logp,
                    // A batch gets one step, so this is the first.
                    logp_trainer: None,
                    logp_ref: logp_ref.as_ref().map(|logp| &logp[span.clone()]),
                    entropy: &forward.entropy[span.clone()],
                    advantage: row.advantage,
                    scale,
                })
                .collect();
            let grad = policy_loss(&losses, &self.options.objective);
            let n = micro.packed.tokens.len();
            let (mut dlogp, mut dentropy) = (vec![0.0; n], vec![0.0; n]);
            let mut at = 0;
            for span in &micro.spans {
                let end = at + span.len();
                dlogp[span.clone()].copy_from_slice(&grad.dlogp[at..end]);
                dentropy[span.clone()].copy_from_slice(&grad.dentropy[at..end]);
                at = end;
            }
            stats.loss += grad.loss;
            stats.tokens.merge(&grad.stats);
            stats.n_tokens += n as u64;
            model.backward(forward, &dlogp, &dentropy, &mut self.grads)?;
        }
        Ok(stats)
    }

    /// Log-probs of a micro-batch under the reference, if the loss has a KL penalty.
    fn reference_logp(
        &self,
        micro: &Micro,
        options: &ForwardOptions,
    ) -> Result<Option<Vec<f32>>, Error> {
        if !self.needs_reference() {
            return Ok(None);
        }
        let reference = self.reference.as_ref().expect("set_reference comes before update");
        // Nothing goes back through it, so the less it keeps the better.
        let options = ForwardOptions { recompute: true, ..*options };
        Ok(Some(reference.forward(&micro.packed, &micro.targets, &options)?.logp))
    }

    /// Writes weights and moments (of the lean optimiser, their codes) in f32 to `path`.
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

/// What aggregation needs to know of each row: parts are task-roles.
fn shares(rows: &[Row]) -> Vec<Share> {
    let mut parts: BTreeMap<&TaskRole, u64> = BTreeMap::new();
    for row in rows {
        let next = parts.len() as u64;
        parts.entry(&row.task_role).or_insert(next);
    }
    // Groups are numbered within a task-role; across the batch they must not meet.
    let mut groups: BTreeMap<(&TaskRole, u64), u64> = BTreeMap::new();
    rows.iter()
        .map(|row| {
            let next = groups.len() as u64;
            let group = *groups.entry((&row.task_role, row.group)).or_insert(next);
            let part = parts[&row.task_role];
            Share { n_tokens: row.trace.n_written(), group, part, weight: row.weight }
        })
        .collect()
}

#[cfg(test)]
mod tests;
