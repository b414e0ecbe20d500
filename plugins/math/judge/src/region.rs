//! Sets of real numbers as sorted pieces: intervals, rays, points, and what inequalities, unions,
//! complements and conditions make of them.
//!
//! Ends are constants that can be put in order; a node with others has no region.

use std::cmp::Ordering;

use num_traits::Signed;

use crate::decide::order;
use crate::exact::Fuel;
use crate::node::{Fun, Named, Node, Rel};
use crate::poly::Fraction;
use crate::truth::{Equality, Truth};

/// Most pieces.
const PIECES_MAX: usize = 64;

/// One end of a piece. An infinite end is never closed.
#[derive(Clone, Debug)]
enum End {
    Low,
    At(Node, bool),
    High,
}

/// From one end to the other; a point has the same closed end twice.
#[derive(Clone, Debug)]
struct Piece(End, End);

/// A set of real numbers, and the variable that it was a condition on.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    variable: Option<String>,
    pieces: Vec<Piece>,
}

/// Whether a node can only be meant as a set of real numbers.
pub(crate) fn is_region(node: &Node) -> bool {
    match node {
        Node::Interval(..) | Node::Union(_) | Node::Intersection(_) | Node::Without(..) => true,
        Node::Named(_) => true,
        Node::Chain(_, relations) => {
            relations.iter().any(|relation| relation.is_order() || *relation == Rel::Ne)
        }
        Node::Member(_, set) => {
            is_region(set) || matches!(**set, Node::Tuple(_) | Node::Bracket(_))
        }
        Node::And(parts) | Node::Or(parts) | Node::List(parts) => parts.iter().any(is_region),
        _ => false,
    }
}

/// The region that a node describes.
pub(crate) fn read(node: &Node, fuel: &Fuel) -> Option<Region> {
    let plain = |pieces| Some(Region { variable: None, pieces });
    match node {
        Node::Interval(a, b, low, high) => interval(a, b, *low, *high, fuel),
        Node::Tuple(ends) if ends.len() == 2 => interval(&ends[0], &ends[1], false, false, fuel),
        Node::Bracket(ends) if ends.len() == 2 => interval(&ends[0], &ends[1], true, true, fuel),
        Node::Named(Named::Empty) => plain(Vec::new()),
        Node::Named(Named::Reals) => plain(vec![Piece(End::Low, End::High)]),
        Node::Set(points) => {
            let pieces = points.iter().map(|x| {
                let end = End::At(x.clone(), true);
                constant(x).then_some(Piece(end.clone(), end))
            });
            Region { variable: None, pieces: pieces.collect::<Option<_>>()? }.sorted(fuel)
        }
        Node::Union(parts) | Node::Or(parts) => {
            joined(parts.iter().map(|part| read(part, fuel)), fuel)
        }
        Node::List(parts) => {
            // Conditions with a comma between them: both, or if that is impossible either.
            let regions: Vec<Region> =
                parts.iter().map(|part| read(part, fuel)).collect::<Option<_>>()?;
            let both = met(regions.iter().cloned().map(Some), fuel)?;
            let either = || joined(regions.into_iter().map(Some), fuel);
            if both.pieces.is_empty() { either() } else { Some(both) }
        }
        Node::Intersection(parts) | Node::And(parts) => {
            met(parts.iter().map(|part| read(part, fuel)), fuel)
        }
        Node::Without(a, b) => {
            let (a, b) = (read(a, fuel)?, read(b, fuel)?);
            met([Some(a), Some(b.complement())].into_iter(), fuel)
        }
        Node::Member(x, set) => match &**x {
            Node::Var(name) => Some(Region { variable: Some(name.clone()), ..read(set, fuel)? }),
            Node::Chain(..) => met([read(x, fuel), read(set, fuel)].into_iter(), fuel),
            _ => None,
        },
        Node::Chain(parts, relations) => chain(parts, relations, fuel),
        _ => None,
    }
}

fn constant(node: &Node) -> bool {
    !node.any(&|part| matches!(part, Node::Var(_) | Node::Ellipsis | Node::Apply(..)))
}

fn end(node: &Node, closed: bool) -> Option<End> {
    match node {
        Node::Inf => Some(End::High),
        Node::Neg(x) if **x == Node::Inf => Some(End::Low),
        Node::PlusMinus(..) => None,
        x => constant(x).then(|| End::At(x.clone(), closed)),
    }
}

