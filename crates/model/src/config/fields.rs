//! Typed access to the fields of a `config.json`, and what becomes of each of them.
//!
//! A field is *read* by the configuration, *kept* (it does not change what the model computes, and
//! is saved again as it was) or *refused by name*. There is no fourth case.

use serde_json::{Map, Value};

use super::Architecture;
use crate::error::Error;

/// Fields that every family reads or that say what the file is.
const READ: &[&str] = &[
    "architectures",
    "attention_bias",
    "dtype",
    "head_dim",
    "hidden_act",
    "hidden_size",
    "intermediate_size",
    "layer_types",
    "max_position_embeddings",
    "mlp_bias",
    "model_type",
    "num_attention_heads",
    "num_hidden_layers",
    "num_key_value_heads",
    "original_max_position_embeddings",
    "rms_norm_eps",
    "rope_parameters",
    "rope_scaling",
    "rope_theta",
    "sliding_window",
    "tie_word_embeddings",
    "torch_dtype",
    "use_sliding_window",
    "vocab_size",
];

/// Fields that only one family has.
fn read_by(architecture: Architecture) -> &'static [&'static str] {
    match architecture {
        Architecture::Llama => &[],
        Architecture::Qwen2 | Architecture::Qwen3 => &["max_window_layers"],
        Architecture::Gemma3 => &[
            "_sliding_window_pattern",
            "hidden_activation",
            "query_pre_attn_scalar",
            "rope_local_base_freq",
            "sliding_window_pattern",
        ],
    }
}

/// Fields that do not change what a model computes of its tokens. They are kept and saved again.
const KEPT: &[&str] = &[
    // Where the file comes from, and notes of other programs.
    "_attn_implementation",
    "_attn_implementation_autoset",
    "_commit_hash",
    "_name_or_path",
    "auto_map",
    "attn_implementation",
    "finetuning_task",
    "is_llama_config",
    "model_name",
    "task_specific_params",
    "tokenizer_class",
    "transformers.js_config",
    "transformers_version",
    "unsloth_fixed",
    "unsloth_version",
    // Tokens with a meaning; the tokenizer reads those that end a text.
    "bos_token_id",
    "decoder_start_token_id",
    "eos_token_id",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "pad_token_id",
    "prefix",
    "sep_token_id",
    "unk_token_id",
    // How weights were drawn at first, and regularisation that we do not do.
    "attention_dropout",
    "initializer_range",
    // How other programs run it: caches, splits over devices, outputs beside the logits.
    "cache_implementation",
    "gradient_checkpointing",
    "output_attentions",
    "output_hidden_states",
    "pretraining_tp",
    "return_dict",
    "return_dict_in_generate",
    "output_scores",
    "tf_legacy_loss",
    "torchscript",
    "use_bfloat16",
    "use_cache",
    "use_return_dict",
    // Heads for classification, which a causal language model has not.
    "id2label",
    "label2id",
    "num_labels",
    "problem_type",
    // Sampling parameters that old files carry here.
    "bad_words_ids",
    "begin_suppress_tokens",
    "diversity_penalty",
    "do_sample",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "exponential_decay_length_penalty",
    "length_penalty",
    "max_length",
    "max_new_tokens",
    "min_length",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_return_sequences",
    "remove_invalid_values",
    "repetition_penalty",
    "suppress_tokens",
    "temperature",
    "top_k",
    "top_p",
    "typical_p",
];

/// Fields that are harmless with one of these values alone; they are kept.
const NEUTRAL: &[(&str, &[&str])] = &[
    ("add_cross_attention", &["false"]),
    ("attn_logit_softcapping", &["null"]),
    ("chunk_size_feed_forward", &["0"]),
    ("cross_attention_hidden_size", &["null"]),
    ("final_logit_softcapping", &["null"]),
    ("is_decoder", &["false", "true"]),
    ("is_encoder_decoder", &["false"]),
    ("partial_rotary_factor", &["1", "1.0", "null"]),
    ("pruned_heads", &["{}"]),
    ("quantization_config", &["null"]),
    ("rope_interleaved", &["false"]),
    ("tie_encoder_decoder", &["false"]),
    ("use_bidirectional_attention", &["false", "null"]),
];

/// The fields of `json` that are kept.
///
/// # Errors
/// Names the first field that this crate neither computes nor knows to be harmless.
pub(super) fn kept(json: &Value, architecture: Architecture) -> Result<Map<String, Value>, Error> {
    let mut kept = Map::new();
    for (field, value) in json.as_object().into_iter().flatten() {
        let field_name = field.as_str();
        if READ.contains(&field_name) || read_by(architecture).contains(&field_name) {
            continue;
        }
        if let Some((_, harmless)) = NEUTRAL.iter().find(|(name, _)| *name == field_name) {
            if !harmless.contains(&value.to_string().as_str()) {
                return Err(Error::unsupported(field, value));
            }
        } else if !KEPT.contains(&field_name) {
            return Err(Error::UnknownField { field: field.clone(), value: value.to_string() });
        }
        kept.insert(field.clone(), value.clone());
    }
    Ok(kept)
}

/// Typed access to the fields of a JSON object.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Value);

impl<'a> Fields<'a> {
    /// The field, unless it is absent or null.
    pub(super) fn get(self, field: &str) -> Option<&'a Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    pub(super) fn count(self, field: &str) -> Result<usize, Error> {
        let value = self.0.get(field).unwrap_or(&Value::Null);
        value.as_u64().map(|n| n as usize).ok_or_else(|| Error::field(field, "a count", value))
    }

    pub(super) fn count_or(self, field: &str, default: usize) -> Result<usize, Error> {
        self.get(field).map_or(Ok(default), |_| self.count(field))
    }

    pub(super) fn number(self, field: &str) -> Result<f64, Error> {
        let value = self.0.get(field).unwrap_or(&Value::Null);
        value.as_f64().ok_or_else(|| Error::field(field, "a number", value))
    }

    pub(super) fn number_or(self, field: &str, default: f64) -> Result<f64, Error> {
        self.get(field).map_or(Ok(default), |_| self.number(field))
    }

    pub(super) fn flag(self, field: &str, default: bool) -> Result<bool, Error> {
        let flag = |value: &Value| {
            value.as_bool().ok_or_else(|| Error::field(field, "true or false", value))
        };
        self.get(field).map_or(Ok(default), flag)
    }
}
