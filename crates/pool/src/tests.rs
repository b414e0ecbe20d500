//! The store from outside: what goes in, what comes out, and what a crash leaves.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use crate::{Error, Options, Order, Pool};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use quaero_rng::Key;
use quaero_types::{
    Attempt, Fault, Judged, Kind, Opening, Origin, PolicyVersion, Proposal, Proposed, Rejection,
    Role, Secret, Status, Task, TaskId, Trace, Verdict,
};
use rusqlite::Connection;
use rusqlite::types::Value;

fn options(capacity: usize) -> Options {
    Options { capacity: NonZeroUsize::new(capacity).unwrap() }
}

fn memory(capacity: usize) -> Pool {
    Pool::open(Path::new(":memory:"), options(capacity)).unwrap()
}

fn kind(name: &str) -> Kind {
    Kind::new("python", name)
}

fn deduction() -> Kind {
    kind("deduction")
}

/// The task of `kind` number `n`, proposed at `step`.
fn task(kind: &Kind, n: usize, step: u64) -> (Task, Proposed) {
    let key = format!("key {n}");
    let metrics = BTreeMap::from([("lines".to_string(), n as f64), ("odd".to_string(), f64::NAN)]);
    let task = Task {
        id: TaskId::of(kind, &key),
        kind: kind.clone(),
        public: format!("{{\"program\": \"p{n} 'é'\"}}"),
        parents: (0..n % 3).map(|i| TaskId::of(kind, &format!("key {i}"))).collect(),
        origin: match step {
            0 => Origin::Seed,
            step => Origin::Proposed { step, version: PolicyVersion(step) },
        },
        metrics,
    };
    let proposed = Proposed {
        public: task.public.clone(),
        secret: Secret::new(format!("{{\"output\": {n}}}")),
        key,
        holdout_key: format!("program {}", n / 2),
        format: true,
        metrics: Vec::new(),
    };
    (task, proposed)
}

fn trace(text: &str, n_tokens: usize) -> Trace {
    let trace = Trace::one_turn(&[1, 2], &vec![7; n_tokens], vec![-0.5; n_tokens]);
    Trace { text: text.to_string(), ..trace }
}

fn proposal(kind: &Kind, text: &str) -> Proposal {
    let opening = Opening {
        kind: kind.clone(),
        role: Role::Propose,
        seed: 1,
        public: String::new(),
        references: Vec::new(),
    };
    Proposal { kind: kind.clone(), opening, parents: Vec::new(), trace: trace(text, 4) }
}

fn attempt(task: &Task) -> Attempt {
    Attempt { task: Arc::new(task.clone()), group_idx: 0, seed: 1, trace: trace("42", 3) }
}

fn verdict(status: Status) -> Verdict {
    let score = if status == Status::Ok { 1.0 } else { 0.0 };
    Verdict { score, status, reason: "why".into(), format: true }
}

/// Adds tasks `numbers` in one step.
#[track_caller]
fn add(pool: &mut Pool, step: u64, kind: &Kind, numbers: std::ops::Range<usize>) {
    pool.begin(step, PolicyVersion(step)).unwrap();
    for n in numbers {
        let (task, proposed) = task(kind, n, step);
        assert_eq!(pool.add(&task, &proposed).unwrap(), Ok(()));
    }
    pool.commit().unwrap();
}

/// The numbers of the tasks in a buffer.
fn numbers(pool: &Pool, kind: &Kind) -> Vec<usize> {
    let all = pool.replay(kind, usize::MAX, Order::Uniform, Key::new(0)).unwrap();
    let mut numbers: Vec<usize> =
        all.iter().map(|stored| stored.task.metrics["lines"] as usize).collect();
    numbers.sort_unstable();
    numbers
}

/// Every row of every table.
fn dump(path: &Path) -> Vec<Vec<Value>> {
    let db = Connection::open(path).unwrap();
    let mut out = Vec::new();
    for table in ["steps", "tasks", "proposals", "attempts", "gradings"] {
        let mut statement = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
        let n = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            out.push((0..n).map(|i| row.get(i).unwrap()).collect());
        }
    }
    out
}

