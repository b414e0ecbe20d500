//! The kernels' texts and cubins, embedded, so that a binary needs no folder of the repository.

/// Every source file by its path from `kernels/`.
pub const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// What `cargo xtask cubins` built before this binary: `manifest.json`, and `<file>.<arch>.cubin`.
pub const CUBINS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/cubins.rs"));

/// The text of an embedded file.
pub(crate) fn source(name: &str) -> Option<&'static str> {
    SOURCES.iter().find(|(path, _)| *path == name).map(|(_, text)| *text)
}

/// A digest of everything a kernel file is compiled from: its own text and every header.
#[must_use]
pub fn digest<'a>(file: &str, text: impl Fn(&str) -> Option<&'a str>, flags: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &str| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    add(text(file).unwrap_or_default());
    for (path, _) in SOURCES.iter().filter(|(path, _)| is_header(path)) {
        add(path);
        add(text(path).unwrap_or_default());
    }
    flags.iter().for_each(|flag| add(flag));
    hasher.finalize().to_hex()[..24].to_owned()
}

fn is_header(path: &str) -> bool {
    path.ends_with(".cuh") || path.ends_with(".h")
}

/// A kernel file with its headers written in place of their `#include`s, each once: what NVRTC
/// takes, which has no folders to look into.
#[must_use]
pub fn flattened(file: &str) -> String {
    flattened_with(file, &source)
}

/// [`flattened`], of the texts that `text` finds.
pub(crate) fn flattened_with<'a>(file: &str, text: &dyn Fn(&str) -> Option<&'a str>) -> String {
    let (mut out, mut seen) = (String::new(), Vec::new());
    flatten(file, text, &mut seen, &mut out);
    out
}

fn flatten<'a>(
    file: &str,
    text: &dyn Fn(&str) -> Option<&'a str>,
    seen: &mut Vec<String>,
    out: &mut String,
) {
    if seen.iter().any(|name| name == file) {
        return;
    }
    seen.push(file.to_owned());
    for line in text(file).unwrap_or_default().lines() {
        let header = line.strip_prefix("#include \"").and_then(|rest| rest.strip_suffix('"'));
        match header {
            Some(header) if header.ends_with(".cuh") => flatten(header, text, seen, out),
            _ if line.starts_with("#pragma once") => {}
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flattened_file_holds_its_headers_once() {
        let text = flattened("attention_fwd.cu");
        assert_eq!(text.matches("DEV float warp_sum(").count(), 1);
        assert!(text.contains("softmax_step") && !text.contains("#include \"attention.cuh\""));
    }

    /// A checkout that is moved with its `target/` must build.
    #[test]
    fn the_tables_name_no_folder_of_this_machine() {
        let sources = include_str!(concat!(env!("OUT_DIR"), "/sources.rs"));
        let cubins = include_str!(concat!(env!("OUT_DIR"), "/cubins.rs"));
        assert!(sources.contains("cast.cu"));
        for table in [sources, cubins] {
            assert!(!table.contains(env!("CARGO_MANIFEST_DIR")), "{table}");
        }
    }

    #[test]
    fn a_digest_depends_on_headers_and_flags() {
        let plain = digest("cast.cu", source, &[]);
        assert_eq!(plain, digest("cast.cu", source, &[]));
        assert_ne!(plain, digest("cast.cu", source, &["-g".to_owned()]));
        let other = |name: &str| if name == "prims.cuh" { Some("x") } else { source(name) };
        assert_ne!(plain, digest("cast.cu", other, &[]));
    }
}
