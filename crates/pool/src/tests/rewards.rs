//! Rewards that come after their proposal's own step.

use super::*;

/// Proposals of step `step`: tasks of these numbers, and one that became none.
fn propose(pool: &mut Pool, step: u64, numbers: &[usize]) {
    pool.begin(step, PolicyVersion(step)).unwrap();
    for &n in numbers {
        let (task, proposed) = task(&deduction(), n, step);
        pool.add(&task, &proposed).unwrap().unwrap();
        let judged = Judged::Task(task, proposed);
        pool.record_proposal(&proposal(&deduction(), "def f"), &judged, None).unwrap();
    }
    let why = Rejection { cause: "syntax".into(), detail: "line 1".into() };
    let rejected = Judged::Rejected(why);
    pool.record_proposal(&proposal(&deduction(), "def"), &rejected, Some(-1.0)).unwrap();
    pool.commit().unwrap();
}

fn reward(pool: &mut Pool, step: u64, rewards: &[(usize, f32)]) {
    pool.begin(step, PolicyVersion(step)).unwrap();
    for &(n, reward) in rewards {
        pool.record_reward(task(&deduction(), n, 0).0.id, reward).unwrap();
    }
    pool.commit().unwrap();
}

/// Reward and the step that brought it, of each proposal in order.
fn rewards(path: &Path) -> Vec<(Option<f64>, Option<u64>)> {
    let db = Connection::open(path).unwrap();
    let mut statement =
        db.prepare("SELECT reward, rewarded_step FROM proposals ORDER BY seq").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn issue_20_a_late_reward_reaches_its_proposal() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("experience.db");
    let mut pool = Pool::open(&path, options(9)).unwrap();
    propose(&mut pool, 1, &[1, 2]);
    let (none, rejected) = ((None, None), (Some(-1.0), None));
    assert_eq!(rewards(&path), [none, none, rejected]);
    propose(&mut pool, 2, &[3]);
    // Task 2 is never known; what is known stays.
    reward(&mut pool, 3, &[(1, 0.5), (3, 0.25)]);
    reward(&mut pool, 4, &[(1, 0.75)]);
    let late = |reward| (Some(reward), Some(3));
    let expect = [late(0.5), none, rejected, late(0.25), rejected];
    assert_eq!(rewards(&path), expect);

    // Going back takes them back, and going on brings them again.
    let whole = dump(&path);
    pool.rewind(2).unwrap();
    assert_eq!(rewards(&path), [none, none, rejected, none, rejected]);
    reward(&mut pool, 3, &[(1, 0.5), (3, 0.25)]);
    reward(&mut pool, 4, &[]);
    assert_eq!(dump(&path), whole);
}

#[test]
fn a_store_from_before_late_rewards_takes_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("experience.db");
    propose(&mut Pool::open(&path, options(9)).unwrap(), 1, &[1]);
    let db = Connection::open(&path).unwrap();
    db.execute_batch("ALTER TABLE proposals DROP COLUMN rewarded_step").unwrap();
    drop(db);
    reward(&mut Pool::open(&path, options(9)).unwrap(), 2, &[(1, 0.5)]);
    assert_eq!(rewards(&path), [(Some(0.5), Some(2)), (Some(-1.0), None)]);
}
