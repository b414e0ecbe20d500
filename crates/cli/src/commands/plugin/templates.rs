//! What `quaero plugin new` writes, embedded: the templates of `plugins/templates`, the SDK and the
//! contract.

/// Where a file goes within the new folder, and its text.
pub(super) type File = (&'static str, &'static str);

macro_rules! plugins {
    ($path:literal) => {
        include_str!(concat!("../../../../../plugins/", $path))
    };
}

/// The template of a family in Rust.
pub(super) const RUST: &[File] = &[
    ("README.md", plugins!("templates/rust/README.md")),
    ("train.toml", plugins!("templates/train.toml")),
    (".gitignore", plugins!("templates/rust/gitignore")),
    ("Cargo.toml", plugins!("templates/rust/Cargo.toml")),
    ("src/lib.rs", plugins!("templates/rust/src/lib.rs")),
    ("vendor/sdk/Cargo.toml", plugins!("templates/rust/sdk.toml")),
    ("cases/accept/answer.json", plugins!("templates/rust/cases/accept/answer.json")),
    (
        "cases/accept/the_fence_again.json",
        plugins!("templates/rust/cases/accept/the_fence_again.json"),
    ),
    ("cases/accept/word.json", plugins!("templates/rust/cases/accept/word.json")),
    (
        "cases/reject/copy_of_a_reference.json",
        plugins!("templates/rust/cases/reject/copy_of_a_reference.json"),
    ),
    ("cases/reject/cut.json", plugins!("templates/rust/cases/reject/cut.json")),
    (
        "cases/reject/its_own_mirror_image.json",
        plugins!("templates/rust/cases/reject/its_own_mirror_image.json"),
    ),
    ("cases/reject/many_words.json", plugins!("templates/rust/cases/reject/many_words.json")),
    ("cases/reject/nothing.json", plugins!("templates/rust/cases/reject/nothing.json")),
    (
        "cases/reject/the_word_itself.json",
        plugins!("templates/rust/cases/reject/the_word_itself.json"),
    ),
];

/// What it depends on, as it stands.
pub(super) const SDK: &[File] = &[
    ("Cargo.lock", plugins!("Cargo.lock")),
    ("vendor/wit/family.wit", plugins!("wit/family.wit")),
    ("vendor/sdk/src/azr.rs", plugins!("sdk/src/azr.rs")),
    ("vendor/sdk/src/azr/ask.rs", plugins!("sdk/src/azr/ask.rs")),
    ("vendor/sdk/src/azr/proposal.rs", plugins!("sdk/src/azr/proposal.rs")),
    ("vendor/sdk/src/azr/settings.rs", plugins!("sdk/src/azr/settings.rs")),
    ("vendor/sdk/src/bindings.rs", plugins!("sdk/src/bindings.rs")),
    ("vendor/sdk/src/blocks.rs", plugins!("sdk/src/blocks.rs")),
    ("vendor/sdk/src/blocks/fence.rs", plugins!("sdk/src/blocks/fence.rs")),
    ("vendor/sdk/src/equal.rs", plugins!("sdk/src/equal.rs")),
    ("vendor/sdk/src/family.rs", plugins!("sdk/src/family.rs")),
    ("vendor/sdk/src/golden.rs", plugins!("sdk/src/golden.rs")),
    ("vendor/sdk/src/half.rs", plugins!("sdk/src/half.rs")),
    ("vendor/sdk/src/int.rs", plugins!("sdk/src/int.rs")),
    ("vendor/sdk/src/json.rs", plugins!("sdk/src/json.rs")),
    ("vendor/sdk/src/lib.rs", plugins!("sdk/src/lib.rs")),
    ("vendor/sdk/src/options.rs", plugins!("sdk/src/options.rs")),
    ("vendor/sdk/src/parse.rs", plugins!("sdk/src/parse.rs")),
    ("vendor/sdk/src/parse/number.rs", plugins!("sdk/src/parse/number.rs")),
    ("vendor/sdk/src/parse/quoted.rs", plugins!("sdk/src/parse/quoted.rs")),
    ("vendor/sdk/src/printable.rs", plugins!("sdk/src/printable.rs")),
    ("vendor/sdk/src/reading.rs", plugins!("sdk/src/reading.rs")),
    ("vendor/sdk/src/replies.rs", plugins!("sdk/src/replies.rs")),
    ("vendor/sdk/src/repr.rs", plugins!("sdk/src/repr.rs")),
    ("vendor/sdk/src/style.rs", plugins!("sdk/src/style.rs")),
    ("vendor/sdk/src/tags.rs", plugins!("sdk/src/tags.rs")),
    ("vendor/sdk/src/value.rs", plugins!("sdk/src/value.rs")),
];

/// The template of a family in Python.
pub(super) const PYTHON: &[File] = &[
    ("README.md", plugins!("templates/python/README.md")),
    ("train.toml", plugins!("templates/train.toml")),
    (".gitignore", plugins!("templates/python/gitignore")),
    ("family.py", plugins!("templates/python/family.py")),
    ("app.py", plugins!("templates/python/app.py")),
    ("quaero.py", plugins!("templates/python/quaero.py")),
    ("cases/accept/answer.json", plugins!("templates/python/cases/accept/answer.json")),
    (
        "cases/accept/the_fence_again.json",
        plugins!("templates/python/cases/accept/the_fence_again.json"),
    ),
    ("cases/accept/word.json", plugins!("templates/python/cases/accept/word.json")),
    (
        "cases/reject/copy_of_a_reference.json",
        plugins!("templates/python/cases/reject/copy_of_a_reference.json"),
    ),
    ("cases/reject/cut.json", plugins!("templates/python/cases/reject/cut.json")),
    (
        "cases/reject/its_own_mirror_image.json",
        plugins!("templates/python/cases/reject/its_own_mirror_image.json"),
    ),
    ("cases/reject/many_words.json", plugins!("templates/python/cases/reject/many_words.json")),
    ("cases/reject/nothing.json", plugins!("templates/python/cases/reject/nothing.json")),
    (
        "cases/reject/the_word_itself.json",
        plugins!("templates/python/cases/reject/the_word_itself.json"),
    ),
];

/// What it depends on, as it stands.
pub(super) const CONTRACT: &[File] = &[("wit/family.wit", plugins!("wit/family.wit"))];

/// Names the versions that the SDK is built with.
pub(super) const PLUGINS_MANIFEST: &str = plugins!("Cargo.toml");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::SDK;

    /// A file that is added to the SDK must be added here, or new families do not build.
    #[test]
    fn every_file_of_the_sdk_is_copied() {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/sdk/src");
        let mut found = Vec::new();
        for folder in ["", "azr", "blocks", "parse"].map(|name| src.join(name)) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&src).unwrap().display().to_string();
                if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                    found.push(format!("vendor/sdk/src/{name}"));
                }
            }
        }
        for file in found {
            assert!(SDK.iter().any(|(to, _)| *to == file), "{file} is not copied");
        }
    }
}
