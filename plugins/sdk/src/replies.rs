//! Replies in a word.

use crate::{Rejection, Reply, Status, Verdict};

impl Reply {
    /// The answer is right. `format` says whether the completion kept the demanded form.
    #[must_use]
    pub fn right(format: bool) -> Self {
        Self::judged(1.0, Status::Ok, "", format)
    }

    /// The answer could be read and is wrong.
    #[must_use]
    pub fn wrong(reason: impl Into<String>, format: bool) -> Self {
        Self::judged(0.0, Status::Wrong, reason, format)
    }

    /// There is no answer to be read.
    #[must_use]
    pub fn unparsable(reason: impl Into<String>) -> Self {
        Self::judged(0.0, Status::Unparsable, reason, false)
    }

    /// The proposal is no task. `cause` is a stable short name, the same for the same mistake:
    /// rejections are counted by it.
    #[must_use]
    pub fn reject(cause: &str, detail: impl Into<String>) -> Self {
        Self::Rejected(Rejection { cause: cause.to_owned(), detail: detail.into() })
    }

    /// A verdict with all its parts; `score` lies in [0, 1].
    #[must_use]
    pub fn judged(score: f32, status: Status, reason: impl Into<String>, format: bool) -> Self {
        Self::Verdict(Verdict { score, status, reason: reason.into(), format })
    }

    /// What a golden case's `expect` is compared with: `task`, `rejected:<cause>`, a status,
    /// `observation` or `fault`.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Observation(_) => "observation",
            Self::Proposed(_) => "task",
            Self::Rejected(rejection) => return format!("rejected:{}", rejection.cause),
            Self::Verdict(verdict) => match verdict.status {
                Status::Ok => "ok",
                Status::Wrong => "wrong",
                Status::Unparsable => "unparsable",
                Status::Timeout => "timeout",
                Status::Crashed => "crashed",
                Status::Fault => "fault",
            },
            Self::Fault(_) => "fault",
        }
        .to_owned()
    }
}
