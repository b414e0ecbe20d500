//! What may be committed at all: nothing of one machine, nothing big, no family without cases.

use super::tree::numbered;
use super::{Finding, Tree};

const LEN_BYTES_MAX: u64 = 1 << 20;
/// Artefacts that a user must not need a tool chain for; their recipes lie beside them.
const BIG_FILES: &[&str] =
    &["plugins/interpreter/interpreter.wasm.xz", "crates/seed/model/model.safetensors"];
/// Folders that exist on somebody's machine. Put together here, so that this file does not find
/// itself.
const MACHINE_FOLDERS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// A family that is built to be misused by the host's tests, and owns no tasks.
const WITHOUT_CASES: &[&str] = &["hostile"];

/// No text names a folder of the machine that it was written on.
pub(crate) fn no_paths_of_a_machine(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.texts() {
        for (line, words) in numbered(text) {
            let hit = MACHINE_FOLDERS.iter().find(|folder| names_folder(words, folder));
            if let Some(folder) = hit {
                let what = format!("a path of a machine: `{folder}…`");
                findings.push(file.finding(line, what, "name it from the root of the repository"));
            }
        }
    }
    findings
}

/// Whether `folder` stands in `line` as the start of a path, and not inside a longer one.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/~}$*)".contains(c))
    })
}

/// Lock files name crates.io by its public name, and nothing replaces it.
pub(crate) fn lockfiles_name_one_registry(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.texts() {
        let lock = file.path.ends_with("Cargo.lock");
        let config = file.path.contains(".cargo/config");
        for (line, words) in numbered(text) {
            let foreign = lock && words.starts_with("source = ") && !words.contains(REGISTRY);
            let replaced = config && words.trim_start().starts_with("[source.");
            if foreign || replaced {
                let remedy = "depend on crates.io; a mirror belongs into the user's own settings";
                findings.push(file.finding(line, "another registry than crates.io", remedy));
            }
        }
    }
    findings
}

/// Every member of both workspaces inherits the lints, and versions stand in the root alone.
pub(crate) fn manifests_inherit(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.texts() {
        let manifest = file.path.ends_with("/Cargo.toml") && text.contains("[package]");
        if !manifest || text.contains("\n[workspace]") || text.starts_with("[workspace]") {
            continue;
        }
        if !text.contains("[lints]\nworkspace = true") {
            let remedy = "add `[lints]` with `workspace = true`";
            findings.push(file.finding(0, "the workspace's lints are not inherited", remedy));
        }
        let mut in_dependencies = false;
        for (line, words) in numbered(text) {
            let words = words.trim();
            if words.starts_with('[') {
                in_dependencies = words.ends_with("dependencies]");
            } else if in_dependencies && words.contains('=') {
                let comment = words.starts_with('#');
                let short = words.split('=').next().unwrap_or_default().trim();
                let inherits = short.ends_with(".workspace") || words.contains("workspace = true");
                if !comment && !inherits {
                    let remedy = "put the version into [workspace.dependencies] of the root";
                    findings.push(file.finding(line, "a version outside the root", remedy));
                }
            }
        }
    }
    findings
}

/// No file is bigger than 1 MB, but for the listed artefacts.
pub(crate) fn no_big_files(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        if file.len_bytes > LEN_BYTES_MAX && !BIG_FILES.contains(&file.path.as_str()) {
            let what = format!("{} bytes, at most {LEN_BYTES_MAX}", file.len_bytes);
            let remedy = "commit the script that makes it, or make it smaller";
            findings.push(file.finding(0, what, remedy));
        }
    }
    findings
}

/// Every task family ships cases that it must accept and cases that it must reject.
pub(crate) fn families_have_cases(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.texts() {
        let folder = file.path.strip_prefix("plugins/");
        let Some(name) = folder.and_then(|path| path.strip_suffix("/Cargo.toml")) else {
            continue;
        };
        if !text.contains("\"cdylib\"") || WITHOUT_CASES.contains(&name) {
            continue;
        }
        for sort in ["accept", "reject"] {
            let cases = format!("plugins/{name}/cases/{sort}/");
            if !tree.files.iter().any(|file| file.path.starts_with(&cases)) {
                let what = format!("family `{name}` has no cases to {sort}");
                findings.push(file.finding(0, what, format!("add cases under {cases}")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests;
