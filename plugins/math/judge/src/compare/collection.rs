//! Several values at once: pairs and lists, sets, matrices, cases, ratios, and `±`.

use crate::node::Node;
use crate::relation::{self, Definition};
use crate::truth::{Equality, Truth};

/// Most signs in one answer that are taken apart.
const SIGNS_MAX: usize = 3;

/// Whether `±` occurs.
pub(super) fn has_choice_of_sign(node: &Node) -> bool {
    node.any(&|part| matches!(part, Node::PlusMinus(..)))
}

/// What a multiple of one matrix, or a transposed one, comes to; `None` of all else.
pub(super) fn as_matrix(node: &Node) -> Option<Node> {
    let rows = |node: &Node| match node {
        Node::Matrix(rows) => Some(rows.clone()),
        Node::Tuple(cells) | Node::Bracket(cells) => Some(vec![cells.clone()]),
        _ => None,
    };
    let is_matrix = |node: &Node| matches!(node, Node::Matrix(_));
    let each = |matrix: &Node, change: &dyn Fn(&Node) -> Node| match matrix {
        Node::Matrix(rows) => {
            Some(Node::Matrix(rows.iter().map(|row| row.iter().map(change).collect()).collect()))
        }
        _ => None,
    };
    match node {
        Node::Neg(x) => each(x, &|cell| Node::neg(cell.clone())),
        Node::Div(x, by) => each(x, &|cell| Node::div(cell.clone(), (**by).clone())),
        Node::Mul(factors) => {
            let idx = factors.iter().position(is_matrix)?;
            let mut scale = factors.clone();
            let matrix = scale.remove(idx);
            let scalar = !scale.iter().any(|factor| rows(factor).is_some());
            let times = |cell: &Node| Node::Mul([&scale[..], std::slice::from_ref(cell)].concat());
            if scalar { each(&matrix, &times) } else { None }
        }
        Node::Pow(x, exponent) if **exponent == Node::Var("T".to_owned()) => {
            let rows = rows(x)?;
            let column = |idx: usize| rows.iter().map(|row| row[idx].clone()).collect();
            Some(Node::Matrix((0..rows[0].len()).map(column).collect()))
        }
        _ => None,
    }
}

