//! What the user chose: where families lie, what they may do, how much room and time guests get.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Told in one line what takes long (compiling, mostly).
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// A family that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// What errors call it, such as `quaero_python.wasm`.
    pub name: &'static str,
    /// The component.
    pub wasm: &'static [u8],
}

/// How a [`Host`](crate::Host) is opened.
#[derive(Clone)]
pub struct Options {
    /// Plugin folders (every `*.wasm` in them, in the order of names) and single files.
    pub paths: Vec<PathBuf>,
    /// Families that are part of the program; a family of the same name in `paths` replaces one.
    pub embedded: Vec<Embedded>,
    /// Folder of compiled code (made with mode 0700); `None` compiles at each start.
    pub cache: Option<PathBuf>,
    /// JSON object of options by family name; absent means `{}`.
    pub families: BTreeMap<String, String>,
    /// Capabilities by family name; what stands here is granted if the family asks for it.
    pub grants: BTreeMap<String, BTreeSet<String>>,
    /// What one family instance may use.
    pub limits: Limits,
    /// What one program may use.
    pub interpreter: InterpreterOptions,
    /// Threads for families; 0 is one a core.
    pub workers: usize,
    /// Told what takes long.
    pub progress: Progress,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            embedded: Vec::new(),
            cache: None,
            families: BTreeMap::new(),
            grants: BTreeMap::new(),
            limits: Limits::default(),
            interpreter: InterpreterOptions::default(),
            workers: 0,
            progress: Arc::new(|_| {}),
        }
    }
}

impl Options {
    /// Grants `capability` to `family`.
    #[must_use]
    pub fn grant(mut self, family: &str, capability: &str) -> Self {
        self.grants.entry(family.to_owned()).or_default().insert(capability.to_owned());
        self
    }
}

/// What one family instance may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Deadline of a call, without the time its programs take in the interpreter.
    pub deadline_ms: u32,
    /// Linear memory.
    pub memory_bytes_max: usize,
    /// Longest single text in a reply.
    pub text_bytes_max: usize,
    /// Programs that one call may run for each item of its batch.
    pub jobs_per_item_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline_ms: 10_000,
            memory_bytes_max: 512 << 20,
            text_bytes_max: 1 << 20,
            jobs_per_item_max: 1024,
        }
    }
}

/// How an [`Interpreter`](crate::Interpreter) is opened.
#[derive(Clone)]
pub struct InterpreterOptions {
    /// Threads that run programs; 0 is one a core.
    pub workers: usize,
    /// Linear memory of a program, the interpreter's own included (64 MiB).
    pub memory_bytes_max: usize,
    /// Longest deadline that a job may ask for.
    pub deadline_ms_max: u32,
    /// Longest canonical value that a job may ask for.
    pub value_bytes_max: u32,
    /// Recursion limit of programs; 0 is CPython's own.
    pub recursion: u32,
    /// An executable that runs [`serve_programs`](crate::serve_programs) when its one argument is
    /// [`SERVE`](crate::SERVE), such as `/proc/self/exe`: programs then run in processes of it,
    /// one a worker, whose deadline is kept from outside, a quarter faster than on threads of this
    /// process. Needs a cache folder (without one: threads).
    pub process: Option<PathBuf>,
    /// Outcomes remembered (job → outcome); 0 remembers none.
    pub remembered_max: usize,
    /// Memory for remembered outcomes, about.
    pub remembered_bytes_max: usize,
}

impl Default for InterpreterOptions {
    fn default() -> Self {
        Self {
            workers: 0,
            memory_bytes_max: 256 << 20,
            deadline_ms_max: 60_000,
            value_bytes_max: 1 << 20,
            recursion: 0,
            process: None,
            remembered_max: 200_000,
            remembered_bytes_max: 128 << 20,
        }
    }
}

impl InterpreterOptions {
    /// The deadline that `job` gets.
    pub(crate) fn deadline_ms(&self, job: &crate::Job) -> u32 {
        job.deadline_ms.min(self.deadline_ms_max)
    }
}