#[test]
fn a_task_comes_out_as_it_went_in() {
    let mut pool = memory(10);
    add(&mut pool, 0, &deduction(), 0..1);
    add(&mut pool, 3, &deduction(), 5..6);
    for (n, step) in [(0, 0), (5, 3)] {
        let (mut task, proposed) = task(&deduction(), n, step);
        // What was not measured is absent.
        task.metrics.remove("odd");
        let stored = pool.get(task.id).unwrap().unwrap();
        assert_eq!((stored.task, stored.secret), (task, proposed.secret));
    }
    assert_eq!(pool.get(TaskId::of(&deduction(), "none")).unwrap(), None);
}

#[test]
fn tasks_of_some_steps_are_chosen_by_their_ids() {
    let mut pool = memory(4);
    add(&mut pool, 0, &deduction(), 0..3);
    add(&mut pool, 1, &deduction(), 3..6);
    add(&mut pool, 2, &kind("abduction"), 0..2);
    add(&mut pool, 3, &deduction(), 6..9);
    let ids = |pool: &Pool, from: u64, to: u64, n: usize| -> Vec<TaskId> {
        let chosen = pool.proposed(&deduction(), from, to, n).unwrap();
        chosen.iter().map(|stored| stored.task.id).collect()
    };
    let mut of_1_to_3: Vec<TaskId> =
        (3..9).map(|n| TaskId::of(&deduction(), &format!("key {n}"))).collect();
    of_1_to_3.sort_unstable();
    assert_eq!(ids(&pool, 1, 3, 100), of_1_to_3, "evicted ones are among them");
    assert_eq!(ids(&pool, 1, 3, 2), of_1_to_3[..2]);
    assert_eq!(ids(&pool, 2, 3, 100).len(), 3);
    assert_eq!(ids(&pool, 0, 0, 100), [], "seeds were not proposed");
    // What the run does later changes nothing of an earlier period.
    add(&mut pool, 4, &deduction(), 9..12);
    assert_eq!(ids(&pool, 1, 3, 2), of_1_to_3[..2]);
}

/// AZR keeps the oldest 16384 and drops what comes after.
#[test]
fn full_buffer_evicts_the_oldest() {
    let mut pool = memory(4);
    add(&mut pool, 0, &deduction(), 0..3);
    add(&mut pool, 1, &deduction(), 3..6);
    add(&mut pool, 2, &kind("abduction"), 0..2);
    assert_eq!(numbers(&pool, &deduction()), [2, 3, 4, 5]);
    assert_eq!(numbers(&pool, &kind("abduction")), [0, 1]);
    // The evicted are gone from the buffer, not from the record.
    assert!(pool.get(task(&deduction(), 0, 0).0.id).unwrap().is_some());
}

#[test]
fn a_smaller_capacity_holds_from_the_next_step() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("experience.db");
    add(&mut Pool::open(&path, options(9)).unwrap(), 0, &deduction(), 0..6);
    let mut pool = Pool::open(&path, options(2)).unwrap();
    add(&mut pool, 1, &kind("abduction"), 0..0);
    assert_eq!(numbers(&pool, &deduction()), [4, 5]);
}

#[test]
fn refusals_have_a_cause() {
    #[track_caller]
    fn check(pool: &mut Pool, n: usize, expect: Option<&str>) {
        let (task, proposed) = task(&deduction(), n, 1);
        let got = pool.add(&task, &proposed).unwrap();
        assert_eq!(got.err().map(|why| why.cause).as_deref(), expect);
    }
    let mut pool = memory(2);
    pool.hold_out(["program 4"]);
    pool.begin(1, PolicyVersion(0)).unwrap();
    check(&mut pool, 0, None);
    check(&mut pool, 0, Some("duplicate"));
    check(&mut pool, 8, Some("held_out"));
    check(&mut pool, 9, Some("held_out"));
    check(&mut pool, 1, None);
    check(&mut pool, 2, None);
    // Evicted by now, and still known.
    check(&mut pool, 0, Some("duplicate"));
    assert_eq!(pool.size(&deduction()), 2);
}

