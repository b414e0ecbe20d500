//! What is asked of the proposer: kinds by the mix, references from the buffers.

use quaero_propose::Commission;
use quaero_rng::Key;
use quaero_runtime::{Host, nearest};
use quaero_types::{Kind, ManifestKind, Pair};

use crate::run::Run;
use crate::{Error, Options};

/// This step's commissions; none when the proposer is not trained.
pub(crate) fn commissions(run: &Run<'_>, step: u64) -> Result<Vec<Commission>, Error> {
    if !run.options.propose.train {
        return Ok(Vec::new());
    }
    let key = run.key(step).named("references");
    let mut commissions = Vec::new();
    for (kind, n) in &run.options.mix {
        commissions.extend(of_kind(run, kind, *n, key.named(&kind.to_string()))?);
    }
    Ok(commissions)
}

/// `n` commissions of `kind`; none while the kind's references are missing.
pub(crate) fn of_kind(
    run: &Run<'_>,
    kind: &Kind,
    n: usize,
    key: Key,
) -> Result<Vec<Commission>, Error> {
    let manifest = manifest_kind(run.host, kind)?;
    let sources: Vec<Kind> = match manifest.references_from.as_slice() {
        [] => vec![kind.clone()],
        names => names.iter().map(|name| Kind::new(&kind.family, name)).collect(),
    };
    let exactly = manifest.references_exactly as usize;
    let k = if exactly > 0 { exactly } else { run.options.propose.references };
    let order = run.options.propose.order;
    let mut commissions = Vec::with_capacity(n);
    for idx in 0..n {
        let stored = run.pool.references(&sources, k, order, key.with(idx as u64))?;
        if stored.len() < exactly {
            return Ok(Vec::new());
        }
        let references = stored
            .into_iter()
            .map(|one| (one.task.id, Pair { public: one.task.public, secret: one.secret }))
            .collect();
        commissions.push(Commission { kind: kind.clone(), references });
    }
    Ok(commissions)
}

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
