//! What only some crates may do: see secrets, mint tasks, write unsafe code, read the clock, keep
//! global state.

use super::tree::{File, numbered};
use super::{Finding, Tree};

/// Crates that may read a secret: the judges, and the store that keeps it for them.
const MAY_REVEAL: &[&str] = &["types", "verify", "runtime", "pool"];
/// Crates that may make a task: `verify` from model output, the store from its rows, and the
/// suites from their files.
const MAY_MINT: &[&str] = &["types", "verify", "pool", "evals"];
/// Folders and files that may read the clock: what talks to people and what measures, and the
/// deadline of an untrusted program.
const MAY_READ_THE_CLOCK: &[&str] = &[
    "crates/cli/",
    "crates/lab/",
    "crates/train/src/clock.rs",
    "crates/runtime/src/interpreter/process.rs",
    "plugins/hostile/",
    "plugins/interpreter/snapshot/",
    "xtask/",
];
/// Types that make a `static` mutable.
const MUTABLE: &[&str] = &["Mutex<", "RwLock<", "Atomic", "OnceLock<", "LazyLock<", "Cell<"];
const UNSAFE_PAGE: &str = "docs/unsafe.md";
/// Words before `Task {` that make it something else than a new task.
const NOT_A_LITERAL: &[&str] = &["struct", "impl", "for", "->", "let", "enum"];

/// Gold answers are read by the judges alone, so `play` and `engine` cannot reach them.
pub(crate) fn secrets_stay_with_the_judges(tree: &Tree) -> Vec<Finding> {
    let reveal = concat!(".reve", "al()");
    let mut findings = Vec::new();
    for (file, text) in tree.rust().filter(|(file, _)| !lies_in(file, MAY_REVEAL)) {
        for (line, words) in file.lines_outside_tests(text) {
            if words.contains(reveal) {
                let what = format!("`{reveal}` outside {}", MAY_REVEAL.join(", "));
                let remedy = "hand the sealed `Secret` to `verify`, which judges with it";
                findings.push(file.finding(line, what, remedy));
            }
        }
    }
    findings
}

/// Only `verify` makes a task of what a model wrote.
pub(crate) fn tasks_are_minted_by_verify(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.rust().filter(|(file, _)| !lies_in(file, MAY_MINT)) {
        if !knows_tasks(tree, file) {
            continue;
        }
        for (line, words) in file.lines_outside_tests(text) {
            if mints(words) {
                let what = format!("a `Task` is made outside {}", MAY_MINT.join(", "));
                let remedy = "let `verify` mint it from a proposal; elsewhere tasks are passed on";
                findings.push(file.finding(line, what, remedy));
            }
        }
    }
    findings
}

/// Whether the crate of `file` depends on the nouns; a `Task` elsewhere is another thing.
fn knows_tasks(tree: &Tree, file: &File) -> bool {
    let root = file.path.split("/src/").next().unwrap_or_default();
    let manifest = tree.text(&format!("{root}/Cargo.toml"));
    manifest.is_some_and(|text| text.contains("quaero-types"))
}

/// Whether a line holds a struct literal `Task { … }`.
fn mints(line: &str) -> bool {
    if line.trim_start().starts_with("//") {
        return false;
    }
    line.match_indices(concat!("Task", " {")).any(|(at, _)| {
        let before = line[..at].trim_end_matches("types::").trim_end_matches("quaero_");
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            return false;
        }
        let word = before.split_whitespace().next_back().unwrap_or_default();
        !NOT_A_LITERAL.contains(&word)
    })
}

/// A module that lifts `deny(unsafe_code)` is listed, with its proof, in `docs/unsafe.md`; and
/// the page lists no module that is gone.
pub(crate) fn unsafe_code_is_proved(tree: &Tree) -> Vec<Finding> {
    let lint = concat!("unsafe", "_code");
    let page = tree.text(UNSAFE_PAGE).unwrap_or_default();
    let mut findings = Vec::new();
    for (file, text) in tree.rust() {
        for (line, words) in numbered(text) {
            let lifted = words.contains("expect(") || words.contains("allow(");
            if words.contains(lint) && lifted && !page.contains(&format!("`{}`", file.path)) {
                let what =
                    format!("`{lint}` is lifted, and {UNSAFE_PAGE} does not list the module");
                let remedy = format!("use a safe library, or list `{}` with its proof", file.path);
                findings.push(file.finding(line, what, remedy));
            }
        }
    }
    for (line, words) in numbered(page) {
        let listed = words.split('`').skip(1).step_by(2).filter(|path| path.ends_with(".rs"));
        for path in listed {
            if !tree.text(path).is_some_and(|text| text.contains(lint)) {
                findings.push(Finding {
                    path: UNSAFE_PAGE.to_owned(),
                    line,
                    what: format!("`{path}` is listed, and lifts no lint (or is not there)"),
                    remedy: "take its entry out".to_owned(),
                });
            }
        }
    }
    findings
}

/// Nobody reads the clock but those who may: no result depends on it elsewhere.
pub(crate) fn the_clock_has_few_readers(tree: &Tree) -> Vec<Finding> {
    let reads = [concat!("Instant", "::now"), concat!("SystemTime", "::now")];
    let mut findings = Vec::new();
    for (file, text) in tree.rust().filter(|(file, _)| !file.path.contains("/examples/")) {
        if MAY_READ_THE_CLOCK.iter().any(|start| file.path.starts_with(start)) {
            continue;
        }
        for (line, words) in file.lines_outside_tests(text) {
            if reads.iter().any(|call| words.contains(call)) {
                let remedy = "let the caller measure, or add the file to MAY_READ_THE_CLOCK in \
                              xtask/src/tidy/privilege.rs and to ARCHITECTURE.md, with its reason";
                findings.push(file.finding(line, "the clock is read here", remedy));
            }
        }
    }
    findings
}

/// The host keeps no mutable global state, so any part of a run can be replayed alone.
pub(crate) fn nothing_is_global(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.rust().filter(|(file, _)| file.path.starts_with("crates/")) {
        for (line, words) in file.lines_outside_tests(text) {
            let is_static = words.split(": ").next().is_some_and(|head| {
                head.split_whitespace().any(|word| word == "static") && !head.contains("//")
            });
            let mutable = MUTABLE.iter().any(|kind| words.contains(kind));
            if words.contains("thread_local!") || (is_static && mutable) {
                let remedy = "keep it in a value that is handed on";
                findings.push(file.finding(line, "mutable global state", remedy));
            }
        }
    }
    findings
}

/// Whether `file` is a source of one of `crates`.
fn lies_in(file: &File, crates: &[&str]) -> bool {
    let folder = file.path.strip_prefix("crates/").and_then(|path| path.split_once('/'));
    folder.is_some_and(|(name, _)| crates.contains(&name))
}

#[cfg(test)]
mod tests;
