//! What is measured: all kernels, those of a name, or a user's own in the place of a file.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use quaero_bench::Case;
use quaero_conformance::Test;
use quaero_kernels::Registry;
use quaero_terminal::UsageError;

use crate::args::BenchKernels;

/// What is measured.
pub(super) struct Subject {
    /// A kernel, a file or an operation; absent: all.
    name: Option<String>,
    /// A kernel of the user's own.
    pub(super) variant: Option<Variant>,
}

/// A kernel of the user's own.
pub(super) struct Variant {
    /// The kernel file whose place it takes.
    pub(super) file: String,
    /// Its name for people.
    pub(super) label: String,
    text: String,
}

impl Subject {
    pub(super) fn new(args: &BenchKernels) -> anyhow::Result<Self> {
        let registry = Registry::embedded()?;
        if let Some(name) = &args.name {
            let known = quaero_bench::all().iter().any(|case| case.is(name));
            if !known && file_of(&registry, name).is_none() {
                let mut names: Vec<&str> = registry.kernels().map(|k| k.name.as_str()).collect();
                names.sort_unstable();
                let words = format!("no kernel `{name}`; there are: {}", names.join(", "));
                return Err(UsageError(words).into());
            }
        }
        let variant = match &args.variant {
            Some(path) => Some(Variant::read(&registry, path, args.name.as_deref())?),
            None => None,
        };
        Ok(Self { name: args.name.clone(), variant })
    }

    /// The user's text under the name of the file whose place it takes.
    pub(super) fn overlay(&self) -> BTreeMap<String, String> {
        let pair = self.variant.as_ref().map(|it| (it.file.clone(), it.text.clone()));
        pair.into_iter().collect()
    }

    /// Whether a case is about it.
    pub(super) fn has_case(&self, case: &Case) -> bool {
        match (&self.variant, &self.name) {
            (Some(variant), _) => case.file == variant.file,
            (None, Some(name)) => case.is(name),
            (None, None) => true,
        }
    }

    /// Whether a kernel file is about it.
    pub(super) fn has_file(&self, file: &str) -> bool {
        match (&self.variant, &self.name) {
            (Some(variant), _) => file == variant.file,
            (None, Some(_)) => {
                quaero_bench::all().iter().any(|case| case.file == file && self.has_case(case))
            }
            (None, None) => true,
        }
    }

    /// The tests to run: those of its files. A file whose kernels others try has none of its own,
    /// and all tests stand in.
    pub(super) fn tests(&self) -> Vec<Test> {
        let all = quaero_conformance::all();
        if all.iter().any(|test| self.has_file(test.file)) {
            return all.into_iter().filter(|test| self.has_file(test.file)).collect();
        }
        all
    }
}

impl Variant {
    fn read(registry: &Registry, path: &Path, name: Option<&str>) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the kernel {}", path.display()))?;
        let label = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = name
            .and_then(|name| file_of(registry, name))
            .or_else(|| file_of(registry, &label))
            .or_else(|| {
                let declared = |kernel: &str| text.contains(&format!(" {kernel}("));
                let found = registry.kernels().find(|kernel| declared(&kernel.name));
                found.map(|kernel| kernel.file.clone())
            });
        let file = file.ok_or_else(|| {
            let (path, quoted) = (path.display(), quaero_terminal::print::quoted(path));
            UsageError(format!(
                "{path} defines no kernel of the registry; keep the name and arguments of the one \
                 it replaces, or name that one: quaero-lab bench kernels NAME --variant {quoted}"
            ))
        })?;
        Ok(Self { file, label, text })
    }
}

/// The file that `name`, a kernel or a file, means.
fn file_of(registry: &Registry, name: &str) -> Option<String> {
    let stem = name.trim_end_matches(".cu");
    let is = |kernel: &&quaero_kernels::Kernel| {
        kernel.name == name || kernel.file.trim_end_matches(".cu") == stem
    };
    registry.kernels().find(is).map(|kernel| kernel.file.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: Option<&str>, file_name: &str, text: &str, expected: Option<&str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file_name);
        std::fs::write(&path, text).unwrap();
        let args = BenchKernels { variant: Some(path), ..BenchKernels::of(name) };
        let got = Subject::new(&args).ok().and_then(|subject| subject.variant);
        assert_eq!(got.map(|variant| variant.file).as_deref(), expected);
    }

    #[test]
    fn a_variant_finds_the_file_it_replaces() {
        let text = "KERNEL __launch_bounds__(256) swiglu_fwd(bf16 *y) {}";
        check(None, "mine.cu", text, Some("swiglu_fwd.cu"));
        check(None, "gemm.cu", "", Some("gemm.cu"));
        check(Some("gemm_nt_bf16"), "mine.cu", "", Some("gemm.cu"));
        check(None, "mine.cu", "KERNEL other(bf16 *y) {}", None);
    }

    #[test]
    fn names_are_kernels_files_or_operations() {
        for name in ["sum_squares", "grad_norm", "grad_norm.cu", "gemm_down"] {
            let subject = Subject::new(&BenchKernels::of(Some(name))).unwrap();
            assert!(quaero_bench::all().iter().any(|case| subject.has_case(case)), "{name}");
            assert!(!subject.tests().is_empty(), "{name}");
        }
        assert!(Subject::new(&BenchKernels::of(Some("gemmm"))).is_err());
    }
}
