//! How often each answer was given, kept in memory: read from the file when a kind is first asked
//! about, and told of every task that comes after. So what a step asks does not cost more the
//! longer a run has been going. Knows no file.

use std::collections::BTreeMap;

/// BLAKE3 of an answer: answers may be long, and nobody reads them here.
type Digest = [u8; 32];

/// The answers (secret halves) of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answers {
    n_tasks: usize,
    counts: BTreeMap<Digest, usize>,
}

impl Answers {
    pub(crate) fn add(&mut self, answer: &str, n: usize) {
        self.n_tasks += n;
        *self.counts.entry(digest(answer)).or_default() += n;
    }

    /// 1 less the share of `answer`; 1 where there is no answer at all.
    pub(crate) fn diversity(&self, answer: &str) -> f64 {
        let same = self.counts.get(&digest(answer)).copied().unwrap_or(0);
        1.0 - same as f64 / self.n_tasks.max(1) as f64
    }
}

fn digest(answer: &str) -> Digest {
    *blake3::hash(answer.as_bytes()).as_bytes()
}
