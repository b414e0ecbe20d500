//! From a GGUF file to `config.json` and `model.safetensors`.
//!
//! llama.cpp changes three things, which are undone: rows of q and k of the llama architecture
//! stand in interleaved rotary order; Gemma's norms are stored as 1 plus the weight; some files
//! store a tied matrix twice, quantised differently. What else a file asks for and we do not
//! compute is refused by name.

use std::borrow::Cow;
use std::path::Path;

use quaero_shape::{DType, Shape};
use quaero_weights::gguf::{Gguf, Value as Meta};
use quaero_weights::{SINGLE_FILE, write_atomic, write_each};
use serde_json::{Value, json};

use crate::config::{Architecture, Config};
use crate::error::Error;
use crate::params::specs;

/// Hugging Face's name of a part of a layer → llama.cpp's. Gemma's norms are named apart.
const PARTS: &[(&str, &str)] = &[
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("self_attn.q_norm", "attn_q_norm"),
    ("self_attn.k_norm", "attn_k_norm"),
    ("pre_feedforward_layernorm", "ffn_norm"),
    ("post_feedforward_layernorm", "post_ffw_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
];

/// Writes the model in `gguf` to folder `dir` as `config.json` and `model.safetensors`, in bf16.
/// With `tie`, a head that the file stores beside the embedding serves as both: of a published
/// model with one matrix, files keep the head at the finer quantisation.
///
/// # Errors
/// If the file is of a model that we do not compute, contradicts itself or cannot be read, or the
/// folder cannot be written.
pub fn from_gguf(gguf: &Gguf, dir: &Path, tie: bool) -> Result<Config, Error> {
    let source = Source { gguf, tie };
    let config = source.config()?;
    let specs: Vec<_> = specs(&config).into_iter().map(|spec| (spec.name, spec.shape)).collect();
    let names: Vec<String> = specs.iter().map(|(name, _)| source.name(name, &config)).collect();
    let used = |name: &str| names.iter().any(|it| it == name) || tie && name == EMBEDDING;
    if let Some(name) = gguf.tensors().map(|(name, _)| name).find(|name| !used(name)) {
        return Err(Error::unsupported("tensor of the GGUF file", &json!(name)));
    }
    let listed: Vec<(&str, Shape)> =
        specs.iter().map(|(name, shape)| (name.as_str(), shape.clone())).collect();
    for ((name, shape), from) in specs.iter().zip(&names) {
        let Some((_, stored)) = gguf.tensors().find(|(stored, _)| stored == from) else {
            return Err(Error::Missing { name: from.clone(), shape: shape.clone() });
        };
        stored.expect(&format!("tensor `{name}`"), shape)?;
    }
    write_each(dir.join(SINGLE_FILE), &listed, DType::BF16, |idx| {
        let mut values = gguf.read(&names[idx])?;
        source.restore(&specs[idx].0, &config, &mut values);
        Ok(Cow::Owned(values))
    })?;
    let mut json = config.to_json();
    for field in ["dtype", "torch_dtype"] {
        json[field] = "bfloat16".into();
    }
    let text = format!("{json:#}\n");
    write_atomic(&dir.join("config.json"), text.len() as u64, &mut |out| {
        out.write_all(text.as_bytes())
    })?;
    Ok(config)
}

const EMBEDDING: &str = "token_embd.weight";
const HEAD: &str = "output.weight";

struct Source<'a> {
    gguf: &'a Gguf,
    tie: bool,
}

