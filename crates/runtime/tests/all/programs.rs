//! Python programs in the interpreter: what native CPython says, and what hostile programs come to.
//! Part of two test programs: here they run on threads, in `crates/cli/tests/all` in
//! processes of their own.

use std::sync::{Arc, OnceLock};

use quaero_runtime::{Answer, Interpreter, InterpreterOptions, Job, Outcome};

use crate::{cache, process, silent};

/// The embedded interpreter, shared by tests; remembers nothing, so that every job runs.
fn interpreter() -> &'static Interpreter {
    static OPEN: OnceLock<Interpreter> = OnceLock::new();
    OPEN.get_or_init(|| {
        let options = InterpreterOptions {
            remembered_max: 0,
            process: process(),
            ..InterpreterOptions::default()
        };
        Interpreter::open(options, Some(&cache()), &silent()).unwrap()
    })
}

fn job(program: &str, call: &str) -> Job {
    Job {
        program: program.into(),
        entry: "f".into(),
        calls: vec![call.into()],
        runs: 2,
        value_bytes_max: 10_000,
        deadline_ms: 1000,
    }
}

/// An outcome in one line.
fn label(outcome: &Outcome) -> String {
    let answer = |answer: &Answer| match answer {
        Answer::Value(text) => format!("value {text}"),
        Answer::Raised { class, message } => format!("raised {class}: {message}"),
        Answer::BadArguments(text) => format!("bad-arguments {text}"),
        Answer::NotPlain(name) => format!("not-plain {name}"),
        Answer::TooLarge => "too-large".into(),
        Answer::Nondeterministic => "nondeterministic".into(),
    };
    match outcome {
        Outcome::Done(answers) => answers.iter().map(answer).collect::<Vec<_>>().join(" | "),
        Outcome::Syntax(text) => format!("syntax {text}"),
        Outcome::LoadRaised { class, message } => format!("load-raised {class}: {message}"),
        Outcome::Timeout => "timeout".into(),
        Outcome::Memory => "memory".into(),
        Outcome::Crashed(text) => format!("crashed {text}"),
        Outcome::Refused => "refused".into(),
    }
}

/// Each program and the beginning of what it comes to with the argument `3`; several beginnings are
/// parted by `|` where CPython may choose.
#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let jobs: Vec<Job> = cases.iter().map(|(program, _)| job(program, "3")).collect();
    let got: Vec<String> = interpreter().run(&jobs).iter().map(label).collect();
    let wrong: Vec<_> = cases
        .iter()
        .zip(&got)
        .filter(|((_, expected), got)| !expected.split('|').any(|start| got.starts_with(start)))
        .map(|((program, expected), got)| format!("{program}\n  expected {expected}, got {got}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let honest = interpreter().run(&[job("def f(n):\n return n + 1", "3")]);
    assert_eq!(honest, [Outcome::Done(vec![Answer::Value("4".into())])], "and honest ones go on");
}

/// The processes that `process` started.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok())
        .flat_map(|list| list.split_whitespace().map(|id| id.parse().unwrap()).collect::<Vec<_>>())
        .collect()
}

#[test]
fn values_are_those_of_native_cpython() {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let programs = read(include_str!("../../fixtures/prog20.json"));
    let answers = read(include_str!("../../fixtures/prog20_values.json"));
    let texts = |list: &serde_json::Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().into()).collect()
    };
    let jobs: Vec<Job> = programs
        .as_array()
        .unwrap()
        .iter()
        .map(|program| Job {
            entry: program["entry"].as_str().unwrap().into(),
            calls: texts(&program["inputs"]),
            deadline_ms: 10_000,
            ..job(program["code"].as_str().unwrap(), "")
        })
        .collect();
    assert_eq!(jobs.len(), 20);
    for (outcome, expected) in interpreter().run(&jobs).iter().zip(answers.as_array().unwrap()) {
        let Outcome::Done(got) = outcome else { panic!("{outcome:?}, not {expected}") };
        let got: Vec<_> = got
            .iter()
            .map(|answer| match answer {
                Answer::Value(text) => serde_json::json!({ "value": text }),
                Answer::Raised { class, .. } => serde_json::json!({ "raised": class }),
                other => panic!("{other:?}, not {expected}"),
            })
            .collect();
        assert_eq!(serde_json::Value::from(got), *expected);
    }
}

