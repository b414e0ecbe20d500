//! The kinds in play, as their families describe them.

use quaero_runtime::{Host, nearest};
use quaero_types::{Kind, ManifestKind};

use crate::{Error, Options};

/// Whether the families of `host` play all kinds of `options`; else says which is meant.
///
/// # Errors
/// The first kind that none plays.
pub fn check_mix(options: &Options, host: &Host) -> Result<(), Error> {
    options.mix.iter().try_for_each(|(kind, _)| manifest_kind(host, kind).map(|_| ()))
}

/// What the family says of `kind`.
pub(crate) fn manifest_kind<'a>(host: &'a Host, kind: &Kind) -> Result<&'a ManifestKind, Error> {
    let family = host.family(&kind.family);
    family.and_then(|f| f.manifest().kinds.iter().find(|k| k.name == kind.name)).ok_or_else(|| {
        let kinds = host.families().flat_map(|family| {
            let name = &family.manifest().name;
            family.manifest().kinds.iter().map(move |kind| format!("{name}/{}", kind.name))
        });
        let loaded: Vec<String> = kinds.collect();
        let near = nearest(&kind.to_string(), loaded.iter().map(String::as_str));
        let remedy = "add its plugin to plugins.paths, or set the kind to 0.";
        let near = near.map_or_else(|| remedy.to_owned(), |near| format!("do you mean `{near}`?"));
        let loaded = if loaded.is_empty() { "none".to_owned() } else { loaded.join(", ") };
        Error::UnknownKind { kind: kind.to_string(), near, loaded }
    })
}
