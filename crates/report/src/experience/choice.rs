//! Which tasks a page shows when it has no room for all of them: some of each sort that people look
//! for, in turn, until the room is used up.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::text;

/// A task without its texts.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) seq: i64,
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) origin: String,
    pub(super) step: i64,
    /// The step that wrote it; it may join its buffer in a later one.
    pub(super) proposed_step: Option<i64>,
    pub(super) n_attempts: i64,
    /// Mean score over its attempts, if it has any that were judged.
    pub(super) rate: Option<f64>,
}

/// All tasks, or those that were added or attempted after a step, oldest first.
pub(super) fn facts(db: &Connection, after: Option<u64>) -> rusqlite::Result<Vec<Fact>> {
    let sql = "SELECT tasks.seq, tasks.id, tasks.kind, tasks.origin, tasks.step,
                      tasks.proposed_step, COUNT(attempts.seq),
                      AVG(CASE WHEN status <> 'fault' THEN score END)
               FROM tasks LEFT JOIN attempts ON attempts.task_id = tasks.id
               WHERE ?1 IS NULL OR tasks.step > ?1
                  OR tasks.id IN (SELECT task_id FROM attempts WHERE step > ?1)
               GROUP BY tasks.seq ORDER BY tasks.seq";
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([after], |row| {
        Ok(Fact {
            seq: row.get(0)?,
            id: text(row, 1)?,
            kind: text(row, 2)?,
            origin: text(row, 3)?,
            step: row.get(4)?,
            proposed_step: row.get(5)?,
            n_attempts: row.get(6)?,
            rate: row.get(7)?,
        })
    })?;
    rows.collect()
}

/// All tasks, those first that a page should show first: in turn the hardest that were solved, the
/// newest, tasks evenly over the run, those never solved, those always solved, and seeds.
pub(super) fn in_order(facts: &[Fact]) -> Vec<&Fact> {
    let n = facts.len();
    let order = |mut idx: Vec<usize>, key: &dyn Fn(&Fact) -> f64| {
        idx.sort_by(|&a, &b| key(&facts[a]).total_cmp(&key(&facts[b])).then(b.cmp(&a)));
        idx
    };
    let which = |keep: &dyn Fn(&Fact) -> bool| -> Vec<usize> {
        (0..n).filter(|&idx| keep(&facts[idx])).collect()
    };
    let rate = |fact: &Fact| fact.rate.unwrap_or(0.0);
    let sorts = [
        order(which(&|f| f.rate.is_some_and(|r| r > 0.0 && r < 1.0)), &rate),
        order(which(&|_| true), &|f| -(f.seq as f64)),
        spread(n),
        order(which(&|f| f.rate == Some(0.0)), &|f| -(f.n_attempts as f64)),
        order(which(&|f| f.rate == Some(1.0)), &|f| -(f.n_attempts as f64)),
        which(&|f| f.origin == "seed"),
    ];
    let mut taken = BTreeSet::new();
    let mut chosen = Vec::with_capacity(n);
    let mut cursors = [0; 6];
    while chosen.len() < n {
        for (sort, cursor) in sorts.iter().zip(&mut cursors) {
            while let Some(&idx) = sort.get(*cursor) {
                *cursor += 1;
                if taken.insert(idx) {
                    chosen.push(&facts[idx]);
                    break;
                }
            }
        }
    }
    chosen
}

/// 0 to n - 1, such that each beginning lies evenly over the whole: the bits of a count, reversed.
fn spread(n: usize) -> Vec<usize> {
    let bits = usize::BITS - n.saturating_sub(1).leading_zeros();
    let reversed = |i: usize| if bits == 0 { 0 } else { i.reverse_bits() >> (usize::BITS - bits) };
    (0..1usize << bits).map(reversed).filter(|&idx| idx < n).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_comes_once_and_no_sort_waits() {
        let facts: Vec<Fact> = (0..1000)
            .map(|seq| Fact {
                seq,
                id: seq.to_string(),
                kind: "f/k".to_owned(),
                origin: if seq < 3 { "seed" } else { "proposed" }.to_owned(),
                step: seq / 10,
                proposed_step: None,
                n_attempts: seq % 7,
                rate: (seq % 7 > 0).then(|| (seq % 5) as f64 / 4.0),
            })
            .collect();
        let order = in_order(&facts);
        let distinct: BTreeSet<i64> = order.iter().map(|fact| fact.seq).collect();
        assert_eq!((order.len(), distinct.len()), (1000, 1000));
        let first = &order[..24];
        assert!(first.iter().any(|fact| fact.rate == Some(0.25)));
        assert!(first.iter().any(|fact| fact.rate == Some(0.0)));
        assert!(first.iter().any(|fact| fact.rate == Some(1.0)));
        assert!(first.iter().any(|fact| fact.origin == "seed"));
        assert!(first.iter().any(|fact| fact.seq == 999));
    }

    #[test]
    fn a_spread_is_a_permutation() {
        for n in [0, 1, 2, 3, 7, 8, 9, 1000] {
            let mut got = spread(n);
            got.sort_unstable();
            assert_eq!(got, (0..n).collect::<Vec<_>>());
        }
        assert_eq!(spread(8)[..4], [0, 4, 2, 6]);
    }
}
