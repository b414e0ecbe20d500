//! One program in one fresh instance, and the engine that makes instances cheap: slots are reused,
//! the snapshot is mapped copy-on-write, and only pages that a program wrote are put back.

use std::time::Duration;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, InstancePre, Module, ModuleExport,
    PoolingAllocationConfig, Store, Trap, UpdateDeadline,
};

use super::world::{self, Exit, World};
use super::{Answer, Job, Outcome, Spent, wire};
use crate::threads::{self, cpu_time};
use crate::ticker::{TICK_MS, Ticker};
use crate::{Error, InterpreterOptions};

/// Above the snapshot's size, or wasmtime copies it for each instance (9 ms instead of 11 µs).
const IMAGE_BYTES_MAX: u64 = 512 << 20;
/// Written pages of a slot that are restored by copying instead of by the page table.
const KEEP_RESIDENT_BYTES: usize = 32 << 20;
/// The same of its function table.
const KEEP_TABLE_BYTES: usize = 1 << 20;
/// Elements of the function table.
const TABLE_ELEMENTS: usize = 60_000;
/// The deadline is CPU time; on a busy machine it may take this many times longer by the clock.
pub(super) const WALL_FACTOR: u32 = 10;

/// Who ends a program at its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deadline {
    /// The program's own code, which looks at the epoch in every loop and function: a quarter of
    /// its time.
    Epochs,
    /// Whoever started this process, by ending it.
    Outside,
}

/// The engine of programs, with slots for `n_workers` instances.
///
/// # Errors
/// If wasmtime does not work on this machine.
pub(super) fn engine(
    n_workers: usize,
    options: &InterpreterOptions,
    deadline: Deadline,
) -> Result<Engine, Error> {
    // Linux before 6.7 cannot tell which pages were written; then restoring by copying loses.
    build_engine(n_workers, options, deadline, true)
        .or_else(|_| build_engine(n_workers, options, deadline, false))
        .map_err(|error| Error::Engine { detail: format!("{error:#}") })
}

