//! The architecture of a model: Hugging Face's `config.json`, read and written.
//!
//! Only what changes the computation is kept. An option that we do not compute is refused by name,
//! so that no model runs with silently different mathematics.

use std::path::Path;

use quaero_ops::Device;
use serde_json::{Map, Value, json};

use crate::error::Error;

/// The decoder families this crate computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// `LlamaForCausalLM` (also SmolLM2): no QKV bias unless `attention_bias`.
    Llama,
    /// `Qwen2ForCausalLM` (also 2.5): bias on q, k and v.
    Qwen2,
    /// `Qwen3ForCausalLM`: RMSNorm on every query and key head.
    Qwen3,
}

impl Architecture {
    /// `model_type` and `architectures[0]` in `config.json`.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Llama => ("llama", "LlamaForCausalLM"),
            Self::Qwen2 => ("qwen2", "Qwen2ForCausalLM"),
            Self::Qwen3 => ("qwen3", "Qwen3ForCausalLM"),
        }
    }
}

/// Llama 3's scaling of the rotary frequencies to longer contexts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Llama3Scaling {
    /// By how much long wavelengths are stretched.
    pub factor: f64,
    /// Wavelengths above `original_max_position_embeddings / low_freq_factor` are stretched fully.
    pub low_freq_factor: f64,
    /// Wavelengths below `original_max_position_embeddings / high_freq_factor` are left alone.
    pub high_freq_factor: f64,
    /// The context length of pretraining.
    pub original_max_position_embeddings: usize,
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
    /// Llama 3's stretching of them, if any.
    pub rope_scaling: Option<Llama3Scaling>,
    /// Whether the output head is the embedding matrix.
    pub tie_word_embeddings: bool,
    /// Bias on q, k and v (always so in Qwen2).
    pub qkv_bias: bool,
    /// Bias on the attention's output projection (`attention_bias` of Llama and Qwen3).
    pub o_bias: bool,
    /// Bias in the feed-forward block.
    pub mlp_bias: bool,
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
            other => return Err(Error::unsupported("model_type", format!("{other:?}"))),
        };
        let activation = fields.0.get("hidden_act").and_then(Value::as_str).unwrap_or("silu");
        if activation != "silu" {
            return Err(Error::unsupported("hidden_act", activation.to_owned()));
        }
        if fields.flag("use_sliding_window", false)? {
            return Err(Error::unsupported("use_sliding_window", "true".to_owned()));
        }
        let (hidden_size, n_heads) =
            (fields.count("hidden_size")?, fields.count("num_attention_heads")?);
        let (rope_theta, rope_scaling) = fields.rope()?;
        let attention_bias = fields.flag("attention_bias", false)?;
        let qwen2 = architecture == Architecture::Qwen2;
        let config = Self {
            architecture,
            vocab_size: fields.count("vocab_size")?,
            hidden_size,
            intermediate_size: fields.count("intermediate_size")?,
            n_layers: fields.count("num_hidden_layers")?,
            n_heads,
            n_kv_heads: fields.count_or("num_key_value_heads", n_heads)?,
            head_dim: fields.count_or("head_dim", hidden_size.checked_div(n_heads).unwrap_or(0))?,
            max_position_embeddings: fields.count_or("max_position_embeddings", 2048)?,
            rms_norm_eps: fields.number_or("rms_norm_eps", 1e-6)? as f32,
            rope_theta,
            rope_scaling,
            tie_word_embeddings: fields.flag("tie_word_embeddings", false)?,
            qkv_bias: qwen2 || attention_bias,
            o_bias: !qwen2 && attention_bias,
            mlp_bias: architecture == Architecture::Llama && fields.flag("mlp_bias", false)?,
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
        let mut rope = Map::new();
        rope.insert("rope_type".to_owned(), json!("default"));
        if let Some(scaling) = self.rope_scaling {
            rope.insert("rope_type".to_owned(), json!("llama3"));
            rope.insert("factor".to_owned(), json!(scaling.factor));
            rope.insert("low_freq_factor".to_owned(), json!(scaling.low_freq_factor));
            rope.insert("high_freq_factor".to_owned(), json!(scaling.high_freq_factor));
            rope.insert(
                "original_max_position_embeddings".to_owned(),
                json!(scaling.original_max_position_embeddings),
            );
        }
        let rope_scaling =
            if self.rope_scaling.is_some() { Value::Object(rope.clone()) } else { Value::Null };
        rope.insert("rope_theta".to_owned(), json!(self.rope_theta));
        json!({
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
            "hidden_act": "silu",
            // The shortest decimal that reads back as this f32, not the f64 with its tail.
            "rms_norm_eps": self.rms_norm_eps.to_string().parse::<f64>().unwrap_or(1e-6),
            "rope_theta": self.rope_theta,
            "rope_scaling": rope_scaling,
            "rope_parameters": rope,
            "tie_word_embeddings": self.tie_word_embeddings,
            "attention_bias": self.qkv_bias,
            "mlp_bias": self.mlp_bias,
        })
    }

    /// Whether the kernels of `device` know this shape.
    ///
    /// # Errors
    /// What they do not know.
    pub fn check_kernels(&self, device: &Device) -> Result<(), Error> {
        let no = |what: String| Err(Error::DeviceShape { device: device.name(), what });
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
        self.architecture == Architecture::Qwen3
    }
}

/// Typed access to the fields of a JSON object.
struct Fields<'a>(&'a Value);

impl Fields<'_> {
    fn count(&self, field: &str) -> Result<usize, Error> {
        let value = self.0.get(field).unwrap_or(&Value::Null);
        value.as_u64().map(|n| n as usize).ok_or_else(|| Error::field(field, "a count", value))
    }

    fn count_or(&self, field: &str, default: usize) -> Result<usize, Error> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(default),
            Some(_) => self.count(field),
        }
    }

    fn number_or(&self, field: &str, default: f64) -> Result<f64, Error> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => value.as_f64().ok_or_else(|| Error::field(field, "a number", value)),
        }
    }

    fn flag(&self, field: &str, default: bool) -> Result<bool, Error> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => {
                value.as_bool().ok_or_else(|| Error::field(field, "true or false", value))
            }
        }
    }

    /// The base of the rotary frequencies and their scaling, from `rope_parameters` (transformers
    /// 5) or `rope_theta` and `rope_scaling` (transformers 4).
    fn rope(&self) -> Result<(f64, Option<Llama3Scaling>), Error> {
        let parameters = self.0.get("rope_parameters").filter(|value| value.is_object());
        let scaling =
            parameters.or_else(|| self.0.get("rope_scaling").filter(|value| value.is_object()));
        let top = self.number_or("rope_theta", 10_000.0)?;
        let Some(scaling) = scaling else { return Ok((top, None)) };
        let inner = Fields(scaling);
        let theta = inner.number_or("rope_theta", top)?;
        let kind = scaling.get("rope_type").or_else(|| scaling.get("type"));
        match kind.and_then(Value::as_str) {
            None | Some("default") => Ok((theta, None)),
            Some("llama3") => {
                let number = |field: &str| {
                    let value = scaling.get(field).unwrap_or(&Value::Null);
                    value.as_f64().ok_or_else(|| Error::field(field, "a number", value))
                };
                let scaling = Llama3Scaling {
                    factor: number("factor")?,
                    low_freq_factor: number("low_freq_factor")?,
                    high_freq_factor: number("high_freq_factor")?,
                    original_max_position_embeddings: inner
                        .count("original_max_position_embeddings")?,
                };
                Ok((theta, Some(scaling)))
            }
            Some(other) => Err(Error::unsupported("rope_type", other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
