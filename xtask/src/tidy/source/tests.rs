//! The shape of made-up source files.

use super::super::tests::check_rule;
use super::{
    UNFINISHED, files_are_short, kernels_carry_their_header, lines_are_short,
    modules_say_what_they_are, nothing_is_unfinished,
};

#[test]
fn long_files() {
    let long = "x\n".repeat(601);
    let limit = "x\n".repeat(600);
    let files = [
        ("crates/a/src/limit.rs", limit.as_str()),
        ("crates/a/src/lib.rs", long.as_str()),
        ("crates/a/src/lib/tests.rs", long.as_str()),
        ("crates/a/src/tables.rs", long.as_str()),
        ("docs/page.md", long.as_str()),
    ];
    check_rule(files_are_short, &files, &["crates/a/src/lib.rs:601"]);
}

#[test]
fn long_lines() {
    let limit = "é".repeat(100);
    let text = format!("{limit}\n{limit}x\n");
    check_rule(
        lines_are_short,
        &[("a.rs", &text), ("a.md", &text), ("a/tests.rs", &text)],
        &["a.rs:2"],
    );
}

#[test]
fn silent_modules() {
    let files = [
        ("said.rs", "\n//! What it is.\n"),
        ("silent.rs", "use std::fmt;\n//! Too late.\n"),
        ("empty.rs", ""),
    ];
    check_rule(modules_say_what_they_are, &files, &["silent.rs:1", "empty.rs:1"]);
}

#[test]
fn unfinished_code() {
    for word in UNFINISHED {
        let text = format!("//! A module.\nfn f() {{ {word} }}\n");
        check_rule(nothing_is_unfinished, &[("a.rs", &text)], &["a.rs:2"]);
    }
    check_rule(nothing_is_unfinished, &[("a.rs", "fn ignore(todo: u32) {}\n")], &[]);
}

#[test]
fn kernel_headers() {
    let whole = "// k.cu: y = x\n// Shapes x\n// Layout l\n// Launch g\n// Math m\n// Roofline f\n\
                 // Measured m\n// Oracle o\n// Versions v1\n\nextern \"C\"\n";
    let swapped = whole.replace("// Math m\n// Roofline f\n", "// Roofline f\n// Math m\n");
    let nameless = whole.replace("k.cu:", "other.cu:");
    let short = whole.replace("// Oracle o\n", "");
    check_rule(kernels_carry_their_header, &[("kernels/k.cu", whole)], &[]);
    check_rule(kernels_carry_their_header, &[("kernels/ladder/k/v1.cu", "x")], &[]);
    for broken in [swapped, nameless, short] {
        check_rule(kernels_carry_their_header, &[("kernels/k.cu", &broken)], &["kernels/k.cu:1"]);
    }
}
