//! The one unsafe step of this crate: turning bytes on disk into native code. A [`Vault`] is a
//! folder that only this user can write; what it gives back as code is, byte for byte, what
//! [`Vault::keep`] put there. Anything else in it (damaged, truncated, foreign) is `None`, never
//! an error and never code.
//!
//! Knows nothing of plugins or keys: names come from `compiled`.
#![expect(unsafe_code, reason = "wasmtime's `deserialize` trusts its bytes; the proof is below")]

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::Error;

/// First bytes of a file: format and its version.
const MAGIC: &[u8; 16] = b"quaero native 1\n";
/// Magic and BLAKE3 of all that follows.
const HEADER_BYTES: usize = 16 + 32;

/// A private folder of native code.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    folder: PathBuf,
}

impl Vault {
    /// Opens or makes the folder `path` (mode 0700).
    ///
    /// # Errors
    /// If it cannot be made or written, or if another user could write there.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Cache { path: path.to_owned(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let meta = std::fs::metadata(path).map_err(failed)?;
        // A file of our own shows who we are, and that we may write.
        let probe = tempfile::NamedTempFile::new_in(path).map_err(failed)?;
        let us = probe.as_file().metadata().map_err(failed)?.uid();
        if meta.mode() & 0o022 != 0 || meta.uid() != us {
            return Err(Error::CacheOpen { path: path.to_owned(), mode: meta.mode() & 0o7777 });
        }
        Ok(Self { folder: path.to_owned() })
    }

    /// Keeps `code`, which wasmtime compiled, under `name`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn keep(&self, name: &str, code: &Native) -> Result<(), Error> {
        let path = self.folder.join(name);
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(MAGIC)?;
            file.write_all(blake3::hash(&code.0).as_bytes())?;
            file.write_all(&code.0)?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok::<_, std::io::Error>(())
        };
        write().map_err(|source| Error::Cache { path: path.clone(), source })
    }

    /// What was kept under `name`, if it is there and whole.
    pub(crate) fn find(&self, name: &str) -> Option<Native> {
        let path = self.folder.join(name);
        let mut bytes = std::fs::read(&path).ok()?;
        let whole = bytes.len() >= HEADER_BYTES
            && bytes.starts_with(MAGIC)
            && blake3::hash(&bytes[HEADER_BYTES..]).as_bytes() == &bytes[16..HEADER_BYTES];
        if !whole {
            tracing::warn!(path = %path.display(), "damaged native code; compiling anew");
            return None;
        }
        bytes.drain(..HEADER_BYTES);
        Some(Native(bytes))
    }
}

/// Native code that wasmtime made in this process, or that came whole out of a [`Vault`].
pub(crate) struct Native(Vec<u8>);

impl Native {
    /// Compiles the core module `wasm`.
    ///
    /// # Errors
    /// If it is no valid module.
    pub(crate) fn of_module(engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Self> {
        engine.precompile_module(wasm).map(Self)
    }

    /// Compiles the component `wasm`.
    ///
    /// # Errors
    /// If it is no valid component.
    pub(crate) fn of_component(engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Self> {
        engine.precompile_component(wasm).map(Self)
    }

    /// Loads it as a core module.
    ///
    /// # Errors
    /// If another wasmtime or other settings made it, or the engine has no room for such a module.
    pub(crate) fn module(&self, engine: &Engine) -> wasmtime::Result<Module> {
        // SAFETY: `deserialize` demands bytes that `precompile_*` or `serialize` of wasmtime made
        // and nobody changed. `self.0` is private and set in two places: by `of_*` above, straight
        // from `precompile_*`; and in `Vault::find`, from a file with our magic whose contents have
        // the BLAKE3 digest that `Vault::keep`, the only writer, put there over a `Native`. Others
        // cannot write files there (`Vault::open` refuses a folder that is not ours alone), and the
        // digest is taken over the very bytes that are loaded, so nothing can change in between.
        // Version, target and settings are checked by `deserialize` itself.
        unsafe { Module::deserialize(engine, &self.0) }
    }

    /// Loads it as a component.
    ///
    /// # Errors
    /// As [`Native::module`].
    pub(crate) fn component(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: as in `module`.
        unsafe { Component::deserialize(engine, &self.0) }
    }
}
