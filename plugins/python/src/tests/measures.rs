//! `measure.py` against radon, complexipy and difflib, and through a proposal.

use quaero_sdk::Pair;
use serde_json::Value as Json;

use super::{CPython, cpython, family, proposal, proposed};
use crate::measure;
use quaero_sdk::Interpreter;

fn measures() -> Vec<Json> {
    let text = include_str!("measures.json");
    serde_json::from_str::<Json>(text).unwrap().as_array().unwrap().clone()
}

fn texts(json: &Json) -> Vec<String> {
    json.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn radon_complexipy_and_difflib_agree() {
    if !cpython::is_there("radon_complexipy_and_difflib_agree") {
        return;
    }
    let options = family(r#"{"deadline_ms": 10000}"#).options;
    let cases = measures();
    assert!(cases.len() >= 100, "{}", cases.len());
    let job = |case: &Json| {
        measure::job(&options, case["program"].as_str().unwrap(), texts(&case["references"]))
    };
    let jobs: Vec<_> = cases.iter().map(job).collect();
    for (case, outcome) in cases.iter().zip(CPython::default().run(&jobs)) {
        let got = measure::metrics(&outcome);
        assert_eq!(got.len(), 7, "{outcome:?} for {case}");
        let find = |name: &str| got.iter().find(|metric| metric.name == name).unwrap().value;
        for name in
            ["cognitive", "cyclomatic", "halstead_volume", "halstead_effort", "edit_distance"]
        {
            let expect = case[name].as_f64().unwrap();
            let gap = (find(name) - expect).abs();
            assert!(gap <= 1e-9 * expect.max(1.0), "{name}: {}, not {expect}: {case}", find(name));
        }
        assert_eq!(find("complexity"), find("cognitive") / 15.0);
        assert!((0.0..=1.0).contains(&find("halstead")));
    }
}

#[test]
fn a_proposal_is_measured_where_the_option_says_so() {
    if !cpython::is_there("a_proposal_is_measured_where_the_option_says_so") {
        return;
    }
    let mut episode =
        proposal("deduction", "def f(a):\n    return a + a * 2\n```\n```input\n3\n```");
    let reference = r#"{"program": "def f(a):\n    return a", "input": "1"}"#.to_owned();
    episode.opening.references =
        vec![Pair { public: reference, secret: r#"{"output": "1"}"#.to_owned() }];
    let named = |options: &str, name: &str| {
        let task = proposed(options, episode.clone());
        task.metrics.iter().find(|metric| metric.name == name).map(|metric| metric.value)
    };
    assert_eq!(named("{}", "complexity"), None);
    let on = r#"{"measures": true}"#;
    // Two operators and the operands a, a * 2, a, 2: of four, three names or values.
    let volume = 6.0 * 5.0_f64.log2();
    let effort = 2.0 / 2.0 * (4.0 / 3.0) * volume;
    assert_eq!(named(on, "halstead_volume"), Some(volume));
    assert_eq!(named(on, "cyclomatic"), Some(1.0));
    let halstead = 0.5 * effort / 10_000.0 + 0.03 + 0.2 * volume / 500.0;
    assert!((named(on, "halstead").unwrap() - halstead).abs() < 1e-12);
    assert!(named(on, "edit_distance").unwrap() > 0.0);
    assert_eq!(named(on, "n_lines"), Some(2.0), "beside the family's own counts");
}
