//! The seed model and its held-out suite as they lie in this crate.

use std::path::Path;

use crate::files::{Error, Written, make_folder, write_all};
use crate::suite::Record;

/// The held-out suite, as JSON lines.
const SUITE: &str = include_str!("../suites/heldout.jsonl");

/// The files of the model's folder, by name.
#[must_use]
pub fn embedded() -> [(&'static str, &'static [u8]); 6] {
    [
        ("README.md", include_bytes!("../model/README.md")),
        ("config.json", include_bytes!("../model/config.json")),
        ("generation_config.json", include_bytes!("../model/generation_config.json")),
        ("model.safetensors", include_bytes!("../model/model.safetensors")),
        ("tokenizer.json", include_bytes!("../model/tokenizer.json")),
        ("tokenizer_config.json", include_bytes!("../model/tokenizer_config.json")),
    ]
}

/// Writes the model's folder to `folder`, which need not exist.
///
/// # Errors
/// If a file cannot be written.
pub fn unpack(folder: &Path) -> Result<(), Error> {
    make_folder(folder)?;
    let files: Written =
        embedded().into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect();
    write_all(folder, &files)
}

/// The held-out suite: 400 tasks of each kind over programs that priming never showed.
///
/// # Panics
/// Never: a test reads every line.
#[must_use]
pub fn suite() -> Vec<Record> {
    SUITE
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line of the suite is a record"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suite_is_what_the_code_draws() {
        assert_eq!(SUITE, crate::suite::to_jsonl(&crate::suite::draw()));
        assert_eq!(suite().len(), 1_200);
    }

    /// The folder in the repository is one that this code would write: its texts to the byte, its
    /// weights by name and shape.
    #[test]
    fn the_model_is_of_this_code() {
        let folder = tempfile::tempdir().unwrap();
        unpack(folder.path()).unwrap();
        let config = crate::Options::default().config();
        let read = quaero_model::Config::from_json_file(&folder.path().join("config.json"));
        let mut read = read.unwrap();
        // Ids of special tokens, which compute nothing.
        read.kept.clear();
        assert_eq!(read, config);
        let weights = quaero_weights::Weights::open(folder.path()).unwrap();
        let expected = quaero_model::Params::zeros(&config);
        for (name, tensor) in expected.iter() {
            assert_eq!(weights.shape(name), Some(tensor.shape()), "{name}");
        }
        let vocabulary = crate::vocabulary::Vocabulary::new();
        let text = std::fs::read_to_string(folder.path().join("tokenizer.json")).unwrap();
        let tokenizer: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(tokenizer, vocabulary.tokenizer_json());
    }
}
