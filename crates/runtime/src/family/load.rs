//! From a file's bytes to a family that may be trusted with calls: what it is, which contract it
//! was built for, what it imports, what it says of itself, and whether its own golden cases hold.

use std::sync::Arc;

use quaero_types::{Fault, Manifest, Reply};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use super::bindings::quaero::family::vocabulary as wit;
use super::instance::{self, Breach, Instance, Maker, Refusal, State};
use super::{Family, convert};
use crate::compiled::Compiled;
use crate::ticker::Ticker;
use crate::{Error, Interpreter, Options, threads};

/// The contract that this host speaks.
const VERSION: &str = "0.1.0";
/// Its package.
const PACKAGE: &str = "quaero:family/";
/// What else may be imported: all of it is empty here.
const WASI: [&str; 6] =
    ["wasi:cli/", "wasi:io/", "wasi:clocks/", "wasi:random/", "wasi:filesystem/", "wasi:sockets/"];
const OFFERED: &str = "quaero:family@0.1.0 {vocabulary, interpreter, log}";
/// The capability that runs programs.
const INTERPRETER: &str = "interpreter";

/// Loads families.
pub(crate) struct Loader<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) ticker: &'a Ticker,
    pub(crate) compiled: &'a Compiled,
    pub(crate) options: &'a Options,
    linker: Linker<State>,
}

impl<'a> Loader<'a> {
    /// A loader with the linker of all families.
    ///
    /// # Errors
    /// If wasmtime refuses its own definitions.
    pub(crate) fn new(
        engine: &'a Engine,
        ticker: &'a Ticker,
        compiled: &'a Compiled,
        options: &'a Options,
    ) -> Result<Self, Error> {
        let linker = instance::linker(engine)
            .map_err(|error| Error::Engine { detail: format!("{error:#}") })?;
        Ok(Self { engine, ticker, compiled, options, linker })
    }

    /// The family in `wasm`, which the file `plugin` holds. Must be called on a thread of
    /// `threads`. `interpreter` is asked for only if the family gets it.
    ///
    /// # Errors
    /// Whatever speaks against it, with a remedy.
    pub(crate) fn load(
        &self,
        plugin: &str,
        wasm: &[u8],
        interpreter: &dyn Fn() -> Result<Arc<Interpreter>, Error>,
    ) -> Result<Family, Error> {
        let component = self.component(plugin, wasm)?;
        let unfit = |error: wasmtime::Error| Error::World {
            plugin: plugin.into(),
            detail: format!("{error:#}"),
        };
        let mut maker = Maker {
            pre: instance::link(&self.linker, &component).map_err(unfit)?,
            engine: self.engine.clone(),
            ticker: self.ticker.clone(),
            limits: self.options.limits,
            options: "{}".into(),
            interpreter: None,
            name: plugin.into(),
        };
        // Its name decides which options and grants are its own.
        let (first, _) = describe(&maker, plugin)?;
        maker.name.clone_from(&first.name);
        if let Some(options) = self.options.families.get(&first.name) {
            maker.options.clone_from(options);
        }
        let (manifest, golden) = describe(&maker, plugin)?;
        let manifest = convert::manifest(&manifest);
        if manifest.name != first.name {
            let detail = format!("its options change its name to {:?}", manifest.name);
            return Err(contract(plugin, "describe", detail));
        }
        check_manifest(plugin, &manifest)?;
        let grants = self.options.grants.get(&first.name);
        let may = |asked: &&String| grants.is_some_and(|grants| grants.contains(*asked));
        let granted: Vec<String> = manifest.capabilities.iter().filter(may).cloned().collect();
        if granted.iter().any(|capability| capability == INTERPRETER) {
            maker.interpreter = Some(interpreter()?);
        }
        let cases = golden.iter().map(|case| convert::golden(case, &manifest.name)).collect();
        let playable = granted.len() == manifest.capabilities.len();
        let n_workers = threads::count(self.options.workers);
        let family = Family::new(manifest, cases, granted, maker, (plugin, wasm), n_workers);
        if playable {
            play(&family, plugin, golden)?;
        } else {
            tracing::warn!(plugin, "not all that it asks for is granted: golden cases not played");
        }
        Ok(family)
    }

