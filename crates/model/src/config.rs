//! The architecture of a model: Hugging Face's `config.json`, read and written.
//!
//! Every field is read, kept because it does not change the computation, or refused by name, so
//! that no model runs with silently different mathematics (`fields` has the lists).
//!
//! # Layout
//! this file the configuration → `rope` its rotary frequencies → `fields` what becomes of each
//! field.

mod fields;
mod rope;

use std::path::Path;

use quaero_ops::Device;
use quaero_ops::mlp::Gate;
use serde_json::{Map, Value, json};

use self::fields::Fields;
use crate::error::Error;

pub use self::rope::{Llama3Scaling, Rope, RopeScaling, YarnScaling};

/// The decoder families this crate computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// `LlamaForCausalLM` (also SmolLM2): no QKV bias unless `attention_bias`.
    Llama,
    /// `Qwen2ForCausalLM` (also 2.5): bias on q, k and v.
    Qwen2,
    /// `Qwen3ForCausalLM`: RMSNorm on every query and key head.
    Qwen3,
    /// `Gemma3ForCausalLM`, text alone: Qwen3's norms of heads, norms around each block, GeGLU, a
    /// scaled embedding, layers with a sliding window and frequencies of their own.
    Gemma3,
}

impl Architecture {
    /// `model_type` and `architectures[0]` in `config.json`.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Llama => ("llama", "LlamaForCausalLM"),
            Self::Qwen2 => ("qwen2", "Qwen2ForCausalLM"),
            Self::Qwen3 => ("qwen3", "Qwen3ForCausalLM"),
            Self::Gemma3 => ("gemma3_text", "Gemma3ForCausalLM"),
        }
    }

    /// The activation of the feed-forward block: its field, and the names that it goes by.
    fn activation(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Gemma3 => ("hidden_activation", &["gelu_pytorch_tanh"]),
            _ => ("hidden_act", &["silu", "swish"]),
        }
    }
}

/// Layers that attend to the latest tokens alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Sliding {
    /// How many tokens such a layer sees, the query's own included.
    pub window: usize,
    /// For each layer whether it is one.
    pub layers: Vec<bool>,
    /// Their rotary frequencies.
    pub rope: Rope,
}

/// What `config.json` says of the computation.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The family.
    pub architecture: Architecture,
    /// `V`, rows of the embedding.
    pub vocab_size: usize,
    /// `C`, channels of the residual stream.
    pub hidden_size: usize,
    /// Channels inside the feed-forward block.
    pub intermediate_size: usize,
    /// `num_hidden_layers`.
    pub n_layers: usize,
    /// `H`, query heads.
    pub n_heads: usize,
    /// `K`, key and value heads; divides `n_heads`.
    pub n_kv_heads: usize,
    /// `D`, channels of a head; even.
    pub head_dim: usize,
    /// The longest context the model was made for. Not a limit of the computation.
    pub max_position_embeddings: usize,
    /// Added to the mean square in every RMSNorm.
    pub rms_norm_eps: f32,
    /// The base of the rotary frequencies.
    pub rope_theta: f64,
    /// Their stretching to longer contexts, if any.
    pub rope_scaling: Option<RopeScaling>,
    /// The layers with a sliding window, if there are any.
    pub sliding: Option<Sliding>,
    /// Scores are multiplied by this number's inverse root; `head_dim` unless it is given.
    pub query_pre_attn_scalar: Option<f64>,
    /// Whether the output head is the embedding matrix.
    pub tie_word_embeddings: bool,
    /// Bias on q, k and v (always so in Qwen2).
    pub qkv_bias: bool,
    /// Bias on the attention's output projection (`attention_bias` of Llama and Qwen3).
    pub o_bias: bool,
    /// Bias in the feed-forward block.
    pub mlp_bias: bool,
    /// Fields that do not change the computation (ids of tokens and the like), saved as they were.
    pub kept: Map<String, Value>,
}

impl Config {
    /// Reads a `config.json`.
    ///
    /// # Errors
    /// If the file cannot be read, is not JSON, or asks for something this crate does not compute.
    pub fn from_json_file(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let value = serde_json::from_str(&text)
            .map_err(|source| Error::Json { path: path.to_owned(), source })?;
        Self::from_json(&value)
    }

