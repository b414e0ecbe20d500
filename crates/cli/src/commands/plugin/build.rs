//! `quaero plugin build DIR`: a family's folder, wherever it lies, to a component beside its
//! sources.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use quaero_terminal::{UsageError, print};
use serde_json::Value;

use crate::args::PluginBuild;

const TARGET: &str = "wasm32-wasip2";
/// Compiles families in Python. Pinned: what it makes carries its CPython.
const COMPONENTIZE: &str = "componentize-py==0.25.1";

pub(super) fn run(plugins: &Path, args: &PluginBuild) -> anyhow::Result<()> {
    let folder = &args.dir;
    let built = if folder.join("Cargo.toml").is_file() {
        rust(folder)?
    } else if folder.join("app.py").is_file() {
        python(folder, plugins)?
    } else {
        let what = format!(
            "{} is no family's folder: it has neither a Cargo.toml nor an app.py; `quaero plugin \
             new` writes one",
            folder.display()
        );
        return Err(UsageError(what).into());
    };
    print::line(&built.display().to_string());
    Ok(())
}

/// By cargo, which must have the wasm target.
fn rust(folder: &Path) -> anyhow::Result<PathBuf> {
    let manifest = folder.join("Cargo.toml");
    let metadata = metadata(&manifest)?;
    let (package, file) = component(&metadata, &manifest).with_context(|| {
        format!("{} builds no component: add crate-type = [\"cdylib\"]", manifest.display())
    })?;
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "--target", TARGET, "--manifest-path"]).arg(&manifest);
    told("cargo build", build.args(["--package", &package]))
        .with_context(|| format!("if it lacks the target: rustup target add {TARGET}"))?;
    let target = metadata["target_directory"].as_str().context("cargo names no target folder")?;
    let from = Path::new(target).join(TARGET).join("release").join(&file);
    let name = package.strip_prefix("quaero-").unwrap_or(&package);
    lay(&from, &folder.join(format!("{name}.wasm")))
}

/// What cargo says of the package in `manifest`.
fn metadata(manifest: &Path) -> anyhow::Result<Value> {
    let mut ask = Command::new("cargo");
    ask.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(manifest);
    let said = ask.output().context("cannot start cargo: is it on the PATH?")?;
    if !said.status.success() {
        let words = String::from_utf8_lossy(&said.stderr).trim().to_owned();
        anyhow::bail!("cargo does not read {}: {words}", manifest.display());
    }
    Ok(serde_json::from_slice(&said.stdout)?)
}

/// The package of `manifest` and the file of its component.
fn component(metadata: &Value, manifest: &Path) -> Option<(String, String)> {
    let manifest = std::fs::canonicalize(manifest).ok()?;
    let ours = |package: &&Value| {
        let path = package["manifest_path"].as_str().map(std::fs::canonicalize);
        path.is_some_and(|path| path.is_ok_and(|path| path == manifest))
    };
    let package = metadata["packages"].as_array()?.iter().find(ours)?;
    let library = package["targets"].as_array()?.iter().find(|target| {
        target["crate_types"].as_array().is_some_and(|all| all.iter().any(|one| one == "cdylib"))
    })?;
    let file = format!("{}.wasm", library["name"].as_str()?.replace('-', "_"));
    Some((package["name"].as_str()?.to_owned(), file))
}

/// By componentize-py, which lives in a virtual environment of its own beside the plugin folder.
fn python(folder: &Path, plugins: &Path) -> anyhow::Result<PathBuf> {
    let home = plugins.parent().unwrap_or(plugins).join("venv-componentize");
    let tool = componentize(&home)?;
    let full = std::fs::canonicalize(folder)
        .with_context(|| format!("cannot find {}", folder.display()))?;
    let stem = full.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let made = full.join(format!(".{stem}.wasm.tmp"));
    let mut build = Command::new(tool);
    // Its words are Python's; what the tool's own frames add helps nobody.
    build.env("RUST_BACKTRACE", "0");
    build.current_dir(&full).args(["--quiet", "-d", "wit", "-w", "family"]);
    print::note("compiling with CPython inside (about 15 s)");
    told("componentize-py", build.args(["componentize", "app", "-o"]).arg(&made))?;
    let name = name_of(&full).unwrap_or(stem);
    let to = folder.join(format!("{name}.wasm"));
    std::fs::rename(&made, &to).with_context(|| format!("cannot write {}", to.display()))?;
    Ok(to)
}

/// The `name = "…"` of the family's class.
fn name_of(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("family.py")).ok()?;
    let name = text.lines().find_map(|line| line.trim().strip_prefix("name = \""))?;
    Some(name.strip_suffix('"')?.to_owned())
}

/// The tool, fetched the first time.
fn componentize(home: &Path) -> anyhow::Result<PathBuf> {
    let bin = std::path::absolute(home.join(if cfg!(windows) { "Scripts" } else { "bin" }))?;
    let (tool, stamp) = (bin.join("componentize-py"), home.join("packages.txt"));
    if tool.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|has| has == COMPONENTIZE) {
        return Ok(tool);
    }
    print::note(&format!("fetching {COMPONENTIZE} into {} (60 MB, once)", home.display()));
    let system = if cfg!(windows) { "python" } else { "python3" };
    let mut make = Command::new(system);
    told("python3 -m venv", make.args(["-m", "venv", "--clear"]).arg(home)).context(
        "a family in Python needs Python 3.10 or newer with its module venv to be built",
    )?;
    let mut install = Command::new(bin.join("python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", COMPONENTIZE]);
    told("pip install", &mut install)
        .context("componentize-py comes from PyPI: is it reachable?")?;
    std::fs::write(&stamp, COMPONENTIZE)
        .with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(tool)
}

/// Runs `command` with the terminal as its own; its output goes where people read.
fn told(what: &str, command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(std::process::Stdio::null()).stdout(std::io::stderr());
    let status = command.status().with_context(|| format!("cannot start {program}"))?;
    anyhow::ensure!(status.success(), "{what} failed ({status}); see its output above");
    Ok(())
}

/// Copies by way of a temporary name: a running trainer never sees half a component.
fn lay(from: &Path, to: &Path) -> anyhow::Result<PathBuf> {
    let temporary = to.with_extension("wasm.tmp");
    std::fs::copy(from, &temporary)
        .and_then(|_| std::fs::rename(&temporary, to))
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(to.to_owned())
}
