//! One instance of a family: its store, its empty world, and calls with a deadline. A call that
//! traps, runs late or breaks a rule costs the instance; the next call gets a fresh one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::component::{Component, HasData, Linker, Resource, ResourceTable};
use wasmtime::{Engine, Store, Trap, UpdateDeadline};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::{
    Deterministic, HostMonotonicClock, HostWallClock, I32Exit, WasiCtx, WasiCtxBuilder,
    WasiCtxView, WasiView,
};

use quaero_types::Fault;

use super::bindings::quaero::family::{interpreter, log, vocabulary};
use super::bindings::{Family as Bound, FamilyPre};
use super::convert;
use super::usage::Cost;
use crate::interpreter::Spent;
use crate::room::Room;
use crate::threads::cpu_time;
use crate::ticker::Ticker;
use crate::{Interpreter, Limits};

/// What an instance may write to standard output or error before it traps.
const OUTPUT_BYTES_MAX: usize = 64 << 10;
/// What of it goes into a fault.
const WORDS_BYTES_MAX: usize = 600;
/// What a call may log.
const LOG_BYTES_MAX: usize = 4 << 10;
/// Where every guest's wall clock starts.
const EPOCH_S: u64 = 1_700_000_000;

/// All that is needed to make instances of a family.
pub(super) struct Maker {
    pub(super) pre: FamilyPre<State>,
    pub(super) engine: Engine,
    pub(super) ticker: Ticker,
    pub(super) limits: Limits,
    /// JSON options.
    pub(super) options: String,
    /// Set if the capability is granted.
    pub(super) interpreter: Option<Arc<Interpreter>>,
    /// For logs.
    pub(super) name: String,
}

/// One instance.
pub(super) struct Instance {
    store: Store<State>,
    bound: Bound,
}

/// What the host keeps of an instance.
pub(super) struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    clock: Clock,
    output: MemoryOutputPipe,
    name: String,
    room: Room,
    spent: Spent,
    interpreter: Option<Arc<Interpreter>>,
    ticker: Ticker,
    /// Tick at which the current call is late; the interpreter's time moves it.
    late_at: u64,
    jobs_left: usize,
    log_bytes_left: usize,
}

/// The family's options, refused by itself.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It said so.
    Options(String),
    /// It failed.
    Fault(Fault),
}

/// A reply that breaks the contract.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Breach(pub(super) String);

impl Maker {
    /// A fresh, configured instance.
    ///
    /// # Errors
    /// What became of `configure`.
    pub(super) fn make(&self) -> Result<Instance, Refusal> {
        let output = MemoryOutputPipe::new(OUTPUT_BYTES_MAX);
        let clock = Clock::default();
        let state = State {
            wasi: empty_world(&output, &clock),
            table: ResourceTable::new(),
            clock,
            output,
            name: self.name.clone(),
            room: Room::new(self.limits.memory_bytes_max),
            spent: Spent::default(),
            interpreter: self.interpreter.clone(),
            ticker: self.ticker.clone(),
            late_at: 0,
            jobs_left: 0,
            log_bytes_left: 0,
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.room);
        store.epoch_deadline_callback(|ctx| {
            let state = ctx.data();
            match state.late_at.saturating_sub(state.ticker.now()) {
                0 => Err(Trap::Interrupt.into()),
                left => Ok(UpdateDeadline::Continue(left)),
            }
        });
        self.arm(&mut store, 1);
        let failed = |store: &Store<State>, error| Refusal::Fault(fault(&error, store.data()));
        let bound = match self.pre.instantiate(&mut store) {
            Ok(bound) => bound,
            Err(error) => return Err(failed(&store, error)),
        };
        match bound.quaero_family_play().call_configure(&mut store, &self.options) {
            Ok(Ok(())) => Ok(Instance { store, bound }),
            Ok(Err(words)) => Err(Refusal::Options(words)),
            Err(error) => Err(failed(&store, error)),
        }
    }

    /// Calls `instance` for `n_items` items and gives it back if it may be used again.
    pub(super) fn call<R>(
        &self,
        mut instance: Instance,
        n_items: usize,
        call: impl FnOnce(&Bound, &mut Store<State>) -> wasmtime::Result<R>,
    ) -> (Result<R, Fault>, Cost, Option<Instance>) {
        self.arm(&mut instance.store, n_items);
        let start = cpu_time();
        let result = call(&instance.bound, &mut instance.store);
        let state = instance.store.data();
        let cost = Cost {
            items: n_items,
            cpu: cpu_time().saturating_sub(start),
            memory_bytes: state.room.bytes,
            programs: state.spent,
        };
        let (result, kept) = match result {
            // What it wrote must not fill the pipe of a later call.
            Ok(result) if instance.store.data().output.contents().is_empty() => {
                (Ok(result), Some(instance))
            }
            Ok(result) => (Ok(result), None),
            Err(error) => (Err(fault(&error, instance.store.data())), None),
        };
        (result, cost, kept)
    }

    fn arm(&self, store: &mut Store<State>, n_items: usize) {
        let ticks = Ticker::lasting(self.limits.deadline_ms);
        store.set_epoch_deadline(ticks);
        let state = store.data_mut();
        state.late_at = self.ticker.now() + ticks;
        state.jobs_left = n_items.saturating_mul(self.limits.jobs_per_item_max);
        state.log_bytes_left = LOG_BYTES_MAX;
        state.room.n_refused = 0;
        state.spent = Spent::default();
    }
}

