//! Whole answers: when two trees, or two texts, are the same answer.
//!
//! Every rule is symmetric. Where a notation has two meanings (`(1, 2)` a pair or an interval,
//! `1,000` a number or a list) both are tried; a text that names several values never equals one
//! that names one.

mod collection;

use crate::decide;
use crate::exact::Fuel;
use crate::node::{Node, Rel, is_name};
use crate::reading::readings;
use crate::token::{BYTES_MAX, Unreadable};
use crate::truth::{By, Equality, NO_NUMBER, Truth};
use crate::units::Measured;
use crate::{Rat, base, condition, constant, period, region, relation, text, vector};

/// Units of work for one comparison, about ten nanoseconds each.
const FUEL: u64 = 8_000_000;

/// Whether a decimal stands for what rounds to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decimals {
    /// 0.333 is 333/1000.
    #[default]
    Exact,
    /// 0.333 is also whatever lies within half a unit of its last digit, if it has two decimals.
    Rounded,
}

/// What may be chosen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// How decimals are taken.
    pub decimals: Decimals,
}

/// A comparison and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Whether the answers are equal, and by which rules.
    pub truth: Truth,
    /// Why the answer could not be read as mathematics; it was then compared as words.
    pub unreadable: Option<&'static str>,
}

impl Judgement {
    fn sure(truth: Truth) -> Self {
        Self { truth, unreadable: None }
    }

    fn unreadable(why: &'static str) -> Self {
        Self { truth: Truth::Different, unreadable: Some(why) }
    }
}

/// Whether `answer` equals `gold`.
#[must_use]
pub fn judge(gold: &str, answer: &str, rules: &Rules) -> Judgement {
    let (gold, answer) = (gold.trim(), answer.trim());
    if let (Some(a), Some(b)) = (text::plain_integer(gold), text::plain_integer(answer)) {
        return Judgement::sure(Truth::of(a == b));
    }
    if answer.is_empty() || gold.is_empty() {
        return Judgement::unreadable("empty");
    }
    if gold.len().max(answer.len()) > BYTES_MAX {
        return Judgement::unreadable("longer than the limit");
    }
    if gold == answer {
        return Judgement::sure(Truth::EXACT);
    }
    let plain = (crate::plain::text(gold), crate::plain::text(answer));
    let (gold, answer) = (&*plain.0, &*plain.1);
    let special = text::choices(gold, answer)
        .or_else(|| text::clocks(gold, answer))
        .or_else(|| base::same(gold, answer));
    if let Some(truth) = special {
        return Judgement::sure(truth);
    }
    let (golds, answers) = (readings(gold), readings(answer));
    match (&golds, &answers) {
        (Ok(golds), Ok(answers)) => {
            let comparison = Comparison { fuel: Fuel::new(FUEL), rules: *rules };
            let pairs = golds.iter().flat_map(|a| answers.iter().map(move |b| (a, b)));
            let truth =
                pairs.fold(Truth::Different, |truth, (a, b)| truth.or(|| comparison.whole(a, b)));
            Judgement::sure(match truth {
                // What cannot be computed and is not of the same form is another answer.
                Truth::Undecided(NO_NUMBER) => Truth::Different,
                truth => truth,
            })
        }
        _ => {
            let equal =
                text::normal(gold) == text::normal(answer) && !text::normal(gold).is_empty();
            let unreadable = match (equal, &golds, &answers) {
                (false, Ok(_), Err(Unreadable(why))) => Some(*why),
                _ => None,
            };
            Judgement { truth: Truth::of(equal).by(By::WORDS), unreadable }
        }
    }
}

/// One comparison under way.
struct Comparison {
    fuel: Fuel,
    rules: Rules,
}

impl Comparison {
    fn whole(&self, a: &Node, b: &Node) -> Truth {
        let (a, b) = (self.simplified(a), self.simplified(b));
        self.same(&a, &b).or(|| period::same(self, &a, &b)).or(|| constant::same(self, &a, &b))
    }

