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
    let Some(RopeScaling::Llama3(scaling)) = config.rope_scaling else { panic!("no scaling") };
    assert_eq!(scaling.original_max_position_embeddings, 32);
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
    check("model_type", json!("gemma3"), "`model_type` = \"gemma3\" is not supported");
    check("model_type", json!(null), "`model_type` = null is not supported");
    check("architectures", json!(["Qwen2Model"]), "`architectures` = [\"Qwen2Model\"] is not");
    check("hidden_act", json!("gelu"), "`hidden_act` = \"gelu\" is not supported");
    check("num_key_value_heads", json!(4), "a divisor of num_attention_heads (6), got 4");
    check("hidden_size", json!("big"), "`hidden_size` must be a count, got \"big\"");
    check("head_dim", json!(5), "`head_dim` must be an even number (rotary pairs), got 5");
    check("quantization_config", json!({"bits": 4}), "`quantization_config` = {\"bits\":4} is not");
    check("final_logit_softcapping", json!(30.0), "`final_logit_softcapping` = 30.0 is not");
    check("partial_rotary_factor", json!(0.5), "`partial_rotary_factor` = 0.5 is not");
    check("rope_interleaved", json!(true), "`rope_interleaved` = true is not supported");
    check("num_experts", json!(8), "`num_experts` = 8 is unknown; remove it if it does not");
}

#[test]
fn refuses_sliding_windows_that_contradict_themselves() {
    let sliding = json!(["full_attention", "sliding_attention"]);
    check("layer_types", sliding.clone(), "`layer_types` must be full_attention throughout");
    check("layer_types", json!(["full_attention"]), "a list of 2 types");
    let mut json = base();
    json["use_sliding_window"] = json!(true);
    json["layer_types"] = json!(["full_attention", "chunked_attention"]);
    let error = Config::from_json(&json).unwrap_err().to_string();
    assert!(error.contains("`layer_types` = \"chunked_attention\" is not supported"), "{error}");
    json["layer_types"] = sliding;
    let error = Config::from_json(&json).unwrap_err().to_string();
    assert!(error.contains("`sliding_window` must be a count, got null"), "{error}");
    json["sliding_window"] = json!(8);
    let config = Config::from_json(&json).unwrap();
    assert_eq!((config.window(0), config.window(1)), (None, Some(8)));
    assert_eq!(Config::from_json(&config.to_json()).unwrap(), config);
}

/// Issue 21: what was passed over in silence.
#[test]
fn refuses_rotary_tables_that_it_would_not_compute() {
    check(
        "rope_scaling",
        json!({"rope_type": "dynamic", "factor": 2.0}),
        "`rope_type` = \"dynamic\"",
    );
    check("rope_scaling", json!({"type": "longrope", "factor": 2.0}), "`rope_type` = \"longrope\"");
    check("rope_scaling", json!({"rope_type": null, "factor": 2.0}), "`rope_type` = null is not");
    check("rope_scaling", json!({"factor": 8.0}), "`factor` beside `rope_type` = `default` = 8.0");
    check("rope_scaling", json!({"type": "linear"}), "`factor` must be a number, got null");
    check(
        "rope_scaling",
        json!({"type": "linear", "factor": 0}),
        "`factor` must be a number above 0",
    );
    check("rope_scaling", json!({"type": "yarn", "factor": "2"}), "`factor` must be a number");
    check("rope_scaling", json!("yarn"), "`rope_scaling` must be a table, got \"yarn\"");
    check(
        "rope_parameters",
        json!({"full_attention": {"rope_type": "default"}}),
        "`rope_parameters.full_attention` = {\"rope_type\":\"default\"} is not supported",
    );
    check(
        "rope_parameters",
        json!({"rope_type": "default", "mrope_section": [2]}),
        "`mrope_section` beside `rope_type` = `default` = [2] is not supported",
    );
    // Without a base beside it, `rope_scaling` hides that of `rope_parameters`.
    let mut json = base();
    json["rope_theta"] = Value::Null;
    json["rope_parameters"] = json!({"rope_type": "default", "rope_theta": 5e5});
    json["rope_scaling"] = json!({"type": "linear", "factor": 2.0});
    let error = Config::from_json(&json).unwrap_err().to_string();
    assert!(error.contains("`rope_scaling` must be with a rope_theta of its own"), "{error}");
}

#[test]
fn reads_gemma_of_transformers_4_and_5() {
    let old = json!({
        "model_type": "gemma3_text", "architectures": ["Gemma3ForCausalLM"], "vocab_size": 10,
        "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 7,
        "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 16,
        "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 512,
        "sliding_window_pattern": 6, "rope_theta": 1e6, "rope_local_base_freq": 1e4,
        "query_pre_attn_scalar": 256, "rope_scaling": {"rope_type": "linear", "factor": 8.0},
        "eos_token_id": [1, 106]
    });
    let config = Config::from_json(&old).unwrap();
    let sliding = config.sliding.clone().unwrap();
    assert_eq!(sliding.layers, [true, true, true, true, true, false, true]);
    assert_eq!((sliding.window, sliding.rope.theta, sliding.rope.scaling), (512, 1e4, None));
    assert_eq!(config.rope_scaling, Some(RopeScaling::Linear(8.0)));
    assert!(config.tie_word_embeddings);
    let saved = config.to_json();
    assert_eq!(saved["eos_token_id"], json!([1, 106]));
    assert_eq!(Config::from_json(&saved).unwrap(), config);
    for (field, value, expected) in [
        ("rope_parameters", json!({"rope_type": "default"}), "a table for each type of layer"),
        ("use_bidirectional_attention", json!(true), "`use_bidirectional_attention` = true"),
        ("hidden_activation", json!("gelu"), "`hidden_activation` = \"gelu\" is not supported"),
    ] {
        let mut json = old.clone();
        json[field] = value;
        let error = Config::from_json(&json).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
