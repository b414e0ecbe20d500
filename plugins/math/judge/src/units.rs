//! Units after a value: known ones convert, unknown words must agree, and a side without a unit is
//! compared by its number.

mod names;

use std::collections::BTreeMap;

use crate::Rat;
use crate::node::Node;
use crate::truth::{Equality, Truth};
use names::{COUNTERS, KNOWN};

/// A value and its unit: a factor to base units and their exponents.
pub(crate) struct Measured {
    value: Node,
    unit: Unit,
}

enum Unit {
    Percent,
    Degree,
    Named { factor: Rat, dimensions: BTreeMap<String, i32> },
}

/// Units that are named with a smaller one behind them, by their first names.
const PARTS: &[(&str, &str)] = &[
    ("week", "day"),
    ("day", "h"),
    ("h", "min"),
    ("min", "s"),
    ("year", "month"),
    ("yd", "ft"),
    ("ft", "in"),
    ("dollar", "cent"),
];

/// The first name, the base and the factor of a unit that converts.
fn known(name: &str) -> Option<(&'static str, &'static str, Rat)> {
    let name = name.to_lowercase();
    let (names, base, n, d) = KNOWN.iter().find(|(names, ..)| names.contains(&name.as_str()))?;
    Some((names[0], base, Rat::new((*n).into(), (*d).into())))
}

/// Whether `name` is a unit that converts, or a letter that names one.
pub(crate) fn is_known(name: &str) -> bool {
    known(name).is_some()
        || matches!(name, "L" | "A" | "V" | "W" | "N" | "J" | "K" | "Pa" | "Hz" | "mol" | "ohm")
}

/// How many `smaller` ones a `unit` is, if the two go together in one quantity.
pub(crate) fn in_smaller(unit: &str, smaller: &str) -> Option<Rat> {
    let ((a, _, n), (b, _, m)) = (known(unit)?, known(smaller)?);
    PARTS.contains(&(a, b)).then(|| n / m)
}

impl Measured {
    /// The value and unit of a node that has one.
    pub(crate) fn read(node: &Node) -> Option<Self> {
        match node {
            Node::Percent(x) => Some(Self { value: (**x).clone(), unit: Unit::Percent }),
            Node::Degree(x) => Some(Self { value: (**x).clone(), unit: Unit::Degree }),
            Node::Quantity(x, unit) => Some(Self { value: (**x).clone(), unit: named(unit) }),
            Node::Neg(x) => {
                let inside = Self::read(x)?;
                Some(Self { value: Node::neg(inside.value), unit: inside.unit })
            }
            _ => None,
        }
    }

    pub(crate) fn same(&self, other: &Self, comparison: &dyn Equality) -> Truth {
        match (&self.unit, &other.unit) {
            (Unit::Percent, Unit::Percent) | (Unit::Degree, Unit::Degree) => {
                comparison.same(&self.value, &other.value)
            }
            (
                Unit::Named { factor: f, dimensions: d },
                Unit::Named { factor: g, dimensions: e },
            ) => {
                if d != e {
                    return Truth::Different;
                }
                if f == g {
                    return comparison.same(&self.value, &other.value);
                }
                comparison.scalars(&scaled(&self.value, f), &scaled(&other.value, g))
            }
            (Unit::Degree, Unit::Named { dimensions, .. })
            | (Unit::Named { dimensions, .. }, Unit::Degree)
                if dimensions.is_empty() =>
            {
                comparison.scalars(&self.converted(), &other.converted())
            }
            _ => Truth::Different,
        }
    }

    /// Against a value without a unit: the bare numbers, or what the unit makes of them.
    pub(crate) fn same_without_unit(&self, other: &Node, comparison: &dyn Equality) -> Truth {
        let converted = match &self.unit {
            Unit::Percent | Unit::Degree => true,
            Unit::Named { dimensions, .. } => dimensions.is_empty(),
        };
        let bare = match &self.unit {
            Unit::Named { factor, .. } if converted && *factor != Rat::from_integer(1.into()) => {
                Truth::Different
            }
            _ => comparison.same(&self.value, other),
        };
        match converted {
            true => bare.or(|| comparison.scalars(&self.converted(), other)),
            false => bare,
        }
    }

    fn converted(&self) -> Node {
        let value = Box::new(self.value.clone());
        match &self.unit {
            Unit::Percent => Node::Percent(value),
            Unit::Degree => Node::Degree(value),
            Unit::Named { factor, .. } => scaled(&self.value, factor),
        }
    }
}

fn scaled(value: &Node, by: &Rat) -> Node {
    Node::Mul(vec![value.clone(), Node::Num(by.clone())])
}

/// Reads `km/h`, `square feet`, `m^3`, `apples`.
fn named(text: &str) -> Unit {
    let mut factor = Rat::from_integer(1.into());
    let mut dimensions: BTreeMap<String, i32> = BTreeMap::new();
    let text = text.replace('/', " / ").replace('*', " ");
    let text = match text.as_str() {
        "mph" => "mi / h".to_owned(),
        "kph" | "kmh" => "km / h".to_owned(),
        _ => text,
    };
    let (mut below, mut power) = (false, 1);
    let words: Vec<&str> = text.split_whitespace().collect();
    // `metres squared` is `square metres`.
    let word = |idx: usize| words.get(idx).map(|word| word.to_lowercase());
    let raised_after = |idx: usize| match word(idx).as_deref() {
        Some("squared" | "carré" | "carrés" | "cuadrados" | "quadrati") => Some(2),
        Some("cubed" | "cube" | "cubes" | "cúbicos" | "cubi") => Some(3),
        _ => None,
    };
    for (idx, &word) in words.iter().enumerate() {
        if raised_after(idx).is_some() {
            continue;
        }
        power = raised_after(idx + 1).unwrap_or(power);
        let (word, exponent) = word.split_once('^').unwrap_or((word, "1"));
        match word.to_lowercase().as_str() {
            "/" | "per" => below = true,
            "square" | "sq" | "кв" => power = 2,
            "cubic" | "cu" | "куб" => power = 3,
            "of" | "" | "unit" | "units" => {}
            counter if COUNTERS.contains(&counter) => {}
            lower => {
                let exponent = power * exponent.parse::<i32>().unwrap_or(1).clamp(-9, 9);
                let exponent = if below { -exponent } else { exponent };
                let (lower, exponent) = match lower.strip_prefix("平方") {
                    Some(rest) => (rest, 2 * exponent),
                    None => match lower.strip_prefix("立方") {
                        Some(rest) => (rest, 3 * exponent),
                        None => (lower, exponent),
                    },
                };
                match known(lower) {
                    Some((_, base, in_base)) => {
                        factor *= in_base.pow(exponent);
                        if !base.is_empty() {
                            *dimensions.entry(base.to_owned()).or_default() += exponent;
                        }
                    }
                    None => {
                        let stem = lower.strip_suffix('s').filter(|s| s.len() > 2).unwrap_or(lower);
                        let stem = if lower == "c" || lower == "f" { word } else { stem };
                        *dimensions.entry(stem.to_owned()).or_default() += exponent;
                    }
                }
                power = 1;
            }
        }
    }
    dimensions.retain(|_, exponent| *exponent != 0);
    Unit::Named { factor, dimensions }
}