    /// Without the approximate end of `a ≈ b`, and with `x = a = b` as `x = b` where `a` is `b`.
    fn simplified(&self, node: &Node) -> Node {
        let (all, relations) = match node {
            Node::Chain(all, relations) => (all, relations),
            Node::Given(value, conditions) if matches!(**value, Node::Chain(..)) => {
                return Node::Given(Box::new(self.simplified(value)), conditions.clone());
            }
            other => return other.clone(),
        };
        let named = is_name(&all[0]);
        let n_exact = relations.iter().position(|r| *r == Rel::About).unwrap_or(relations.len());
        let (parts, relations) = (&all[..=n_exact], &relations[..n_exact]);
        if relations.is_empty() {
            // x ≈ 1.41 names a value, 1 + √2 ≈ 2.41 is one.
            return match named {
                true => Node::Chain(all[..2].to_vec(), vec![Rel::Eq]),
                false => all[0].clone(),
            };
        }
        if relations.len() < 2 || relations.iter().any(|r| *r != Rel::Eq) {
            return Node::Chain(parts.to_vec(), relations.to_vec());
        }
        let values = &parts[usize::from(named)..];
        let agree = values.windows(2).all(|pair| self.same(&pair[0], &pair[1]).is_equal());
        match (agree, parts.last()) {
            (true, Some(last)) if named => {
                Node::Chain(vec![parts[0].clone(), last.clone()], vec![Rel::Eq])
            }
            (true, Some(last)) => last.clone(),
            _ => node.clone(),
        }
    }

    fn regions(&self, a: &Node, b: &Node) -> Truth {
        match (region::read(a, &self.fuel), region::read(b, &self.fuel)) {
            (Some(x), Some(y)) => x.same(&y, self),
            // Ends that cannot be put in order are compared one by one.
            _ => self.by_form(a, b),
        }
    }

    /// Values with units, percent signs or degrees; `None` where neither side has any.
    fn measured(&self, a: &Node, b: &Node) -> Option<Truth> {
        let (x, y) = (Measured::read(a), Measured::read(b));
        Some(match (x, y) {
            (None, None) => return None,
            (Some(x), Some(y)) => x.same(&y, self),
            (Some(x), None) => x.same_without_unit(b, self).by(By::UNIT),
            (None, Some(y)) => y.same_without_unit(a, self).by(By::UNIT),
        })
    }

    /// A relation against a value: what the relation defines must be it.
    fn defined(&self, statement: &Node, value: &Node) -> Option<Truth> {
        let definition = relation::definition(statement)?;
        Some(definition.same_value(value, self))
    }
}

impl Equality for Comparison {
    fn same(&self, a: &Node, b: &Node) -> Truth {
        if a == b {
            return Truth::EXACT;
        }
        if let Err(stop) = self.fuel.spend(20) {
            return stop.into();
        }
        if matches!(a, Node::Given(..)) || matches!(b, Node::Given(..)) {
            let named = |node| relation::definition(node).filter(|d| !d.parameters.is_empty());
            return match (named(a), named(b)) {
                (Some(x), Some(y)) if x.name == y.name => relation::same(self, a, b),
                _ => condition::same(self, a, b),
            };
        }
        if let (Node::And(xs), Node::List(_) | Node::Tuple(_), other)
        | (Node::List(_) | Node::Tuple(_), Node::And(xs), other) = (a, b, [a, b])
            && !other.iter().any(|side| region::is_region(side))
        {
            let list = Node::List(xs.clone());
            return if matches!(a, Node::And(_)) {
                self.same(&list, b)
            } else {
                self.same(a, &list)
            };
        }
        let defined = match (relation::is_relation(a), relation::is_relation(b)) {
            (true, true) => return relation::same(self, a, b),
            (true, false) => self.defined(a, b),
            (false, true) => self.defined(b, a),
            (false, false) => None,
        };
        if let Some(truth) = defined {
            return truth;
        }
        let rules: &dyn Equality = self;
        if collection::has_choice_of_sign(a) || collection::has_choice_of_sign(b) {
            return rules.with_signs(a, b);
        }
        if region::is_region(a) || region::is_region(b) {
            return self.regions(a, b);
        }
        if let Some(truth) = self.measured(a, b).or_else(|| vector::same(self, a, b)) {
            return truth;
        }
        if let Some(matrix) = collection::as_matrix(a) {
            return self.same(&matrix, b);
        }
        if let Some(matrix) = collection::as_matrix(b) {
            return self.same(a, &matrix);
        }
        rules.collections(a, b).unwrap_or_else(|| self.scalars(a, b))
    }

