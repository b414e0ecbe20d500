//! Which file of the crate a path leads to.

use super::module::Module;
use super::{Files, Imports, Name};

/// A re-export of a re-export of … ends long before; what names itself ends here.
const DEPTH_MAX: usize = 20;

/// Who imports whom among `files`.
pub(crate) fn imports(files: &Files<'_>) -> Imports {
    let mut imports = Imports::new();
    for (from, (_, module)) in files {
        let targets = imports.entry(from.clone()).or_default();
        for (path, line) in &module.uses {
            if let Some(to) = target(files, from, path, 0).filter(|to| to != from) {
                targets.entry(to).or_insert(*line);
            }
        }
    }
    imports
}

/// The module in which `path`, written in `from`, ends; nothing for what another crate defines.
fn target(files: &Files<'_>, from: &Name, path: &[String], depth: usize) -> Option<Name> {
    let (first, rest) = path.split_first()?;
    if depth > DEPTH_MAX {
        return None;
    }
    match first.as_str() {
        "crate" => walk(files, Name::new(), rest, depth),
        "self" => walk(files, from.clone(), rest, depth),
        "super" => {
            let n_up = path.iter().take_while(|part| *part == "super").count();
            let base = from[..from.len().checked_sub(n_up)?].to_vec();
            walk(files, base, &path[n_up..], depth)
        }
        name => {
            let child = child(from, name);
            if files.contains_key(&child) {
                return walk(files, child, rest, depth);
            }
            let bound = files[from].1.binds.get(name)?;
            // `use serde;` brings in a name that stands for itself.
            (bound.as_slice() != [name])
                .then(|| target(files, from, &joined(bound, rest), depth + 1))?
        }
    }
}

/// Follows `path` from the module `at` down, through re-exports.
fn walk(files: &Files<'_>, mut at: Name, path: &[String], depth: usize) -> Option<Name> {
    for (idx, part) in path.iter().enumerate() {
        let (_, module) = files.get(&at)?;
        let deeper = child(&at, part);
        if files.contains_key(&deeper) {
            at = deeper;
            continue;
        }
        if module.defines.contains(part) {
            break;
        }
        let rest = &path[idx..];
        if let Some(bound) = module.binds.get(part) {
            return target(files, &at, &joined(bound, &rest[1..]), depth + 1);
        }
        let through = |glob: &Vec<String>| {
            let through = target(files, &at, glob, depth + 1).filter(|to| *to != at)?;
            offers(files, &through, &files[&through].1, part)
                .then(|| walk(files, through, rest, depth + 1))?
        };
        return module.globs.iter().find_map(through).or(Some(at));
    }
    files.contains_key(&at).then_some(at)
}

fn offers(files: &Files<'_>, name: &Name, module: &Module, part: &String) -> bool {
    module.defines.contains(part)
        || module.binds.contains_key(part)
        || files.contains_key(&child(name, part))
}

fn child(parent: &Name, name: &str) -> Name {
    let mut child = parent.clone();
    child.push(name.to_owned());
    child
}

fn joined(head: &[String], rest: &[String]) -> Vec<String> {
    head.iter().chain(rest).cloned().collect()
}
