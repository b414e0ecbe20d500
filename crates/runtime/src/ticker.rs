//! Deadlines: one thread an engine advances its epoch every [`TICK_MS`], and guests look at it in
//! every loop. Knows what time *passes*, never what time it *is*.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use wasmtime::Engine;

/// Length of a tick.
pub(crate) const TICK_MS: u64 = 10;

/// The ticks of one engine, and how many threads are busy in it.
#[derive(Clone)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    now: AtomicU64,
    busy: AtomicUsize,
    busy_ticks: AtomicU64,
}

impl Ticker {
    /// Ticks for `engine` until the last handle of it is gone.
    pub(crate) fn start(engine: &Engine) -> Self {
        let shared = Arc::new(Shared::default());
        let (weak, ticks) = (engine.weak(), Arc::clone(&shared));
        std::thread::Builder::new()
            .name("quaero-ticker".into())
            .spawn(move || {
                loop {
                    std::thread::sleep(Duration::from_millis(TICK_MS));
                    let Some(engine) = weak.upgrade() else { return };
                    ticks.now.fetch_add(1, Ordering::Relaxed);
                    let busy = ticks.busy.load(Ordering::Relaxed) as u64;
                    ticks.busy_ticks.fetch_add(busy, Ordering::Relaxed);
                    engine.increment_epoch();
                }
            })
            .expect("the ticker thread starts");
        Self { shared }
    }

    /// Ticks so far.
    pub(crate) fn now(&self) -> u64 {
        self.shared.now.load(Ordering::Relaxed)
    }

    /// How many ticks surely last `ms`: the current one is partly over.
    pub(crate) fn lasting(ms: u32) -> u64 {
        u64::from(ms).div_ceil(TICK_MS) + 1
    }

    /// Counts the calling thread as busy until the guard drops.
    pub(crate) fn busy(&self) -> Busy<'_> {
        self.shared.busy.fetch_add(1, Ordering::Relaxed);
        Busy(&self.shared.busy)
    }

    /// Time that threads were busy, summed over threads; sampled once a tick.
    pub(crate) fn busy_ms(&self) -> u64 {
        self.shared.busy_ticks.load(Ordering::Relaxed) * TICK_MS
    }
}

/// See [`Ticker::busy`].
pub(crate) struct Busy<'a>(&'a AtomicUsize);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
