//! The configuration as meant: [`Raw`] taken apart in full, so that a forgotten field does not
//! compile.

use std::path::Path;

use figment::{Figment, Source};

use crate::{Error, Raw, ranges};

/// A configuration ready for use.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The file as typed, all layers merged.
    pub raw: Raw,
    /// The same as TOML text: what a run's `config.toml` holds.
    pub text: String,
    /// BLAKE3 of `text`, 16 hex digits.
    pub hash: String,
}

/// Merges the layers and reads them.
///
/// # Errors
/// When the overlay is missing, a key is unknown (names the nearest) or a value is of the wrong
/// type or out of range.
pub fn load(overlay: Option<&Path>, sets: &[String]) -> Result<Resolved, Error> {
    let figment = crate::layers::merge(overlay, sets)?;
    let mut raw: Raw = figment.extract().map_err(Error::from_figment)?;
    place_paths(&figment, &mut raw.plugins.paths);
    ranges::check(&raw)?;
    let text = toml::to_string(&raw).map_err(|error| Error::Figment(error.to_string()))?;
    let hash = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
    Ok(Resolved { raw, text, hash })
}

/// Plugin paths are seen from the file that names them, or from where the command was typed; what
/// is resolved means the same wherever a run goes on.
fn place_paths(figment: &Figment, paths: &mut [String]) {
    let file = figment.find_metadata("plugins.paths").and_then(|meta| match &meta.source {
        Some(Source::File(file)) => file.parent(),
        _ => None,
    });
    for path in paths {
        let seen = file.unwrap_or(Path::new("")).join(&*path);
        if let Ok(absolute) = std::path::absolute(seen) {
            *path = absolute.display().to_string();
        }
    }
}
