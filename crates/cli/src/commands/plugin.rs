//! `quaero plugin …`.
//!
//! # Layout
//! `list` what is there → `new` from a template → `build` a component → `check` the contract →
//! `play` one task by hand → `grade` many from a pipe, which `stream` cuts into lines.

mod build;
mod check;
mod grade;
mod list;
mod new;
mod play;
mod stream;
mod templates;

use std::path::Path;

use quaero_runtime::{Error, Family, Host, Refused, nearest};
use quaero_terminal::UsageError;
use quaero_types::{Episode, Kind, Opening, Role};

use crate::args::Plugin;

pub(crate) fn run(plugins: &Path, command: &Plugin) -> anyhow::Result<()> {
    match command {
        Plugin::List(args) => list::run(plugins, args),
        Plugin::New(args) => new::run(args),
        Plugin::Build(args) => build::run(plugins, args),
        Plugin::Check(args) => check::run(plugins, args),
        Plugin::Try(args) => play::run(plugins, args),
        Plugin::Grade(args) => grade::run(plugins, args, Role::Solve),
        Plugin::Propose(args) => grade::run(plugins, args, Role::Propose),
    }
}

/// The family `name`, or why it is not there.
fn find<'a>(host: &'a Host, refused: Vec<Refused>, name: &str) -> anyhow::Result<&'a Family> {
    if let Some(family) = host.family(name) {
        return Ok(family);
    }
    let mut lame = None;
    for Refused { source, error } in refused {
        let stem = Path::new(&source).file_stem().is_some_and(|stem| stem == name);
        let its_own = matches!(&error, Error::Configure { family, .. } if family == name);
        if stem || its_own {
            return Err(error.into());
        }
        lame = Some(format!("; {source} does not load, see `quaero plugin list`"));
    }
    let names = host.families().map(|family| family.manifest().name.as_str());
    Err(no_such("family", name, names, &lame.unwrap_or_default()))
}

/// The kind `name` of `family`.
fn kind(family: &Family, name: &str) -> anyhow::Result<Kind> {
    let manifest = family.manifest();
    let own = name.strip_prefix(&format!("{}/", manifest.name)).unwrap_or(name);
    let names = || manifest.kinds.iter().map(|kind| kind.name.as_str());
    if names().any(|known| known == own) {
        return Ok(Kind::new(&manifest.name, own));
    }
    Err(no_such(&format!("kind in the family {}", manifest.name), name, names(), ""))
}

/// Names what there is, and the nearest of it.
fn no_such<'a>(
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'a str>,
    more: &str,
) -> anyhow::Error {
    let names: Vec<&str> = names.collect();
    let near = nearest(name, names.iter().copied());
    let near = near.map_or_else(String::new, |near| format!(": do you mean `{near}`?"));
    let all = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    UsageError(format!("no {what} is called `{name}`{near} (there are {all}{more})")).into()
}

/// An episode of `kind` whose completion is not written yet.
fn episode(kind: &Kind, role: Role, seed: u64) -> Episode {
    let (kind, public) = (kind.clone(), String::new());
    let opening = Opening { kind, role, seed, public, references: Vec::new() };
    let (turns, completion) = (Vec::new(), String::new());
    Episode { opening, secret: None, turns, completion, truncated: false }
}
