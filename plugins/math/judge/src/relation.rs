//! Equations and inequalities: definitions, scaling, turning around.

use crate::compare::{Comparison, NO_NUMBER, Truth};
use crate::decide::proportional;
use crate::node::{Fun, Node, Rel};
use crate::parse::is_order;
use crate::region;

/// Whether a node states something rather than naming a value.
pub(crate) fn is_relation(node: &Node) -> bool {
    match node {
        Node::Chain(..) | Node::Member(..) => true,
        Node::And(parts) | Node::Or(parts) => parts.iter().all(is_relation),
        Node::Apply(name, _) => name == "pmod",
        _ => false,
    }
}

/// Whether a node is a name that something can be called by.
pub(crate) fn is_name(node: &Node) -> bool {
    matches!(node, Node::Var(_) | Node::Apply(..))
}

/// The name and the value of `x = value`, `f(x) = value` or `x ∈ {…}`.
pub(crate) fn definition(node: &Node) -> Option<(String, Node)> {
    let name = |node: &Node| match node {
        Node::Var(name) => Some(name.clone()),
        // |AB|
        Node::Call(Fun::Abs, parts) => match parts.as_slice() {
            [Node::Var(name)] if name.len() > 1 => Some(name.clone()),
            _ => None,
        },
        Node::Apply(name, _) if name == "pmod" => None,
        // f(x) is f whatever the letter, f(2) is a value of its own.
        Node::Apply(name, parts) if parts.iter().all(|part| matches!(part, Node::Var(_))) => {
            Some(name.clone())
        }
        Node::Apply(name, parts) => Some(format!("{name} of {parts:?}")),
        // (x, y) = (1, 2)
        Node::Tuple(parts) if parts.iter().all(|part| matches!(part, Node::Var(_))) => {
            Some(format!("{parts:?}"))
        }
        _ => None,
    };
    match node {
        Node::Chain(parts, relations) if *relations == [Rel::Eq] => {
            let (left, right) = (&parts[0], &parts[1]);
            let holds = |value: &Node, name: &str| {
                !value.any(&|part| matches!(part, Node::Var(found) if found == name))
            };
            if let Some(found) = name(left)
                && holds(right, &found)
            {
                return Some((found, right.clone()));
            }
            let found = name(right)?;
            let constant = !left.any(&|part| matches!(part, Node::Var(_)));
            constant.then(|| (found, left.clone()))
        }
        Node::Member(x, set) => Some((name(x)?, (**set).clone())),
        Node::Or(parts) | Node::And(parts) => {
            let mut all = Vec::new();
            let mut only = None;
            for part in parts {
                let (found, value) = definition(part)?;
                if *only.get_or_insert_with(|| found.clone()) != found {
                    return None;
                }
                all.push(value);
            }
            Some((only?, Node::List(all)))
        }
        _ => None,
    }
}

/// Whether two statements say the same.
pub(crate) fn same(comparison: &Comparison, a: &Node, b: &Node) -> Truth {
    if let (Some((x, left)), Some((y, right))) = (definition(a), definition(b))
        && (x == y || [&x, &y].iter().all(|name| matches!(name.as_str(), "y" | "f")))
    {
        return comparison.same(&left, &right);
    }
    if region::is_region(a) || region::is_region(b) {
        let regions = (region::read(a, &comparison.fuel), region::read(b, &comparison.fuel));
        if let (Some(x), Some(y)) = regions {
            return x.same(&y, comparison);
        }
    }
    match (a, b) {
        (Node::Chain(xs, r), Node::Chain(ys, s)) if r.len() == 1 && s.len() == 1 => {
            single(comparison, (&xs[0], r[0], &xs[1]), (&ys[0], s[0], &ys[1]))
        }
        (Node::Chain(xs, r), Node::Chain(ys, s)) if r.len() == s.len() => {
            let turned: Vec<Rel> = s.iter().rev().map(|relation| turn(*relation)).collect();
            let same = |ys: &mut dyn Iterator<Item = &Node>| {
                xs.iter()
                    .zip(ys)
                    .fold(Truth::Equal, |truth, (x, y)| truth.and(|| comparison.same(x, y)))
            };
            let forward = if r == s { same(&mut ys.iter()) } else { Truth::Different };
            forward.or(|| if *r == turned { same(&mut ys.iter().rev()) } else { Truth::Different })
        }
        (Node::Member(x, s), Node::Member(y, t)) => {
            comparison.same(x, y).and(|| comparison.same(s, t))
        }
        (Node::And(xs), Node::And(ys)) | (Node::Or(xs), Node::Or(ys)) => {
            comparison.any_order(xs, ys)
        }
        (Node::Apply(_, xs), Node::Apply(_, ys)) => congruences(comparison, xs, ys),
        _ => Truth::Different,
    }
}

/// `x ≡ a (mod m)` against another: the same modulus, and residues that differ by a multiple of it.
fn congruences(comparison: &Comparison, xs: &[Node], ys: &[Node]) -> Truth {
    let split = |node: &Node| match node {
        Node::Chain(parts, relations) if *relations == [Rel::Congruent] => {
            (Some(parts[0].clone()), parts[1].clone())
        }
        other => (None, other.clone()),
    };
    let ([a, m], [b, n]) = (xs, ys) else { return Truth::Different };
    let ((x, a), (y, b)) = (split(a), split(b));
    let residue = |a: &Node, m: &Node| Node::Call(Fun::Mod, vec![a.clone(), m.clone()]);
    let subjects = match (x, y) {
        (Some(x), Some(y)) => comparison.same(&x, &y),
        (None, None) => Truth::Equal,
        _ => Truth::Different,
    };
    subjects
        .and(|| comparison.same(m, n))
        .and(|| comparison.same(&a, &b).or(|| comparison.same(&residue(&a, m), &residue(&b, n))))
}

impl Comparison {
    fn any_order(&self, xs: &[Node], ys: &[Node]) -> Truth {
        self.same(&Node::List(xs.to_vec()), &Node::List(ys.to_vec()))
    }
}

fn turn(relation: Rel) -> Rel {
    match relation {
        Rel::Lt => Rel::Gt,
        Rel::Le => Rel::Ge,
        Rel::Gt => Rel::Lt,
        Rel::Ge => Rel::Le,
        other => other,
    }
}

/// One relation against one: equal up to a factor, positive where the relation is an order.
fn single(comparison: &Comparison, a: (&Node, Rel, &Node), b: (&Node, Rel, &Node)) -> Truth {
    // Orders are written as `left − right > 0`.
    let oriented = |(left, relation, right): (&Node, Rel, &Node)| match relation {
        Rel::Lt | Rel::Le => (Node::minus(right.clone(), left.clone()), turn(relation)),
        other => (Node::minus(left.clone(), right.clone()), other),
    };
    let ((f, r), (g, s)) = (oriented(a), oriented(b));
    if r != s {
        return Truth::Different;
    }
    let scaled = proportional(&f, &g, is_order(r), &comparison.fuel);
    match scaled {
        Truth::Undecided(NO_NUMBER) => {
            let straight = comparison.same(a.0, b.0).and(|| comparison.same(a.2, b.2));
            match r {
                Rel::Eq | Rel::Ne => {
                    straight.or(|| comparison.same(a.0, b.2).and(|| comparison.same(a.2, b.0)))
                }
                _ if a.1 == b.1 => straight,
                _ => comparison.same(a.0, b.2).and(|| comparison.same(a.2, b.0)),
            }
        }
        truth => truth,
    }
}
