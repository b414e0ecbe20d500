//! The question that docs/runs.md answers from a run's store, asked of a store.

use super::*;

/// The SQL that docs/runs.md prints.
fn printed() -> String {
    let readme = include_str!("../../../../docs/runs.md");
    let begin = "sqlite3 runs/NAME/experience.db \"";
    let at = readme.find(begin).expect("docs/runs.md prints a query") + begin.len();
    readme[at..at + readme[at..].find('"').expect("it ends")].to_owned()
}

#[test]
fn the_readme_names_the_hardest_tasks_that_it_asked_itself_and_solved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("experience.db");
    let mut pool = Pool::open(&path, options(100)).unwrap();
    // The seed task is solved least of all, but it was not asked by the model.
    add(&mut pool, 0, &deduction(), 0..1);
    add(&mut pool, 1, &deduction(), 1..14);
    pool.begin(2, PolicyVersion(2)).unwrap();
    let mut attempts = |n: usize, step: u64, solved: usize, of: usize| {
        let (task, _) = task(&deduction(), n, step);
        for idx in 0..of {
            let status = if idx < solved { Status::Ok } else { Status::Wrong };
            pool.record_attempt(&attempt(&task), idx, &verdict(status), None).unwrap();
        }
    };
    attempts(0, 0, 1, 32);
    // Task 1 is never solved, 2 … 12 in n of 16 attempts, and 13 was never tried.
    (1..13).for_each(|n| attempts(n, 1, if n == 1 { 0 } else { n }, 16));
    // One verdict that failed counts neither way.
    let (faulty, _) = task(&deduction(), 2, 1);
    pool.record_attempt(&attempt(&faulty), 16, &verdict(Status::Fault), None).unwrap();
    pool.commit().unwrap();

    let db = Connection::open(&path).unwrap();
    let mut statement = db.prepare(&printed()).unwrap();
    let rows = statement.query_map([], |row| {
        let (kind, public): (String, String) = (row.get("kind")?, row.get("public")?);
        Ok((kind, public, row.get::<_, f64>("solve_rate")?))
    });
    let rows = rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let expect: Vec<_> = (2..12)
        .map(|n| {
            ("python/deduction".to_owned(), task(&deduction(), n, 1).0.public, n as f64 / 16.0)
        })
        .collect();
    assert_eq!(rows, expect);
}
