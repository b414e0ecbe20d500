//! Values with conditions beside them: `2n+1 for n ≥ 1`, `kπ, k ∈ ℤ`.
//!
//! Conditions are compared where both sides state some: two that contradict make two answers of
//! one. Where only one side does they must speak of the letters of its value. The letters that
//! conditions declare are parameters, which may be renamed.

use std::collections::BTreeMap;

use crate::node::{Named, Node, Rel};
use crate::region;
use crate::truth::{By, Equality, Truth};

/// Most parameters that are renamed at once.
const RENAMED_MAX: usize = 3;

/// The class of a declared letter that may be anything.
pub(crate) const ANY: &str = "any";

/// Letters that count where nothing else is said.
const INDEX_LETTERS: [&str; 8] = ["k", "n", "m", "l", "i", "j", "N", "M"];

/// A value and what is said beside it.
struct Stated<'a> {
    value: &'a Node,
    conditions: &'a [Node],
}

fn stated(node: &Node) -> Stated<'_> {
    match node {
        Node::Given(value, conditions) => Stated { value, conditions },
        value => Stated { value, conditions: &[] },
    }
}

impl Stated<'_> {
    fn names(&self) -> Vec<String> {
        let mut names = self.value.names();
        self.conditions.iter().for_each(|condition| condition.variables(&mut names));
        names
    }

    fn declared(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.conditions.iter().for_each(|condition| condition.variables(&mut names));
        names
    }
}

/// Whether two nodes, one of them [`Node::Given`], are the same answer.
pub(crate) fn same(comparison: &dyn Equality, a: &Node, b: &Node) -> Truth {
    let (a, b) = (stated(a), stated(b));
    let straight = both(comparison, &a, &b);
    straight.or(|| {
        let (mine, theirs) = (a.names(), b.names());
        let extra = |own: &[String], other: &[String]| -> Vec<String> {
            own.iter().filter(|name| !other.contains(name)).cloned().collect()
        };
        let (mine, theirs) = (extra(&mine, &theirs), extra(&theirs, &mine));
        let (known_a, known_b) = (a.declared(), b.declared());
        renamings(&theirs, &mine)
            .into_iter()
            .filter(|pairs| {
                pairs.iter().all(|(old, new)| known_b.contains(old) || known_a.contains(new))
            })
            .fold(Truth::Different, |truth, pairs| {
                truth.or(|| {
                    let value = b.value.renamed(&pairs);
                    let conditions: Vec<Node> =
                        b.conditions.iter().map(|condition| condition.renamed(&pairs)).collect();
                    let b = Stated { value: &value, conditions: &conditions };
                    both(comparison, &a, &b).by(By::RENAMED)
                })
            })
    })
}

/// The ways to call each of `old` one of `new`; none where there are too many.
pub(crate) fn renamings(old: &[String], new: &[String]) -> Vec<Vec<(String, String)>> {
    if old.len() != new.len() || old.is_empty() || old.len() > RENAMED_MAX {
        return Vec::new();
    }
    let mut ways = vec![Vec::new()];
    for name in old {
        ways = ways
            .into_iter()
            .flat_map(|way: Vec<(String, String)>| {
                let free = |new: &&String| way.iter().all(|(_, taken)| taken != *new);
                let ways = new.iter().filter(free).map(|new| {
                    let mut longer = way.clone();
                    longer.push((name.clone(), new.clone()));
                    longer
                });
                ways.collect::<Vec<_>>()
            })
            .collect();
    }
    ways
}

fn both(comparison: &dyn Equality, a: &Stated<'_>, b: &Stated<'_>) -> Truth {
    comparison.same(a.value, b.value).and(|| {
        let (x, y) = (Conditions::read(a.conditions), Conditions::read(b.conditions));
        match (a.conditions.is_empty(), b.conditions.is_empty()) {
            (true, true) => Truth::EXACT,
            (true, false) => y.alone(b.value),
            (false, true) => x.alone(a.value),
            (false, false) => x.agree(&y, comparison, [a.value, b.value]),
        }
    })
}

/// What is said of one letter.
#[derive(Default)]
struct Domain {
    kinds: Vec<Named>,
    /// Orders and sets.
    parts: Vec<Node>,
    /// `odd`, `prime`.
    classes: Vec<String>,
}

/// All that is said.
#[derive(Default)]
struct Conditions {
    domains: BTreeMap<String, Domain>,
    /// What is said of several letters.
    rest: Vec<Node>,
}

impl Conditions {
    fn read(conditions: &[Node]) -> Self {
        let mut read = Self::default();
        conditions.iter().for_each(|condition| read.add(condition));
        read
    }

    fn add(&mut self, condition: &Node) {
        let names = condition.names();
        if let Node::And(parts) = condition {
            return parts.iter().for_each(|part| self.add(part));
        }
        let [name] = names.as_slice() else { return self.rest.push(condition.clone()) };
        if let Node::Member(x, set) = condition
            && let Node::Intersection(sets) = &**set
        {
            let member = |set: &Node| Node::Member(x.clone(), Box::new(set.clone()));
            return sets.iter().for_each(|set| self.add(&member(set)));
        }
        let domain = self.domains.entry(name.clone()).or_default();
        match condition {
            Node::Member(x, set) if matches!(**x, Node::Var(_)) => match &**set {
                Node::Text(class) if class == ANY => {}
                Node::Text(class) => domain.classes.push(class.clone()),
                Node::Named(named) if *named != Named::Empty => domain.kinds.push(*named),
                _ => domain.parts.push(condition.clone()),
            },
            _ => domain.parts.push(condition.clone()),
        }
    }

