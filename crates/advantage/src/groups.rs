//! Groups that teach nothing by comparison: all of their rewards are equal.
//!
//! DAPO's dynamic sampling (arXiv 2503.14476, section 3.2) leaves such groups out of the batch and
//! samples on until it is full again. Here the batch gets smaller instead; a step never samples
//! more than it was asked to.

use std::collections::BTreeMap;

use quaero_types::TaskRole;

use crate::Row;

/// Which groups of a batch have all their rewards equal. A row that is alone in its group has
/// nothing to be equal to: such groups are neither counted nor found equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EqualGroups {
    /// For each row of the batch, whether it belongs to such a group.
    pub rows: Vec<bool>,
    /// Groups of two rows or more.
    pub n_groups: usize,
    /// Of these, the ones whose rewards are all equal.
    pub n_equal: usize,
}

impl EqualGroups {
    /// Those of `rows`.
    #[must_use]
    pub fn of(rows: &[Row]) -> Self {
        let mut groups: BTreeMap<(&TaskRole, u64), Vec<usize>> = BTreeMap::new();
        for (row_idx, row) in rows.iter().enumerate() {
            groups.entry((&row.task_role, row.group)).or_default().push(row_idx);
        }
        let mut out = Self { rows: vec![false; rows.len()], n_groups: 0, n_equal: 0 };
        for members in groups.values().filter(|members| members.len() > 1) {
            out.n_groups += 1;
            let first = rows[members[0]].reward;
            if members.iter().all(|&row_idx| rows[row_idx].reward == first) {
                out.n_equal += 1;
                members.iter().for_each(|&row_idx| out.rows[row_idx] = true);
            }
        }
        out
    }

    /// Share of equal ones among the groups of two rows or more; `None` if there are none.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.n_groups > 0).then(|| self.n_equal as f64 / self.n_groups as f64)
    }
}

#[cfg(test)]
mod tests {
    use quaero_types::{Kind, Role};

    use super::*;

    fn row((role, group, reward): (Role, u64, f32)) -> Row {
        let task_role = TaskRole { role, kind: Kind::new("python", "deduction") };
        Row { task_role, group, n_tokens: 3, reward }
    }

    #[track_caller]
    fn check(rows: &[(Role, u64, f32)], equal: &[bool], n_groups: usize) {
        let got = EqualGroups::of(&rows.iter().copied().map(row).collect::<Vec<_>>());
        assert_eq!(got.rows, equal);
        assert_eq!(got.n_groups, n_groups);
    }

    #[test]
    fn a_group_is_equal_when_all_of_it_is() {
        use Role::{Propose, Solve};
        check(&[], &[], 0);
        check(&[(Solve, 0, 1.0)], &[false], 0);
        check(&[(Solve, 0, 1.0), (Solve, 0, 1.0)], &[true, true], 1);
        check(&[(Solve, 0, 1.0), (Solve, 1, 1.0)], &[false, false], 0);
        check(&[(Solve, 0, 1.0), (Propose, 0, 1.0)], &[false, false], 0);
        let rows = [
            (Solve, 0, -0.5),
            (Solve, 1, 1.0),
            (Solve, 0, -0.5),
            (Solve, 1, -0.5),
            (Solve, 0, -0.5),
            (Solve, 2, 1.0),
        ];
        check(&rows, &[true, false, true, false, true, false], 2);
        let got = EqualGroups::of(&rows.map(row));
        assert_eq!((got.n_equal, got.share()), (1, Some(0.5)));
        assert_eq!(EqualGroups::of(&[row(rows[5])]).share(), None);
    }
}
