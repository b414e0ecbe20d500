//! Arbitrary constants: `x² + C` and `x² + c`, `C₁eˣ + C₂e⁻ˣ` and `Aeˣ + Be⁻ˣ`.
//!
//! One side at least must use a letter that is a constant by custom (C, or a letter with a number);
//! what else it is made of must agree, and where the constant is added alone it may take up a
//! number.

use crate::Rat;
use crate::condition::renamings;
use crate::decide;
use crate::exact::Fuel;
use crate::node::{Fun, Node};
use crate::relation;
use crate::truth::{By, Equality, Truth};

/// A letter that stands for nothing but a constant.
fn is_constant(name: &str) -> bool {
    let numbered = name.split_once('_').is_some_and(|(stem, index)| {
        matches!(stem, "C" | "c" | "K" | "k" | "A") && index.bytes().all(|b| b.is_ascii_digit())
    });
    numbered || matches!(name, "C" | "constant")
}

/// A letter that can be one beside such.
fn may_be_constant(name: &str) -> bool {
    is_constant(name) || matches!(name, "c" | "K" | "k" | "A" | "B" | "D" | "M" | "a" | "b" | "d")
}

/// Whether two answers are the same but for arbitrary constants.
pub(crate) fn same(comparison: &dyn Equality, a: &Node, b: &Node) -> Truth {
    let (x, y) = (value(a), value(b));
    if let (Some(x), Some(y)) = (&x.0, &y.0)
        && x != y
        && ![x, y].iter().all(|name| matches!(name.as_str(), "y" | "f"))
    {
        return Truth::Different;
    }
    let (a, b) = (x.1, y.1);
    let (mine, theirs) = (a.names(), b.names());
    if !mine.iter().chain(&theirs).any(|name| is_constant(name)) {
        return Truth::Different;
    }
    let constants = |own: &[String], other: &[String]| -> Vec<String> {
        let kept =
            |name: &&String| is_constant(name) || (may_be_constant(name) && !other.contains(name));
        own.iter().filter(kept).cloned().collect()
    };
    let (cs, ds) = (constants(&mine, &theirs), constants(&theirs, &mine));
    let defined = x.0.is_some() && y.0.is_some();
    let function = |node: &Node, constants: &[String]| {
        node.names().iter().any(|name| !constants.contains(name))
            && (defined || added(node, constants).is_some() || is_transcendental(node))
    };
    if cs.len() != ds.len() || !function(&a, &cs) || !function(&b, &ds) {
        return Truth::Different;
    }
    let renamed = renamings(&ds, &cs).into_iter().fold(Truth::Different, |truth, pairs| {
        truth.or(|| comparison.same(&a, &b.renamed(&pairs)).by(By::CONSTANT))
    });
    renamed.or(|| match (added(&a, &cs), added(&b, &ds)) {
        (Some(f), Some(g)) if cs.len() == 1 => {
            constant_apart(&f, &g, comparison.fuel()).by(By::CONSTANT)
        }
        _ => Truth::Different,
    })
}

/// The name, if any, and the value of an answer, without conditions on constants.
fn value(node: &Node) -> (Option<String>, Node) {
    let (name, node) = match relation::definition(node) {
        Some(definition) => (Some(definition.name), definition.value),
        None => (None, node.clone()),
    };
    match node {
        Node::Given(value, conditions)
            if conditions.iter().flat_map(Node::names).all(|name| may_be_constant(&name)) =>
        {
            (name, *value)
        }
        other => (name, other),
    }
}

fn is_transcendental(node: &Node) -> bool {
    node.any(&|part| match part {
        Node::Pow(_, exponent) => exponent.any(&|part| matches!(part, Node::Var(_))),
        Node::Call(Fun::Exp | Fun::Sin | Fun::Cos | Fun::Ln | Fun::Sinh | Fun::Cosh, _) => true,
        _ => false,
    })
}

/// What remains of a sum without the only constant, where that is a term of its own.
fn added(node: &Node, constants: &[String]) -> Option<Node> {
    let [constant] = constants else { return None };
    let Node::Add(terms) = node else { return None };
    let alone = Node::Var(constant.clone());
    let bare = |term: &Node| *term == alone || *term == Node::Neg(Box::new(alone.clone()));
    let rest: Vec<Node> = terms.iter().filter(|term| !bare(term)).cloned().collect();
    let rest_has = rest.iter().any(|term| term.names().contains(constant));
    (rest.len() + 1 == terms.len() && !rest_has).then_some(Node::Add(rest))
}

/// Whether `f − g` does not depend on its variables.
fn constant_apart(f: &Node, g: &Node, fuel: &Fuel) -> Truth {
    let apart = Node::minus(f.clone(), g.clone());
    let point = |_: &str| Some(Node::Num(Rat::new(17.into(), 11.into())));
    if f.names().is_empty() || g.names().is_empty() {
        return Truth::Different;
    }
    decide::equal(&apart, &apart.substituted(&point), fuel)
}
