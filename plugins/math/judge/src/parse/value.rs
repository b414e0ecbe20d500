//! Numbers and what belongs to them: their digits, the fraction of a mixed number, words of
//! magnitude, units.

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::cursor::{Parsed, Parser, is_digits};
use crate::Rat;
use crate::node::Node;
use crate::token::{Tok, Unreadable};
use crate::units;

/// Words that change what an answer says: nothing after them is a unit.
const NO_UNITS: &[&str] = &[
    "or",
    "and",
    "not",
    "more",
    "less",
    "least",
    "most",
    "than",
    "if",
    "when",
    "for",
    "except",
    "but",
    "is",
    "are",
    "unless",
    "either",
    "both",
    "maybe",
    "about",
    "approximately",
    "times",
    "plus",
    "minus",
    "only",
    "at",
    "where",
    "with",
    "to",
    "no",
    "all",
    "any",
    "the",
    "answer",
    "otherwise",
    "neither",
    "nor",
    "then",
    "so",
    "because",
    "since",
    "does",
    "do",
    "can",
    "cannot",
    "odd",
    "even",
    "prime",
    "positive",
    "negative",
    "real",
    "int",
    "lim",
    "angle",
    "triangle",
    "parallel",
    "perp",
    "cong",
    "sim",
    "forall",
    "exists",
    "such",
    "while",
    "assuming",
    "whenever",
    "provided",
    "given",
    "respectively",
    "exactly",
    "altogether",
    "as",
    "by",
    "see",
    "therefore",
    "其中",
    "для",
    "где",
    "pour",
    "où",
    "für",
    "wobei",
    "para",
    "donde",
    "subset",
    "subseteq",
    "neg",
];

impl Parser {
    /// The words after a value, as its unit.
    pub(super) fn unit(&mut self, value: Node) -> Parsed {
        let mut unit = String::new();
        let mut n_words = 0;
        while let Some(tok) = self.peek() {
            match tok {
                Tok::Word(word) => {
                    if NO_UNITS.contains(&word.to_lowercase().as_str()) {
                        break;
                    }
                    n_words += 1;
                    let apart = !(unit.is_empty() || unit.ends_with(['/', '*']));
                    if apart {
                        unit.push(' ');
                    }
                    unit.push_str(word);
                }
                Tok::Sym(c @ ('/' | '*')) if matches!(self.peek_at(1), Some(Tok::Word(_))) => {
                    unit.push(*c);
                }
                Tok::Sym('^') => {
                    self.at += 1;
                    let braced = self.eat_sym('{');
                    let negative = self.eat_sym('-');
                    let Some(Tok::Num(digits)) = self.peek() else {
                        return Err(Unreadable("a unit raised to no number"));
                    };
                    unit.push_str(if negative { "^-" } else { "^" });
                    unit.push_str(digits);
                    if braced && self.peek_at(1) == Some(&Tok::Sym('}')) {
                        self.at += 1;
                    }
                }
                _ => break,
            }
            self.at += 1;
        }
        match n_words > 4 {
            _ if n_words == 0 => Ok(value),
            true => Err(Unreadable("words that are no unit")),
            false => Ok(Node::Quantity(Box::new(value), unit)),
        }
    }

    /// A quantity with smaller units behind it: `1 hour and 30 minutes`, `5 feet 6 inches`.
    pub(super) fn smaller_units(&mut self, mut quantity: Node) -> Node {
        while let Node::Quantity(value, unit) = &quantity {
            let and = usize::from(self.peek() == Some(&Tok::Cmd("and")));
            let (Some(Tok::Num(digits)), Some(Tok::Word(smaller))) =
                (self.peek_at(and), self.peek_at(and + 1))
            else {
                break;
            };
            let goes_on =
                matches!(self.peek_at(and + 2), Some(Tok::Word(_) | Tok::Sym('/' | '*' | '^')));
            let Some(n) = units::in_smaller(unit, smaller).filter(|_| !goes_on) else { break };
            let whole = Node::Mul(vec![(**value).clone(), Node::Num(n)]);
            let sum = Node::Add(vec![whole, number(digits)]);
            quantity = Node::Quantity(Box::new(sum), smaller.clone());
            self.at += and + 2;
        }
        quantity
    }

    /// The fraction of a mixed number, `1\frac12` or `1 1/2`.
    pub(super) fn mixed_part(&mut self) -> Result<Option<Node>, Unreadable> {
        let saved = self.at;
        let part = if self.peek() == Some(&Tok::Cmd("frac")) {
            self.atom()?
        } else {
            let spaced = self.tokens.get(self.at).is_some_and(|token| token.spaced);
            let (Some(Tok::Num(a)), Some(Tok::Sym('/')), Some(Tok::Num(b))) =
                (self.peek(), self.peek_at(1), self.peek_at(2))
            else {
                return Ok(None);
            };
            if !spaced || !is_digits(a) || !is_digits(b) {
                return Ok(None);
            }
            let part = Node::div(number(a), number(b));
            self.at += 3;
            part
        };
        let proper = match &part {
            Node::Div(a, b) => match (&**a, &**b) {
                (Node::Num(a), Node::Num(b)) => a < b && a.is_integer() && b.is_integer(),
                _ => false,
            },
            _ => false,
        };
        if proper {
            return Ok(Some(part));
        }
        self.at = saved;
        Ok(None)
    }
}

/// How many zeros a word after a number stands for.
pub(super) fn magnitude(word: &str) -> Option<u32> {
    Some(match word {
        "hundred" => 2,
        "thousand" => 3,
        "million" => 6,
        "billion" => 9,
        _ => return None,
    })
}

/// The value of a number token.
pub(super) fn number(text: &str) -> Node {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, ""));
    let (plain, repeating) = match mantissa.split_once('(') {
        Some((plain, part)) => (plain, part.trim_end_matches(')')),
        None => (mantissa, ""),
    };
    let (whole, decimals) = plain.split_once('.').unwrap_or((plain, ""));
    // Tokens hold digits only, so they parse.
    let int = |digits: &str| digits.parse::<BigInt>().unwrap_or_default();
    let unit = |n: usize| BigInt::from(10).pow(u32::try_from(n).unwrap_or(0));
    let mut value = Rat::new(int(&format!("0{whole}{decimals}")), unit(decimals.len()));
    if !repeating.is_empty() {
        let nines = unit(repeating.len()) - 1;
        value += Rat::new(int(repeating), nines * unit(decimals.len()));
    }
    if exponent.is_empty() {
        return Node::Num(value);
    }
    let exponent = Rat::from_integer(int(exponent.trim_start_matches('+')));
    let power = match exponent.numer().to_i32() {
        Some(n @ 0..=2000) => Node::Num(Rat::from_integer(unit(n as usize))),
        Some(n @ -2000..0) => Node::Num(Rat::new(1.into(), unit(n.unsigned_abs() as usize))),
        _ => Node::pow(Node::int(10), Node::Num(exponent)),
    };
    match power {
        Node::Num(power) => Node::Num(value * power),
        power => Node::Mul(vec![Node::Num(value), power]),
    }
}