impl dyn Equality + '_ {
    /// `None` where neither side has several values.
    pub(super) fn collections(&self, a: &Node, b: &Node) -> Option<Truth> {
        use Node::{Bracket, Cases, List, Matrix, Or, Ratio, Set, Tuple};
        Some(match (a, b) {
            (Tuple(xs), Tuple(ys)) | (Bracket(xs), Bracket(ys)) => self.in_order(xs, ys),
            (Tuple(xs), Bracket(ys)) | (Bracket(xs), Tuple(ys)) => match xs.len() {
                // Of two numbers, brackets make intervals.
                2 => Truth::Different,
                _ => self.in_order(xs, ys),
            },
            (Matrix(rows), Matrix(others)) => self.matrices(rows, others),
            (Matrix(rows), Tuple(ys) | Bracket(ys) | List(ys))
            | (Tuple(ys) | Bracket(ys) | List(ys), Matrix(rows)) => {
                let flat: Vec<Node> = rows.iter().flatten().cloned().collect();
                match rows.len() == 1 || rows[0].len() == 1 {
                    true => self.in_order(&flat, ys),
                    false => Truth::Different,
                }
            }
            (Set(xs), Set(ys)) => self.sets(xs, ys),
            (Set(xs), List(ys) | Or(ys)) | (List(ys) | Or(ys), Set(xs)) => {
                let ys = unnamed(ys);
                if self.distinct(&ys) { self.sets(xs, &ys) } else { Truth::Different }
            }
            (List(xs) | Or(xs), List(ys) | Or(ys)) => self.lists(xs, ys),
            (Tuple(xs), List(ys)) | (List(ys), Tuple(xs)) => self.in_order(xs, &named_in_order(ys)),
            (Bracket(xs), List(ys)) | (List(ys), Bracket(xs)) if xs.len() != 2 => {
                self.in_order(xs, &unnamed(ys))
            }
            (Cases(rows), Cases(others)) => self.cases(rows, others),
            (Ratio(xs), Ratio(ys)) => self.ratios(xs, ys),
            (Ratio(xs), y) | (y, Ratio(xs)) if xs.len() == 2 => {
                self.same(&Node::div(xs[0].clone(), xs[1].clone()), y)
            }
            // `1/2 or 0.5`: one value in two forms.
            (Or(xs), y) | (y, Or(xs)) if self.all_same(xs) => self.same(&xs[0], y),
            (Set(xs), y) | (y, Set(xs)) if xs.len() == 1 => self.same(&xs[0], y),
            (List(_) | Or(_) | Set(_) | Tuple(_) | Bracket(_), _) => Truth::Different,
            (_, List(_) | Or(_) | Set(_) | Tuple(_) | Bracket(_)) => Truth::Different,
            (Matrix(_) | Cases(_) | Ratio(_), _) | (_, Matrix(_) | Cases(_) | Ratio(_)) => {
                Truth::Different
            }
            _ => return None,
        })
    }

    fn all_same(&self, xs: &[Node]) -> bool {
        xs.windows(2).all(|pair| self.same(&pair[0], &pair[1]).is_equal())
    }

    fn in_order(&self, xs: &[Node], ys: &[Node]) -> Truth {
        if xs.len() != ys.len() {
            return Truth::Different;
        }
        xs.iter().zip(ys).fold(Truth::EXACT, |truth, (x, y)| truth.and(|| self.same(x, y)))
    }

    fn lists(&self, xs: &[Node], ys: &[Node]) -> Truth {
        let (xs, ys) = (unnamed(xs), unnamed(ys));
        if xs.iter().chain(&ys).any(|x| *x == Node::Ellipsis) {
            return self.in_order(&xs, &ys);
        }
        if xs.len() != ys.len() {
            return Truth::Different;
        }
        self.matched(&xs.iter().collect::<Vec<_>>(), &ys.iter().collect::<Vec<_>>())
    }

    /// Whether some order of `ys` equals `xs`. Equality is an equivalence, so the first match will
    /// do.
    pub(super) fn matched(&self, xs: &[&Node], ys: &[&Node]) -> Truth {
        if xs.len() != ys.len() {
            return Truth::Different;
        }
        let mut left: Vec<&Node> = ys.to_vec();
        let (mut total, mut undecided) = (Truth::EXACT, None);
        for x in xs {
            let mut found = None;
            for (idx, y) in left.iter().enumerate() {
                match self.same(x, y) {
                    equal @ Truth::Equal(_) => {
                        found = Some(idx);
                        total = total.and(|| equal);
                        break;
                    }
                    Truth::Different => {}
                    open => undecided = Some(open),
                }
            }
            match found {
                Some(idx) => drop(left.swap_remove(idx)),
                None => return undecided.unwrap_or(Truth::Different),
            }
        }
        total
    }

    fn sets(&self, xs: &[Node], ys: &[Node]) -> Truth {
        if xs.iter().chain(ys).any(|x| *x == Node::Ellipsis) {
            return self.in_order(xs, ys);
        }
        let within = |xs: &[Node], ys: &[Node]| {
            xs.iter().fold(Truth::EXACT, |truth, x| {
                truth.and(|| {
                    ys.iter().fold(Truth::Different, |truth, y| truth.or(|| self.same(x, y)))
                })
            })
        };
        within(xs, ys).and(|| within(ys, xs))
    }

    fn distinct(&self, xs: &[Node]) -> bool {
        let later = |idx: usize| xs[idx + 1..].iter();
        xs.iter().enumerate().all(|(idx, x)| later(idx).all(|y| !self.same(x, y).is_equal()))
    }

    fn matrices(&self, rows: &[Vec<Node>], others: &[Vec<Node>]) -> Truth {
        if rows.len() != others.len() {
            return Truth::Different;
        }
        let pairs = rows.iter().zip(others);
        pairs.fold(Truth::EXACT, |truth, (x, y)| truth.and(|| self.in_order(x, y)))
    }

    /// Cases in any order.
    fn cases(&self, rows: &[Vec<Node>], others: &[Vec<Node>]) -> Truth {
        let as_rows = |rows: &[Vec<Node>]| -> Vec<Node> {
            rows.iter().map(|row| Node::Matrix(vec![row.clone()])).collect()
        };
        let (xs, ys) = (as_rows(rows), as_rows(others));
        self.matched(&xs.iter().collect::<Vec<_>>(), &ys.iter().collect::<Vec<_>>())
    }

    fn ratios(&self, xs: &[Node], ys: &[Node]) -> Truth {
        if xs.len() != ys.len() {
            return Truth::Different;
        }
        let zero = Node::int(0);
        if xs.iter().chain(ys).any(|x| self.same(x, &zero) != Truth::Different) {
            return self.in_order(xs, ys);
        }
        let cross = |a: &Node, b: &Node| Node::Mul(vec![a.clone(), b.clone()]);
        xs.iter().zip(ys).skip(1).fold(Truth::EXACT, |truth, (x, y)| {
            truth.and(|| self.scalars(&cross(x, &ys[0]), &cross(y, &xs[0])))
        })
    }

    /// Answers with `±`, as lists: all signs together, or each on its own.
    pub(super) fn with_signs(&self, a: &Node, b: &Node) -> Truth {
        let (xs, ys) = (expansions(a), expansions(b));
        if xs.iter().chain(&ys).any(has_choice_of_sign) {
            // Too many signs, or signs where none are taken apart.
            return self.by_form(a, b);
        }
        let mut truth = Truth::Different;
        for x in xs {
            for y in &ys {
                truth = truth.or(|| self.same(&x, y));
            }
        }
        truth
    }
}

