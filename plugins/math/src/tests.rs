//! The family whole: every golden case, order, seeds, formats, and completions at random.

use quaero_sdk::{Episode, Family, Interpreter, Job, Opening, Outcome, Pair, Reply, Role, Status};
use serde_json::Value as Json;

use crate::Math;

/// The family asks for no programs to be run.
struct Nobody;

impl Interpreter for Nobody {
    fn run(&self, jobs: &[Job]) -> Vec<Outcome> {
        panic!("{} jobs for an interpreter", jobs.len());
    }
}

fn family(options: &str) -> Math {
    Math::configure(options).unwrap()
}

/// What the host compares with a golden case's `expect`.
fn said(reply: &Reply) -> String {
    match reply {
        Reply::Proposed(_) => "task".to_owned(),
        Reply::Rejected(rejection) => format!("rejected:{}", rejection.cause),
        Reply::Verdict(verdict) => {
            format!("{:?}", verdict.status).rsplit("::").next().unwrap_or_default().to_lowercase()
        }
        Reply::Observation(text) => format!("observation: {text}"),
        Reply::Fault(why) => format!("fault: {why}"),
    }
}

fn episode(kind: &str, role: Role, public: &str, secret: &str, completion: &str) -> Episode {
    let opening = Opening {
        kind: kind.to_owned(),
        role,
        seed: 1,
        public: public.to_owned(),
        references: Vec::new(),
    };
    Episode {
        opening,
        secret: secret.to_owned(),
        turns: Vec::new(),
        completion: completion.to_owned(),
        truncated: false,
    }
}

fn one(options: &str, episode: Episode) -> Reply {
    family(options).step(&Nobody, &[episode]).remove(0)
}

