//! A configuration with its weights, and what is derived from them once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use quaero_ops::attention::{Angles, Heads, Positions};
use quaero_ops::linear::Packed;
use quaero_ops::norm::{Groups, Norm};
use quaero_ops::{Buffers, Device, Tensor};
use quaero_rng::Key;

use crate::cache;
use crate::config::{Config, Rope};
use crate::error::Error;
use crate::init::{self, Init};
use crate::params::{Class, Params, Spec, specs};
use crate::rope;

/// A model: what it computes and with which weights.
#[derive(Clone, Debug)]
pub struct Model {
    config: Config,
    params: Params,
    layout: Layout,
    pub(crate) buffers: Buffers,
    derived: OnceLock<Derived>,
}

/// What is made from weights and configuration at first use.
#[derive(Clone, Debug)]
pub(crate) struct Derived {
    pub(crate) packed: PackedWeights,
    /// Of layers without a sliding window.
    angles: Angles,
    /// Of layers with one, if theirs differ.
    sliding_angles: Option<Angles>,
    /// 1 plus the weights of the norms, by their place, where that is what scales.
    scales: BTreeMap<usize, Tensor>,
}

/// The positions of rows, as the rotation of each layer wants them.
#[derive(Debug)]
pub(crate) struct LayerPositions<'a> {
    full: Positions<'a>,
    sliding: Option<Positions<'a>>,
}

impl<'a> LayerPositions<'a> {
    /// For the layer with these heads.
    pub(crate) fn of(&self, heads: Heads) -> &Positions<'a> {
        self.sliding.as_ref().filter(|_| heads.window.is_some()).unwrap_or(&self.full)
    }

    /// Other positions of as many rows, on a device.
    pub(crate) fn write(&mut self, positions: &[usize]) -> Result<(), Error> {
        for it in [&mut self.full].into_iter().chain(&mut self.sliding) {
            it.write(positions)?;
        }
        Ok(())
    }
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
    /// Before the feed-forward block.
    pub(crate) mlp_norm: usize,
    /// Of what attention and the feed-forward block add to the residual stream.
    pub(crate) post_norms: Option<[usize; 2]>,
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
        Ok(Self { config, params, layout, buffers: Buffers::default(), derived: OnceLock::new() })
    }

    /// The model on `device`: what it computes from now on is computed there.
    ///
    /// # Errors
    /// If the device's kernels do not know the model's shape, or it has not enough memory.
    pub fn to(self, device: &Device) -> Result<Self, Error> {
        if !device.is_cpu() {
            self.config.check_kernels(device)?;
        }
        let params = self.params.to(device)?;
        Ok(Self { buffers: Buffers::of(device.clone()), params, derived: OnceLock::new(), ..self })
    }

    /// The same with its weights in bf16 alone, rounded to the nearest, for the lean optimiser.
    ///
    /// # Errors
    /// If its device failed.
    ///
    /// # Panics
    /// If it lies on the CPU, which computes in f32.
    pub fn into_bf16(self) -> Result<Self, Error> {
        Ok(Self { params: self.params.into_bf16()?, derived: OnceLock::new(), ..self })
    }

    /// Where the weights lie.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.buffers.device()
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
        self.derived.take();
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
        cache::heads(&self.config)
    }

    /// The heads of `layer`, as they attend.
    pub(crate) fn layer_heads(&self, layer: usize) -> Heads {
        let (scale, window) = (self.config.score_scale(), self.config.window(layer));
        Heads { scale, window, ..self.heads() }
    }

    /// The weights as the forward products want them, and the angles; made at first use.
    pub(crate) fn derived(&self) -> Result<&Derived, Error> {
        if let Some(derived) = self.derived.get() {
            return Ok(derived);
        }
        let layer = |at: &LayerLayout| -> Result<PackedLayer, Error> {
            let one = |weight: usize, bias: Option<usize>| {
                let bias = bias.map(|bias| self.tensor(bias));
                Packed::new(&[self.tensor(weight)], bias.as_slice())
            };
            Ok(PackedLayer {
                qkv: self.stacked(at.qkv, at.qkv_bias)?,
                o: one(at.o, at.o_bias)?,
                gate_up: self.stacked(at.gate_up, at.gate_up_bias)?,
                down: one(at.down, at.down_bias)?,
            })
        };
        let packed = PackedWeights {
            layers: self.layout.layers.iter().map(layer).collect::<Result<_, _>>()?,
            head: Packed::new(&[self.tensor(self.layout.head)], &[])?,
        };
        let n_positions = self.config.max_position_embeddings.min(POSITIONS_KEPT);
        let n_positions =
            if self.device().is_cpu() { n_positions } else { self.config.max_position_embeddings };
        let angles = |rope: Rope| {
            Angles::new(self.device(), n_positions, rope::inv_freq(rope, self.config.head_dim))
        };
        let rope = self.config.rope();
        let other = self.config.sliding.as_ref().map(|it| it.rope).filter(|it| *it != rope);
        let (sliding_angles, angles) = (other.map(angles).transpose()?, angles(rope)?);
        let scales = self.scales()?;
        Ok(self.derived.get_or_init(|| Derived { packed, angles, sliding_angles, scales }))
    }

    /// 1 plus each norm's weights, where that is what scales.
    fn scales(&self) -> Result<BTreeMap<usize, Tensor>, Error> {
        let is_norm = |spec: &Spec| spec.class == Class::Norm && self.config.zero_centred_norms();
        let places = specs(&self.config).into_iter().filter(is_norm);
        let scale = |spec: Spec| -> Result<_, Error> {
            let at = self.params.position(&spec.name).expect("all tensors were checked");
            let data = self.tensor(at).data().iter().map(|w| 1.0 + w).collect();
            Ok((at, Tensor::new(spec.shape, data)?))
        };
        places.map(scale).collect()
    }

    fn stacked<const N: usize>(
        &self,
        weights: [usize; N],
        biases: Option<[usize; N]>,
    ) -> Result<Packed, Error> {
        let biases = biases.map(|biases| self.tensors(biases));
        let biases = biases.as_ref().map_or(&[][..], |biases| &biases[..]);
        Ok(Packed::new(&self.tensors(weights), biases)?)
    }

    /// The norm of whole rows by the tensor at `weight`.
    pub(crate) fn norm(&self, weight: usize) -> Result<Norm<'_>, Error> {
        self.norm_of(weight, Groups::whole(self.config.hidden_size))
    }

    /// The norm of `groups` of channels by the tensor at `weight`.
    pub(crate) fn norm_of(&self, weight: usize, groups: Groups) -> Result<Norm<'_>, Error> {
        let scale = self.derived()?.scales.get(&weight).unwrap_or(self.tensor(weight));
        Ok(Norm { weight: scale, eps: self.config.rms_norm_eps, groups })
    }
}

impl Derived {
    /// Rotary angles for rows at `positions`.
    pub(crate) fn positions(&self, positions: &[usize]) -> Result<LayerPositions<'_>, Error> {
        let of = |angles| Positions::new(angles, positions);
        let sliding = self.sliding_angles.as_ref().map(of).transpose()?;
        Ok(LayerPositions { full: of(&self.angles)?, sliding })
    }
}

/// Positions whose angles the CPU keeps; it computes others when they come.
const POSITIONS_KEPT: usize = 4096;

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
                mlp_norm: weight(match config.post_norms() {
                    true => "pre_feedforward_layernorm",
                    false => "post_attention_layernorm",
                }),
                post_norms: config.post_norms().then(|| {
                    ["post_attention_layernorm", "post_feedforward_layernorm"].map(weight)
                }),
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