#[test]
fn references_come_from_the_union_of_kinds() {
    let mut pool = memory(10);
    add(&mut pool, 0, &deduction(), 0..3);
    add(&mut pool, 1, &kind("abduction"), 0..2);
    let kinds = [deduction(), kind("abduction")];
    let drawn = pool.references(&kinds, 6, Order::Uniform, Key::new(3)).unwrap();
    assert_eq!(drawn.len(), 5);
    let n_abduction = drawn.iter().filter(|stored| stored.task.kind.name == "abduction").count();
    assert_eq!(n_abduction, 2);
    let one = pool.references(&kinds, 1, Order::Uniform, Key::new(4)).unwrap();
    assert_eq!(one, pool.references(&kinds, 1, Order::Uniform, Key::new(4)).unwrap());
    assert!(pool.references(&[kind("none")], 6, Order::Recent, Key::new(1)).unwrap().is_empty());
}

#[test]
fn summary_in_numbers() {
    let mut pool = memory(10);
    add(&mut pool, 0, &deduction(), 0..3);
    add(&mut pool, 4, &deduction(), 3..4);
    let summary = pool.summary(&deduction(), 6).unwrap();
    assert_eq!((summary.size, summary.distinct), (4, 2));
    assert_eq!((summary.age_mean, summary.age_max), (Some(5.0), Some(6)));
    let none = pool.summary(&kind("none"), 6).unwrap();
    assert_eq!((none.size, none.distinct, none.age_mean, none.age_max), (0, 0, None, None));
}

#[test]
fn an_answer_is_worth_what_it_is_rare() {
    let mut pool = memory(2);
    let answer = |n: usize| Secret::new(format!("{{\"output\": {n}}}"));
    let diversity = |pool: &mut Pool, n, expect: f64| {
        assert_eq!(pool.answer_diversity(&deduction(), &answer(n)).unwrap(), expect, "of {n}");
    };
    diversity(&mut pool, 1, 1.0);
    pool.begin(0, PolicyVersion(0)).unwrap();
    for n in 0..4 {
        let (task, mut proposed) = task(&deduction(), n, 0);
        proposed.secret = answer(n / 3);
        pool.add(&task, &proposed).unwrap().unwrap();
    }
    pool.commit().unwrap();
    // Three zeros and a one were given; two of them have left the buffer.
    diversity(&mut pool, 0, 0.25);
    diversity(&mut pool, 1, 0.75);
    diversity(&mut pool, 2, 1.0);
    assert_eq!(pool.answer_diversity(&kind("abduction"), &answer(0)).unwrap(), 1.0);
}

