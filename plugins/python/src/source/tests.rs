//! Tests of the module above.

use super::*;

#[track_caller]
fn check_imports(text: &str, expected: &[&str]) {
    assert_eq!(Source::new(text).imports(), expected, "of {text:?}");
}

#[test]
fn imports_are_found_wherever_they_stand() {
    check_imports("import os", &["os"]);
    check_imports("import os.path as p, sys", &["os.path", "sys"]);
    check_imports("from os import path, environ as e", &["os", "os.path", "os.environ"]);
    check_imports("from a.b import (c,\n  d)", &["a.b", "a.b.c", "a.b.d"]);
    check_imports("def f(a):\n    import time\n    return a", &["time"]);
    check_imports("if True: import time; x = 1", &["time"]);
    check_imports("x = 1; import time", &["time"]);
    check_imports("def f(a): from random import choice", &["random", "random.choice"]);
    check_imports("s = 'import os'  # import sys\n\"\"\"\nimport time\n\"\"\"", &[]);
    check_imports("x = (1,\n  2)\nimport a", &["a"]);
    check_imports("from .x import y", &[".x", ".x.y"]);
}

#[test]
fn calls_are_plain_names_before_a_bracket() {
    let check = |text, expected: &[&str]| {
        assert_eq!(Source::new(text).calls(), expected, "of {text:?}");
    };
    check("def f(a):\n    return len(a)", &["len"]);
    check("x.open(1)", &[]);
    check("'eval(1)'", &[]);
    check("def process_input(a):\n    return a\ndef f(a):\n    return process_input(a)", &[]);
    check("eval (x)", &["eval"]);
}

#[test]
fn the_entry_and_its_parameter() {
    let check = |text, expected| assert_eq!(Source::new(text).has_parameter("f"), expected);
    check("def f(a):\n    return a", Some(true));
    check("def f():\n    return 1", Some(false));
    check("def f(*, a=1):\n    return a", Some(true));
    check("def f[T](a: T) -> T:\n    return a", Some(true));
    check("def g(a):\n    return a", None);
    check("class A:\n    def f(self):\n        return 1", None);
    check("def g(a):\n  def f(b):\n    return b\n  return f(a)", None);
    check("'''\ndef f(a):\n'''", None);
    check("async def f(a):\n    return a", None);
}

#[test]
fn a_function_is_renamed_with_its_uses() {
    let check = |text, expected| assert_eq!(Source::new(text).with_entry("f"), expected);
    check("def g(a):\n    return g(a.g) # g", "def f(a):\n    return f(a.g) # g");
    check("def f(a):\n    return 'g'\ndef g(b): pass", "def f(a):\n    return 'g'\ndef g(b): pass");
    check("def a(x): pass\ndef b(x): return a(x)", "def a(x): pass\ndef f(x): return a(x)");
    check("x = 1", "x = 1");
}

#[track_caller]
fn check_arguments(text: &str, expected: Result<(), &str>) {
    assert_eq!(plain_arguments(text), expected.map_err(str::to_owned), "of {text:?}");
}

#[test]
fn arguments_hold_nothing_but_plain_values() {
    check_arguments("1, [2, 3], 'x'", Ok(()));
    check_arguments("'a' * 3, [0] + [1]", Ok(()));
    check_arguments("2 ** 3, {'a': -1}, list(range(3))", Ok(()));
    check_arguments("'1) or (True'", Ok(()));
    check_arguments("1) or (True", Err("a bracket closes the call at byte 1"));
    check_arguments("*[1]", Err("an unpacked argument"));
    check_arguments("1, **{}", Err("an unpacked argument"));
    check_arguments("a=1", Err("the name `a` in a value"));
    check_arguments("None=1", Err("`=` in a value"));
    check_arguments("f.__code__", Err("the name `f` in a value"));
    check_arguments("(lambda: 1)()", Err("the name `lambda` in a value"));
    check_arguments("[x for x in range(3)]", Err("the name `x` in a value"));
    check_arguments("f'{1}'", Err("a formatted string is no plain value"));
    check_arguments("''.join(['a'] * 3)", Ok(()));
    check_arguments("''.upper()", Err("`.` in a value"));
    check_arguments("join", Err("the name `join` in a value"));
    check_arguments("'abc", Err("\"'abc\" is not Python"));
    check_arguments("(1", Err("a bracket is left open"));
    check_arguments("# only a comment", Err("nothing there"));
}