#[test]
fn time_ends() {
    check(&[
        ("def f(n):\n while True: pass", "timeout"),
        ("while True: pass", "timeout"),
        (
            "def f(n):\n while True:\n  try:\n   while True: pass\n  except BaseException: pass",
            "timeout",
        ),
        ("def f(n):\n return sum(range(10**10))", "timeout"),
        ("from itertools import count\ndef f(n):\n return max(count())", "timeout"),
        ("import re\ndef f(n):\n return re.match('(a+)+$', 'a' * 40 + 'b')", "timeout"),
        ("def f(n):\n return len(str(7 ** (7 ** 9)))", "timeout|memory|raised MemoryError"),
        ("import time\ndef f(n):\n time.sleep(3600)\n return n", "value 3"),
        (
            "import time\ndef f(n):\n a = time.time()\n time.sleep(10**6)\n return time.time() - a > 10**6",
            "value True",
        ),
        (
            "s = 'x = 1'\nfor _ in range(5): s = f'exec({s!r})'\ndef f(n):\n while True: exec(s)",
            "timeout",
        ),
    ]);
}

#[test]
fn memory_ends() {
    check(&[
        ("def f(n):\n a = []\n while True: a.append(bytearray(1 << 20))", "memory"),
        ("def f(n):\n x = 'a' * 2**28\n return len(x + x)", "memory"),
        ("x = [bytes(1 << 24) for _ in range(100)]\ndef f(n):\n return 1", "memory"),
        ("def f(n):\n return 'a' * 10**10", "raised MemoryError|raised OverflowError"),
        ("def f(n):\n return 1 << (1 << 40)", "raised MemoryError|raised OverflowError"),
        ("def f(n):\n return list(range(10**9))", "raised MemoryError"),
    ]);
}

#[test]
fn stacks_end() {
    check(&[
        ("def f(n):\n return f(n)", "raised RecursionError"),
        (
            "import sys\nsys.setrecursionlimit(10**6)\ndef f(n):\n return f(n)",
            "raised RecursionError|crashed|memory|timeout",
        ),
        (
            "def f(n):\n x = []\n for _ in range(10**5): x = [x]\n return repr(x)",
            "raised RecursionError|crashed|raised MemoryError",
        ),
        (
            "class A:\n def __getattr__(self, k): return getattr(self, k + 'x')\ndef f(n):\n return A().y",
            "raised RecursionError|crashed",
        ),
        (
            "def f(n):\n return eval('(' * 10**5 + ')' * 10**5)",
            "raised MemoryError|raised SyntaxError|raised RecursionError",
        ),
        ("def f(n):\n x = []\n x.append(x)\n return x", "too-large"),
    ]);
}

#[test]
fn exits_end_only_their_instance() {
    check(&[
        ("import sys\ndef f(n):\n sys.exit(n)", "raised SystemExit: 3"),
        ("def f(n):\n raise KeyboardInterrupt", "raised KeyboardInterrupt"),
        ("import os\ndef f(n):\n os._exit(n)", "crashed exit 3"),
        ("import os\ndef f(n):\n os.abort()", "crashed"),
        ("import sys\nsys.exit(0)", "load-raised SystemExit"),
        ("def f(n:\n return", "syntax SyntaxError"),
        ("def f(n):\n raise StopIteration", "raised StopIteration"),
        ("def g(n):\n return n", "raised NameError"),
    ]);
}

