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

impl Rel {
    /// Whether this is an order, `<` or its like.
    pub(crate) fn is_order(self) -> bool {
        matches!(self, Self::Lt | Self::Le | Self::Gt | Self::Ge)
    }

    /// The same relation read from right to left.
    pub(crate) fn turned(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            other => other,
        }
    }
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
    /// A value and the conditions stated beside it.
    Given(Box<Node>, Vec<Node>),
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

    /// The set of 1, 2, 3, ….
    pub(crate) fn positive_integers() -> Self {
        Self::integers_from(1)
    }

    /// The set of the whole numbers from `low` on.
    pub(crate) fn integers_from(low: i64) -> Self {
        let ray = Self::Interval(Box::new(Self::int(low)), Box::new(Self::Inf), true, false);
        Self::Intersection(vec![Self::Named(Named::Integers), ray])
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
            Self::Given(value, conditions) => std::iter::once(&**value).chain(conditions).collect(),
            Self::Matrix(rows) | Self::Cases(rows) => rows.iter().flatten().collect(),
        }
    }

    /// The same node with each part replaced by what `change` makes of it, in the order of
    /// [`Self::children`].
    pub(crate) fn map(&self, change: &mut dyn FnMut(&Self) -> Self) -> Self {
        fn all(xs: &[Node], change: &mut dyn FnMut(&Node) -> Node) -> Vec<Node> {
            xs.iter().map(change).collect()
        }
        fn rows(rows: &[Vec<Node>], change: &mut dyn FnMut(&Node) -> Node) -> Vec<Vec<Node>> {
            rows.iter().map(|row| all(row, change)).collect()
        }
        let mut one = |x: &Self| Box::new(change(x));
        match self {
            Self::Num(_) | Self::Var(_) | Self::Pi | Self::E | Self::I | Self::Inf => self.clone(),
            Self::Ellipsis | Self::Named(_) | Self::Text(_) => self.clone(),
            Self::Neg(x) => Self::Neg(one(x)),
            Self::Root(k, x) => Self::Root(*k, one(x)),
            Self::PlusMinus(x, flipped) => Self::PlusMinus(one(x), *flipped),
            Self::Degree(x) => Self::Degree(one(x)),
            Self::Percent(x) => Self::Percent(one(x)),
            Self::Quantity(x, unit) => Self::Quantity(one(x), unit.clone()),
            Self::Div(a, b) => Self::Div(one(a), one(b)),
            Self::Pow(a, b) => Self::Pow(one(a), one(b)),
            Self::Interval(a, b, low, high) => Self::Interval(one(a), one(b), *low, *high),
            Self::Without(a, b) => Self::Without(one(a), one(b)),
            Self::Member(a, b) => Self::Member(one(a), one(b)),
            Self::Series { product, variable, from, to, body } => Self::Series {
                product: *product,
                variable: variable.clone(),
                from: one(from),
                to: one(to),
                body: one(body),
            },
            Self::Add(xs) => Self::Add(all(xs, change)),
            Self::Mul(xs) => Self::Mul(all(xs, change)),
            Self::Call(fun, xs) => Self::Call(*fun, all(xs, change)),
            Self::Apply(name, xs) => Self::Apply(name.clone(), all(xs, change)),
            Self::List(xs) => Self::List(all(xs, change)),
            Self::Tuple(xs) => Self::Tuple(all(xs, change)),
            Self::Bracket(xs) => Self::Bracket(all(xs, change)),
            Self::Set(xs) => Self::Set(all(xs, change)),
            Self::Union(xs) => Self::Union(all(xs, change)),
            Self::Intersection(xs) => Self::Intersection(all(xs, change)),
            Self::And(xs) => Self::And(all(xs, change)),
            Self::Or(xs) => Self::Or(all(xs, change)),
            Self::Ratio(xs) => Self::Ratio(all(xs, change)),
            Self::Chain(xs, relations) => Self::Chain(all(xs, change), relations.clone()),
            Self::Given(x, conditions) => {
                let x = one(x);
                Self::Given(x, all(conditions, change))
            }
            Self::Matrix(cells) => Self::Matrix(rows(cells, change)),
            Self::Cases(cells) => Self::Cases(rows(cells, change)),
        }
    }

    /// The node with its free variables renamed, all at once.
    pub(crate) fn renamed(&self, names: &[(String, String)]) -> Self {
        self.substituted(&|name| {
            let (_, new) = names.iter().find(|(old, _)| old == name)?;
            Some(Self::Var(new.clone()))
        })
    }

    /// The node with its free variables replaced by what they stand for, all at once.
    pub(crate) fn substituted(&self, value: &dyn Fn(&str) -> Option<Self>) -> Self {
        match self {
            Self::Var(name) => value(name).unwrap_or_else(|| self.clone()),
            Self::Series { variable, .. } => {
                let free = |name: &str| if name == variable { None } else { value(name) };
                self.map(&mut |part| part.substituted(&free))
            }
            other => other.map(&mut |part| part.substituted(value)),
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

    /// The names of variables that are free in this.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.variables(&mut names);
        names
    }
}

/// Whether a node is a name that something can be called by.
pub(crate) fn is_name(node: &Node) -> bool {
    matches!(node, Node::Var(_) | Node::Apply(..))
}
