//! How per-token losses become one number: the share of each row.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How tokens are averaged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// All tokens of the batch alike (DAPO, arXiv 2503.14476): long rows count more.
    TokenMean,
    /// Mean within each row, then over rows (GRPO, arXiv 2402.03300).
    SequenceMean,
    /// Tokens alike within a group, then all groups alike.
    GroupMean,
    /// Tokens alike within a task-role, then all task-roles alike: AZR's 1/6 each.
    TaskRoleMean,
    /// Sum over tokens divided by (rows × this length), whatever the rows' own lengths (Dr. GRPO,
    /// arXiv 2503.20783).
    FixedLength(f32),
}

/// What aggregation needs to know of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Number of response tokens.
    pub n_tokens: usize,
    /// Rows that answer the same prompt share this number.
    pub group: u64,
    /// Rows of one task-role share this number.
    pub task_role: u64,
    /// Factor on the row's share; 1 is plain.
    pub weight: f32,
}

/// The factor of each row's token losses: batch loss = Σ over rows of scale · Σ over tokens of
/// loss. Taken over all rows of an optimiser step once, before they are cut into
/// micro-batches.
///
/// # Panics
/// If a row has no tokens.
#[must_use]
pub fn scales(rows: &[Share], aggregation: Aggregation) -> Vec<f32> {
    for (row_idx, row) in rows.iter().enumerate() {
        assert!(row.n_tokens > 0, "row {row_idx} has no tokens");
    }
    let n_rows = rows.len() as f64;
    let n_tokens: usize = rows.iter().map(|row| row.n_tokens).sum();
    let groups = tokens_by(rows, |row| row.group);
    let task_roles = tokens_by(rows, |row| row.task_role);
    rows.iter()
        .map(|row| {
            let divisor = match aggregation {
                Aggregation::TokenMean => n_tokens as f64,
                Aggregation::SequenceMean => n_rows * row.n_tokens as f64,
                Aggregation::GroupMean => groups.len() as f64 * groups[&row.group] as f64,
                Aggregation::TaskRoleMean => {
                    task_roles.len() as f64 * task_roles[&row.task_role] as f64
                }
                Aggregation::FixedLength(length) => n_rows * f64::from(length),
            };
            (f64::from(row.weight) / divisor) as f32
        })
        .collect()
}

/// Tokens of all rows with the same key.
fn tokens_by(rows: &[Share], key: impl Fn(&Share) -> u64) -> BTreeMap<u64, usize> {
    let mut sums = BTreeMap::new();
    for row in rows {
        *sums.entry(key(row)).or_insert(0) += row.n_tokens;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(aggregation: Aggregation, expect: [f32; 3]) {
        let row = |n_tokens, group, task_role| Share { n_tokens, group, task_role, weight: 1.0 };
        let rows = [row(2, 0, 7), row(6, 0, 9), row(4, 1, 9)];
        assert_eq!(scales(&rows, aggregation), expect);
        let doubled = rows.map(|row| Share { weight: 2.0, ..row });
        assert_eq!(scales(&doubled, aggregation), expect.map(|x| 2.0 * x));
    }

    #[test]
    fn shares() {
        check(Aggregation::TokenMean, [1.0 / 12.0; 3]);
        check(Aggregation::SequenceMean, [1.0 / 6.0, 1.0 / 18.0, 1.0 / 12.0]);
        check(Aggregation::GroupMean, [1.0 / 16.0, 1.0 / 16.0, 1.0 / 8.0]);
        check(Aggregation::TaskRoleMean, [0.25, 0.05, 0.05]);
        check(Aggregation::FixedLength(8.0), [1.0 / 24.0; 3]);
        assert!(scales(&[], Aggregation::TaskRoleMean).is_empty());
    }
}
