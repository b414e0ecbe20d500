//! The shape of a source file: short, explained, finished.

use super::tree::{File, numbered};
use super::{Finding, Tree};

const LINES_MAX: usize = 600;
const COLUMNS_MAX: usize = 100;
/// Words that leave something for later, or take a test out. Put together here, so that this file
/// does not find itself.
const UNFINISHED: &[&str] = &[
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
    concat!("dbg", "!("),
    concat!("#[", "ignore"),
    concat!("#[should", "_panic"),
];
/// What the header of a kernel says, in this order.
const KERNEL_HEADER: &[&str] =
    &["Shapes", "Layout", "Launch", "Math", "Roofline", "Measured", "Oracle", "Versions"];

/// No source file is longer than [`LINES_MAX`] lines; tests and tables may be.
pub(crate) fn files_are_short(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.rust() {
        let n_lines = text.lines().count();
        let table = file.path.split('/').any(|part| part == "tables" || part == "tables.rs");
        if n_lines > LINES_MAX && !table && !file.is_test() {
            let what = format!("{n_lines} lines, at most {LINES_MAX} (300 are aimed at)");
            findings.push(file.finding(LINES_MAX + 1, what, "part it by concept: foo.rs + foo/"));
        }
    }
    findings
}

/// No line of Rust is wider than [`COLUMNS_MAX`] columns; snapshots in tests may be.
pub(crate) fn lines_are_short(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.rust().filter(|(file, _)| !file.is_test()) {
        for (line, words) in numbered(text) {
            let n_columns = words.chars().count();
            if n_columns > COLUMNS_MAX {
                let what = format!("{n_columns} columns, at most {COLUMNS_MAX}");
                let remedy = "break it; a long string goes on after a `\\` at the line's end";
                findings.push(file.finding(line, what, remedy));
            }
        }
    }
    findings
}

/// Every module starts with `//!`.
pub(crate) fn modules_say_what_they_are(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.rust() {
        let first = numbered(text).find(|(_, line)| !line.trim().is_empty());
        if !first.is_some_and(|(_, line)| line.starts_with("//!")) {
            let remedy = "start with `//!`: what it is, what it does not know, its invariant";
            findings.push(file.finding(1, "the module does not say what it is", remedy));
        }
    }
    findings
}

/// Nothing is left for later and no test is taken out.
pub(crate) fn nothing_is_unfinished(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.rust() {
        for (line, words) in numbered(text) {
            if let Some(word) = UNFINISHED.iter().find(|word| words.contains(**word)) {
                let remedy = "finish it, or leave it out and open an issue";
                findings.push(file.finding(line, format!("`{word}` on main"), remedy));
            }
        }
    }
    findings
}

/// Every kernel begins with its header: what, shapes, layout, launch, math, roofline, oracle.
pub(crate) fn kernels_carry_their_header(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.texts() {
        let name = file.path.strip_prefix("kernels/").unwrap_or_default();
        if name.ends_with(".cu") && !name.contains('/') {
            findings.extend(kernel_header(file, name, text));
        }
    }
    findings
}

fn kernel_header(file: &File, name: &str, text: &str) -> Option<Finding> {
    let head: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("// ")).collect();
    if !head.first().is_some_and(|line| line.starts_with(&format!("{name}: "))) {
        let remedy = format!("begin with `// {name}: <formula>`");
        return Some(file.finding(1, "the kernel's header does not begin with its name", remedy));
    }
    let mut rest = head[1..].iter();
    let missing =
        KERNEL_HEADER.iter().find(|word| !rest.by_ref().any(|line| line.starts_with(**word)))?;
    let what = format!("`// {missing}` is missing from the kernel's header, or out of order");
    Some(file.finding(1, what, format!("headers hold, in order: {}", KERNEL_HEADER.join(", "))))
}

#[cfg(test)]
mod tests;
