//! Models, devices and caches: where a command finds what it measures.

use std::path::{Path, PathBuf};

use anyhow::Context;
use quaero_ops::{Device, Kind};
use quaero_policy::Policy;

/// The name of the embedded seed model.
pub(crate) const SEED: &str = "seed";

/// The model in `folder`, or the embedded one when it is called `seed`.
pub(crate) fn policy(folder: &Path) -> anyhow::Result<Policy> {
    if folder != Path::new(SEED) {
        return Ok(Policy::load(folder)?);
    }
    let unpacked = tempfile::tempdir().context("cannot make a temporary folder")?;
    quaero_seed::unpack(unpacked.path())?;
    Ok(Policy::load(unpacked.path())?)
}

/// The device of `kind`; kernels that are compiled on this machine are kept in [`cache`].
pub(crate) fn device(kind: Kind) -> anyhow::Result<Device> {
    Ok(Device::open(kind, &cache())?)
}

/// Where compiled kernels are kept: in Cargo's folder, or in the system's temporary folder where
/// there is no repository.
pub(crate) fn cache() -> PathBuf {
    let target = PathBuf::from("target");
    if target.is_dir() { target.join("simt") } else { std::env::temp_dir().join("quaero-kernels") }
}
