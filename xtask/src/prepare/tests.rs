//! Families found in metadata, components laid in place.

use serde_json::json;

use super::{Family, families, lay};

#[test]
fn only_components_are_families() {
    let metadata = json!({"packages": [
        {"name": "quaero-sdk", "targets": [{"name": "quaero_sdk", "crate_types": ["lib"]}]},
        {"name": "quaero-two-words", "targets": [
            {"name": "quaero-two-words", "crate_types": ["cdylib", "rlib"]},
            {"name": "cases", "crate_types": ["bin"]},
        ]},
    ]});
    let expected =
        Family { name: "two-words".to_owned(), file: "quaero_two_words.wasm".to_owned() };
    assert_eq!(families(&metadata), [expected]);
}

#[test]
fn an_unchanged_component_keeps_its_time() {
    let scratch = std::env::temp_dir().join(format!("quaero-xtask-lay-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).unwrap();
    let from = scratch.join("built.wasm");
    let laid = scratch.join("laid");
    std::fs::write(&from, b"one").unwrap();
    lay(&from, &laid, "family.wasm").unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    let file = std::fs::File::options().write(true).open(laid.join("family.wasm")).unwrap();
    file.set_modified(long_ago).unwrap();

    lay(&from, &laid, "family.wasm").unwrap();
    let time = std::fs::metadata(laid.join("family.wasm")).unwrap().modified().unwrap();
    assert_eq!(time, long_ago);

    std::fs::write(&from, b"two").unwrap();
    lay(&from, &laid, "family.wasm").unwrap();
    assert_eq!(std::fs::read(laid.join("family.wasm")).unwrap(), b"two");
    assert_eq!(std::fs::read_dir(&laid).unwrap().count(), 1);
    std::fs::remove_dir_all(&scratch).unwrap();
}
