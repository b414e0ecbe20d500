//! Circles in made-up crates.

use super::super::tests::{check_rule, tree_of};
use super::files_form_no_circle;
use super::tokens::tokens;

const LIB: (&str, &str) = ("crates/a/src/lib.rs", "mod one;\nmod two;\n");

#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    check_rule(files_form_no_circle, files, expected);
}

#[test]
fn two_files_that_import_each_other() {
    let files = [
        LIB,
        ("crates/a/src/one.rs", "\nuse crate::two::{Two, other};\n"),
        ("crates/a/src/two.rs", "fn f() {\n    super::one::g();\n}\n"),
    ];
    check(&files, &["crates/a/src/one.rs:2"]);
    let what = &files_form_no_circle(&tree_of(&files))[0].what;
    let ways = "crates/a/src/one.rs → crates/a/src/two.rs → crates/a/src/one.rs";
    assert!(what.ends_with(ways), "{what}");
    check(&files[..2], &[]);
}

#[test]
fn a_re_export_leads_to_the_file_that_defines() {
    let root = "mod one;\nmod two;\nmod three;\npub use one::One;\npub(crate) use two::*;\n";
    let one = ("plugins/a/src/one.rs", "use crate::Two as Second;\npub struct One;\n");
    let two = ("plugins/a/src/two.rs", "use crate::Three;\npub struct Two;\n");
    let three = ("plugins/a/src/three.rs", "pub struct Three(crate::One);\n");
    let with = |root: &str| format!("{root}use three::Three;\n");
    check(&[("plugins/a/src/lib.rs", &with(root)), one, two, three], &["plugins/a/src/one.rs:1"]);
    let hidden = with(root).replace("*", "Other");
    check(&[("plugins/a/src/lib.rs", &hidden), one, two, three], &[]);
}

#[test]
fn a_file_and_its_folder_know_each_other() {
    let folder = ("crates/a/src/one/part.rs", "use super::One;\n");
    let one = "mod part;\nuse part::Part;\npub struct One;\n";
    check(&[LIB, folder, ("crates/a/src/one.rs", one)], &[]);
    // One step down into the folder and back by another file is a circle all the same.
    let two = ("crates/a/src/two.rs", "use crate::one::One;\n");
    let folder = ("crates/a/src/one/part.rs", "use crate::two::Two;\n");
    check(&[LIB, ("crates/a/src/one.rs", one), folder, two], &["crates/a/src/one.rs:2"]);
}

#[test]
fn tests_comments_and_strings_import_nothing() {
    let one = "use crate::two::Two;\n#[cfg(test)]\nmod tests { use crate::two::Two; }\n";
    let two = "// use crate::one::One;\n/* crate::one::One /* */ crate::one::x */\n\
               const A: &str = \"crate::one::One\";\nconst B: &str = r#\"\"crate::one\"#;\n\
               #[cfg(test)]\nuse crate::one::One;\n#[cfg(test)]\nmod tests {\n\
               use crate::one::{One, f};\n}\nconst C: char = '\"';\n";
    check(&[LIB, ("crates/a/src/one.rs", one), ("crates/a/src/two.rs", two)], &[]);
    let three = format!("{two}use crate::one::One;\n");
    let files = [LIB, ("crates/a/src/one.rs", one), ("crates/a/src/two.rs", three.as_str())];
    check(&files, &["crates/a/src/one.rs:1"]);
    // Another crate's files, and a file of tests, are no part of it.
    let apart = [LIB, ("crates/a/src/one.rs", one), ("crates/b/src/two.rs", three.as_str())];
    check(&apart, &[]);
    let tests = [LIB, ("crates/a/src/one.rs", one), ("crates/a/src/two/tests.rs", three.as_str())];
    check(&tests, &[]);
}

#[test]
fn one_finding_a_circle() {
    let files = [
        LIB,
        ("crates/a/src/a.rs", "use crate::b::B;\n"),
        ("crates/a/src/b.rs", "use crate::a::A;\nuse crate::c::C;\n"),
        ("crates/a/src/c.rs", "use crate::d::D;\n"),
        ("crates/a/src/d.rs", "use crate::c::C;\n"),
    ];
    check(&files, &["crates/a/src/a.rs:1", "crates/a/src/c.rs:1"]);
}

#[test]
fn literals_are_passed_over() {
    let source = "a 'x' '\\'' '\\u{41}' &'b c b\"q\\\"\" r##\"\"#\"## br\"\\\" 'é' d 1.0";
    let names: Vec<&str> = tokens(source).iter().map(|token| token.text).collect();
    assert_eq!(names, ["a", "&", "b", "c", "d", "1", ".", "0"]);
}
