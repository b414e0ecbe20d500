//! Token sequences laid end to end, the form in which training sees them.

use quaero_ops::attention::Piece;

/// Marks a row that has no target: its log-probability and entropy are not computed and read 0.
pub const NO_TARGET: u32 = u32::MAX;

/// Sequences of tokens end to end. Positions restart at 0 in each; attention never crosses.
///
/// Sequences that begin alike may share the beginning: it stands once, and each goes on from it as
/// a *branch*. Positions of a branch go on, and its rows see the shared tokens and their own.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Packed {
    /// The tokens of all sequences, `R` in all.
    pub tokens: Vec<u32>,
    /// The runs that they consist of, in order.
    pub pieces: Vec<Piece>,
}

impl Packed {
    /// Packs `sequences` in order. Empty ones are kept, as empty.
    pub fn new<S: AsRef<[u32]>>(sequences: impl IntoIterator<Item = S>) -> Self {
        let mut packed = Self::default();
        for sequence in sequences {
            packed.push(sequence.as_ref());
        }
        packed
    }

    /// Appends a sequence.
    pub fn push(&mut self, tokens: &[u32]) {
        self.tokens.extend_from_slice(tokens);
        self.pieces.push(Piece { len: tokens.len(), is_branch: false });
    }

    /// Appends a branch of the last sequence that is none.
    ///
    /// # Panics
    /// If there is no sequence yet.
    pub fn push_branch(&mut self, tokens: &[u32]) {
        assert!(!self.pieces.is_empty(), "a branch needs a sequence to go on from");
        self.tokens.extend_from_slice(tokens);
        self.pieces.push(Piece { len: tokens.len(), is_branch: true });
    }

    /// For each piece the length of what it goes on from: 0 unless it is a branch.
    pub fn prefix_lens(&self) -> impl Iterator<Item = usize> {
        self.pieces.iter().scan(0, |root, piece| {
            if !piece.is_branch {
                *root = piece.len;
            }
            Some(if piece.is_branch { *root } else { 0 })
        })
    }

    /// The ranges of rows of the pieces, in order.
    pub fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.pieces.iter().scan(0, |end, piece| {
            let start = *end;
            *end += piece.len;
            Some(start..*end)
        })
    }

    /// For each row the token after it in its piece; [`NO_TARGET`] on each last row.
    #[must_use]
    pub fn next_tokens(&self) -> Vec<u32> {
        let mut targets = vec![NO_TARGET; self.tokens.len()];
        for range in self.ranges().filter(|range| !range.is_empty()) {
            let last = range.end - 1;
            targets[range.start..last].copy_from_slice(&self.tokens[range.start + 1..=last]);
        }
        targets
    }
}
