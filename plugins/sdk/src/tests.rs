//! Plain values against CPython itself: `ast.literal_eval`, `repr` and `==`, in one subprocess.

mod generate;

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::{DEPTH_MAX, Equality, LiteralError, Value};

fn parse(text: &str) -> Result<Value, LiteralError> {
    Value::parse(text, 1 << 20)
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let got = parse(text).map_or_else(|error| format!("error: {error}"), |v| v.to_string());
    assert_eq!(got, expected, "of {text:?}");
}

#[test]
fn literals_are_read_and_printed() {
    check("[1,2 , 3,]", "[1, 2, 3]");
    check("1, 2", "(1, 2)");
    check("(1)", "1");
    check("(1,)", "(1,)");
    check("()", "()");
    check("{'a': 1, \"b\": {2}}", "{'a': 1, 'b': {2}}");
    check("{1: 'a', True: 'b', 1.0: 'c'}", "{1: 'c'}");
    check("{3, 1, 2, 1.0}", "{1, 2, 3}");
    check("set()", "set()");
    check("frozenset({2, 1})", "frozenset({1, 2})");
    check("-0x_ff", "-255");
    check("1_000.5e-1_0", "1.0005e-07");
    check("1e999", "inf");
    check("-inf", "-inf");
    check("[nan, float('-inf')]", "[nan, -inf]");
    check("1 - 2j", "(1-2j)");
    check("'a' \"b\"\n'c'", "'abc'");
    check("'it\\'s'", "\"it's\"");
    check(r"'\x41\u00e9\N'", "error: expected an escape without a character's name at byte 13");
    check(r"b'\xff\'a'", "b\"\\xff'a\"");
    check(r"r'\n\''", r#""\\n\\'""#);
    check("'''a\nb'''", "'a\\nb'");
    check("[1, # one\n 2]", "[1, 2]");
    check(" 3\r\n", "3");
    check("123456789012345678901234567890", "123456789012345678901234567890");
    check("0xffffffffffffffffffffffff", "79228162514264337593543950335");
}

#[test]
fn what_is_no_literal_says_why() {
    check("", "error: expected a literal at byte 0");
    check("1 + 2", "error: expected an imaginary part after the sum at byte 5");
    check("f(1)", "error: expected a literal at byte 0");
    check("[1", "error: expected ',' or the end at byte 2");
    check("'abc", "error: expected a closing quote at byte 4");
    check("007", "error: expected a number at byte 0");
    check("1__0", "error: expected a number at byte 0");
    check("{[]: 1}", "error: unhashable type: 'list'");
    check("{({},)}", "error: unhashable type: 'tuple'");
    check(r"'\ud800'", "error: half a surrogate pair is no text");
    check("'a' b'b'", "error: expected strings or bytes, not both at byte 8");
    check("f'x'", "error: expected a string (prefixes r, b, u) at byte 0");
    check("1) or (True", "error: expected ',' or the end at byte 1");
    check(&"9".repeat(4301), "error: expected a number at byte 0");
    check(&"[".repeat(100_000), "error: nested deeper than 100 levels");
    assert_eq!(
        Value::parse("[1, 2]", 5),
        Err(LiteralError::TooLarge { len_bytes: 6, max_bytes: 5 })
    );
    let deep = "[".repeat(DEPTH_MAX) + &"]".repeat(DEPTH_MAX);
    assert!(parse(&deep).is_ok());
}

#[track_caller]
fn check_equal(a: &str, b: &str, python: bool, strict: bool) {
    let (x, y) = (parse(a).unwrap(), parse(b).unwrap());
    for (equality, expected) in [(Equality::Python, python), (Equality::Strict, strict)] {
        assert_eq!(equality.holds(&x, &y), expected, "{a} and {b}, {equality:?}");
        assert_eq!(equality.holds(&y, &x), expected, "{b} and {a}, {equality:?}");
    }
}

#[test]
fn values_are_equal_as_python_has_it() {
    check_equal("1", "1.0", true, false);
    check_equal("1", "True", true, false);
    check_equal("0.0", "-0.0", true, true);
    check_equal("9007199254740993", "9007199254740992.0", false, false);
    check_equal("100000000000000000000000", "1e23", false, false);
    check_equal("99999999999999991611392", "1e23", true, false);
    check_equal("3", "3+0j", true, false);
    check_equal("[1]", "(1,)", false, false);
    check_equal("{1, 2}", "{2.0, 1}", true, false);
    check_equal("{1}", "frozenset([1])", true, false);
    check_equal("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", true, true);
    check_equal("'a'", "b'a'", false, false);
    check_equal("[nan]", "[nan]", false, false);
    check_equal("inf", "float('inf')", true, true);
    check_equal("['1:a', 2]", "['1:a', 2]", true, true);
    check_equal("['a', 'b']", "['a,s1:b']", false, false);
    check_equal("None", "False", false, false);
}

proptest! {
    #[test]
    fn printing_and_reading_are_inverse(value in generate::value()) {
        let text = value.to_string();
        let again = parse(&text).unwrap();
        prop_assert_eq!(again.to_string(), text);
        prop_assert!(value.has_nan() || Equality::Strict.holds(&value, &again));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[-+0-9a-z'\"\\\\\\[\\](){},:. _#\n\u{e9}]{0,40}") {
        let _ = parse(&text);
        let _ = Value::parse_arguments(&text, 30);
    }
}

/// Reads texts on stdin as JSON; writes for each its `repr` (or null where it is no literal), and
/// for each neighbouring pair whether they are equal.
const ORACLE: &str = r"
import ast, json, sys
NAMES = {'inf': float('inf'), 'nan': float('nan'), 'infj': complex(0, float('inf')),
         'nanj': complex(0, float('nan')), 'frozenset': frozenset, 'set': set, 'float': float,
         'complex': complex, '__builtins__': {}}
def read(text):
    try:
        return (ast.literal_eval(text),)
    except Exception:
        pass
    # What canonical texts add to literals.
    if any(name in text for name in ('inf', 'nan', 'frozenset')):
        try:
            return (eval(text, dict(NAMES)),)
        except Exception:
            pass
    return None
def show(value):
    if isinstance(value, (set, frozenset)) and value:
        body = '{' + ', '.join(sorted(map(show, value))) + '}'
        return f'frozenset({body})' if isinstance(value, frozenset) else body
    if type(value) is list:
        return '[' + ', '.join(map(show, value)) + ']'
    if type(value) is tuple:
        return '(' + ', '.join(map(show, value)) + (',)' if len(value) == 1 else ')')
    if type(value) is dict:
        return '{' + ', '.join(show(k) + ': ' + show(v) for k, v in value.items()) + '}'
    return repr(value)
values = [read(text) for text in json.load(sys.stdin)]
shown = [None if value is None else show(value[0]) for value in values]
equal = [None not in (a, b) and a[0] == b[0] for a, b in zip(values, values[1:])]
json.dump([shown, equal], sys.stdout)
";

fn ask_python(texts: &[String]) -> Option<Json> {
    let mut child = Command::new("python3")
        .args(["-I", "-S", "-W", "ignore", "-c", ORACLE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    // A python3 that is not there may still be a script that says so.
    let _ = stdin.write_all(json!(texts).to_string().as_bytes());
    drop(stdin);
    let output = child.wait_with_output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

#[test]
fn thousands_of_values_agree_with_cpython() {
    let texts = generate::texts(6000);
    let Some(reply) = ask_python(&texts) else {
        let skip = "SKIP thousands_of_values_agree_with_cpython: no python3 on this machine";
        let _ = writeln!(std::io::stderr(), "{skip}");
        return;
    };
    let values: Vec<Option<Value>> = texts.iter().map(|text| parse(text).ok()).collect();
    let (mut n_read, mut n_equal) = (0, 0);
    for (idx, value) in values.iter().enumerate() {
        let ours = value.as_ref().map(Value::to_string);
        assert_eq!(ours.as_deref(), reply[0][idx].as_str(), "of {:?}", texts[idx]);
        n_read += usize::from(ours.is_some());
        let next = values.get(idx + 1).and_then(Option::as_ref);
        if let (Some(a), Some(b)) = (value, next) {
            let equal = Equality::Python.holds(a, b);
            assert_eq!(
                Some(equal),
                reply[1][idx].as_bool(),
                "{} == {}",
                texts[idx],
                texts[idx + 1]
            );
            n_equal += usize::from(equal);
        }
    }
    // The test tests nothing if most texts are refused or no two are equal.
    assert!(n_read > 4000 && n_read < 5990, "{n_read} of {} texts are literals", texts.len());
    assert!(n_equal > 300, "{n_equal} neighbours are equal");
}
