//! Tokens to a tree, by precedence climbing.

use crate::error::Fault;
use crate::lex::{Token, What};

/// Levels of nesting that an expression may have.
pub(crate) const DEPTH_MAX: usize = 64;

/// Tokens that an expression may have: a chain of operators makes a tree as deep as it is long.
pub(crate) const TOKENS_MAX: usize = 1000;

/// A node and the column where it starts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) column: usize,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Number(f64),
    Truth(bool),
    Name(String),
    Call(String, Vec<Node>),
    Unary(&'static str, Box<Node>),
    Binary(&'static str, Box<[Node; 2]>),
    /// Condition, then, else.
    Choice(Box<[Node; 3]>),
}

/// How strongly a binary operator binds; all associate to the left.
fn strength(mark: &str) -> Option<u8> {
    Some(match mark {
        "||" => 1,
        "&&" => 2,
        "==" | "!=" | "<" | "<=" | ">" | ">=" => 3,
        "+" | "-" => 4,
        "*" | "/" | "%" => 5,
        _ => return None,
    })
}

/// The tree of `tokens`; or the column of a fault.
pub(crate) fn tree(tokens: &[Token]) -> Result<Node, (usize, Fault)> {
    if let Some(beyond) = tokens.get(TOKENS_MAX) {
        return Err((beyond.column, Fault::TooLong));
    }
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let node = parser.choice()?;
    match &parser.next().what {
        What::End => Ok(node),
        other => Err(parser.unexpected("an operator or the end", other)),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn next(&self) -> &'a Token {
        &self.tokens[self.at]
    }

    /// Takes `mark` if it comes next.
    fn take(&mut self, mark: &str) -> bool {
        let found = matches!(self.next().what, What::Mark(next) if next == mark);
        self.at += usize::from(found);
        found
    }

    fn demand(&mut self, mark: &str, expected: &'static str) -> Result<(), (usize, Fault)> {
        if self.take(mark) { Ok(()) } else { Err(self.unexpected(expected, &self.next().what)) }
    }

    fn unexpected(&self, expected: &'static str, got: &What) -> (usize, Fault) {
        (self.next().column, Fault::Unexpected { expected, got: got.shown() })
    }

    /// `c ? a : b`, which associates to the right, or what binds more strongly.
    fn choice(&mut self) -> Result<Node, (usize, Fault)> {
        let column = self.next().column;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err((column, Fault::TooDeep));
        }
        let mut node = self.binary(1)?;
        if self.take("?") {
            let yes = self.choice()?;
            self.demand(":", "`:`")?;
            let kind = Kind::Choice(Box::new([node, yes, self.choice()?]));
            node = Node { column, kind };
        }
        self.depth -= 1;
        Ok(node)
    }

    /// Operators of at least `least` strength.
    fn binary(&mut self, least: u8) -> Result<Node, (usize, Fault)> {
        let mut left = self.unary()?;
        while let What::Mark(mark) = self.next().what {
            let Some(found) = strength(mark).filter(|&found| found >= least) else { break };
            self.at += 1;
            let right = self.binary(found + 1)?;
            let column = left.column;
            left = Node { column, kind: Kind::Binary(mark, Box::new([left, right])) };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, (usize, Fault)> {
        let column = self.next().column;
        let mark = ["!", "-"].into_iter().find(|mark| self.take(mark));
        let Some(mark) = mark else { return self.primary() };
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err((column, Fault::TooDeep));
        }
        let operand = self.unary()?;
        self.depth -= 1;
        Ok(Node { column, kind: Kind::Unary(mark, Box::new(operand)) })
    }

    fn primary(&mut self) -> Result<Node, (usize, Fault)> {
        let Token { column, what } = self.next();
        let kind = match what {
            What::Number(number) => Kind::Number(*number),
            What::Name(name) if name == "true" || name == "false" => Kind::Truth(name == "true"),
            What::Name(name) => Kind::Name(name.clone()),
            What::Mark("(") => {
                self.at += 1;
                let inner = self.choice()?;
                self.demand(")", "`)`")?;
                return Ok(inner);
            }
            other => return Err(self.unexpected("a value", other)),
        };
        self.at += 1;
        let kind = match kind {
            Kind::Name(name) if self.take("(") => Kind::Call(name, self.arguments()?),
            kind => kind,
        };
        Ok(Node { column: *column, kind })
    }

    /// What stands between the parentheses of a call, up to the closing one.
    fn arguments(&mut self) -> Result<Vec<Node>, (usize, Fault)> {
        let mut arguments = Vec::new();
        if self.take(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.choice()?);
            if !self.take(",") {
                self.demand(")", "`,` or `)`")?;
                return Ok(arguments);
            }
        }
    }
}
