//! The small files beside a tokenizer, kept so that a trained model is saved with them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use crate::Error;

/// What transformers needs to know of a tokenizer beside `tokenizer.json`.
pub(crate) const CONFIG_FILE: &str = "tokenizer_config.json";
const GENERATION_FILE: &str = "generation_config.json";
/// Files that are kept as they are.
const KEPT: [&str; 4] =
    [CONFIG_FILE, TEMPLATE_FILE, "special_tokens_map.json", "chat_template.json"];

/// The file that holds a template inside a model folder; older folders have it in
/// `tokenizer_config.json`.
pub const TEMPLATE_FILE: &str = "chat_template.jinja";

/// The text of a file, if there is one.
pub(crate) fn text(path: &Path) -> Result<Option<String>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}

/// The JSON in a file; null where there is none.
pub(crate) fn json(path: &Path) -> Result<Value, Error> {
    let Some(text) = text(path)? else { return Ok(Value::Null) };
    serde_json::from_str(&text).map_err(|error| Error::Malformed {
        origin: path.display().to_string(),
        reason: error.to_string(),
    })
}

/// The files beside the tokenizer in `folder`, by name.
pub(crate) fn of_folder(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let mut files = BTreeMap::new();
    for name in KEPT.into_iter().chain([GENERATION_FILE]) {
        if let Some(text) = text(&folder.join(name))? {
            files.insert(name.to_owned(), text.into_bytes());
        }
    }
    Ok(files)
}

/// `files` as they are to be saved: with the ends of sequence in `generation_config.json`, and with
/// a `tokenizer_config.json` that names the first of them if there was none.
pub(crate) fn to_save(
    files: &BTreeMap<String, Vec<u8>>,
    eos: &[u32],
    name_of: impl Fn(u32) -> Option<String>,
) -> BTreeMap<String, Vec<u8>> {
    let mut files = files.clone();
    let old = files.get(GENERATION_FILE).and_then(|text| serde_json::from_slice(text).ok());
    let mut generation: Value = old.filter(Value::is_object).unwrap_or_else(|| json!({}));
    if generation["eos_token_id"].is_null() {
        generation["eos_token_id"] = json!(eos);
    }
    files.insert(GENERATION_FILE.to_owned(), pretty(&generation));
    if !files.contains_key(CONFIG_FILE) {
        let mut config = json!({
            "tokenizer_class": "PreTrainedTokenizerFast",
            "clean_up_tokenization_spaces": false,
        });
        if let Some(name) = eos.first().and_then(|&id| name_of(id)) {
            config["eos_token"] = name.into();
        }
        files.insert(CONFIG_FILE.to_owned(), pretty(&config));
    }
    files
}

pub(crate) fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}