/// The linker of all families: the contract and an empty WASI whose clocks never wait.
///
/// # Errors
/// If wasmtime refuses a definition.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<State, Own>(&mut linker, |state| state)?;
    linker.allow_shadowing(false);
    interpreter::add_to_linker::<State, Own>(&mut linker, |state| state)?;
    log::add_to_linker::<State, Own>(&mut linker, |state| state)?;
    vocabulary::add_to_linker::<State, Own>(&mut linker, |state| state)?;
    Ok(linker)
}

/// Checks that `component` fits the world, and links it.
///
/// # Errors
/// What does not fit.
pub(super) fn link(
    linker: &Linker<State>,
    component: &Component,
) -> wasmtime::Result<FamilyPre<State>> {
    FamilyPre::new(linker.instantiate_pre(component)?)
}

/// Host functions work on the store's whole state.
struct Own;

impl HasData for Own {
    type Data<'a> = &'a mut State;
}

impl vocabulary::Host for State {}

impl interpreter::Host for State {
    fn run(&mut self, jobs: Vec<interpreter::Job>) -> wasmtime::Result<Vec<interpreter::Outcome>> {
        let Some(interpreter) = &self.interpreter else {
            return Ok(jobs.iter().map(|_| interpreter::Outcome::Refused).collect());
        };
        self.jobs_left = self.jobs_left.checked_sub(jobs.len()).ok_or_else(|| {
            Breach("it runs more programs than `jobs_per_item_max` allows".into())
        })?;
        let before = self.ticker.now();
        let jobs: Vec<_> = jobs.into_iter().map(convert::job).collect();
        let (outcomes, spent) = interpreter.run_accounted(&jobs);
        self.spent.add(spent);
        self.late_at += self.ticker.now() - before;
        Ok(outcomes.into_iter().map(convert::outcome).collect())
    }
}

impl log::Host for State {
    fn info(&mut self, text: String) -> wasmtime::Result<()> {
        let text = head(&text, self.log_bytes_left);
        self.log_bytes_left -= text.len();
        if !text.is_empty() {
            tracing::info!(family = self.name, "{text}");
        }
        Ok(())
    }
}

impl monotonic_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.clock.advance(0))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.clock.advance(0);
        self.subscribe_duration(when.saturating_sub(now))
    }

    fn subscribe_duration(&mut self, ns: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.clock.advance(ns);
        let over = self.table.push(Over)?;
        subscribe(&mut self.table, over)
    }
}

/// A wait that is over: sleeping moves the virtual clock and takes no time.
struct Over;

#[wasmtime_wasi::async_trait]
impl Pollable for Over {
    async fn ready(&mut self) {}
}

/// A guest's clock: a microsecond a reading, and what it slept.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn advance(&self, ns: u64) -> u64 {
        // Capped far below overflow: a guest may sleep as long as it likes, as often as it likes.
        let step = ns.min(1 << 55).saturating_add(1000);
        let next = |now: u64| Some(now.saturating_add(step).min(1 << 62));
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or(0)
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        self.advance(0)
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        Duration::from_secs(EPOCH_S) + Duration::from_nanos(self.advance(0))
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// No files, no variables, no arguments, no network; fixed clocks and random numbers.
fn empty_world(output: &MemoryOutputPipe, clock: &Clock) -> WasiCtx {
    let random = || Deterministic::new(blake3::hash(b"quaero").as_bytes().to_vec());
    WasiCtxBuilder::new()
        .stdout(output.clone())
        .stderr(output.clone())
        .secure_random(random())
        .insecure_random(random())
        .insecure_random_seed(0)
        .wall_clock(clock.clone())
        .monotonic_clock(clock.clone())
        .allow_tcp(false)
        .allow_udp(false)
        .build()
}

/// What the end of an instance means.
fn fault(error: &wasmtime::Error, state: &State) -> Fault {
    let trap = error.downcast_ref::<Trap>();
    let exit = error.downcast_ref::<I32Exit>();
    let (cause, what) = match (trap, exit, error.downcast_ref::<Breach>()) {
        (Some(Trap::Interrupt), _, _) => ("timeout", "past its deadline".into()),
        (_, _, Some(breach)) => ("contract", breach.to_string()),
        _ if state.room.n_refused > 0 => ("memory", format!("over {} bytes", state.room.bytes_max)),
        (Some(trap), _, _) => ("trap", trap.to_string()),
        (_, Some(exit), _) => ("trap", format!("exit {}", exit.0)),
        // Text that is no UTF-8, lists outside of memory: wasmtime's own words.
        _ => ("contract", error.root_cause().to_string()),
    };
    let words = state.output.contents();
    let words = String::from_utf8_lossy(&words[words.len().saturating_sub(WORDS_BYTES_MAX)..]);
    let words = words.trim();
    let separator = if words.is_empty() { "" } else { ": " };
    Fault { cause: cause.into(), detail: format!("{what}{separator}{words}") }
}

/// The longest beginning of `text` of at most `n_bytes`.
fn head(text: &str, n_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(n_bytes)]
}
