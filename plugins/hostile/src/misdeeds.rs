//! The misdeeds by name.

use std::cell::Cell;

use quaero_sdk::bindings::quaero::family::vocabulary::{
    Episode, Rejection, Reply, Role, Status, Verdict,
};
use quaero_sdk::bindings::quaero::family::{interpreter, log};

use crate::{opening, option, task};

thread_local! {
    static N_CALLS: Cell<u32> = const { Cell::new(0) };
}

/// Traps in `call` if the options say so.
pub(crate) fn spoil(call: &str) {
    assert!(option("trap").as_deref() != Some(call), "spoiled {call}");
}

/// A solver's episode whose completion is `misdeed`.
pub(crate) fn solving(misdeed: &str) -> Episode {
    Episode {
        opening: opening(Role::Solve),
        secret: "{}".into(),
        turns: Vec::new(),
        completion: misdeed.into(),
        truncated: false,
    }
}

fn verdict(score: f32, status: Status, reason: &str) -> Reply {
    Reply::Verdict(Verdict { score, status, reason: reason.into(), format: true })
}

fn right(reason: &str) -> Reply {
    verdict(1.0, Status::Ok, reason)
}

/// The replies to one episode: one, if the contract is kept.
pub(crate) fn replies(episode: &Episode) -> Vec<Reply> {
    N_CALLS.set(N_CALLS.get() + 1);
    vec![match episode.completion.as_str() {
        "short" => return Vec::new(),
        "extra" => return vec![right("one"), right("two")],
        "wrong" => verdict(0.0, Status::Wrong, "wrong"),
        "nan" => verdict(f32::NAN, Status::Ok, ""),
        "two" => verdict(2.0, Status::Ok, ""),
        "minus" => verdict(-0.1, Status::Wrong, ""),
        "long" => verdict(1.0, Status::Ok, &"x".repeat(3 << 20)),
        "huge" => verdict(1.0, Status::Ok, &"x".repeat(200 << 20)),
        "status-fault" => verdict(0.0, Status::Fault, "the judge is ill"),
        "fault" => Reply::Fault("the judge is ill".into()),
        "observe" => Reply::Observation("go on".into()),
        "task" => Reply::Proposed(task("{}", "key")),
        "no-json" => Reply::Proposed(task("{'a': 1}", "key")),
        "metric" => {
            let mut task = task("{}", "key");
            task.metrics[0].value = f64::INFINITY;
            Reply::Proposed(task)
        }
        "reject" => Reply::Rejected(Rejection { cause: "syntax".into(), detail: "line 1".into() }),
        "cause" => Reply::Rejected(Rejection { cause: "a b\n".into(), detail: String::new() }),
        "calls" => right(&N_CALLS.get().to_string()),
        "trap" => panic!("boom"),
        "exit" => std::process::exit(3),
        "loop" => loop {
            std::hint::black_box(());
        },
        "deep" => right(&deep(1_000_000_000).to_string()),
        "grow" => grow(),
        "spam" => {
            (0..100_000).for_each(|n| eprintln!("line {n}"));
            right("")
        }
        "mutter" => {
            eprintln!("a word");
            right(&N_CALLS.get().to_string())
        }
        "chat" => {
            (0..1000).for_each(|_| log::info(&"hello ".repeat(1000)));
            right("")
        }
        "sleep" => {
            std::thread::sleep(std::time::Duration::from_secs(1_000_000));
            right("slept")
        }
        "world" => right(&world()),
        "program" => run(1),
        "programs" => run(100_000),
        other => right(other),
    }]
}

#[expect(unconditional_recursion, reason = "a stack overflow is the point")]
fn deep(n: u64) -> u64 {
    std::hint::black_box(deep(std::hint::black_box(n) + 1) + 1)
}

fn grow() -> Reply {
    let mut kept = Vec::new();
    loop {
        kept.push(std::hint::black_box(vec![1_u8; 16 << 20]));
    }
}

/// What can be seen of the world: everything that a fair world has in it differs from run to run.
#[expect(clippy::disallowed_methods, reason = "whether the clock is virtual is the question")]
fn world() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let since = std::time::Instant::now();
    let hash = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 1);
    let n_vars = std::env::vars().count() + std::env::args().count();
    let net = std::net::TcpStream::connect("127.0.0.1:80").is_ok();
    let bound = std::net::UdpSocket::bind("127.0.0.1:0").is_ok();
    let passed = since.elapsed();
    format!("{now:?} {passed:?} {hash} {n_vars} {net} {bound}")
}

fn run(n_jobs: usize) -> Reply {
    let job = interpreter::Job {
        program: "def f(x):\n    return [x, x + 1]\n".into(),
        entry: "f".into(),
        calls: vec!["41".into()],
        runs: 2,
        value_bytes_max: 100,
        deadline_ms: 2000,
    };
    let outcomes = interpreter::run(&vec![job; n_jobs]);
    right(&format!("{:?}", outcomes[0]))
}
