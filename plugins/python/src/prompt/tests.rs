//! Tests of the module above.

use quaero_sdk::{Pair, Role};

use super::*;

fn opening(kind: &str, role: Role, public: &str, references: &[(&str, &str)]) -> Opening {
    let pair = |(public, secret): &(&str, &str)| Pair {
        public: (*public).to_owned(),
        secret: (*secret).to_owned(),
    };
    Opening {
        kind: kind.to_owned(),
        role,
        seed: 0,
        public: public.to_owned(),
        references: references.iter().map(pair).collect(),
    }
}

#[track_caller]
fn check(kind: &str, role: Role, public: &str, references: &[(&str, &str)], expected: &str) {
    let options = Options::parse("{}").unwrap();
    let got = prompt(&options, &opening(kind, role, public, references));
    assert_eq!(got.unwrap_or_else(|error| format!("error: {error}")), expected);
}

const DEDUCTION: (&str, &str) =
    (r#"{"program": "def f(a):\n    return a", "input": "1"}"#, r#"{"output": "1"}"#);
const ABDUCTION: (&str, &str) =
    (r#"{"program": "def f(b):\n    return b", "output": "2"}"#, r#"{"input": "2"}"#);

/// These strings are a contract with the embedded seed model.
#[test]
fn the_compact_style_stands_to_the_character() {
    check(
        "deduction",
        Role::Solve,
        DEDUCTION.0,
        &[],
        "<|solve-deduction|>```python\ndef f(a):\n    return a\n```\n```input\n1\n```\n```output\n",
    );
    check(
        "abduction",
        Role::Solve,
        ABDUCTION.0,
        &[],
        "<|solve-abduction|>```python\ndef f(b):\n    return b\n```\n```output\n2\n```\n```input\n",
    );
    check(
        "induction",
        Role::Solve,
        r#"{"message": "", "examples": [["1", "2"], ["3", "4"]]}"#,
        &[],
        "<|solve-induction|>```input\n1\n```\n```output\n2\n```\n\
         ```input\n3\n```\n```output\n4\n```\n```python\n",
    );
    check(
        "induction",
        Role::Solve,
        r#"{"message": "adds", "examples": [["1", "2"]]}"#,
        &[],
        "<|solve-induction|>```input\n1\n```\n```output\n2\n```\n\
         ```message\nadds\n```\n```python\n",
    );
    check(
        "python/deduction",
        Role::Propose,
        "",
        &[DEDUCTION, ABDUCTION],
        "```python\ndef f(a):\n    return a\n```\n```input\n1\n```\n```output\n1\n```\n\
         ```python\ndef f(b):\n    return b\n```\n```input\n2\n```\n```output\n2\n```\n\
         <|propose-deduction|>```python\n",
    );
    check("abduction", Role::Propose, "", &[], "<|propose-abduction|>```python\n");
    check("error", Role::Propose, "", &[], "<|propose-error|>```python\n");
    check(
        "error",
        Role::Solve,
        DEDUCTION.0,
        &[],
        "<|solve-error|>```python\ndef f(a):\n    return a\n```\n```input\n1\n```\n```output\n",
    );
    check(
        "induction",
        Role::Propose,
        "",
        &[DEDUCTION],
        "<|propose-induction|>```python\ndef f(a):\n    return a\n```\n```input\n",
    );
}

#[test]
fn what_cannot_be_opened_says_why() {
    check(
        "guess",
        Role::Solve,
        "{}",
        &[],
        "error: no kind \"guess\" in the family python; it has deduction, abduction, induction, \
         error",
    );
    check(
        "deduction",
        Role::Solve,
        "{}",
        &[],
        "error: the public half of the task has no text `program`",
    );
    check(
        "induction",
        Role::Propose,
        "",
        &[],
        "error: an induction proposal needs one reference, got none",
    );
}

#[test]
fn a_composite_proposal_is_shown_what_it_builds_on() {
    let options = Options::parse(r#"{"style": "azr", "composite_percent": 100}"#).unwrap();
    let opening = opening("deduction", Role::Propose, "", &[DEDUCTION]);
    let text = prompt(&options, &opening).unwrap();
    let shown = "builds on these functions: g_0\n";
    assert!(text.contains(shown), "{text}");
    assert!(text.contains("```python\ndef g_0(a):\n    return a\n```"), "{text}");
    let plain = Options::parse(r#"{"style": "azr"}"#).unwrap();
    assert!(!prompt(&plain, &opening).unwrap().contains("g_0"));
}

#[test]
fn the_azr_style_has_preamble_blocks_and_an_open_thought() {
    let options = Options::parse(r#"{"style": "azr"}"#).unwrap();
    let write = |kind: &str, role, public: &str, references: &[(&str, &str)]| {
        prompt(&options, &opening(kind, role, public, references)).unwrap()
    };
    let propose = write("deduction", Role::Propose, "", &[DEDUCTION, ABDUCTION]);
    let prompts = [
        write("abduction", Role::Propose, "", &[]),
        write("induction", Role::Propose, "", &[DEDUCTION]),
        write("deduction", Role::Solve, DEDUCTION.0, &[]),
        write("abduction", Role::Solve, ABDUCTION.0, &[]),
        write("induction", Role::Solve, r#"{"message": "hm", "examples": [["1", "2"]]}"#, &[]),
        write("error", Role::Solve, DEDUCTION.0, &[]),
        write("error", Role::Propose, "", &[DEDUCTION]),
    ];
    for text in prompts.iter().chain([&propose]) {
        assert!(text.starts_with("A conversation between User and Assistant."), "{text}");
        assert!(text.contains("\nUser: ## Task: "), "{text}");
        assert!(text.ends_with("\nAssistant: <think>"), "{text}");
    }
    assert!(propose.contains("<snippet_1>\n```python\ndef f(b):"), "{propose}");
    assert!(propose.contains("multiprocessing, pebble"), "{propose}");
    assert!(prompts[1].contains("write 10 inputs"), "{}", prompts[1]);
    assert!(prompts[4].contains("<input_0>\n```input\n1\n```\n</input_0>"), "{}", prompts[4]);
    assert!(prompts[5].contains("or NoError if none is raised"), "{}", prompts[5]);
    assert!(prompts[6].contains("hard to foresee the exception"), "{}", prompts[6]);
    assert!(!prompts[6].contains("may not stand in the program"), "{}", prompts[6]);
    assert!(prompts[4].contains("```message\nhm\n```"), "{}", prompts[4]);
    assert_eq!(propose, write("deduction", Role::Propose, "", &[DEDUCTION, ABDUCTION]));
}
