//! The padding token that a model folder declares: `pad_token_id` of its configurations, or the
//! `pad_token` of `tokenizer_config.json`. A folder without one has none; a file that does not read
//! is for others to complain of.

use std::path::Path;

use serde_json::Value;

use crate::Tokenizer;

/// Ids of the padding, as the vocabulary of `tokenizer` has them.
pub(crate) fn of_folder(folder: &Path, tokenizer: &Tokenizer) -> Vec<u32> {
    let read = |name: &str| -> Value {
        let bytes = std::fs::read(folder.join(name)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    };
    let mut ids: Vec<u32> = ["generation_config.json", "config.json"]
        .iter()
        .filter_map(|name| u32::try_from(read(name)["pad_token_id"].as_u64()?).ok())
        .collect();
    let config = read("tokenizer_config.json");
    // Written as a text, or as an added token.
    let token = config["pad_token"].as_str().or_else(|| config["pad_token"]["content"].as_str());
    ids.extend(token.and_then(|token| tokenizer.token_id(token)));
    ids
}
