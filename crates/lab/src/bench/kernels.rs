//! `quaero-lab bench kernels`: every kernel, or one, or one of the user's own beside ours.
//!
//! On a GPU a case is timed against the least time that its work takes there, with PyTorch beside
//! it. Without one nothing is timed: the tests run on the emulated device, and what the compiler
//! said of the kernels is shown.

mod baseline;
mod emulated;
mod gpu;
mod subject;

use quaero_bench::table;
use quaero_kernels::{CudaOptions, Device, Error};
use quaero_ops::Kind;
use quaero_terminal::print;
use serde_json::{Value, json};

use self::subject::Subject;
use crate::args::BenchKernels;
use crate::place::cache;

pub(crate) fn run(args: &BenchKernels) -> anyhow::Result<()> {
    let subject = Subject::new(args)?;
    if args.sanitized {
        return emulated::sanitized(&subject);
    }
    let gpu = match args.device {
        Kind::Cpu => anyhow::bail!("kernels run on `cuda` or `simt`, the emulated device"),
        Kind::Simt(_) => None,
        Kind::Cuda(_) => Some(open(&subject)?),
        Kind::Auto => match open(&subject) {
            Ok(device) => Some(device),
            Err(Error::NoDriver | Error::NoGpu) => None,
            Err(error) => return Err(error.into()),
        },
    };
    let mut all = match &gpu {
        Some(device) if args.bits => gpu::bits(device)?,
        Some(device) => gpu::measure(args, &subject, device)?,
        None if args.bits => anyhow::bail!("--bits wants a GPU; the tests do it emulated"),
        None => emulated::check(args, &subject)?,
    };
    all["bench"] = json!("kernels");
    all["device"] = json!(gpu.as_ref().map_or("simt".to_owned(), Device::name));
    if args.json.json {
        print::line(&serde_json::to_string_pretty(&all)?);
    } else {
        show(&all);
    }
    let wrong = n_wrong(&all);
    anyhow::ensure!(wrong == 0, "{wrong} results are wrong; they are marked in the table");
    Ok(())
}

/// The GPU, with the user's kernel in the place of ours if there is one.
fn open(subject: &Subject) -> Result<Device, Error> {
    let overlay = subject.overlay();
    Device::cuda(CudaOptions { overlay, ..CudaOptions::new(cache()) })
}

fn n_wrong(all: &Value) -> usize {
    let list = |key: &str| all[key].as_array().into_iter().flatten();
    let wrong = list("cases").filter(|row| row["error"].is_string()).count();
    wrong + list("tests").filter(|row| row["wrong"].is_string()).count()
}

/// Everything for people.
fn show(all: &Value) {
    let list = |key: &str| all[key].as_array().cloned().unwrap_or_default();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    print::line(&text(all, "device"));
    let tests = list("tests");
    if !tests.is_empty() {
        let wrong: Vec<&Value> = tests.iter().filter(|row| row["wrong"].is_string()).collect();
        print::line(&format!("{} tests, {} wrong", tests.len(), wrong.len()));
        for row in wrong {
            print::line(&format!("WRONG {}: {}", text(row, "test"), text(row, "wrong")));
        }
    }
    if let Some(words) = all["sanitizer"].as_str() {
        print::line(&format!("AddressSanitizer: {words}"));
    }
    for outcome in list("bits") {
        let different = outcome["different"].as_array().map_or(0, Vec::len);
        let kernels = if outcome["warpgroups"] == true { "wgmma" } else { "portable" };
        print::line(&format!(
            "N {} K {}, {kernels}: {} products of 1 to 4096 rows, {different} with other bits",
            outcome["n"], outcome["k"], outcome["n_compared"]
        ));
    }
    let cases = list("cases");
    if !cases.is_empty() {
        let rows: Vec<Vec<String>> = cases.iter().map(table::cells).collect();
        print::table(&table::HEADER, &rows);
        for row in cases.iter().filter(|row| row["error"].is_string()) {
            print::line(&format!("WRONG {}: {}", text(row, "case"), text(row, "error")));
        }
    }
    let resources = list("resources");
    if !resources.is_empty() {
        let cell =
            |row: &Value, key: &str| row[key].as_u64().map_or(String::new(), |n| n.to_string());
        let rows: Vec<Vec<String>> = resources
            .iter()
            .map(|row| {
                let head = [text(row, "kernel"), text(row, "arch")];
                let cells = ["registers", "spill_bytes", "shared_bytes", "instructions"];
                head.into_iter().chain(cells.map(|key| cell(row, key))).collect()
            })
            .collect();
        let header =
            ["kernel", "arch", "registers", "spilled B", "static shared B", "instructions"];
        print::table(&header, &rows);
    }
    for note in list("notes") {
        print::line(note.as_str().unwrap_or_default());
    }
}
