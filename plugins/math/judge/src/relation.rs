//! Equations and inequalities: definitions, scaling, turning around.

use crate::decide::proportional;
use crate::node::{Fun, Node, Rel};
use crate::region;
use crate::truth::{By, Equality, NO_NUMBER, Truth};

/// Whether a node states something rather than naming a value.
pub(crate) fn is_relation(node: &Node) -> bool {
    match node {
        Node::Chain(..) | Node::Member(..) => true,
        Node::And(parts) | Node::Or(parts) => parts.iter().all(is_relation),
        Node::Apply(name, _) => name == "pmod",
        Node::Given(statement, _) => is_relation(statement),
        _ => false,
    }
}

/// What `x = value`, `f(x) = value` or `x ∈ {…}` defines.
pub(crate) struct Definition {
    pub(crate) name: String,
    /// The variables that a function or a sequence is defined by.
    pub(crate) parameters: Vec<String>,
    pub(crate) value: Node,
}

impl Definition {
    /// The value with the parameters called `names`, where that takes no other name.
    fn over(&self, names: &[String]) -> Option<Node> {
        if self.parameters == names {
            return Some(self.value.clone());
        }
        let free = self.value.names();
        let taken = |name: &String| free.contains(name) && !self.parameters.contains(name);
        if self.parameters.len() != names.len() || names.iter().any(taken) {
            return None;
        }
        let pairs: Vec<_> = self.parameters.iter().cloned().zip(names.iter().cloned()).collect();
        Some(self.value.renamed(&pairs))
    }

    /// Whether this value is `other`, whatever the letter of a single parameter.
    pub(crate) fn same_value(&self, other: &Node, comparison: &dyn Equality) -> Truth {
        let straight = comparison.same(&self.value, other);
        let [parameter] = self.parameters.as_slice() else { return straight };
        straight.or(|| {
            let names = other.names();
            let free = self.value.names();
            let single = names.len() == 1 && free == [parameter.clone()] && names != free;
            match self.over(&names).filter(|_| single) {
                Some(value) => comparison.same(&value, other).by(By::RENAMED),
                None => Truth::Different,
            }
        })
    }
}

/// The name and the parameters of what may stand before an equals sign.
fn head(node: &Node) -> Option<(String, Vec<String>)> {
    let variable = |part: &Node| match part {
        Node::Var(name) => Some(name.clone()),
        _ => None,
    };
    match node {
        Node::Var(name) => Some((name.clone(), Vec::new())),
        // |AB|
        Node::Call(Fun::Abs, parts) => match parts.as_slice() {
            [Node::Var(name)] if name.len() > 1 => Some((name.clone(), Vec::new())),
            _ => None,
        },
        Node::Apply(name, _) if name == "pmod" => None,
        // f(x) is f whatever the letter, f(2) is a value of its own.
        Node::Apply(name, parts) => Some(match parts.iter().map(variable).collect() {
            Some(parameters) => (name.clone(), parameters),
            None => (format!("{name} of {parts:?}"), Vec::new()),
        }),
        // (x, y) = (1, 2)
        Node::Tuple(parts) if parts.iter().all(|part| matches!(part, Node::Var(_))) => {
            Some((format!("{parts:?}"), Vec::new()))
        }
        _ => None,
    }
}

/// `a_n` is a sequence in `n` where its value has an `n`.
fn sequence(name: &str, value: &Node) -> Option<(String, Vec<String>)> {
    let (stem, index) = name.split_once('_')?;
    let letter = index.len() == 1 && index.bytes().all(|b| b.is_ascii_lowercase());
    let has_index = |part: &Node| matches!(part, Node::Var(found) if found == index);
    (letter && value.any(&has_index)).then(|| (format!("{stem}_"), vec![index.to_owned()]))
}