fn build_engine(
    n_workers: usize,
    options: &InterpreterOptions,
    deadline: Deadline,
    scan: bool,
) -> wasmtime::Result<Engine> {
    let n_slots = u32::try_from(n_workers + 1).expect("few workers");
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(n_slots)
        .total_memories(n_slots)
        .total_tables(2 * n_slots)
        .total_stacks(n_slots)
        .max_memory_size(options.memory_bytes_max.next_multiple_of(1 << 16))
        .table_elements(TABLE_ELEMENTS)
        .max_core_instance_size(4 << 20)
        .max_unused_warm_slots(n_slots);
    if scan {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
            .table_keep_resident(KEEP_TABLE_BYTES);
    }
    let mut config = Config::new();
    config
        .epoch_interruption(deadline == Deadline::Epochs)
        .memory_init_cow(true)
        .memory_guaranteed_dense_image_size(IMAGE_BYTES_MAX)
        .max_wasm_stack(threads::WASM_STACK_BYTES)
        .async_stack_size(2 * threads::WASM_STACK_BYTES)
        // Nobody reads a program's wasm backtrace, and a deep recursion's is long.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// Where programs run.
pub(super) struct Cell {
    engine: Engine,
    /// Of [`Deadline::Epochs`].
    ticker: Option<Ticker>,
    pre: InstancePre<World>,
    memory: ModuleExport,
    galloc: ModuleExport,
    run: ModuleExport,
    options: InterpreterOptions,
}

impl Cell {
    /// Cells for programs under `module`.
    ///
    /// # Errors
    /// If the module does not speak the protocol.
    pub(super) fn new(
        engine: &Engine,
        module: &Module,
        options: InterpreterOptions,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let unfit = |detail| Error::Interpreter { detail };
        let linker = world::linker(engine, module).map_err(unfit)?;
        let pre = linker.instantiate_pre(module).map_err(|error| unfit(format!("{error:#}")))?;
        let export = |name: &str| {
            module.get_export_index(name).ok_or_else(|| unfit(format!("it exports no `{name}`")))
        };
        let (memory, galloc, run) = (export("memory")?, export("galloc")?, export("run")?);
        let cell = Self {
            engine: engine.clone(),
            ticker: (deadline == Deadline::Epochs).then(|| Ticker::start(engine)),
            pre,
            memory,
            galloc,
            run,
            options,
        };
        cell.probe().map_err(|error| unfit(format!("{error:#}")))?;
        Ok(cell)
    }

    /// Runs `job`, and tells what it took. Must be called on a thread of `threads`.
    pub(super) fn run(&self, job: &Job) -> (Outcome, Spent) {
        let start = cpu_time();
        let mut store = world::store(&self.engine, self.options.memory_bytes_max);
        self.arm(&mut store, self.options.deadline_ms(job));
        let result = self.exchange(&mut store, job);
        let world = store.data();
        let outcome = match result {
            Ok(reply) => judge(&reply, job, world),
            Err(error) => ended(&error, world),
        };
        let memory_bytes_max = world.room.bytes;
        // Putting the slot back is part of the price.
        drop(store);
        let cpu = cpu_time().saturating_sub(start);
        let timeouts = u64::from(outcome == Outcome::Timeout);
        (outcome, Spent { programs: 1, timeouts, cpu, memory_bytes_max })
    }

    /// Instantiates once, to see that module and machine fit.
    fn probe(&self) -> wasmtime::Result<()> {
        let mut store = world::store(&self.engine, self.options.memory_bytes_max);
        self.arm(&mut store, self.options.deadline_ms_max);
        let instance = self.pre.instantiate(&mut store)?;
        instance.get_typed_func::<u32, u32>(&mut store, "galloc")?;
        instance.get_typed_func::<(u32, u32), u64>(&mut store, "run")?;
        instance
            .get_memory(&mut store, "memory")
            .map(drop)
            .ok_or_else(|| wasmtime::format_err!("its `memory` is no memory"))
    }

    /// Ends the instance after `deadline_ms` of this thread's CPU time, if that is ours to do: a
    /// busy machine must not make a program wrong.
    fn arm(&self, store: &mut Store<World>, deadline_ms: u32) {
        let Some(ticker) = self.ticker.clone() else { return };
        let cpu_start = cpu_time();
        let wall_end = ticker.now() + u64::from(WALL_FACTOR) * Ticker::lasting(deadline_ms);
        let deadline = Duration::from_millis(deadline_ms.into());
        store.set_epoch_deadline(Ticker::lasting(deadline_ms));
        store.epoch_deadline_callback(move |_| {
            let left = deadline.saturating_sub(cpu_time().saturating_sub(cpu_start));
            if left.is_zero() || ticker.now() >= wall_end {
                return Err(Trap::Interrupt.into());
            }
            Ok(UpdateDeadline::Continue((left.as_millis() as u64).div_ceil(TICK_MS)))
        });
    }

    fn exchange(&self, store: &mut Store<World>, job: &Job) -> wasmtime::Result<Vec<u8>> {
        let broken = |what| wasmtime::Error::from(Broken(what));
        let instance =
            self.pre.instantiate(&mut *store).map_err(|error| error.context(HostFailed))?;
        let export = |store: &mut Store<World>, at| instance.get_module_export(&mut *store, at);
        let func = |store: &mut Store<World>, at| {
            export(store, at).and_then(wasmtime::Extern::into_func).expect("seen by probe")
        };
        let memory = export(store, &self.memory)
            .and_then(wasmtime::Extern::into_memory)
            .expect("seen by probe");
        let galloc = func(store, &self.galloc).typed::<u32, u32>(&*store)?;
        let run = func(store, &self.run).typed::<(u32, u32), u64>(&*store)?;

        let request = wire::request(job, self.options.value_bytes_max, self.options.recursion);
        let len = u32::try_from(request.len()).map_err(|_| broken("request over 4 GiB"))?;
        let at = galloc.call(&mut *store, len)?;
        if at == 0 {
            return Err(broken("no room for the request"));
        }
        memory
            .write(&mut *store, at as usize, &request)
            .map_err(|_| broken("room for the request outside of memory"))?;
        let result = run.call(&mut *store, (at, len))?;
        if result == 0 {
            return Err(broken("no reply"));
        }
        let (from, len) = ((result >> 32) as usize, (result & 0xffff_ffff) as usize);
        let reply = memory.data(&*store).get(from..from + len);
        Ok(reply.ok_or_else(|| broken("reply outside of memory"))?.to_vec())
    }
}

/// The instance did not keep to the protocol.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Broken(&'static str);

/// No instance could be made.
#[derive(Debug, thiserror::Error)]
#[error("no instance could be made")]
struct HostFailed;

/// What a reply means.
fn judge(reply: &[u8], job: &Job, world: &World) -> Outcome {
    let Some(outcome) = wire::reply(reply, job.calls.len()) else {
        return Outcome::Crashed("its reply does not parse".into());
    };
    let out_of_memory = |class: &str| class == "MemoryError";
    let starved = match &outcome {
        Outcome::LoadRaised { class, .. } => out_of_memory(class),
        Outcome::Done(answers) => answers
            .iter()
            .any(|answer| matches!(answer, Answer::Raised { class, .. } if out_of_memory(class))),
        _ => false,
    };
    if starved && world.room.n_refused > 0 { Outcome::Memory } else { outcome }
}

/// What the end of an instance means.
fn ended(error: &wasmtime::Error, world: &World) -> Outcome {
    if error.downcast_ref::<HostFailed>().is_some() {
        tracing::error!(error = %format!("{error:#}"), "a program was not run");
        return Outcome::Refused;
    }
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::Interrupt) {
        return Outcome::Timeout;
    }
    if world.room.n_refused > 0 {
        return Outcome::Memory;
    }
    let what = match (error.downcast_ref::<Exit>(), error.downcast_ref::<Broken>(), trap) {
        (Some(exit), _, _) => exit.to_string(),
        (_, Some(broken), _) => broken.to_string(),
        (_, _, Some(trap)) => trap.to_string(),
        _ => "unknown".into(),
    };
    let words = String::from_utf8_lossy(&world.last_words);
    let words = words.trim();
    let separator = if words.is_empty() { "" } else { ": " };
    Outcome::Crashed(format!("{what}{separator}{words}"))
}
