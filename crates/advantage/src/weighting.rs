//! How much each task-role counts in the loss, as a weight on its rows.
//!
//! AZR's micro-batches hold one task-role each, so each of its six weighs 1/6 however long its
//! responses are. Here the same comes from row weights with a plain mean over the batch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Level, Row};

/// How much each task-role counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weighting {
    /// Each row counts 1.
    Rows,
    /// Every task-role of the batch has the same total.
    TaskRoles,
    /// Every task-role has 1/n of the total for this n, whether the others are there or not (AZR:
    /// 6), so that a step without proposals does not make the others louder.
    TaskRolesOf(usize),
}

/// A weight a row, to be used in a mean over all tokens (`Level::Token`) or over all sequences
/// (`Level::Sequence`) of the batch: the weights are such that each task-role has its share there.
///
/// # Panics
/// If `TaskRolesOf(n)` is given with n below the number of task-roles present.
#[must_use]
pub fn weights(rows: &[Row], weighting: Weighting, level: Level) -> Vec<f32> {
    let size = |row: &Row| match level {
        Level::Token => row.n_tokens as f64,
        Level::Sequence => 1.0,
    };
    let mut sizes = BTreeMap::new();
    for row in rows {
        *sizes.entry(&row.task_role).or_insert(0.0) += size(row);
    }
    let n_roles = match weighting {
        Weighting::Rows => return vec![1.0; rows.len()],
        Weighting::TaskRoles => sizes.len(),
        Weighting::TaskRolesOf(n) => n,
    };
    assert!(n_roles >= sizes.len(), "{} task-roles present, weighted for {n_roles}", sizes.len());
    let total: f64 = sizes.values().sum();
    rows.iter().map(|row| (total / (n_roles as f64 * sizes[&row.task_role])) as f32).collect()
}

#[cfg(test)]
mod tests {
    use quaero_types::{Kind, Role, TaskRole};

    use super::*;

    #[track_caller]
    fn check(weighting: Weighting, level: Level, lengths: &[(Role, usize)], expect: &[f32]) {
        let rows: Vec<Row> = lengths
            .iter()
            .map(|&(role, n_tokens)| Row {
                task_role: TaskRole { role, kind: Kind::new("python", "deduction") },
                group: 0,
                n_tokens,
                reward: 0.0,
            })
            .collect();
        assert_eq!(weights(&rows, weighting, level), expect);
    }

    #[test]
    fn each_task_role_has_its_share() {
        let rows = [(Role::Propose, 10), (Role::Solve, 20), (Role::Solve, 10)];
        check(Weighting::Rows, Level::Token, &rows, &[1.0, 1.0, 1.0]);
        check(Weighting::TaskRoles, Level::Token, &rows, &[2.0, 2.0 / 3.0, 2.0 / 3.0]);
        check(Weighting::TaskRoles, Level::Sequence, &rows, &[1.5, 0.75, 0.75]);
        check(Weighting::TaskRolesOf(4), Level::Sequence, &rows, &[0.75, 0.375, 0.375]);
        check(Weighting::TaskRoles, Level::Token, &rows[..1], &[1.0]);
        check(Weighting::TaskRoles, Level::Token, &[], &[]);
    }
}
