//! What a run's books say of what happened: late rewards, refusals, batches of episodes.

use std::path::Path;

use quaero_train::{Control, Observer, Setup, train};
use rusqlite::Connection;

use super::{scalars, world_with};

/// Task and reward of each `proposal.rewarded` in the event log.
fn rewarded(folder: &Path) -> Vec<(String, f64, u64)> {
    let text = std::fs::read_to_string(folder.join("logs/events.jsonl")).unwrap();
    let of_line = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        let is = event["event"] == "proposal.rewarded";
        let task = event["task_id"].as_str().filter(|_| is)?.to_owned();
        Some((task, event["reward"].as_f64()?, event["step"].as_u64()?))
    };
    text.lines().filter_map(of_line).collect()
}

#[test]
fn issue_20_late_rewards_reach_the_database() {
    let world = world_with(&["reward.proposer=powerplay", "eval.every=9", "report.every=0"]);
    let folder = tempfile::tempdir().unwrap();
    world.run(folder.path(), false, u64::MAX);
    let db = Connection::open(folder.path().join("experience.db")).unwrap();
    let mut stored = db
        .prepare(
            "SELECT task_id, reward, rewarded_step FROM proposals
             WHERE rewarded_step IS NOT NULL ORDER BY seq",
        )
        .unwrap();
    let stored: Vec<(String, f64, u64)> = stored
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(!stored.is_empty());
    assert_eq!(stored, rewarded(folder.path()), "the store and the event log agree");
    let waiting = "SELECT COUNT(*) FROM proposals WHERE outcome = 'task' AND format
                   AND step > 0 AND step < 3 AND reward IS NULL";
    let unknown: u64 = db.query_row(waiting, [], |row| row.get(0)).unwrap();
    assert_eq!(unknown, 0, "none of the steps before the last still waits");
}

/// Hears warnings.
#[derive(Default)]
struct Warned(Vec<String>);

impl Observer for Warned {
    fn warning(&mut self, words: &str) {
        self.0.push(words.to_owned());
    }
}

#[test]
fn issue_20_what_the_engine_refuses_has_its_own_name() {
    let mut world = world_with(&["run.steps=1", "report.every=0"]);
    world.options.eval = None;
    world.options.solve.limits.sampling.top_p = 0.0;
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup { folder: folder.path(), config: &world.config, resume: false };
    let (control, mut warned) = (Control::default(), Warned::default());
    let policy = world.policy.clone();
    train(&setup, &world.options, policy, &world.host, &control, &mut warned).unwrap();
    let row = scalars(folder.path()).pop().unwrap();
    assert_eq!(row["prompts_too_long"], 0);
    assert!(row["refused/sampling"].as_f64().unwrap() >= 12.0, "{row:?}");
    assert!(warned.0.iter().any(|words| words.contains("top_p")), "{:?}", warned.0);
}

/// A batch of episodes opens in chunks: far fewer calls of the family than episodes.
#[test]
fn issue_20_episodes_open_in_batches() {
    let world = world_with(&["run.steps=1", "report.every=0", "seeding.rounds_max=0"]);
    let family = world.host.family("python").unwrap();
    let (suite, before) = (&world.options.eval.as_ref().unwrap().suite, family.usage());
    let openings: Vec<_> = suite
        .tasks
        .iter()
        .map(|one| quaero_types::Opening {
            kind: one.task.kind.clone(),
            role: quaero_types::Role::Solve,
            seed: 1,
            public: one.task.public.clone(),
            references: Vec::new(),
        })
        .collect();
    let opened = world.host.open_episodes(&openings.iter().collect::<Vec<_>>());
    let alone: Vec<_> = openings.iter().map(|one| family.open([one]).remove(0)).collect();
    assert_eq!(opened.into_iter().map(Option::unwrap).collect::<Vec<_>>(), alone);
    let calls = (family.usage().calls - before.calls) as usize - openings.len();
    assert_eq!(calls, openings.len().div_ceil(16));
}
