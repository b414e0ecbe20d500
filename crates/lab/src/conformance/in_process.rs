//! Runs conformance tests in this process, on a few threads.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use quaero_conformance::Test;
use quaero_kernels::{CudaOptions, Device, SimtOptions};
use quaero_terminal::{UsageError, print};

use super::sanitizer;
use crate::args::{Cache, Run, Sanitizer};

/// Between a result and how many of its outputs have the emulation's bits.
pub(super) const BITS: &str = "; bits ";

impl Run {
    /// The texts that stand in for kernel files.
    fn overlay(&self) -> anyhow::Result<impl Iterator<Item = (String, String)>> {
        let read = |pair: &String| {
            let (file, path) = pair
                .split_once('=')
                .ok_or_else(|| UsageError(format!("--variant takes FILE.cu=PATH, got `{pair}`")))?;
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the kernel {path}"))?;
            Ok((file.to_owned(), text))
        };
        Ok(self.variant.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?.into_iter())
    }

    pub(super) fn options(&self) -> anyhow::Result<SimtOptions> {
        Ok(SimtOptions {
            sanitizer: match self.sanitizer {
                None => quaero_kernels::Sanitizer::None,
                Some(Sanitizer::Address) => quaero_kernels::Sanitizer::Address,
                Some(Sanitizer::Thread) => quaero_kernels::Sanitizer::Thread,
            },
            overlay: self.overlay()?.collect(),
            ..SimtOptions::new(self.cache.dir.clone())
        })
    }

    /// Two devices to compare: two orders of threads, or the GPU twice.
    pub(super) fn devices(&self) -> anyhow::Result<Vec<Device>> {
        if self.gpu {
            let overlay = self.overlay()?.collect();
            let options = CudaOptions { overlay, ..CudaOptions::new(self.cache.dir.clone()) };
            let device = Device::cuda(options)?;
            return Ok(vec![device.clone(), device]);
        }
        let options = self.options()?;
        let shuffled = SimtOptions { seed: 7, late_copies: false, ..options.clone() };
        Ok(vec![Device::simt(options)?, Device::simt(shuffled)?])
    }

    fn wants(&self, test: &Test) -> bool {
        self.file.as_ref().is_none_or(|file| test.file == file) && (!self.small || test.small)
    }
}

/// Runs the tests in this process.
pub(super) fn tests(run: &Run) -> anyhow::Result<ExitCode> {
    if let Some(code) = sanitizer::preloaded(run)? {
        return Ok(code);
    }
    let bits = run.bits.as_ref().map(std::fs::read_to_string).transpose();
    let bits = bits.context("cannot read the file of --bits")?;
    // A GPU is shared; an emulated device is each thread's own.
    let shared = run.devices()?;
    let wanted = quaero_conformance::all().into_iter().filter(|test| run.wants(test));
    let (tests, unfit): (Vec<Test>, Vec<Test>) = wanted.partition(|test| test.fits(&shared[0]));
    for test in &unfit {
        print::line(&format!("SKIP  {:<48} {} has no warpgroups", test.name, shared[0].name()));
    }
    let (next, n_wrong) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each(run.sanitizer, || {
        let devices = if run.gpu { shared.clone() } else { run.devices().unwrap_or_default() };
        while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = quaero_conformance::run(test, &devices)
                .and_then(|errors| Ok((same_bits(bits.as_deref(), test, &devices[0])?, errors)));
            print::line(&match outcome {
                Ok((same, errors)) => {
                    let errors: Vec<String> =
                        errors.iter().map(|(name, error)| format!("{name} {error:.1e}")).collect();
                    format!("ok    {:<48} {}{same}", test.name, errors.join(", "))
                }
                Err(how) => {
                    n_wrong.fetch_add(1, Ordering::Relaxed);
                    format!("WRONG {:<48} {how}", test.name)
                }
            });
        }
    });
    let n_wrong = n_wrong.into_inner();
    print::line(&format!("{} tests, {n_wrong} wrong", tests.len()));
    Ok(if n_wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How many outputs of `test` have the bits that `list` names; nothing without one.
fn same_bits(list: Option<&str>, test: &Test, device: &Device) -> Result<String, String> {
    let Some(list) = list else { return Ok(String::new()) };
    let outputs = test.bits(device).map_err(|error| error.to_string())?;
    let same = outputs.iter().filter(|(name, bits)| {
        let row = format!("{}\t{name}\t{bits:016x}", test.name);
        list.lines().any(|line| line == row)
    });
    Ok(format!("{BITS}{}/{}", same.count(), outputs.len()))
}

/// Prints the digest of every output.
pub(super) fn bits(cache: &Cache) -> anyhow::Result<ExitCode> {
    let device = Device::simt(SimtOptions::new(cache.dir.clone()))?;
    for test in quaero_conformance::all() {
        for (name, bits) in test.bits(&device)? {
            print::line(&format!("{}\t{name}\t{bits:016x}", test.name));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `work` on a few threads; on one under ThreadSanitizer, which does not see that the loader
/// puts what it loads in order.
pub(super) fn each(sanitizer: Option<Sanitizer>, work: impl Fn() + Sync) {
    let n = std::thread::available_parallelism().map_or(1, |n| n.get().min(4));
    let n = if sanitizer == Some(Sanitizer::Thread) { 1 } else { n };
    std::thread::scope(|scope| {
        for _ in 0..n {
            scope.spawn(&work);
        }
    });
}