#[test]
fn the_world_is_closed() {
    check(&[
        ("def f(n):\n return open('/etc/passwd').read()", "raised"),
        ("import os\ndef f(n):\n return os.listdir('/')", "raised"),
        ("import os\ndef f(n):\n return dict(os.environ)", "value {}"),
        ("import socket\ndef f(n):\n return socket.socket()", "load-raised|raised"),
        (
            "import subprocess\ndef f(n):\n return subprocess.run(['id']).returncode",
            "load-raised|raised",
        ),
        ("import ctypes\ndef f(n):\n return ctypes.string_at(0)", "load-raised|raised"),
        ("import os\ndef f(n):\n return os.system('id')", "raised|load-raised"),
        (
            "import threading\ndef f(n):\n t = threading.Thread(target=print)\n t.start()\n return 1",
            "raised RuntimeError",
        ),
        ("def f(n):\n open('/tmp/canary', 'w').write('x')", "raised"),
        ("def f(n):\n return input()", "raised"),
    ]);
    assert!(!std::path::Path::new("/tmp/canary").exists());
}

#[test]
fn harness_and_judge_are_out_of_reach() {
    check(&[
        // Builtins belong to the instance; the value is encoded without them.
        (
            "import builtins\nbuiltins.repr = lambda x: '42'\nbuiltins.str = repr\ndef f(n):\n return n",
            "value 3",
        ),
        (
            "import builtins\ndef f(n):\n builtins.__dict__.clear()\n return n",
            "value 3|nondeterministic|raised",
        ),
        ("import sys\ndef f(n):\n sys.modules.clear()\n return n", "value 3|nondeterministic"),
        (
            "import gc\ndef f(n):\n for o in gc.get_objects():\n  if type(o) is dict: o.clear()\n return n",
            "value 3|nondeterministic|raised|crashed",
        ),
        // What looks right but is no plain data.
        (
            "class E(int):\n def __eq__(self, o): return True\n def __repr__(self): return '42'\ndef f(n):\n return E(n)",
            "not-plain E",
        ),
        ("class L(list):\n pass\ndef f(n):\n return [L()]", "not-plain L"),
        ("import enum\nclass C(enum.IntEnum):\n A = 1\ndef f(n):\n return C.A", "not-plain C"),
        ("def f(n):\n return lambda: 1", "not-plain function"),
        // Forged replies on standard output stay there.
        ("def f(n):\n print('\\x00' * 50 + 'value 42')\n return n", "value 3"),
        ("def f(n):\n for _ in range(10**6): print('x' * 100)\n return n", "value 3|timeout"),
        ("import os\ndef f(n):\n os.write(1, b'42')\n return n", "value 3|raised"),
        ("import os\ndef f(n):\n os.write(2, b'z' * 10**6)\n os.abort()", "crashed"),
        // Two runs that differ.
        (
            "N = []\nimport math\ndef f(n):\n math.n = getattr(math, 'n', 0) + 1\n return math.n",
            "nondeterministic",
        ),
        ("def f(n):\n return 'x' * 10_001", "too-large"),
    ]);
}

#[test]
fn values_cross_as_exact_text() {
    check(&[
        (
            "def f(n):\n return [True, 1, 1.0, 1 + 0j, '1', b'1', None]",
            "value [True, 1, 1.0, (1+0j)",
        ),
        // Floats by bits: the shortest text that reads back as the same number, signs of zero kept.
        (
            "def f(n):\n return [0.1 + 0.2, 1e16, 5e-324]",
            "value [0.30000000000000004, 1e+16, 5e-324]",
        ),
        ("def f(n):\n return [-0.0, 0.0]", "value [-0.0, 0.0]"),
        ("def f(n):\n return [1e308 * 10, -1e308 * 10]", "value [inf, -inf]"),
        ("def f(n):\n return float('nan')", "value nan"),
        // Sets have one text, whatever their history; dictionaries keep their order.
        ("def f(n):\n return [{3, 1, 2}, {2, 3, 1}]", "value [{1, 2, 3}, {1, 2, 3}]"),
        ("def f(n):\n return {frozenset('ba'), ()}", "value {(), frozenset({'a', 'b'})}"),
        ("def f(n):\n return {'b': 1, 'a': 2}", "value {'b': 1, 'a': 2}"),
        (
            "def f(n):\n return [set(), frozenset(), (), (1,)]",
            "value [set(), frozenset(), (), (1,)]",
        ),
        // Limits are verdicts of their own, never a cut value.
        ("def f(n):\n return 'x' * 9_998", "value 'xxx"),
        ("def f(n):\n return 'x' * 9_999", "too-large"),
        ("def f(n):\n x = []\n for _ in range(1000): x = [x]\n return x", "too-large"),
        ("import collections\ndef f(n):\n return collections.Counter('a')", "not-plain Counter"),
        ("import decimal\ndef f(n):\n return [decimal.Decimal(1)]", "not-plain Decimal"),
    ]);
}

