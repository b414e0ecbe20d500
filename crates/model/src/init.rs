//! Random weights.

use quaero_rng::Key;
use rayon::prelude::*;

use crate::config::Config;
use crate::params::{Class, Params, specs};

/// Standard deviations of the normal distributions that weights are drawn from. Norm scales start
/// at 1, biases at 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Init {
    /// Of token embeddings.
    pub embedding: f32,
    /// Of the matrices that read the residual stream; `None`: 1 / √(columns).
    pub input: Option<f32>,
    /// Of the matrices that write it (`o_proj`, `down_proj`). 0 starts every block as the
    /// identity; `None`: that of [`Init::input`] / √(2 · layers), GPT-2's scheme.
    pub output: Option<f32>,
    /// Of an untied output head.
    pub head: f32,
}

impl Default for Init {
    /// Normal with 0.02 everywhere, the output matrices divided by √(2 · layers).
    fn default() -> Self {
        Self { embedding: 0.02, input: Some(0.02), output: None, head: 0.02 }
    }
}

impl Init {
    /// For priming small models: embeddings 1/√C (so that tied logits start near unit scale),
    /// inputs 1/√(columns), outputs zero.
    #[must_use]
    pub fn zero_outputs(config: &Config) -> Self {
        let embedding = 1.0 / (config.hidden_size as f32).sqrt();
        Self { embedding, input: None, output: Some(0.0), head: embedding }
    }
}

/// Draws every tensor from its own sub-key `key.named(name)`, so that a tensor's values do not
/// depend on the others.
pub(crate) fn random(config: &Config, init: Init, key: Key) -> Params {
    let mut params = Params::zeros(config);
    specs(config).par_iter().zip(params.tensors_mut()).for_each(|(spec, tensor)| {
        let fan_in = 1.0 / (tensor.row_len() as f32).sqrt();
        let input = init.input.unwrap_or(fan_in);
        let std = match spec.class {
            Class::Embedding => init.embedding,
            Class::Input => input,
            Class::Output => init.output.unwrap_or(input / (2.0 * config.n_layers as f32).sqrt()),
            Class::Head => init.head,
            Class::Norm => {
                // Gemma's scales are stored as what they add to 1.
                tensor.data_mut().fill(if config.zero_centred_norms() { 0.0 } else { 1.0 });
                return;
            }
            Class::Bias => return,
        };
        if std > 0.0 {
            let mut stream = key.named(&spec.name).stream();
            tensor.data_mut().iter_mut().for_each(|x| *x = std * stream.normal());
        }
    });
    params
}
