//! A run's folder, read: scalars by name, and the configuration.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Error;

/// What a run left in its folder.
#[derive(Clone, Debug)]
pub struct Run {
    /// The folder's name.
    pub name: String,
    /// (step, value) of each scalar, by step. What was not measured is absent.
    pub scalars: BTreeMap<String, Vec<(f64, f64)>>,
    /// `config.toml`, as resolved.
    pub config: String,
}

impl Run {
    /// Reads `metrics.jsonl` and `config.toml`. A torn last line, as of a run at work, is left out.
    ///
    /// # Errors
    /// When a file is missing or damaged, or there is no step yet.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let read = |name: &str| {
            let path = folder.join(name);
            let text = fs::read_to_string(&path);
            text.map_err(|source| Error::Read { path, folder: folder.to_owned(), source })
        };
        let (metrics, config) = (read("metrics.jsonl")?, read("config.toml")?);
        let path = folder.join("metrics.jsonl");
        let mut scalars: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        let lines: Vec<&str> = metrics.lines().collect();
        for (line_idx, line) in lines.iter().enumerate() {
            let object = serde_json::from_str::<BTreeMap<String, Value>>(line).ok();
            let step = object.as_ref().and_then(|o| o.get("step")).and_then(Value::as_f64);
            let (Some(object), Some(step)) = (object, step) else {
                if line_idx + 1 == lines.len() {
                    break;
                }
                return Err(Error::Line { path, line: line_idx + 1 });
            };
            for (name, value) in object.into_iter().filter(|(name, _)| name != "step") {
                if let Some(value) = value.as_f64() {
                    scalars.entry(name).or_default().push((step, value));
                }
            }
        }
        if scalars.is_empty() {
            return Err(Error::Empty { path });
        }
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, scalars, config })
    }
}
