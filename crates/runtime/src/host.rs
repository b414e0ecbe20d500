//! The door: finds families, loads them all or says why not, and holds the one interpreter that
//! they share.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use quaero_types::{Episode, Fault, Kind, Opening, Prompt, Reply};
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

/// A file that is no family of this host.
#[derive(Debug)]
pub struct Refused {
    /// The file.
    pub source: String,
    /// Why, with a remedy.
    pub error: Error,
}

impl Host {
    /// Finds and loads the families that `options` names. Compiling takes seconds the first time;
    /// then native code comes from the cache folder.
    ///
    /// # Errors
    /// The first family that cannot be loaded, with a remedy; none is left out silently.
    pub fn open(options: Options) -> Result<Self, Error> {
        let named: Vec<String> =
            options.families.keys().chain(options.grants.keys()).cloned().collect();
        let (host, refused) = Self::open_each(options)?;
        if let Some(first) = refused.into_iter().next() {
            return Err(first.error);
        }
        if let Some(family) = named.into_iter().find(|name| !host.families.contains_key(name)) {
            let loaded = host.families.into_keys().collect();
            return Err(Error::NoSuchFamily { family, loaded });
        }
        Ok(host)
    }

    /// As [`Self::open`], but what cannot be loaded stands apart and hides nothing, and options or
    /// grants may name families that are not there.
    ///
    /// # Errors
    /// If the sandbox itself cannot start.
    pub fn open_each(options: Options) -> Result<(Self, Vec<Refused>), Error> {
        let engine = engine()?;
        let ticker = Ticker::start(&engine);
        let compiled = Compiled::open(options.cache.as_deref(), &options.progress)?;
        let (sources, mut refused) = find(&options);
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
        for (family, source) in loaded.into_iter().zip(sources) {
            let Source { name: file, embedded, .. } = source;
            let family = match family {
                Ok(family) => family,
                Err(error) => {
                    refused.push(Refused { source: file, error });
                    continue;
                }
            };
            let name = family.manifest().name.clone();
            match families.get(&name) {
                Some((first, also)) if *also == embedded => {
                    let (first, second) = (first.source().to_owned(), file.clone());
                    let error = Error::Duplicate { family: name, first, second };
                    refused.push(Refused { source: file, error });
                }
                // A file replaces an embedded family of its name: embedded ones come first.
                _ => drop(families.insert(name, (family, embedded))),
            }
        }
        let families = families.into_iter().map(|(name, (family, _))| (name, family)).collect();
        let interpreter = interpreter.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((Self { families, interpreter }, refused))
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

    /// The prompt of each opening, as [`Family::open`]; `None` where no loaded family plays it.
    #[must_use]
    pub fn open_episodes(&self, openings: &[&Opening]) -> Vec<Option<Result<Prompt, Fault>>> {
        self.by_family(
            openings,
            |one| &one.kind,
            |family, ours| family.open(ours.into_iter().copied()),
        )
    }

    /// The reply to each episode, as [`Family::step`]; `None` where no loaded family plays it.
    #[must_use]
    pub fn step(&self, episodes: &[Episode]) -> Vec<Option<Result<Reply, Fault>>> {
        self.by_family(episodes, |one| &one.opening.kind, |family, ours| family.step(ours))
    }

    /// `call` of all items of a family at once, so that they share its instances and cores.
    /// Results come in the items' order.
    fn by_family<'a, T, R>(
        &self,
        items: &'a [T],
        kind: impl Fn(&T) -> &Kind,
        call: impl Fn(&Family, Vec<&'a T>) -> Vec<R>,
    ) -> Vec<Option<R>> {
        let mut indices: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (idx, item) in items.iter().enumerate() {
            indices.entry(&kind(item).family).or_default().push(idx);
        }
        let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
        for (name, indices) in indices {
            let Some(family) = self.family(name) else { continue };
            let ours = indices.iter().map(|&idx| &items[idx]).collect();
            for (idx, result) in indices.into_iter().zip(call(family, ours)) {
                results[idx] = Some(result);
            }
        }
        results
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

/// Embedded families first, then those of each path in turn; and what cannot be read.
fn find(options: &Options) -> (Vec<Source>, Vec<Refused>) {
    let mut sources: Vec<Source> = options
        .embedded
        .iter()
        .map(|family| Source { name: family.name.into(), wasm: family.wasm.into(), embedded: true })
        .collect();
    let mut refused = Vec::new();
    let mut refuse = |path: &Path, source| {
        let error = Error::Read { path: path.to_owned(), source };
        refused.push(Refused { source: path.display().to_string(), error });
    };
    for path in &options.paths {
        let files = files(path).unwrap_or_else(|source| {
            refuse(path, source);
            Vec::new()
        });
        for file in files {
            match std::fs::read(&file) {
                Ok(wasm) => {
                    let (name, wasm) = (file.display().to_string(), wasm.into());
                    sources.push(Source { name, wasm, embedded: false });
                }
                Err(source) => refuse(&file, source),
            }
        }
    }
    (sources, refused)
}

/// `path` itself, or the `*.wasm` in it by name.
fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        if file.extension().is_some_and(|end| end == "wasm") {
            found.push(file);
        }
    }
    found.sort();
    Ok(found)
}
