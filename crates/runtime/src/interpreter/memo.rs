//! What programs came to, remembered: self-play asks for the same (program, input) again and again.
//! Two generations bound it: a full young one becomes the old one, and what is asked for again
//! moves up. Knows only keys and outcomes; who remembers decides what is worth it.

use std::collections::BTreeMap;

use super::{Answer, Job, Outcome};

/// Digest of a whole job.
pub(super) type Digest = [u8; 32];

/// The digest of all that decides `job`'s outcome.
pub(super) fn digest(job: &Job) -> Digest {
    let mut hasher = blake3::Hasher::new();
    for number in [job.runs, job.value_bytes_max, job.deadline_ms] {
        hasher.update(&number.to_le_bytes());
    }
    for text in [&job.program, &job.entry].into_iter().chain(&job.calls) {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Remembered outcomes.
pub(super) struct Memo {
    young: Generation,
    old: Generation,
    n_max: usize,
    bytes_max: usize,
}

#[derive(Default)]
struct Generation {
    outcomes: BTreeMap<Digest, Outcome>,
    bytes: usize,
}

impl Memo {
    /// Remembers up to `n_max` outcomes of up to `bytes_max` together, about.
    pub(super) fn new(n_max: usize, bytes_max: usize) -> Self {
        Self { young: Generation::default(), old: Generation::default(), n_max, bytes_max }
    }

    /// What is known of the job `digest`.
    pub(super) fn get(&mut self, digest: &Digest) -> Option<Outcome> {
        if let Some(outcome) = self.young.outcomes.get(digest) {
            return Some(outcome.clone());
        }
        let outcome = self.old.outcomes.get(digest)?.clone();
        self.put(*digest, outcome.clone());
        Some(outcome)
    }

    /// Remembers `outcome`.
    pub(super) fn put(&mut self, digest: Digest, outcome: Outcome) {
        let bytes = size(&outcome);
        if 2 * bytes > self.bytes_max || self.n_max < 2 {
            return;
        }
        let full = 2 * (self.young.outcomes.len() + 1) > self.n_max
            || 2 * (self.young.bytes + bytes) > self.bytes_max;
        if full {
            self.old = std::mem::take(&mut self.young);
        }
        if self.young.outcomes.insert(digest, outcome).is_none() {
            self.young.bytes += bytes;
        }
    }
}

/// About how much memory an entry takes.
fn size(outcome: &Outcome) -> usize {
    let answer = |answer: &Answer| match answer {
        Answer::Value(text) | Answer::BadArguments(text) | Answer::NotPlain(text) => text.len(),
        Answer::Raised { class, message } => class.len() + message.len(),
        Answer::TooLarge | Answer::Nondeterministic => 0,
    };
    let texts = match outcome {
        Outcome::Done(answers) => answers.iter().map(|a| size_of::<Answer>() + answer(a)).sum(),
        Outcome::Syntax(text) | Outcome::Crashed(text) => text.len(),
        Outcome::LoadRaised { class, message } => class.len() + message.len(),
        Outcome::Timeout | Outcome::Memory | Outcome::Refused => 0,
    };
    size_of::<Digest>() + size_of::<Outcome>() + texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(n: usize) -> Outcome {
        Outcome::Syntax("x".repeat(n))
    }

    #[test]
    fn digests_tell_jobs_apart() {
        let job = |program: &str, entry: &str, calls: &[&str], runs| Job {
            program: program.into(),
            entry: entry.into(),
            calls: calls.iter().map(|&call| call.into()).collect(),
            runs,
            value_bytes_max: 1,
            deadline_ms: 1,
        };
        let jobs = [
            job("ab", "c", &["d"], 1),
            job("a", "bc", &["d"], 1),
            job("ab", "c", &["d"], 2),
            job("ab", "c", &["d", ""], 1),
            job("ab", "c", &["", "d"], 1),
            job("ab", "cd", &[], 1),
            Job { deadline_ms: 2, ..job("ab", "c", &["d"], 1) },
            Job { value_bytes_max: 2, ..job("ab", "c", &["d"], 1) },
        ];
        let digests: std::collections::BTreeSet<_> = jobs.iter().map(digest).collect();
        assert_eq!(digests.len(), jobs.len());
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_asked_for() {
        let mut memo = Memo::new(10, usize::MAX / 2);
        for n in 0..100_u8 {
            memo.put([n; 32], outcome(n.into()));
            assert_eq!(memo.get(&[0; 32]), Some(outcome(0)), "asked for each time, so kept");
            assert!(memo.young.outcomes.len() + memo.old.outcomes.len() <= 10);
        }
        assert_eq!(memo.get(&[99; 32]), Some(outcome(99)));
        assert_eq!(memo.get(&[50; 32]), None);
    }

    #[test]
    fn bytes_are_bounded() {
        let mut memo = Memo::new(1000, 10_000);
        memo.put([255; 32], outcome(9_000));
        assert_eq!(memo.get(&[255; 32]), None, "larger than a generation");
        for n in 0..50 {
            memo.put([n; 32], outcome(1000));
            assert!(memo.young.bytes + memo.old.bytes <= 10_000);
        }
        assert_eq!(memo.get(&[49; 32]), Some(outcome(1000)));
        let mut none = Memo::new(0, 10_000);
        none.put([1; 32], outcome(1));
        assert_eq!(none.get(&[1; 32]), None);
    }
}
