//! How near to zero an expression in radicals can come without being zero.
//!
//! The bound of Burnikel, Funke, Mehlhorn, Schirra and Schmitt ("A separation bound for real
//! algebraic expressions", ESA 2001): with u and l computed along the expression and D the product
//! of the indices of its distinct radicals, a value that is not zero is at least
//! `(u^(D−1) · l)^−1` in size. It rests on bounds of conjugates, so the choice of branch (and
//! `i`, the square root of −1) does not matter. Left out: its successors with sharper constants.

use num_traits::{One, ToPrimitive, Zero};

use crate::node::Node;
use crate::{Rat, Stop};

/// Radicals whose product of indices is above this are not decided.
const DEGREE_MAX: f64 = 8192.0;

/// Logarithms (base 2) of u and l.
#[derive(Clone, Copy)]
struct Weights {
    u: f64,
    l: f64,
}

/// Bits after which an expression that still may be zero is zero, or [`Stop::NoNumber`] where it
/// is not made of rational numbers by arithmetic and roots.
pub(crate) fn separation_bits(node: &Node) -> Result<u64, Stop> {
    let mut radicals: Vec<(u32, &Node)> = Vec::new();
    let mut imaginary = false;
    let weights = weigh(node, &mut radicals, &mut imaginary)?;
    let degree: f64 = radicals.iter().map(|(k, _)| f64::from(*k)).product();
    let degree = degree * if imaginary { 2.0 } else { 1.0 };
    if degree > DEGREE_MAX {
        return Err(Stop::Limit("radicals of too high a degree"));
    }
    Ok(((degree - 1.0) * weights.u + weights.l).ceil() as u64 + 4)
}

fn weigh<'a>(
    node: &'a Node,
    radicals: &mut Vec<(u32, &'a Node)>,
    imaginary: &mut bool,
) -> Result<Weights, Stop> {
    Ok(match node {
        Node::Num(x) => of_rational(x),
        Node::I => {
            *imaginary = true;
            Weights { u: 0.0, l: 0.0 }
        }
        Node::Neg(x) => weigh(x, radicals, imaginary)?,
        Node::Add(xs) => {
            let mut sum = Weights { u: f64::NEG_INFINITY, l: 0.0 };
            for x in xs {
                let x = weigh(x, radicals, imaginary)?;
                sum = Weights { u: log_add(sum.u + x.l, x.u + sum.l), l: sum.l + x.l };
            }
            sum
        }
        Node::Mul(xs) => {
            let mut product = Weights { u: 0.0, l: 0.0 };
            for x in xs {
                let x = weigh(x, radicals, imaginary)?;
                product = Weights { u: product.u + x.u, l: product.l + x.l };
            }
            product
        }
        Node::Div(a, b) => {
            let (a, b) = (weigh(a, radicals, imaginary)?, weigh(b, radicals, imaginary)?);
            Weights { u: a.u + b.l, l: a.l + b.u }
        }
        Node::Percent(x) => {
            let x = weigh(x, radicals, imaginary)?;
            Weights { u: x.u, l: x.l + 100f64.log2() }
        }
        Node::Root(k, x) => root(*k, x, radicals, imaginary)?,
        Node::Pow(a, n) => {
            let n = exponent(n)?;
            let k = n.denom().to_u32().filter(|&k| k <= 64).ok_or(Stop::NoNumber)?;
            let a = root(k, a, radicals, imaginary)?;
            let times = n.numer().to_f64().ok_or(Stop::NoNumber)?;
            let a = if times < 0.0 { Weights { u: a.l, l: a.u } } else { a };
            Weights { u: a.u.max(0.0) * times.abs(), l: a.l.max(0.0) * times.abs() }
        }
        _ => return Err(Stop::NoNumber),
    })
}

fn exponent(node: &Node) -> Result<Rat, Stop> {
    match node {
        Node::Num(x) => Ok(x.clone()),
        Node::Neg(x) => Ok(-exponent(x)?),
        Node::Div(a, b) => {
            let (a, b) = (exponent(a)?, exponent(b)?);
            if b.is_zero() { Err(Stop::Undefined) } else { Ok(a / b) }
        }
        _ => Err(Stop::NoNumber),
    }
}

fn of_rational(x: &Rat) -> Weights {
    // The bits of a number bound its logarithm from above; of ones, it is zero.
    let bits = |n: &num_bigint::BigInt| if n.is_one() { 0.0 } else { n.bits() as f64 };
    Weights { u: bits(x.numer()), l: bits(x.denom()) }
}

fn root<'a>(
    k: u32,
    x: &'a Node,
    radicals: &mut Vec<(u32, &'a Node)>,
    imaginary: &mut bool,
) -> Result<Weights, Stop> {
    let x_weights = weigh(x, radicals, imaginary)?;
    if k == 1 {
        return Ok(x_weights);
    }
    if !radicals.contains(&(k, x)) {
        radicals.push((k, x));
    }
    let (u, l, k) = (x_weights.u, x_weights.l, f64::from(k));
    Ok(match u >= l {
        true => Weights { u: (u + (k - 1.0) * l) / k, l },
        false => Weights { u, l: ((k - 1.0) * u + l) / k },
    })
}

/// `log2(2^a + 2^b)`, rounded up a little.
fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY {
        return high;
    }
    high + (low - high).exp2().ln_1p() / std::f64::consts::LN_2 + 1e-9
}
