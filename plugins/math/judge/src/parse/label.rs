//! Names that are more than a letter: of figures and angles, of probabilities, and of the integers
//! that a family of values runs over.

use super::Parser;
use crate::node::{Named, Node, Rel};
use crate::token::{Tok, Token};

impl Parser {
    /// After the word `word`: the name of a figure before an equals sign, as in `AB = 5`,
    /// `\angle ABC = 30°` or `[ABC] = 6`. Elsewhere it is prose.
    pub(super) fn figure(&mut self, word: &str) -> Option<Node> {
        let mut name = word.to_owned();
        let saved = self.at;
        if word == "angle" || word == "triangle" {
            match self.peek() {
                Some(Tok::Word(of) | Tok::Var(of)) => name = format!("{word} {of}"),
                _ => return None,
            }
            self.at += 1;
        } else if !(2..=4).contains(&word.len()) || !word.bytes().all(|b| b.is_ascii_uppercase()) {
            return None;
        }
        let closed = matches!(self.peek(), Some(Tok::Sym(']' | '|') | Tok::Cmd("abs)")));
        if self.peek_at(usize::from(closed)) == Some(&Tok::Rel(Rel::Eq)) {
            return Some(Node::Var(name));
        }
        self.at = saved;
        None
    }

    /// After the letter `name`: a probability or the like, as in `P(A) = 1/2`, where a whole answer
    /// begins with it.
    pub(super) fn measure(&mut self, name: &str) -> Option<Node> {
        let of = match (self.peek(), self.peek_at(1)) {
            (Some(Tok::Sym('(')), Some(Tok::Var(of) | Tok::Num(of))) => of.clone(),
            _ => return None,
        };
        let ends =
            self.peek_at(2) == Some(&Tok::Sym(')')) && self.peek_at(3) == Some(&Tok::Rel(Rel::Eq));
        if self.at != 1 || !ends || !name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return None;
        }
        self.at += 3;
        Some(Node::Var(format!("{name}({of})")))
    }
}

/// Calls the integer that a family of values runs over `k`, as in `nπ, n ∈ ℤ`.
pub(super) fn rename_bound(tokens: &mut [Token]) {
    let is_closing = |token: &Token| matches!(token.tok, Tok::Sym(')' | '}') | Tok::Cmd("}"));
    let n_tokens = tokens.iter().rposition(|token| !is_closing(token)).map_or(0, |last| last + 1);
    let Some(at) = n_tokens.checked_sub(3) else { return };
    let (Tok::Var(name), Tok::Cmd("in"), Tok::Named(Named::Integers)) =
        (&tokens[at].tok, &tokens[at + 1].tok, &tokens[at + 2].tok)
    else {
        return;
    };
    let (bound, k) = (Tok::Var(name.clone()), Tok::Var("k".to_owned()));
    let is_family = tokens[..at].iter().any(|token| token.tok == bound);
    if !is_family || tokens.iter().any(|token| token.tok == k) {
        return;
    }
    tokens.iter_mut().filter(|token| token.tok == bound).for_each(|token| token.tok = k.clone());
}
