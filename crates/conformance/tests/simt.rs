//! Every test on the emulated device: two orders of threads, copies late and early, same bits.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use quaero_conformance::{all, run};
use quaero_kernels::{CudaOptions, Device, SOURCES, SimtOptions};

fn options() -> SimtOptions {
    SimtOptions::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("simt"))
}

fn devices(options: SimtOptions) -> Vec<Device> {
    let shuffled = SimtOptions { seed: 7, late_copies: false, ..options.clone() };
    [options, shuffled].map(|options| Device::simt(options).unwrap()).into()
}

/// The families that have a test of their own, by how their files' names begin.
const FAMILIES: &[&str] = &["attention_wgmma", "attention", "gemm_wgmma", "gemm", "head", "sample"];

/// Every test of the files whose family is `family`; absent: of those that have none.
#[track_caller]
fn check(family: Option<&str>) {
    let of = |file: &str| FAMILIES.iter().find(|start| file.starts_with(**start)).copied();
    let devices = devices(options());
    let (mut n_tests, mut failures) = (0, Vec::new());
    for test in all().into_iter().filter(|test| of(test.file) == family) {
        n_tests += 1;
        if let Err(how) = run(&test, &devices) {
            failures.push(format!("{}: {how}", test.name));
        }
    }
    assert!(n_tests > 0, "{family:?} has no tests");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn attention_for_warpgroups_holds() {
    check(Some("attention_wgmma"));
}

#[test]
fn attention_holds() {
    check(Some("attention"));
}

#[test]
fn products_for_warpgroups_hold() {
    check(Some("gemm_wgmma"));
}

#[test]
fn products_hold() {
    check(Some("gemm"));
}

#[test]
fn log_probabilities_hold() {
    check(Some("head"));
}

#[test]
fn the_sampler_holds() {
    check(Some("sample"));
}

#[test]
fn all_other_kernels_hold() {
    check(None);
}

/// Superseded versions are still right: `kernels/ladder/<op>/vN.cu` in the place of `<op>.cu`.
#[test]
fn versions_on_the_ladder_hold() {
    for (path, text) in SOURCES {
        let Some(place) = path.strip_prefix("ladder/") else { continue };
        let (op, _) = place.split_once('/').unwrap();
        let file = format!("{op}.cu");
        let mut options = options();
        options.overlay.insert(file.clone(), (*text).to_owned());
        let devices = devices(options);
        let mut n_tests = 0;
        for test in all().iter().filter(|test| test.file == file) {
            run(test, &devices).unwrap_or_else(|how| panic!("{path}, {}: {how}", test.name));
            n_tests += 1;
        }
        assert!(n_tests > 0, "{path} has no tests");
    }
}

/// Without a driver the GPU is refused in words that help; with one, it opens or says why not.
#[test]
fn a_machine_without_a_gpu_is_told_so() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cubins");
    let outcome = Device::cuda(CudaOptions::new(folder));
    if let Err(error) = outcome {
        let words = error.to_string();
        assert!(words.contains("remedy") || words.contains("CUDA"), "{words}");
    }
}

/// What the emulation must find by itself, whatever an oracle says.
#[test]
fn the_emulation_names_what_is_wrong() {
    let broken = |from: &str, to: &str| {
        let (_, text) = SOURCES.iter().find(|(path, _)| *path == "swiglu_fwd.cu").unwrap();
        assert!(text.contains(from));
        let mut options = options();
        options.overlay.insert("swiglu_fwd.cu".to_owned(), text.replacen(from, to, 1));
        let devices = devices(options);
        let test = all().into_iter().find(|test| test.file == "swiglu_fwd.cu").unwrap();
        run(&test, &devices).expect_err("the kernel is broken")
    };
    let guard = "  store8(y + i, out);";
    let found = [
        broken(guard, "  store8(y + i + 8, out);"),
        broken(guard, "  if (threadIdx.x < 4) __syncwarp();\n  store8(y + i, out);"),
        broken(guard, "  store8(y + i, out)"),
    ];
    let expected = ["wrote outside a buffer", "deadlock", "does not compile"];
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{found}");
    }
}

/// What a kernel for warpgroups does wrong, the emulation says in words.
#[test]
fn misuse_of_warpgroups_is_named() {
    #[track_caller]
    fn check(file: &str, (from, to): (&str, &str), expected: &str) {
        let (_, text) = SOURCES.iter().find(|(path, _)| *path == file).unwrap();
        assert!(text.contains(from), "{from}");
        let mut options = options();
        options.overlay.insert(file.to_owned(), text.replacen(from, to, 1));
        let devices = devices(options);
        // More stages than a ring has.
        let is = |name: &str| name.contains("K 330") || name.contains("T [200]");
        let test = all().into_iter().find(|test| test.file == file && is(&test.name)).unwrap();
        let found = run(&test, &devices).expect_err("the kernel is broken");
        assert!(found.contains(expected), "{found}");
    }
    let gemm = "gemm_wgmma.cu";
    let wait = "    mbar_wait(ring.full(i), (i / STAGES) & 1);\n";
    check(gemm, ("    wgmma_fence();\n", ""), "no wgmma.fence since thread");
    check(gemm, (wait, ""), "has not waited for its mbarrier");
    check(gemm, ("wgmma_wait<1>()", "wgmma_wait<2>()"), "overwrites what a wgmma in flight reads");
    check(gemm, ("(BT ? 2 : 128)", "(BT ? 4 : 128)"), "starts inside a swizzled tile");
    let attention = "attention_wgmma.cu";
    check(attention, ("  wgmma_wait<0>();\n  UNROLL", "  UNROLL"), "ended with a wgmma of line");
    check(attention, ("    mbar_fence();\n", ""), "before fence.mbarrier_init");
    check(attention, ("  proxy_fence();\n", ""), "wrote without a proxy fence");
    check(attention, ("fewer_registers<24>", "fewer_registers<20>"), "setmaxnreg of 20 registers");
    check(attention, ("KEYS * D * 2);", "KEYS * D * 2 + 16);"), "waits in mbarrier wait at line");
}
