//! `quaero model check`.

use std::path::Path;

use quaero_model::{ForwardOptions, Packed};
use quaero_terminal::print;
use serde_json::json;

use crate::world;

/// The text whose log-prob is printed: a fixed point to compare builds and machines by.
const TEXT: &str = "def f(a):\n    return a + 1\n";

pub(crate) fn check(folder: &Path, as_json: bool) -> anyhow::Result<()> {
    let policy = world::policy(folder)?;
    let config = policy.model.config();
    let n_params = policy.model.params().n_elements();
    let tokens = policy.tokenizer.encode(TEXT)?;
    let packed = Packed::new([&tokens]);
    let options = ForwardOptions { recompute: false, temperature: 1.0 };
    let forward = policy.model.forward(&packed, &packed.next_tokens(), &options)?;
    let logp: f64 = forward.logp.iter().map(|&x| f64::from(x)).sum();
    let mib = |bytes_each: usize| (n_params * bytes_each) >> 20;
    let rows = [
        ("architecture", json!(format!("{:?}", config.architecture).to_lowercase())),
        ("parameters", json!(n_params)),
        ("layers", json!(config.n_layers)),
        ("hidden", json!(config.hidden_size)),
        ("heads", json!(format!("{}/{}", config.n_heads, config.n_kv_heads))),
        ("vocabulary", json!(config.vocab_size)),
        ("context", json!(config.max_position_embeddings)),
        ("weights MiB", json!(mib(4))),
        ("training MiB", json!(mib(16))),
        ("text tokens", json!(tokens.len())),
        ("text logprob", json!(logp)),
    ];
    if as_json {
        let object: serde_json::Map<_, _> =
            rows.into_iter().map(|(name, value)| (name.replace(' ', "_"), value)).collect();
        print::line(&serde_json::to_string_pretty(&object)?);
    } else {
        let show = |value: &serde_json::Value| value.to_string().replace('"', "");
        let rows: Vec<Vec<String>> =
            rows.iter().map(|(name, value)| vec![(*name).to_owned(), show(value)]).collect();
        print::table(&["", ""], &rows);
    }
    Ok(())
}
