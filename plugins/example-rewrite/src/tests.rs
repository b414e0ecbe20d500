//! The family against its golden cases, against words that can be worked out otherwise, and against
//! its own seeds.

use quaero_sdk::{Episode, Family, Interpreter, Job, Opening, Outcome, Pair, Reply, Role};

use crate::Rewrite;
use crate::options::Options;
use crate::system::System;

/// The family runs no programs.
struct Nobody;

impl Interpreter for Nobody {
    fn run(&self, jobs: &[Job]) -> Vec<Outcome> {
        jobs.iter().map(|_| Outcome::Refused).collect()
    }
}

fn family(options: &str) -> Rewrite {
    Rewrite::configure(options).unwrap()
}

fn opening(kind: &str, role: Role, public: &str, references: Vec<Pair>) -> Opening {
    let (kind, public) = (kind.to_owned(), public.to_owned());
    Opening { kind, role, seed: 0, public, references }
}

fn solve(kind: &str, public: &str, secret: &str, completion: &str) -> Reply {
    let episode = Episode {
        opening: opening(kind, Role::Solve, public, Vec::new()),
        secret: secret.to_owned(),
        turns: Vec::new(),
        completion: completion.to_owned(),
        truncated: false,
    };
    family("{}").step(&Nobody, &[episode]).remove(0)
}

#[test]
fn every_golden_case_holds() {
    for case in family("{}").manifest().golden {
        let reply = family("{}").reply(&case.episode);
        assert_eq!(reply.word(), case.expect, "{}: {reply:?}", case.name);
    }
}

#[test]
fn every_case_file_is_listed() {
    let mut found = Vec::new();
    for folder in ["accept", "reject"] {
        for entry in std::fs::read_dir(format!("cases/{folder}")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            found.push(format!("{folder}/{}", name.trim_end_matches(".json")));
        }
    }
    found.sort();
    let listed: Vec<&str> = crate::golden::FILES.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, found);
}

/// What `word` becomes under `rules`, and in how many steps.
#[track_caller]
fn check(rules: &str, word: &str, expected: Option<(&str, u32)>) {
    let options = Options::parse("{}").unwrap();
    let end = System::parse(rules.lines(), &options).unwrap().run(word, &options);
    let end = end.as_ref().map(|end| (end.word.as_str(), end.n_steps));
    assert_eq!(end, expected, "{word} under {rules:?}");
}

#[test]
fn rules_go_in_order_and_leftmost_first() {
    check("ab>b\nba>a", "aabb", Some(("bb", 2)));
    check("ba>a\nab>b", "aabb", Some(("bb", 2)));
    check("ba>a\nab>b", "baab", Some(("b", 3)));
    check("aa>b", "aaaa", Some(("bb", 2)));
    check("a>aa", "a", None);
    check("a>b\nb>a", "a", None);
}

#[test]
fn swapping_neighbours_sorts_in_as_many_steps_as_there_are_inversions() {
    let words = ["cba", "abc", "bacb", "ccbbaa", "cacbab", "a"];
    for word in words {
        let mut sorted: Vec<char> = word.chars().collect();
        sorted.sort_unstable();
        let letters: Vec<char> = word.chars().collect();
        let inversions = (0..letters.len())
            .map(|i| letters[i + 1..].iter().filter(|&&later| later < letters[i]).count())
            .sum::<usize>();
        let expected = sorted.into_iter().collect::<String>();
        check("ba>ab\ncb>bc\nca>ac", word, Some((&expected, inversions as u32)));
    }
}

#[test]
fn seeds_are_solved_by_their_gold_and_by_nothing_else() {
    let family = family("{}");
    for kind in ["reduce", "reach"] {
        let seeds = family.seeds(kind);
        assert_eq!(seeds.len(), 64);
        for seed in &seeds {
            let secret: serde_json::Value = serde_json::from_str(&seed.secret).unwrap();
            let gold = secret["result"].as_str().or(secret["word"].as_str()).unwrap();
            let say = |text: &str| solve(kind, &seed.public, &seed.secret, text).word();
            assert_eq!(say(&format!("{gold}\n```")), "ok", "{seed:?}");
            for nothing in ["", "\n```", "```output\n```", "result", "abcabcabcabc\n```"] {
                assert_eq!(say(nothing), "unparsable", "{nothing:?} to {seed:?}");
            }
            let key = family.holdout(kind, &seed.public, &seed.secret);
            assert_eq!(key.as_ref(), Ok(&seed.holdout_key));
        }
        assert!(family.seeds("other").is_empty());
    }
}

#[test]
fn prompts_end_where_the_answer_begins() {
    let seed = &family("{}").seeds("reduce")[0];
    let pair = Pair { public: seed.public.clone(), secret: seed.secret.clone() };
    let propose = opening("reach", Role::Propose, "", vec![pair]);
    let asked = family("{}").open(&propose).unwrap();
    let task = crate::Task::read(&seed.public, &seed.secret, &family("{}").options).unwrap();
    let (rules, word) = (task.system.text("'"), &task.word);
    let shown = format!("```input\n{rules}\n'{word}'\n```\n");
    assert_eq!(asked, shown + "<|propose-deduction|>```input\n");
    let words = family(r#"{"explain": true}"#).open(&propose).unwrap();
    assert!(words.contains("A rule `ab>c` turns `ab` into `c`."), "{words}");
    let public = r#"{"rules": "a>b", "result": "b"}"#;
    let solve = opening("reach", Role::Solve, public, Vec::new());
    let asked = family("{}").open(&solve).unwrap();
    let given = "```input\n'a'>'b'\n```\n```output\n'b'\n```\n";
    assert_eq!(asked, format!("<|solve-abduction|>{given}```input\n"));
    let wrong = opening("reduce", Role::Solve, public, Vec::new());
    assert!(family("{}").open(&wrong).unwrap_err().contains("`word`"));
}

#[test]
fn wrong_options_are_named() {
    let error = |text: &str| Rewrite::configure(text).unwrap_err();
    assert!(error(r#"{"n_leters": 2}"#).contains("`n_letters`"));
    assert!(error(r#"{"n_letters": 27}"#).contains("from 2 to 26"));
    assert!(family(r#"{"n_letters": 2}"#).manifest().golden.is_empty());
}

#[test]
fn a_task_that_its_own_rules_contradict_is_a_fault() {
    let reply = solve("reduce", r#"{"rules":"a>b","word":"a"}"#, r#"{"result":"a"}"#, "a\n```");
    assert_eq!(reply.word(), "fault");
    assert_eq!(solve("guess", "{}", "{}", "a").word(), "fault");
}
