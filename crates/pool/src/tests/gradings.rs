//! Solve rates over time.

use super::*;

/// A step that grades tasks: number, attempts, sum of scores.
fn grade(pool: &mut Pool, step: u64, kind: &Kind, gradings: &[(usize, usize, f64)]) {
    pool.begin(step, PolicyVersion(step)).unwrap();
    for &(n, n_judged, score_sum) in gradings {
        pool.record_grading(task(kind, n, 0).0.id, n_judged, score_sum).unwrap();
    }
    pool.commit().unwrap();
}

/// Tasks 0..6, of which 0, 1 and 2 were graded in steps 1, 2 and 4.
fn graded() -> Pool {
    let mut pool = memory(6);
    add(&mut pool, 0, &deduction(), 0..6);
    grade(&mut pool, 1, &deduction(), &[(0, 4, 1.0), (1, 8, 4.0)]);
    grade(&mut pool, 2, &deduction(), &[(1, 4, 4.0)]);
    grade(&mut pool, 4, &deduction(), &[(1, 2, 0.5), (2, 4, 0.0)]);
    pool
}

#[test]
fn what_was_graded_before_is_drawn() {
    #[track_caller]
    fn check(pool: &Pool, since: u64, n: usize, expect: &[usize]) {
        let drawn = pool.graded(&deduction(), since, n, Key::new(7)).unwrap();
        let mut numbers: Vec<usize> =
            drawn.iter().map(|stored| stored.task.metrics["lines"] as usize).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, expect);
    }
    let mut pool = graded();
    pool.begin(5, PolicyVersion(5)).unwrap();
    pool.record_grading(task(&deduction(), 5, 0).0.id, 1, 1.0).unwrap();
    check(&pool, 0, 9, &[0, 1, 2]);
    check(&pool, 2, 9, &[1, 2]);
    check(&pool, 5, 9, &[]);
    check(&pool, 0, 0, &[]);
    let draw = |n, key| pool.graded(&deduction(), 0, n, Key::new(key)).unwrap();
    assert_eq!(draw(2, 3), draw(2, 3));
    assert_eq!(draw(2, 3).len(), 2);
    assert!((0..20).any(|key| draw(1, key) != draw(1, 20)), "the key decides");
    assert!(pool.graded(&kind("abduction"), 0, 9, Key::new(7)).unwrap().is_empty());
    // Three more tasks push the three oldest out of the buffer.
    for n in 6..9 {
        let (task, proposed) = task(&deduction(), n, 5);
        assert_eq!(pool.add(&task, &proposed).unwrap(), Ok(()));
    }
    check(&pool, 0, 9, &[]);
}

#[test]
fn a_grading_is_compared_with_the_one_before() {
    #[track_caller]
    fn check(pool: &Pool, since: u64, steps_max: u64, n: usize, expect: &[(usize, f64, f64)]) {
        let again = pool.reevaluated(&deduction(), since, steps_max, n).unwrap();
        let got: Vec<(usize, f64, f64)> = again
            .iter()
            .map(|one| (one.task.metrics["lines"] as usize, one.before, one.now))
            .collect();
        assert_eq!(got, expect);
    }
    let mut pool = graded();
    check(&pool, 0, u64::MAX, 9, &[(1, 1.0, 0.25), (1, 0.5, 1.0)]);
    check(&pool, 0, u64::MAX, 1, &[(1, 1.0, 0.25)]);
    check(&pool, 0, 1, 9, &[(1, 0.5, 1.0)]);
    check(&pool, 4, u64::MAX, 9, &[(1, 1.0, 0.25)]);
    check(&pool, 5, u64::MAX, 9, &[]);
    grade(&mut pool, 5, &deduction(), &[(0, 4, 2.0)]);
    check(&pool, 5, 4, 9, &[(0, 0.25, 0.5)]);
    check(&pool, 5, 3, 9, &[]);
    assert!(pool.reevaluated(&kind("abduction"), 0, 9, 9).unwrap().is_empty());
    pool.rewind(1).unwrap();
    check(&pool, 0, u64::MAX, 9, &[]);
}

/// A store from before there were gradings goes on: it has none.
#[test]
fn an_older_store_gains_the_table() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("experience.db");
    add(&mut Pool::open(&path, options(6)).unwrap(), 0, &deduction(), 0..3);
    Connection::open(&path).unwrap().execute_batch("DROP TABLE gradings").unwrap();
    let mut pool = Pool::open(&path, options(6)).unwrap();
    grade(&mut pool, 1, &deduction(), &[(0, 1, 1.0)]);
    grade(&mut pool, 2, &deduction(), &[(0, 1, 0.0)]);
    assert_eq!(pool.reevaluated(&deduction(), 0, 9, 9).unwrap().len(), 1);
}
