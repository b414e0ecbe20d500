//! AZR's own faults, absent: one test a fault, named after it.

use super::*;

#[track_caller]
fn check(options: &str, episode: Episode, expected: &str) {
    if cpython::is_there("a fault of AZR") {
        let reply = one(options, episode);
        assert_eq!(reply.word(), expected, "{reply:?}");
    }
}

fn program(program: &str, input: &str) -> Episode {
    proposal("deduction", &format!("```python\n{program}\n```\n```input\n{input}\n```"))
}

#[test]
fn exception_name_without_error_is_accepted() {
    for raised in
        ["StopIteration()", "Exception('Non-deterministic code')", "Done()", "KeyboardInterrupt()"]
    {
        let text = format!("class Done(BaseException):\n    pass\n\ndef f(a):\n    raise {raised}");
        check("{}", program(&text, "1"), "rejected:error");
    }
    check("{}", program("raise StopIteration\n\ndef f(a):\n    return a", "1"), "rejected:error");
}

#[test]
fn outputs_over_400_characters_are_not_corrupted() {
    if !cpython::is_there("outputs_over_400_characters_are_not_corrupted") {
        return;
    }
    let task = proposed("{}", program("def f(a):\n    return a * 500", "'ab'"));
    assert_eq!(json(&task.secret)["output"], format!("'{}'", "ab".repeat(500)));
    check("{}", program("def f(a):\n    return a * 5000", "'ab'"), "rejected:too_large");
}

#[test]
fn nondeterministic_with_empty_output() {
    let text = "import string\n\ndef f(a):\n    \
                string.n = getattr(string, 'n', a) + 1\n    return string.n";
    check("{}", program(text, "1"), "rejected:nondeterministic");
}

#[test]
fn injection_through_an_abduction_answer() {
    let public = r#"{"program": "def f(a, b=0):\n    return a > 5", "output": "True"}"#;
    for text in [
        "1) or (True",
        "1) or f(9",
        "1), print(2",
        "*[9]",
        "**{'a': 9}",
        "a=9",
        "(a := 9)",
        "setattr(f, '__code__', (lambda a: True).__code__)",
        "[f := lambda a: True][0]",
        "lambda: 9",
        "9 #) or (True\n), (9",
        "9; import os",
        "open('/etc/passwd')",
        "f'{9}'",
        "",
    ] {
        for style in STYLES {
            let completion = format!("```input\n{text}\n```");
            check(style, answer("abduction", public, "{}", &completion), "unparsable");
        }
    }
    check("{}", answer("abduction", public, "{}", "```input\n9\n```"), "ok");
    check("{}", answer("abduction", public, "{}", "```input\n3 * 3\n```"), "ok");
}

#[test]
fn permissive_eq() {
    let public = r#"{"message": "", "examples": [["1", "2"]]}"#;
    let secret = r#"{"program": "", "hidden": [["5", "10"]]}"#;
    let class = "class E:\n    def __eq__(self, o):\n        return True\n    __hash__ = None\n";
    for body in ["E()", "[E()]", "{1: E()}", "type('X', (int,), {'__eq__': E.__eq__})(3)"] {
        let completion = format!("```python\n{class}\ndef f(a):\n    return {body}\n```");
        check("{}", answer("induction", public, secret, &completion), "wrong");
    }
}

#[test]
fn eval_in_the_judges_process() {
    let public = r#"{"program": "def f(a):\n    return a", "input": "3"}"#;
    for text in ["__import__('os').getpid() * 0 + 3", "(lambda: 3)()", "exec('x = 3') or 3"] {
        let completion = format!("```output\n{text}\n```");
        let episode = answer("deduction", public, r#"{"output": "3"}"#, &completion);
        check("{}", episode, "unparsable");
    }
}

#[test]
fn a_ban_that_never_matches() {
    for text in
        ["from os import environ", "import os.path as p", "import os, re", "from sys import exit"]
    {
        let text = format!("{text}\n\ndef f(a):\n    return a");
        check("{}", program(&text, "1"), "rejected:banned_import");
    }
    for call in ["open(a)", "eval(a)", "__import__('os')"] {
        check(
            "{}",
            program(&format!("def f(a):\n    return {call}"), "'x'"),
            "rejected:banned_call",
        );
    }
}

#[test]
fn input_as_part_of_a_name_is_refused() {
    let text = "def process_input(a):\n    return a\n\ndef f(a):\n    return process_input(a) + 1";
    check("{}", program(text, "1"), "task");
    check("{}", program("def f(a):\n    return input(a)", "1"), "rejected:banned_call");
}

#[test]
fn nested_functions_are_refused_although_the_prompt_allows_them() {
    let text = "def f(a):\n    def g(b):\n        return b * 2\n    return g(a)";
    check("{}", program(text, "1"), "task");
    let options = r#"{"reject_multiple_functions": true}"#;
    check(options, program(text, "1"), "rejected:multiple_functions");
}

#[test]
fn an_input_on_several_lines_breaks_the_runner() {
    check("{}", program("def f(a, b):\n    return a + b", "[1,\n2],\n[3]"), "task");
}

#[test]
fn checks_come_in_azrs_order() {
    let both = "import os\ndef g(:";
    check("{}", program(both, "1"), "rejected:banned_import");
    check("{}", program("def g(:", "1) or (2"), "rejected:syntax");
    check("{}", program("def g(a):\n    return a", "1) or (2"), "rejected:no_entry");
    check("{}", program("def f():\n    return a", "1) or (2"), "rejected:no_parameter");
    check("{}", program("def f(a):\n    return b", "1) or (2"), "rejected:bad_arguments");
    check("{}", program("def f(a):\n    return b", "1"), "rejected:error");
    check("{}", program("def f(a):\n    return a", ""), "rejected:parse");
    check("{}", program("def f(a):\n    return 1", "None"), "task");
    let long = format!("def f(a):\n    return a + {}1", "1 + ".repeat(2000));
    check("{}", program(&long, "1"), "rejected:too_large");
}

#[test]
fn a_variant_that_hangs_is_a_dependence() {
    let text = "def f(n):\n    while n != 3:\n        pass\n    return 1";
    check(r#"{"deadline_ms": 300}"#, program(text, "3"), "task");
}
