//! Builds what a command needs: wasm target, task families, the release binary. Each step is
//! skipped when its result is there and current.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::say::say;
use crate::shell::{self, cargo, command};

const WASM_TARGET: &str = "wasm32-wasip2";
/// Families that exist to be misused by tests; a run must not find them.
const TEST_ONLY: &[&str] = &["hostile"];
const PLUGINS_MANIFEST: &str = "plugins/Cargo.toml";

/// Where the built task families lie: one `<family>.wasm` each.
pub(crate) fn plugins_dir() -> PathBuf {
    shell::root().join("target/plugins")
}

/// Where the families lie that only tests load.
fn test_plugins_dir() -> PathBuf {
    shell::root().join("target/plugins-test")
}

/// Checks for a C compiler and the wasm target; adds the latter if rustup can.
///
/// # Errors
/// Names what is missing and how to get it.
pub(crate) fn tools() -> Result<()> {
    if !["cc", "gcc", "clang", "cl"].iter().any(|name| on_path(name)) {
        bail!(
            "no C compiler (`cc`) on the PATH, and SQLite is compiled from C.\n\
             remedy: apt install gcc (Debian, Ubuntu) · dnf install gcc (Fedora) · \
             xcode-select --install (macOS)"
        );
    }
    if has_wasm_target()? {
        return Ok(());
    }
    if !on_path("rustup") {
        bail!(
            "this Rust has no standard library for {WASM_TARGET}, which task families are built \
             for, and there is no rustup to add it.\n\
             remedy: install Rust through https://rustup.rs, or your distribution's package of \
             the target {WASM_TARGET}"
        );
    }
    say(&format!("adding the Rust target {WASM_TARGET} (20 MB, once)"));
    let mut add = command("rustup");
    shell::run("rustup target add", add.args(["target", "add", WASM_TARGET])).with_context(|| {
        format!("remedy: with a network, run `rustup target add {WASM_TARGET}` by hand")
    })
}

fn on_path(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else {
        return false;
    };
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).any(|folder| folder.join(&name).is_file())
}

fn has_wasm_target() -> Result<bool> {
    let mut ask = command("rustc");
    ask.args(["--print", "target-libdir", "--target", WASM_TARGET]);
    let folder = shell::output("rustc --print target-libdir", &mut ask)?;
    Ok(Path::new(folder.trim()).is_dir())
}

/// `cargo xtask plugin build`.
///
/// # Errors
/// When a tool is missing or a family does not build.
pub(crate) fn plugin_build() -> Result<ExitCode> {
    tools()?;
    plugins(Families::All)?;
    for path in wasm_files(&plugins_dir())? {
        say(&path.display().to_string());
    }
    Ok(ExitCode::SUCCESS)
}

fn wasm_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let listing =
        std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in listing {
        let path = entry?.path();
        if path.extension().is_some_and(|ext| ext == "wasm") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Which task families are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Families {
    /// Those that a run may load.
    Runs,
    /// Those that only tests load as well.
    All,
}

/// Builds task families and lays each in [`plugins_dir`]. What else lies there stays: a user adds a
/// family by dropping its file.
///
/// # Errors
/// When a family does not build, or its component cannot be copied.
pub(crate) fn plugins(which: Families) -> Result<()> {
    let metadata = shell::metadata(PLUGINS_MANIFEST)?;
    let built = shell::target_directory(&metadata)?.join(WASM_TARGET).join("release");
    let mut families = families(&metadata);
    if which == Families::Runs {
        families.retain(|family| !family.is_test_only());
    }
    if families.is_empty() {
        bail!("{PLUGINS_MANIFEST}: no member is a task family (crate-type \"cdylib\")");
    }
    if !families.iter().all(|family| built.join(&family.file).is_file()) {
        say("building the task families for the sandbox (first time: one to two minutes)");
    }
    let mut build = cargo("build --quiet --release --workspace --target wasm32-wasip2");
    build.arg("--manifest-path").arg(shell::root().join(PLUGINS_MANIFEST));
    if which == Families::Runs {
        build.args(TEST_ONLY.iter().map(|name| format!("--exclude=quaero-{name}")));
    }
    shell::run("building the task families", &mut build)?;
    for family in &families {
        let folder = if family.is_test_only() { test_plugins_dir() } else { plugins_dir() };
        lay(&built.join(&family.file), &folder, &format!("{}.wasm", family.name))?;
    }
    Ok(())
}

/// A member of the plugin workspace that builds a component.
#[derive(Debug, PartialEq, Eq)]
struct Family {
    name: String,
    /// The component's file name as cargo writes it.
    file: String,
}

impl Family {
    fn is_test_only(&self) -> bool {
        TEST_ONLY.contains(&self.name.as_str())
    }
}

/// The families of the plugin workspace: its members with a `cdylib`, `quaero-` left off.
fn families(metadata: &Value) -> Vec<Family> {
    let mut families = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten() {
            let types = target["crate_types"].as_array();
            if !types.is_some_and(|types| types.iter().any(|name| name == "cdylib")) {
                continue;
            }
            let (Some(package), Some(target)) = (package["name"].as_str(), target["name"].as_str())
            else {
                continue;
            };
            families.push(Family {
                name: package.strip_prefix("quaero-").unwrap_or(package).to_owned(),
                file: format!("{}.wasm", target.replace('-', "_")),
            });
        }
    }
    families
}

/// Copies `from` to `folder/name` by way of a temporary name, unless the same bytes lie there:
/// an unchanged file keeps its time, and a running trainer never sees half a component.
fn lay(from: &Path, folder: &Path, name: &str) -> Result<()> {
    let fresh = std::fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    let to = folder.join(name);
    if std::fs::read(&to).is_ok_and(|old| old == fresh) {
        return Ok(());
    }
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let temporary = folder.join(format!("{name}.{}.tmp", std::process::id()));
    std::fs::write(&temporary, &fresh)
        .and_then(|()| std::fs::rename(&temporary, &to))
        .with_context(|| format!("cannot write {}", to.display()))
}

/// A program of this workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// `quaero`: trains, and everything that a user of it needs.
    Trainer,
    /// `quaero-lab`: conformance of kernels, benchmarks, the check on a GPU.
    Lab,
}

impl Program {
    /// Its package, its name, and what is said of the first build.
    fn facts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Trainer => ("quaero-cli", "quaero", "the sandbox is half of it"),
            Self::Lab => ("quaero-lab", "quaero-lab", "without the sandbox"),
        }
    }
}

/// Builds a program in the release profile and returns where it lies.
///
/// # Errors
/// When it does not build.
pub(crate) fn binary(program: Program) -> Result<PathBuf> {
    let (package, name, first) = program.facts();
    let target = shell::target_directory(&shell::metadata("Cargo.toml")?)?;
    let executable = target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let mut build = cargo("build --release --package");
    build.arg(package);
    if executable.is_file() {
        build.arg("--quiet");
    } else {
        say(&format!("building {name} (once; {first}; minutes on two cores)"));
    }
    shell::run(&format!("building {name}"), &mut build)?;
    if !executable.is_file() {
        bail!("cargo built {package}, but {} is not there", executable.display());
    }
    Ok(executable)
}

#[cfg(test)]
mod tests;
