//! Tokens to a tree, by recursive descent.
//!
//! Loosest first: `or`, commas and `and`, relations, set operations, sums, products (also by
//! juxtaposition), powers and what follows an atom. Forgiving where people are careless (`\frac12`,
//! a bracket that is never closed), strict where a guess could make two answers of one: words that
//! are no unit, or tokens left over, make the text unreadable. Knows nothing of equality.

mod atom;
mod class;
mod count;
mod cursor;
mod form;
mod label;
mod measure;
mod remark;
mod settle;
mod value;

use num_bigint::BigInt;

use crate::Rat;
use crate::node::{Fun, Named, Node, Rel, is_name};
use crate::token::{Tok, Token, Unreadable, tokens};
use cursor::{Parsed, Parser, is_digits, product};
use value::magnitude;

/// Most operators in a row that nest to the left (`a/b/c`, `x!!!`).
const ROW_MAX: usize = 40;

/// Reads `text` whole. A second tree is what the text says if the letters at its end are a unit.
pub(crate) fn parse(text: &str, thousands: bool) -> Result<(Node, Option<Node>), Unreadable> {
    let mut tokens = tokens(text, thousands)?;
    // `= 5`, `≈ 3.14`, `⇒ x = 5`, `∴ 5`
    let leads = |token: &Token| {
        matches!(&token.tok, Tok::Rel(Rel::About | Rel::Eq) | Tok::Cmd("to"))
            || matches!(&token.tok, Tok::Word(word) if word == "therefore" || word == "because")
    };
    let n_leading = tokens.iter().take_while(|token| leads(token)).count();
    tokens.drain(..n_leading);
    // `∫ 2x dx = x² + C`: what the integral is.
    if tokens.first().is_some_and(|token| token.tok == Tok::Word("int".to_owned()))
        && let Some(at) = tokens.iter().position(|token| token.tok == Tok::Rel(Rel::Eq))
    {
        tokens.drain(..=at);
    }
    if tokens.is_empty() {
        return Err(Unreadable("empty"));
    }
    let measured = measure::measured(&tokens);
    let mut parser = Parser::new(tokens);
    let node = parser.statement();
    match (node, measured) {
        (Ok(node), measured) if parser.at == parser.tokens.len() => Ok((node, measured)),
        (_, Some(measured)) => Ok((measured, None)),
        (Ok(_), None) => Err(Unreadable("something is left over")),
        (Err(why), None) => Err(why),
    }
}

impl Parser {
    fn statement(&mut self) -> Parsed {
        let first = self.commas()?;
        let first = if self.depth > 0 {
            first
        } else if self.eat_cmd("choose") {
            Node::Call(Fun::Binomial, vec![first, self.commas()?])
        } else if self.eat_cmd("over") {
            Node::div(first, self.commas()?)
        } else {
            first
        };
        if self.peek() != Some(&Tok::Cmd("or")) {
            return Ok(first);
        }
        let mut parts = Vec::new();
        let mut flatten = |node| match node {
            // x = 1, y = 2 or x = 3, y = 4
            Node::List(items) if settle::is_system(&items) => parts.push(Node::And(items)),
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
            if (self.remark() && self.ends()) || self.ends() || self.peek() == Some(&Tok::Cmd("or"))
            {
                break;
            }
            if let Some(last) = items.pop_if(|_| self.introduces()) {
                // 2n + 1, where n is an integer
                items.push(self.remarks(last)?);
                continue;
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
            false => Ok(settle::settled(items)),
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

    /// Sets, numbers and what relates them.
    fn relations(&mut self) -> Parsed {
        let mut parts = vec![self.set_expression()?];
        let mut relations = Vec::new();
        if is_name(&parts[0])
            && let Some(relation) = self.eat_is()
        {
            relations.push(relation);
            parts.push(self.set_expression()?);
        }
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
        } else if single && !self.in_head && self.at_ratio() {
            let mut parts = vec![node];
            while self.at_ratio() {
                self.at += 1;
                parts.push(self.sum()?);
            }
            node = Node::Ratio(parts);
        }
        if self.eat_cmd("pmod") {
            let modulus = self.argument()?;
            node = Node::Apply("pmod".to_owned(), vec![node, modulus]);
        }
        Ok(congruence(node))
    }

    /// `:` or `to` between the parts of a ratio.
    fn at_ratio(&self) -> bool {
        match self.peek() {
            Some(Tok::Sym(':')) => true,
            Some(Tok::Word(word)) => word == "to" && matches!(self.peek_at(1), Some(Tok::Num(_))),
            _ => false,
        }
    }

    /// `is` before a value, for an equals sign; `is greater than` and its like.
    fn eat_is(&mut self) -> Option<Rel> {
        let word = |ahead: usize| match self.peek_at(ahead) {
            Some(Tok::Word(word)) => word.as_str(),
            Some(Tok::Cmd("or")) => "or",
            _ => "",
        };
        if !matches!(word(0), "is" | "equals") {
            return None;
        }
        let or_equal = usize::from([word(3), word(4), word(5)] == ["or", "equal", "to"]);
        let (relation, n_words) = match (word(1), word(2)) {
            ("greater" | "more" | "larger", "than") => {
                ([Rel::Gt, Rel::Ge][or_equal], 3 + 3 * or_equal)
            }
            ("less" | "smaller", "than") => ([Rel::Lt, Rel::Le][or_equal], 3 + 3 * or_equal),
            ("at", "least") => (Rel::Ge, 3),
            ("at", "most") => (Rel::Le, 3),
            _ => (Rel::Eq, 1),
        };
        let value =
            matches!(self.peek_at(n_words), Some(Tok::Num(_) | Tok::Cmd(_) | Tok::Sym('-')));
        if !value {
            return None;
        }
        self.at += n_words;
        Some(relation)
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
            Some(Tok::Word(_) | Tok::Currency(_)) => {
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
                node = match self.factor()? {
                    // 100/3 %
                    Node::Percent(of) if literal => Node::Percent(Box::new(Node::div(node, *of))),
                    below => Node::div(node, below),
                };
            } else if self.eat_cmd("mod") {
                node = Node::Call(Fun::Mod, vec![node, self.factor()?]);
            } else if let Some(&Tok::Cmd(name)) = self.peek()
                && let Some(zeros) = magnitude(name)
            {
                self.at += 1;
                node = product(node, Node::Num(Rat::from_integer(BigInt::from(10).pow(zeros))));
            } else if literal && self.at_polar() {
                self.at += 1;
                let angle = Node::Mul(vec![Node::I, self.power()?]);
                node = product(node, Node::pow(Node::E, angle));
            } else if literal && let Some(count) = self.inline_combination(&node) {
                node = count;
            } else if self.starts_atom() {
                node = product(node, self.power()?);
            } else {
                return Ok(node);
            }
        }
    }

    /// `2 ∠ 60°`
    fn at_polar(&self) -> bool {
        self.peek() == Some(&Tok::Word("angle".to_owned()))
            && matches!(self.peek_at(1), Some(Tok::Num(_)))
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
            _ => return Node::Degree(Box::new(self.arc(node))),
        };
        self.at += 1;
        Node::Quantity(Box::new(node), format!("degree {scale}"))
    }

