//! No circle of imports among the files of one crate, its tests aside.
//!
//! A file imports another when a `use` or a path leads there; re-exports are followed to the file
//! that defines the item, and a re-export alone imports nothing. A file and its own folder
//! (`foo.rs` and `foo/`) may know each other, in one direction at a time: the rule looks once
//! without the steps from a file down into its folder, and once without those up out of it.
//!
//! # Layout
//! `tokens` source without comments, strings and tests → `module` what one file defines and names
//! → `resolve` which file a path leads to.

mod module;
mod resolve;
mod tokens;

use std::collections::{BTreeMap, VecDeque};

use self::module::Module;
use super::{Finding, Tree};

/// A module of a crate, as the names that lead to it: `[]` is the crate's root.
type Name = Vec<String>;

/// The files of one crate.
type Files<'a> = BTreeMap<Name, (&'a str, Module)>;

/// Who imports whom, and in which line first.
type Imports = BTreeMap<Name, BTreeMap<Name, usize>>;

/// Crates whose circles are still being untied; this list only ever gets shorter.
const STILL_ROUND: &[&str] = &["plugins/math", "plugins/python"];

/// The files of a crate do not import each other in a circle.
pub(crate) fn files_form_no_circle(tree: &Tree) -> Vec<Finding> {
    let crates = crates(tree).into_iter().filter(|(root, _)| !STILL_ROUND.contains(root));
    crates.flat_map(|(_, files)| circles_of(&files)).collect()
}

/// Every crate with a folder `src`, by its folder. `src/bin` holds crates of one file.
fn crates(tree: &Tree) -> BTreeMap<&str, Files<'_>> {
    let mut crates: BTreeMap<&str, Files<'_>> = BTreeMap::new();
    for (file, text) in tree.rust().filter(|(file, _)| !file.is_test()) {
        let Some((root, path)) = file.path.split_once("/src/") else { continue };
        let Some(path) = path.strip_suffix(".rs").filter(|path| !path.starts_with("bin/")) else {
            continue;
        };
        let files = crates.entry(root).or_default();
        let name = match path {
            "lib" => Name::new(),
            // A package with both has two crates; its library is the one with files.
            "main" if files.contains_key(&Name::new()) => continue,
            "main" => Name::new(),
            path => path.split('/').map(str::to_owned).collect(),
        };
        files.insert(name, (file.path.as_str(), Module::read(text)));
    }
    crates
}

fn circles_of(files: &Files<'_>) -> Vec<Finding> {
    let all = resolve::imports(files);
    let below = |upper: &Name, lower: &Name| lower.len() > upper.len() && lower.starts_with(upper);
    let up = without(&all, |from, to| below(from, to));
    let down = without(&all, |from, to| below(to, from));
    let mut circles = disjoint_circles(up);
    for circle in disjoint_circles(down) {
        if !circles.iter().any(|known| known.iter().any(|name| circle.contains(name))) {
            circles.push(circle);
        }
    }
    circles.iter().map(|circle| finding(files, &all, circle)).collect()
}

fn without(imports: &Imports, dropped: impl Fn(&Name, &Name) -> bool) -> Imports {
    let mut kept = imports.clone();
    for (from, targets) in &mut kept {
        targets.retain(|to, _| !dropped(from, to));
    }
    kept
}

/// Circles that share no file: the shortest, then the shortest of what is left.
fn disjoint_circles(mut imports: Imports) -> Vec<Vec<Name>> {
    let mut circles = Vec::new();
    while let Some(circle) =
        imports.keys().filter_map(|from| circle_through(&imports, from)).min_by_key(Vec::len)
    {
        imports.retain(|name, _| !circle.contains(name));
        circles.push(circle);
    }
    circles
}

/// The shortest way from `start` back to itself, by breadth-first search.
fn circle_through(imports: &Imports, start: &Name) -> Option<Vec<Name>> {
    let mut came_from: BTreeMap<&Name, &Name> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in imports.get(at).into_iter().flat_map(BTreeMap::keys) {
            if next == start {
                let back = std::iter::successors(Some(at), |name| came_from.get(name).copied());
                let mut circle: Vec<Name> = back.cloned().collect();
                circle.reverse();
                return Some(circle);
            }
            if !came_from.contains_key(next) {
                came_from.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    None
}

fn finding(files: &Files<'_>, imports: &Imports, circle: &[Name]) -> Finding {
    let path = |name: &Name| files[name].0;
    let steps: Vec<&str> = circle.iter().chain(circle.first()).map(path).collect();
    let second = &circle[1 % circle.len()];
    Finding {
        path: path(&circle[0]).to_owned(),
        line: imports[&circle[0]][second],
        what: format!("files import each other in a circle: {}", steps.join(" → ")),
        remedy: "move what both need into a file that imports neither".to_owned(),
    }
}

#[cfg(test)]
mod tests;
