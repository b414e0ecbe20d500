//! Documents of made-up repositories.

use super::super::tests::check_rule;
use super::{exit_codes_are_emitted, matches, paths_exist};

#[track_caller]
fn check_path(line: &str, found: bool) {
    let text = format!("# A page\n\n{line}\n");
    let files = [
        ("crates/a/src/lib.rs", ""),
        ("crates/a/src/step.rs", ""),
        ("docs/pictures/run.svg", ""),
        ("docs/page.md", text.as_str()),
    ];
    check_rule(paths_exist, &files, if found { &["docs/page.md:3"] } else { &[] });
}

#[test]
fn paths_that_are_there() {
    for line in [
        "`crates/a/src/step.rs`, and crates/a/src/lib.rs.",
        "[a picture](pictures/run.svg), ![another](../docs/pictures/run.svg#part)",
        "`crates/a/src/{lib,step}.rs`, `crates/*/src/*.rs`, `crates/a/`, `crates/`",
        "`step.rs`, `foo.rs`",
        "`docs/measurements/gpu-<name>.md`, `docs/NAME.md`, `docs/…`",
        "[a page](https://docs.rs/crates/b) [below](#part) either/or `runs/a/b`",
    ] {
        check_path(line, false);
    }
}

#[test]
fn paths_that_are_gone() {
    for line in [
        "see crates/a/src/gone.rs",
        "`crates/a/src/{lib,gone}.rs`",
        "`crates/b/`",
        "`crates/*/gone.rs`",
        "`gone.rs`",
        "[a picture](pictures/gone.svg)",
        "[a picture](../pictures/run.svg)",
    ] {
        check_path(line, true);
    }
}

#[test]
fn comments_of_configurations_and_no_sources() {
    let text = "# see docs/gone.md\n";
    let files = [
        ("configs/a.toml", text),
        ("docs/a.md", ""),
        ("crates/a/a.toml", text),
        ("crates/a/src/lib.rs", "// docs/gone.md"),
    ];
    check_rule(paths_exist, &files, &["configs/a.toml:1"]);
}

#[test]
fn stars_stay_in_their_folder() {
    assert!(matches("a/*/c*.rs", "a/b/cd.rs") && matches("a/*", "a/b"));
    assert!(!matches("a/*", "a/b/c") && !matches("a/*.rs", "a/b.md") && !matches("*/c", "a/b/c"));
}

#[test]
fn exit_codes_of_the_readme() {
    let code = "//! Codes.\n\n/// 0 done\npub const DONE: u8 = 0;\n\
                /// 2 usage error\npub const USAGE: u8 = 2;\n";
    let check = |readme: &str, expected: &[&str]| {
        check_rule(
            exit_codes_are_emitted,
            &[("crates/terminal/src/exit.rs", code), ("README.md", readme)],
            expected,
        );
    };
    check("# A\n\nExit codes: 0 done ·\n2 usage error.\n\nMore.\n", &[]);
    check("# A\n\nExit codes: 0 done · 2 usage error · 3 stopped.\n", &["README.md:3"]);
    check("# A\n", &["README.md:0"]);
}
