//! Notations of combinatorics: `C_{10}^3`, `{}^{10}C_3`, `10C3`, `A_n^k`, `P(10, 3)`.

use super::cursor::Parser;
use crate::node::{Fun, Node};
use crate::token::Tok;

/// What a letter counts.
fn counted(letter: &str, n: Node, k: Node) -> Node {
    if letter == "C" {
        return Node::Call(Fun::Binomial, vec![n, k]);
    }
    let factorial = |x: Node| Node::Call(Fun::Factorial, vec![x]);
    Node::div(factorial(n.clone()), factorial(Node::minus(n, k)))
}

/// Letters that count: combinations, and arrangements under three names.
fn counts(name: &str) -> bool {
    matches!(name, "C" | "A" | "P" | "V")
}

fn whole(node: &Node) -> Option<&crate::Rat> {
    match node {
        Node::Num(x) if x.is_integer() => Some(x),
        _ => None,
    }
}

impl Parser {
    /// After the letter `name`: `_{10}^3`, `^{10}_3` or `(10, 3)`.
    pub(super) fn combination(&mut self, name: &str) -> Option<Node> {
        if !counts(name) {
            return None;
        }
        let saved = self.at;
        let found = self.scripts(name).or_else(|| {
            self.at = saved;
            self.bracket_of_two(name)
        });
        if found.is_none() {
            self.at = saved;
        }
        found
    }

    fn scripts(&mut self, name: &str) -> Option<Node> {
        let below_first = self.peek() == Some(&Tok::Sym('_'));
        if !below_first && self.peek() != Some(&Tok::Sym('^')) {
            return None;
        }
        self.at += 1;
        let first = self.argument().ok()?;
        if !self.eat_sym(if below_first { '^' } else { '_' }) {
            return None;
        }
        let second = self.argument().ok()?;
        // The total comes first in either notation; of letters too.
        let (mut n, mut k) = (first, second);
        if !below_first && matches!((whole(&n), whole(&k)), (Some(a), Some(b)) if a < b) {
            std::mem::swap(&mut n, &mut k);
        }
        match (whole(&n), whole(&k)) {
            (Some(total), Some(part)) if total >= part => {}
            (None, _) if matches!((&n, &k), (Node::Var(a), Node::Var(b)) if a != b) => {}
            (None, Some(_)) if name == "C" && matches!(n, Node::Var(_)) => {}
            _ => return None,
        }
        Some(counted(name, n, k))
    }

    fn bracket_of_two(&mut self, name: &str) -> Option<Node> {
        if name == "V" || !self.eat_sym('(') {
            return None;
        }
        let Ok(Node::Tuple(mut parts)) = self.round() else { return None };
        if parts.len() != 2 || (name != "C" && !parts.iter().all(|part| whole(part).is_some())) {
            return None;
        }
        let k = parts.remove(1);
        Some(counted(name, parts.remove(0), k))
    }

    /// `{}_{10}C_3` and `^{10}C_3`, from the first script on.
    pub(super) fn prefixed(&mut self) -> Option<Node> {
        let saved = self.at;
        let found = self.prefixed_inside();
        if found.is_none() {
            self.at = saved;
        }
        found
    }

    fn prefixed_inside(&mut self) -> Option<Node> {
        self.peek().filter(|tok| matches!(tok, Tok::Sym('_' | '^')))?;
        self.at += 1;
        let n = self.argument().ok()?;
        let Some(Tok::Var(name) | Tok::Word(name)) = self.peek() else { return None };
        let name = name.clone();
        if !counts(&name) {
            return None;
        }
        self.at += 1;
        self.peek().filter(|tok| matches!(tok, Tok::Sym('_' | '^')))?;
        self.at += 1;
        let k = self.argument().ok()?;
        Some(counted(&name, n, k))
    }

    /// `10C3` after its first number.
    pub(super) fn inline_combination(&mut self, n: &Node) -> Option<Node> {
        whole(n)?;
        let (Some(Tok::Var(name)), Some(Tok::Num(k))) = (self.peek(), self.peek_at(1)) else {
            return None;
        };
        if !matches!(name.as_str(), "C" | "P") || self.tokens[self.at + 1].spaced {
            return None;
        }
        let k = super::value::number(k);
        whole(&k)?;
        let found = counted(name, n.clone(), k);
        self.at += 2;
        Some(found)
    }
}