const STYLES: [&str; 2] = [r#"{"style": "compact"}"#, r#"{"style": "azr"}"#];
const SELF_PLAY: [&str; 3] = ["deduction", "abduction", "induction"];

#[test]
fn every_golden_case_holds_in_any_order() {
    for options in STYLES {
        let family = family(options);
        let cases = family.manifest().golden;
        assert!(cases.len() > 40, "{}", cases.len());
        let mut episodes: Vec<Episode> = cases.iter().map(|case| case.episode.clone()).collect();
        let replies = family.step(&Nobody, &episodes);
        for (case, reply) in cases.iter().zip(&replies) {
            assert_eq!(said(reply), case.expect, "{} under {options}: {reply:?}", case.name);
        }
        episodes.reverse();
        let mut turned = family.step(&Nobody, &episodes);
        turned.reverse();
        assert_eq!(turned, replies);
    }
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
fn seeds_are_tasks_that_their_own_gold_solves() {
    for options in STYLES {
        let family = family(options);
        for kind in ["answer", "deduction", "abduction", "induction"] {
            let seeds = family.seeds(kind);
            assert!(seeds.len() >= 8);
            for seed in &seeds {
                let secret: Json = serde_json::from_str(&seed.secret).unwrap();
                let gold = ["answer", "output", "input", "program"]
                    .iter()
                    .find_map(|field| secret[*field].as_str())
                    .unwrap();
                let completion = match kind {
                    "answer" => format!("\\boxed{{{gold}}}"),
                    "deduction" => format!("```output\n{gold}\n```"),
                    "abduction" => format!("```input\n{gold}\n```"),
                    _ => format!("```math\n{gold}\n```"),
                };
                let reply = one(
                    options,
                    episode(kind, Role::Solve, &seed.public, &seed.secret, &completion),
                );
                assert_eq!(said(&reply), "ok", "{kind} {}: {reply:?}", seed.public);
                let mut solve = episode(kind, Role::Solve, &seed.public, "", "").opening;
                assert!(!family.open(&solve).unwrap().contains(&seed.secret));
                solve.role = Role::Propose;
                solve.references =
                    vec![Pair { public: seed.public.clone(), secret: seed.secret.clone() }];
                assert_eq!(family.open(&solve).is_ok(), kind != "answer");
            }
        }
    }
}

#[test]
fn seeds_would_be_accepted_as_proposals() {
    for kind in ["deduction", "abduction"] {
        for seed in family("{}").seeds(kind) {
            let field = |half: &str, name: &str| {
                let json: Json = serde_json::from_str(half).unwrap();
                json[name].as_str().map(str::to_owned)
            };
            let program = field(&seed.public, "program").unwrap();
            let input = field(&seed.public, "input").or(field(&seed.secret, "input")).unwrap();
            let completion = format!("{program}\n```\n```input\n{input}\n```");
            match one("{}", episode(kind, Role::Propose, "", "", &completion)) {
                Reply::Proposed(again) => {
                    assert_eq!((again.key, again.public), (seed.key, seed.public));
                    assert!(again.format);
                }
                other => panic!("{program}: {other:?}"),
            }
        }
    }
}

#[test]
fn compact_prompts_end_with_the_fence_of_the_answer() {
    let family = family("{}");
    for (kind, fence) in [("deduction", "output"), ("abduction", "input"), ("induction", "math")] {
        let seed = &family.seeds(kind)[0];
        let solve = episode(kind, Role::Solve, &seed.public, "", "").opening;
        let prompt = family.open(&solve).unwrap();
        assert!(prompt.starts_with(&format!("<|solve-{kind}|>")), "{prompt}");
        assert!(prompt.ends_with(&format!("```{fence}\n")), "{prompt}");
    }
}

#[test]
fn the_format_flag_follows_the_demanded_form() {
    let check = |options: &str, completion: &str, expected: bool| {
        let task = episode("answer", Role::Solve, "{}", r#"{"answer": "3"}"#, completion);
        match one(options, task) {
            Reply::Verdict(v) => {
                assert_eq!((v.status, v.format), (Status::Ok, expected), "{completion}");
            }
            other => panic!("{other:?}"),
        }
    };
    check("{}", r"It is \boxed{3}.", true);
    check("{}", "The answer is 3.", false);
    check(r#"{"style": "azr"}"#, r"<think>hm</think> <answer>\boxed{3}</answer>", true);
    check(r#"{"style": "azr"}"#, r"\boxed{3}", false);
}

#[test]
fn decimals_can_be_taken_as_rounded() {
    let task = |answer: &str| {
        let completion = format!("\\boxed{{{answer}}}");
        episode("answer", Role::Solve, "{}", r#"{"answer": "\\pi"}"#, &completion)
    };
    let rounded = r#"{"decimals": "rounded"}"#;
    assert_eq!(said(&one("{}", task("3.14"))), "wrong");
    assert_eq!(said(&one(rounded, task("3.14"))), "ok");
    assert_eq!(said(&one(rounded, task("3.15"))), "wrong");
    assert_eq!(said(&one(rounded, task("3.1"))), "wrong");
}

/// A generator of its own: tests must not depend on chance.
fn noise(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn completions_at_random_end_in_a_reply_and_earn_nothing() {
    let pieces = [
        "```math\n",
        "```input\n",
        "```output\n",
        "```",
        "\n",
        "x",
        "t",
        "^",
        "(",
        ")",
        "9",
        "/0",
        "sum(i,1,",
        "!",
        "\\boxed{",
        "}",
        "\\frac",
        "gcd(",
        ",",
        "-",
        "<answer>",
        "</think>",
        "…",
        "if(x<",
        "%",
        "\\sqrt",
        "{",
        "\\pm",
        "\\cup",
        "∞",
        "=",
        "  ",
        "1e9",
        "\\begin{cases}",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut episodes = Vec::new();
    for round in 0..4000 {
        let n = noise(&mut state) % 24;
        let completion: String =
            (0..n).map(|_| pieces[(noise(&mut state) % pieces.len() as u64) as usize]).collect();
        let public = r#"{"program": "f(x) = x^2 + 77", "output": "1234567", "input": "3",
            "examples": [["1", "1/7"], ["2", "9/7"]], "problem": ""}"#;
        let secret = r#"{"answer": "\\sqrt{123457}", "output": "1234567", "hidden": [["3", "5"]]}"#;
        let kind = ["answer", "deduction", "abduction", "induction"][round % 4];
        episodes.push(episode(kind, Role::Solve, public, secret, &completion));
        episodes.push(episode(SELF_PLAY[round % 2], Role::Propose, "", "", &completion));
    }
    for reply in family("{}").step(&Nobody, &episodes) {
        match reply {
            Reply::Verdict(v) => assert!(v.score == 0.0 && v.status != Status::Ok, "{v:?}"),
            Reply::Rejected(_) | Reply::Proposed(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_task_is_held_out_by_the_key_that_it_came_with() {
    for options in STYLES {
        let family = family(options);
        for kind in ["answer", "deduction", "abduction", "induction"] {
            for seed in family.seeds(kind) {
                let key = family.holdout(kind, &seed.public, &seed.secret);
                assert_eq!(key.as_ref(), Ok(&seed.holdout_key), "{kind}");
            }
            assert!(family.holdout(kind, "{}", "{}").is_err());
        }
    }
}
