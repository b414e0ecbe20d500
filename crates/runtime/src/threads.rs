//! Threads that guests may run on. A guest's stack is the thread's stack, so a thread that is too
//! small lets a deep recursion overflow the *host*: every guest runs on threads made here.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Stack that guests may use; CPython's recursion limits are tuned for it.
pub(crate) const WASM_STACK_BYTES: usize = 2 << 20;
/// Stack of a thread that runs guests: four times what they may use.
pub(crate) const THREAD_STACK_BYTES: usize = 4 * WASM_STACK_BYTES;

const _: () = assert!(THREAD_STACK_BYTES >= 4 * WASM_STACK_BYTES);

/// `asked` threads, or one a core if 0.
pub(crate) fn count(asked: usize) -> usize {
    match asked {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    }
}

/// A thread that guests may run on.
pub(crate) fn builder(name: &str) -> std::thread::Builder {
    std::thread::Builder::new().name(name.to_owned()).stack_size(THREAD_STACK_BYTES)
}

/// CPU time that the calling thread has had.
pub(crate) fn cpu_time() -> Duration {
    spent(ClockId::ThreadCPUTime)
}

/// CPU time that all threads of this process have had.
#[must_use]
pub fn process_cpu_time() -> Duration {
    spent(ClockId::ProcessCPUTime)
}

fn spent(clock: ClockId) -> Duration {
    let now = clock_gettime(clock);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// `f` of each item, on up to `n_threads` threads that guests may run on; results in the items'
/// order. Always leaves the calling thread's stack.
///
/// # Panics
/// If `f` panics, or no thread can be started.
pub(crate) fn map<T: Sync, R: Send>(
    n_threads: usize,
    items: &[T],
    f: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let idx = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(idx) else { return done };
            done.push((idx, f(item)));
        }
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads.min(items.len()))
            .map(|_| {
                builder("quaero-family")
                    .spawn_scoped(scope, work)
                    .expect("a thread for families starts")
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    done.sort_unstable_by_key(|(idx, _)| *idx);
    done.into_iter().map(|(_, result)| result).collect()
}