    /// Whether these may stand beside `value` where the other side says nothing.
    fn alone(&self, value: &Node) -> Truth {
        let names = value.names();
        let free = |name: &String, domain: &Domain| {
            names.contains(name) || (domain.parts.is_empty() && domain.kinds.is_empty())
        };
        let plain = self
            .domains
            .iter()
            .all(|(name, domain)| domain.classes.is_empty() && free(name, domain));
        let told = self.rest.iter().flat_map(Node::names).all(|name| names.contains(&name));
        Truth::of(plain && told).by(By::CONDITION)
    }

    fn agree(&self, other: &Self, comparison: &dyn Equality, values: [&Node; 2]) -> Truth {
        let mut truth = Truth::EXACT;
        for (name, domain) in &self.domains {
            truth = truth.and(|| match other.domains.get(name) {
                Some(theirs) => domain.same(theirs, name, comparison),
                None => domain.unanswered(name, values),
            });
        }
        for (name, domain) in &other.domains {
            if !self.domains.contains_key(name) {
                truth = truth.and(|| domain.unanswered(name, values));
            }
        }
        match (self.rest.is_empty(), other.rest.is_empty()) {
            (true, true) => truth,
            (false, false) => truth.and(|| {
                comparison.same(&Node::List(self.rest.clone()), &Node::List(other.rest.clone()))
            }),
            _ => Truth::Different,
        }
    }
}

impl Domain {
    /// Nothing but "any" or "real" is said.
    fn is_open(&self) -> bool {
        self.parts.is_empty()
            && self.classes.is_empty()
            && self.kinds.iter().all(|kind| matches!(kind, Named::Reals | Named::Complexes))
    }

    /// Where the other side has conditions, but none on this letter.
    fn unanswered(&self, name: &str, values: [&Node; 2]) -> Truth {
        let used = values.iter().any(|value| value.names().iter().any(|found| found == name));
        Truth::of(self.is_open() || (used && self.classes.is_empty() && self.parts.is_empty()))
            .by(By::CONDITION)
    }

    fn whole(&self) -> bool {
        self.kinds.iter().any(|kind| matches!(kind, Named::Integers | Named::Naturals))
    }

    fn same(&self, other: &Self, name: &str, comparison: &dyn Equality) -> Truth {
        let sorted = |classes: &[String]| {
            let mut classes = classes.to_vec();
            classes.sort();
            classes
        };
        if sorted(&self.classes) != sorted(&other.classes) {
            return Truth::Different;
        }
        let kinds = self.kinds_agree(other, name);
        let whole = self.whole() || other.whole() || INDEX_LETTERS.contains(&name);
        kinds.and(|| match (self.floors(whole), other.floors(whole)) {
            (mine, theirs) if mine.is_empty() && theirs.is_empty() => Truth::EXACT,
            (mine, theirs) => mine.iter().fold(Truth::Different, |truth, x| {
                theirs.iter().fold(truth, |truth, y| truth.or(|| regions(x, y, whole, comparison)))
            }),
        })
    }

    fn kinds_agree(&self, other: &Self, name: &str) -> Truth {
        let (mine, theirs) = (self.whole(), other.whole());
        if mine == theirs {
            let odd = |domain: &Self, kind| domain.kinds.contains(&kind);
            let same = [Named::Rationals, Named::Complexes]
                .into_iter()
                .all(|kind| odd(self, kind) == odd(other, kind));
            return Truth::of(same || mine);
        }
        let silent = if mine { other } else { self };
        Truth::of(silent.kinds.is_empty() && INDEX_LETTERS.contains(&name)).by(By::CONDITION)
    }

    /// What the orders may be meant as: of natural numbers, from zero or from one.
    fn floors(&self, whole: bool) -> Vec<Vec<Node>> {
        let parts = self.parts.clone();
        if !whole || !self.kinds.contains(&Named::Naturals) {
            return if parts.is_empty() { Vec::new() } else { vec![parts] };
        }
        let x = Node::Var("x".to_owned());
        let from = |low: i64| {
            let mut parts = parts.clone();
            let order = Node::Chain(vec![x.clone(), Node::int(low)], vec![Rel::Ge]);
            // The letter is the same in all: it is written anew.
            parts.push(order);
            parts
        };
        vec![from(1), from(0)]
    }
}

/// Whether two lists of orders on one letter leave the same numbers.
fn regions(xs: &[Node], ys: &[Node], whole: bool, comparison: &dyn Equality) -> Truth {
    let plain = |parts: &[Node]| -> Node {
        let letter = |_: &str| Some(Node::Var("x".to_owned()));
        let parts: Vec<Node> = parts.iter().map(|part| part.substituted(&letter)).collect();
        Node::And(parts)
    };
    let (a, b) = (plain(xs), plain(ys));
    let fuel = comparison.fuel();
    match (region::read(&a, fuel), region::read(&b, fuel)) {
        (Some(a), Some(b)) if whole => a.over_integers().same(&b.over_integers(), comparison),
        (Some(a), Some(b)) => a.same(&b, comparison),
        _ => match (a, b) {
            (Node::And(a), Node::And(b)) => comparison.same(&Node::List(a), &Node::List(b)),
            _ => Truth::Different,
        },
    }
}
