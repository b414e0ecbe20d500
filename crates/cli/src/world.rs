//! Loading what several commands need: configuration, sandbox, policy, suite.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use quaero_config::Resolved;
use quaero_evals::Suite;
use quaero_policy::Policy;
use quaero_runtime::Host;

use crate::print;

/// The name under which the embedded seed model goes.
pub(crate) const SEED: &str = "seed";

/// The sandbox with all families. Native code is kept beside the families.
pub(crate) fn host(resolved: &Resolved, plugins: &Path) -> anyhow::Result<Host> {
    if !plugins.is_dir() {
        anyhow::bail!(
            "no task families at {}: run `cargo xtask plugin build`, or name their folder with \
             --plugins-dir",
            plugins.display()
        );
    }
    let cache = Some(plugins.join(".cache"));
    let progress = Arc::new(|words: &str| print::note(words));
    Ok(Host::open(resolved.runtime(plugins.to_owned(), cache, progress)?)?)
}

/// The model in `folder`, or the embedded one when it is called `seed`.
pub(crate) fn policy(folder: &Path) -> anyhow::Result<Policy> {
    if folder != Path::new(SEED) {
        return Ok(Policy::load(folder)?);
    }
    let unpacked = tempfile::tempdir().context("cannot make a temporary folder")?;
    quaero_seed::unpack(unpacked.path())?;
    Ok(Policy::load(unpacked.path())?)
}

/// The suite `name`: the embedded held-out tasks, or the tasks in `data`.
pub(crate) fn suite(name: &str, data: Option<&Path>) -> anyhow::Result<Suite> {
    match data {
        Some(path) => Ok(Suite::read(name, path)?),
        None if name == "heldout" => {
            let records = quaero_seed::suite();
            let mut suite = Suite::parse(name, &quaero_seed::suite::to_jsonl(&records))?;
            // The python family's hold-out key is the program's text.
            suite.held_out =
                records.iter().filter_map(quaero_seed::suite::Record::program).collect();
            Ok(suite)
        }
        None => anyhow::bail!(
            "no suite is called `{name}`: use heldout, or give its tasks with --data FILE"
        ),
    }
}
