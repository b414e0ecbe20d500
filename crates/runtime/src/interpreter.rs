//! CPython behind a glass: every [`Job`] runs in a fresh instance of the pre-initialised core
//! module of `plugins/interpreter`, with no clock, no files, no network and a deadline, on
//! threads or in processes of its own. Equal jobs give equal outcomes, whatever else runs.
//!
//! Knows nothing of tasks: programs in, canonical texts out. What a program does to its instance
//! ends with the instance.
//!
//! # Layout
//! `job` what is asked → `spent` what it took → `wire` as bytes → `world` what an instance sees →
//! `instance` one run → `frames` between processes → `process` one that runs programs → `serve`
//! its inside → `memo` what is remembered.

mod frames;
mod instance;
mod job;
mod memo;
mod process;
mod serve;
mod spent;
mod wire;
mod world;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;

use wasmtime::{Engine, Module};

pub use job::{Answer, Job, Outcome};
pub use serve::{SERVE, serve_programs};
pub(crate) use spent::Spent;

use crate::compiled::Compiled;
use crate::{Error, InterpreterOptions, Progress, threads};
use instance::{Cell, Deadline};
use memo::{Digest, Memo};
use process::Process;

/// The interpreter that ships with the program.
static EMBEDDED: &[u8] = include_bytes!("../../../plugins/interpreter/interpreter.wasm.xz");
/// As people are told of it.
const TITLE: &str = "the Python interpreter";
/// Unpacked it is smaller than this.
const WASM_BYTES_MAX: u64 = 256 << 20;

/// What was done since the interpreter was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Jobs asked for.
    pub jobs: u64,
    /// Jobs answered without running: remembered, or twice in one batch.
    pub hits: u64,
    /// Jobs that ran past their deadline.
    pub timeouts: u64,
    /// Instances made.
    pub instances: u64,
    /// CPU time of programs, instances and their cleaning included.
    pub busy_ms: u64,
    /// The part of it that processes of their own had.
    pub elsewhere_ms: u64,
}

/// Runs untrusted Python.
pub struct Interpreter {
    apart: bool,
    queue: Option<mpsc::Sender<Work>>,
    workers: Vec<JoinHandle<()>>,
    memo: Mutex<Memo>,
    jobs: AtomicU64,
    hits: AtomicU64,
    timeouts: AtomicU64,
    instances: AtomicU64,
    busy_us: AtomicU64,
}

/// One job on its way to a worker.
struct Work {
    job: Arc<[Job]>,
    idx: usize,
    done: mpsc::Sender<(usize, (Outcome, Spent))>,
}

impl Interpreter {
    /// Opens the interpreter that ships with the program; compiles it if `cache` has no native code
    /// of it yet (some 10 s).
    ///
    /// # Errors
    /// If the cache folder cannot be used, or the sandbox does not work on this machine.
    pub fn open(
        options: InterpreterOptions,
        cache: Option<&Path>,
        progress: &Progress,
    ) -> Result<Self, Error> {
        if let (Some(program), Some(cache)) = (options.process.clone(), cache) {
            return Self::apart(&program, options, cache, progress);
        }
        Self::here(EMBEDDED, || unpack(EMBEDDED), options, cache, progress)
    }

    /// Opens another module of the same protocol (`plugins/interpreter/PROTOCOL.md`), on threads of
    /// this process.
    ///
    /// # Errors
    /// As [`Interpreter::open`], and if `wasm` is no such module.
    pub fn of_module(
        wasm: &[u8],
        options: InterpreterOptions,
        cache: Option<&Path>,
        progress: &Progress,
    ) -> Result<Self, Error> {
        Self::here(wasm, || Ok(wasm.to_vec()), options, cache, progress)
    }

