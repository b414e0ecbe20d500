//! Vectors in the unit vectors i, j, k, as tuples of their components.

use crate::node::Node;
use crate::truth::{Equality, Truth};

/// Names of marked unit vectors (hats, arrows, bold type).
const MARKED: [&str; 3] = ["mark i", "mark j", "mark k"];

/// Whether two nodes are the same vector; `None` where none is written in unit vectors.
pub(crate) fn same(comparison: &dyn Equality, a: &Node, b: &Node) -> Option<Truth> {
    if !(may_be_vector(a) && may_be_vector(b)) {
        return None;
    }
    let marked = is_marked(a) || is_marked(b);
    let listed = |node: &Node| matches!(node, Node::Tuple(_) | Node::Matrix(_) | Node::Bracket(_));
    if !marked && !listed(a) && !listed(b) {
        return None;
    }
    let written = |node: &Node| if listed(node) { None } else { components(node) };
    match (written(a), written(b)) {
        (Some(x), Some(y)) => Some(comparison.same(&Node::Tuple(x), &Node::Tuple(y))),
        (Some(x), None) => Some(against(comparison, x, b)),
        (None, Some(y)) => Some(against(comparison, y, a)),
        (None, None) => None,
    }
}

/// Cheaply: only sums, multiples and lists can be vectors.
fn may_be_vector(node: &Node) -> bool {
    matches!(
        node,
        Node::Add(_)
            | Node::Mul(_)
            | Node::Neg(_)
            | Node::Var(_)
            | Node::Div(..)
            | Node::Tuple(_)
            | Node::Matrix(_)
            | Node::Bracket(_)
    )
}

fn is_marked(node: &Node) -> bool {
    node.any(&|part| matches!(part, Node::Var(name) if MARKED.contains(&name.as_str())))
}

/// Three components against a list of two or three.
fn against(comparison: &dyn Equality, mut components: Vec<Node>, other: &Node) -> Truth {
    let n = match other {
        Node::Tuple(parts) | Node::Bracket(parts) => parts.len(),
        Node::Matrix(rows) => rows.iter().map(Vec::len).sum(),
        _ => return Truth::Different,
    };
    if n == 2 && components[2] == Node::int(0) {
        components.pop();
    }
    let vector = Node::Tuple(components);
    match other {
        Node::Bracket(parts) => comparison.same(&vector, &Node::Tuple(parts.clone())),
        other => comparison.same(&vector, other),
    }
}

/// Which unit vector a factor is.
fn unit(node: &Node) -> Option<usize> {
    match node {
        Node::I => Some(0),
        Node::Var(name) => {
            let plain = name.strip_prefix("mark ").unwrap_or(name);
            ["i", "j", "k"].iter().position(|unit| *unit == plain)
        }
        _ => None,
    }
}

/// The coefficients of i, j and k; `None` where some term has no unit vector, or where there is
/// none but i (a complex number).
fn components(node: &Node) -> Option<Vec<Node>> {
    let terms = match node {
        Node::Add(terms) => terms.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut sums: [Vec<Node>; 3] = [Vec::new(), Vec::new(), Vec::new()];
    for term in terms {
        let (idx, coefficient) = coefficient(term)?;
        sums[idx].push(coefficient);
    }
    if sums[1].is_empty() && sums[2].is_empty() && !is_marked(node) {
        return None;
    }
    Some(sums.into_iter().map(sum).collect())
}

fn sum(mut terms: Vec<Node>) -> Node {
    match terms.len() {
        0 => Node::int(0),
        1 => terms.remove(0),
        _ => Node::Add(terms),
    }
}

fn coefficient(term: &Node) -> Option<(usize, Node)> {
    if let Some(idx) = unit(term) {
        return Some((idx, Node::int(1)));
    }
    match term {
        Node::Neg(x) => coefficient(x).map(|(idx, c)| (idx, Node::neg(c))),
        Node::Div(x, by) => coefficient(x).map(|(idx, c)| (idx, Node::div(c, (**by).clone()))),
        Node::Mul(factors) => {
            let place = factors.iter().position(|factor| unit(factor).is_some())?;
            let idx = unit(&factors[place])?;
            let mut rest = factors.clone();
            rest.remove(place);
            match rest.iter().any(|factor| unit(factor).is_some()) {
                true => None,
                false => Some((idx, Node::Mul(rest))),
            }
        }
        _ => None,
    }
}
