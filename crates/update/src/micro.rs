//! Rows to packed micro-batches.

use std::ops::Range;

use quaero_model::{NO_TARGET, Packed};
use quaero_types::{Row, Trace};

/// Whether `row` reads the prompt that the row before it has read.
pub(crate) fn goes_on(before: &Row, row: &Row) -> bool {
    before.trace.prompt() == row.trace.prompt()
}

/// Cuts `rows` into runs of at most `tokens_max` tokens (a longer row stands alone) and of one
/// sampling temperature. Neighbours with the same prompt share it. The order of rows is kept, so
/// sums do not depend on anything else.
pub(crate) fn cut(rows: &[&Row], tokens_max: usize) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut tokens = 0;
    for (idx, row) in rows.iter().enumerate() {
        let (n_prompt, n) = (row.trace.prompt().len() - 1, row.trace.n_written());
        let shares = idx > 0 && goes_on(rows[idx - 1], row);
        let more = if shares { n } else { n_prompt + n };
        match runs.last_mut() {
            Some(run)
                if tokens + more <= tokens_max
                    && rows[run.start].trace.temperature == row.trace.temperature =>
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
        let (prompt, written) = one_turn(&row.trace);
        let (last, prefix) = prompt.split_last().expect("the engine read a prompt");
        if idx == 0 || !goes_on(rows[idx - 1], row) {
            packed.push(prefix);
            targets.resize(packed.tokens.len(), NO_TARGET);
        }
        let read = std::iter::once(last).chain(written).take(written.len());
        packed.push_branch(&read.copied().collect::<Vec<u32>>());
        targets.extend_from_slice(written);
        spans.push(targets.len() - written.len()..targets.len());
    }
    Micro { packed, targets, spans }
}

/// Prompt and completion of a trace of one turn.
fn one_turn(trace: &Trace) -> (&[u32], &[u32]) {
    assert_eq!(trace.written.len(), 1, "a row of several turns has no packing yet");
    trace.tokens.split_at(trace.written[0].start)
}

#[cfg(test)]
pub(crate) mod tests {
    use quaero_types::{Kind, Role, TaskRole};

    use super::*;

    pub(crate) fn row(prompt: &[u32], tokens: &[u32], temperature: f32) -> Row {
        Row {
            task_role: TaskRole { role: Role::Solve, kind: Kind::new("f", "k") },
            group: 0,
            trace: Trace {
                temperature,
                ..Trace::one_turn(prompt, tokens, vec![0.0; tokens.len()])
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
