//! Replies made of bytes: what a fuzzer sends is read as choices, so that it reaches every corner
//! of the contract, broken or not.

use quaero_sdk::bindings::quaero::family::vocabulary::{
    Metric, Proposed, Rejection, Reply, Status, Verdict,
};

/// Bytes that are used up one by one, then zeros.
struct Choices<I>(I);

impl<I: Iterator<Item = u8>> Choices<I> {
    fn byte(&mut self) -> u8 {
        self.0.next().unwrap_or(0)
    }

    fn word(&mut self) -> u32 {
        u32::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    fn text(&mut self) -> String {
        const TEXTS: [&str; 12] = [
            "",
            "{}",
            "{\"a\":1}",
            "[",
            "null",
            "ok",
            "a b",
            "\0",
            "\u{202e}",
            "x/y.z",
            "1e999",
            "-",
        ];
        let text = TEXTS[usize::from(self.byte()) % TEXTS.len()];
        text.repeat(if self.byte() > 250 { 1 << 20 } else { 1 })
    }

    fn proposed(&mut self) -> Proposed {
        let metric = |n: u32| f64::from(f32::from_bits(n));
        let n_metrics = self.byte() % 4;
        Proposed {
            public: self.text(),
            secret: self.text(),
            key: self.text(),
            holdout_key: self.text(),
            format: self.byte() % 2 == 0,
            metrics: (0..n_metrics)
                .map(|_| Metric { name: self.text(), value: metric(self.word()) })
                .collect(),
        }
    }

    fn reply(&mut self) -> Reply {
        const STATUSES: [Status; 6] = [
            Status::Ok,
            Status::Wrong,
            Status::Unparsable,
            Status::Timeout,
            Status::Crashed,
            Status::Fault,
        ];
        match self.byte() % 5 {
            0 => Reply::Observation(self.text()),
            1 => Reply::Proposed(self.proposed()),
            2 => Reply::Rejected(Rejection { cause: self.text(), detail: self.text() }),
            3 => Reply::Fault(self.text()),
            _ => Reply::Verdict(Verdict {
                score: f32::from_bits(self.word()),
                status: STATUSES[usize::from(self.byte()) % STATUSES.len()],
                reason: self.text(),
                format: self.byte() % 2 == 0,
            }),
        }
    }
}

/// The replies that hexadecimal `digits` choose: mostly one, as the contract demands.
pub(crate) fn replies(digits: &str) -> Vec<Reply> {
    let pairs = digits.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    let mut choices = Choices(pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()));
    let n = match choices.byte() {
        0 => 0,
        1 => 2,
        _ => 1,
    };
    (0..n).map(|_| choices.reply()).collect()
}
