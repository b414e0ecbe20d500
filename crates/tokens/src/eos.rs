//! The ends of sequence that a model folder declares.

use std::io;
use std::path::Path;

use serde_json::Value;

use crate::Error;

/// `eos_token_id` of `generation_config.json`, or else of `config.json`.
pub(crate) fn of_folder(folder: &Path) -> Result<Vec<u32>, Error> {
    let generation = folder.join("generation_config.json");
    if let Some(value) = field(&generation, true)? {
        return ids(&generation, &value);
    }
    let config = folder.join("config.json");
    let value = field(&config, false)?.unwrap_or(Value::Null);
    ids(&config, &value)
}

/// The field, if the file has it and it is not null. A file that is absent and `may_miss` has none.
fn field(path: &Path, may_miss: bool) -> Result<Option<Value>, Error> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if may_miss && error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Read { path: path.to_owned(), source }),
    };
    let config: Value = serde_json::from_slice(&bytes).map_err(|error| Error::Malformed {
        origin: path.display().to_string(),
        reason: error.to_string(),
    })?;
    Ok(config.get("eos_token_id").filter(|value| !value.is_null()).cloned())
}

fn ids(path: &Path, value: &Value) -> Result<Vec<u32>, Error> {
    let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    let ids = match value {
        Value::Array(list) if !list.is_empty() => list.iter().map(id).collect(),
        single => id(single).map(|id| vec![id]),
    };
    ids.ok_or_else(|| Error::Eos { path: path.to_owned(), got: value.to_string() })
}