    /// Programs run on threads of this process.
    fn here(
        content: &[u8],
        wasm: impl FnOnce() -> Result<Vec<u8>, Error>,
        options: InterpreterOptions,
        cache: Option<&Path>,
        progress: &Progress,
    ) -> Result<Self, Error> {
        let n_workers = threads::count(options.workers);
        let engine = instance::engine(n_workers, &options, Deadline::Epochs)?;
        let module = interpreter_of(&engine, content, wasm, cache, progress)?;
        let memo = Memo::new(options.remembered_max, options.remembered_bytes_max);
        let cell = Arc::new(Cell::new(&engine, &module, options, Deadline::Epochs)?);
        Self::with_workers(false, n_workers, memo, |_| {
            let cell = Arc::clone(&cell);
            move || Ok(move |job: &Job| cell.run(job))
        })
    }

    /// Programs run in processes of `program`.
    fn apart(
        program: &Path,
        options: InterpreterOptions,
        cache: &Path,
        progress: &Progress,
    ) -> Result<Self, Error> {
        let at = |source| Error::Cache { path: cache.to_owned(), source };
        let cache = std::path::absolute(cache).map_err(at)?;
        // Once here, so that the processes need not all compile it.
        let engine = instance::engine(1, &options, Deadline::Outside)?;
        Compiled::open(Some(&cache), progress)?.prepare_module(
            &engine,
            TITLE,
            EMBEDDED,
            || unpack(EMBEDDED),
            broken,
        )?;
        let memo = Memo::new(options.remembered_max, options.remembered_bytes_max);
        Self::with_workers(true, threads::count(options.workers), memo, |idx| {
            let (program, options, cache) =
                (program.to_owned(), options.clone(), PathBuf::clone(&cache));
            move || {
                let mut process = Process::new(program, options, cache);
                // One shows that it works; another starts when there is work for it.
                if idx == 0 {
                    process.start()?;
                }
                Ok(move |job: &Job| process.run(job))
            }
        })
    }

