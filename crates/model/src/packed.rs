//! Token sequences laid end to end, the form in which training sees them.

/// Marks a row that has no target: its log-probability and entropy are not computed and read 0.
pub const NO_TARGET: u32 = u32::MAX;

/// Sequences of tokens end to end. Positions restart at 0 in each; attention never crosses.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Packed {
    /// The tokens of all sequences, `R` in all.
    pub tokens: Vec<u32>,
    /// Where each sequence starts, and `R` at the end: sequence `i` is
    /// `tokens[cu_seqlens[i]..cu_seqlens[i + 1]]`.
    pub cu_seqlens: Vec<usize>,
}

impl Packed {
    /// Packs `sequences` in order. Empty ones are kept, as empty.
    pub fn new<S: AsRef<[u32]>>(sequences: impl IntoIterator<Item = S>) -> Self {
        let mut packed = Self { tokens: Vec::new(), cu_seqlens: vec![0] };
        for sequence in sequences {
            packed.tokens.extend_from_slice(sequence.as_ref());
            packed.cu_seqlens.push(packed.tokens.len());
        }
        packed
    }

    /// The ranges of rows of the sequences, in order.
    pub fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.cu_seqlens.windows(2).map(|pair| pair[0]..pair[1])
    }

    /// For each row the token after it in its sequence; [`NO_TARGET`] on each last row.
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