/// The values without `x =` where all that have a name have the same; else as they are.
fn unnamed(items: &[Node]) -> Vec<Node> {
    let mut name = None;
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        match relation::definition(item) {
            Some(Definition { name: found, value, .. }) => {
                if *name.get_or_insert_with(|| found.clone()) != found {
                    return items.to_vec();
                }
                match value {
                    // x = 1, 2 or x ∈ {1, 2}
                    Node::List(parts) | Node::Set(parts) => values.extend(parts),
                    single => values.push(single),
                }
            }
            None if relation::is_relation(item) => return items.to_vec(),
            None => values.push(item.clone()),
        }
    }
    values
}

/// `x = 1, y = 2` as `1, 2`, in the order of the names; other lists as they are.
fn named_in_order(items: &[Node]) -> Vec<Node> {
    let mut defined: Vec<(String, Node)> = Vec::with_capacity(items.len());
    for item in items {
        match relation::definition(item) {
            Some(Definition { name, value, .. })
                if defined.iter().all(|(known, _)| *known != name) =>
            {
                defined.push((name, value));
            }
            _ => return items.to_vec(),
        }
    }
    defined.sort_by(|a, b| a.0.cmp(&b.0));
    defined.into_iter().map(|(_, value)| value).collect()
}

/// What an answer with `±` stands for: a list of its values, in up to two ways.
fn expansions(node: &Node) -> Vec<Node> {
    let mut n_signs = 0;
    count_signs(node, &mut n_signs);
    if n_signs == 0 || n_signs > SIGNS_MAX {
        return vec![node.clone()];
    }
    let list = |masks: &[u32]| {
        let mut values = Vec::new();
        for mask in masks {
            match with_mask(node, *mask, &mut 0) {
                Node::List(parts) | Node::Or(parts) | Node::Set(parts) => {
                    for part in parts {
                        if !values.contains(&part) {
                            values.push(part);
                        }
                    }
                }
                single => values.push(single),
            }
        }
        Node::List(values)
    };
    let all: Vec<u32> = (0..1 << n_signs).collect();
    let together = list(&[0, (1 << n_signs) - 1]);
    if n_signs == 1 { vec![together] } else { vec![together, list(&all)] }
}

fn count_signs(node: &Node, n_signs: &mut usize) {
    *n_signs += usize::from(matches!(node, Node::PlusMinus(..)));
    node.children().into_iter().for_each(|child| count_signs(child, n_signs));
}

/// The node with its signs chosen by the bits of `mask`, in order.
fn with_mask(node: &Node, mask: u32, idx: &mut u32) -> Node {
    match node {
        Node::PlusMinus(x, flipped) => {
            let negative = (mask >> *idx & 1 == 1) != *flipped;
            *idx += 1;
            let x = with_mask(x, mask, idx);
            if negative { Node::neg(x) } else { x }
        }
        // Ends of intervals and cells of matrices keep theirs.
        Node::Interval(..) | Node::Union(_) | Node::Intersection(_) | Node::Without(..) => {
            node.clone()
        }
        Node::Member(..) | Node::Matrix(_) | Node::Cases(_) | Node::And(_) | Node::Ratio(_) => {
            node.clone()
        }
        other => other.map(&mut |part| with_mask(part, mask, idx)),
    }
}