    /// Starts `n_workers` threads; `worker` makes what makes on its thread what runs jobs there.
    fn with_workers<M, R>(
        apart: bool,
        n_workers: usize,
        memo: Memo,
        worker: impl Fn(usize) -> M,
    ) -> Result<Self, Error>
    where
        M: FnOnce() -> Result<R, Error> + Send + 'static,
        R: FnMut(&Job) -> (Outcome, Spent),
    {
        let (queue, work) = mpsc::channel();
        let work = Arc::new(Mutex::new(work));
        let (ready, opened) = mpsc::channel();
        let workers = (0..n_workers)
            .map(|idx| {
                let (make, work, ready) = (worker(idx), Arc::clone(&work), ready.clone());
                threads::builder("quaero-program").spawn(move || match make() {
                    Ok(run) => {
                        _ = ready.send(Ok(()));
                        drop(ready);
                        attend(run, &work);
                    }
                    Err(error) => _ = ready.send(Err(error)),
                })
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Error::Engine { detail: format!("no thread: {error}") })?;
        drop(ready);
        // Dropped on an error, it ends the threads that did start.
        let interpreter = Self {
            apart,
            queue: Some(queue),
            workers,
            memo: Mutex::new(memo),
            jobs: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            timeouts: AtomicU64::new(0),
            instances: AtomicU64::new(0),
            busy_us: AtomicU64::new(0),
        };
        opened.iter().collect::<Result<(), Error>>()?;
        Ok(interpreter)
    }

    /// Runs all `jobs` on all workers; outcomes in the jobs' order.
    ///
    /// # Panics
    /// If a worker died of a bug in this crate.
    #[must_use]
    pub fn run(&self, jobs: &[Job]) -> Vec<Outcome> {
        self.run_accounted(jobs).0
    }

    /// As [`Interpreter::run`], and what the programs took that had to run.
    pub(crate) fn run_accounted(&self, jobs: &[Job]) -> (Vec<Outcome>, Spent) {
        let digests: Vec<Digest> = jobs.iter().map(memo::digest).collect();
        let mut outcomes: Vec<Option<Outcome>> = {
            let mut memo = self.memo();
            digests.iter().map(|digest| memo.get(digest)).collect()
        };
        // Equal jobs of one batch run once: the first runs, the others copy.
        let mut first: BTreeMap<Digest, usize> = BTreeMap::new();
        let open: Vec<usize> = (0..jobs.len())
            .filter(|&idx| outcomes[idx].is_none())
            .filter(|&idx| *first.entry(digests[idx]).or_insert(idx) == idx)
            .collect();
        let mut spent = Spent::default();
        for (idx, (outcome, took)) in self.compute(jobs, &open) {
            outcomes[idx] = Some(outcome);
            spent.add(took);
        }
        let mut memo = self.memo();
        for &idx in &open {
            let outcome = outcomes[idx].as_ref().expect("computed above");
            // Time and the host's own troubles are no property of a program.
            match outcome {
                Outcome::Timeout | Outcome::Refused => {}
                _ => memo.put(digests[idx], outcome.clone()),
            }
        }
        drop(memo);
        self.busy_us.fetch_add(spent::micros(spent.cpu), Ordering::Relaxed);
        self.timeouts.fetch_add(spent.timeouts, Ordering::Relaxed);
        self.jobs.fetch_add(jobs.len() as u64, Ordering::Relaxed);
        self.hits.fetch_add((jobs.len() - open.len()) as u64, Ordering::Relaxed);
        self.instances.fetch_add(open.len() as u64, Ordering::Relaxed);
        for idx in 0..jobs.len() {
            if outcomes[idx].is_none() {
                outcomes[idx] = outcomes[first[&digests[idx]]].clone();
            }
        }
        let own = |outcome: Option<Outcome>| outcome.expect("its own or its twin's");
        (outcomes.into_iter().map(own).collect(), spent)
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let busy_ms = self.busy_us.load(Ordering::Relaxed) / 1000;
        Stats {
            jobs: self.jobs.load(Ordering::Relaxed),
            hits: self.hits.load(Ordering::Relaxed),
            timeouts: self.timeouts.load(Ordering::Relaxed),
            instances: self.instances.load(Ordering::Relaxed),
            busy_ms,
            elsewhere_ms: if self.apart { busy_ms } else { 0 },
        }
    }

    fn compute(&self, jobs: &[Job], open: &[usize]) -> Vec<(usize, (Outcome, Spent))> {
        if open.is_empty() {
            return Vec::new();
        }
        let shared: Arc<[Job]> = open.iter().map(|&idx| jobs[idx].clone()).collect();
        let (done, results) = mpsc::channel();
        let queue = self.queue.as_ref().expect("open until dropped");
        for idx in 0..open.len() {
            let work = Work { job: Arc::clone(&shared), idx, done: done.clone() };
            queue.send(work).expect("workers live as long as the interpreter");
        }
        drop(done);
        let outcomes: Vec<_> = results.iter().map(|(idx, out)| (open[idx], out)).collect();
        assert_eq!(outcomes.len(), open.len(), "a worker of the interpreter died");
        outcomes
    }

    fn memo(&self) -> MutexGuard<'_, Memo> {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        self.queue = None;
        for worker in self.workers.drain(..) {
            // A worker that panicked has told so already, in `run`.
            _ = worker.join();
        }
    }
}

/// A worker's life: runs jobs until the interpreter goes.
fn attend(mut run: impl FnMut(&Job) -> (Outcome, Spent), queue: &Mutex<mpsc::Receiver<Work>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        let outcome = run(&work.job[work.idx]);
        // Nobody waits if `run` panicked meanwhile.
        _ = work.done.send((work.idx, outcome));
    }
}

/// The module `content` for `engine`, whose wasm `wasm` makes if it must be compiled.
fn interpreter_of(
    engine: &Engine,
    content: &[u8],
    wasm: impl FnOnce() -> Result<Vec<u8>, Error>,
    cache: Option<&Path>,
    progress: &Progress,
) -> Result<Module, Error> {
    Compiled::open(cache, progress)?.module(engine, TITLE, content, wasm, broken)
}

fn broken(detail: String) -> Error {
    Error::Interpreter { detail }
}

/// Unpacks the embedded module.
fn unpack(packed: &[u8]) -> Result<Vec<u8>, Error> {
    let mut wasm = Vec::new();
    liblzma::read::XzDecoder::new(packed)
        .take(WASM_BYTES_MAX)
        .read_to_end(&mut wasm)
        .map_err(|error| Error::Interpreter { detail: format!("it does not unpack: {error}") })?;
    Ok(wasm)
}
