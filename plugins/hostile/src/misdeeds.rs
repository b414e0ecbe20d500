//! The misdeeds by name.

use std::cell::Cell;

use quaero_sdk::bindings::quaero::family::vocabulary::{
    Episode, Metric, Rejection, Reply, Role, Status, Verdict,
};
use quaero_sdk::bindings::quaero::family::{interpreter, log};

use crate::{entropy, opening, option, task};

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
    if let Some(digits) = episode.completion.strip_prefix("bytes ") {
        return entropy::replies(digits);
    }
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
        "infinite" => verdict(f32::INFINITY, Status::Ok, ""),
        "subnormal-minus" => verdict(-f32::from_bits(1), Status::Ok, ""),
        "many" => return (0..100_000).map(|_| right("many")).collect(),
        "nul" => verdict(f32::from_bits(0x7fc0_dead), Status::Ok, "\0\0\0"),
        "no-key" => Reply::Proposed(task("{}", "")),
        "long-key" => Reply::Proposed(task("{}", &"k".repeat(3 << 20))),
        "long-name" | "many-metrics" => {
            let mut task = task("{}", "key");
            let name = "n".repeat(if episode.completion == "long-name" { 65 } else { 1 << 10 });
            task.metrics = (0..1000).map(|_| Metric { name: name.clone(), value: 1.0 }).collect();
            Reply::Proposed(task)
        }
        "deep-json" => Reply::Proposed(task(&("[".repeat(100_000) + &"]".repeat(100_000)), "key")),
        "observe-long" => Reply::Observation("o".repeat(3 << 20)),
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
        "bad-job" => run_job("def f(:", "not a name", &["1) or (1"], u32::MAX, 0),
        "vast-job" => run_job(&"#".repeat(32 << 20), "f", &["1"; 10_000], 1000, u32::MAX),
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

/// A job that breaks its rules; that it was answered at all is wrong.
fn run_job(program: &str, entry: &str, calls: &[&str], runs: u32, most: u32) -> Reply {
    let job = interpreter::Job {
        program: program.into(),
        entry: entry.into(),
        calls: calls.iter().map(|&call| call.into()).collect(),
        runs,
        value_bytes_max: most,
        deadline_ms: most.min(300),
    };
    let outcomes = interpreter::run(&[job]);
    verdict(0.0, Status::Wrong, &format!("{} outcomes", outcomes.len()))
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
