//! Phrases that name a set or a number: `all real numbers except 2`, `no solution`, `one half`.

use crate::node::{Named, Node};
use crate::text::normal;

/// Phrases that name a set or a number.
pub(crate) fn phrase(text: &str) -> Option<Node> {
    if text.len() > 100 || !text.bytes().any(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let normal = normal(text);
    if let Some(set) = numbers(&normal) {
        return Some(set);
    }
    Some(match normal.as_str() {
        "all real x" | "x in r" => Node::Named(Named::Reals),
        "no solution"
        | "no solutions"
        | "empty set"
        | "none exist"
        | "no such number exists"
        | "there is no solution"
        | "there are no solutions" => Node::Named(Named::Empty),
        "dne" | "does not exist" | "limit does not exist" => {
            Node::Text("does not exist".to_owned())
        }
        "positive infinity" | "infinite" => Node::Inf,
        "negative infinity" | "minus infinity" => Node::neg(Node::Inf),
        "one half" | "half" => Node::div(Node::int(1), Node::int(2)),
        "one third" => Node::div(Node::int(1), Node::int(3)),
        "two thirds" => Node::div(Node::int(2), Node::int(3)),
        "one fourth" | "one quarter" => Node::div(Node::int(1), Node::int(4)),
        "three fourths" | "three quarters" => Node::div(Node::int(3), Node::int(4)),
        _ => return None,
    })
}

/// `all positive real numbers less than 3`, after [`normal`].
fn numbers(normal: &str) -> Option<Node> {
    let mut rest = normal;
    for start in ["set of ", "all ", "the ", "any "] {
        rest = rest.strip_prefix(start).unwrap_or(rest);
    }
    let zero = || Box::new(Node::int(0));
    let above = |closed| Node::Interval(zero(), Box::new(Node::Inf), closed, false);
    let below = |closed| Node::Interval(Box::new(Node::neg(Node::Inf)), zero(), false, closed);
    let signs = [
        ("positive ", above(false)),
        ("nonnegative ", above(true)),
        ("non-negative ", above(true)),
        ("negative ", below(false)),
        ("nonpositive ", below(true)),
        ("non-positive ", below(true)),
    ];
    let mut sign = None;
    for (word, part) in signs {
        if let Some(after) = rest.strip_prefix(word) {
            (rest, sign) = (after, Some(part));
            break;
        }
    }
    let kinds = [
        ("real numbers", Named::Reals),
        ("reals", Named::Reals),
        ("natural numbers", Named::Naturals),
        ("integers", Named::Integers),
        ("whole numbers", Named::Integers),
        ("rational numbers", Named::Rationals),
        ("complex numbers", Named::Complexes),
    ];
    let (rest, named) =
        kinds.into_iter().find_map(|(name, named)| Some((rest.strip_prefix(name)?, named)))?;
    let part = bounded(rest.trim())?;
    let mut parts: Vec<Node> = [sign, part].into_iter().flatten().collect();
    if parts.is_empty() || named != Named::Reals {
        if parts.len() == 1 && named == Named::Integers && parts[0] == above(false) {
            return Some(Node::positive_integers());
        }
        parts.insert(0, Node::Named(named));
    }
    Some(match parts.len() {
        1 => parts.remove(0),
        _ => Node::Intersection(parts),
    })
}

/// What `greater than 3` or `except 2` leaves of the real numbers; nothing where nothing is said.
fn bounded(rest: &str) -> Option<Option<Node>> {
    if rest.is_empty() {
        return Some(None);
    }
    let words = [
        "greater than or equal to ",
        "greater than ",
        "at least ",
        "less than or equal to ",
        "less than ",
        "at most ",
        "except for ",
        "except ",
        "other than ",
        "not equal to ",
    ];
    let (idx, bound) =
        words.iter().enumerate().find_map(|(idx, word)| Some((idx, rest.strip_prefix(word)?)))?;
    let bound = crate::parse::parse(bound, true).ok()?.0;
    let least = || Box::new(Node::neg(Node::Inf));
    let most = || Box::new(Node::Inf);
    Some(Some(match idx {
        0 | 2 => Node::Interval(Box::new(bound), most(), true, false),
        1 => Node::Interval(Box::new(bound), most(), false, false),
        3 | 5 => Node::Interval(least(), Box::new(bound), false, true),
        4 => Node::Interval(least(), Box::new(bound), false, false),
        _ => {
            let points = match bound {
                Node::List(points) => Node::Set(points),
                set @ Node::Set(_) => set,
                point => Node::Set(vec![point]),
            };
            Node::Without(Box::new(Node::Named(Named::Reals)), Box::new(points))
        }
    }))
}
