//! Atoms: numbers, names, brackets of every kind, functions.

use super::cursor::{Parsed, Parser, is_digits, product};
use super::value::number;
use crate::node::{Fun, Named, Node, Rel};
use crate::token::{Tok, Unreadable};

/// Letters that are functions when a bracket follows.
const FUNCTION_LETTERS: &[&str] = &["f", "g", "h"];

impl Parser {
    pub(super) fn atom(&mut self) -> Parsed {
        self.deeper(Self::atom_inside)
    }

    fn atom_inside(&mut self) -> Parsed {
        let Some(token) = self.tokens.get(self.at) else {
            return Err(Unreadable("it ends too soon"));
        };
        let tok = token.tok.clone();
        self.at += 1;
        match tok {
            Tok::Num(digits) => Ok(number(&digits)),
            Tok::Var(name) => self.variable(name),
            Tok::Named(named) => Ok(self.restricted(named)),
            Tok::Sym('_' | '^') => {
                self.at -= 1;
                self.prefixed().ok_or(Unreadable("an operator without operands"))
            }
            Tok::Fun(fun) => self.function(fun),
            Tok::Sym('(') => self.round(),
            Tok::Sym('[') => self.square(),
            Tok::Sym(']') => self.outward(),
            Tok::Sym('{') => self.group(),
            Tok::Sym('|') => {
                self.n_bars += 1;
                let inside = self.set_expression();
                self.n_bars -= 1;
                self.close(&Tok::Sym('|'))?;
                Ok(Node::Call(Fun::Abs, vec![inside?]))
            }
            Tok::Begin(environment) => self.environment(&environment),
            Tok::Currency(unit) => {
                let negative = self.eat_sym('-');
                let value = self.term()?;
                let value = if negative { Node::neg(value) } else { value };
                Ok(Node::Quantity(Box::new(value), unit.to_owned()))
            }
            Tok::Cmd(name) => self.command(name),
            Tok::Word(word) if matches!(&*word, "constant" | "const" | "Const" | "Constant") => {
                Ok(Node::Var("constant".to_owned()))
            }
            Tok::Word(word) => self.figure(&word).ok_or(Unreadable("an operator without operands")),
            _ => Err(Unreadable("an operator without operands")),
        }
    }

    fn command(&mut self, name: &'static str) -> Parsed {
        match name {
            "e" => Ok(Node::E),
            "i" => Ok(Node::I),
            "pi" => Ok(Node::Pi),
            "infty" => Ok(Node::Inf),
            "dots" => Ok(Node::Ellipsis),
            "frac" => {
                if self.peek() == Some(&Tok::Sym('(')) {
                    // frac(1, 2)
                    self.at += 1;
                    return match self.round()? {
                        Node::Tuple(mut parts) if parts.len() == 2 => {
                            let lower = parts.remove(1);
                            Ok(Node::div(parts.remove(0), lower))
                        }
                        upper => Ok(Node::div(upper, self.argument()?)),
                    };
                }
                let upper = self.argument()?;
                Ok(Node::div(upper, self.argument()?))
            }
            "binom" => {
                if self.peek() == Some(&Tok::Sym('(')) {
                    self.at += 1;
                    return match self.round()? {
                        Node::Tuple(parts) if parts.len() == 2 => {
                            Ok(Node::Call(Fun::Binomial, parts))
                        }
                        _ => Err(Unreadable("a binomial coefficient of one number")),
                    };
                }
                let upper = self.argument()?;
                Ok(Node::Call(Fun::Binomial, vec![upper, self.argument()?]))
            }
            "sqrt" => self.square_root(),
            "cbrt" => Ok(Node::Root(3, Box::new(self.atom()?))),
            "log" | "lg" => self.logarithm(),
            "cis" => {
                let angle = self.function_argument()?;
                Ok(Node::pow(Node::E, Node::Mul(vec![Node::I, angle])))
            }
            "{" => self.set(),
            "abs(" => {
                let inside = self.within(Self::set_expression)?;
                self.close(&Tok::Cmd("abs)"))?;
                Ok(Node::Call(Fun::Abs, vec![inside]))
            }
            "floor(" | "ceil(" => {
                let (fun, end) =
                    if name == "floor(" { (Fun::Floor, "floor)") } else { (Fun::Ceil, "ceil)") };
                let inside = self.within(Self::sum)?;
                self.close(&Tok::Cmd(end))?;
                Ok(Node::Call(fun, vec![inside]))
            }
            "norm" => {
                let inside = self.sum()?;
                self.close(&Tok::Cmd("norm"))?;
                Ok(Node::Apply("norm".to_owned(), vec![inside]))
            }
            "sum" | "prod" => self.series(name == "prod"),
            "mark" => {
                let name = self.subscript()?;
                let name = name.trim_start_matches("mark").trim_start();
                Ok(Node::Var(format!("mark {name}")))
            }
            _ => Err(Unreadable("an operator without operands")),
        }
    }

