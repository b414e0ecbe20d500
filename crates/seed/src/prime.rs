//! Priming: the seed model learns its language from rows of the corpus.
//!
//! Deterministic bit for bit on one kind of CPU: a fixed number of steps, each batch a function of
//! its number, sums in a fixed order whatever the number of threads.

use quaero_model::{Architecture, Config, Error, ForwardOptions, Init, Model, NO_TARGET, Packed};
use quaero_optim::{AdamW, AdamWOptions, Decay, Schedule, StatePrecision, clip_grad_norm};
use quaero_rng::Key;
use serde::Serialize;

use crate::corpus::{Corpus, Mix, Row};
use crate::suite;
use crate::vocabulary::Vocabulary;

/// What a priming run is. The defaults are those of the embedded model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Options {
    /// Seed of weights and rows.
    pub seed: u64,
    /// What is learned, round after round.
    pub rounds: Vec<Round>,
    /// Channels of the residual stream.
    pub hidden_size: usize,
    /// Layers.
    pub n_layers: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Key and value heads.
    pub n_kv_heads: usize,
}

/// A stretch of training with its own rise and fall of the learning rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Round {
    /// Updates.
    pub n_steps: u64,
    /// The update of the round at which the learning rate begins to fall.
    pub decay_from: u64,
    /// Rows of an update.
    pub n_rows: usize,
    /// Learning rate of the plateau.
    pub lr: f64,
    /// Shares of the kinds of rows.
    pub mix: Mix,
}

impl Default for Options {
    fn default() -> Self {
        let first = Round {
            n_steps: 14_000,
            decay_from: 9_000,
            n_rows: 12,
            lr: 2e-3,
            mix: Mix { propose: [60, 50, 60], solve: [270, 250, 310] },
        };
        // Larger batches, and more of what needs whole programs: proposals.
        let second = Round {
            n_steps: 8_000,
            decay_from: 1_000,
            n_rows: 24,
            lr: 1.6e-3,
            mix: Mix { propose: [100, 90, 80], solve: [220, 200, 310] },
        };
        Self {
            seed: 0,
            rounds: vec![first, second],
            hidden_size: 128,
            n_layers: 6,
            n_heads: 4,
            n_kv_heads: 2,
        }
    }
}

impl Options {
    /// The architecture: a Llama small enough to play against itself on a laptop.
    #[must_use]
    pub fn config(&self) -> Config {
        Config {
            architecture: Architecture::Llama,
            vocab_size: Vocabulary::new().len(),
            hidden_size: self.hidden_size,
            intermediate_size: self.hidden_size * 8 / 3 / 16 * 16,
            n_layers: self.n_layers,
            n_heads: self.n_heads,
            n_kv_heads: self.n_kv_heads,
            head_dim: self.hidden_size / self.n_heads,
            max_position_embeddings: 512,
            rms_norm_eps: 1e-6,
            rope_theta: 10_000.0,
            rope_scaling: None,
            sliding: None,
            query_pre_attn_scalar: None,
            kept: Default::default(),
            tie_word_embeddings: false,
            qkv_bias: false,
            o_bias: false,
            mlp_bias: false,
        }
    }

    pub(crate) fn key(&self) -> Key {
        Key::new(self.seed).named("prime")
    }

    /// Updates in all rounds.
    #[must_use]
    pub fn n_steps(&self) -> u64 {
        self.rounds.iter().map(|round| round.n_steps).sum()
    }

    /// The round of update `step`, and its number in the round.
    fn round_at(&self, step: u64) -> Option<(&Round, u64)> {
        let mut left = step;
        self.rounds.iter().find_map(|round| {
            let hit = (left < round.n_steps).then_some((round, left));
            left = left.saturating_sub(round.n_steps);
            hit
        })
    }
}

impl Round {
    fn schedule(&self) -> Schedule {
        Schedule {
            lr: self.lr,
            warmup_steps: 100,
            total_steps: self.n_steps,
            decay_from: self.decay_from,
            decay: Decay::Linear,
            final_share: 0.03,
        }
    }
}

/// What is told after each update.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Updates done.
    pub step: u64,
    /// Tokens seen.
    pub n_tokens: u64,
    /// Weighted mean loss of this update, nats a token.
    pub loss: f64,
    /// Norm of its gradient before clipping.
    pub grad_norm: f64,
    /// The run as it stands.
    pub run: &'a Run,
}

