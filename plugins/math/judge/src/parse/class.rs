//! Words that say what kind of number a letter is: `positive integer`, `odd`, `constant`.

use crate::condition::ANY;
use crate::node::{Named, Node, Rel};

/// What a class word says.
#[derive(Clone, Copy)]
enum Said {
    Nothing,
    Kind(Named),
    Order(Rel),
    Class(&'static str),
}

fn said(word: &str) -> Option<Said> {
    let word = word.trim_start_matches(['为', '是']);
    Some(match word {
        "" | "a" | "an" | "the" | "is" | "are" | "be" | "being" | "number" | "numbers"
        | "value" | "values" | "of" | "all" | "every" | "each" | "some" | "any" | "arbitrary"
        | "constant" | "constants" | "fixed" | "parameter" | "const" | "任意" | "任意常数"
        | "常数" | "constante" | "beliebig" | "tout" | "toute" | "todo" | "всех" | "любой" => {
            Said::Nothing
        }
        "integer" | "integers" | "whole" | "整数" | "entier" | "entero" | "целое" | "целых"
        | "ganzzahlig" | "int" => Said::Kind(Named::Integers),
        "natural" | "naturals" | "自然数" | "naturel" => Said::Kind(Named::Naturals),
        "real" | "reals" | "实数" | "réel" | "reell" => Said::Kind(Named::Reals),
        "rational" | "rationals" | "有理数" => Said::Kind(Named::Rationals),
        "complex" | "复数" => Said::Kind(Named::Complexes),
        "positive" => Said::Order(Rel::Gt),
        "negative" => Said::Order(Rel::Lt),
        "nonnegative" | "non-negative" => Said::Order(Rel::Ge),
        "nonpositive" | "non-positive" => Said::Order(Rel::Le),
        "nonzero" | "non-zero" => Said::Order(Rel::Ne),
        "odd" | "奇数" => Said::Class("odd"),
        "even" | "偶数" => Said::Class("even"),
        "prime" | "primes" | "质数" | "素数" => Said::Class("prime"),
        "composite" => Said::Class("composite"),
        "irrational" => Said::Class("irrational"),
        "正整数" => Said::Class("正整数"),
        _ => return None,
    })
}

/// Whether a word says what kind of number a letter is.
pub(super) fn is_class(word: &str) -> bool {
    said(&word.to_lowercase()).is_some()
}

/// What `words` say of the letter `name`; `None` where a word says nothing we know.
pub(super) fn conditions_of(words: &[String], name: &str) -> Option<Vec<Node>> {
    let x = || Node::Var(name.to_owned());
    let member = |set: Node| Node::Member(Box::new(x()), Box::new(set));
    let mut conditions = Vec::new();
    for word in words {
        match said(word)? {
            Said::Nothing => {}
            Said::Kind(named) => conditions.push(member(Node::Named(named))),
            Said::Order(relation) => {
                conditions.push(Node::Chain(vec![x(), Node::int(0)], vec![relation]));
            }
            Said::Class("正整数") => {
                conditions.push(member(Node::Named(Named::Integers)));
                conditions.push(Node::Chain(vec![x(), Node::int(0)], vec![Rel::Gt]));
            }
            Said::Class(class) => conditions.push(member(Node::Text(class.to_owned()))),
        }
    }
    if conditions.is_empty() {
        conditions.push(member(Node::Text(ANY.to_owned())));
    }
    Some(conditions)
}
