//! Values with a unit that the grammar would take for variables: `60 \frac{km}{h}`, `5 \Omega`,
//! `9.8 m⋅s⁻²`.

use super::cursor::Parser;
use crate::node::Node;
use crate::token::{Tok, Token};
use crate::units;

/// Most tokens of a text that is looked at.
const TOKENS_MAX: usize = 60;

/// Where the unit at the end begins and what it is, if all from there on is one.
pub(super) fn unit_at_end(tokens: &[Token]) -> Option<(usize, String)> {
    if tokens.len() > TOKENS_MAX || tokens.len() < 2 || !names_unit(tokens) {
        return None;
    }
    let ends_value = |tok: &Tok| {
        matches!(tok, Tok::Num(_) | Tok::Sym(')' | '}' | '!')) || matches!(tok, Tok::Cmd("pi"))
    };
    (1..tokens.len()).filter(|at| ends_value(&tokens[at - 1].tok)).find_map(|at| {
        let mut reader = Reader { tokens: &tokens[at..], at: 0, parts: Vec::new() };
        reader.product(1, 0)?;
        let whole = reader.at == reader.tokens.len() && !reader.parts.is_empty();
        let plain = reader.parts.iter().any(|(name, _)| name.chars().count() > 1)
            || tokens[at].spaced
            || speed(&reader.parts);
        if !whole || !plain {
            return None;
        }
        let unit: Vec<String> =
            reader.parts.iter().map(|(name, power)| format!("{name}^{power}")).collect();
        Some((at, unit.join("*")))
    })
}

/// Metres or kilometres by a time: letters that no formula would leave so.
fn speed(parts: &[(String, i32)]) -> bool {
    matches!(parts, [(a, 1), (b, -2..=-1)] if a == "m" && b == "s")
}

/// Cheaply: whether the last name is a unit.
fn names_unit(tokens: &[Token]) -> bool {
    let name = tokens.iter().rev().find_map(|token| match &token.tok {
        Tok::Var(name) | Tok::Word(name) => Some(name),
        _ => None,
    });
    name.is_some_and(|name| known(name).is_some())
}

fn known(name: &str) -> Option<String> {
    match name {
        "Omega" => Some("ohm".to_owned()),
        "C" | "F" | "t" | "l" => None,
        name => units::is_known(name).then(|| name.to_owned()),
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    /// Names and their powers.
    parts: Vec<(String, i32)>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Tok> {
        self.tokens.get(self.at).map(|token| &token.tok)
    }

    fn eat(&mut self, c: char) -> bool {
        let there = self.peek() == Some(&Tok::Sym(c));
        self.at += usize::from(there);
        there
    }

    /// Factors, each to `sign` times its power; what follows a `/` is below.
    fn product(&mut self, sign: i32, depth: u32) -> Option<()> {
        let mut sign = sign;
        loop {
            self.factor(sign, depth)?;
            if self.eat('/') {
                sign = -sign;
            } else if !self.eat('*') && !matches!(self.peek(), Some(Tok::Var(_) | Tok::Word(_))) {
                return Some(());
            }
        }
    }

    fn factor(&mut self, sign: i32, depth: u32) -> Option<()> {
        if depth > 3 {
            return None;
        }
        match self.peek()?.clone() {
            Tok::Sym('(') => {
                self.at += 1;
                self.product(sign, depth + 1)?;
                self.eat(')').then_some(())
            }
            Tok::Cmd("frac") => {
                self.at += 1;
                for sign in [sign, -sign] {
                    self.eat('{').then_some(())?;
                    self.product(sign, depth + 1)?;
                    self.eat('}').then_some(())?;
                }
                Some(())
            }
            Tok::Var(name) | Tok::Word(name) => {
                self.at += 1;
                let name = match self.joined(&name) {
                    Some(name) => name,
                    None => self.prefixed(name)?,
                };
                let power = self.power()?;
                self.parts.push((name, sign * power));
                Some(())
            }
            _ => None,
        }
    }

    /// Letters without space between them that are a unit together: `km`.
    fn joined(&mut self, first: &str) -> Option<String> {
        let mut name = first.to_owned();
        let mut end = self.at;
        while let Some(Token { tok: Tok::Var(letter), spaced: false }) = self.tokens.get(end) {
            name.push_str(letter);
            end += 1;
        }
        let found = (end > self.at && name.len() <= 3 && units::is_known(&name)).then_some(name)?;
        self.at = end;
        Some(found)
    }

    /// The unit, with the prefix µ where that stands before it.
    fn prefixed(&mut self, name: String) -> Option<String> {
        if name == "mu"
            && let Some(Tok::Var(unit) | Tok::Word(unit)) = self.peek()
        {
            let unit = format!("µ{unit}");
            self.at += 1;
            return Some(unit);
        }
        if matches!(name.as_str(), "k" | "M" | "m" | "G")
            && self.peek() == Some(&Tok::Var("Omega".to_owned()))
        {
            self.at += 1;
            return Some(format!("{name}ohm"));
        }
        known(&name)
    }

    fn power(&mut self) -> Option<i32> {
        if !self.eat('^') {
            return Some(1);
        }
        let braced = self.eat('{');
        let negative = self.eat('-');
        let Some(Tok::Num(digits)) = self.peek() else { return None };
        let power: i32 = digits.parse().ok().filter(|power| (1..=9).contains(power))?;
        self.at += 1;
        if braced && !self.eat('}') {
            return None;
        }
        Some(if negative { -power } else { power })
    }
}

/// The value before a unit, with it.
pub(super) fn measured(tokens: &[Token]) -> Option<Node> {
    let (at, unit) = unit_at_end(tokens)?;
    let mut parser = Parser::new(tokens[..at].to_vec());
    let value = parser.sum().ok()?;
    (parser.at == parser.tokens.len()).then(|| Node::Quantity(Box::new(value), unit))
}