    /// Reads the content of a `config.json`, in the form of transformers 4 (`rope_theta`,
    /// `rope_scaling`) or 5 (`rope_parameters`).
    ///
    /// # Errors
    /// If a field is missing, malformed, or asks for something this crate does not compute.
    pub fn from_json(value: &Value) -> Result<Self, Error> {
        let fields = Fields(value);
        let architecture = match value.get("model_type").and_then(Value::as_str) {
            Some("llama") => Architecture::Llama,
            Some("qwen2") => Architecture::Qwen2,
            Some("qwen3") => Architecture::Qwen3,
            Some("gemma3_text") => Architecture::Gemma3,
            _ => {
                let found = value.get("model_type").unwrap_or(&Value::Null);
                return Err(Error::unsupported("model_type", found));
            }
        };
        let kept = fields::kept(value, architecture)?;
        check_names(fields, architecture)?;
        let defaults = Defaults::of(architecture);
        let (hidden_size, n_heads) =
            (fields.count("hidden_size")?, fields.count("num_attention_heads")?);
        let n_layers = fields.count("num_hidden_layers")?;
        let context = fields.count_or("max_position_embeddings", defaults.context)?;
        let n_kv_heads = match value.get("num_key_value_heads") {
            None => defaults.n_kv_heads.unwrap_or(n_heads),
            Some(_) => fields.count_or("num_key_value_heads", n_heads)?,
        };
        let derived = hidden_size.checked_div(n_heads).unwrap_or(0);
        let gemma = architecture == Architecture::Gemma3;
        let [rope, sliding_rope] = if gemma {
            rope::by_layer_type(fields, context, [1e6, 1e4])?
        } else {
            [rope::shared(fields, context)?; 2]
        };
        let attention_bias = fields.flag("attention_bias", false)?;
        let qwen2 = architecture == Architecture::Qwen2;
        let config = Self {
            architecture,
            vocab_size: fields.count("vocab_size")?,
            hidden_size,
            intermediate_size: fields.count("intermediate_size")?,
            n_layers,
            n_heads,
            n_kv_heads,
            head_dim: fields.count_or("head_dim", defaults.head_dim.unwrap_or(derived))?,
            max_position_embeddings: context,
            rms_norm_eps: fields.number_or("rms_norm_eps", 1e-6)? as f32,
            rope_theta: rope.theta,
            rope_scaling: rope.scaling,
            sliding: sliding(fields, architecture, n_layers, sliding_rope)?,
            query_pre_attn_scalar: match gemma {
                true => Some(fields.number_or("query_pre_attn_scalar", 256.0)?),
                false => None,
            },
            tie_word_embeddings: fields.flag("tie_word_embeddings", gemma)?,
            qkv_bias: qwen2 || attention_bias,
            o_bias: !qwen2 && attention_bias,
            mlp_bias: architecture == Architecture::Llama && fields.flag("mlp_bias", false)?,
            kept,
        };
        config.check()?;
        Ok(config)
    }

