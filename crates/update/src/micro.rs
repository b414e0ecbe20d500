//! Rows to packed micro-batches.

use std::ops::Range;

use quaero_model::{NO_TARGET, Packed};
use quaero_types::Row;

/// Cuts `rows` into runs of at most `tokens_max` tokens (a longer row stands alone) and of one
/// sampling temperature. The order of rows is kept, so sums do not depend on anything else.
pub(crate) fn cut(rows: &[Row], tokens_max: usize) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut tokens = 0;
    for (idx, row) in rows.iter().enumerate() {
        let n = row.sample.prompt.len() + row.sample.tokens.len();
        match runs.last_mut() {
            Some(run)
                if tokens + n <= tokens_max
                    && rows[run.start].sample.temperature == row.sample.temperature =>
            {
                run.end = idx + 1;
                tokens += n;
            }
            _ => {
                runs.push(idx..idx + 1);
                tokens = n;
            }
        }
    }
    runs
}

/// A micro-batch as the model wants it.
pub(crate) struct Micro {
    pub(crate) packed: Packed,
    /// The token to predict at each position; none within prompts.
    pub(crate) targets: Vec<u32>,
    /// For each row the positions that predict its completion.
    pub(crate) spans: Vec<Range<usize>>,
}

/// Packs prompt and completion of each row end to end.
pub(crate) fn pack(rows: &[Row]) -> Micro {
    let sequences: Vec<Vec<u32>> =
        rows.iter().map(|row| [&row.sample.prompt[..], &row.sample.tokens[..]].concat()).collect();
    let packed = Packed::new(&sequences);
    let mut targets = vec![NO_TARGET; packed.tokens.len()];
    let mut spans = Vec::with_capacity(rows.len());
    for (row, range) in rows.iter().zip(packed.ranges()) {
        let start = range.start + row.sample.prompt.len() - 1;
        let span = start..start + row.sample.tokens.len();
        targets[span.clone()].copy_from_slice(&row.sample.tokens);
        spans.push(span);
    }
    Micro { packed, targets, spans }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use quaero_types::{Finish, Kind, Role, Sample, TaskRole};

    use super::*;

    fn row(prompt: &[u32], tokens: &[u32], temperature: f32) -> Row {
        Row {
            task_role: TaskRole { role: Role::Solve, kind: Kind::new("f", "k") },
            group: 0,
            sample: Sample {
                prompt: Arc::from(prompt),
                tokens: tokens.to_vec(),
                logp: vec![0.0; tokens.len()],
                temperature,
                text: String::new(),
                finish: Finish::Stop,
            },
            reward: 0.0,
            advantage: 0.0,
            weight: 1.0,
        }
    }

    #[test]
    fn only_completions_have_targets() {
        let micro = pack(&[row(&[5, 6, 7], &[8, 9], 1.0), row(&[1], &[2], 1.0)]);
        let no = NO_TARGET;
        assert_eq!(micro.packed.tokens, [5, 6, 7, 8, 9, 1, 2]);
        assert_eq!(micro.targets, [no, no, 8, 9, no, 2, no]);
        assert_eq!(micro.spans, [2..4, 5..6]);
    }

    #[test]
    fn runs_keep_order_size_and_temperature() {
        let rows = [
            row(&[1; 3], &[1; 2], 1.0),
            row(&[1; 3], &[1; 2], 1.0),
            row(&[1; 3], &[1; 2], 0.5),
            row(&[1; 30], &[1; 2], 0.5),
            row(&[1; 1], &[1; 1], 0.5),
        ];
        assert_eq!(cut(&rows, 10), [0..2, 2..3, 3..4, 4..5]);
        assert_eq!(cut(&rows, 1), [0..1, 1..2, 2..3, 3..4, 4..5]);
        assert!(cut(&[], 10).is_empty());
    }
}
