//! The step.

use std::collections::BTreeMap;

use quaero_model::{ForwardOptions, Model, Params};
use quaero_objective::{Row as LossRow, Share, policy_loss, scales};
use quaero_optim::{AdamW, clip_grad_norm};
use quaero_policy::Policy;
use quaero_rng::Key;
use quaero_types::{Batch, PolicyVersion, Row, TaskRole};

use crate::micro::{cut, pack};
use crate::minibatch::{Passes, plan};
use crate::{Error, Options, Stats};

/// Log-probs that stay the same over the optimiser steps of a batch, for each row.
struct Before {
    /// Under the policy as the batch found it, where it gets more than one step.
    trainer: Option<Vec<Vec<f32>>>,
    /// Under the reference, where there is a KL penalty.
    reference: Option<Vec<Vec<f32>>>,
}

/// The optimiser with its memory: what outlives a step beside the policy.
#[derive(Debug)]
pub struct Learner {
    pub(crate) options: Options,
    pub(crate) adamw: AdamW,
    grads: Params,
    /// The frozen policy that the KL penalty measures from.
    pub(crate) reference: Option<Model>,
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

    /// Learns from a batch: an optimiser step for each of its mini-batches, in every epoch. `key`
    /// alone decides which rows make up a mini-batch. A batch without rows changes nothing but the
    /// version.
    ///
    /// # Errors
    /// When loss or gradient are not finite, or the device failed.
    ///
    /// # Panics
    /// If the loss has a KL penalty and no reference was set.
    pub fn update(
        &mut self,
        mut policy: Policy,
        batch: &Batch,
        key: Key,
    ) -> Result<(Policy, Stats), Error> {
        let Options { epochs, minibatches, .. } = self.options;
        let steps = plan(&batch.rows, Passes { epochs, minibatches }, key);
        let stats = self.learn(&mut policy.model, policy.version, &batch.rows, &steps)?;
        policy.version = PolicyVersion(policy.version.0 + 1);
        Ok((policy, stats))
    }

    /// An optimiser step on each of `steps`, which are indices into `rows`.
    fn learn(
        &mut self,
        model: &mut Model,
        version: PolicyVersion,
        rows: &[Row],
        steps: &[Vec<usize>],
    ) -> Result<Stats, Error> {
        let before = self.before(model, rows, steps.len() > 1)?;
        let lr = self.options.schedule.lr_at(self.adamw.n_steps());
        let mut stats = Stats { lr, ..Stats::default() };
        for indices in steps {
            self.accumulate(model, rows, indices, &before, &mut stats)?;
            let norm_max = self.options.grad_norm_max;
            let (norm, grad_scale) = clip_grad_norm(self.grads.tensors(), norm_max)?;
            for (what, got) in [("the loss", stats.loss), ("the gradient norm", norm)] {
                if !got.is_finite() {
                    return Err(Error::NotFinite { what, got, version: version.0 });
                }
            }
            stats.grad_norm += norm;
            stats.lr = self.options.schedule.lr_at(self.adamw.n_steps());
            let params = model.params_mut().tensors_mut();
            self.adamw.step(params, self.grads.tensors(), stats.lr, grad_scale)?;
        }
        stats.n_steps = steps.len();
        stats.loss /= stats.n_steps.max(1) as f64;
        stats.grad_norm /= stats.n_steps.max(1) as f64;
        Ok(stats)
    }

    /// Sums the gradient of the rows at `indices` into `self.grads`, and what there is to tell of
    /// them into `stats`.
    fn accumulate(
        &mut self,
        model: &Model,
        rows: &[Row],
        indices: &[usize],
        before: &Before,
        stats: &mut Stats,
    ) -> Result<(), Error> {
        self.grads.set_zero()?;
        let rows: Vec<&Row> = indices.iter().map(|&idx| &rows[idx]).collect();
        let scales = scales(&shares(&rows), self.options.objective.aggregation);
        for run in cut(&rows, self.options.micro_batch_tokens) {
            let (part, indices, scales) = (&rows[run.clone()], &indices[run.clone()], &scales[run]);
            let micro = pack(part);
            let options = ForwardOptions {
                recompute: self.options.recompute,
                temperature: part[0].trace.temperature,
            };
            let forward = model.forward(&micro.packed, &micro.targets, &options)?;
            let losses: Vec<LossRow<'_>> = (0..part.len())
                .map(|at| LossRow {
                    logp: &forward.logp[micro.spans[at].clone()],
                    logp_old: &part[at].trace.logp,
                    logp_trainer: before.trainer.as_ref().map(|all| &*all[indices[at]]),
                    logp_ref: before.reference.as_ref().map(|all| &*all[indices[at]]),
                    entropy: &forward.entropy[micro.spans[at].clone()],
                    advantage: part[at].advantage,
                    scale: scales[at],
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
        Ok(())
    }

    /// The log-probs of `rows` that every optimiser step of a batch compares with.
    fn before(&self, model: &Model, rows: &[Row], several_steps: bool) -> Result<Before, Error> {
        let trainer = if several_steps { Some(self.log_probs(model, rows)?) } else { None };
        let mut reference = None;
        if self.needs_reference() {
            let model = self.reference.as_ref().expect("set_reference comes before update");
            reference = Some(self.log_probs(model, rows)?);
        }
        Ok(Before { trainer, reference })
    }

    /// The log-prob of each row's tokens under `model`.
    fn log_probs(&self, model: &Model, rows: &[Row]) -> Result<Vec<Vec<f32>>, Error> {
        let rows: Vec<&Row> = rows.iter().collect();
        let mut all = Vec::with_capacity(rows.len());
        for run in cut(&rows, self.options.micro_batch_tokens) {
            let micro = pack(&rows[run.clone()]);
            let temperature = rows[run.start].trace.temperature;
            // Nothing goes back through it, so the less it keeps the better.
            let options = ForwardOptions { recompute: true, temperature };
            let logp = model.forward(&micro.packed, &micro.targets, &options)?.logp;
            all.extend(micro.spans.into_iter().map(|span| logp[span].to_vec()));
        }
        Ok(all)
    }
}

/// What aggregation needs to know of each row.
fn shares(rows: &[&Row]) -> Vec<Share> {
    let mut task_roles: BTreeMap<&TaskRole, u64> = BTreeMap::new();
    for row in rows {
        let next = task_roles.len() as u64;
        task_roles.entry(&row.task_role).or_insert(next);
    }
    // Groups are numbered within a task-role; across the batch they must not meet.
    let mut groups: BTreeMap<(&TaskRole, u64), u64> = BTreeMap::new();
    rows.iter()
        .map(|row| {
            let next = groups.len() as u64;
            let group = *groups.entry((&row.task_role, row.group)).or_insert(next);
            let task_role = task_roles[&row.task_role];
            Share { n_tokens: row.trace.n_written(), group, task_role, weight: row.weight }
        })
        .collect()
}

#[cfg(test)]
mod tests;