    fn variable(&mut self, mut name: String) -> Parsed {
        if name == "m" && self.peek() == Some(&Tok::Word("angle".to_owned())) {
            return self.atom(); // the measure of an angle
        }
        if let Some(measure) = self.measure(&name) {
            return Ok(measure);
        }
        if let Some(count) = self.combination(&name) {
            return Ok(count);
        }
        loop {
            if self.eat_sym('\'') {
                name.push('\'');
            } else if self.eat_sym('_') {
                name = format!("{name}_{}", self.subscript()?);
            } else {
                break;
            }
        }
        let inverse = [
            Tok::Sym('^'),
            Tok::Sym('{'),
            Tok::Sym('-'),
            Tok::Num("1".to_owned()),
            Tok::Sym('}'),
            Tok::Sym('('),
        ];
        let mut ahead = inverse.iter().enumerate();
        if FUNCTION_LETTERS.contains(&name.as_str())
            && ahead.all(|(ahead, tok)| self.peek_at(ahead) == Some(tok))
        {
            self.at += inverse.len() - 1;
            name.push_str("^-1");
        }
        let is_function = name.ends_with("^-1")
            || FUNCTION_LETTERS.contains(&name.trim_end_matches('\''))
            || name.starts_with("f_");
        if is_function && self.eat_sym('(') {
            let arguments = match self.round()? {
                Node::Tuple(arguments) => arguments,
                single => vec![single],
            };
            return Ok(Node::Apply(name, arguments));
        }
        Ok(Node::Var(name))
    }

    /// What stands in a subscript, as text.
    pub(super) fn subscript(&mut self) -> Result<String, Unreadable> {
        let text = |tok: &Tok| match tok {
            Tok::Num(s) | Tok::Var(s) | Tok::Word(s) => Some(s.clone()),
            Tok::Sym(c) if "+-*,()/'".contains(*c) => Some(c.to_string()),
            Tok::Cmd(name) => Some((*name).to_owned()),
            Tok::Fun(fun) => Some(format!("{fun:?}")),
            _ => None,
        };
        if !self.eat_sym('{') {
            let found = self.peek().and_then(text).ok_or(Unreadable("an empty subscript"))?;
            self.at += 1;
            return Ok(found);
        }
        let mut name = String::new();
        while !self.eat_sym('}') {
            let Some(tok) = self.peek() else { break };
            name.push_str(&text(tok).ok_or(Unreadable("a subscript that is no name"))?);
            self.at += 1;
        }
        Ok(name)
    }

    /// After `(`: an expression, a tuple, or an interval that ends in `]`.
    pub(super) fn round(&mut self) -> Parsed {
        let inside = self.within(Self::statement)?;
        if self.eat_sym(']') {
            return interval(inside, false, true);
        }
        self.close(&Tok::Sym(')'))?;
        Ok(match inside {
            Node::List(items) => Node::Tuple(items),
            other => other,
        })
    }

    /// After `[`: an expression, a list, a matrix, or an interval that ends in `)` or `[`.
    fn square(&mut self) -> Parsed {
        let inside = self.within(Self::statement)?;
        if self.eat_sym(')') || (self.peek() == Some(&Tok::Sym('[')) && self.eat_sym('[')) {
            return interval(inside, true, false);
        }
        self.close(&Tok::Sym(']'))?;
        let Node::List(items) = inside else {
            // `[[1, 2]]` is a matrix of one row.
            return Ok(match inside {
                Node::Bracket(row) => Node::Matrix(vec![row]),
                other => other,
            });
        };
        let rows: Option<Vec<Vec<Node>>> = items
            .iter()
            .map(|item| match item {
                Node::Bracket(row) => Some(row.clone()),
                _ => None,
            })
            .collect();
        match rows {
            Some(rows) if rows.iter().all(|row| row.len() == rows[0].len()) => {
                Ok(Node::Matrix(rows))
            }
            _ => Ok(Node::Bracket(items)),
        }
    }

    /// After `]` where an atom was due: `]a, b[`.
    fn outward(&mut self) -> Parsed {
        let inside = self.within(Self::statement)?;
        if self.eat_sym(']') {
            return interval(inside, false, true);
        }
        match self.eat_sym('[') {
            true => interval(inside, false, false),
            false => Err(Unreadable("a bracket is not closed")),
        }
    }

