//! Lists the kernels' sources and, where they have been built, their cubins, for embedding.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kernels");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    list(&folder, "", &mut files);
    files.sort();
    let mut text = String::from("&[\n");
    for (name, path) in &files {
        if [".cu", ".cuh", ".h", ".cpp", "kernels.toml"].iter().any(|end| name.ends_with(end)) {
            writeln!(text, "    ({name:?}, include_str!({path:?})),").expect("a string grows");
        }
    }
    text.push_str("]\n");
    let mut cubins = String::from("&[\n");
    for (name, path) in &files {
        if let Some(name) = name.strip_prefix("cubins/") {
            writeln!(cubins, "    ({name:?}, include_bytes!({path:?})),").expect("a string grows");
        }
    }
    cubins.push_str("]\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    std::fs::write(out.join("sources.rs"), text).expect("OUT_DIR can be written");
    std::fs::write(out.join("cubins.rs"), cubins).expect("OUT_DIR can be written");
}

/// Every file under `folder`, by its path from there.
fn list(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) {
    for entry in std::fs::read_dir(folder).expect("kernels/ can be read").flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        if path.is_dir() {
            list(&path, &format!("{name}/"), files);
        } else if !name.starts_with('.') {
            files.push((name, path.canonicalize().expect("a listed file is there")));
        }
    }
}