fn interval(a: &Node, b: &Node, low: bool, high: bool, fuel: &Fuel) -> Option<Region> {
    let (a, b) = (end(a, low)?, end(b, high)?);
    let pieces = match position(&a, &b, fuel)? {
        Ordering::Less => vec![Piece(a, b)],
        Ordering::Equal if low && high => vec![Piece(a, b)],
        _ => Vec::new(),
    };
    Some(Region { variable: None, pieces })
}

/// Where the numbers of two ends lie, closed or not.
fn position(a: &End, b: &End, fuel: &Fuel) -> Option<Ordering> {
    Some(match (a, b) {
        (End::Low, End::Low) | (End::High, End::High) => Ordering::Equal,
        (End::Low, _) | (_, End::High) => Ordering::Less,
        (_, End::Low) | (End::High, _) => Ordering::Greater,
        (End::At(x, _), End::At(y, _)) => order(x, y, fuel)?,
    })
}

fn closed(end: &End) -> bool {
    matches!(end, End::At(_, true))
}

/// A condition on one variable between constants.
fn chain(parts: &[Node], relations: &[Rel], fuel: &Fuel) -> Option<Region> {
    match (parts, relations) {
        ([a, b], [relation]) => {
            let (x, bound, relation) = match (constant(a), constant(b)) {
                (false, true) => (a, b, *relation),
                (true, false) => (b, a, relation.turned()),
                _ => return None,
            };
            ray(x, relation, bound, fuel)
        }
        ([a, x, b], [r, s]) => {
            let low = ray(x, r.turned(), a, fuel)?;
            let high = ray(x, *s, b, fuel)?;
            met([Some(low), Some(high)].into_iter(), fuel)
        }
        _ => None,
    }
}

/// The only variable of a side.
fn subject(node: &Node) -> Option<String> {
    if let Node::Var(name) = node {
        return Some(name.clone());
    }
    let mut names = Vec::new();
    node.variables(&mut names);
    if names.len() == 1 { names.pop() } else { None }
}

/// `x < bound` and the like, of a variable, of `2x + 1`, or of the size of either.
fn ray(x: &Node, relation: Rel, bound: &Node, fuel: &Fuel) -> Option<Region> {
    let variable = Some(subject(x)?);
    if !constant(bound) {
        return None;
    }
    let side = |x: &Node, relation, bound: &Node| {
        let pieces = half(x, relation, bound, fuel)?;
        Region { variable: variable.clone(), pieces }.sorted(fuel)
    };
    let Node::Call(Fun::Abs, inside) = x else { return side(x, relation, bound) };
    let inside = inside.first()?;
    if order(bound, &Node::int(0), fuel)? == Ordering::Less {
        return None;
    }
    let lower = Node::neg(bound.clone());
    let sides = [side(inside, relation, bound), side(inside, relation.turned(), &lower)];
    match relation {
        Rel::Lt | Rel::Le | Rel::Ne => met(sides.into_iter(), fuel),
        _ => joined(sides.into_iter(), fuel),
    }
}

/// A condition on a variable, or on a linear expression in one.
fn half(x: &Node, relation: Rel, bound: &Node, fuel: &Fuel) -> Option<Vec<Piece>> {
    if matches!(x, Node::Var(_)) {
        return ray_pieces(relation, bound);
    }
    let (slope, shift) = Fraction::read(x, &[subject(x)?], fuel).ok()?.linear()?;
    let relation = if slope.is_negative() { relation.turned() } else { relation };
    let moved = Node::minus(bound.clone(), Node::Num(shift));
    if matches!(bound, Node::Inf | Node::Neg(_)) && bound.any(&|part| *part == Node::Inf) {
        return None;
    }
    ray_pieces(relation, &Node::div(moved, Node::Num(slope)))
}

fn ray_pieces(relation: Rel, bound: &Node) -> Option<Vec<Piece>> {
    let at = |closed| end(bound, closed);
    Some(match relation {
        Rel::Lt => vec![Piece(End::Low, at(false)?)],
        Rel::Le => vec![Piece(End::Low, at(true)?)],
        Rel::Gt => vec![Piece(at(false)?, End::High)],
        Rel::Ge => vec![Piece(at(true)?, End::High)],
        Rel::Eq => vec![Piece(at(true)?, at(true)?)],
        Rel::Ne => vec![Piece(End::Low, at(false)?), Piece(at(false)?, End::High)],
        _ => return None,
    })
}

/// The variable of several regions: none, or the same for all that have one.
fn shared(regions: &[Region]) -> Option<Option<String>> {
    let mut names = regions.iter().filter_map(|region| region.variable.clone());
    let first = names.next();
    names.all(|name| Some(&name) == first.as_ref()).then_some(first)
}

