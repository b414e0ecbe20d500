//! `cargo xtask gpu-check --write-headers RECORD.json`: the line `Measured` of every kernel's
//! header, out of a recorded check. By hand they would age; so they name device and commit.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::say::say;
use crate::shell;

const COLUMNS_MAX: usize = 100;
const FIELD: &str = "// Measured ";
/// What stands where a field goes on.
const MORE: &str = "//          ";
/// The shapes that headers tell of: those that their rooflines are counted for.
const MODEL: &str = " 1.7b";

/// Writes the headers of `kernels/*.cu`.
///
/// # Errors
/// When the record cannot be read or tells of no kernel, or a header has no such field.
pub(super) fn run(record: &str) -> Result<ExitCode> {
    let text = std::fs::read_to_string(record).with_context(|| format!("cannot read {record}"))?;
    let record: Value =
        serde_json::from_str(&text).with_context(|| format!("{record} is not JSON"))?;
    let folder = shell::root().join("kernels");
    let mut n_written = 0;
    for entry in std::fs::read_dir(&folder).context("cannot list kernels/")? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".cu") && write(&path, &name, &record)? {
            n_written += 1;
        }
    }
    if n_written == 0 {
        bail!("the record tells of no kernel that is here, or the headers hold all of it already");
    }
    say(&format!("{n_written} headers written; the cubins are to be built again"));
    Ok(ExitCode::SUCCESS)
}

/// Writes the header of one file; whether anything changed. What was not measured stays.
fn write(path: &Path, name: &str, record: &Value) -> Result<bool> {
    let Some(lines) = measured(name, record) else { return Ok(false) };
    let text = std::fs::read_to_string(path)?;
    let fresh = replaced(&text, &lines)
        .with_context(|| format!("{name}: its header has no line `{FIELD}`"))?;
    if fresh == text {
        return Ok(false);
    }
    std::fs::write(path, fresh).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

/// The field for a file: device and commit, then each case with microseconds and share of roofline.
fn measured(file: &str, record: &Value) -> Option<Vec<String>> {
    let steps = record["steps"].as_array()?;
    let kernels = &steps.iter().find(|step| step["step"] == "kernels")?["found"];
    let mut cases = Vec::new();
    for case in kernels["cases"].as_array()? {
        let version = case["version"].as_str().unwrap_or("built-in");
        let is_ours = ["built-in", "wgmma"].contains(&version);
        if case["file"] != file || !is_ours || case["error"].is_string() {
            continue;
        }
        let op = case["case"].as_str()?.strip_suffix(MODEL);
        let (Some(op), Some(us)) = (op, case["us"].as_f64()) else { continue };
        let roofline = case["of_roofline"].as_f64();
        let share = roofline.map_or(String::new(), |share| format!(" ({:.0} %)", 100.0 * share));
        cases.push(format!("{op} {us:.1}{share}"));
    }
    if cases.is_empty() {
        return None;
    }
    let device = record["device"].as_str().unwrap_or("GPU").trim_start_matches("NVIDIA ");
    let commit = record["commit"].as_str().unwrap_or("unknown");
    let head = format!("{device}, {commit}; us (share of that run's roofline) at 1.7b: ");
    Some(wrapped(&head, &cases))
}

/// `cases` after `head`, parted by commas, in lines that are short enough.
fn wrapped(head: &str, cases: &[String]) -> Vec<String> {
    let mut lines = vec![format!("{FIELD}{head}")];
    for (idx, case) in cases.iter().enumerate() {
        let end = if idx + 1 < cases.len() { ", " } else { "" };
        let line = lines.last_mut().expect("there is a first line");
        if line.chars().count() + case.chars().count() + end.trim().len() > COLUMNS_MAX {
            lines.push(MORE.to_owned());
        }
        lines.last_mut().expect("there is a line").push_str(&format!("{case}{end}"));
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

/// `text` with `lines` in the place of its field, or nothing if it has none.
fn replaced(text: &str, lines: &[String]) -> Option<String> {
    let all: Vec<&str> = text.split('\n').collect();
    let at = all.iter().position(|line| line.starts_with(FIELD))?;
    let more = all[at + 1..].iter().take_while(|line| line.starts_with(MORE)).count();
    let fresh = lines.iter().map(String::as_str);
    let parts = all[..at].iter().copied().chain(fresh).chain(all[at + 1 + more..].iter().copied());
    Some(parts.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record() -> Value {
        let case = |name: &str, us: f64| {
            json!({"case": name, "file": "gemm.cu", "version": "built-in", "us": us,
                   "of_roofline": 0.254})
        };
        let mut cases: Vec<Value> =
            (0..9).map(|i| case(&format!("gemm_number_{i} 1.7b"), 1000.0 + f64::from(i))).collect();
        cases.push(case("gemm_other 0.5b", 1.0));
        cases.push(json!({"case": "gemm_bad 1.7b", "file": "gemm.cu", "error": "off"}));
        cases.push(json!({"case": "x 1.7b", "file": "gemm.cu", "version": "ladder v1", "us": 2.0}));
        json!({"device": "NVIDIA H100 80GB HBM3", "commit": "1976c51",
               "steps": [{"step": "kernels", "found": {"cases": cases}}]})
    }

    const HEADER: &str = "// gemm.cu: C = A B\n// Roofline much\n// Measured not measured\n\
                          // Oracle   testkit\n#include \"tile.cuh\"\n";

    #[test]
    fn a_header_gets_its_figures_and_nothing_else_changes() {
        let lines = measured("gemm.cu", &record()).unwrap();
        assert!(lines[0].starts_with("// Measured H100 80GB HBM3, 1976c51; us"), "{lines:?}");
        assert!(lines.iter().all(|line| line.chars().count() <= COLUMNS_MAX), "{lines:?}");
        let all = lines.join("\n");
        for i in 0..9 {
            assert!(all.contains(&format!("gemm_number_{i} 100{i}.0 (25 %)")), "{all}");
        }
        for absent in ["other", "bad", "x 2.0"] {
            assert!(!all.contains(absent), "{absent} in {all}");
        }
        let fresh = replaced(HEADER, &lines).unwrap();
        assert!(fresh.starts_with("// gemm.cu: C = A B\n// Roofline much\n// Measured H100"));
        assert!(fresh.ends_with(" (25 %)\n// Oracle   testkit\n#include \"tile.cuh\"\n"));
        // Again over its own work: the continuation lines go with the field.
        assert_eq!(replaced(&fresh, &lines).unwrap(), fresh);
        let short = replaced(&fresh, &["// Measured not measured".to_owned()]).unwrap();
        assert_eq!(short, HEADER);
    }

    #[test]
    fn what_was_not_measured_is_not_written() {
        assert!(measured("cast.cu", &record()).is_none());
        assert!(measured("gemm.cu", &json!({"steps": []})).is_none());
        assert!(replaced("// gemm.cu: C\n", &[]).is_none());
    }
}
