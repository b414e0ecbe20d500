//! The tree that both sides of a comparison are read into.
//!
//! One type for scalars and for what is made of them: answers nest freely (a tuple of sets, a union
//! of intervals with radicals for ends). Knows nothing of notation and nothing of equality but that
//! of the same tree.

use crate::Rat;

/// A named function of known meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fun {
    Sin,
    Cos,
    Tan,
    Cot,
    Sec,
    Csc,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    /// `ln x`.
    Ln,
    /// `log x, base`.
    Log,
    Exp,
    Abs,
    Floor,
    Ceil,
    Factorial,
    DoubleFactorial,
    Binomial,
    Gcd,
    Lcm,
    Min,
    Max,
    /// `a mod b`, between zero and b.
    Mod,
    Re,
    Im,
    Conjugate,
    Arg,
}

/// How two neighbours of a chain relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rel {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// `≈`.
    About,
    /// `≡`.
    Congruent,
}

/// A set with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    Empty,
    Naturals,
    Integers,
    Rationals,
    Reals,
    Complexes,
}

/// An answer or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    Num(Rat),
    Var(String),
    Pi,
    E,
    I,
    Inf,
    Neg(Box<Node>),
    Add(Vec<Node>),
    Mul(Vec<Node>),
    Div(Box<Node>, Box<Node>),
    Pow(Box<Node>, Box<Node>),
    Root(u32, Box<Node>),
    /// `±x`, or `∓x` where the flag is set.
    PlusMinus(Box<Node>, bool),
    Call(Fun, Vec<Node>),
    /// A function of unknown meaning.
    Apply(String, Vec<Node>),
    Degree(Box<Node>),
    Percent(Box<Node>),
    /// A sum (or a product, where the flag is set) over a variable.
    Series {
        product: bool,
        variable: String,
        from: Box<Node>,
        to: Box<Node>,
        body: Box<Node>,
    },
    Ellipsis,
    /// An expression and the words after it that name its unit.
    Quantity(Box<Node>, String),
    /// `a, b`
    List(Vec<Node>),
    /// `(a, b)`
    Tuple(Vec<Node>),
    /// `[a, b]`
    Bracket(Vec<Node>),
    Set(Vec<Node>),
    Named(Named),
    /// `(a, b]` and the like; the flags say which ends belong to it.
    Interval(Box<Node>, Box<Node>, bool, bool),
    Union(Vec<Node>),
    Intersection(Vec<Node>),
    Without(Box<Node>, Box<Node>),
    Member(Box<Node>, Box<Node>),
    Matrix(Vec<Vec<Node>>),
    Cases(Vec<Vec<Node>>),
    Chain(Vec<Node>, Vec<Rel>),
    And(Vec<Node>),
    Or(Vec<Node>),
    /// `a : b`
    Ratio(Vec<Node>),
    Text(String),
}

impl Node {
    /// A whole number.
    pub(crate) fn int(n: i64) -> Self {
        Self::Num(Rat::from_integer(n.into()))
    }

    /// `a / b`.
    pub(crate) fn div(a: Self, b: Self) -> Self {
        Self::Div(Box::new(a), Box::new(b))
    }

    /// `a ^ b`.
    pub(crate) fn pow(a: Self, b: Self) -> Self {
        Self::Pow(Box::new(a), Box::new(b))
    }

    /// `−a`; of a number, the number.
    pub(crate) fn neg(a: Self) -> Self {
        match a {
            Self::Num(x) => Self::Num(-x),
            Self::Neg(x) => *x,
            other => Self::Neg(Box::new(other)),
        }
    }

    /// `a − b`.
    pub(crate) fn minus(a: Self, b: Self) -> Self {
        Self::Add(vec![a, Self::neg(b)])
    }

    /// The parts, in order.
    pub(crate) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Num(_) | Self::Var(_) | Self::Pi | Self::E | Self::I | Self::Inf => Vec::new(),
            Self::Ellipsis | Self::Named(_) | Self::Text(_) => Vec::new(),
            Self::Neg(x) | Self::Root(_, x) | Self::PlusMinus(x, _) => vec![x],
            Self::Degree(x) | Self::Percent(x) | Self::Quantity(x, _) => vec![x],
            Self::Div(a, b) | Self::Pow(a, b) | Self::Interval(a, b, _, _) => vec![a, b],
            Self::Without(a, b) | Self::Member(a, b) => vec![a, b],
            Self::Series { from, to, body, .. } => vec![from, to, body],
            Self::Add(xs) | Self::Mul(xs) | Self::Call(_, xs) | Self::Apply(_, xs) => {
                xs.iter().collect()
            }
            Self::List(xs) | Self::Tuple(xs) | Self::Bracket(xs) | Self::Set(xs) => {
                xs.iter().collect()
            }
            Self::Union(xs) | Self::Intersection(xs) | Self::And(xs) | Self::Or(xs) => {
                xs.iter().collect()
            }
            Self::Ratio(xs) | Self::Chain(xs, _) => xs.iter().collect(),
            Self::Matrix(rows) | Self::Cases(rows) => rows.iter().flatten().collect(),
        }
    }

    /// Whether some part (or the whole) is `wanted`.
    pub(crate) fn any(&self, wanted: &dyn Fn(&Self) -> bool) -> bool {
        wanted(self) || self.children().into_iter().any(|child| child.any(wanted))
    }

    /// Adds the names of variables that are free in this, each once.
    pub(crate) fn variables(&self, into: &mut Vec<String>) {
        match self {
            Self::Var(name) => {
                if !into.contains(name) {
                    into.push(name.clone());
                }
            }
            Self::Series { variable, from, to, body, .. } => {
                from.variables(into);
                to.variables(into);
                let mut inner = Vec::new();
                body.variables(&mut inner);
                for name in inner {
                    if name != *variable && !into.contains(&name) {
                        into.push(name);
                    }
                }
            }
            other => other.children().into_iter().for_each(|child| child.variables(into)),
        }
    }
}
