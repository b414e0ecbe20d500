//! Privileges in made-up crates.

use super::super::tests::check_rule;
use super::{
    mints, nothing_is_global, secrets_stay_with_the_judges, tasks_are_minted_by_verify,
    the_clock_has_few_readers, unsafe_code_is_proved,
};

#[test]
fn secrets() {
    let look = concat!("//! A module.\nlet gold = secret.reve", "al();\n");
    let in_tests = format!("//! A module.\n#[cfg(test)]\nmod tests {{\n{look}\n}}\n");
    let files = [
        ("crates/verify/src/gold.rs", look),
        ("crates/play/src/lib.rs", look),
        ("crates/play/src/lib/tests.rs", look),
        ("crates/engine/src/lib.rs", in_tests.as_str()),
        ("crates/verify_not/src/lib.rs", look),
    ];
    let expected = ["crates/play/src/lib.rs:2", "crates/verify_not/src/lib.rs:2"];
    check_rule(secrets_stay_with_the_judges, &files, &expected);
}

#[test]
fn minting() {
    let mint = "//! A module.\nlet task = Task { id, kind };\n";
    let knows = "[dependencies]\nquaero-types.workspace = true\n";
    let files = [
        ("crates/verify/Cargo.toml", knows),
        ("crates/verify/src/lib.rs", mint),
        ("crates/train/Cargo.toml", knows),
        ("crates/train/src/lib.rs", mint),
        ("crates/cpu/Cargo.toml", "[dependencies]\n"),
        ("crates/cpu/src/pool.rs", mint),
    ];
    check_rule(tasks_are_minted_by_verify, &files, &["crates/train/src/lib.rs:2"]);
}

#[test]
fn what_is_a_literal() {
    for line in ["Ok(Task { id })", "let t = types::Task {", "Task {", "Some(quaero_types::Task {"]
    {
        assert!(mints(line), "{line}");
    }
    let others = [
        "pub struct Task {",
        "impl Task {",
        "impl fmt::Display for Task {",
        "fn first(&self) -> Task {",
        "let Task { id, .. } = task;",
        "BenchTask { id }",
        "my_Task { id }",
        "// a Task { … } is made by verify",
    ];
    for line in others {
        assert!(!mints(line), "{line}");
    }
}

#[test]
fn unsafe_modules() {
    let lifts = concat!("//! A module.\n#![expect(unsafe", "_code, reason = \"map\")]\n");
    let page = "| `crates/weights/src/map.rs` | proof |\n| `crates/gone/src/lib.rs` | proof |\n";
    let files = [
        ("crates/weights/src/map.rs", lifts),
        ("crates/cpu/src/simd.rs", lifts),
        ("docs/unsafe.md", page),
    ];
    let expected = ["crates/cpu/src/simd.rs:2", "docs/unsafe.md:2"];
    check_rule(unsafe_code_is_proved, &files, &expected);
}

#[test]
fn clocks() {
    let look = concat!("//! A module.\nlet start = Instant", "::now();\n");
    let files = [
        ("crates/cli/src/main.rs", look),
        ("crates/train/src/clock.rs", look),
        ("crates/train/src/step.rs", look),
        ("crates/train/src/step/tests.rs", look),
        ("crates/engine/examples/rollout.rs", look),
        ("plugins/math/src/lib.rs", look),
    ];
    let expected = ["crates/train/src/step.rs:2", "plugins/math/src/lib.rs:2"];
    check_rule(the_clock_has_few_readers, &files, &expected);
}

#[test]
fn globals() {
    let text = "//! No static A: AtomicU64.\n\
                static COUNT: AtomicU64 = AtomicU64::new(0);\n\
                pub(crate) static CACHE: OnceLock<u8> = OnceLock::new();\n\
                thread_local! {\n\
                static TABLE: [u8; 4] = [0; 4];\n\
                fn f(x: &'static str, cache: Mutex<u8>) {}\n";
    let files = [("crates/a/src/lib.rs", text), ("plugins/a/src/lib.rs", text)];
    let places = ["crates/a/src/lib.rs:2", "crates/a/src/lib.rs:3", "crates/a/src/lib.rs:4"];
    check_rule(nothing_is_global, &files, &places);
}
