//! Where tokens stand: separators, brackets and parts of a range.

use std::ops::Range;

use super::Reader;
use crate::source::tokens::{Token, TokenKind};

impl Reader<'_, '_> {
    pub(super) fn is(&self, at: usize, text: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(text))
    }

    /// The first token of `range` at its own depth that is `wanted`, lambdas left out; its end if
    /// there is none.
    pub(super) fn find(&self, range: Range<usize>, wanted: impl Fn(&Token<'_>) -> bool) -> usize {
        let Some(first) = self.tokens.get(range.start).filter(|_| !range.is_empty()) else {
            return range.end;
        };
        let mut n_lambdas = 0;
        for at in range.clone() {
            let token = &self.tokens[at];
            let closes = matches!(token.text, ")" | "]" | "}") && token.kind == TokenKind::Op;
            if token.depth != first.depth || closes {
                continue;
            }
            let of_lambda = n_lambdas > 0 && (token.is(":") || token.is(",") || token.is("="));
            if of_lambda {
                n_lambdas -= usize::from(token.is(":"));
                continue;
            }
            if wanted(token) {
                return at;
            }
            n_lambdas += usize::from(token.is("lambda"));
        }
        range.end
    }

    /// The bracket that closes the one at `at`, or `end`.
    pub(super) fn closing(&self, at: usize, end: usize) -> usize {
        let depth = self.tokens[at].depth;
        let closes = |token: &Token<'_>| {
            token.depth == depth + 1
                && token.kind == TokenKind::Op
                && matches!(token.text, ")" | "]" | "}")
        };
        (at + 1..end).find(|&at| closes(&self.tokens[at])).unwrap_or(end)
    }

    /// The parts of `range` between separators at its own depth.
    pub(super) fn split(&self, range: Range<usize>, separator: &str) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let end = self.find(at..range.end, |token| token.is(separator));
            parts.push(at..end);
            at = end + 1;
        }
        parts
    }
}
