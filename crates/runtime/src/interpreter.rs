//! CPython behind a glass: every [`Job`] runs in a fresh instance of the pre-initialised core
//! module of `plugins/interpreter`, with no clock, no files, no network and a deadline, on
//! threads of its own. Equal jobs give equal outcomes, whatever else runs.
//!
//! Knows nothing of tasks: programs in, canonical texts out. What a program does to its instance
//! ends with the instance.
//!
//! # Layout
//! `job` what is asked → `spent` what it took → `wire` as bytes → `world` what an instance sees →
//! `instance` one run → `memo` what is remembered.

mod instance;
mod job;
mod memo;
mod spent;
mod wire;
mod world;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;

pub use job::{Answer, Job, Outcome};
pub(crate) use spent::Spent;

use crate::compiled::Compiled;
use crate::{Error, InterpreterOptions, Progress, threads};
use instance::Cell;
use memo::{Digest, Memo};

/// The interpreter that ships with the program.
static EMBEDDED: &[u8] = include_bytes!("../../../plugins/interpreter/interpreter.wasm.xz");
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
    /// Time that threads ran programs, summed over threads.
    pub busy_ms: u64,
}

/// Runs untrusted Python.
pub struct Interpreter {
    cell: Arc<Cell>,
    queue: Option<mpsc::Sender<Work>>,
    workers: Vec<JoinHandle<()>>,
    memo: Mutex<Memo>,
    jobs: AtomicU64,
    hits: AtomicU64,
    timeouts: AtomicU64,
    instances: AtomicU64,
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
        Self::build(EMBEDDED, || unpack(EMBEDDED), options, cache, progress)
    }

    /// Opens another module of the same protocol (`plugins/interpreter/PROTOCOL.md`).
    ///
    /// # Errors
    /// As [`Interpreter::open`], and if `wasm` is no such module.
    pub fn of_module(
        wasm: &[u8],
        options: InterpreterOptions,
        cache: Option<&Path>,
        progress: &Progress,
    ) -> Result<Self, Error> {
        Self::build(wasm, || Ok(wasm.to_vec()), options, cache, progress)
    }

    fn build(
        content: &[u8],
        wasm: impl FnOnce() -> Result<Vec<u8>, Error>,
        options: InterpreterOptions,
        cache: Option<&Path>,
        progress: &Progress,
    ) -> Result<Self, Error> {
        let n_workers = threads::count(options.workers);
        let engine = instance::engine(n_workers, &options)?;
        let broken = |detail| Error::Interpreter { detail };
        let module = Compiled::open(cache, progress)?.module(
            &engine,
            "the Python interpreter",
            content,
            wasm,
            broken,
        )?;
        let memo = Memo::new(options.remembered_max, options.remembered_bytes_max);
        let cell = Arc::new(Cell::new(&engine, &module, options)?);
        let (queue, work) = mpsc::channel();
        let work = Arc::new(Mutex::new(work));
        let workers = (0..n_workers)
            .map(|_| {
                let (cell, work) = (Arc::clone(&cell), Arc::clone(&work));
                threads::builder("quaero-program").spawn(move || serve(&cell, &work))
            })
            .collect::<Result<_, _>>()
            .map_err(|error| Error::Engine { detail: format!("no thread: {error}") })?;
        Ok(Self {
            cell,
            queue: Some(queue),
            workers,
            memo: Mutex::new(memo),
            jobs: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            timeouts: AtomicU64::new(0),
            instances: AtomicU64::new(0),
        })
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
        Stats {
            jobs: self.jobs.load(Ordering::Relaxed),
            hits: self.hits.load(Ordering::Relaxed),
            timeouts: self.timeouts.load(Ordering::Relaxed),
            instances: self.instances.load(Ordering::Relaxed),
            busy_ms: self.cell.busy_ms(),
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
fn serve(cell: &Cell, queue: &Mutex<mpsc::Receiver<Work>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        let outcome = cell.run(&work.job[work.idx]);
        // Nobody waits if `run` panicked meanwhile.
        _ = work.done.send((work.idx, outcome));
    }
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
