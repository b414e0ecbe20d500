//! `quaero plugin new`: a family from a template, with a copy of the SDK and of the contract, so
//! that its folder is whole wherever it lies.

use std::path::{Path, PathBuf};

use anyhow::Context;
use quaero_terminal::{UsageError, print};

use super::templates::{CONTRACT, PLUGINS_MANIFEST, PYTHON, RUST, SDK};
use crate::args::{Lang, PluginNew};

pub(super) fn run(args: &PluginNew) -> anyhow::Result<()> {
    let name = &args.name;
    if !is_name(name) {
        let what = format!(
            "`{name}` is no name for a family: lower-case letters, digits, `-` and `_`, a letter \
             first, at most 64"
        );
        return Err(UsageError(what).into());
    }
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(name));
    if folder.exists() {
        let what = format!("{} is there already: choose another --dir", folder.display());
        return Err(UsageError(what).into());
    }
    let (template, fixed) = match args.lang {
        Lang::Rust => (RUST, SDK),
        Lang::Python => (PYTHON, CONTRACT),
    };
    for (to, text) in template {
        write(&folder, (to, &filled(text, name)))?;
    }
    for file in fixed {
        write(&folder, *file)?;
    }
    let source = if args.lang == Lang::Rust { "src/lib.rs" } else { "family.py" };
    let at = |file: &str| print::quoted(&folder.join(file));
    print::line(&folder.display().to_string());
    let to_fill = folder.join(source);
    print::note(&format!("a family `{name}`; what to fill in is {}. Next:", to_fill.display()));
    print::note(&format!("  cargo xtask plugin build {}", print::quoted(&folder)));
    print::note(&format!("  cargo xtask plugin check {}", at(&format!("{name}.wasm"))));
    print::note(&format!("  cargo xtask plugin try {name} --config {}", at("train.toml")));
    print::note(&format!("  cargo xtask train {}", at("train.toml")));
    Ok(())
}

fn is_name(name: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    name.len() <= 64
        && name.bytes().all(plain)
        && name.starts_with(|first: char| first.is_ascii_lowercase())
}

/// A template's text with its marks filled in.
fn filled(text: &str, name: &str) -> String {
    let version = |of: &str| {
        let line = PLUGINS_MANIFEST.lines().find(|line| line.starts_with(&format!("{of} = ")));
        // A test builds a family from the template.
        line.expect("plugins/Cargo.toml names the versions of the SDK")
    };
    text.replace("@NAME@", name)
        .replace("@SERDE_JSON@", version("serde_json"))
        .replace("@WIT_BINDGEN@", version("wit-bindgen"))
}

fn write(folder: &Path, (to, text): (&str, &str)) -> anyhow::Result<()> {
    let path = folder.join(to);
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(&path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_usable_everywhere() {
        let check = |name: &str, expected| assert_eq!(is_name(name), expected, "{name:?}");
        check("mirror", true);
        check("my-family_2", true);
        check("", false);
        check("2nd", false);
        check("Mirror", false);
        check("a/b", false);
        check("a.b", false);
        check(&"a".repeat(65), false);
    }

    #[test]
    fn no_mark_is_left() {
        for (to, text) in RUST.iter().chain(PYTHON) {
            let text = filled(text, "mine");
            let upper = |(at, _): (usize, &str)| text[at + 1..].starts_with(char::is_uppercase);
            assert!(!text.match_indices('@').any(upper), "{to}: {text}");
        }
    }

    #[test]
    fn a_folder_that_is_there_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let dir = Some(folder.path().to_owned());
        let args = PluginNew { name: "mine".to_owned(), lang: Lang::Rust, dir };
        let error = run(&args).unwrap_err();
        assert!(error.is::<UsageError>() && error.to_string().contains("--dir"), "{error}");
    }
}
