//! The place in the tokens where the parser stands, and steps from it.
//!
//! Knows no grammar.

use crate::node::Node;
use crate::token::{Tok, Token, Unreadable};

/// Deepest nesting.
const DEPTH_MAX: usize = 60;

pub(super) struct Parser {
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) depth: usize,
    /// Absolute values whose second bar has not come.
    pub(super) n_bars: usize,
    /// Before the bar of a set described by a condition.
    pub(super) in_head: bool,
    /// Within rows of an environment.
    pub(super) in_rows: usize,
}

pub(super) type Parsed = Result<Node, Unreadable>;

impl Parser {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, at: 0, depth: 0, n_bars: 0, in_head: false, in_rows: 0 }
    }

    pub(super) fn peek(&self) -> Option<&Tok> {
        self.tokens.get(self.at).map(|token| &token.tok)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<&Tok> {
        self.tokens.get(self.at + ahead).map(|token| &token.tok)
    }

    pub(super) fn eat(&mut self, tok: &Tok) -> bool {
        let there = self.peek() == Some(tok);
        self.at += usize::from(there);
        there
    }

    pub(super) fn eat_sym(&mut self, c: char) -> bool {
        self.eat(&Tok::Sym(c))
    }

    pub(super) fn eat_cmd(&mut self, name: &'static str) -> bool {
        self.eat(&Tok::Cmd(name))
    }

    /// A closing token, or the end of the text where it was forgotten.
    pub(super) fn close(&mut self, tok: &Tok) -> Result<(), Unreadable> {
        match self.eat(tok) || self.at == self.tokens.len() {
            true => Ok(()),
            false => Err(Unreadable("a bracket is not closed")),
        }
    }

    pub(super) fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<T, Unreadable> {
        if self.depth == DEPTH_MAX {
            return Err(Unreadable("nested deeper than the limit"));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// Within brackets bars and rows mean what they mean outside.
    pub(super) fn within<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<T, Unreadable> {
        let saved = (self.n_bars, self.in_head, self.in_rows);
        (self.n_bars, self.in_head, self.in_rows) = (0, false, 0);
        let result = self.deeper(parse);
        (self.n_bars, self.in_head, self.in_rows) = saved;
        result
    }
}

pub(super) fn is_digits(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit())
}

/// `a · b`, flat.
pub(super) fn product(a: Node, b: Node) -> Node {
    match a {
        Node::Mul(mut factors) => {
            factors.push(b);
            Node::Mul(factors)
        }
        a => Node::Mul(vec![a, b]),
    }
}
