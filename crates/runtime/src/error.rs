//! Runtime failures around guests, each with a remedy.

use std::path::PathBuf;

/// The world failed: a file, a folder, or a plugin that cannot be loaded. What a loaded guest does
/// is never one of these.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A plugin file or folder could not be read.
    #[error("cannot read the plugin path {path}: {source}; check `plugins.paths`")]
    Read {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The bytes are not WebAssembly at all, or broken.
    #[error(
        "{plugin} is not a WebAssembly component: {detail}; build it with `quaero plugin build`"
    )]
    NotWasm {
        /// The plugin's file.
        plugin: String,
        /// What the reader said.
        detail: String,
    },
    /// A core module where a component was expected.
    #[error(
        "{plugin} is a core module, not a component; build it for `wasm32-wasip2` \
         (`cargo build --release --target wasm32-wasip2`)"
    )]
    CoreModule {
        /// The plugin's file.
        plugin: String,
    },
    /// Built for another version of the contract.
    #[error(
        "{plugin} was built for quaero:family@{got}, this host speaks quaero:family@{expected}; \
         rebuild it against `plugins/wit`"
    )]
    Version {
        /// The plugin's file.
        plugin: String,
        /// The host's version.
        expected: String,
        /// The plugin's version.
        got: String,
    },
    /// It asks for imports that no family gets.
    #[error(
        "{plugin} asks for {}, which the host does not offer; a family gets {offered} and an \
         empty WASI",
        .imports.join(", ")
    )]
    Imports {
        /// The plugin's file.
        plugin: String,
        /// The imports by name.
        imports: Vec<String>,
        /// What there is.
        offered: &'static str,
    },
    /// It does not export the world `family`, or with other types.
    #[error("{plugin} does not fit the world `family` of plugins/wit: {detail}")]
    World {
        /// The plugin's file.
        plugin: String,
        /// What does not fit.
        detail: String,
    },
    /// It trapped, ran too long or broke the contract while loading.
    #[error("{plugin} failed in `{call}` while loading: {cause}: {detail}")]
    Load {
        /// The plugin's file.
        plugin: String,
        /// The export.
        call: &'static str,
        /// `trap`, `timeout`, `memory` or `contract`.
        cause: String,
        /// What is known.
        detail: String,
    },
    /// It refused its options.
    #[error("the family {family} refuses its options {options}: {detail}")]
    Configure {
        /// The family's name.
        family: String,
        /// The options, JSON.
        options: String,
        /// The family's words.
        detail: String,
    },
    /// A golden case of its own came out differently.
    #[error(
        "{plugin} is refused: its golden case {case:?} should give {expected:?} and gave {got:?}; \
         fix the family or its case"
    )]
    Golden {
        /// The plugin's file.
        plugin: String,
        /// The case.
        case: String,
        /// What it says of itself.
        expected: String,
        /// What it did.
        got: String,
    },
    /// Two plugins have one name.
    #[error("{first} and {second} both call themselves {family:?}; remove one")]
    Duplicate {
        /// The name.
        family: String,
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
    /// Options or grants name a family that is not there.
    #[error(
        "the configuration names the family {family:?}{}; loaded are {}",
        meant(family, loaded),
        if loaded.is_empty() { "none".to_owned() } else { loaded.join(", ") }
    )]
    NoSuchFamily {
        /// The name.
        family: String,
        /// The families there are.
        loaded: Vec<String>,
    },
    /// The folder of compiled code cannot be made or written.
    #[error(
        "cannot write compiled code to {path}: {source}; set `plugins.cache` to a folder that \
         you own"
    )]
    Cache {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder of compiled code is open to other users, who could plant native code there.
    #[error("{path} holds native code and is writable for others (mode {mode:o}); `chmod 700` it")]
    CacheOpen {
        /// The folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The interpreter that came with this program is damaged, or does not fit this machine.
    #[error("the embedded interpreter cannot be used: {detail}; rebuild quaero")]
    Interpreter {
        /// What failed.
        detail: String,
    },
    /// wasmtime refuses this machine (no virtual memory, foreign processor).
    #[error("the sandbox cannot start on this machine: {detail}")]
    Engine {
        /// What failed.
        detail: String,
    },
}

/// A question, where a name is near.
fn meant(word: &str, names: &[String]) -> String {
    let near = crate::nearest(word, names.iter().map(String::as_str));
    near.map_or_else(String::new, |name| format!(" (do you mean {name}?)"))
}
