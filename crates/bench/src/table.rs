//! What was measured of each case, as rows for machines and for people.

use quaero_kernels::{CUBINS, Device};
use serde_json::{Value, json};

use crate::{Case, Ceilings, Timing};

/// The version of what kernels for warpgroups do.
pub const WARPGROUPS: &str = "wgmma";

/// One row, without what depends on ceilings: they may still improve, by the baseline's.
#[must_use]
pub fn row(case: &Case, version: &str, timing: &Result<Option<Timing>, String>) -> Value {
    let dims: serde_json::Map<String, Value> =
        case.dims.iter().map(|(name, n)| ((*name).to_owned(), json!(n))).collect();
    let mut row = json!({
        "case": case.name, "version": version, "op": case.op, "file": case.file,
        "kernels": case.kernels, "shape": case.shape(), "dims": dims,
        "bytes": case.work.bytes, "flops": case.work.flops,
    });
    match timing {
        Ok(Some(timing)) => {
            let us = timing.us();
            row["us"] = json!(us);
            row["rounds_us"] = json!(timing.rounds);
            row["noise"] = json!(timing.noise());
            row["n_sets"] = json!(timing.n_sets);
            row["gb_s"] = json!(case.work.bytes / us / 1e3);
            row["tflop_s"] = json!(case.work.flops / us / 1e6);
            if timing.n_unwritten > 0 {
                let n = timing.n_unwritten;
                row["error"] = json!(format!("{n} elements of its outputs are not written"));
            }
        }
        Ok(None) => {}
        Err(how) => row["error"] = json!(how),
    }
    row
}

/// Adds the floor, and what share of it was reached.
pub fn hold_against(row: &mut Value, ceilings: &Ceilings) {
    let work = crate::Work {
        bytes: row["bytes"].as_f64().unwrap_or(f64::NAN),
        flops: row["flops"].as_f64().unwrap_or(f64::NAN),
    };
    let floor = work.floor_us(ceilings);
    row["floor_us"] = json!(floor);
    row["bound_by"] = json!(if work.moves(ceilings) { "bytes" } else { "operations" });
    if let Some(us) = row["us"].as_f64() {
        row["of_floor"] = json!(floor / us);
    }
}

/// Adds the baseline's time, and how many times longer ours takes.
pub fn add_baseline(row: &mut Value, baseline: &Value) {
    let Some(theirs) = baseline["us"].as_f64() else {
        if let Some(why) = baseline["error"].as_str() {
            row["torch_error"] = json!(why);
        }
        return;
    };
    row["torch_us"] = json!(theirs);
    row["torch_how"] = baseline["how"].clone();
    if let Some(us) = row["us"].as_f64() {
        row["ratio"] = json!(us / theirs);
    }
}

/// The head of [`cells`].
pub const HEADER: [&str; 9] =
    ["case", "shape", "us", "noise", "GB/s", "TFLOP/s", "of floor", "PyTorch us", "ours/its"];

/// A row for people; what was not measured is a dash.
#[must_use]
pub fn cells(row: &Value) -> Vec<String> {
    let number = |key: &str, digits: usize| {
        row[key].as_f64().map_or("–".to_owned(), |x| format!("{x:.digits$}"))
    };
    let share =
        |key: &str| row[key].as_f64().map_or("–".to_owned(), |x| format!("{:.0} %", 100.0 * x));
    let name = match row["version"].as_str() {
        Some("built-in") | None => row["case"].as_str().unwrap_or_default().to_owned(),
        Some(version) => format!("{} · {version}", row["case"].as_str().unwrap_or_default()),
    };
    let error = row["error"].as_str();
    let us = error.map_or_else(|| number("us", 1), |_| "WRONG".to_owned());
    let tflop_s =
        if row["flops"].as_f64() == Some(0.0) { "–".to_owned() } else { number("tflop_s", 0) };
    vec![
        name,
        row["shape"].as_str().unwrap_or_default().to_owned(),
        us,
        share("noise"),
        number("gb_s", 0),
        tflop_s,
        share("of_floor"),
        number("torch_us", 1),
        number("ratio", 2),
    ]
}

/// What the GPU is; null when emulated.
#[must_use]
pub fn facts(device: &Device) -> Value {
    device.facts().map_or(Value::Null, |facts| {
        json!({
            "name": facts.name,
            "capability": format!("{}.{}", facts.capability.0, facts.capability.1),
            "multiprocessors": facts.n_multiprocessors,
            "l2_bytes": facts.l2_bytes,
            "memory_bytes": facts.memory_bytes,
            "shared_bytes_max": facts.shared_bytes_max,
            "cuda": facts.cuda,
        })
    })
}

/// What the compiler said of every kernel in this binary; null if it holds no cubins.
#[must_use]
pub fn resources() -> Value {
    let found = CUBINS.iter().find(|(name, _)| *name == "manifest.json");
    found.and_then(|(_, text)| serde_json::from_slice(text).ok()).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::TINY;

    const CEILINGS: Ceilings = Ceilings { copy_gb_s: 1000.0, matmul_tflop_s: 100.0 };

    fn case() -> Case {
        crate::cases::of(&TINY).swap_remove(0)
    }

    #[test]
    fn a_timed_row_holds_its_share_of_the_floor_and_the_peer() {
        let case = case();
        let us = case.work.bytes / 1000.0 / 1e3 * 2.0;
        let timing = Timing { rounds: [us, us * 1.1], n_sets: 3, n_unwritten: 0 };
        let mut row = row(&case, "built-in", &Ok(Some(timing)));
        hold_against(&mut row, &CEILINGS);
        add_baseline(&mut row, &json!({"us": us * 2.0, "how": "eager"}));
        let close = |key: &str, want: f64| {
            let got = row[key].as_f64().unwrap();
            assert!((got - want).abs() < 1e-9, "{key}: {got}, expected {want}");
        };
        close("of_floor", 0.5);
        close("ratio", 0.5);
        close("gb_s", 500.0);
        close("noise", 0.1);
        assert_eq!(row["bound_by"], "bytes");
    }

    #[test]
    fn what_was_not_measured_is_no_number() {
        let mut emulated = row(&case(), "built-in", &Ok(None));
        hold_against(&mut emulated, &CEILINGS);
        assert!(emulated["us"].is_null() && emulated["of_floor"].is_null());
        assert_eq!(cells(&emulated)[2], "–");
        let broken = row(&case(), "mine.cu", &Err("CUDA: no".to_owned()));
        assert_eq!(cells(&broken)[2], "WRONG");
        assert!(cells(&broken)[0].ends_with("· mine.cu"));
    }
}