/// Counted while tasks come, steps are taken back and the store is opened again, as SQLite counts
/// them all anew.
#[test]
fn issue_20_answers_are_counted_as_they_come() {
    #[track_caller]
    fn check(pool: &Pool) {
        assert_eq!(pool.answers.len(), 2, "both were asked about");
        for (kind, counted) in &pool.answers {
            assert_eq!(*counted, pool.read_answers(kind).unwrap(), "{kind}");
        }
    }
    fn ask(pool: &mut Pool) {
        for kind in [deduction(), kind("abduction")] {
            pool.answer_diversity(&kind, &Secret::new("{}")).unwrap();
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("experience.db");
    let mut pool = Pool::open(&path, options(4)).unwrap();
    ask(&mut pool);
    for step in 0..6 {
        play(&mut pool, step);
        check(&pool);
        pool.commit().unwrap();
    }
    pool.rewind(3).unwrap();
    ask(&mut pool);
    play(&mut pool, 4);
    check(&pool);
    pool.commit().unwrap();
    pool.begin(5, PolicyVersion(5)).unwrap();
    let (task, proposed) = task(&deduction(), 999, 5);
    pool.add(&task, &proposed).unwrap().unwrap();
    check(&pool);
    pool.abort().unwrap();
    ask(&mut pool);
    check(&pool);
    drop(pool);
    let mut pool = Pool::open(&path, options(4)).unwrap();
    ask(&mut pool);
    play(&mut pool, 5);
    check(&pool);
}

/// One step of a run: draws from the buffers decide what is written, as in training.
fn play(pool: &mut Pool, step: u64) {
    let key = Key::new(11).with(step);
    pool.begin(step, PolicyVersion(step)).unwrap();
    for (i, kind) in [deduction(), kind("abduction")].into_iter().enumerate() {
        let key = key.with(i as u64);
        let drawn = pool.references(&[deduction(), kind.clone()], 3, Order::Recent, key).unwrap();
        let shown: f64 = drawn.iter().map(|stored| stored.task.metrics["lines"]).sum();
        for n in 0..4 {
            let number = shown as usize % 50 + 7 * n + step as usize % 5;
            let (task, proposed) = task(&kind, number, step);
            let judged = match pool.add(&task, &proposed).unwrap() {
                Ok(()) => Judged::Task(task, proposed),
                Err(why) => Judged::Rejected(why),
            };
            pool.record_proposal(&proposal(&kind, "text"), &judged, Some(-0.5)).unwrap();
        }
        let again = pool.graded(&kind, step.saturating_sub(3), 1, key.with(8)).unwrap();
        let mut played = pool.replay(&kind, 2, Order::Uniform, key.with(9)).unwrap();
        played.extend(again.into_iter().filter(|one| !played.contains(one)).collect::<Vec<_>>());
        for stored in played {
            pool.record_grading(stored.task.id, 2, shown % 3.0).unwrap();
            for sample_idx in 0..2 {
                let status = if sample_idx == 0 { Status::Ok } else { Status::Wrong };
                let attempt = attempt(&stored.task);
                pool.record_attempt(&attempt, sample_idx, &verdict(status), Some(1.0)).unwrap();
            }
        }
    }
}

fn play_to(pool: &mut Pool, from: u64, to: u64) {
    for step in from..=to {
        play(pool, step);
        pool.commit().unwrap();
    }
}

fn uninterrupted(last: u64) -> Vec<Vec<Value>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("experience.db");
    play_to(&mut Pool::open(&path, options(6)).unwrap(), 0, last);
    dump(&path)
}

/// Killed in the middle of a step or after it, then resumed from the checkpoint of an earlier step.
#[test]
fn a_killed_and_resumed_run_is_the_one_never_stopped() {
    let expect = uninterrupted(9);
    for (killed, checkpoint) in [(1, 0), (4, 3), (6, 2), (9, 8), (9, 0)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("experience.db");
        let mut pool = Pool::open(&path, options(6)).unwrap();
        play_to(&mut pool, 0, killed - 1);
        play(&mut pool, killed);
        // The files as a killed process leaves them, an open transaction included.
        let left = tempfile::tempdir().unwrap();
        for file in dir.path().read_dir().unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), left.path().join(file.file_name())).unwrap();
        }
        let path = left.path().join("experience.db");
        let mut pool = Pool::open(&path, options(6)).unwrap();
        assert_eq!(pool.last_step(), Some(killed - 1));
        pool.rewind(checkpoint).unwrap();
        assert_eq!(pool.last_step(), Some(checkpoint));
        play_to(&mut pool, checkpoint + 1, 9);
        drop(pool);
        assert_eq!(dump(&path), expect, "killed in step {killed}, resumed at {checkpoint}");
    }
}

#[test]
fn an_aborted_step_leaves_nothing() {
    let expect = uninterrupted(5);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("experience.db");
    let mut pool = Pool::open(&path, options(6)).unwrap();
    play_to(&mut pool, 0, 3);
    play(&mut pool, 4);
    pool.abort().unwrap();
    play_to(&mut pool, 4, 5);
    drop(pool);
    assert_eq!(dump(&path), expect);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_chain_of_rewinds_ends_the_same(
        stops in prop::collection::vec((0_u64..10, 0_u64..10), 0..4),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("experience.db");
        let mut pool = Pool::open(&path, options(6)).unwrap();
        play_to(&mut pool, 0, 0);
        for (played, back) in stops {
            let at = pool.last_step().unwrap();
            play_to(&mut pool, at + 1, at.max(played));
            pool.rewind(back.min(at.max(played))).unwrap();
        }
        let at = pool.last_step().unwrap();
        play_to(&mut pool, at + 1, 9);
        drop(pool);
        prop_assert_eq!(dump(&path), uninterrupted(9));
    }
}

