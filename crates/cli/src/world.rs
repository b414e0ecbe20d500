//! Loading what several commands need: configuration, sandbox, policy, suite.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use quaero_config::Resolved;
use quaero_evals::Suite;
use quaero_model::Config;
use quaero_ops::Device;
use quaero_policy::Policy;
use quaero_runtime::{Host, Refused};
use quaero_terminal::print;

/// The name under which the embedded seed model goes.
pub(crate) const SEED: &str = "seed";

/// The sandbox with all families. Native code is kept beside the families.
pub(crate) fn host(resolved: &Resolved, plugins: &Path) -> anyhow::Result<Host> {
    Ok(Host::open(sandbox(resolved, plugins)?)?)
}

/// The sandbox with all families that load, and what does not, on `jobs` cores (0: all).
pub(crate) fn host_each(
    resolved: &Resolved,
    plugins: &Path,
    jobs: usize,
) -> anyhow::Result<(Host, Vec<Refused>)> {
    let mut options = sandbox(resolved, plugins)?;
    (options.workers, options.interpreter.workers) = (jobs, jobs);
    Ok(Host::open_each(options)?)
}

fn sandbox(resolved: &Resolved, plugins: &Path) -> anyhow::Result<quaero_runtime::Options> {
    if !plugins.is_dir() {
        anyhow::bail!(
            "no task families at {}: run `cargo xtask plugin build`, or name their folder with \
             --plugins-dir",
            plugins.display()
        );
    }
    let cache = Some(plugins.join(".cache"));
    let progress = Arc::new(|words: &str| print::note(words));
    let mut options = resolved.runtime(plugins.to_owned(), cache, progress)?;
    options.interpreter.process = resolved.processes().then(program).flatten();
    Ok(options)
}

/// The executable that runs untrusted programs: this one, even if its file has been replaced.
pub(crate) fn program() -> Option<PathBuf> {
    cfg!(target_os = "linux").then(|| PathBuf::from("/proc/self/exe"))
}

/// The device of `kind`; kernels that are compiled on this machine are kept beside the families.
pub(crate) fn device(plugins: &Path, kind: quaero_ops::Kind) -> anyhow::Result<Device> {
    Ok(Device::open(kind, &plugins.join(".cache/kernels"))?)
}

/// `policy` with its model on `device`.
pub(crate) fn placed(policy: Policy, device: &Device) -> anyhow::Result<Policy> {
    Ok(Policy { model: policy.model.to(device)?, ..policy })
}

/// Bytes that a run on `device` may take: of the device, or of this machine's memory where a device
/// is emulated or there is none. `None` where the system does not say.
pub(crate) fn free_bytes(device: &Device) -> Option<usize> {
    device.free_bytes().or_else(available_bytes)
}

/// This machine's memory that is free or can be freed.
pub(crate) fn available_bytes() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kib: usize = text.lines().find_map(|line| {
        line.strip_prefix("MemAvailable:")?.split_whitespace().next()?.parse().ok()
    })?;
    Some(kib << 10)
}

/// What the model in `folder` computes, without its weights.
pub(crate) fn model_config(folder: &Path) -> anyhow::Result<Config> {
    of_model(folder, |folder| Ok(quaero_model::read_config(folder)?))
}

/// The model in `folder`, or the embedded one when it is called `seed`.
pub(crate) fn policy(folder: &Path) -> anyhow::Result<Policy> {
    of_model(folder, |folder| Ok(Policy::load(folder)?))
}

/// What `read` makes of a model's folder; the embedded one's is made for it.
fn of_model<T>(folder: &Path, read: impl FnOnce(&Path) -> anyhow::Result<T>) -> anyhow::Result<T> {
    if folder != Path::new(SEED) {
        return read(&model_folder(folder)?);
    }
    let unpacked = tempfile::tempdir().context("cannot make a temporary folder")?;
    quaero_seed::unpack(unpacked.path())?;
    read(unpacked.path())
}

/// The folder that `path` means: a model's own, the one that a folder of Hugging Face's cache keeps
/// as its newest, a fetched model by its name, or one in that cache as `owner/name`.
pub(crate) fn model_folder(path: &Path) -> anyhow::Result<PathBuf> {
    if path.join("snapshots").is_dir() {
        return snapshot(path);
    }
    let Some(name) = path.to_str().filter(|_| !path.exists()) else { return Ok(path.to_owned()) };
    if let Some(folder) = crate::catalog::fetched(name)? {
        return Ok(folder);
    }
    let cached = name.split_once('/').filter(|(_, rest)| !rest.contains('/')).and_then(|_| {
        let name = format!("models--{}", name.replace('/', "--"));
        Some(quaero_config::folders::hugging_face()?.join(name))
    });
    match cached.filter(|folder| folder.join("snapshots").is_dir()) {
        Some(folder) => snapshot(&folder),
        None => Ok(path.to_owned()),
    }
}

/// The snapshot that `refs/main` of a cached repository names, or the only one there is.
fn snapshot(folder: &Path) -> anyhow::Result<PathBuf> {
    let all = folder.join("snapshots");
    if let Ok(main) = std::fs::read_to_string(folder.join("refs/main")) {
        let named = all.join(main.trim());
        if named.is_dir() {
            return Ok(named);
        }
    }
    let entries =
        std::fs::read_dir(&all).with_context(|| format!("cannot list {}", all.display()))?;
    let found: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    match &found[..] {
        [only] => Ok(only.clone()),
        _ => anyhow::bail!(
            "{} has {} snapshots and refs/main names none of them: name one of them itself",
            folder.display(),
            found.len()
        ),
    }
}

/// The suite `name`: the embedded held-out tasks, or the tasks in `data`; with what their families
/// say must not leak from them.
pub(crate) fn suite(host: &Host, name: &str, data: Option<&Path>) -> anyhow::Result<Suite> {
    let mut suite = match data {
        Some(path) => Suite::read(name, path)?,
        None if name == "heldout" => {
            Suite::parse(name, &quaero_seed::suite::to_jsonl(&quaero_seed::suite()))?
        }
        None => anyhow::bail!(
            "no suite is called `{name}`: use heldout, or give its tasks with --data FILE"
        ),
    };
    if data.is_some() {
        suite.check(host)?;
    }
    suite.hold_out(host)?;
    Ok(suite)
}
