//! The family against CPython: every golden case, AZR's faults by name, and the published answers
//! of a suite.

mod cpython;
mod faults;
mod measures;
mod suite;

use quaero_sdk::{Episode, Family, Golden, Opening, Pair, Proposed, Reply, Role, Status};
use serde_json::Value as Json;

use crate::Python;
use cpython::CPython;

fn family(options: &str) -> Python {
    Python::configure(options).unwrap()
}

fn episode(kind: &str, role: Role, completion: &str) -> Episode {
    let opening = Opening {
        kind: kind.to_owned(),
        role,
        seed: 1,
        public: String::new(),
        references: Vec::new(),
    };
    let completion = completion.to_owned();
    Episode { opening, secret: String::new(), turns: Vec::new(), completion, truncated: false }
}

fn proposal(kind: &str, completion: &str) -> Episode {
    episode(kind, Role::Propose, completion)
}

fn answer(kind: &str, public: &str, secret: &str, completion: &str) -> Episode {
    let mut episode = episode(kind, Role::Solve, completion);
    episode.opening.public = public.to_owned();
    episode.secret = secret.to_owned();
    episode
}

fn one(options: &str, episode: Episode) -> Reply {
    family(options).step(&CPython::default(), &[episode]).remove(0)
}

fn proposed(options: &str, episode: Episode) -> Proposed {
    match one(options, episode) {
        Reply::Proposed(proposed) => proposed,
        other => panic!("no task: {other:?}"),
    }
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

const STYLES: [&str; 2] = [r#"{"style": "compact"}"#, r#"{"style": "azr", "deadline_ms": 1000}"#];

fn golden(options: &str, with_slow: bool) -> Vec<Golden> {
    quaero_sdk::golden_cases(&crate::cases::FILES, &family(options).options.azr, with_slow)
}

/// [`golden`] without the cases that need two worlds: a native CPython has both runs in one, and the
/// host's interpreter plays these.
fn golden_of_one_world(options: &str, with_slow: bool) -> Vec<Golden> {
    let of_worlds = ["reject/address_in_a_text", "reject/order_of_a_set_of_strings"];
    let mut cases = golden(options, with_slow);
    cases.retain(|case| !of_worlds.contains(&case.name.as_str()));
    cases
}

#[test]
fn every_golden_case_holds_in_one_call() {
    if !cpython::is_there("every_golden_case_holds_in_one_call") {
        return;
    }
    for options in STYLES {
        let cases = golden_of_one_world(options, true);
        let episodes: Vec<Episode> = cases.iter().map(|case| case.episode.clone()).collect();
        let interpreter = CPython::default();
        let replies = family(options).step(&interpreter, &episodes);
        for (case, reply) in cases.iter().zip(&replies) {
            assert_eq!(reply.word(), case.expect, "{} under {options}: {reply:?}", case.name);
        }
        assert_eq!(interpreter.n_calls.get(), 1);
    }
}

#[test]
fn the_manifest_shows_few_and_quick_cases() {
    for options in ["{}", STYLES[0], STYLES[1]] {
        let manifest = family(options).manifest();
        let n = manifest.golden.len();
        assert!((30..=60).contains(&n), "{n} golden cases under {options}");
        let names: Vec<&str> = manifest.kinds.iter().map(|kind| kind.name.as_str()).collect();
        assert_eq!(names, ["deduction", "abduction", "induction", "error"]);
        assert_eq!(manifest.kinds[2].references_exactly, 1);
        assert!(
            manifest
                .golden
                .iter()
                .all(|case| !case.name.contains("without_end") || case.name.contains("recursion"))
        );
    }
    let banned = "reject/import_inside_a_function";
    let has = |options| family(options).manifest().golden.iter().any(|g| g.name == banned);
    assert!(has("{}") && !has(r#"{"banned_imports": []}"#));
}

#[test]
fn every_case_file_is_embedded() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/cases");
    let mut found = Vec::new();
    for folder in ["accept", "reject"] {
        for entry in std::fs::read_dir(format!("{root}/{folder}")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            found.push(format!("{folder}/{}", name.trim_end_matches(".json")));
        }
    }
    found.sort();
    let embedded: Vec<&str> = crate::cases::FILES.iter().map(|(name, _)| *name).collect();
    assert_eq!(embedded, found);
}

#[test]
fn order_and_company_never_matter() {
    if !cpython::is_there("order_and_company_never_matter") {
        return;
    }
    let cases = golden_of_one_world("{}", false);
    let mut episodes: Vec<Episode> = cases.iter().map(|case| case.episode.clone()).collect();
    let interpreter = CPython::default();
    let mut together = family("{}").step(&interpreter, &episodes);
    episodes.reverse();
    together.reverse();
    let doubled: Vec<Episode> = episodes.iter().flat_map(|e| [e.clone(), e.clone()]).collect();
    let replies = family("{}").step(&interpreter, &doubled);
    for (idx, reply) in replies.iter().enumerate() {
        assert_eq!(*reply, together[idx / 2], "{:?}", doubled[idx]);
    }
    assert_eq!(interpreter.n_jobs.get() % 2, 0, "equal jobs run once");
}

#[test]
fn seeds_are_tasks_that_their_own_gold_solves() {
    if !cpython::is_there("seeds_are_tasks_that_their_own_gold_solves") {
        return;
    }
    for options in STYLES {
        let family = family(options);
        for kind in ["deduction", "abduction", "induction", "error"] {
            let seeds = family.seeds(kind);
            assert_eq!(seeds.len(), 1);
            let seed = &seeds[0];
            let secret = json(&seed.secret);
            let gold = ["output", "input", "program"].iter().find_map(|f| secret[*f].as_str());
            let fence = match kind {
                "deduction" | "error" => "output",
                "abduction" => "input",
                _ => "python",
            };
            let completion = format!("```{fence}\n{}\n```", gold.unwrap());
            let reply = one(options, answer(kind, &seed.public, &seed.secret, &completion));
            assert_eq!(reply.word(), "ok", "{kind} under {options}: {reply:?}");
            let key = family.holdout(kind, &seed.public, &seed.secret);
            assert_eq!(key.as_ref(), Ok(&seed.holdout_key), "{kind} under {options}");
            let reference = Pair { public: seed.public.clone(), secret: seed.secret.clone() };
            let mut propose = episode(kind, Role::Propose, "").opening;
            propose.references = vec![reference];
            assert!(family.open(&propose).unwrap().contains("def f(a):\n    return a"));
        }
    }
}

#[test]
fn a_proposal_becomes_the_task_on_the_wire() {
    if !cpython::is_there("a_proposal_becomes_the_task_on_the_wire") {
        return;
    }
    let completion = "def f(a, b):\n    return {b: a}\n```\n```input\n[1,2], \"x\"\n```";
    let task = proposed("{}", proposal("deduction", completion));
    assert_eq!(
        json(&task.public),
        serde_json::json!({"program": "def f(a, b):\n    return {b: a}", "input": "[1,2], \"x\""})
    );
    assert_eq!(json(&task.secret), serde_json::json!({"output": "{'x': [1, 2]}"}));
    assert_eq!(task.key, "def f(a, b):\n    return {b: a}\n# [1, 2], 'x'");
    assert_eq!(task.holdout_key, "def f(a, b):\n    return {b: a}");
    assert!(task.format);
    let metric = |name: &str| task.metrics.iter().find(|m| m.name == name).map(|m| m.value);
    assert_eq!((metric("n_lines"), metric("output_mapping")), (Some(2.0), Some(1.0)));

    let mut episode =
        proposal("induction", "1\n```\n```input\n2\n```\n```input\n3\n```\n```input\n4\n```");
    let reference = r#"{"program": "def f(a):\n    return a * a", "input": "9"}"#;
    episode.opening.references =
        vec![Pair { public: reference.to_owned(), secret: r#"{"output": "81"}"#.to_owned() }];
    let task = proposed(r#"{"n_inputs": 4, "n_shown": 3}"#, episode);
    assert_eq!(
        json(&task.public),
        serde_json::json!({"message": "", "examples": [["1", "1"], ["2", "4"], ["3", "9"]]})
    );
    assert_eq!(
        json(&task.secret),
        serde_json::json!({"program": "def f(a):\n    return a * a", "hidden": [["4", "16"]]})
    );
    assert!(task.format);
}

#[test]
fn a_composite_task_holds_what_it_builds_on() {
    if !cpython::is_there("a_composite_task_holds_what_it_builds_on") {
        return;
    }
    let options = r#"{"style": "azr", "composite_percent": 100, "format": "plain"}"#;
    let write = |body: &str| {
        let text = format!("```python\ndef f(x):\n    return {body}\n```\n```input\n4\n```");
        let mut episode = proposal("deduction", &text);
        let reference = r#"{"program": "def f(a):\n    return a * a", "input": "3"}"#;
        episode.opening.references =
            vec![Pair { public: reference.to_owned(), secret: r#"{"output": "9"}"#.to_owned() }];
        episode
    };
    let task = proposed(options, write("[g_0(x), g_0(x + 1)]"));
    let program = "def g_0(a):\n    return a * a\n\ndef f(x):\n    return [g_0(x), g_0(x + 1)]";
    assert_eq!(json(&task.public)["program"], program);
    assert_eq!(json(&task.secret), serde_json::json!({"output": "[16, 25]"}));
    assert_eq!(one(options, write("x * x")).word(), "rejected:not_composite");
    assert_eq!(one(options, write("[g_0, x]")).word(), "rejected:not_composite");
}

#[track_caller]
fn check_format(options: &str, completion: &str, expected: bool) {
    let public = r#"{"program": "def f(a):\n    return a", "input": "3"}"#;
    match one(options, answer("deduction", public, r#"{"output": "3"}"#, completion)) {
        Reply::Verdict(verdict) => {
            assert_eq!((verdict.status, verdict.format), (Status::Ok, expected), "{completion:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_outside_of_ascii_is_judged() {
    let public = r#"{"program": "def f(a):\n    return a", "input": "3"}"#;
    for text in ["\u{202e}txet", "\u{200b}\u{1f600}", "\u{feff}3", "é", "3 \u{2028}"] {
        let reply = one("{}", answer("deduction", public, r#"{"output": "3"}"#, text));
        assert!(matches!(reply.word().as_str(), "unparsable" | "ok"), "{text:?}: {reply:?}");
    }
}

#[test]
fn the_format_flag_follows_the_demanded_form() {
    let compact = "{}";
    check_format(compact, "3\n```", true);
    check_format(compact, "3\n```\n", true);
    check_format(compact, "3", false);
    check_format(compact, "3\n```\nmore", false);
    check_format(compact, "I think\n```output\n3\n```", false);
    check_format(compact, "```output\n3\n```", true);
    let azr = r#"{"style": "azr"}"#;
    check_format(azr, "hm</think>\n<answer>\n```output\n3\n```\n</answer>", true);
    check_format(azr, "<think>hm</think> <answer>3</answer>", true);
    check_format(azr, "```output\n3\n```", false);
    check_format(azr, "hm</think> the output is 3.", false);
    check_format(azr, "hm</think><answer># Output: 3</answer>", true);
    let plain = r#"{"style": "azr", "format": "plain"}"#;
    check_format(plain, "It is\n```output\n3\n```\nindeed.", true);
    check_format(plain, "It is\n```output\n3", false);
}