#[test]
fn readers_see_whole_steps_while_the_run_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("experience.db");
    let mut pool = Pool::open(&path, options(6)).unwrap();
    play_to(&mut pool, 0, 2);
    let before = dump(&path);
    play(&mut pool, 3);
    assert_eq!(dump(&path), before);
    pool.commit().unwrap();
    assert!(dump(&path).len() > before.len());
}

#[test]
fn the_hardest_tasks_it_asked_itself_and_still_solved() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("experience.db");
    let mut pool = Pool::open(&path, options(6)).unwrap();
    add(&mut pool, 0, &deduction(), 0..1);
    pool.begin(1, PolicyVersion(1)).unwrap();
    for (n, n_right) in [(1, 3), (2, 1), (3, 0)] {
        let (task, proposed) = task(&deduction(), n, 1);
        assert_eq!(pool.add(&task, &proposed).unwrap(), Ok(()));
        for i in 0..4 {
            let status = if i < n_right { Status::Ok } else { Status::Wrong };
            pool.record_attempt(&attempt(&task), i, &verdict(status), None).unwrap();
        }
        pool.record_attempt(&attempt(&task), 4, &verdict(Status::Fault), None).unwrap();
    }
    pool.commit().unwrap();
    let db = Connection::open(&path).unwrap();
    let sql = "SELECT metrics, solve_rate, n_attempts, n_faults, n_solved FROM task_stats
               WHERE origin = 'proposed' AND n_solved > 0 ORDER BY solve_rate";
    let mut statement = db.prepare(sql).unwrap();
    let rows: Vec<(String, f64, i64, i64, i64)> = statement
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let row = |lines: &str, rate, n| (format!("{{\"lines\":{lines}}}"), rate, 5, 1, n);
    assert_eq!(rows, [row("2.0", 0.25, 1), row("1.0", 0.75, 3)]);
}

#[test]
fn proposals_are_kept_whatever_came_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("experience.db");
    let mut pool = Pool::open(&path, options(6)).unwrap();
    pool.begin(2, PolicyVersion(1)).unwrap();
    let (task, proposed) = task(&deduction(), 1, 2);
    let rejected = Rejection { cause: "syntax".into(), detail: "line 1".into() };
    let fault = Fault { cause: "trap".into(), detail: "unreachable".into() };
    for (judged, reward) in [
        (Judged::Task(task, proposed), Some(0.25)),
        (Judged::Rejected(rejected), Some(-1.0)),
        (Judged::Fault(fault), None),
    ] {
        pool.record_proposal(&proposal(&deduction(), "def f"), &judged, reward).unwrap();
    }
    pool.commit().unwrap();
    let db = Connection::open(&path).unwrap();
    let sql = "SELECT outcome || ' ' || coalesce(cause, '-') || ' ' || coalesce(reward, '-')
               FROM proposals ORDER BY seq";
    let mut statement = db.prepare(sql).unwrap();
    let rows: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows, ["task - 0.25", "rejected syntax -1.0", "fault trap -"]);
}

#[track_caller]
fn check_error(error: Error, dir: &Path, expect: Expect) {
    expect.assert_eq(&error.to_string().replace(&dir.display().to_string(), "DIR"));
}