    /// The minutes and seconds of an angle: `30° 15' 20''`.
    fn arc(&mut self, degrees: Node) -> Node {
        let mut terms = vec![degrees];
        for (n_primes, parts) in [(1, 60), (2, 3600)] {
            let Some(Tok::Num(digits)) = self.peek() else { break };
            let value = value::number(digits);
            let marks = |at: usize| match self.peek_at(at) {
                Some(Tok::Word(word)) => match word.to_ascii_lowercase().as_str() {
                    "minute" | "minutes" | "min" => Some((1, at + 1)),
                    "second" | "seconds" | "sec" => Some((2, at + 1)),
                    _ => None,
                },
                Some(Tok::Sym('^')) => {
                    let braced = self.peek_at(at + 1) == Some(&Tok::Sym('{'));
                    let from = at + 1 + usize::from(braced);
                    let n = (0..2).take_while(|i| self.is_prime(from + i)).count();
                    Some((n, from + n + usize::from(braced)))
                }
                _ => {
                    let n = (0..2).take_while(|i| self.is_prime(at + i)).count();
                    Some((n, at + n))
                }
            };
            let Some((found, end)) = marks(1) else { break };
            if found == 0 || (found != n_primes && n_primes == 2) {
                break;
            }
            let parts = if found == 2 { 3600 } else { parts };
            terms.push(Node::div(value, Node::int(parts)));
            self.at += end;
            if found == 2 {
                break;
            }
        }
        if terms.len() == 1 { terms.remove(0) } else { Node::Add(terms) }
    }

    fn is_prime(&self, ahead: usize) -> bool {
        self.peek_at(ahead) == Some(&Tok::Sym('\''))
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
            Some(Tok::Sym('(')) => !self.is_remark(),
            Some(Tok::Sym('{')) => true,
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
                    | "cis"
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

/// `x ≡ 3 mod 5`, where the sign makes it a statement rather than a remainder.
fn congruence(node: Node) -> Node {
    let Node::Chain(mut parts, mut relations) = node else { return node };
    if relations == [Rel::Congruent]
        && is_name(&parts[0])
        && !matches!(parts[1], Node::Call(Fun::Mod, _))
        && matches!(&parts[0], Node::Var(name) if name == "f" || name == "g" || name == "h")
    {
        relations = vec![Rel::Eq]; // f ≡ 0
    }
    match parts.pop() {
        Some(Node::Call(Fun::Mod, mut of)) if relations.last() == Some(&Rel::Congruent) => {
            let modulus = of.pop();
            parts.extend(of);
            let chain = Node::Chain(parts, relations);
            Node::Apply("pmod".to_owned(), [Some(chain), modulus].into_iter().flatten().collect())
        }
        Some(last) => {
            parts.push(last);
            Node::Chain(parts, relations)
        }
        None => Node::Chain(parts, relations),
    }
}
