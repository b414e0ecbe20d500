//! What a config.json may say, and what is refused by name.

use super::*;

/// What transformers 5 writes.
#[test]
fn reads_rope_parameters_of_transformers_5() {
    let config = Config::from_json(&json!({
        "model_type": "llama", "vocab_size": 10, "hidden_size": 24, "intermediate_size": 40,
        "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 2,
        "rms_norm_eps": 1e-5, "tie_word_embeddings": true,
        "rope_parameters": {
            "rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 32
        }
    }))
    .unwrap();
    assert_eq!((config.head_dim, config.rope_theta), (4, 500_000.0));
    assert_eq!(config.rope_scaling.map(|s| s.original_max_position_embeddings), Some(32));
    assert_eq!(Config::from_json(&config.to_json()).unwrap(), config);
}

fn base() -> Value {
    json!({
        "model_type": "qwen2", "vocab_size": 10, "hidden_size": 24, "intermediate_size": 40,
        "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 2,
        "rope_theta": 1e6
    })
}

#[test]
fn reads_rope_theta_of_transformers_4() {
    let config = Config::from_json(&base()).unwrap();
    assert_eq!((config.rope_theta, config.qkv_bias, config.o_bias), (1e6, true, false));
    assert_eq!(Config::from_json(&config.to_json()).unwrap(), config);
}

/// The error for [`base`] with `field` = `value`.
#[track_caller]
fn check(field: &str, value: Value, expected: &str) {
    let mut json = base();
    json[field] = value;
    let error = Config::from_json(&json).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn refuses_by_name_what_it_does_not_compute() {
    check("model_type", json!("gemma3"), "`model_type` = Some(\"gemma3\") is not supported");
    check("hidden_act", json!("gelu"), "`hidden_act` = gelu is not supported");
    check("use_sliding_window", json!(true), "`use_sliding_window` = true is not supported");
    check("rope_scaling", json!({"rope_type": "yarn"}), "`rope_type` = yarn is not supported");
    check("num_key_value_heads", json!(4), "a divisor of num_attention_heads (6), got 4");
    check("hidden_size", json!("big"), "`hidden_size` must be a count, got \"big\"");
    check("head_dim", json!(5), "`head_dim` must be an even number (rotary pairs), got 5");
}
