//! Answers in the forms that people and models write: pairs and whole completions, class by class,
//! and noise made of their pieces.

use std::fmt::Write;

use proptest::prelude::*;

use super::{pairs, truth};
use crate::{By, Decimals, Extracted, Rules, Truth, grade, judge};

const EQUAL: &str = include_str!("../../../cases/forms_equal.jsonl");
const NEAR: &str = include_str!("../../../cases/forms_near.jsonl");
const ENDS: &str = include_str!("../../../cases/ends.jsonl");

#[test]
fn equal_forms_are_equal() {
    let equal = pairs(EQUAL);
    assert!(equal.len() >= 1000, "{} pairs", equal.len());
    let mut wrong = String::new();
    for pair in &equal {
        for (a, b) in [(&pair.gold, &pair.answer), (&pair.answer, &pair.gold)] {
            if !truth(a, b).is_equal() {
                writeln!(wrong, "{a}   |   {b}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "rejected:\n{wrong}");
}

#[test]
fn near_misses_in_these_forms_are_never_equal() {
    let near = pairs(NEAR);
    assert!(near.len() >= 800, "{} pairs", near.len());
    let mut wrong = String::new();
    for pair in &near {
        for (a, b) in [(&pair.gold, &pair.answer), (&pair.answer, &pair.gold)] {
            if truth(a, b).is_equal() {
                writeln!(wrong, "{a}   |   {b}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "accepted:\n{wrong}");
}

#[test]
fn completions_are_read_to_their_end() {
    let (mut wrong, mut n) = (String::new(), 0);
    for line in ENDS.lines() {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| json[key].as_str().unwrap();
        let graded = grade(text("gold"), text("completion"), &Rules::default());
        let ok = graded.judgement.truth.is_equal();
        if ok != json["ok"].as_bool().unwrap() {
            writeln!(wrong, "{line}: {graded:?}").unwrap();
        }
        n += 1;
    }
    assert!(n >= 300, "{n} completions");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn an_equality_names_its_rules() {
    let check = |gold: &str, answer: &str, rules: &[&str]| match truth(gold, answer) {
        Truth::Equal(by) => assert_eq!(by.names().collect::<Vec<_>>(), rules, "{gold} | {answer}"),
        other => panic!("{gold} | {answer}: {other:?}"),
    };
    check("1/2", "0.5", &[]);
    check(r"\sqrt2+\sqrt3", r"\sqrt{5+2\sqrt6}", &[]);
    check(r"\ln 4", r"2\ln 2", &["agrees to hundreds of bits"]);
    check("5", r"5\text{ cm}", &["a unit on one side only"]);
    check("2n+1", r"2n+1 \text{ for } n\ge 1", &["a condition on one side only"]);
    check("f(x)=2x", "f(t)=2t", &["a parameter renamed"]);
    check("x^2+C", "x^2+K", &["arbitrary constants matched"]);
    check(r"\text{isosceles}", "Isosceles.", &["the same words"]);
}

#[test]
fn decimals_round_where_that_is_chosen() {
    let rounded = Rules { decimals: Decimals::Rounded };
    let check = |gold: &str, answer: &str, equal: bool| {
        assert!(!truth(gold, answer).is_equal(), "{gold} | {answer}");
        let judged = judge(gold, answer, &rounded).truth;
        let by_rule = matches!(judged, Truth::Equal(by) if by.contains(By::ROUNDED));
        assert_eq!(by_rule, equal, "{gold} | {answer}: {judged:?}");
    };
    for (gold, answer) in [
        ("1/12", "0.0833"),
        (r"\frac{600}{7}", "85.71"),
        ("85.71", r"\frac{600}{7}"),
        (r"\sqrt2", "1.414"),
        (r"\pi", "3.14"),
        ("1/6", r"16.67\%"),
        (r"\frac{2}{3}\text{ cm}", r"0.67\text{ cm}"),
        ("(1/3, 2/3)", "(0.333, 0.667)"),
    ] {
        check(gold, answer, true);
    }
    for (gold, answer) in [
        ("1/12", "0.0834"),
        (r"\frac{600}{7}", "85.72"),
        (r"\sqrt2", "1.415"),
        (r"\pi", "3.15"),
        ("1/6", r"16.66\%"),
        ("1/3", "0.3"),
        ("1/3", "0.334"),
        ("100", "99.98"),
    ] {
        check(gold, answer, false);
    }
}

#[test]
fn a_large_power_of_a_sum_ends_soon() {
    // Reduced at each step this took seconds.
    assert_eq!(truth("(x+1)^{21}", "(x+1)^{21}^{2}"), Truth::Different);
}

/// Pieces that the readers give a meaning to.
const PIECES: &str = r"\frac{|}|{|(|)|[|]|\{|\}|^|_|°|'|for |if |\text{| is |only|\dot{3}|\overline{|...
|base |_{5}|km|/|²|₂|½|元|\boxed{|$|**|answer is |答案：|or |and |,|;|=|<|\in|\mathbb{Z}|n|k|C|+|-|\pm
|\hat{i}|cis|C_{10}^3|0.|(3)|E-3|%|!|\begin{cases}|\end{cases}|\\|&|\mid|\infty|to |\angle |\pmod{
|\SI{|\ang{1;2;3}|12|7";

fn piece() -> impl Strategy<Value = String> {
    let marks: Vec<&str> = PIECES.split('|').collect();
    prop_oneof![proptest::sample::select(marks).prop_map(str::to_owned), "[ -~]{0,6}", "\\PC{0,3}",]
}

fn noise() -> impl Strategy<Value = String> {
    proptest::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn readers_bear_any_text(a in noise(), b in noise()) {
        let rules = Rules::default();
        let there = judge(&a, &b, &rules).truth.is_equal();
        prop_assert_eq!(there, judge(&b, &a, &rules).truth.is_equal(), "{} | {}", a, b);
        if !a.trim().is_empty() {
            prop_assert!(judge(&a, &a, &rules).truth.is_equal(), "{}", a);
        }
        let graded = grade(&b, &a, &rules);
        if matches!(graded.found, Extracted::None) {
            prop_assert!(!graded.judgement.truth.is_equal(), "{}", a);
        }
    }
}
