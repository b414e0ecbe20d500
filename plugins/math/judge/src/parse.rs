//! Tokens to a tree, by recursive descent.
//!
//! Loosest first: `or`, commas and `and`, relations, set operations, sums, products (also by
//! juxtaposition), powers and what follows an atom. Forgiving where people are careless (`\frac12`,
//! a bracket that is never closed), strict where a guess could make two answers of one: words that
//! are no unit, or tokens left over, make the text unreadable. Knows nothing of equality.

mod atom;
mod form;
mod label;
mod value;

use num_bigint::BigInt;

use crate::Rat;
use crate::node::{Fun, Named, Node, Rel};
use crate::token::{Tok, Token, Unreadable, tokens};
use value::magnitude;

/// Deepest nesting.
const DEPTH_MAX: usize = 60;
/// Most operators in a row that nest to the left (`a/b/c`, `x!!!`).
const ROW_MAX: usize = 40;

/// Reads `text` whole.
pub(crate) fn parse(text: &str, thousands: bool) -> Result<Node, Unreadable> {
    let mut tokens = tokens(text, thousands)?;
    if tokens.first().is_some_and(|token| token.tok == Tok::Rel(Rel::About)) {
        tokens.remove(0); // ≈ 3.14
    }
    if tokens.is_empty() {
        return Err(Unreadable("empty"));
    }
    label::rename_bound(&mut tokens);
    let mut parser = Parser { tokens, at: 0, depth: 0, n_bars: 0, in_head: false, in_rows: 0 };
    let node = parser.statement()?;
    match parser.at == parser.tokens.len() {
        true => Ok(node),
        false => Err(Unreadable("something is left over")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// Absolute values whose second bar has not come.
    n_bars: usize,
    /// Before the bar of a set described by a condition.
    in_head: bool,
    /// Within rows of an environment.
    in_rows: usize,
}

type Parsed = Result<Node, Unreadable>;

impl Parser {
    fn peek(&self) -> Option<&Tok> {
        self.tokens.get(self.at).map(|token| &token.tok)
    }

    fn peek_at(&self, ahead: usize) -> Option<&Tok> {
        self.tokens.get(self.at + ahead).map(|token| &token.tok)
    }

    fn eat(&mut self, tok: &Tok) -> bool {
        let there = self.peek() == Some(tok);
        self.at += usize::from(there);
        there
    }

    fn eat_sym(&mut self, c: char) -> bool {
        self.eat(&Tok::Sym(c))
    }

    fn eat_cmd(&mut self, name: &'static str) -> bool {
        self.eat(&Tok::Cmd(name))
    }

    /// A closing token, or the end of the text where it was forgotten.
    fn close(&mut self, tok: &Tok) -> Result<(), Unreadable> {
        match self.eat(tok) || self.at == self.tokens.len() {
            true => Ok(()),
            false => Err(Unreadable("a bracket is not closed")),
        }
    }

    fn deeper<T>(
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
    fn within<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<T, Unreadable> {
        let saved = (self.n_bars, self.in_head, self.in_rows);
        (self.n_bars, self.in_head, self.in_rows) = (0, false, 0);
        let result = self.deeper(parse);
        (self.n_bars, self.in_head, self.in_rows) = saved;
        result
    }

    fn statement(&mut self) -> Parsed {
        let first = self.commas()?;
        if self.peek() != Some(&Tok::Cmd("or")) {
            return Ok(first);
        }
        let mut parts = Vec::new();
        let mut flatten = |node| match node {
            Node::List(items) => parts.extend(items),
            other => parts.push(other),
        };
        flatten(first);
        while self.eat_cmd("or") {
            flatten(self.commas()?);
        }
        Ok(Node::Or(parts))
    }

    fn commas(&mut self) -> Parsed {
        let mut items = vec![self.clause()?];
        let (mut n_separators, mut n_ands) = (0, 0);
        loop {
            let row = self.in_rows == 0 && self.peek() == Some(&Tok::Cmd("row"));
            let and = self.peek() == Some(&Tok::Cmd("and"));
            if !(row || and || matches!(self.peek(), Some(Tok::Sym(',' | ';')))) {
                break;
            }
            self.at += 1;
            let and = self.eat_cmd("and") || and;
            if self.ends() || self.peek() == Some(&Tok::Cmd("or")) {
                break;
            }
            n_separators += 1;
            n_ands += usize::from(and);
            items.push(self.clause()?);
        }
        if items.len() == 1 {
            return Ok(items.remove(0));
        }
        let related =
            |item: &Node| matches!(item, Node::Chain(..) | Node::Member(..) | Node::And(_));
        match n_ands == n_separators && items.iter().all(related) {
            true => Ok(Node::And(items)),
            false => Ok(Node::List(items)),
        }
    }

    /// Whether nothing but a closing token follows.
    fn ends(&self) -> bool {
        matches!(
            self.peek(),
            None | Some(
                Tok::Sym(')' | ']' | '}' | '&')
                    | Tok::End(_)
                    | Tok::Cmd("}" | "row" | "abs)" | "floor)" | "ceil)")
            )
        )
    }

    fn clause(&mut self) -> Parsed {
        let mut parts = vec![self.set_expression()?];
        let mut relations = Vec::new();
        while let Some(&Tok::Rel(relation)) = self.peek() {
            self.at += 1;
            relations.push(relation);
            parts.push(self.set_expression()?);
        }
        let single = parts.len() == 1;
        let mut node = match single {
            true => parts.remove(0),
            false => Node::Chain(parts, relations),
        };
        if self.eat_cmd("in") {
            node = Node::Member(Box::new(node), Box::new(self.set_expression()?));
        } else if self.eat_cmd("notin") {
            let set = self.set_expression()?;
            let rest = Node::Without(Box::new(Node::Named(Named::Reals)), Box::new(set));
            node = Node::Member(Box::new(node), Box::new(rest));
        } else if single && !self.in_head && self.peek() == Some(&Tok::Sym(':')) {
            let mut parts = vec![node];
            while self.eat_sym(':') {
                parts.push(self.sum()?);
            }
            node = Node::Ratio(parts);
        }
        if self.eat_cmd("pmod") {
            let modulus = self.argument()?;
            node = Node::Apply("pmod".to_owned(), vec![node, modulus]);
        }
        Ok(node)
    }

    fn set_expression(&mut self) -> Parsed {
        let mut node = self.sum()?;
        let mut n_rows = 0;
        loop {
            n_rows = in_row(n_rows, &node)?;
            if self.eat_cmd("cup") {
                let right = self.sum()?;
                node = match node {
                    Node::Union(mut parts) => {
                        parts.push(right);
                        Node::Union(parts)
                    }
                    left => Node::Union(vec![left, right]),
                };
            } else if self.eat_cmd("cap") {
                node = Node::Intersection(vec![node, self.sum()?]);
            } else if self.eat_cmd("setminus") {
                node = Node::Without(Box::new(node), Box::new(self.sum()?));
            } else {
                return Ok(node);
            }
        }
    }

    fn sum(&mut self) -> Parsed {
        self.deeper(Self::sum_inside)
    }

    fn sum_inside(&mut self) -> Parsed {
        let mut terms = Vec::new();
        loop {
            let sign = self.peek().cloned();
            let signed = matches!(sign, Some(Tok::Sym('+' | '-')) | Some(Tok::Cmd("pm" | "mp")));
            if !signed && !terms.is_empty() {
                break;
            }
            self.at += usize::from(signed);
            let after_set = matches!(terms.last(), Some(Node::Named(_) | Node::Without(..)));
            let set_follows = matches!(self.peek(), Some(Tok::Cmd("{") | Tok::Named(_)));
            let term = self.term()?;
            if sign == Some(Tok::Sym('-'))
                && after_set
                && set_follows
                && let Some(all) = terms.pop()
            {
                // ℝ − {0}
                terms.push(Node::Without(Box::new(all), Box::new(term)));
                continue;
            }
            terms.push(match sign {
                Some(Tok::Sym('-')) => Node::neg(term),
                Some(Tok::Cmd("pm")) => Node::PlusMinus(Box::new(term), false),
                Some(Tok::Cmd("mp")) => Node::PlusMinus(Box::new(term), true),
                _ => term,
            });
        }
        let node = if terms.len() == 1 { terms.remove(0) } else { Node::Add(terms) };
        match self.peek() {
            Some(Tok::Word(_)) => {
                let quantity = self.unit(node)?;
                Ok(self.smaller_units(quantity))
            }
            _ => Ok(node),
        }
    }

    fn term(&mut self) -> Parsed {
        let literal = matches!(self.peek(), Some(Tok::Num(digits)) if is_digits(digits));
        let from = self.at;
        let mut node = self.factor()?;
        if literal
            && self.at == from + 1
            && let Some(part) = self.mixed_part()?
        {
            node = self.postfix(Node::Add(vec![node, part]))?;
        }
        let mut n_rows = 0;
        loop {
            n_rows = in_row(n_rows, &node)?;
            if self.eat_sym('*') {
                node = product(node, self.factor()?);
            } else if self.eat_sym('/') {
                node = Node::div(node, self.factor()?);
            } else if self.eat_cmd("mod") {
                node = Node::Call(Fun::Mod, vec![node, self.factor()?]);
            } else if let Some(&Tok::Cmd(name)) = self.peek()
                && let Some(zeros) = magnitude(name)
            {
                self.at += 1;
                node = product(node, Node::Num(Rat::from_integer(BigInt::from(10).pow(zeros))));
            } else if self.starts_atom() {
                node = product(node, self.power()?);
            } else {
                return Ok(node);
            }
        }
    }

    fn factor(&mut self) -> Parsed {
        if self.eat_sym('-') {
            return Ok(Node::neg(self.deeper(Self::factor)?));
        }
        if self.eat_sym('+') {
            return self.deeper(Self::factor);
        }
        self.power()
    }

    /// An atom with what follows it: factorials, powers, degrees, percent.
    fn power(&mut self) -> Parsed {
        let atom = self.atom()?;
        self.postfix(atom)
    }

    fn postfix(&mut self, mut node: Node) -> Parsed {
        let mut n_rows = 0;
        loop {
            n_rows = in_row(n_rows, &node)?;
            if self.eat_sym('!') {
                let double = self.eat_sym('!');
                let fun = if double { Fun::DoubleFactorial } else { Fun::Factorial };
                node = Node::Call(fun, vec![node]);
            } else if self.eat_sym('%') {
                node = Node::Percent(Box::new(node));
            } else if self.eat_sym('°') {
                node = self.degree(node);
            } else if self.eat_sym('^') {
                if self.eat_degree() {
                    node = self.degree(node);
                } else if self.eat_sym('\'') {
                    node = Node::Apply("'".to_owned(), vec![node]);
                } else if let Some(ordinal) = self.eat_ordinal() {
                    node = Node::Quantity(Box::new(node), ordinal);
                } else {
                    let exponent = self.exponent()?;
                    node = Node::pow(node, exponent);
                }
            } else if self.peek() == Some(&Tok::Sym('_')) && matches!(node, Node::Num(_)) {
                self.at += 1;
                let base = self.subscript()?;
                node = Node::Quantity(Box::new(node), format!("base {base}"));
            } else {
                return Ok(node);
            }
        }
    }

    fn eat_degree(&mut self) -> bool {
        let braced = self.peek() == Some(&Tok::Sym('{'));
        let skip = usize::from(braced);
        if self.peek_at(skip) != Some(&Tok::Sym('°')) {
            return false;
        }
        self.at += 1 + 2 * skip;
        true
    }

    /// The raised letters of `21^{st}`.
    fn eat_ordinal(&mut self) -> Option<String> {
        let skip = usize::from(self.peek() == Some(&Tok::Sym('{')));
        match self.peek_at(skip) {
            Some(Tok::Word(word)) if ["st", "nd", "rd", "th"].contains(&word.as_str()) => {
                let word = word.clone();
                self.at += 1 + 2 * skip;
                Some(word)
            }
            _ => None,
        }
    }

    fn degree(&mut self, node: Node) -> Node {
        let scale = match self.peek() {
            Some(Tok::Var(name) | Tok::Word(name)) if name == "C" || name == "F" => name.clone(),
            Some(Tok::Word(name)) if name == "Celsius" || name == "Fahrenheit" => {
                name[..1].to_owned()
            }
            _ => return Node::Degree(Box::new(node)),
        };
        self.at += 1;
        Node::Quantity(Box::new(node), format!("degree {scale}"))
    }

    fn exponent(&mut self) -> Parsed {
        self.deeper(|parser| {
            if parser.eat_sym('-') {
                return Ok(Node::neg(parser.exponent()?));
            }
            let base = parser.atom()?;
            match parser.eat_sym('^') {
                true => Ok(Node::pow(base, parser.exponent()?)),
                false => Ok(base),
            }
        })
    }

    fn starts_atom(&self) -> bool {
        match self.peek() {
            Some(Tok::Var(_) | Tok::Fun(_)) => true,
            Some(Tok::Sym('(' | '{')) => true,
            // `]1, 2[` ends in what elsewhere opens a bracket.
            Some(Tok::Sym('[')) => matches!(
                self.peek_at(1),
                Some(Tok::Num(_) | Tok::Var(_) | Tok::Sym('(' | '-') | Tok::Fun(_))
            ),
            // `3!7!`
            Some(Tok::Num(_)) => self.at > 0 && self.tokens[self.at - 1].tok == Tok::Sym('!'),
            Some(Tok::Sym('|')) => self.n_bars == 0 && !self.in_head,
            Some(Tok::Cmd(name)) => matches!(
                *name,
                "e" | "i"
                    | "pi"
                    | "frac"
                    | "sqrt"
                    | "cbrt"
                    | "binom"
                    | "log"
                    | "lg"
                    | "abs("
                    | "floor("
                    | "ceil("
                    | "sum"
                    | "prod"
                    | "mark"
                    | "infty"
            ),
            Some(Tok::Begin(_)) => true,
            _ => false,
        }
    }
}

/// Counts one more operator over `node`, unless its operands lie side by side.
fn in_row(n_rows: usize, node: &Node) -> Result<usize, Unreadable> {
    match node {
        Node::Mul(_) | Node::Union(_) => Ok(n_rows),
        _ if n_rows == ROW_MAX => Err(Unreadable("nested deeper than the limit")),
        _ => Ok(n_rows + 1),
    }
}

fn is_digits(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit())
}

/// `a · b`, flat.
fn product(a: Node, b: Node) -> Node {
    match a {
        Node::Mul(mut factors) => {
            factors.push(b);
            Node::Mul(factors)
        }
        a => Node::Mul(vec![a, b]),
    }
}

/// Whether a chain's relation is an equation or an order.
pub(crate) fn is_order(relation: Rel) -> bool {
    matches!(relation, Rel::Lt | Rel::Le | Rel::Gt | Rel::Ge)
}
