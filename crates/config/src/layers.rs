//! base.toml, an overlay on what it `extends`, `QUAERO_*`, `--set`: merged, and every key checked
//! against base.toml.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use figment::providers::{Env, Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use crate::Error;
use crate::renamed::new_name;

/// The file that lists every key.
const BASE: &str = include_str!("../../../configs/base.toml");

/// Tables whose keys are not ours to know: kinds of task, and options that a family checks itself.
const OPEN: [&str; 3] = ["mix.", "families.", "plugins.grants."];

/// Merges the layers; the result still has to be read into options.
pub(crate) fn merge(overlay: Option<&Path>, sets: &[String]) -> Result<Figment, Error> {
    let mut figment = Figment::from(Toml::string(BASE));
    if let Some(path) = overlay {
        for path in lineage(path)? {
            figment = figment.merge(Overlay(path));
        }
    }
    let is_key = |key: &figment::value::UncasedStr| key.as_str().contains("__");
    figment = figment.merge(Env::prefixed("QUAERO_").filter(is_key).split("__"));
    for set in sets {
        figment = figment.merge(Toml::string(&assignment(set)?));
    }
    check_keys(&figment)?;
    Ok(figment)
}

/// The key by which an overlay names the one it changes, seen from its own folder.
const EXTENDS: &str = "extends";

/// Overlays that one overlay may rest on; more is a mistake.
const EXTENDS_MAX: usize = 8;

/// `overlay` and what it extends, the deepest first.
fn lineage(overlay: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = vec![overlay.to_owned()];
    loop {
        let path = &files[files.len() - 1];
        if !path.is_file() {
            return Err(Error::Missing { path: path.display().to_string() });
        }
        let head = Figment::from(Toml::file_exact(path));
        let base: String = match head.extract_inner(EXTENDS) {
            Ok(base) => base,
            Err(error) if error.missing() => break,
            Err(error) => return Err(Error::from_figment(error)),
        };
        let base = path.parent().unwrap_or(Path::new("")).join(base);
        if files.len() > EXTENDS_MAX {
            let overlay = overlay.display().to_string();
            return Err(Error::Lineage { overlay, most: EXTENDS_MAX });
        }
        files.push(base);
    }
    files.reverse();
    Ok(files)
}

/// A file without its key `extends`.
struct Overlay(PathBuf);

impl Provider for Overlay {
    fn metadata(&self) -> Metadata {
        Toml::file_exact(&self.0).metadata()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut data = Toml::file_exact(&self.0).data()?;
        data.values_mut().for_each(|dict| drop(dict.remove(EXTENDS)));
        Ok(data)
    }
}

/// `optim.lr=1e-4` as a TOML document. A value that is no TOML is taken as a string, so that
/// `run.name=abc` needs no quotes.
fn assignment(set: &str) -> Result<String, Error> {
    let bad = || Error::Assignment { set: set.to_owned() };
    let (key, value) = set.split_once('=').ok_or_else(bad)?;
    let key: Vec<String> = key_parts(key.trim()).ok_or_else(bad)?;
    let quoted: Vec<String> = key.iter().map(|part| format!("{part:?}")).collect();
    let with = |value: &str| format!("{} = {value}\n", quoted.join("."));
    let plain = with(value.trim());
    if toml::from_str::<toml::Table>(&plain).is_ok() {
        Ok(plain)
    } else {
        Ok(with(&format!("{:?}", value.trim())))
    }
}

/// Splits at dots outside quotes: `mix."python/deduction"` and `mix.python/deduction` are one.
fn key_parts(key: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in key.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            c => parts.last_mut()?.push(c),
        }
    }
    (!quoted && parts.iter().all(|part| !part.is_empty())).then_some(parts)
}

fn check_keys(figment: &Figment) -> Result<(), Error> {
    let mut known = BTreeSet::new();
    let base: Dict = Figment::from(Toml::string(BASE)).extract().map_err(Error::from_figment)?;
    leaves("", &base, &mut known);
    let merged: Dict = figment.extract().map_err(Error::from_figment)?;
    let mut given = BTreeSet::new();
    leaves("", &merged, &mut given);
    for key in given.difference(&known) {
        if !OPEN.iter().any(|open| key.starts_with(open)) {
            let source = figment.find_metadata(key).map(|meta| match &meta.source {
                Some(source) => source.to_string(),
                None => said(&meta.name),
            });
            let source = source.unwrap_or_else(|| "the command line".to_owned());
            if let Some(new) = new_name(key) {
                return Err(Error::RenamedKey { old: key.clone(), new, source });
            }
            return Err(Error::UnknownKey {
                key: key.clone(),
                nearest: nearest(key, &known),
                source,
            });
        }
    }
    Ok(())
}

/// Where something came from, in the words of the command line.
pub(crate) fn said(text: &str) -> String {
    // base.toml is read from a string as well, but is right.
    text.replace("TOML source string", "--set").replace("\"default.", "\"")
}

fn leaves(prefix: &str, dict: &Dict, out: &mut BTreeSet<String>) {
    for (key, value) in dict {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Dict(_, inner) if !inner.is_empty() => leaves(&path, inner, out),
            _ => drop(out.insert(path)),
        }
    }
}

/// The known key with the best Jaro–Winkler similarity of the whole path or of its last part.
fn nearest(key: &str, known: &BTreeSet<String>) -> String {
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let similarity = |candidate: &String| {
        let whole = strsim::jaro_winkler(key, candidate);
        whole.max(0.98 * strsim::jaro_winkler(&last(key), &last(candidate)))
    };
    let best = known.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    best.cloned().unwrap_or_default()
}
