//! Rows to packed micro-batches.

use std::ops::Range;
use std::sync::Arc;

use quaero_model::{NO_TARGET, Packed};
use quaero_types::Row;

/// Whether `row` reads the prompt that the row before it has read.
pub(crate) fn goes_on(before: &Row, row: &Row) -> bool {
    let (before, row) = (&before.sample.prompt, &row.sample.prompt);
    Arc::ptr_eq(before, row) || before == row
}

/// Cuts `rows` into runs of at most `tokens_max` tokens (a longer row stands alone) and of one
/// sampling temperature. Neighbours with the same prompt share it. The order of rows is kept, so
/// sums do not depend on anything else.
pub(crate) fn cut(rows: &[&Row], tokens_max: usize) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut tokens = 0;
    for (idx, row) in rows.iter().enumerate() {
        let (n_prompt, n) = (row.sample.prompt.len() - 1, row.sample.tokens.len());
        let shares = idx > 0 && goes_on(rows[idx - 1], row);
        let more = if shares { n } else { n_prompt + n };
        match runs.last_mut() {
            Some(run)
                if tokens + more <= tokens_max
                    && rows[run.start].sample.temperature == row.sample.temperature =>
            {
                run.end = idx + 1;
                tokens += more;
            }
            _ => {
                runs.push(idx..idx + 1);
                tokens = n_prompt + n;
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

/// Packs rows end to end. A prompt up to its last token stands once for all neighbours that read
/// it; each of them goes on with the last token, which predicts the first of its completion, and
/// with the completion up to the token before its last.
pub(crate) fn pack(rows: &[&Row]) -> Micro {
    let (mut packed, mut targets) = (Packed::default(), Vec::new());
    let mut spans = Vec::with_capacity(rows.len());
    for (idx, row) in rows.iter().enumerate() {
        let sample = &row.sample;
        let (last, prefix) = sample.prompt.split_last().expect("the engine read a prompt");
        if idx == 0 || !goes_on(rows[idx - 1], row) {
            packed.push(prefix);
            targets.resize(packed.tokens.len(), NO_TARGET);
        }
        let read = std::iter::once(last).chain(&sample.tokens).take(sample.tokens.len());
        packed.push_branch(&read.copied().collect::<Vec<u32>>());
        targets.extend_from_slice(&sample.tokens);
        spans.push(targets.len() - sample.tokens.len()..targets.len());
    }
    Micro { packed, targets, spans }
}

#[cfg(test)]
pub(crate) mod tests {
    use quaero_types::{Finish, Kind, Role, Sample, TaskRole};

    use super::*;

    pub(crate) fn row(prompt: &[u32], tokens: &[u32], temperature: f32) -> Row {
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
        let rows = [
            row(&[5, 6, 7], &[8, 9], 1.0),
            row(&[5, 6, 7], &[], 1.0),
            row(&[5, 6, 7], &[4, 3, 2], 1.0),
            row(&[1], &[2], 1.0),
        ];
        let micro = pack(&rows.each_ref());
        let no = NO_TARGET;
        assert_eq!(micro.packed.tokens, [5, 6, 7, 8, 7, 4, 3, 1]);
        assert_eq!(micro.targets, [no, no, 8, 9, 4, 3, 2, 2]);
        assert_eq!(micro.spans, [2..4, 4..4, 4..7, 7..8]);
        let pieces = micro.packed.pieces.iter().map(|piece| (piece.len, piece.is_branch));
        let want = [(2, false), (2, true), (0, true), (3, true), (0, false), (1, true)];
        assert_eq!(pieces.collect::<Vec<_>>(), want);
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
        // Two rows of one prompt: 2 + 2 + 2 tokens.
        assert_eq!(cut(&rows.each_ref(), 6), [0..2, 2..3, 3..4, 4..5]);
        assert_eq!(cut(&rows.each_ref(), 5), [0..1, 1..2, 2..3, 3..4, 4..5]);
        assert_eq!(cut(&rows.each_ref(), 1), [0..1, 1..2, 2..3, 3..4, 4..5]);
        assert!(cut(&[], 10).is_empty());
    }
}