    /// After `{`: a group, or in plain text a set.
    fn group(&mut self) -> Parsed {
        if self.eat_sym('}') {
            return Ok(self.prefixed().unwrap_or(Node::Named(Named::Empty)));
        }
        if self.is_described() {
            return self.set_until(&Tok::Sym('}'));
        }
        let inside = self.within(|parser| {
            let left = parser.statement()?;
            if parser.eat_cmd("choose") {
                return Ok(Node::Call(Fun::Binomial, vec![left, parser.statement()?]));
            }
            if parser.eat_cmd("over") {
                return Ok(Node::div(left, parser.statement()?));
            }
            Ok(left)
        })?;
        self.close(&Tok::Sym('}'))?;
        Ok(match inside {
            Node::List(items) => Node::Set(items),
            other => other,
        })
    }

    /// After `\{`.
    fn set(&mut self) -> Parsed {
        if self.eat_cmd("}") {
            return Ok(Node::Named(Named::Empty));
        }
        self.set_until(&Tok::Cmd("}"))
    }

    /// Whether a plain brace opens a set that a condition describes: `{x | x > 2}`.
    fn is_described(&self) -> bool {
        matches!(self.peek(), Some(Tok::Var(_)))
            && match self.peek_at(1) {
                Some(Tok::Sym('|' | ':')) => true,
                Some(Tok::Cmd("in")) => {
                    matches!(self.peek_at(3), Some(Tok::Sym('|' | ':') | Tok::Rel(_)))
                }
                _ => false,
            }
    }

    fn set_until(&mut self, end: &Tok) -> Parsed {
        let inside = self.within(|parser| {
            parser.in_head = true;
            let head = parser.statement()?;
            if !(parser.eat_sym('|') || parser.eat_sym(':')) {
                return Ok(head);
            }
            parser.in_head = false;
            let condition = parser.statement()?;
            match (head, condition) {
                (Node::Var(_), condition) => Ok(Node::And(vec![condition])),
                (head @ Node::Member(..), condition) => Ok(Node::And(vec![head, condition])),
                // nπ : n ∈ ℤ
                (head, Node::List(conditions)) => Ok(Node::Given(Box::new(head), conditions)),
                (head, condition) => Ok(Node::Given(Box::new(head), vec![condition])),
            }
        })?;
        self.close(end)?;
        Ok(match inside {
            given @ Node::Given(..) => given,
            Node::List(items) => Node::Set(items),
            Node::And(mut parts) if parts.len() == 1 => parts.remove(0),
            Node::And(parts) => Node::And(parts),
            single => Node::Set(vec![single]),
        })
    }

    /// What a command takes: a group, one digit, or one atom.
    pub(super) fn argument(&mut self) -> Parsed {
        if let Some(Tok::Num(digits)) = self.peek()
            && is_digits(digits)
            && digits.len() > 1
        {
            // `\frac12`: the digits are two arguments.
            let first = digits[..1].to_owned();
            let rest = digits[1..].to_owned();
            self.tokens[self.at].tok = Tok::Num(rest);
            return Ok(number(&first));
        }
        if self.eat_sym('-') {
            return Ok(Node::neg(self.deeper(Self::argument)?));
        }
        self.atom()
    }

    /// `ℝ⁺`, `ℝ_{≥0}`, `ℤ^*`: a part of a named set.
    fn restricted(&mut self, named: Named) -> Node {
        let saved = self.at;
        let all = Node::Named(named);
        let order = self.restriction();
        let (relation, bound) = match order {
            Some(found) => found,
            None => {
                self.at = saved;
                return all;
            }
        };
        let whole = matches!(named, Named::Integers | Named::Naturals);
        let infinite = || Box::new(Node::Inf);
        let least = || Box::new(Node::neg(Node::Inf));
        let bound = Box::new(bound);
        let part = match relation {
            Rel::Gt if named == Named::Naturals => return Node::positive_integers(),
            Rel::Gt if whole && *bound == Node::int(0) => return Node::positive_integers(),
            Rel::Gt => Node::Interval(bound, infinite(), false, false),
            Rel::Ge => Node::Interval(bound, infinite(), true, false),
            Rel::Lt => Node::Interval(least(), bound, false, false),
            Rel::Le => Node::Interval(least(), bound, false, true),
            _ if named == Named::Naturals => return Node::positive_integers(),
            _ => {
                return Node::Without(Box::new(all), Box::new(Node::Set(vec![*bound])));
            }
        };
        if named == Named::Reals { part } else { Node::Intersection(vec![all, part]) }
    }

