//! Native code of guests, compiled once a machine: the name of an entry is a digest of the wasm and
//! of everything that the native code depends on, so a stale entry is never found.

use std::hash::{Hash, Hasher};
use std::path::Path;

use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::trusted::{Native, Vault};
use crate::{Error, Progress};

/// Where compiled code is kept, if it is.
pub(crate) struct Compiled {
    vault: Option<Vault>,
    progress: Progress,
}

impl Compiled {
    /// Keeps code in `folder`, or nowhere.
    ///
    /// # Errors
    /// If the folder cannot be used.
    pub(crate) fn open(folder: Option<&Path>, progress: &Progress) -> Result<Self, Error> {
        let vault = folder.map(Vault::open).transpose()?;
        Ok(Self { vault, progress: progress.clone() })
    }

    /// The core module whose wasm `wasm` makes (only if it must be compiled) and whose identity is
    /// `content`. `broken` says how a module is called that does not compile.
    ///
    /// # Errors
    /// What `wasm` and `broken` say, or if the code cannot be kept.
    pub(crate) fn module(
        &self,
        engine: &Engine,
        title: &str,
        content: &[u8],
        wasm: impl FnOnce() -> Result<Vec<u8>, Error>,
        broken: impl Fn(String) -> Error,
    ) -> Result<Module, Error> {
        let name = name(engine, "module", content);
        if let Some(module) = self.find(&name).and_then(|code| code.module(engine).ok()) {
            return Ok(module);
        }
        let code = self.make_module(engine, &name, title, wasm, &broken)?;
        code.module(engine).map_err(|error| broken(format!("{error:#}")))
    }

    /// As [`Self::module`], for another process to load: sees only that its code is kept.
    ///
    /// # Errors
    /// As [`Self::module`].
    pub(crate) fn prepare_module(
        &self,
        engine: &Engine,
        title: &str,
        content: &[u8],
        wasm: impl FnOnce() -> Result<Vec<u8>, Error>,
        broken: impl Fn(String) -> Error,
    ) -> Result<(), Error> {
        let name = name(engine, "module", content);
        if self.find(&name).is_some() {
            return Ok(());
        }
        self.make_module(engine, &name, title, wasm, &broken).map(drop)
    }

    fn make_module(
        &self,
        engine: &Engine,
        name: &str,
        title: &str,
        wasm: impl FnOnce() -> Result<Vec<u8>, Error>,
        broken: &impl Fn(String) -> Error,
    ) -> Result<Native, Error> {
        (self.progress)(&format!("compiling {title} (once on this machine)"));
        let code =
            Native::of_module(engine, &wasm()?).map_err(|error| broken(format!("{error:#}")))?;
        self.keep(name, &code)?;
        Ok(code)
    }

    /// The component `wasm`.
    ///
    /// # Errors
    /// What `broken` says, or if the code cannot be kept.
    pub(crate) fn component(
        &self,
        engine: &Engine,
        title: &str,
        wasm: &[u8],
        broken: impl Fn(String) -> Error,
    ) -> Result<Component, Error> {
        let name = name(engine, "component", wasm);
        if let Some(component) = self.find(&name).and_then(|code| code.component(engine).ok()) {
            return Ok(component);
        }
        (self.progress)(&format!("compiling {title} (once on this machine)"));
        let code =
            Native::of_component(engine, wasm).map_err(|error| broken(format!("{error:#}")))?;
        self.keep(&name, &code)?;
        code.component(engine).map_err(|error| broken(format!("{error:#}")))
    }

    fn find(&self, name: &str) -> Option<Native> {
        self.vault.as_ref()?.find(name)
    }

    fn keep(&self, name: &str, code: &Native) -> Result<(), Error> {
        self.vault.as_ref().map_or(Ok(()), |vault| vault.keep(name, code))
    }
}

/// The entry's file name.
fn name(engine: &Engine, what: &str, content: &[u8]) -> String {
    // Covers wasmtime's version, the target with its processor features, and all settings.
    let mut settings = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let digest = blake3::Hasher::new()
        .update(what.as_bytes())
        .update(&settings.finish().to_le_bytes())
        .update(blake3::hash(content).as_bytes())
        .finalize();
    format!("{what}-{}.native", &digest.to_hex()[..40])
}
