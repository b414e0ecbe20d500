//! On a GPU: time against floors, superseded versions and the user's own beside ours.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use quaero_bench::source::Numbers;
use quaero_bench::{Ceilings, Source, Timing, bits as of_rows, ceilings, table};
use quaero_kernels::{CudaOptions, Device, SOURCES};
use quaero_terminal::print;
use serde_json::{Value, json};

use super::subject::Subject;
use super::{baseline, emulated};
use crate::args::BenchKernels;
use crate::place::cache;

/// Shapes of products whose rows are compared: of the two models.
const BITS: &[(usize, usize)] = &[(2048, 2048), (4096, 2048), (896, 896), (896, 4864)];

pub(super) fn measure(
    args: &BenchKernels,
    subject: &Subject,
    device: &Device,
) -> anyhow::Result<Value> {
    let mut all = json!({"facts": table::facts(device)});
    let numbers = Numbers::many();
    let built_in = Device::cuda(CudaOptions::new(cache()))?;
    let mut source = Source::new(&built_in, &numbers)?;
    // What fails on the device is told with the rest: a first run on new hardware shows all of it.
    let mut troubles = Vec::new();
    let ours = ceilings(&mut source).unwrap_or_else(|error| {
        troubles.push(format!("ceilings: {error}"));
        None
    });
    let mut rows = Vec::new();
    time(subject, "built-in", &mut source, &mut rows);
    drop(source);
    if built_in.has_warpgroups() {
        let device = built_in.clone().with_warpgroups()?;
        time_warpgroups(subject, &mut Source::new(&device, &numbers)?, &mut rows);
    }
    for (version, file, text) in ladder() {
        if subject.has_file(&file) {
            let overlay = BTreeMap::from([(file.clone(), text)]);
            let options = CudaOptions { overlay, ..CudaOptions::new(cache()) };
            let opened = Device::cuda(options).and_then(|device| Source::new(&device, &numbers));
            match opened {
                Ok(mut source) => {
                    time_file(subject, &file, &version, &mut source, &mut rows);
                }
                Err(error) => troubles.push(format!("{file}, {version}: {error}")),
            }
        }
    }
    if let Some(variant) = &subject.variant {
        let (tests, _) = emulated::judge(subject, &[device.clone(), device.clone()]);
        all["tests"] = json!(tests);
        let mut source = Source::new(device, &numbers)?;
        time(subject, &variant.label, &mut source, &mut rows);
    }
    if let Err(error) = built_in.trim() {
        troubles.push(format!("giving memory to the baseline: {error}"));
    }
    let baseline = baseline::torch(args, &rows);
    let best = best(ours, &baseline);
    for row in &mut rows {
        if let Some(best) = &best {
            table::hold_against(row, best);
        }
        let name = row["case"].as_str().unwrap_or_default().to_owned();
        table::add_baseline(row, &baseline["cases"][&name]);
    }
    all["ceilings"] = json!({
        "copy_gb_s": best.map(|best| best.copy_gb_s),
        "matmul_tflop_s": best.map(|best| best.matmul_tflop_s),
        "ours": ours.map(|c| json!({"copy_gb_s": c.copy_gb_s, "matmul_tflop_s": c.matmul_tflop_s})),
        "torch": baseline["ceilings"],
    });
    all["torch"] = json!({"version": baseline["torch"], "missing": baseline["missing"],
                          "seconds": baseline["seconds"]});
    all["cases"] = json!(rows);
    troubles.extend(notes(best, &baseline));
    all["notes"] = json!(troubles);
    Ok(all)
}

/// Times the subject's cases on a device of `version`.
fn time(subject: &Subject, version: &str, source: &mut Source, rows: &mut Vec<Value>) {
    for case in quaero_bench::all() {
        if subject.has_case(&case) {
            rows.push(table::row(&case, version, &guarded(&case, source)));
        }
    }
}

/// Times the kernels for warpgroups, where a case has one, beside the portable ones.
fn time_warpgroups(subject: &Subject, source: &mut Source, rows: &mut Vec<Value>) {
    for case in quaero_bench::all() {
        let Some((file, kernel)) = &case.warpgroups else { continue };
        if subject.has_case(&case) {
            let mut row = table::row(&case, table::WARPGROUPS, &guarded(&case, source));
            row["file"] = json!(file);
            row["kernels"] = json!([kernel]);
            rows.push(row);
        }
    }
}

/// A superseded version is timed where its file's cases are, once: it shows what changed.
fn time_file(
    subject: &Subject,
    file: &str,
    version: &str,
    source: &mut Source,
    rows: &mut Vec<Value>,
) {
    let mut cases = quaero_bench::all().into_iter();
    if let Some(case) = cases.find(|case| case.file == file && subject.has_case(case)) {
        rows.push(table::row(&case, version, &guarded(&case, source)));
    }
}

/// A case that fails says so in its row; the others go on.
fn guarded(case: &quaero_bench::Case, source: &mut Source) -> Result<Option<Timing>, String> {
    print::note(&format!("timing {}", case.name));
    let outcome = catch_unwind(AssertUnwindSafe(|| quaero_bench::measure(case, source)));
    match outcome {
        Ok(timing) => timing.map_err(|error| error.to_string()),
        Err(_) => Err("a precondition was not met; it is named on stderr".to_owned()),
    }
}

/// Superseded versions: what they are called, the file whose place they take, their text.
fn ladder() -> impl Iterator<Item = (String, String, String)> {
    SOURCES.iter().filter_map(|(path, text)| {
        let (op, version) = path.strip_prefix("ladder/")?.split_once('/')?;
        let version = version.trim_end_matches(".cu");
        Some((format!("ladder {version}"), format!("{op}.cu"), (*text).to_owned()))
    })
}

/// The better of both libraries' ceilings.
fn best(ours: Option<Ceilings>, baseline: &Value) -> Option<Ceilings> {
    let ours = ours?;
    let theirs = |key: &str| baseline["ceilings"][key].as_f64().unwrap_or(0.0);
    Some(Ceilings {
        copy_gb_s: ours.copy_gb_s.max(theirs("copy_gb_s")),
        matmul_tflop_s: ours.matmul_tflop_s.max(theirs("matmul_tflop_s")),
    })
}

fn notes(best: Option<Ceilings>, baseline: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(Ceilings { copy_gb_s, matmul_tflop_s }) = best {
        notes.push(format!(
            "ceilings of this run: copy {copy_gb_s:.0} GB/s, bf16 product {matmul_tflop_s:.0} \
            TFLOP/s"
        ));
    }
    if let Some(why) = baseline["missing"].as_str() {
        notes.push(format!("no baseline: {why}"));
    }
    notes
}

/// Whether rows of products have the same bits for any number of rows and any tile.
pub(super) fn bits(device: &Device) -> anyhow::Result<Value> {
    let mut devices = vec![device.clone()];
    if device.has_warpgroups() {
        devices.push(device.clone().with_warpgroups()?);
    }
    let (numbers, mut outcomes) = (Numbers::many(), Vec::new());
    for device in devices {
        let source = Source::new(&device, &numbers)?;
        for &shape in BITS {
            let found = of_rows::rows_of_products(&source, 4096, shape)?;
            outcomes.push(json!({"n": found.n, "k": found.k, "n_compared": found.n_compared,
                                 "different": found.different,
                                 "warpgroups": device.uses_warpgroups()}));
        }
    }
    Ok(json!({"facts": table::facts(device), "bits": outcomes}))
}