fn joined(regions: impl Iterator<Item = Option<Region>>, fuel: &Fuel) -> Option<Region> {
    let regions: Vec<Region> = regions.collect::<Option<_>>()?;
    let variable = shared(&regions)?;
    let pieces = regions.into_iter().flat_map(|region| region.pieces).collect();
    Region { variable, pieces }.sorted(fuel)
}

fn met(regions: impl Iterator<Item = Option<Region>>, fuel: &Fuel) -> Option<Region> {
    let regions: Vec<Region> = regions.collect::<Option<_>>()?;
    let variable = shared(&regions)?;
    // A ∩ B is what neither leaves out.
    let left_out = regions.iter().map(|region| Some(region.complement()));
    Some(Region { variable, ..joined(left_out, fuel)?.complement() })
}

impl Region {
    /// The same whole numbers with closed ends at whole numbers, where the ends are plain numbers.
    pub(crate) fn over_integers(self) -> Self {
        let one = crate::Rat::from_integer(1.into());
        let low = |end: End| match end {
            End::At(Node::Num(x), false) => End::At(Node::Num(x.floor() + &one), true),
            End::At(Node::Num(x), true) => End::At(Node::Num(x.ceil()), true),
            other => other,
        };
        let high = |end: End| match end {
            End::At(Node::Num(x), false) => End::At(Node::Num(x.ceil() - &one), true),
            End::At(Node::Num(x), true) => End::At(Node::Num(x.floor()), true),
            other => other,
        };
        let pieces = self.pieces.into_iter().map(|Piece(a, b)| Piece(low(a), high(b)));
        Self { variable: self.variable, pieces: pieces.collect() }
    }

    /// In ascending order, with pieces that touch made one.
    fn sorted(mut self, fuel: &Fuel) -> Option<Self> {
        if self.pieces.len() > PIECES_MAX {
            return None;
        }
        let mut out: Vec<Piece> = Vec::new();
        while !self.pieces.is_empty() {
            let mut first = 0;
            for idx in 1..self.pieces.len() {
                let (a, b) = (&self.pieces[idx].0, &self.pieces[first].0);
                let before = match position(a, b, fuel)? {
                    Ordering::Less => true,
                    Ordering::Equal => closed(a) && !closed(b),
                    Ordering::Greater => false,
                };
                if before {
                    first = idx;
                }
            }
            let piece = self.pieces.swap_remove(first);
            let Some(last) = out.last_mut() else {
                out.push(piece);
                continue;
            };
            let touches = match position(&piece.0, &last.1, fuel)? {
                Ordering::Less => true,
                Ordering::Equal => closed(&piece.0) || closed(&last.1),
                Ordering::Greater => false,
            };
            if !touches {
                out.push(piece);
                continue;
            }
            let further = match position(&piece.1, &last.1, fuel)? {
                Ordering::Greater => true,
                Ordering::Equal => closed(&piece.1),
                Ordering::Less => false,
            };
            if further {
                last.1 = piece.1;
            }
        }
        Some(Self { variable: self.variable, pieces: out })
    }

    /// All other real numbers. The pieces are sorted and apart.
    fn complement(&self) -> Self {
        let flip = |end: &End| match end {
            End::At(x, closed) => End::At(x.clone(), !closed),
            other => other.clone(),
        };
        let mut pieces = Vec::new();
        let mut from = End::Low;
        for Piece(low, high) in &self.pieces {
            if !matches!(low, End::Low) {
                pieces.push(Piece(from, flip(low)));
            }
            from = flip(high);
        }
        if !matches!(from, End::High) {
            pieces.push(Piece(from, End::High));
        }
        Self { variable: self.variable.clone(), pieces }
    }

    /// Whether two regions have the same numbers, on the same variable if both name one.
    pub(crate) fn same(&self, other: &Self, comparison: &dyn Equality) -> Truth {
        if let (Some(x), Some(y)) = (&self.variable, &other.variable)
            && x != y
        {
            return Truth::Different;
        }
        if self.pieces.len() != other.pieces.len() {
            return Truth::Different;
        }
        let ends = |a: &End, b: &End| match (a, b) {
            (End::Low, End::Low) | (End::High, End::High) => Truth::EXACT,
            (End::At(x, c), End::At(y, d)) => Truth::of(c == d).and(|| comparison.scalars(x, y)),
            _ => Truth::Different,
        };
        self.pieces.iter().zip(&other.pieces).fold(Truth::EXACT, |truth, (a, b)| {
            truth.and(|| ends(&a.0, &b.0)).and(|| ends(&a.1, &b.1))
        })
    }
}