    /// Compiles `wasm`, after a look at what it is and wants.
    fn component(&self, plugin: &str, wasm: &[u8]) -> Result<Component, Error> {
        let not_wasm =
            |detail: &str| Error::NotWasm { plugin: plugin.into(), detail: detail.into() };
        match (wasm.get(..4), wasm.get(4..8)) {
            (Some(b"\0asm"), Some([_, _, 0, 0])) => {
                return Err(Error::CoreModule { plugin: plugin.into() });
            }
            (Some(b"\0asm"), Some(_)) => {}
            _ => return Err(not_wasm("it does not begin with the magic number of wasm")),
        }
        let component = self.compiled.component(self.engine, plugin, wasm, |d| not_wasm(&d))?;
        let ty = component.component_type();
        let imports: Vec<&str> = ty.imports(self.engine).map(|(name, _)| name).collect();
        let ours = |name: &&str| name.starts_with(PACKAGE);
        let version = |name: &str| name.split_once('@').map_or("none", |(_, v)| v).to_owned();
        let exports = ty.exports(self.engine).map(|(name, _)| name);
        let mut versions = imports.iter().copied().chain(exports).filter(ours).map(version);
        if let Some(got) = versions.find(|version| version != VERSION) {
            let expected = VERSION.into();
            return Err(Error::Version { plugin: plugin.into(), expected, got });
        }
        let offered = |name: &str| match name.strip_prefix(PACKAGE) {
            Some(interface) => {
                let (name, _) = interface.split_once('@').unwrap_or((interface, ""));
                ["vocabulary", INTERPRETER, "log"].contains(&name)
            }
            None => WASI.iter().any(|prefix| name.starts_with(prefix)),
        };
        let foreign = imports.into_iter().filter(|name| !offered(name)).map(str::to_owned);
        let foreign: Vec<String> = foreign.collect();
        if foreign.is_empty() {
            return Ok(component);
        }
        Err(Error::Imports { plugin: plugin.into(), imports: foreign, offered: OFFERED })
    }
}

/// Asks a fresh instance of `maker` who it is; its golden cases stand apart.
fn describe(maker: &Maker, plugin: &str) -> Result<(wit::Manifest, Vec<wit::Golden>), Error> {
    let failed = |call, fault: Fault| Error::Load {
        plugin: plugin.into(),
        call,
        cause: fault.cause,
        detail: fault.detail,
    };
    let instance: Instance = maker.make().map_err(|refusal| match refusal {
        Refusal::Options(detail) => {
            Error::Configure { family: maker.name.clone(), options: maker.options.clone(), detail }
        }
        Refusal::Fault(fault) => failed("configure", fault),
    })?;
    let (manifest, _, _) =
        maker.call(instance, 1, |bound, store| bound.quaero_family_play().call_describe(store));
    let mut manifest = manifest.map_err(|fault| failed("describe", fault))?;
    let golden = std::mem::take(&mut manifest.golden);
    Ok((manifest, golden))
}

fn contract(plugin: &str, call: &'static str, detail: String) -> Error {
    Error::Load { plugin: plugin.into(), call, cause: "contract".into(), detail }
}

/// Names that others use must be usable: in paths, in configuration, in metrics.
fn check_manifest(plugin: &str, manifest: &Manifest) -> Result<(), Error> {
    let plain = |name: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        !name.is_empty() && name.len() <= 64 && name.bytes().all(allowed)
    };
    let refuse = |detail| Err(contract(plugin, "describe", detail));
    let mut names: Vec<&str> = manifest.kinds.iter().map(|kind| kind.name.as_str()).collect();
    if let Some(name) = names.iter().copied().chain([&*manifest.name]).find(|name| !plain(name)) {
        return refuse(format!("{name:?} is no name (letters, digits, `_`, `-`; at most 64)"));
    }
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return refuse(format!("two kinds are called {:?}", pair[0]));
    }
    let from = manifest.kinds.iter().flat_map(|kind| &kind.references_from);
    if let Some(unknown) = from.into_iter().find(|name| !names.contains(&name.as_str())) {
        return refuse(format!("references come from {unknown:?}, which is no kind of it"));
    }
    if names.is_empty() {
        return refuse("it has no kinds".into());
    }
    Ok(())
}

/// Plays the golden cases.
fn play(family: &Family, plugin: &str, golden: Vec<wit::Golden>) -> Result<(), Error> {
    let (labels, episodes): (Vec<_>, Vec<_>) =
        golden.into_iter().map(|case| ((case.name, case.expect), case.episode)).unzip();
    for ((case, expected), reply) in labels.into_iter().zip(family.play(&episodes)) {
        let got = match &reply {
            Ok(Reply::Observation(_)) => "observation".into(),
            Ok(Reply::Proposed(_)) => "task".into(),
            Ok(Reply::Rejected(rejection)) => format!("rejected:{}", rejection.cause),
            Ok(Reply::Verdict(verdict)) => format!("{:?}", verdict.status).to_lowercase(),
            Err(fault) => format!("fault:{}", fault.cause),
        };
        if got != expected {
            let why = match reply {
                Ok(Reply::Rejected(rejection)) => rejection.detail,
                Ok(Reply::Verdict(verdict)) => verdict.reason,
                Err(fault) => fault.detail,
                Ok(_) => String::new(),
            };
            let got = if why.is_empty() { got } else { format!("{got} ({why})") };
            return Err(Error::Golden { plugin: plugin.into(), case, expected, got });
        }
    }
    Ok(())
}

/// A wrong number of replies.
pub(super) fn wrong_count(call: &str, got: usize, expected: usize) -> wasmtime::Error {
    Breach(format!("`{call}` gave {got} replies to {expected} items")).into()
}