    /// Checks that the extents fit together.
    ///
    /// # Errors
    /// Names the first field that does not.
    pub fn check(&self) -> Result<(), Error> {
        let counts = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_hidden_layers", self.n_layers),
            ("num_attention_heads", self.n_heads),
            ("num_key_value_heads", self.n_kv_heads),
            ("head_dim", self.head_dim),
        ];
        for (field, count) in counts {
            if count == 0 {
                return Err(Error::field(field, "a count above 0", "0"));
            }
        }
        if !self.n_heads.is_multiple_of(self.n_kv_heads) {
            let expected = format!("a divisor of num_attention_heads ({})", self.n_heads);
            return Err(Error::field("num_key_value_heads", expected, self.n_kv_heads));
        }
        if !self.head_dim.is_multiple_of(2) {
            return Err(Error::field("head_dim", "an even number (rotary pairs)", self.head_dim));
        }
        Ok(())
    }

    /// The `config.json` of this model, readable by transformers 4 and 5 and by
    /// [`Config::from_json`].
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (model_type, class) = self.architecture.names();
        let (activation, names) = self.architecture.activation();
        let rope = self.rope();
        let mut json = json!({
            "architectures": [class],
            "model_type": model_type,
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "num_hidden_layers": self.n_layers,
            "num_attention_heads": self.n_heads,
            "num_key_value_heads": self.n_kv_heads,
            "head_dim": self.head_dim,
            "max_position_embeddings": self.max_position_embeddings,
            activation: names[0],
            // The shortest decimal that reads back as this f32, not the f64 with its tail.
            "rms_norm_eps": self.rms_norm_eps.to_string().parse::<f64>().unwrap_or(1e-6),
            "rope_theta": self.rope_theta,
            "rope_scaling": self.rope_scaling.map(|_| rope.to_json(false)),
            "rope_parameters": rope.to_json(true),
            "tie_word_embeddings": self.tie_word_embeddings,
            "attention_bias": self.qkv_bias,
            "mlp_bias": self.mlp_bias,
        });
        if let Some(sliding) = &self.sliding {
            let name = |&slides: &bool| if slides { rope::SLIDING } else { rope::FULL };
            json["layer_types"] = sliding.layers.iter().map(name).collect();
            json["sliding_window"] = sliding.window.into();
        }
        match self.architecture {
            Architecture::Gemma3 => {
                let sliding = self.sliding.as_ref().map_or(rope, |sliding| sliding.rope);
                json["rope_local_base_freq"] = sliding.theta.into();
                json["rope_parameters"] = json!({
                    rope::FULL: rope.to_json(true),
                    rope::SLIDING: sliding.to_json(true),
                });
                json["query_pre_attn_scalar"] = self.query_pre_attn_scalar.into();
            }
            Architecture::Qwen2 | Architecture::Qwen3 => {
                json["use_sliding_window"] = self.sliding.is_some().into();
            }
            Architecture::Llama => {}
        }
        for (field, value) in &self.kept {
            json[field] = value.clone();
        }
        json
    }

    /// Whether the kernels of `device` know this shape.
    ///
    /// # Errors
    /// What they do not know.
    pub fn check_kernels(&self, device: &Device) -> Result<(), Error> {
        let no = |what: String| Err(Error::DeviceShape { device: device.name(), what });
        if self.architecture == Architecture::Gemma3 {
            return no("it is a Gemma 3, its kernels know Llama, Qwen2 and Qwen3".to_owned());
        }
        if self.sliding.is_some() {
            return no("it has sliding windows, its kernels attend to every token".to_owned());
        }
        if ![32, 64, 128].contains(&self.head_dim) {
            return no(format!("head_dim is {}, its kernels know 32, 64 and 128", self.head_dim));
        }
        for (field, n) in
            [("hidden_size", self.hidden_size), ("intermediate_size", self.intermediate_size)]
        {
            if !n.is_multiple_of(8) {
                return no(format!("{field} is {n}, its kernels need a multiple of 8"));
            }
        }
        Ok(())
    }

    /// Channels of all query heads, `H · D`.
    #[must_use]
    pub fn q_width(&self) -> usize {
        self.n_heads * self.head_dim
    }

    /// Channels of all key heads (or of all value heads), `K · D`.
    #[must_use]
    pub fn kv_width(&self) -> usize {
        self.n_kv_heads * self.head_dim
    }

    /// Whether query and key heads pass through an RMSNorm.
    #[must_use]
    pub fn qk_norm(&self) -> bool {
        matches!(self.architecture, Architecture::Qwen3 | Architecture::Gemma3)
    }

    /// Whether the outputs of attention and of the feed-forward block pass through an RMSNorm
    /// before they are added to the residual stream.
    #[must_use]
    pub fn post_norms(&self) -> bool {
        self.architecture == Architecture::Gemma3
    }

    /// Whether a norm's scale is 1 plus its weight.
    #[must_use]
    pub fn zero_centred_norms(&self) -> bool {
        self.architecture == Architecture::Gemma3
    }

    /// The activation of the feed-forward block.
    #[must_use]
    pub fn gate(&self) -> Gate {
        if self.architecture == Architecture::Gemma3 { Gate::GeluTanh } else { Gate::Silu }
    }

    /// The rotary frequencies of layers without a window.
    #[must_use]
    pub fn rope(&self) -> Rope {
        Rope { theta: self.rope_theta, scaling: self.rope_scaling }
    }

    /// How many tokens `layer` sees, if not all.
    #[must_use]
    pub fn window(&self, layer: usize) -> Option<usize> {
        self.sliding.as_ref().filter(|sliding| sliding.layers[layer]).map(|it| it.window)
    }

    /// What scores are multiplied by.
    #[must_use]
    pub fn score_scale(&self) -> f32 {
        match self.query_pre_attn_scalar {
            Some(scalar) => scalar.sqrt().recip() as f32,
            None => 1.0 / (self.head_dim as f32).sqrt(),
        }
    }

    /// What the rows of the embedding are multiplied by on their way in.
    #[must_use]
    pub fn embedding_scale(&self) -> Option<f32> {
        let gemma = self.architecture == Architecture::Gemma3;
        gemma.then(|| (self.hidden_size as f64).sqrt() as f32)
    }
}

