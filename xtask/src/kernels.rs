//! The GPU's kernels: machine code ahead of time, conformance tests under sanitizers, planted bugs.
//!
//! nvcc comes from PyPI's wheels into `target/venv-cuda`; no GPU and no toolkit is needed. What is
//! built lands in `kernels/cubins`, where the crate `kernels` embeds it at its next build.

mod order;
mod sass;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::prepare::{self, Program};
use crate::python;
use crate::say::say;
use crate::shell::{self, command};

/// nvcc and its parts, all of one release: its own requirements would mix releases.
const WHEELS: &[&str] = &[
    "nvidia-cuda-nvcc==13.0.88",
    "nvidia-cuda-crt==13.0.88",
    "nvidia-nvvm==13.0.88",
    "nvidia-cuda-runtime==13.0.96",
    "nvidia-cuda-cuobjdump==13.2.86",
    "nvidia-cuda-nvdisasm==13.2.86",
];
/// What cubins are built for.
const ARCHS: &[(&str, &str)] = &[("compute_80", "sm_80"), ("compute_90a", "sm_90a")];

/// `cargo xtask kernels`: every conformance test, plain and under sanitizers.
///
/// # Errors
/// When a test fails, or a sanitizer reports something.
pub(crate) fn sanitized(options: &[&str]) -> Result<ExitCode> {
    if let [option, ..] = options {
        say(&format!("error: `kernels` takes no arguments, got `{option}`"));
        return Ok(ExitCode::from(crate::exit::USAGE_ERROR));
    }
    conformance(&["run"])?;
    under_sanitizers()?;
    conformance(&["run", "--sanitizer", "thread", "--small"])?;
    Ok(ExitCode::SUCCESS)
}

/// Every test under AddressSanitizer. ThreadSanitizer is left to `cargo xtask kernels`: it does
/// not see the locks of Rust's standard library, and at times takes its standard output for a race.
///
/// # Errors
/// When a test fails, or a sanitizer reports something.
pub(crate) fn under_sanitizers() -> Result<()> {
    conformance(&["run", "--sanitizer", "address"])
}

/// `cargo xtask mutants-kernels`.
///
/// # Errors
/// When fewer than 90 % of the planted bugs are caught.
pub(crate) fn mutants(options: &[&str]) -> Result<ExitCode> {
    conformance(&[&["mutants"], options].concat())?;
    Ok(ExitCode::SUCCESS)
}

/// Runs `quaero-lab conformance` with `words`.
fn conformance(words: &[&str]) -> Result<()> {
    let mut run = command(prepare::binary(Program::Lab)?);
    run.arg("conformance").args(words).arg("--cache").arg(target()?.join("simt"));
    shell::run(&format!("quaero-lab conformance {}", words.join(" ")), &mut run)
}

fn target() -> Result<PathBuf> {
    shell::target_directory(&shell::metadata("Cargo.toml")?)
}

/// What the registry and nvcc say of one kernel on one architecture.
struct Row {
    kernel: String,
    file: String,
    arch: &'static str,
    registers: u32,
    n_bytes_shared: u32,
    findings: Vec<String>,
}

/// The digest of what a kernel file is compiled from, as the crate `kernels` counts it.
type Digest<'a> = &'a dyn Fn(&str) -> Result<String>;

/// `cargo xtask cubins`: compiles every kernel file; spills, register ceilings and instructions
/// that are missing or must not be there are errors.
///
/// # Errors
/// When nvcc cannot be had, a kernel does not compile, or breaks its ceiling.
pub(crate) fn cubins(options: &[&str]) -> Result<ExitCode> {
    if let [option, ..] = options {
        say(&format!("error: `cubins` takes no arguments, got `{option}`"));
        return Ok(ExitCode::from(crate::exit::USAGE_ERROR));
    }
    let lab = prepare::binary(Program::Lab)?;
    compile_all(&|file| digest(&lab, file))?;
    Ok(ExitCode::SUCCESS)
}

/// The digest of what a kernel file is compiled from, by the built `quaero-lab`.
fn digest(lab: &Path, file: &str) -> Result<String> {
    let mut ask = command(lab);
    shell::output("the digest of a kernel", ask.args(["conformance", "digest", file]))
}

/// Compiles every kernel file if a cubin is missing or of other sources than those that `lab`, the
/// built `quaero-lab`, holds; whether it did.
///
/// # Errors
/// As [`cubins`].
pub(crate) fn current_cubins(lab: &Path) -> Result<bool> {
    let digest = |file: &str| digest(lab, file);
    let folder = shell::root().join("kernels/cubins");
    let registry = sass::registry(&shell::root().join("kernels/kernels.toml"))?;
    for file in kernel_files()? {
        let stem = stem(&file);
        let kept = std::fs::read_to_string(folder.join(format!("{stem}.digest")));
        let fresh = digest(&format!("{stem}.cu"))?;
        let there = |&(_, arch): &(&str, &str)| {
            !sass::is_built(&registry, &format!("{stem}.cu"), arch)
                || folder.join(format!("{stem}.{arch}.cubin")).is_file()
        };
        if kept.ok().as_deref() != Some(fresh.trim()) || !ARCHS.iter().all(there) {
            compile_all(&digest)?;
            return Ok(true);
        }
    }
    Ok(false)
}

