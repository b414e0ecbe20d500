//! Against another implementation of CEL, and what it says of wrong expressions.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// The names of `fixtures/cel.py` and one that is never known.
fn names() -> Names {
    let mut names = Names::new();
    for name in ["s", "p", "tools"] {
        names.number(name, "");
    }
    for name in ["valid", "format"] {
        names.truth(name, "");
    }
    names.number("solved_after.rate", "");
    names
}

/// `s` 0.25, `p` 0.5, `tools` 3, valid, format broken.
const VALUES: [Option<f64>; 6] = [Some(0.25), Some(0.5), Some(3.0), Some(1.0), Some(0.0), None];

#[track_caller]
fn check(source: &str, expected: Option<f64>) {
    let of = Expression::new(source, Type::Number, &names()).unwrap();
    assert_eq!(of.number(&VALUES), expected, "{source}");
}

#[track_caller]
fn check_truth(source: &str, expected: Option<bool>) {
    let of = Expression::new(source, Type::Truth, &names()).unwrap();
    assert_eq!(of.truth(&VALUES), expected, "{source}");
}

#[track_caller]
fn check_error(source: &str, expected: Expect) {
    let error = Expression::new(source, Type::Number, &names()).unwrap_err();
    expected.assert_eq(&format!("{error}\n"));
}

#[test]
fn agrees_with_another_implementation_of_cel() {
    let names = names();
    let mut n = 0;
    for line in include_str!("../fixtures/cel.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let source = case["source"].as_str().unwrap();
        let values: Vec<Option<f64>> = names
            .iter()
            .map(|(name, ..)| match &case["values"][name] {
                Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
                other => other.as_f64(),
            })
            .collect();
        let (got, want) = match Expression::new(source, Type::Number, &names) {
            Ok(number) => (number.number(&values), case["result"].as_f64()),
            Err(_) => {
                let truth = Expression::new(source, Type::Truth, &names).unwrap();
                let got = truth.truth(&values).map(|truth| f64::from(u8::from(truth)));
                (got, case["result"].as_bool().map(|truth| f64::from(u8::from(truth))))
            }
        };
        assert_eq!(got, want, "{line}");
        n += 1;
    }
    assert_eq!(n, 600);
}

#[test]
fn the_rewards_of_the_papers_can_be_said() {
    check("valid ? (s > 0.0 ? 1.0 - s : 0.0) : -1.0", Some(0.75));
    check("valid ? (s > 0 ? 1 - s : 0) : -1", Some(0.75));
    check("valid ? 1 - 2 * abs(p - 0.5) - 0.25 : -1", Some(0.75));
    check("exp(-pow(s * (1 - s) - 0.25, 2) / 0.02)", Some((-0.0625_f64.powi(2) / 0.02).exp()));
    check("0.05 * min(tools, 4)", Some(0.05 * 3.0));
    check("clamp(s * 10, 0, 1) + max(s, p, 0.4) + sqrt(4) + log(1) + floor(1.5) + ceil(1.5)", {
        Some(1.0 + 0.5 + 2.0 + 0.0 + 1.0 + 2.0)
    });
    check_truth("p >= 0.3 && p <= 0.7", Some(true));
    check_truth("valid == format", Some(false));
}

#[test]
fn whole_numbers_divide_as_numbers() {
    check("7 / 2", Some(3.5));
    check("1e2 + .5 - 1.5e-1", Some(100.35));
    check("7 % 4", Some(3.0));
    check("2 - 3 - 4", Some(-5.0));
    check("2 + 3 * 4", Some(14.0));
    check("-2 * -(-3)", Some(-6.0));
    check("false ? 1 : true ? 2 : 3", Some(2.0));
}

#[test]
fn what_is_missing_is_never_zero() {
    check("solved_after.rate", None);
    check("0 * solved_after.rate", None);
    check("max(1, solved_after.rate)", None);
    check("valid ? 1 : solved_after.rate", Some(1.0));
    check("format ? 1 : solved_after.rate", None);
    check("known(solved_after.rate) ? solved_after.rate : -1", Some(-1.0));
    check("known(s) ? 1 : 0", Some(1.0));
    check_truth("format && solved_after.rate > 0", Some(false));
    check_truth("solved_after.rate > 0 && format", Some(false));
    check_truth("solved_after.rate > 0 || valid", Some(true));
    check_truth("solved_after.rate > 0 || format", None);
    check_truth("!(solved_after.rate > 0)", None);
}

