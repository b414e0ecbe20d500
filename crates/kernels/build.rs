//! Lists the kernels' sources and, where they have been built, their cubins, for embedding.
//!
//! No path that leaves here is absolute: a checkout that is moved with its `target/` still builds.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// `kernels/`, seen from this crate, where Cargo starts a build script.
const FOLDER: &str = "../../kernels";

fn main() {
    println!("cargo:rerun-if-changed={FOLDER}");
    let mut files = Vec::new();
    list(Path::new(FOLDER), "", &mut files);
    files.sort();
    let sources = files.iter().map(String::as_str).filter(|name| {
        [".cu", ".cuh", ".h", ".cpp", "kernels.toml"].iter().any(|end| name.ends_with(end))
    });
    write("sources.rs", "include_str", sources.map(|name| (name, name)));
    let cubins = files.iter().filter_map(|name| Some((name.strip_prefix("cubins/")?, &name[..])));
    write("cubins.rs", "include_bytes", cubins);
}

/// Writes a table of embedded files: the name of each and, by `macro_name`, what it holds.
fn write<'a>(file: &str, macro_name: &str, entries: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut text = String::from("&[\n");
    for (name, path) in entries {
        let path = format!("/{FOLDER}/{path}");
        let folder = "env!(\"CARGO_MANIFEST_DIR\")";
        writeln!(text, "    ({name:?}, {macro_name}!(concat!({folder}, {path:?}))),")
            .expect("a string grows");
    }
    text.push_str("]\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    std::fs::write(out.join(file), text).expect("OUT_DIR can be written");
}

/// Every file under `folder`, by its path from there.
fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("kernels/ can be read").flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{name}/"), files);
        } else if !name.starts_with('.') {
            files.push(name);
        }
    }
}