fn compile_all(digest: Digest<'_>) -> Result<()> {
    let tools = tools()?;
    let out = shell::root().join("kernels/cubins");
    let fresh = shell::root().join("target/cubins");
    std::fs::create_dir_all(&fresh).context("cannot make target/cubins")?;
    let registry = sass::registry(&shell::root().join("kernels/kernels.toml"))?;
    let mut rows = Vec::new();
    for file in kernel_files()? {
        for &(virtual_arch, arch) in ARCHS {
            if !sass::is_built(&registry, &format!("{}.cu", stem(&file)), arch) {
                continue;
            }
            let cubin = fresh.join(format!("{}.{arch}.cubin", stem(&file)));
            let log = compile(&tools, &file, (virtual_arch, arch), &cubin)?;
            let code = disassemble(&tools, &cubin)?;
            for (kernel, (registers, n_bytes_shared)) in sass::resources(&log) {
                let entry = registry.get(&kernel);
                let findings = sass::findings(entry, arch, registers, code.get(&kernel));
                let file = format!("{}.cu", stem(&file));
                rows.push(Row { kernel, file, arch, registers, n_bytes_shared, findings });
            }
        }
    }
    report(&rows, &registry)?;
    lay(&fresh, &out, &registry, digest)?;
    // Spills are errors of nvcc here, so there are none.
    let kernels: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({"kernel": row.kernel, "file": row.file, "arch": row.arch,
                   "registers": row.registers, "shared_bytes": row.n_bytes_shared,
                   "spill_bytes": 0})
        })
        .collect();
    std::fs::write(out.join("manifest.json"), json!({"kernels": kernels}).to_string())
        .context("cannot write kernels/cubins/manifest.json")?;
    say(&format!("{} kernels as cubins in kernels/cubins; the next build embeds them", rows.len()));
    Ok(())
}

/// The table, and an error if a kernel has findings or was not built.
fn report(rows: &[Row], registry: &BTreeMap<String, sass::Entry>) -> Result<()> {
    let mut n_findings = 0;
    for Row { kernel, file: _, arch, registers, n_bytes_shared, findings } in rows {
        let verdict = if findings.is_empty() { "ok".to_owned() } else { findings.join("; ") };
        n_findings += findings.len();
        say(&format!(
            "   {kernel:<28} {arch:<7} {registers:>4} registers {n_bytes_shared:>6} B  {verdict}"
        ));
    }
    for (name, entry) in registry {
        let n_built = rows.iter().filter(|row| row.kernel == *name).count();
        if n_built != entry.registers.len() {
            say(&format!("   {name}: nvcc built no such kernel for every architecture"));
            n_findings += 1;
        }
    }
    if n_findings > 0 {
        bail!("cubins: {n_findings} findings, listed above");
    }
    Ok(())
}

/// Where nvcc and its companions lie.
struct Tools {
    bin: PathBuf,
}

fn tools() -> Result<Tools> {
    let python = python::environment_of("venv-cuda", WHEELS, "nvcc (500 MB, once)")?;
    let mut ask = command(python);
    ask.args(["-c", "import nvidia; print(list(nvidia.__path__)[0])"]);
    let folder = shell::output("finding nvcc", &mut ask)?;
    Ok(Tools { bin: Path::new(folder.trim()).join("cu13/bin") })
}

fn kernel_files() -> Result<Vec<PathBuf>> {
    let folder = shell::root().join("kernels");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).context("cannot list kernels/")? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "cu") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Compiles one file; returns what ptxas says of its kernels.
fn compile(tools: &Tools, file: &Path, arch: (&str, &str), cubin: &Path) -> Result<String> {
    let mut nvcc = command(tools.bin.join("nvcc"));
    nvcc.args(["-std=c++17", "-O3", "-cubin", "-Xptxas"]);
    nvcc.arg("-v,-warn-spills,-warn-lmem-usage,-Werror");
    nvcc.arg(format!("-gencode=arch={},code={}", arch.0, arch.1));
    nvcc.arg("-o").args([cubin, file]);
    let what = format!("nvcc {} for {}", stem(file), arch.1);
    let done = nvcc.output().with_context(|| what.clone())?;
    let log = [done.stdout, done.stderr].concat();
    let log = String::from_utf8_lossy(&log).into_owned();
    if !done.status.success() {
        bail!("{what}:\n{log}");
    }
    if let [loss, ..] = sass::losses(&log)[..] {
        bail!("{what}: {loss}");
    }
    Ok(log)
}

/// The instructions of each kernel of a cubin.
fn disassemble(tools: &Tools, cubin: &Path) -> Result<BTreeMap<String, String>> {
    let mut dump = command(tools.bin.join("cuobjdump"));
    dump.arg("-sass").arg(cubin).env("PATH", path_with(&tools.bin));
    Ok(sass::functions(&shell::output("cuobjdump", &mut dump)?))
}

/// cuobjdump looks for nvdisasm on the PATH.
fn path_with(folder: &Path) -> std::ffi::OsString {
    let mut path = folder.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

/// Copies the cubins to where they are embedded from, with a digest of what they were built from.
fn lay(
    from: &Path,
    to: &Path,
    registry: &BTreeMap<String, sass::Entry>,
    digest: Digest<'_>,
) -> Result<()> {
    std::fs::create_dir_all(to).context("cannot make kernels/cubins")?;
    let stems: Vec<String> = kernel_files()?.iter().map(|file| stem(file)).collect();
    let digests: Vec<String> =
        stems.iter().map(|stem| digest(&format!("{stem}.cu"))).collect::<Result<_>>()?;
    for (stem, digest) in stems.iter().zip(digests) {
        for (_, arch) in ARCHS {
            if !sass::is_built(registry, &format!("{stem}.cu"), arch) {
                continue;
            }
            let name = format!("{stem}.{arch}.cubin");
            std::fs::copy(from.join(&name), to.join(&name))
                .with_context(|| format!("cannot write kernels/cubins/{name}"))?;
        }
        std::fs::write(to.join(format!("{stem}.digest")), digest.trim())
            .with_context(|| format!("cannot write kernels/cubins/{stem}.digest"))?;
    }
    Ok(())
}
