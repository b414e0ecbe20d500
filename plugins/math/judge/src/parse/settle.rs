//! What a list of clauses means: a value with conditions on its letters, solutions of systems, or
//! just several values.

use crate::node::{Named, Node, Rel};

/// The meaning of clauses with commas between them.
pub(super) fn settled(items: Vec<Node>) -> Node {
    let items = match counted(&items) {
        Some(given) => return given,
        None => items,
    };
    let n_values = items.len() - items.iter().rev().take_while(|item| is_condition(item)).count();
    if n_values == 0 || n_values == items.len() || on_themselves(&items[..n_values]) {
        return grouped(items);
    }
    let (mut values, mut conditions) = (items[..n_values].to_vec(), items[n_values..].to_vec());
    share(&mut values, &mut conditions);
    let mut names = Vec::new();
    values.iter().for_each(|value| value.variables(&mut names));
    let told = |condition: &Node| condition.names().iter().any(|name| names.contains(name));
    if values.is_empty() || !conditions.iter().all(told) {
        return grouped(items);
    }
    let value = match values.len() {
        1 => values.remove(0),
        _ => grouped(values),
    };
    match value {
        Node::Given(value, mut known) => {
            known.extend(conditions);
            Node::Given(value, known)
        }
        value => Node::Given(Box::new(value), conditions),
    }
}

/// An order or a membership, rather than a value or a definition.
fn is_condition(node: &Node) -> bool {
    match node {
        Node::Chain(_, relations) => {
            relations.iter().all(|relation| relation.is_order() || *relation == Rel::Ne)
        }
        Node::Member(x, _) => matches!(**x, Node::Var(_) | Node::List(_)),
        _ => false,
    }
}

/// `m, n ∈ ℤ` speaks of both letters.
fn share(values: &mut Vec<Node>, conditions: &mut Vec<Node>) {
    let Some(Node::Member(_, set)) = conditions.first() else { return };
    let set = set.clone();
    while values.len() > 1
        && let Some(Node::Var(name)) = values.last()
    {
        let used = values[..values.len() - 1].iter().any(|value| value.names().contains(name));
        if !used {
            return;
        }
        if let Some(letter) = values.pop() {
            conditions.push(Node::Member(Box::new(letter), set.clone()));
        }
    }
}

/// Orders on the same letter: together they are a region, not a value with conditions.
fn on_themselves(values: &[Node]) -> bool {
    let region = |value: &Node| match value {
        Node::Interval(..) | Node::Union(_) | Node::Named(_) | Node::Without(..) => true,
        other => is_condition(other),
    };
    values.iter().all(region)
}

/// `x = 1, y = 2, x = 3, y = 4`: each system is a part of its own.
fn grouped(items: Vec<Node>) -> Node {
    let mut names = Vec::new();
    for item in &items {
        let Some(name) = defined(item) else { return Node::List(items) };
        if names.first() == Some(&name) {
            break;
        }
        names.push(name);
    }
    let n = names.len();
    let repeats = items.len() > n
        && n > 1
        && items.len().is_multiple_of(n)
        && items.chunks(n).all(|block| is_system(block))
        && items.iter().enumerate().all(|(idx, item)| {
            defined(item).is_some_and(|name| names.contains(&name) && idx < items.len())
        });
    match repeats {
        true => Node::List(items.chunks(n).map(|block| Node::And(block.to_vec())).collect()),
        false => Node::List(items),
    }
}

fn defined(node: &Node) -> Option<String> {
    match node {
        Node::Chain(parts, relations) if *relations == [Rel::Eq] => match &parts[0] {
            Node::Var(name) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Definitions of several letters, each once.
pub(super) fn is_system(items: &[Node]) -> bool {
    let names: Option<Vec<String>> = items.iter().map(defined).collect();
    names.is_some_and(|names| {
        let later = |idx: usize| names[idx + 1..].iter();
        names.len() > 1
            && names.iter().enumerate().all(|(idx, name)| later(idx).all(|other| other != name))
    })
}

/// `2n + 1, n = 0, 1, 2, …`: the letter runs over all whole numbers from the first on.
pub(super) fn counted(items: &[Node]) -> Option<Node> {
    let [value, Node::Chain(parts, relations), rest @ .., Node::Ellipsis] = items else {
        return None;
    };
    let [Node::Var(name), Node::Num(first)] = parts.as_slice() else { return None };
    if *relations != [Rel::Eq] || !value.names().contains(name) || !first.is_integer() {
        return None;
    }
    let one = crate::Rat::from_integer(1.into());
    let mut last = first.clone();
    for item in rest {
        let Node::Num(next) = item else { return None };
        if *next != &last + &one {
            return None;
        }
        last = next.clone();
    }
    let x = Node::Var(name.clone());
    let whole = Node::Member(Box::new(x.clone()), Box::new(Node::Named(Named::Integers)));
    let from = Node::Chain(vec![x, Node::Num(first.clone())], vec![Rel::Ge]);
    Some(Node::Given(Box::new(value.clone()), vec![whole, from]))
}
