//! Deadlines: one thread an engine advances its epoch every [`TICK_MS`], and guests look at it in
//! every loop. Knows what time *passes*, never what time it *is*.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::Engine;

/// Length of a tick.
pub(crate) const TICK_MS: u64 = 10;

/// The ticks of one engine.
#[derive(Clone)]
pub(crate) struct Ticker {
    now: Arc<AtomicU64>,
}

impl Ticker {
    /// Ticks for `engine` until the last handle of it is gone.
    pub(crate) fn start(engine: &Engine) -> Self {
        let now = Arc::new(AtomicU64::new(0));
        let (weak, ticks) = (engine.weak(), Arc::clone(&now));
        std::thread::Builder::new()
            .name("quaero-ticker".into())
            .spawn(move || {
                loop {
                    std::thread::sleep(Duration::from_millis(TICK_MS));
                    let Some(engine) = weak.upgrade() else { return };
                    ticks.fetch_add(1, Ordering::Relaxed);
                    engine.increment_epoch();
                }
            })
            .expect("the ticker thread starts");
        Self { now }
    }

    /// Ticks so far.
    pub(crate) fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// How many ticks surely last `ms`: the current one is partly over.
    pub(crate) fn lasting(ms: u32) -> u64 {
        u64::from(ms).div_ceil(TICK_MS) + 1
    }
}
