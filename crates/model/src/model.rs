//! A configuration with its weights, and what is derived from them once.

use std::sync::OnceLock;

use quaero_ops::attention::Heads;
use quaero_ops::linear::Packed;
use quaero_ops::rope::Angles;
use quaero_ops::{Buffers, Tensor};
use quaero_rng::Key;

use crate::config::Config;
use crate::error::Error;
use crate::init::{self, Init};
use crate::params::{Params, specs};
use crate::rope;

/// A model: what it computes and with which weights.
#[derive(Clone, Debug)]
pub struct Model {
    config: Config,
    params: Params,
    layout: Layout,
    pub(crate) buffers: Buffers,
    packed: OnceLock<PackedWeights>,
    angles: OnceLock<Angles>,
}

/// Where the tensors of a model stand in [`Params`].
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) layers: Vec<LayerLayout>,
    pub(crate) embedding: usize,
    pub(crate) norm: usize,
    /// The embedding again if it is tied.
    pub(crate) head: usize,
}

/// Where the tensors of one layer stand.
#[derive(Clone, Debug)]
pub(crate) struct LayerLayout {
    pub(crate) input_norm: usize,
    pub(crate) qkv: [usize; 3],
    pub(crate) qkv_bias: Option<[usize; 3]>,
    pub(crate) qk_norm: Option<[usize; 2]>,
    pub(crate) o: usize,
    pub(crate) o_bias: Option<usize>,
    pub(crate) mlp_norm: usize,
    pub(crate) gate_up: [usize; 2],
    pub(crate) gate_up_bias: Option<[usize; 2]>,
    pub(crate) down: usize,
    pub(crate) down_bias: Option<usize>,
}

/// Weights in the form of the forward products.
#[derive(Clone, Debug)]
pub(crate) struct PackedWeights {
    pub(crate) layers: Vec<PackedLayer>,
    pub(crate) head: Packed,
}

/// The weights of one layer.
#[derive(Clone, Debug)]
pub(crate) struct PackedLayer {
    pub(crate) qkv: Packed,
    pub(crate) o: Packed,
    pub(crate) gate_up: Packed,
    pub(crate) down: Packed,
}

impl Model {
    /// A model of given weights.
    ///
    /// # Errors
    /// If the configuration does not fit together, or a tensor that it implies is missing or has
    /// another shape.
    pub fn new(config: Config, params: Params) -> Result<Self, Error> {
        config.check()?;
        for spec in specs(&config) {
            let Some(tensor) = params.get(&spec.name) else {
                return Err(Error::Missing { name: spec.name, shape: spec.shape });
            };
            tensor.shape().expect(&format!("tensor `{}`", spec.name), &spec.shape)?;
        }
        let layout = Layout::new(&config, &params);
        Ok(Self {
            config,
            params,
            layout,
            buffers: Buffers::default(),
            packed: OnceLock::new(),
            angles: OnceLock::new(),
        })
    }

    /// A model with random weights of the default scheme ([`Init::default`]).
    ///
    /// # Errors
    /// If the configuration does not fit together.
    pub fn random(config: Config, key: Key) -> Result<Self, Error> {
        Self::random_with(config, Init::default(), key)
    }

    /// A model with random weights of a chosen scheme.
    ///
    /// # Errors
    /// If the configuration does not fit together.
    pub fn random_with(config: Config, init: Init, key: Key) -> Result<Self, Error> {
        config.check()?;
        let params = init::random(&config, init, key);
        Self::new(config, params)
    }

    /// What the model computes.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The weights.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The weights, to be changed. What was derived from them is forgotten.
    pub fn params_mut(&mut self) -> &mut Params {
        self.packed.take();
        &mut self.params
    }

    /// The weights alone.
    #[must_use]
    pub fn into_params(self) -> Params {
        self.params
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn tensor(&self, at: usize) -> &Tensor {
        &self.params.tensors()[at]
    }

    pub(crate) fn tensors<const N: usize>(&self, at: [usize; N]) -> [&Tensor; N] {
        at.map(|at| self.tensor(at))
    }

    pub(crate) fn heads(&self) -> Heads {
        Heads {
            n_heads: self.config.n_heads,
            n_kv_heads: self.config.n_kv_heads,
            head_dim: self.config.head_dim,
        }
    }

    /// The weights as the forward products want them; packed at first use.
    pub(crate) fn packed(&self) -> &PackedWeights {
        self.packed.get_or_init(|| {
            let layer = |layer: &LayerLayout| PackedLayer {
                qkv: Packed::new(&self.tensors(layer.qkv)),
                o: Packed::new(&[self.tensor(layer.o)]),
                gate_up: Packed::new(&self.tensors(layer.gate_up)),
                down: Packed::new(&[self.tensor(layer.down)]),
            };
            PackedWeights {
                layers: self.layout.layers.iter().map(layer).collect(),
                head: Packed::new(&[self.tensor(self.layout.head)]),
            }
        })
    }

    /// Rotary angles for rows at `positions`.
    pub(crate) fn angles(&self, positions: &[usize]) -> Angles {
        /// Positions whose angles are kept.
        const KEPT: usize = 4096;
        let inv_freq = || rope::inv_freq(&self.config);
        if positions.iter().any(|&position| position >= KEPT) {
            return Angles::at(positions.iter().copied(), &inv_freq());
        }
        let table = self.angles.get_or_init(|| Angles::at(0..KEPT, &inv_freq()));
        table.select(positions.iter().copied())
    }
}

impl Layout {
    fn new(config: &Config, params: &Params) -> Self {
        let at = |name: &str| params.position(name).expect("all tensors were checked to be there");
        let layer = |layer: usize| {
            let at = |name: &str| at(&format!("model.layers.{layer}.{name}"));
            let weight = |name: &str| at(&format!("{name}.weight"));
            let bias = |name: &str| at(&format!("{name}.bias"));
            let qkv = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];
            let qk_norm = ["self_attn.q_norm", "self_attn.k_norm"];
            let gate_up = ["mlp.gate_proj", "mlp.up_proj"];
            LayerLayout {
                input_norm: weight("input_layernorm"),
                qkv: qkv.map(weight),
                qkv_bias: config.qkv_bias.then(|| qkv.map(bias)),
                qk_norm: config.qk_norm().then(|| qk_norm.map(weight)),
                o: weight("self_attn.o_proj"),
                o_bias: config.o_bias.then(|| bias("self_attn.o_proj")),
                mlp_norm: weight("post_attention_layernorm"),
                gate_up: gate_up.map(weight),
                gate_up_bias: config.mlp_bias.then(|| gate_up.map(bias)),
                down: weight("mlp.down_proj"),
                down_bias: config.mlp_bias.then(|| bias("mlp.down_proj")),
            }
        };
        let embedding = at("model.embed_tokens.weight");
        Self {
            layers: (0..config.n_layers).map(layer).collect(),
            embedding,
            norm: at("model.norm.weight"),
            head: if config.tie_word_embeddings { embedding } else { at("lm_head.weight") },
        }
    }
}