/// Primes a model from nothing.
///
/// # Errors
/// If the options' shape does not fit together.
pub fn prime(options: &Options, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Model, Error> {
    Ok(Run::new(options)?.finish(options, progress))
}

/// A priming run: the weights, the optimiser's memory, and how far it has come. Until the learning
/// rate falls, its state does not depend on how long the run is to be.
#[derive(Debug)]
pub struct Run {
    /// The model.
    pub model: Model,
    /// Its optimiser.
    pub adamw: AdamW,
    /// Updates done.
    pub step: u64,
    /// Tokens seen.
    pub n_tokens: u64,
}

/// The constants of the optimiser.
pub const ADAMW: AdamWOptions = AdamWOptions {
    betas: (0.9, 0.98),
    eps: 1e-8,
    weight_decay: 0.05,
    decay_vectors: false,
    state_precision: StatePrecision::F32,
};

/// The recipe runs on the CPU, whose operations do not fail.
const ON_CPU: &str = "the CPU computes";

impl Run {
    /// A run at its start.
    ///
    /// # Errors
    /// If the options' shape does not fit together.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let config = options.config();
        let init = Init { embedding: 0.3, ..Init::zero_outputs(&config) };
        let model = Model::random_with(config, init, options.key().named("weights"))?;
        let adamw = AdamW::new(ADAMW, model.params().tensors()).expect(ON_CPU);
        Ok(Self { model, adamw, step: 0, n_tokens: 0 })
    }

    /// Goes on to the end.
    #[must_use]
    pub fn finish(mut self, options: &Options, progress: &mut dyn FnMut(Progress<'_>)) -> Model {
        let key = options.key();
        let zeros = || self.model.params().zeros_like().expect(ON_CPU);
        let mut grads = [zeros(), zeros()];
        let corpus = Corpus::new(suite::excluded());
        while let Some((round, step)) = options.round_at(self.step) {
            let rows = corpus.batch(key.named("rows").with(self.step), &round.mix, round.n_rows);
            self.n_tokens += rows.iter().map(|row| row.tokens.len() as u64).sum::<u64>();
            let loss = gradient(&self.model, &rows, &mut grads);
            let (grad_norm, scale) = clip_grad_norm(grads[0].tensors(), 1.0).expect(ON_CPU);
            let lr = round.schedule().lr_at(step);
            let params = self.model.params_mut().tensors_mut();
            self.adamw.step(params, grads[0].tensors(), lr, scale).expect(ON_CPU);
            self.step += 1;
            progress(Progress {
                step: self.step,
                n_tokens: self.n_tokens,
                loss,
                grad_norm,
                run: &self,
            });
        }
        self.model
    }
}

/// The gradient of the weighted mean loss of `rows`, into `grads[0]`, and that loss. Each half of
/// the rows is one task with its own gradient; the halves are added in order.
fn gradient(model: &Model, rows: &[Row], grads: &mut [quaero_model::Params; 2]) -> f64 {
    let total: f64 =
        rows.iter().flat_map(|row| &row.weights[1..]).map(|weight| f64::from(*weight)).sum();
    let (first, second) = rows.split_at(rows.len() / 2);
    let [to_first, to_second] = grads;
    let half = |rows: &[Row], grads: &mut quaero_model::Params| {
        grads.set_zero().expect(ON_CPU);
        accumulate(model, rows, total, grads)
    };
    let (a, b) = rayon::join(|| half(first, to_first), || half(second, to_second));
    for (to, from) in to_first.tensors_mut().iter_mut().zip(to_second.tensors()) {
        for (to, from) in to.data_mut().iter_mut().zip(from.data()) {
            *to += from;
        }
    }
    a + b
}

/// Adds the gradient of the weighted negative log-likelihood of `rows` over `total`, and gives
/// that loss.
fn accumulate(model: &Model, rows: &[Row], total: f64, grads: &mut quaero_model::Params) -> f64 {
    let packed = Packed::new(rows.iter().map(|row| &row.tokens));
    // The weight of a prediction is that of the token predicted; rows end without one.
    let weights: Vec<f32> = rows
        .iter()
        .flat_map(|row| row.weights[1..].iter().copied().chain(std::iter::once(0.0)))
        .collect();
    let mut targets = packed.next_tokens();
    for (target, weight) in targets.iter_mut().zip(&weights) {
        if *weight == 0.0 {
            *target = NO_TARGET;
        }
    }
    let forward = model.forward(&packed, &targets, &ForwardOptions::default()).expect(ON_CPU);
    let pairs = weights.iter().zip(&forward.logp);
    let loss: f64 = pairs.map(|(weight, logp)| -f64::from(*weight) * f64::from(*logp)).sum();
    let dlogp: Vec<f32> = weights.iter().map(|weight| -weight / total as f32).collect();
    let dentropy = vec![0.0; dlogp.len()];
    model.backward(forward, &dlogp, &dentropy, grads).expect(ON_CPU);
    loss / total
}

#[cfg(test)]
pub(crate) mod tests;
