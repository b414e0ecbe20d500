//! Names that are more than a letter: of figures and angles, of probabilities, of functions.

use super::cursor::Parser;
use crate::node::{Node, Rel};
use crate::token::Tok;

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

    /// After the letter `name`, where a whole answer begins with it: a probability or the like, as
    /// in `P(A) = 1/2`, or a function, as in `p(x) = x + 1` and `u(x, t) = xt`.
    pub(super) fn measure(&mut self, name: &str) -> Option<Node> {
        if self.at != 1 || self.peek() != Some(&Tok::Sym('(')) {
            return None;
        }
        let mut of = Vec::new();
        let mut at = 1;
        loop {
            match self.peek_at(at)? {
                Tok::Var(name) | Tok::Num(name) => of.push(name.clone()),
                _ => return None,
            }
            at += 2;
            match self.peek_at(at - 1)? {
                Tok::Sym(',') if of.len() < 4 => {}
                Tok::Sym(')') => break,
                _ => return None,
            }
        }
        if self.peek_at(at) != Some(&Tok::Rel(Rel::Eq)) {
            return None;
        }
        let variable = |of: &String| of.starts_with(|c: char| c.is_ascii_lowercase());
        let large = name.starts_with(|c: char| c.is_ascii_uppercase());
        if of.iter().all(variable) {
            self.at += at;
            let parameters = of.into_iter().map(Node::Var).collect();
            return Some(Node::Apply(name.to_owned(), parameters));
        }
        if !large || of.len() > 1 {
            return None;
        }
        self.at += at;
        Some(Node::Var(format!("{name}({})", of[0])))
    }
}
