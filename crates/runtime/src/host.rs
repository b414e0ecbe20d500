//! The door: finds families, loads them all or says why not, and holds the one interpreter that
//! they share.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::{Config, Engine};

use crate::compiled::Compiled;
use crate::family::Loader;
use crate::ticker::Ticker;
use crate::{Error, Family, Interpreter, Options, Stats, threads};

/// All loaded families.
pub struct Host {
    families: BTreeMap<String, Family>,
    interpreter: Option<Arc<Interpreter>>,
}

/// A component that was found.
struct Source {
    name: String,
    wasm: Cow<'static, [u8]>,
    embedded: bool,
}

impl Host {
    /// Finds and loads the families that `options` names. Compiling takes seconds the first time;
    /// then native code comes from the cache folder.
    ///
    /// # Errors
    /// The first family that cannot be loaded, with a remedy; none is left out silently.
    pub fn open(options: Options) -> Result<Self, Error> {
        let engine = engine()?;
        let ticker = Ticker::start(&engine);
        let compiled = Compiled::open(options.cache.as_deref(), &options.progress)?;
        let sources = find(&options)?;
        let loader = Loader::new(&engine, &ticker, &compiled, &options)?;
        let interpreter: Mutex<Option<Arc<Interpreter>>> = Mutex::default();
        let lend = || {
            let mut slot = interpreter.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(open) = &*slot {
                return Ok(Arc::clone(open));
            }
            let cache = options.cache.as_deref();
            let opened = Interpreter::open(options.interpreter.clone(), cache, &options.progress)?;
            Ok(Arc::clone(slot.insert(Arc::new(opened))))
        };
        let n_workers = threads::count(options.workers);
        let loaded = threads::map(n_workers, &sources, |source| {
            loader.load(&source.name, &source.wasm, &lend)
        });
        let mut families: BTreeMap<String, (Family, bool)> = BTreeMap::new();
        for (family, source) in loaded.into_iter().zip(&sources) {
            let family = family?;
            let name = family.manifest().name.clone();
            match families.get(&name) {
                Some((first, embedded)) if *embedded == source.embedded => {
                    let first = first.source().to_owned();
                    let second = source.name.clone();
                    return Err(Error::Duplicate { family: name, first, second });
                }
                // A file replaces an embedded family of its name: embedded ones come first.
                _ => families.insert(name, (family, source.embedded)),
            };
        }
        let families: BTreeMap<_, _> =
            families.into_iter().map(|(name, (family, _))| (name, family)).collect();
        let named = options.families.keys().chain(options.grants.keys());
        if let Some(unknown) = named.into_iter().find(|name| !families.contains_key(*name)) {
            let loaded = families.keys().cloned().collect();
            return Err(Error::NoSuchFamily { family: unknown.clone(), loaded });
        }
        let interpreter = interpreter.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Self { families, interpreter })
    }

    /// The family `name`.
    #[must_use]
    pub fn family(&self, name: &str) -> Option<&Family> {
        self.families.get(name)
    }

    /// All families by name.
    pub fn families(&self) -> impl Iterator<Item = &Family> {
        self.families.values()
    }

    /// The interpreter, if a family was granted it.
    #[must_use]
    pub fn interpreter(&self) -> Option<&Interpreter> {
        self.interpreter.as_deref()
    }

    /// What programs were run.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.interpreter().map(Interpreter::stats).unwrap_or_default()
    }
}

/// The engine of families: instances live long, so nothing is pooled.
fn engine() -> Result<Engine, Error> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(threads::WASM_STACK_BYTES)
        .async_stack_size(2 * threads::WASM_STACK_BYTES)
        .wasm_backtrace_max_frames(None);
    Engine::new(&config).map_err(|error| Error::Engine { detail: format!("{error:#}") })
}

/// Embedded families first, then those of each path in turn.
fn find(options: &Options) -> Result<Vec<Source>, Error> {
    let mut sources: Vec<Source> = options
        .embedded
        .iter()
        .map(|family| Source { name: family.name.into(), wasm: family.wasm.into(), embedded: true })
        .collect();
    for path in &options.paths {
        for file in files(path)? {
            let wasm = std::fs::read(&file)
                .map_err(|source| Error::Read { path: file.clone(), source })?
                .into();
            sources.push(Source { name: file.display().to_string(), wasm, embedded: false });
        }
    }
    Ok(sources)
}

/// `path` itself, or the `*.wasm` in it by name.
fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if file.extension().is_some_and(|end| end == "wasm") {
            found.push(file);
        }
    }
    found.sort();
    Ok(found)
}
