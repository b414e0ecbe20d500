//! The micro-language against CPython, and its corner cases; programs are read from their text.

mod lex;
mod parse;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use quaero_rng::Key;

use super::*;
use parse::{parse_inputs, parse_program};

#[track_caller]
fn check(program: &str, input: &str, output: Option<&str>) {
    let program = parse_program(program).expect("the program is of the subset");
    let inputs = parse_inputs(input).expect("the inputs are literals");
    let got = program.run(&inputs).map(|value| value.to_string());
    assert_eq!(got.as_deref(), output, "{program} on {input}");
}

#[test]
fn corner_cases_follow_python() {
    let of = |expr: &str| format!("def f(a):\n    return {expr}");
    check(&of("a // 2"), "-7", Some("-4"));
    check(&of("a % 3"), "-7", Some("2"));
    check(&of("a % -3"), "7", Some("-2"));
    check(&of("a // 0"), "7", None);
    check(&of("a[-5:2]"), "[1, 2, 3]", Some("[1, 2]"));
    check(&of("a[5:]"), "'abc'", Some("''"));
    check(&of("a[::-2]"), "'abcd'", Some("'db'"));
    check(&of("a[3]"), "[1, 2, 3]", None);
    check(&of("a[-3]"), "[1, 2, 3]", Some("1"));
    check(&of("max(a)"), "[]", None);
    check(&of("sum(a)"), "[]", Some("0"));
    check(&of("a * -1"), "'ab'", Some("''"));
    check(&of("a + 1"), "'ab'", None);
    check(&of("a + 'x'"), "\"it's\"", Some("\"it'sx\""));
    check(&of("a.replace('', '-')"), "'ab'", Some("'-a-b-'"));
    check(&of("[x for x in a if x > 2]"), "[1, 3]", Some("[3]"));
    check(&of("a if a > 2 else -a"), "1", Some("-1"));
    check(&of("range(a)"), "3", None);
    check(&of("sum(range(a))"), "4", Some("6"));
    check(&of("x"), "3", None);
    check("def f(a):\n    for x in a:\n        a.append(x)\n    return a", "[1]", None);
    check("def f(a):\n    b = a\n    b.append(1)\n    return a", "[1]", None);
    check("def f(a, b):\n    return a", "1", None);
    check("def f(a):\n    a = a + 1", "1", None);
}

#[test]
fn text_outside_the_subset_is_no_program() {
    for text in [
        "",
        "def f(a)\n    return a",
        "def g(a):\n    return a",
        "def f(a):\nreturn a",
        "def f(a):\n    return a b",
        "def f(a):\n    import os",
        "def f(a):\n    return open(a)",
        "def f(a):\n    return a\n  return a",
        "def f(a, a):\n    return a",
        "def f(a):\n    return 012",
    ] {
        assert_eq!(parse_program(text), None, "{text:?}");
    }
    let deep = format!("def f(a):\n    return {}a{}", "(".repeat(500), ")".repeat(500));
    assert_eq!(parse_program(&deep), None);
}

#[test]
fn drawn_programs_parse_back_and_keep_the_bounds() {
    let generator = Generator::new(Key::new(3));
    for idx in 0..3_000 {
        let Exercise { program, cases } = generator.exercise(idx, 6);
        let parsed = parse_program(&program).unwrap_or_else(|| panic!("{program}"));
        assert_eq!(parsed.to_string(), program);
        for Case { input, output } in cases {
            let inputs = parse_inputs(&input).expect("inputs are literals");
            assert_eq!(parsed.run(&inputs).expect("cases run").to_string(), output);
            assert!(output.len() <= 40, "{program} -> {output}");
        }
    }
}

#[test]
fn renaming_does_not_change_the_canonical_text() {
    let one = canonical("def f(s, n):\n    r = s.count('s')\n    return r + n");
    let two = canonical("def f(w, k):\n    t = w.count('s')\n    return t + k");
    assert_eq!(one, two);
    assert_eq!(one, "def f(v0, v1):\n    v2 = v0.count('s')\n    return v2 + v1");
}

/// After 18,000 draws two fifths and more are still new: the language cannot be learned by heart.
#[test]
fn new_programs_keep_coming() {
    let generator = Generator::new(Key::new(4));
    let mut seen = BTreeSet::new();
    let n_new = |seen: &mut BTreeSet<String>, range: std::ops::Range<u64>| {
        range.filter(|idx| seen.insert(generator.exercise(*idx, 1).program)).count()
    };
    n_new(&mut seen, 0..18_000);
    let tail = n_new(&mut seen, 18_000..20_000);
    assert!(tail > 800, "{tail} of the last 2,000 draws are new");
}

/// The oracle is CPython itself: the same programs and inputs give the same `repr`.
#[test]
fn outputs_equal_cpython() {
    let generator = Generator::new(Key::new(5));
    let exercises: Vec<Exercise> = (0..2_500).map(|idx| generator.exercise(idx, 2)).collect();
    let rows: Vec<serde_json::Value> = exercises
        .iter()
        .flat_map(|it| it.cases.iter().map(|case| serde_json::json!([it.program, case.input])))
        .collect();
    let script = "import json, sys\n\
                  for line in sys.stdin:\n    \
                      program, inputs = json.loads(line)\n    \
                      scope = {}\n    \
                      exec(program, scope)\n    \
                      print(repr(eval('f(' + inputs + ')', scope)))\n";
    let spawned = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut python) = spawned else {
        eprintln!("SKIP outputs_equal_cpython: no python3");
        return;
    };
    let mut stdin = python.stdin.take().expect("stdin is piped");
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = python.wait_with_output().expect("python3 runs");
    writer.join().expect("the writer ends").expect("python3 reads all");
    let text = String::from_utf8(output.stdout).expect("repr is ASCII");
    let cases: Vec<(&str, &Case)> = exercises
        .iter()
        .flat_map(|it| it.cases.iter().map(|case| (it.program.as_str(), case)))
        .collect();
    assert_eq!(text.lines().count(), cases.len());
    for (line, (program, case)) in text.lines().zip(cases) {
        assert_eq!(line, case.output, "{program} on {}", case.input);
    }
}