    fn restriction(&mut self) -> Option<(Rel, Node)> {
        let raised = self.eat_sym('^');
        if !raised && !self.eat_sym('_') {
            return None;
        }
        let braced = self.eat_sym('{');
        let zero = Node::int(0);
        let found = match self.peek()? {
            Tok::Sym('+') => (Rel::Gt, zero),
            Tok::Sym('-') => (Rel::Lt, zero),
            Tok::Sym('*') => (Rel::Ne, zero),
            Tok::Rel(relation) if !raised => {
                let relation = *relation;
                self.at += 1;
                let bound = self.sum().ok()?;
                self.at -= 1;
                (relation, bound)
            }
            _ => return None,
        };
        self.at += 1;
        if braced && !self.eat_sym('}') {
            return None;
        }
        Some(found)
    }

    fn square_root(&mut self) -> Parsed {
        let mut index = 2;
        if self.eat_sym('[') {
            let Some(Tok::Num(digits)) = self.peek() else {
                return Err(Unreadable("a root of no number"));
            };
            index = digits
                .parse()
                .ok()
                .filter(|k| (2..=64).contains(k))
                .ok_or(Unreadable("a root of an index beyond the limit"))?;
            self.at += 1;
            self.close(&Tok::Sym(']'))?;
        }
        Ok(Node::Root(index, Box::new(self.atom()?)))
    }

    fn logarithm(&mut self) -> Parsed {
        let mut base = Node::int(10);
        if self.eat_sym('_') {
            let whole = !matches!(self.peek_at(1), None | Some(Tok::Sym('+' | '-' | ')' | '}')));
            base = if whole { self.atom()? } else { self.argument()? };
        }
        let power = if self.eat_sym('^') { Some(self.exponent()?) } else { None };
        let argument = self.function_argument()?;
        let log = Node::Call(Fun::Log, vec![argument, base]);
        Ok(power.map_or(log.clone(), |n| Node::pow(log, n)))
    }

    fn function(&mut self, fun: Fun) -> Parsed {
        let mut power = None;
        if self.eat_sym('^') {
            power = Some(self.exponent()?);
        }
        if self.peek() == Some(&Tok::Sym('_')) {
            return Err(Unreadable("a function with a subscript"));
        }
        let inverse = match (fun, &power) {
            (Fun::Sin, Some(Node::Num(n))) if *n == minus_one() => Some(Fun::Asin),
            (Fun::Cos, Some(Node::Num(n))) if *n == minus_one() => Some(Fun::Acos),
            (Fun::Tan, Some(Node::Num(n))) if *n == minus_one() => Some(Fun::Atan),
            _ => None,
        };
        let several = matches!(fun, Fun::Gcd | Fun::Lcm | Fun::Min | Fun::Max);
        let arguments = match self.function_argument()? {
            Node::Tuple(arguments) | Node::Set(arguments) if several => arguments,
            Node::Tuple(_) => return Err(Unreadable("a function of too many arguments")),
            single => vec![single],
        };
        if let Some(inverse) = inverse {
            return Ok(Node::Call(inverse, arguments));
        }
        let call = Node::Call(fun, arguments);
        Ok(power.map_or(call.clone(), |n| Node::pow(call, n)))
    }

    /// What a function is taken of: a bracket, or the product that follows.
    fn function_argument(&mut self) -> Parsed {
        if matches!(self.peek(), Some(Tok::Sym('(' | '[' | '{' | '|') | Tok::Cmd("abs(" | "{"))) {
            return self.atom();
        }
        if self.eat_sym('-') {
            return Ok(Node::neg(self.deeper(Self::function_argument)?));
        }
        let mut argument = self.power()?;
        while self.starts_atom()
            && !matches!(
                self.peek(),
                Some(Tok::Fun(_) | Tok::Sym('(' | '|') | Tok::Cmd("log" | "lg" | "sum" | "prod"))
            )
        {
            argument = product(argument, self.power()?);
        }
        Ok(argument)
    }
}

fn minus_one() -> crate::Rat {
    crate::Rat::from_integer((-1).into())
}

fn interval(inside: Node, low_closed: bool, high_closed: bool) -> Parsed {
    match inside {
        Node::List(mut ends) if ends.len() == 2 => {
            let high = ends.remove(1);
            let low = ends.remove(0);
            Ok(Node::Interval(Box::new(low), Box::new(high), low_closed, high_closed))
        }
        _ => Err(Unreadable("brackets that do not match")),
    }
}