#[test]
fn arguments_are_the_inside_of_one_call() {
    let run =
        |call: &str| label(&interpreter().run(&[job("def f(*a):\n return list(a)", call)])[0]);
    assert_eq!(run(""), "value []");
    assert_eq!(run("1, 'a', [2]"), "value [1, 'a', [2]]");
    for call in ["1) or (True", "1)(2", "1), f(2", "*[1]", "a=1", "1 #", "1\n) or (2", "("] {
        let got = run(call);
        assert!(got.starts_with("bad-arguments") || call == "1 #", "{call:?}: {got}");
    }
}

#[test]
fn order_is_kept_and_two_runs_are_identical() {
    let programs = [
        "def f(n):\n return n * n",
        "import random\ndef f(n):\n return [random.random() for _ in range(n)]",
        "import os\ndef f(n):\n return os.urandom(8)",
        "import time\ndef f(n):\n return time.time()",
        "def f(n):\n return {'b', 'a', 'c', hash('abc'), n}",
        "def f(n):\n return [id(object()) > 0, n / 0]",
        "def f(n):\n return sum(i * i for i in range(n * 1000))",
    ];
    let jobs: Vec<Job> = (0..210_usize)
        .map(|n| Job { runs: 1, ..job(programs[n % programs.len()], &n.to_string()) })
        .collect();
    let first = interpreter().run(&jobs);
    for (n, outcome) in first.iter().enumerate().step_by(programs.len()) {
        assert_eq!(label(outcome), format!("value {}", n * n));
    }
    assert_eq!(interpreter().run(&jobs), first);
    let options =
        InterpreterOptions { workers: 1, process: process(), ..InterpreterOptions::default() };
    let other = Interpreter::open(options, Some(&cache()), &silent()).unwrap();
    assert_eq!(other.run(&jobs), first, "another host, one thread");
    assert_eq!(other.run(&jobs), first, "remembered");
    assert_eq!(other.stats().hits, 210);
}

#[test]
fn memory_is_given_back() {
    let resident_mb_of = |process: &str| {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    let resident_mb = || {
        let children = children(std::process::id());
        let theirs = children.iter().map(|child| resident_mb_of(&child.to_string()));
        resident_mb_of("self") + theirs.sum::<u64>()
    };
    let fat =
        |n: usize| job("def f(n):\n x = bytearray(60 << 20)\n return len(x) + n", &n.to_string());
    let thin = |n: usize| Job { runs: 1, ..job("def f(n):\n return [n] * 10", &n.to_string()) };
    let run = |from: usize| {
        let jobs: Vec<_> =
            (from..from + 1000).map(|n| if n % 200 == 0 { fat(n) } else { thin(n) }).collect();
        let outcomes = interpreter().run(&jobs);
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Done(_))));
    };
    run(0);
    let before = resident_mb();
    (1..10).for_each(|batch| run(1000 * batch));
    let after = resident_mb();
    assert!(after < before + 100, "{before} MB before, {after} MB after 9,000 programs more");
}

#[test]
fn a_damaged_embedded_interpreter_says_so() {
    let error = Interpreter::of_module(
        b"\0asm\x01\0\0\0\x01",
        InterpreterOptions::default(),
        None,
        &(Arc::new(|_: &str| {}) as quaero_runtime::Progress),
    );
    assert!(error.err().unwrap().to_string().contains("rebuild quaero"));
}
