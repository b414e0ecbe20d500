//! What is checked: the files that git tracks or would track, and the edges between crates.

use std::fmt;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::shell;

/// A repository, read whole.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
    /// The crates of the host workspace, `quaero-` left off.
    pub(crate) crates: Vec<Crate>,
}

/// A file of the repository.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root, with `/`.
    pub(crate) path: String,
    pub(crate) len_bytes: u64,
    /// Absent when the file is not UTF-8.
    pub(crate) text: Option<String>,
}

/// A crate of the host workspace and what it depends on among its siblings.
#[derive(Debug)]
pub(crate) struct Crate {
    pub(crate) name: String,
    /// Its manifest, from the root.
    pub(crate) manifest: String,
    pub(crate) edges: Vec<Edge>,
}

/// A dependency on a sibling crate.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) to: String,
    /// Whether only tests have it.
    pub(crate) dev: bool,
}

/// A broken rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    /// Counted from 1; 0 when the whole file is meant.
    pub(crate) line: usize,
    /// What is wrong.
    pub(crate) what: String,
    pub(crate) remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} (remedy: {})", self.path, self.line, self.what, self.remedy)
    }
}

impl Tree {
    /// Reads the repository that xtask lies in.
    ///
    /// # Errors
    /// When git or cargo cannot say what belongs to it, or a file cannot be read.
    pub(crate) fn read() -> Result<Self> {
        let mut list = shell::command("git");
        list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let listing = shell::output("git ls-files", &mut list)
            .context("tidy reads what git tracks; remedy: run it in a git checkout")?;
        let mut files = Vec::new();
        for path in listing.split_terminator('\0') {
            let absolute = shell::root().join(path);
            // A file that was deleted and not yet committed, or a folder that is a repository.
            if !absolute.is_file() {
                continue;
            }
            let bytes = std::fs::read(&absolute).with_context(|| format!("cannot read {path}"))?;
            files.push(File {
                path: path.to_owned(),
                len_bytes: bytes.len() as u64,
                text: String::from_utf8(bytes).ok(),
            });
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files, crates: crates(&shell::metadata("Cargo.toml")?) })
    }

    /// The Rust sources.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&File, &str)> {
        self.texts().filter(|(file, _)| file.path.ends_with(".rs"))
    }

    /// The files that are text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&File, &str)> {
        self.files.iter().filter_map(|file| file.text.as_deref().map(|text| (file, text)))
    }

    /// The text of the file at `path`.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path)?.text.as_deref()
    }
}

impl File {
    /// A finding about line `line` of this file.
    pub(crate) fn finding(
        &self,
        line: usize,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding { path: self.path.clone(), line, what: what.into(), remedy: remedy.into() }
    }

    /// Whether all of this file is test code, by where it lies.
    pub(crate) fn is_test(&self) -> bool {
        let mut parts = self.path.split('/');
        parts.any(|part| part == "tests" || part == "tests.rs")
            || self.path.starts_with("crates/testkit/")
    }

    /// The lines of this file outside its tests, with their numbers.
    pub(crate) fn lines_outside_tests<'a>(
        &self,
        text: &'a str,
    ) -> impl Iterator<Item = (usize, &'a str)> {
        let end = if self.is_test() { 0 } else { start_of_tests(text) };
        numbered(text).take(end)
    }
}

/// How many lines stand before an inline test module (which conventions put last).
fn start_of_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .position(|pair| pair[0].trim() == "#[cfg(test)]" && pair[1].trim_end().ends_with('{'))
        .unwrap_or(lines.len())
}

/// Lines, counted from 1.
pub(crate) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(idx, line)| (idx + 1, line))
}

/// The crates that `cargo metadata --no-deps` tells of, and the edges between them.
fn crates(metadata: &Value) -> Vec<Crate> {
    let mut crates = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let (Some(name), Some(manifest)) =
            (package["name"].as_str(), package["manifest_path"].as_str())
        else {
            continue;
        };
        let manifest = std::path::Path::new(manifest);
        let manifest = manifest.strip_prefix(shell::root()).unwrap_or(manifest);
        let mut edges = Vec::new();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            // Siblings are the dependencies that have a path.
            if let (Some(to), Some(_)) = (dependency["name"].as_str(), dependency["path"].as_str())
            {
                edges.push(Edge { to: short(to), dev: dependency["kind"] == "dev" });
            }
        }
        let manifest = manifest.to_string_lossy().replace('\\', "/");
        crates.push(Crate { name: short(name), manifest, edges });
    }
    crates
}

fn short(package: &str) -> String {
    package.strip_prefix("quaero-").unwrap_or(package).to_owned()
}