#[test]
fn a_full_disk_loses_only_the_step() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("experience.db");
    let mut pool = Pool::open(&path, options(1000)).unwrap();
    add(&mut pool, 0, &deduction(), 0..10);
    let before = dump(&path);
    // SQLite reports its own limit on pages as it does a disk without space.
    pool.limit_pages(40).unwrap();
    pool.begin(1, PolicyVersion(1)).unwrap();
    let error = (10..5000)
        .find_map(|n| {
            let (task, proposed) = task(&deduction(), n, 1);
            pool.add(&task, &proposed).err()
        })
        .unwrap();
    check_error(
        error,
        dir.path(),
        expect![[
            r#"DIR/experience.db: no space left while adding a task; free some and resume with --resume, the steps before are whole"#
        ]],
    );
    assert_eq!(pool.last_step(), Some(0));
    assert_eq!(numbers(&pool, &deduction()), (0..10).collect::<Vec<_>>());
    drop(pool);
    assert_eq!(dump(&path), before);
}

#[test]
fn errors_name_the_file_and_a_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let open = |name: &str| Pool::open(&at(name), options(3));

    let mut pool = open("behind.db").unwrap();
    check_error(
        pool.rewind(4).unwrap_err(),
        dir.path(),
        expect![[
            r#"DIR/behind.db: experience ends at step none, the checkpoint is of step 4; resume from an older checkpoint"#
        ]],
    );
    add(&mut pool, 2, &deduction(), 0..1);
    check_error(
        pool.rewind(4).unwrap_err(),
        dir.path(),
        expect![[
            r#"DIR/behind.db: experience ends at step 2, the checkpoint is of step 4; resume from an older checkpoint"#
        ]],
    );

    Connection::open(at("later.db")).unwrap().execute_batch("PRAGMA user_version = 9").unwrap();
    check_error(
        open("later.db").unwrap_err(),
        dir.path(),
        expect![[
            r#"DIR/later.db: schema version 9, this build reads version 1; use the build that wrote it or start a new run"#
        ]],
    );

    std::fs::write(at("text.db"), "not a database, and longer than a header".repeat(50)).unwrap();
    check_error(
        open("text.db").unwrap_err(),
        dir.path(),
        expect![[r#"DIR/text.db: opening the experience store: file is not a database"#]],
    );

    check_error(
        open("no/such/folder.db").unwrap_err(),
        dir.path(),
        expect![[
            r#"DIR/no/such/folder.db: opening the experience store: unable to open database file: DIR/no/such/folder.db"#
        ]],
    );

    pool.begin(3, PolicyVersion(0)).unwrap();
    check_error(
        open("behind.db").unwrap().begin(3, PolicyVersion(0)).unwrap_err(),
        dir.path(),
        expect![
            "DIR/behind.db: another process is writing to it while starting a step; is the same run training twice?"
        ],
    );
    pool.abort().unwrap();

    let db = Connection::open(at("behind.db")).unwrap();
    db.execute("UPDATE tasks SET parents = 'x'", []).unwrap();
    let drawn = open("behind.db").unwrap().replay(&deduction(), 1, Order::Uniform, Key::new(0));
    check_error(
        drawn.unwrap_err(),
        dir.path(),
        expect![
            "DIR/behind.db: task df01e9885feb6951d338a1898d060061: parents: expected value at line 1 column 1; the file was changed by something else, restore it or start a new run"
        ],
    );
}

/// Twenty thousand rows a second are asked for; a fifth of that is allowed to a busy machine.
#[test]
fn inserting_is_fast() {
    let dir = tempfile::tempdir().unwrap();
    let mut pool = Pool::open(&dir.path().join("experience.db"), options(16384)).unwrap();
    let tasks: Vec<_> = (0..5000).map(|n| task(&deduction(), n, 1)).collect();
    let started = std::time::SystemTime::now();
    pool.begin(1, PolicyVersion(1)).unwrap();
    for (task, proposed) in &tasks {
        pool.add(task, proposed).unwrap().unwrap();
        for i in 0..3 {
            pool.record_attempt(&attempt(task), i, &verdict(Status::Ok), Some(1.0)).unwrap();
        }
    }
    pool.commit().unwrap();
    let rate = 20_000.0 / started.elapsed().unwrap().as_secs_f64();
    assert!(rate > 4_000.0, "{rate:.0} rows/s");
    eprintln!("{rate:.0} rows/s");
}

mod gradings;
mod readme;
mod rewards;
