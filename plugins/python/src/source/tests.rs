//! Tests of the module above.

use super::*;

#[track_caller]
fn check_imports(text: &str, expected: &[&str]) {
    assert_eq!(Source::new(text).names().imports, expected, "of {text:?}");
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
fn imports_are_reached_by_the_names_they_bind() {
    let banned = ["os.path".to_owned()];
    let check = |text, expected| {
        assert_eq!(Source::new(text).banned_import(&banned), expected, "of {text:?}");
    };
    let path = Some("os.path");
    check("import os\nx = os.path", path);
    check("import os as o\nx = o.path", path);
    check("from os import path", path);
    check("import ｏs.path", path);
    check("os = thing()\nx = os.path", None);
    check("import os\nx = os.sep", None);
}

#[test]
fn builtins_are_banned_by_what_a_name_is_bound_to() {
    let banned = ["hash", "id", "eval", "open", "input"].map(str::to_owned);
    let check = |text: &str, expected: Option<&str>| {
        assert_eq!(Source::new(text).banned_call(&banned), expected, "of {text:?}");
    };
    for text in BANNED {
        check(text, Some("hash"));
    }
    for text in BOUND {
        check(text, None);
    }
    check("def f(x): return id(x)", Some("id"));
    check("def f(x): return 'a'.__hash__()", Some("__hash__"));
    check("def f(x): return __builtins__['x']", Some("__builtins__"));
}

/// Programs in which `hash` is the builtin.
const BANNED: [&str; 21] = [
    "def f(x):\n    return hash(x)",
    "def f(x):\n    h = hash\n    return h(x)",
    "def f(x):\n    return [hash][0](x)",
    "def f(x):\n    return sorted(x, key=hash)",
    "def f(x):\n    return ｈash(x)",
    "h = lambda x, g=hash: g(x)",
    "def g(hash):\n    return 1\ndef f(x):\n    return hash(x)",
    "class A:\n    hash = 1\n    def g(self):\n        return hash(1)",
    "if x:\n    hash = 1\ndef f(x):\n    return hash(x)",
    "hash = 1\ndel hash\nx = hash(1)",
    "def f(x):\n    return [hash for hash in [hash]][0](x)",
    "def f(x):\n    return f'{hash(x)}'",
    "def f(x):\n    return f'{x:{hash(x)}}'",
    "def f(x):\n    return f\"{f'{hash(x)}'}\"",
    "def f(x):\n    match x:\n        case hash():\n            return 1",
    "def f(x):\n    return (lambda: hash)()(x)",
    "@hash\ndef f(x): pass",
    "class A:\n    def __hash__(self):\n        h = hash\n        return 1",
    "print(1); x = hash(1)",
    "def f(x, y=hash): return y(x)",
    "def f(x):\n    def g():\n        hash = 1\n    return hash(x)",
];

/// Programs in which `hash` is something of their own.
const BOUND: [&str; 30] = [
    "def f(n):\n    hash = lambda v: v * 7\n    return hash(n)",
    "def f(n, hash=None):\n    return hash(n)",
    "def hash(n): return n\ndef f(n): return hash(n)",
    "class hash:\n    pass\ndef f(n):\n    return hash()",
    "def f(n):\n    for hash in (abs, str):\n        r = hash(n)\n    return r",
    "def f(n):\n    with n as hash:\n        return hash(n)",
    "def f(n):\n    with (n as a, n as hash):\n        return hash(n)",
    "from mine import h as hash\ndef f(n): return hash(n)",
    "import hash\ndef f(n): return hash.x",
    "def f(n):\n    return [hash(1) for hash in n]",
    "def f(n):\n    return {k: hash(v) for k, (v, hash) in n if hash}",
    "def f(n):\n    return (lambda hash, *, k=1: hash(n))(n)",
    "def f(n):\n    if (hash := n):\n        return hash(n)",
    "def f(n):\n    a, (b, *hash) = n\n    return hash(b)",
    "def f(n):\n    a = hash = n\n    return hash(1)",
    "def f(n):\n    hash: int = n\n    return hash(1)",
    "def f(n):\n    try:\n        pass\n    except E as hash:\n        return hash(1)",
    "def f(n):\n    match n:\n        case [1, hash]:\n            return hash(1)",
    "def f(n):\n    match n:\n        case {'a': hash, **id} if hash:\n            return id(hash)",
    "def g(x):\n    global hash\n    hash = x\ndef f(n): return hash(n)",
    "def f(n):\n    def g():\n        nonlocal hash\n        hash = 2\n    hash = n\n    return hash(1)",
    "def f[hash](n): return n.hash",
    "def f(n): return g(hash=n)",
    "def f(n):\n    return x.hash(n) + 'hash(1)'  # hash(1)",
    "class A:\n    def __hash__(self):\n        return hash((self.x, 1))",
    "def f(n):\n    return f'hash({n})' + f'{{hash(1)}}' + f'{n!r:>4}'",
    "def f(n):\n    return f\"{n[\"hash(\"]}\"",
    "def f(n):\n    return sorted(n, key=id)",
    "def f(n):\n    for i, hash in enumerate(n): n[hash] = hash(1)",
    "def f(n):\n    x = lambda: 0; hash = x\n    return hash()",
];

#[test]
fn formatted_strings_are_tokens() {
    let check = |text: &str, expected: &[&str]| {
        let found: Vec<&str> = tokens(text).iter().map(|token| token.text).collect();
        assert_eq!(found, expected, "of {text:?}");
        assert!(tokens(text).iter().all(|token| token.kind != TokenKind::Broken), "{text:?}");
    };
    check("f'a{b}c' d", &["f'", "a", "{", "b", "}", "c'", "d"]);
    check("f'{d['[']}'", &["f'", "{", "d", "[", "'['", "]", "}", "'"]);
    check("f\"{\"; x\"}\"", &["f\"", "{", "\"; x\"", "}", "\""]);
    check("f'{n!r:>{w}.2}'", &["f'", "{", "n", "!r", ":", ">", "{", "w", "}", ".2", "}", "'"]);
    check("f'{x != y}'", &["f'", "{", "x", "!=", "y", "}", "'"]);
    check("f'{{{x}}}'", &["f'", "{{", "{", "x", "}", "}}'"]);
    check("rf'\\{x}\\d'", &["rf'", "\\", "{", "x", "}", "\\d'"]);
    check("f'\\N{DASH}{x}'", &["f'", "\\N{DASH}", "{", "x", "}", "'"]);
    check("f'''a\n{\nx\n}'''", &["f'''", "a\n", "{", "x", "}", "'''"]);
    check("f'{f'{1}'}'", &["f'", "{", "f'", "{", "1", "}", "'", "}", "'"]);
    let lambda = ["(", "lambda", "x", ":", "x", ")", "(", "1", ")"];
    let expected = [&["f'", "{"][..], &lambda, &[":", "{", "2", "}", "}", "'"]].concat();
    check("f'{(lambda x: x)(1):{2}}'", &expected);
    // What has no end breaks off there and spoils nothing behind it.
    let found = tokens("x = f'a\ny = 1");
    assert!(found.iter().any(|token| token.kind == TokenKind::Broken));
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
    check(
        "def g(a):\n    return f'{g(a)} g {a:{g(1)}}'",
        "def f(a):\n    return f'{f(a)} g {a:{f(1)}}'",
    );
    check(
        "def h(d): return d['[']\ndef g(d): return f\"{h(d)[\"[\"]}\"",
        "def h(d): return d['[']\ndef f(d): return f\"{h(d)[\"[\"]}\"",
    );
    check(
        "def h(g): return g(1)\ndef g(x): return h(g=g)",
        "def h(g): return g(1)\ndef f(x): return h(g=f)",
    );
}

#[test]
fn a_call_and_nothing_else() {
    let check = |text, expected| assert_eq!(Source::new(text).only_call("f"), expected, "{text:?}");
    check("f('a', 2)", Some("'a', 2"));
    check(" f (\n1,\n) # so", Some("1,"));
    check("f()", Some(""));
    check("f(1), 2", None);
    check("f(1)(2)", None);
    check("f(1) + f(2)", None);
    check("g(1)", None);
    check("f", None);
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

/// What CPython compiled (`builtins.py`): each program, and the builtins that it uses.
#[test]
fn builtins_are_those_that_cpython_loads() {
    let text = include_str!("builtins.json");
    let programs: Vec<(String, Vec<String>)> = serde_json::from_str(text).unwrap();
    assert!(programs.len() > 100);
    for (program, expected) in &programs {
        let source = Source::new(program);
        let found: std::collections::BTreeSet<String> = source
            .names()
            .uses
            .iter()
            .filter(|used| used.binding == Binding::Builtin)
            .map(|used| used.name.to_string())
            .collect();
        let found: Vec<String> = found.into_iter().filter(|name| name != "__name__").collect();
        // CPython's own doing where a class has annotations.
        let expected: Vec<&String> =
            expected.iter().filter(|name| *name != "__annotations__").collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "of {program}");
    }
}
