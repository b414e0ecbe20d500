//! The expression language of self-play: exact functions of up to three numbers.
//!
//! `f(x, y) = gcd(x, y) + x % 7` is a program; `f(…) =` may be left out, and the parameters are
//! then x, y, z, as far as they occur. Values are rational numbers and polynomials in `t`. Listed
//! in full in the README. Every program ends: what it may cost is bounded before it is spent. Knows
//! nothing of tasks.

mod call;
mod parse;
mod print;
mod run;
mod value;

pub(crate) use run::{Undefined, run};
pub(crate) use value::Value;

use num_rational::BigRational;

/// An exact rational number.
pub(crate) type Rat = BigRational;

/// A function with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// Names of the parameters, in order.
    pub(crate) parameters: Vec<String>,
    pub(crate) body: Expr,
}

/// Two operands and what becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Sub,
    Mul,
    Div,
    /// `//`, the quotient rounded down.
    Floor,
    /// `%`, the remainder of `//`.
    Mod,
    Pow,
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Less,
    LessEqual,
    Equal,
    NotEqual,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    Number(Rat),
    Parameter(usize),
    /// A variable of a sum, by how many sums lie between.
    Bound(usize),
    /// The variable of polynomials.
    T,
    Neg(Box<Expr>),
    Binary(Op, Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
    /// `sum(i, from, to, body)`, or a product.
    Fold {
        product: bool,
        from: Box<Expr>,
        to: Box<Expr>,
        body: Box<Expr>,
    },
    /// `if(a < b, then, else)`
    If {
        test: Test,
        sides: Box<(Expr, Expr)>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
}

/// A function by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Gcd,
    Lcm,
    Binom,
    Factorial,
    Abs,
    Min,
    Max,
    Floor,
    Ceil,
    Num,
    Den,
    Powmod,
    Inv,
    Fib,
    Digits,
    Diff,
    At,
    Deg,
    Coef,
}

impl Function {
    /// All functions with their names and how many arguments they take.
    pub(crate) const ALL: [(Self, &'static str, usize); 19] = [
        (Self::Gcd, "gcd", 2),
        (Self::Lcm, "lcm", 2),
        (Self::Binom, "binom", 2),
        (Self::Factorial, "factorial", 1),
        (Self::Abs, "abs", 1),
        (Self::Min, "min", 2),
        (Self::Max, "max", 2),
        (Self::Floor, "floor", 1),
        (Self::Ceil, "ceil", 1),
        (Self::Num, "num", 1),
        (Self::Den, "den", 1),
        (Self::Powmod, "powmod", 3),
        (Self::Inv, "inv", 2),
        (Self::Fib, "fib", 1),
        (Self::Digits, "digits", 1),
        (Self::Diff, "diff", 1),
        (Self::At, "at", 2),
        (Self::Deg, "deg", 1),
        (Self::Coef, "coef", 2),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// Counts of an expression: what is in it, and how deep it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) n_operations: usize,
    pub(crate) n_calls: usize,
    pub(crate) n_folds: usize,
    pub(crate) n_branches: usize,
    pub(crate) depth: usize,
}

impl Expr {
    fn children(&self) -> Vec<&Self> {
        match self {
            Self::Number(_) | Self::Parameter(_) | Self::Bound(_) | Self::T => Vec::new(),
            Self::Neg(a) => vec![a],
            Self::Binary(_, a, b) => vec![a, b],
            Self::Call(_, xs) => xs.iter().collect(),
            Self::Fold { from, to, body, .. } => vec![from, to, body],
            Self::If { sides, then, otherwise, .. } => vec![&sides.0, &sides.1, then, otherwise],
        }
    }

    /// Whether the parameter occurs.
    pub(crate) fn mentions(&self, parameter: usize) -> bool {
        *self == Self::Parameter(parameter)
            || self.children().into_iter().any(|child| child.mentions(parameter))
    }

    pub(crate) fn shape(&self) -> Shape {
        let mut shape = Shape::default();
        for child in self.children() {
            let inner = child.shape();
            shape.n_operations += inner.n_operations;
            shape.n_calls += inner.n_calls;
            shape.n_folds += inner.n_folds;
            shape.n_branches += inner.n_branches;
            shape.depth = shape.depth.max(inner.depth);
        }
        match self {
            Self::Number(_) | Self::Parameter(_) | Self::Bound(_) | Self::T => return shape,
            Self::Neg(_) | Self::Binary(..) => shape.n_operations += 1,
            Self::Call(..) => shape.n_calls += 1,
            Self::Fold { .. } => shape.n_folds += 1,
            Self::If { .. } => shape.n_branches += 1,
        }
        shape.depth += 1;
        shape
    }
}

/// Parts the text of an input into its arguments: numbers separated by commas.
///
/// # Errors
/// Names the first part that is no number.
pub(crate) fn arguments(text: &str) -> Result<Vec<Rat>, String> {
    let number = |part: &str| match value::Value::parse(part) {
        Some(Value::Number(x)) => Ok(x),
        _ => Err(format!("{:?} is no number", shortened(part))),
    };
    text.split(',').map(number).collect()
}

/// Arguments as text.
pub(crate) fn print_arguments(arguments: &[Rat]) -> String {
    arguments.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// At most 60 characters of a text.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
