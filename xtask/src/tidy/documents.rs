//! Documents tell the truth where a program can tell: paths exist, exit codes are those that are
//! emitted.

use std::collections::BTreeSet;

use super::tree::{File, numbered};
use super::{Finding, Tree};

/// A path with one of these in it stands for others.
const PLACEHOLDERS: &[&str] = &["<", ">", "…", "NAME", "FILE", "$"];
/// Made by a command and not committed, though their folder is.
const GENERATED: &[&str] = &["kernels/cubins"];
/// Names in rules about names.
const EXAMPLES: &[&str] = &["foo.rs", "mod.rs"];
/// Endings by which a name without a folder is known to be a file of this repository.
const SOURCES: &[&str] = &[".rs", ".cu", ".cuh", ".wit", ".py"];

const CODES: &str = "crates/terminal/src/exit.rs";
const README: &str = "README.md";
const CODES_LINE: &str = "Exit codes: ";

/// Every path in a document, and in a comment of a configuration, leads to a file or a folder.
pub(crate) fn paths_exist(tree: &Tree) -> Vec<Finding> {
    let known = Known::of(tree);
    let mut findings = Vec::new();
    for (file, text) in tree.texts().filter(|(file, _)| is_document(file)) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (line, words) in numbered(text) {
            let links = link_targets(words).map(str::to_owned);
            for path in links.chain(known.paths_in(words)).flat_map(|path| expanded(&path)) {
                if !known.leads_somewhere(&path, folder) {
                    let what = format!("`{path}` is not in the repository");
                    let remedy = "name what is there now, or take the sentence out";
                    findings.push(file.finding(line, what, remedy));
                }
            }
        }
    }
    findings
}

fn is_document(file: &File) -> bool {
    file.path.ends_with(".md")
        || (file.path.starts_with("configs/") && file.path.ends_with(".toml"))
}

/// What the repository has.
struct Known<'a> {
    files: BTreeSet<&'a str>,
    folders: BTreeSet<&'a str>,
    /// File names without their folders.
    names: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    fn of(tree: &'a Tree) -> Self {
        let files: BTreeSet<&str> = tree.files.iter().map(|file| file.path.as_str()).collect();
        let above = |path: &&'a str| path.match_indices('/').map(|(at, _)| at).collect::<Vec<_>>();
        let folders =
            files.iter().flat_map(|path| above(path).into_iter().map(|at| &path[..at])).collect();
        let names = files.iter().filter_map(|path| path.rsplit('/').next()).collect();
        Self { files, folders, names }
    }

    /// Words of `line` that name a path: they begin with a folder of the root, or are the name of
    /// a source file in a code span.
    fn paths_in(&self, line: &str) -> Vec<String> {
        let inside = |c: char| c.is_alphanumeric() || "_.-/{},*<>…$".contains(c);
        let mut paths = Vec::new();
        for word in line.split(|c| !inside(c)) {
            let word = word.trim_end_matches(['.', ',', '…']);
            if word.split_once('/').is_some_and(|(top, _)| self.folders.contains(top)) {
                paths.push(word.to_owned());
            }
        }
        let spans = line.split('`').skip(1).step_by(2);
        let sources = spans.filter(|span| {
            let name = span.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c));
            name && SOURCES.iter().any(|end| span.len() > end.len() && span.ends_with(end))
        });
        paths.extend(sources.filter(|span| !EXAMPLES.contains(span)).map(str::to_owned));
        paths
    }

    fn leads_somewhere(&self, path: &str, folder: &str) -> bool {
        let path = path.trim_end_matches('/');
        if PLACEHOLDERS.iter().any(|mark| path.contains(mark)) || GENERATED.contains(&path) {
            return true;
        }
        if !path.contains('/') && self.names.contains(path) {
            return true;
        }
        let near = normalised(&format!("{folder}/{path}"));
        [path, near.as_str()].into_iter().any(|path| {
            let mut all = self.files.iter().chain(&self.folders);
            path.is_empty() || all.any(|known| matches(path, known))
        })
    }
}

/// `path` without its `.` and `..`.
fn normalised(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => (),
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether `pattern`, in which each `*` stands for any text inside a folder, is `path`.
fn matches(pattern: &str, path: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == path };
    let Some(rest) = path.strip_prefix(head) else { return false };
    let within = rest.find('/').unwrap_or(rest.len());
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.take_while(|at| *at <= within).any(|at| matches(tail, &rest[at..]))
}

/// `a/{b,c}` is `a/b` and `a/c`.
fn expanded(path: &str) -> Vec<String> {
    let braces = path.find('{').zip(path.find('}')).filter(|(open, close)| open < close);
    let Some((open, close)) = braces else { return vec![path.to_owned()] };
    let (head, tail) = (&path[..open], &path[close + 1..]);
    let choices = path[open + 1..close].split(',');
    choices.flat_map(|choice| expanded(&format!("{head}{choice}{tail}"))).collect()
}

/// Targets of Markdown links that are paths.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    let ends = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let paths = ends.filter(|target| !target.contains("://") && !target.starts_with(['#', '<']));
    paths.filter_map(|target| target.split('#').next())
}

/// The exit codes in the README are those that the binary emits, in the same words.
pub(crate) fn exit_codes_are_emitted(tree: &Tree) -> Vec<Finding> {
    let (Some(code), Some(readme)) = (tree.text(CODES), tree.text(README)) else {
        return Vec::new();
    };
    let emitted: Vec<&str> = code.lines().filter_map(|line| line.strip_prefix("/// ")).collect();
    let expected = format!("{CODES_LINE}{}.", emitted.join(" · "));
    let sentence = readme.split("\n\n").map(|text| text.split_whitespace().collect::<Vec<_>>());
    if sentence.map(|words| words.join(" ")).any(|paragraph| paragraph == expected) {
        return Vec::new();
    }
    let line = numbered(readme).find(|(_, line)| line.starts_with(CODES_LINE.trim_end()));
    vec![Finding {
        path: README.to_owned(),
        line: line.map_or(0, |(line, _)| line),
        what: format!("the exit codes are not those of {CODES}"),
        remedy: format!("let a paragraph of its own read `{expected}`"),
    }]
}

#[cfg(test)]
mod tests;