/// What a node defines, if it is a definition.
pub(crate) fn definition(node: &Node) -> Option<Definition> {
    match node {
        Node::Chain(parts, relations) if *relations == [Rel::Eq] => {
            let (left, right) = (&parts[0], &parts[1]);
            let holds = |value: &Node, name: &str| {
                !value.any(&|part| matches!(part, Node::Var(found) if found == name))
            };
            if let Some((name, parameters)) = head(left)
                && holds(right, &name)
            {
                let (name, parameters) = sequence(&name, right).unwrap_or((name, parameters));
                return Some(Definition { name, parameters, value: right.clone() });
            }
            let (name, parameters) = head(right)?;
            let constant = !left.any(&|part| matches!(part, Node::Var(_)));
            constant.then(|| Definition { name, parameters, value: left.clone() })
        }
        Node::Member(x, set) => {
            let (name, parameters) = head(x)?;
            Some(Definition { name, parameters, value: (**set).clone() })
        }
        Node::Given(statement, conditions) => {
            let found = definition(statement)?;
            let value = Node::Given(Box::new(found.value), conditions.clone());
            Some(Definition { value, ..found })
        }
        Node::Or(parts) | Node::And(parts) => {
            let mut all = Vec::new();
            let mut only: Option<(String, Vec<String>)> = None;
            for part in parts {
                let found = definition(part)?;
                let (name, parameters) =
                    only.get_or_insert_with(|| (found.name.clone(), found.parameters.clone()));
                if *name != found.name {
                    return None;
                }
                all.push(found.over(parameters)?);
            }
            let (name, parameters) = only?;
            Some(Definition { name, parameters, value: Node::List(all) })
        }
        _ => None,
    }
}

/// Whether two statements say the same.
pub(crate) fn same(comparison: &dyn Equality, a: &Node, b: &Node) -> Truth {
    if let (Some(x), Some(y)) = (definition(a), definition(b))
        && (x.name == y.name || [&x, &y].iter().all(|d| matches!(d.name.as_str(), "y" | "f")))
    {
        return match y.over(&x.parameters) {
            Some(value) if y.parameters == x.parameters => comparison.same(&x.value, &value),
            Some(value) => comparison.same(&x.value, &value).by(By::RENAMED),
            None if !x.parameters.is_empty() && !y.parameters.is_empty() => Truth::Different,
            None if x.parameters.is_empty() => y.same_value(&x.value, comparison),
            None => x.same_value(&y.value, comparison),
        };
    }
    if region::is_region(a) || region::is_region(b) {
        let regions = (region::read(a, comparison.fuel()), region::read(b, comparison.fuel()));
        if let (Some(x), Some(y)) = regions {
            return x.same(&y, comparison);
        }
    }
    match (a, b) {
        (Node::Chain(xs, r), Node::Chain(ys, s)) if r.len() == 1 && s.len() == 1 => {
            single(comparison, (&xs[0], r[0], &xs[1]), (&ys[0], s[0], &ys[1]))
        }
        (Node::Chain(xs, r), Node::Chain(ys, s)) if r.len() == s.len() => {
            let turned: Vec<Rel> = s.iter().rev().map(|relation| relation.turned()).collect();
            let same = |ys: &mut dyn Iterator<Item = &Node>| {
                xs.iter()
                    .zip(ys)
                    .fold(Truth::EXACT, |truth, (x, y)| truth.and(|| comparison.same(x, y)))
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
fn congruences(comparison: &dyn Equality, xs: &[Node], ys: &[Node]) -> Truth {
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
        _ => Truth::EXACT,
    };
    subjects
        .and(|| comparison.same(m, n))
        .and(|| comparison.same(&a, &b).or(|| comparison.same(&residue(&a, m), &residue(&b, n))))
}

impl dyn Equality + '_ {
    fn any_order(&self, xs: &[Node], ys: &[Node]) -> Truth {
        self.same(&Node::List(xs.to_vec()), &Node::List(ys.to_vec()))
    }
}

/// One relation against one: equal up to a factor, positive where the relation is an order.
fn single(comparison: &dyn Equality, a: (&Node, Rel, &Node), b: (&Node, Rel, &Node)) -> Truth {
    // Orders are written as `left − right > 0`.
    let oriented = |(left, relation, right): (&Node, Rel, &Node)| match relation {
        Rel::Lt | Rel::Le => (Node::minus(right.clone(), left.clone()), relation.turned()),
        other => (Node::minus(left.clone(), right.clone()), other),
    };
    let ((f, r), (g, s)) = (oriented(a), oriented(b));
    if r != s {
        return Truth::Different;
    }
    let scaled = proportional(&f, &g, r.is_order(), comparison.fuel());
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