    fn scalars(&self, a: &Node, b: &Node) -> Truth {
        if is_composite(a) || is_composite(b) {
            return self.by_form(a, b);
        }
        let truth = decide::equal(a, b, &self.fuel);
        match truth {
            Truth::Equal(_) => truth,
            Truth::Undecided(NO_NUMBER) => self.by_form(a, b),
            _ if self.rules.decimals == Decimals::Rounded => truth
                .or(|| rounds_to(a, b, &self.fuel).by(By::ROUNDED))
                .or(|| rounds_to(b, a, &self.fuel).by(By::ROUNDED)),
            _ => truth,
        }
    }

    /// Sums, products and sets in any order.
    fn by_form(&self, a: &Node, b: &Node) -> Truth {
        use std::mem::discriminant;
        if let Err(stop) = self.fuel.spend(20) {
            return stop.into();
        }
        if discriminant(a) != discriminant(b) {
            return Truth::Undecided(NO_NUMBER);
        }
        let (xs, ys) = (a.children(), b.children());
        if xs.len() != ys.len() || xs.is_empty() {
            return Truth::Undecided(NO_NUMBER);
        }
        let rules: &dyn Equality = self;
        let ordered =
            || xs.iter().zip(&ys).fold(Truth::EXACT, |truth, (x, y)| truth.and(|| self.same(x, y)));
        match (a, b) {
            (Node::Mul(_), _) | (Node::Union(_) | Node::Set(_), _) => rules.matched(&xs, &ys),
            (Node::Add(_), _) if !a.any(&|part| *part == Node::Ellipsis) => rules.matched(&xs, &ys),
            (Node::Call(f, _), Node::Call(g, _)) if f != g => Truth::Different,
            (Node::Apply(f, _), Node::Apply(g, _)) if f != g => Truth::Different,
            (Node::Root(j, _), Node::Root(k, _)) if j != k => Truth::Different,
            (Node::PlusMinus(_, f), Node::PlusMinus(_, g)) if f != g => Truth::Different,
            (Node::Quantity(_, f), Node::Quantity(_, g)) if f != g => Truth::Different,
            (Node::Chain(_, r), Node::Chain(_, s)) if r != s => Truth::Different,
            (Node::Interval(_, _, a, b), Node::Interval(_, _, c, d)) if (a, b) != (c, d) => {
                Truth::Different
            }
            (
                Node::Series { product: p, variable: v, .. },
                Node::Series { product: q, variable: w, .. },
            ) if p != q || v != w => Truth::Different,
            (Node::Matrix(r), Node::Matrix(s)) if r.len() != s.len() => Truth::Different,
            _ => ordered(),
        }
    }

    fn fuel(&self) -> &Fuel {
        &self.fuel
    }
}

fn is_composite(node: &Node) -> bool {
    matches!(
        node,
        Node::List(_)
            | Node::Tuple(_)
            | Node::Bracket(_)
            | Node::Set(_)
            | Node::Named(_)
            | Node::Interval(..)
            | Node::Union(_)
            | Node::Intersection(_)
            | Node::Without(..)
            | Node::Member(..)
            | Node::Matrix(_)
            | Node::Cases(_)
            | Node::Chain(..)
            | Node::Given(..)
            | Node::And(_)
            | Node::Or(_)
            | Node::Ratio(_)
            | Node::Text(_)
            | Node::Inf
    )
}

/// Whether the decimal `a` is `b` rounded to its digits.
fn rounds_to(a: &Node, b: &Node, fuel: &Fuel) -> Truth {
    let Node::Num(x) = a else { return Truth::Different };
    let mut unit = Rat::from_integer(1.into());
    let mut n_decimals = 0;
    while !(x * &unit).is_integer() {
        n_decimals += 1;
        if n_decimals > 30 {
            return Truth::Different;
        }
        unit *= Rat::from_integer(10.into());
    }
    if n_decimals < 2 {
        return Truth::Different;
    }
    let half = unit.recip() / num_bigint::BigInt::from(2);
    let order = |end: Rat| decide::order(&Node::Num(end), b, fuel);
    use std::cmp::Ordering::{Equal, Greater, Less};
    let (low, high) = (order(x - &half), order(x + &half));
    Truth::of(matches!(low, Some(Less | Equal)) && matches!(high, Some(Greater | Equal)))
}
