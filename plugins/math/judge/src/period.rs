//! Families over the integers, `a + kb`: the same numbers in other letters or from another start.

use crate::condition::renamings;
use crate::decide;
use crate::node::{Named, Node};
use crate::relation;
use crate::truth::{By, Equality, Truth};

/// Letters that a family of angles runs over though nothing says so.
const FAMILY_LETTERS: [&str; 4] = ["k", "n", "m", "l"];

/// Whether two answers are the same family.
pub(crate) fn same(comparison: &dyn Equality, a: &Node, b: &Node) -> Truth {
    undeclared(comparison, a, b).or(|| shifted(comparison, a, b))
}

/// `kπ` and `nπ`.
fn undeclared(comparison: &dyn Equality, a: &Node, b: &Node) -> Truth {
    let angles = |node: &Node| node.any(&|part| matches!(part, Node::Pi | Node::Degree(_)));
    let letter = |node: &Node, other: &Node| {
        let others = other.names();
        let extra = node.names().into_iter().filter(|name| !others.contains(name));
        let extra: Vec<String> = extra.collect();
        extra.iter().all(|name| FAMILY_LETTERS.contains(&name.as_str())).then_some(extra)
    };
    let (Some(mine), Some(theirs)) = (letter(a, b), letter(b, a)) else { return Truth::Different };
    if mine.len() != 1 || !angles(a) || !angles(b) {
        return Truth::Different;
    }
    renamings(&theirs, &mine).into_iter().fold(Truth::Different, |truth, pairs| {
        truth.or(|| comparison.same(a, &b.renamed(&pairs)).by(By::RENAMED))
    })
}

/// A family `start + letter · step` over all integers.
struct Family {
    name: Option<String>,
    start: Node,
    step: Node,
}

fn family(comparison: &dyn Equality, node: &Node) -> Option<Family> {
    let (name, node) = match relation::definition(node) {
        Some(definition) => (Some(definition.name), definition.value),
        None => (None, node.clone()),
    };
    let Node::Given(value, conditions) = &node else { return None };
    let [Node::Member(letter, set)] = conditions.as_slice() else { return None };
    let (Node::Var(letter), Node::Named(Named::Integers)) = (&**letter, &**set) else {
        return None;
    };
    if value.names() != [letter.clone()] {
        return None;
    }
    let at = |n: i64| value.substituted(&|name| (name == letter).then(|| Node::int(n)));
    let (start, step) = (at(0), Node::minus(at(1), at(0)));
    let line = Node::Mul(vec![step.clone(), Node::Var(letter.clone())]);
    let straight = Node::Add(vec![start.clone(), line]);
    decide::equal(value, &straight, comparison.fuel()).is_equal().then_some(Family {
        name,
        start,
        step,
    })
}

/// `a + kb` and `c + kd` over the integers: the steps are the same but for the sign, and the starts
/// differ by whole steps.
fn shifted(comparison: &dyn Equality, a: &Node, b: &Node) -> Truth {
    let (Some(x), Some(y)) = (family(comparison, a), family(comparison, b)) else {
        return Truth::Different;
    };
    if x.name.is_some() && y.name.is_some() && x.name != y.name {
        return Truth::Different;
    }
    let fuel = comparison.fuel();
    let steps = decide::equal(&x.step, &y.step, fuel)
        .or(|| decide::equal(&x.step, &Node::neg(y.step.clone()), fuel));
    steps.and(|| {
        let apart = Node::minus(x.start, y.start);
        let Some(n) = decide::nearest_multiple(&apart, &x.step, fuel) else {
            return Truth::Different;
        };
        let whole = Node::Mul(vec![Node::int(n), x.step]);
        decide::equal(&apart, &whole, fuel).by(By::RENAMED)
    })
}
