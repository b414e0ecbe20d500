//! Benchmarks that people compare models by, from files in their published formats: the prompt, where
//! an answer ends, how long it may be, and what is right, each as its authors have it.
//!
//! Answers to programs run in the sandbox's interpreter, never natively; mathematical ones go to the
//! family `math`. Knows no chat template: prompts are to be continued.
//!
//! # Layout
//! `items` a file to prompts → `write` prompts to texts, ended where the benchmark says → `judge` texts
//! to verdicts → `pass_at` the estimate of pass@k.

mod items;
mod judge;
mod pass_at;
mod write;

pub use items::Item;
pub use judge::judge;
pub use pass_at::pass_at;
pub use write::{SamplingParams, Text, write};

/// A benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Benchmark {
    /// HumanEval, and HumanEval+ in the same format (`prompt`, `test`, `entry_point`).
    HumanEval,
    /// MBPP (`text` or `prompt`, `test_list`); tasks 2, 3 and 4 of the file are the examples.
    Mbpp,
    /// CRUXEval, what goes in (`code`, `output`).
    CruxevalInput,
    /// CRUXEval, what comes out (`code`, `input`, `output`).
    CruxevalOutput,
    /// GSM8K (`question`, `answer` that ends in `#### 42`).
    Gsm8k,
    /// MATH-500, and any file of `problem` and `answer`: AIME, AMC.
    Math,
}

impl Benchmark {
    /// All of them by name.
    pub const ALL: [(&str, Self); 7] = [
        ("humaneval", Self::HumanEval),
        ("mbpp", Self::Mbpp),
        ("cruxeval-i", Self::CruxevalInput),
        ("cruxeval-o", Self::CruxevalOutput),
        ("gsm8k", Self::Gsm8k),
        ("math500", Self::Math),
        ("math", Self::Math),
    ];

    /// The benchmark called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, benchmark)| *benchmark)
    }

    /// An answer ends before the first of these.
    #[must_use]
    pub fn stops(self) -> &'static [&'static str] {
        match self {
            // Chen et al. 2021, section 2.1.
            Self::HumanEval => &["\nclass", "\ndef", "\n#", "\nif", "\nprint"],
            Self::Mbpp => &["[DONE]"],
            Self::CruxevalInput | Self::CruxevalOutput => &["[/ANSWER]"],
            Self::Gsm8k => &["Q:"],
            Self::Math => &["Problem:"],
        }
    }

    /// Most tokens of an answer.
    #[must_use]
    pub fn tokens_max(self) -> usize {
        match self {
            Self::CruxevalInput | Self::CruxevalOutput => 256,
            Self::HumanEval | Self::Mbpp | Self::Gsm8k => 512,
            Self::Math => 1024,
        }
    }
}

#[cfg(test)]
mod tests;
