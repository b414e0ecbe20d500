//! A run's folder, read: scalars by name, and the configuration.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Error;
use crate::chart::Points;

/// What a run left in its folder, but for its tasks and attempts.
#[derive(Clone, Debug)]
pub struct Run {
    /// The folder's name.
    pub name: String,
    /// Where it lies.
    pub folder: PathBuf,
    /// (step, value) of each scalar, by step. What was not measured is absent.
    pub scalars: BTreeMap<String, Points>,
    /// All steps that were taken; step 0 is seeding.
    pub steps: Vec<f64>,
    /// `config.toml`, as resolved.
    pub config: String,
    /// The same by dotted key, as in `optim.lr`; empty where it is no TOML.
    pub settings: BTreeMap<String, String>,
}

impl Run {
    /// Reads `metrics.jsonl` and `config.toml`. A torn last line, as of a run at work, is left out.
    ///
    /// # Errors
    /// When a file is missing or damaged, or there is no step yet.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let read = |name: &str| {
            let path = folder.join(name);
            let bytes = fs::read(&path);
            let failed = |source| Error::Read { path, folder: folder.to_owned(), source };
            bytes.map(|bytes| crate::text::lossy(&bytes)).map_err(failed)
        };
        let (metrics, config) = (read("metrics.jsonl")?, read("config.toml")?);
        let path = folder.join("metrics.jsonl");
        let mut scalars: BTreeMap<String, Points> = BTreeMap::new();
        let mut steps = Vec::new();
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
            steps.push(step);
            for (name, value) in object.into_iter().filter(|(name, _)| name != "step") {
                if let Some(value) = value.as_f64() {
                    scalars.entry(name).or_default().push((step, value));
                }
            }
        }
        if scalars.is_empty() {
            return Err(Error::Empty { path });
        }
        let settings = settings(&config);
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, folder, scalars, steps, config, settings })
    }

    /// The last step.
    pub(crate) fn last_step(&self) -> f64 {
        self.steps.last().copied().unwrap_or(0.0)
    }

    /// Steps that the configuration asks for.
    pub(crate) fn steps_wanted(&self) -> Option<f64> {
        self.settings.get("run.steps")?.parse().ok()
    }

    /// The mean over the scalars `…/<role>/…/<measure>` at each step.
    pub(crate) fn mean_of(&self, role: &str, measure: &str) -> Points {
        let (part, end) = (format!("/{role}/"), format!("/{measure}"));
        let mut sums: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
        for (name, points) in &self.scalars {
            if name.contains(&part) && name.ends_with(&end) {
                for &(step, value) in points {
                    let sum = sums.entry(step as u64).or_default();
                    *sum = (sum.0 + value, sum.1 + 1.0);
                }
            }
        }
        sums.into_iter().map(|(step, (sum, n))| (step as f64, sum / n)).collect()
    }

    /// The sum of a scalar over all steps.
    pub(crate) fn total(&self, name: &str) -> f64 {
        self.scalars.get(name).map_or(0.0, |points| points.iter().map(|p| p.1).sum())
    }
}

/// Every key of a configuration with its value as TOML; none where it is no TOML.
pub(crate) fn settings(config: &str) -> BTreeMap<String, String> {
    let mut flat = BTreeMap::new();
    if let Ok(table) = config.parse::<toml::Table>() {
        flatten("", &toml::Value::Table(table), &mut flat);
    }
    flat
}

fn flatten(key: &str, value: &toml::Value, flat: &mut BTreeMap<String, String>) {
    if let toml::Value::Table(table) = value {
        for (name, value) in table {
            let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            flatten(&key, value, flat);
        }
    } else {
        flat.insert(key.to_owned(), value.to_string());
    }
}
