//! What may be committed, on made-up trees.

use super::super::tests::{check_places, check_rule, tree_of};
use super::{
    LEN_BYTES_MAX, MACHINE_FOLDERS, families_have_cases, lockfiles_name_one_registry,
    manifests_inherit, no_big_files, no_paths_of_a_machine,
};

#[test]
fn paths_of_a_machine() {
    for folder in MACHINE_FOLDERS {
        let text = format!("see\n`{folder}me/x`\n");
        check_rule(no_paths_of_a_machine, &[("docs/a.md", &text)], &["docs/a.md:2"]);
        let url = format!("https://example.org{folder}x and some{folder}x\n");
        check_rule(no_paths_of_a_machine, &[("docs/a.md", &url)], &[]);
    }
}

#[test]
fn registries() {
    let good = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    let bad = "source = \"registry+https://mirror.example/index\"\n";
    let files = [
        ("Cargo.lock", good),
        ("plugins/Cargo.lock", bad),
        (".cargo/config.toml", "[alias]\n[source.crates-io]\n"),
        ("docs/a.md", bad),
    ];
    let expected = ["plugins/Cargo.lock:1", ".cargo/config.toml:2"];
    check_rule(lockfiles_name_one_registry, &files, &expected);
}

#[test]
fn manifests() {
    let good = "[package]\n[lints]\nworkspace = true\n\n[dependencies]\nserde.workspace = true\n\
                half = { workspace = true, features = [\"x\"] }\n\n[features]\ndefault = []\n";
    let no_lints = "[package]\n";
    let version = "[package]\n[lints]\nworkspace = true\n\n[dev-dependencies]\nserde = \"1\"\n";
    let files = [
        ("crates/a/Cargo.toml", good),
        ("crates/b/Cargo.toml", no_lints),
        ("crates/c/Cargo.toml", version),
        ("Cargo.toml", "[workspace]\n"),
    ];
    check_rule(manifests_inherit, &files, &["crates/b/Cargo.toml:0", "crates/c/Cargo.toml:6"]);
}

#[test]
fn big_files() {
    let mut tree =
        tree_of(&[("a.bin", ""), ("b.bin", ""), ("plugins/interpreter/interpreter.wasm.xz", "")]);
    for (file, len_bytes) in tree.files.iter_mut().zip([LEN_BYTES_MAX, LEN_BYTES_MAX + 1, 1 << 22])
    {
        file.len_bytes = len_bytes;
    }
    check_places(&no_big_files(&tree), &["b.bin:0"]);
}

#[test]
fn cases_of_families() {
    let family = "[package]\n[lib]\ncrate-type = [\"cdylib\"]\n";
    let files = [
        ("plugins/sdk/Cargo.toml", "[package]\n"),
        ("plugins/hostile/Cargo.toml", family),
        ("plugins/math/Cargo.toml", family),
        ("plugins/math/cases/accept/one.json", "{}"),
        ("plugins/python/Cargo.toml", family),
        ("plugins/python/cases/accept/one.json", "{}"),
        ("plugins/python/cases/reject/one.json", "{}"),
    ];
    check_rule(families_have_cases, &files, &["plugins/math/Cargo.toml:0"]);
}