/// What transformers assumes where a field is absent, if it is not what another field implies.
struct Defaults {
    context: usize,
    n_kv_heads: Option<usize>,
    head_dim: Option<usize>,
}

impl Defaults {
    fn of(architecture: Architecture) -> Self {
        let (context, n_kv_heads, head_dim) = match architecture {
            Architecture::Llama => (2048, None, None),
            Architecture::Qwen2 => (32_768, Some(32), None),
            Architecture::Qwen3 => (32_768, Some(32), Some(128)),
            Architecture::Gemma3 => (131_072, Some(4), Some(256)),
        };
        Self { context, n_kv_heads, head_dim }
    }
}

/// Checks the names of class and activation.
fn check_names(fields: Fields<'_>, architecture: Architecture) -> Result<(), Error> {
    let (_, class) = architecture.names();
    if let Some(classes) = fields.get("architectures")
        && !classes.as_array().is_some_and(|it| it.iter().all(|it| it == class))
    {
        return Err(Error::unsupported("architectures", classes));
    }
    let (field, names) = architecture.activation();
    for field in [field, "hidden_act"] {
        if let Some(activation) = fields.get(field)
            && !names.iter().any(|name| activation == name)
        {
            return Err(Error::unsupported(field, activation));
        }
    }
    Ok(())
}

/// The layers with a sliding window. Where `layer_types` does not say, Qwen's are those from
/// `max_window_layers` on and Gemma's all but every sixth.
fn sliding(
    fields: Fields<'_>,
    architecture: Architecture,
    n_layers: usize,
    rope: Rope,
) -> Result<Option<Sliding>, Error> {
    let named = layer_types(fields, n_layers)?;
    let is_used = match architecture {
        Architecture::Gemma3 => true,
        Architecture::Llama => false,
        _ => fields.flag("use_sliding_window", false)?,
    };
    let layers = match (named, architecture) {
        (Some(layers), _) => layers,
        (None, Architecture::Gemma3) => {
            let pattern = fields.count_or("_sliding_window_pattern", 6)?;
            let pattern = fields.count_or("sliding_window_pattern", pattern)?.max(1);
            (1..=n_layers).map(|layer| !layer.is_multiple_of(pattern)).collect()
        }
        (None, _) => {
            let first = fields.count_or("max_window_layers", 28)?;
            let slides = is_used && fields.get("sliding_window").is_some();
            (0..n_layers).map(|layer| slides && layer >= first).collect()
        }
    };
    if !layers.contains(&true) {
        return Ok(None);
    }
    if !is_used {
        let expected = "full_attention throughout, since no sliding window is in use";
        return Err(Error::field("layer_types", expected, rope::SLIDING));
    }
    let window = fields.count("sliding_window")?;
    if window == 0 {
        return Err(Error::field("sliding_window", "a count above 0", 0));
    }
    Ok(Some(Sliding { window, layers, rope }))
}

/// For each layer whether it slides, if `layer_types` says so.
fn layer_types(fields: Fields<'_>, n_layers: usize) -> Result<Option<Vec<bool>>, Error> {
    let Some(types) = fields.get("layer_types") else { return Ok(None) };
    let list = types
        .as_array()
        .filter(|types| types.len() == n_layers)
        .ok_or_else(|| Error::field("layer_types", format!("a list of {n_layers} types"), types))?;
    let slides = |kind: &Value| match kind.as_str() {
        Some(rope::FULL) => Ok(false),
        Some(rope::SLIDING) => Ok(true),
        _ => Err(Error::unsupported("layer_types", kind)),
    };
    list.iter().map(slides).collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests;
