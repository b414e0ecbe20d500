//! What may lie in a plugin folder: not only families.

use std::path::Path;

use quaero_runtime::{Host, Options};

use crate::families::{hostile, options};

/// Opens a host over a folder with `bytes` in a plugin file.
#[track_caller]
fn check(bytes: &[u8], words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("guest.wasm"), bytes).unwrap();
    let text = refusal(folder.path());
    let all = words.iter().chain(&["guest.wasm"]).all(|word| text.contains(word));
    assert!(all, "{text}");
}

fn refusal(path: &Path) -> String {
    let options = Options { paths: vec![path.to_owned()], ..Options::default() };
    Host::open(options).err().expect("refused").to_string()
}

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn files_that_are_no_components() {
    check(b"", &["not a WebAssembly component"]);
    check(b"#!/bin/sh\necho hello\n", &["not a WebAssembly component"]);
    check(&component("(module)"), &["core module", "wasm32-wasip2"]);
    check(b"\0asm\x0d\0\x01\0\x07", &["not a WebAssembly component"]);
    check(&component("(component)"), &["does not fit the world `family`", "play"]);
}

#[test]
fn truncated_components() {
    let Some(wasm) = hostile() else { return };
    // At 8 it is an empty component, and whole.
    for len in [5, 7, 9, 100, wasm.len() / 2, wasm.len() - 1] {
        check(&wasm[..len], &["not a WebAssembly component"]);
    }
}

#[test]
fn foreign_imports_are_named() {
    let spy = r#"(component
        (import "wasi:http/types@0.2.0" (instance))
        (import "evil:spy/net@1.0.0" (instance))
        (import "wasi:cli/environment@0.2.0" (instance)))"#;
    check(&component(spy), &["wasi:http/types@0.2.0, evil:spy/net@1.0.0,"]);
    let judge = r#"(component (import "quaero:family/judge@0.1.0" (instance)))"#;
    check(&component(judge), &["quaero:family/judge@0.1.0"]);
}

#[test]
fn another_version_is_named_with_ours() {
    let old = r#"(component (import "quaero:family/log@0.0.9" (instance)))"#;
    check(&component(old), &["quaero:family@0.0.9", "quaero:family@0.1.0"]);
    let new = r#"(component (instance $i) (export "quaero:family/play@0.2.0" (instance $i)))"#;
    check(&component(new), &["quaero:family@0.2.0", "quaero:family@0.1.0"]);
}

#[test]
fn what_does_not_load_hides_nothing() {
    let Some(wasm) = hostile() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (name, bytes) in [("a.wasm", &b"no wasm"[..]), ("b.wasm", wasm), ("c.wasm", wasm)] {
        std::fs::write(at(name), bytes).unwrap();
    }
    let paths = vec![folder.path().to_owned(), at("missing")];
    let options = Options { paths, embedded: Vec::new(), ..options(wasm) };
    let (host, refused) = Host::open_each(options.grant("nobody", "interpreter")).unwrap();
    let family = host.family("hostile").unwrap();
    assert_eq!(family.source(), at("b.wasm").display().to_string());
    assert_eq!((family.digest().len(), family.granted().len()), (16, 0));
    let mut told: Vec<(String, String)> =
        refused.into_iter().map(|one| (one.source, one.error.to_string())).collect();
    told.sort();
    let words = ["not a WebAssembly component", "both call themselves", "plugins.paths"];
    for ((source, error), (name, word)) in
        told.iter().zip(["a.wasm", "c.wasm", "missing"].iter().zip(words))
    {
        assert_eq!(*source, at(name).display().to_string());
        assert!(error.contains(word), "{error}");
    }
    assert_eq!(told.len(), 3);
}

#[test]
fn folders_and_files_and_embedded_families() {
    let Some(wasm) = hostile() else { return };
    let folder = tempfile::tempdir().unwrap();
    let text = refusal(&folder.path().join("missing"));
    assert!(text.contains("missing") && text.contains("plugins.paths"), "{text}");

    std::fs::write(folder.path().join("readme.txt"), "not a plugin").unwrap();
    let file = folder.path().join("h.wasm");
    std::fs::write(&file, wasm).unwrap();
    let mut both = options(wasm);
    both.paths = vec![folder.path().to_owned()];
    let host = Host::open(both.clone()).unwrap();
    let source = host.family("hostile").unwrap().source().to_owned();
    assert_eq!(source, file.display().to_string(), "the file replaces the embedded family");
    assert_eq!(host.families().count(), 1);
    assert!(host.family("python").is_none() && host.interpreter().is_none());

    both.paths.push(file);
    let text = Host::open(both).err().unwrap().to_string();
    assert!(text.contains("both call themselves \"hostile\""), "{text}");
}
