//! The repository itself is tidy, and the made-up trees that the rules are tested on.

use super::tree::{Crate, Edge, File};
use super::{Finding, Tree, check};

/// A tree of files that are text.
pub(super) fn tree_of(files: &[(&str, &str)]) -> Tree {
    let files = files.iter().map(|(path, text)| File {
        path: (*path).to_owned(),
        len_bytes: text.len() as u64,
        text: Some((*text).to_owned()),
    });
    Tree { files: files.collect(), crates: Vec::new() }
}

/// A crate with edges to `normal`, and to `dev` in its tests.
pub(super) fn crate_of(name: &str, normal: &[&str], dev: &[&str]) -> Crate {
    let edge = |to: &&str, dev| Edge { to: (*to).to_owned(), dev };
    let normal = normal.iter().map(|to| edge(to, false));
    let edges = normal.chain(dev.iter().map(|to| edge(to, true))).collect();
    Crate { name: name.to_owned(), manifest: format!("crates/{name}/Cargo.toml"), edges }
}

/// Checks where a rule finds something in `files`: `path:line`, each.
#[track_caller]
pub(super) fn check_rule(
    rule: fn(&Tree) -> Vec<Finding>,
    files: &[(&str, &str)],
    expected: &[&str],
) {
    check_places(&rule(&tree_of(files)), expected);
}

/// Checks where `findings` lie, and that each says what to do.
#[track_caller]
pub(super) fn check_places(findings: &[Finding], expected: &[&str]) {
    let places: Vec<String> =
        findings.iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect();
    assert_eq!(places, expected, "{findings:#?}");
    assert!(findings.iter().all(|finding| !finding.remedy.is_empty()));
}

#[test]
fn the_repository_is_tidy() {
    let findings = check(&Tree::read().unwrap());
    let said: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(said.is_empty(), "{} findings:\n{}", said.len(), said.join("\n"));
}

#[test]
fn tests_are_told_from_code() {
    let tree = tree_of(&[("crates/a/src/lib.rs", "one\n#[cfg(test)]\nmod tests {\nfour\n}\n")]);
    let (file, text) = tree.rust().next().unwrap();
    let lines: Vec<_> = file.lines_outside_tests(text).collect();
    assert_eq!(lines, [(1, "one")]);

    let tree = tree_of(&[
        ("crates/a/src/b/tests.rs", "one\n"),
        ("tests/tests/system.rs", "one\n"),
        ("crates/testkit/src/lib.rs", "one\n"),
    ]);
    for (file, text) in tree.rust() {
        assert_eq!(file.lines_outside_tests(text).count(), 0, "{}", file.path);
    }
}