#[test]
fn what_is_not_finite_is_missing() {
    check("1 / 0", None);
    check("0 / 0", None);
    check("log(0)", None);
    check("sqrt(-1)", None);
    check("exp(1000)", None);
    check("min(1, 1 / 0)", Some(1.0));
}

#[test]
fn it_says_which_names_it_uses() {
    let of = Expression::new("valid ? p - s + p : 0", Type::Number, &names()).unwrap();
    assert_eq!(of.uses(), [0, 1, 3]);
}

#[test]
fn wrong_names_and_calls() {
    check_error(
        "",
        expect![[r#"
        expected a value, got the end
          
          ^
    "#]],
    );
    check_error(
        "1 - solve_rate",
        expect![[r#"
        unknown name `solve_rate`; known here: s, p, tools, valid, format, solved_after.rate
          1 - solve_rate
              ^
    "#]],
    );
    check_error(
        "1 - tool",
        expect![[r#"
        unknown name `tool`; do you mean `tools`?
          1 - tool
              ^
    "#]],
    );
    check_error(
        "absolute(s) + arb(s)",
        expect![[r#"
        unknown function `absolute`; known here: abs, ceil, clamp, exp, floor, known, log, max, min, pow, sqrt
          absolute(s) + arb(s)
          ^
    "#]],
    );
    check_error(
        "ab(s)",
        expect![[r#"
        unknown function `ab`; do you mean `abs`?
          ab(s)
          ^
    "#]],
    );
    check_error(
        "abs(s, p)",
        expect![[r#"
        `abs` takes one number, got 2
          abs(s, p)
          ^
    "#]],
    );
}

#[test]
fn wrong_types_and_wrong_syntax() {
    check_error(
        "valid ? 1 : format",
        expect![[r#"
        expected a number, got a truth value
          valid ? 1 : format
                      ^
    "#]],
    );
    check_error(
        "s ? 1 : 0",
        expect![[r#"
        expected a truth value, got a number
          s ? 1 : 0
          ^
    "#]],
    );
    check_error(
        "valid",
        expect![[r#"
        expected a number, got a truth value
          valid
          ^
    "#]],
    );
    check_error(
        "(1 + s",
        expect![[r#"
        expected `)`, got the end
          (1 + s
                ^
    "#]],
    );
    check_error(
        "1 2",
        expect![[r#"
        expected an operator or the end, got `2`
          1 2
            ^
    "#]],
    );
    check_error(
        "1.2.3",
        expect![[r#"
        `1.2.3` is not a number
          1.2.3
          ^
    "#]],
    );
    check_error(
        "1 = s",
        expect![[r#"
        `=` has no meaning in an expression
          1 = s
            ^
    "#]],
    );
    check_error(
        "known(1)",
        expect![[r#"
        expected a name, got a value
          known(1)
                ^
    "#]],
    );
}

#[test]
fn depth_and_length_are_bounded() {
    let fault = |source: &str| Expression::new(source, Type::Number, &names()).map_err(|e| e.fault);
    let deep = |n: usize| format!("{}1{}", "(".repeat(n), ")".repeat(n));
    assert!(fault(&deep(60)).is_ok());
    for source in [deep(70), "-".repeat(70) + "1", "true ? 1 : ".repeat(70) + "1"] {
        assert_eq!(fault(&source), Err(Fault::TooDeep));
    }
    assert!(fault(&("1 + ".repeat(499) + "1")).is_ok());
    // Each part is checked once.
    check_truth(&("valid == ".repeat(499) + "valid"), Some(true));
    for source in ["1 + ".repeat(10_000) + "1", deep(10_000), "-".repeat(10_000) + "1"] {
        assert_eq!(fault(&source), Err(Fault::TooLong));
    }
}

proptest! {
    /// No text makes it panic, and what is read is evaluated without one.
    #[test]
    fn any_text_is_an_expression_or_an_error(source in "[a-z0-9 .+*/%()?:<>=!&|,-]{0,40}|.{0,20}") {
        for of in [Type::Number, Type::Truth] {
            let Ok(read) = Expression::new(&source, of, &names()) else { continue };
            match of {
                Type::Number => prop_assert!(read.number(&VALUES).is_none_or(f64::is_finite)),
                Type::Truth => drop(read.truth(&VALUES)),
            }
        }
    }
}