impl Source<'_> {
    fn has(&self, tensor: &str) -> bool {
        self.gguf.tensors().any(|(name, _)| name == tensor)
    }

    fn architecture(&self) -> Result<(&str, Architecture, &'static str), Error> {
        let name = self.gguf.get("general.architecture").and_then(Meta::as_str).unwrap_or("");
        let (architecture, model_type) = match name {
            "llama" => (Architecture::Llama, "llama"),
            "qwen2" => (Architecture::Qwen2, "qwen2"),
            "qwen3" => (Architecture::Qwen3, "qwen3"),
            "gemma3" => (Architecture::Gemma3, "gemma3_text"),
            other => return Err(Error::unsupported("general.architecture", &json!(other))),
        };
        Ok((name, architecture, model_type))
    }

    /// The configuration that the metadata imply.
    fn config(&self) -> Result<Config, Error> {
        let (name, architecture, model_type) = self.architecture()?;
        let get = |key: &str| self.gguf.get(&format!("{name}.{key}"));
        let count = |key: &str| get(key).and_then(Meta::as_u64);
        // Numbers are f32: the shortest decimal, not the tail of its f64.
        let number = |key: &str| {
            let x = get(key).and_then(Meta::as_f64)? as f32;
            x.to_string().parse::<f64>().ok()
        };
        let shape = self.gguf.tensors().find(|(name, _)| *name == EMBEDDING).map(|(_, it)| it);
        let mut json = json!({
            "model_type": model_type,
            "vocab_size": shape.map(|shape| shape.extents()[0]),
            "hidden_size": count("embedding_length"),
            "intermediate_size": count("feed_forward_length"),
            "num_hidden_layers": count("block_count"),
            "num_attention_heads": count("attention.head_count"),
            "num_key_value_heads": count("attention.head_count_kv"),
            "head_dim": count("attention.key_length").or_else(|| count("rope.dimension_count")),
            "max_position_embeddings": count("context_length"),
            "rms_norm_eps": number("attention.layer_norm_rms_epsilon"),
            "rope_theta": number("rope.freq_base").unwrap_or(10_000.0),
            "tie_word_embeddings": self.tie || !self.has(HEAD),
            "attention_bias": architecture == Architecture::Llama && self.has("blk.0.attn_q.bias"),
        });
        if architecture == Architecture::Gemma3 {
            json["sliding_window"] = count("attention.sliding_window").into();
            json["query_pre_attn_scalar"] = json["head_dim"].clone();
        }
        let scaling = get("rope.scaling.type").and_then(Meta::as_str).unwrap_or("none");
        match (scaling, number("rope.scaling.factor")) {
            ("none", _) => {}
            ("linear", Some(factor)) => {
                json["rope_scaling"] = json!({"rope_type": "linear", "factor": factor});
            }
            (other, _) => return Err(Error::unsupported("rope.scaling.type", &json!(other))),
        }
        for (field, key) in [("bos", "bos"), ("eos", "eos"), ("pad", "padding")] {
            let id = self.gguf.get(&format!("tokenizer.ggml.{key}_token_id"));
            json[format!("{field}_token_id")] = id.and_then(Meta::as_u64).into();
        }
        let json: serde_json::Map<String, Value> = match json {
            Value::Object(map) => map.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            _ => unreachable!("it was written as a map"),
        };
        Config::from_json(&Value::Object(json))
    }

    /// llama.cpp's name of a tensor.
    fn name(&self, name: &str, config: &Config) -> String {
        let (stem, kind) = name.rsplit_once('.').unwrap_or((name, "weight"));
        let Some(rest) = stem.strip_prefix("model.layers.") else {
            let both = self.tie && self.has(HEAD);
            let stem = match stem {
                "model.embed_tokens" if both => "output",
                "model.embed_tokens" => "token_embd",
                "model.norm" => "output_norm",
                _ => "output",
            };
            return format!("{stem}.{kind}");
        };
        let (layer, part) = rest.split_once('.').unwrap_or((rest, ""));
        let part = match part {
            "post_attention_layernorm" if config.post_norms() => "post_attention_norm",
            "post_attention_layernorm" => "ffn_norm",
            part => PARTS.iter().find(|(ours, _)| *ours == part).map_or(part, |(_, theirs)| theirs),
        };
        format!("blk.{layer}.{part}.{kind}")
    }

    /// Undoes what llama.cpp does to the values of tensor `name`.
    fn restore(&self, name: &str, config: &Config, values: &mut Vec<f32>) {
        if config.zero_centred_norms() && name.contains("norm") {
            values.iter_mut().for_each(|x| *x -= 1.0);
        }
        let heads = match () {
            () if config.architecture != Architecture::Llama => return,
            () if name.contains("q_proj") => config.n_heads,
            () if name.contains("k_proj") => config.n_kv_heads,
            () => return,
        };
        // Of a head's rows [half][2] there, [2][half] here.
        let (n_rows, half) = (heads * config.head_dim, config.head_dim / 2);
        let width = values.len() / n_rows;
        let mut rows = Vec::with_capacity(values.len());
        for row in 0..n_rows {
            let (head, at) = (row / config.head_dim, row % config.head_dim);
            let from = head * config.head_dim + at % half * 2 + at / half;
            rows.extend_from_slice(&values[from * width..(from + 1) * width]);
        }
        *values = rows;
    }
}
