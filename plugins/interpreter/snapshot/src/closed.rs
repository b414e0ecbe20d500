//! The host of the module: a fresh instance a job, and a world that refuses everything
//! (PROTOCOL.md, "Imports").

use crate::protocol::{Job, Outcome, parse, request};
use std::time::Duration;
use wasmtime::{
    Caller, Config, Enabled, Engine, Extern, ExternType, InstanceAllocationStrategy, InstancePre,
    Linker, Module, PoolingAllocationConfig, ResourceLimiter, Result, Store, Trap, Val, format_err,
};

const WASM_STACK: usize = 2 << 20;
const THREAD_STACK: usize = 16 << 20;
const TICK: Duration = Duration::from_millis(10);
const BADF: i32 = 8;
/// What the machine tracks writes by.
pub const PAGE_BYTES: usize = 4096;
const LAST_WORDS_MAX: usize = 4096;

/// What a store knows of its job.
pub struct State {
    memory_max: usize,
    refused: bool,
    last_words: Vec<u8>,
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, _: usize, want: usize, _: Option<usize>) -> Result<bool> {
        let granted = want <= self.memory_max;
        self.refused |= !granted;
        Ok(granted)
    }

    fn table_growing(&mut self, _: usize, want: usize, _: Option<usize>) -> Result<bool> {
        Ok(want <= 200_000)
    }
}

/// The call `proc_exit` of a guest.
#[derive(Debug)]
struct Exit(i32);

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {}", self.0)
    }
}

impl std::error::Error for Exit {}

/// The compiled module.
pub struct Host {
    engine: Engine,
    instance: InstancePre<State>,
}

impl Host {
    /// Compiles the module at `path` and starts the ticker of deadlines.
    ///
    /// # Errors
    /// The file cannot be read or is no such module.
    pub fn new(path: &str) -> Result<Self> {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_core_instances(4).total_memories(4).total_tables(4);
        pool.max_memory_size(1 << 30).table_elements(60_000).max_core_instance_size(4 << 20);
        pool.max_unused_warm_slots(4).linear_memory_keep_resident(32 << 20);
        pool.pagemap_scan(Enabled::Auto);
        let mut config = Config::new();
        config.epoch_interruption(true).max_wasm_stack(WASM_STACK);
        config.async_stack_size(2 * WASM_STACK);
        config.memory_guaranteed_dense_image_size(256 << 20);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config)?;
        let module = Module::from_file(&engine, path)?;
        let instance = linker(&engine, &module)?.instantiate_pre(&module)?;
        let ticking = engine.clone();
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(TICK);
                ticking.increment_epoch();
            }
        });
        Ok(Self { engine, instance })
    }

    /// Runs a job in a fresh instance.
    pub fn run(&self, job: &Job) -> Outcome {
        let mut store = self.store(job);
        let reply = self.call(&mut store, job, |_| {});
        let state = store.data();
        match reply {
            Ok(reply) => parse(&reply, job.calls.len())
                .unwrap_or_else(|| Outcome::Ended("crashed: broken reply".into())),
            Err(e) if e.downcast_ref::<Trap>() == Some(&Trap::Interrupt) => {
                Outcome::Ended("timeout".into())
            }
            Err(_) if state.refused => Outcome::Ended("memory".into()),
            Err(e) => {
                let words = String::from_utf8_lossy(&state.last_words);
                let trap = e.downcast_ref::<Trap>().map(Trap::to_string);
                let what = trap.unwrap_or_else(|| e.root_cause().to_string());
                Outcome::Ended(format!("crashed: {what} {}", words.trim()))
            }
        }
    }

    /// A store with the limits of `job`.
    fn store(&self, job: &Job) -> Store<State> {
        let state = State { memory_max: job.memory, refused: false, last_words: Vec::new() };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| state);
        store.set_epoch_deadline(job.deadline_ms.div_ceil(TICK.as_millis() as u64));
        store
    }

    /// The pages of memory, by number, that a job writes; those beyond the snapshot are left out.
    ///
    /// # Errors
    /// The job does not end well.
    pub fn pages_written(&self, job: &Job) -> Result<Vec<usize>> {
        let mut store = self.store(job);
        let mut before: Option<Vec<u8>> = None;
        let mut written = Vec::new();
        self.call(&mut store, job, |memory| {
            let Some(before) = &before else {
                before = Some(memory.to_vec());
                return;
            };
            let pages = before.chunks(PAGE_BYTES).zip(memory.chunks(PAGE_BYTES)).enumerate();
            written = pages.filter(|(_, (old, new))| old != new).map(|(at, _)| at).collect();
        })?;
        Ok(written)
    }

    /// `seen` gets the memory before the job and after it.
    fn call(
        &self,
        store: &mut Store<State>,
        job: &Job,
        mut seen: impl FnMut(&[u8]),
    ) -> Result<Vec<u8>> {
        let bytes = request(job);
        let length = u32::try_from(bytes.len())?;
        let instance = self.instance.instantiate(&mut *store)?;
        let memory = instance.get_memory(&mut *store, "memory");
        let memory = memory.ok_or_else(|| format_err!("no export `memory`"))?;
        let alloc = instance.get_typed_func::<u32, u32>(&mut *store, "galloc")?;
        let run = instance.get_typed_func::<(u32, u32), u64>(&mut *store, "run")?;
        seen(memory.data(&*store));
        let at = alloc.call(&mut *store, length)?;
        memory.write(&mut *store, at as usize, &bytes)?;
        let reply = run.call(&mut *store, (at, length))?;
        seen(memory.data(&*store));
        let (at, length) = ((reply >> 32) as usize, reply as u32 as usize);
        if reply == 0 {
            return Err(format_err!("broken request"));
        }
        let found = memory.data(&*store).get(at..at + length);
        Ok(found.ok_or_else(|| format_err!("the reply lies outside the memory"))?.to_vec())
    }
}

/// Runs `work` on a thread whose stack is large enough for `max_wasm_stack`.
///
/// # Panics
/// If `work` does.
pub fn with_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(THREAD_STACK).spawn(work);
    thread.expect("a thread can be started").join().expect("the work does not panic")
}

fn linker(engine: &Engine, module: &Module) -> Result<Linker<State>> {
    let mut linker: Linker<State> = Linker::new(engine);
    for import in module.imports() {
        let ExternType::Func(kind) = import.ty() else {
            return Err(format_err!("import `{}` is no function", import.name()));
        };
        let (from, name) = (import.module(), import.name());
        match name {
            "proc_exit" => linker
                .func_wrap(from, name, |code: i32| -> Result<()> { Err(Exit(code).into()) })?,
            "fd_write" => linker.func_wrap(from, name, last_words)?,
            _ => linker.func_new(from, name, kind, |_, _, results| {
                results.fill(Val::I32(BADF));
                Ok(())
            })?,
        };
    }
    Ok(linker)
}

fn last_words(mut caller: Caller<'_, State>, _: i32, vectors: u32, n: u32, _: u32) -> i32 {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { return BADF };
    let (memory, state) = memory.data_and_store_mut(&mut caller);
    let word = |at: usize| {
        let bytes = memory.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    for i in 0..n.min(64) as usize {
        let at = vectors as usize + 8 * i;
        let text = word(at).zip(word(at + 4)).and_then(|(p, len)| memory.get(p..p + len));
        let room = LAST_WORDS_MAX - state.last_words.len();
        state.last_words.extend(text.unwrap_or_default().iter().take(room));
    }
    0
}
