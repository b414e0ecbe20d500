//! Are two scalar expressions equal?
//!
//! In order: the same tree; rational numbers; rational functions (both exact, both ways); constants
//! in radicals, by balls of the precision of their separation bound (exact); other constants, by
//! balls of more than four times the largest exponent that either side meets; functions of
//! variables, at points where both are real. Balls that part are a proof of difference. What no
//! step decides within the fuel stays undecided, which is never taken for equal.

use std::cell::Cell;

use num_traits::Zero;

use crate::bound::separation_bits;
use crate::complex::Complex;
use crate::eval::Eval;
use crate::exact::{Env, Fuel, rational};
use crate::node::{Fun, Node};
use crate::poly::Fraction;
use crate::truth::{By, Truth};
use crate::{Rat, Stop};

/// The lowest precision at which a constant without a separation bound is taken for zero.
const CONSTANT_BITS: u64 = 512;
/// The same at each of several points for a function.
const FUNCTION_BITS: u64 = 256;
/// No precision beyond this is tried.
const PREC_MAX: u64 = 40_000;
/// Points at which functions must agree, and how many are tried to find as many.
const N_POINTS: usize = 5;
const N_TRIES: usize = 24;

/// Whether `a = b`.
pub(crate) fn equal(a: &Node, b: &Node, fuel: &Fuel) -> Truth {
    if a == b {
        return Truth::EXACT;
    }
    decided(a, b, fuel).unwrap_or_else(Truth::from)
}

fn decided(a: &Node, b: &Node, fuel: &Fuel) -> Result<Truth, Stop> {
    let env = Env::new();
    match (rational(a, &env, fuel), rational(b, &env, fuel)) {
        (Ok(x), Ok(y)) => return Ok(Truth::of(x == y)),
        (Err(Stop::Undefined), _) | (_, Err(Stop::Undefined)) => return Ok(Truth::Different),
        _ => {}
    }
    let mut variables = Vec::new();
    a.variables(&mut variables);
    b.variables(&mut variables);
    variables.sort();
    if variables.is_empty() {
        return constants(a, b, fuel);
    }
    let fractions = (Fraction::read(a, &variables, fuel), Fraction::read(b, &variables, fuel));
    if let (Ok(x), Ok(y)) = fractions
        && let Ok(equal) = x.equals(&y, fuel)
    {
        return Ok(Truth::of(equal));
    }
    functions(a, b, &variables, fuel)
}

/// What one evaluation of both sides said.
enum Gap {
    Apart,
    /// The difference may be zero; it is below 2^top, and nothing was larger than 2^±scale.
    Open {
        top: i64,
        scale: u64,
    },
}

fn gap(
    a: &Node,
    b: &Node,
    prec: u64,
    env: &Env,
    real_only: bool,
    fuel: &Fuel,
) -> Result<Gap, Stop> {
    let eval = Eval { prec, env, fuel, real_only, scale: Cell::new(0) };
    let (a, b) = (eval.value(a)?, eval.value(b)?);
    let difference: Complex = a.sub(&b, prec);
    Ok(match difference.vanishes() {
        Some(false) => Gap::Apart,
        _ => Gap::Open { top: difference.top(), scale: eval.scale.get() },
    })
}

fn constants(a: &Node, b: &Node, fuel: &Fuel) -> Result<Truth, Stop> {
    let bound = match separation_bits(&Node::minus(a.clone(), b.clone())) {
        Ok(bits) => Some(bits),
        Err(Stop::NoNumber) => None,
        Err(stop) => return Err(stop),
    };
    let env = Env::new();
    let mut prec = 64;
    loop {
        let mut wanted = 2 * prec;
        match gap(a, b, prec, &env, false, fuel) {
            Ok(Gap::Apart) => return Ok(Truth::Different),
            Ok(Gap::Open { top, scale }) => match bound {
                Some(bits) if top < -(bits as i64) => return Ok(Truth::EXACT),
                Some(bits) => wanted = wanted.max(bits + 64 + top.max(0) as u64),
                None => {
                    let enough = CONSTANT_BITS + 4 * scale;
                    let seen = scale as i64 + 64 - prec as i64;
                    if prec >= enough && top <= seen {
                        return Ok(Truth::Equal(By::NUMERIC));
                    }
                    wanted = wanted.max(enough);
                }
            },
            Err(Stop::Precision) => {}
            Err(Stop::Undefined | Stop::NotReal) => return Ok(Truth::Different),
            Err(stop) => return Err(stop),
        }
        if wanted > PREC_MAX {
            return Err(Stop::Limit("a precision beyond the limit"));
        }
        prec = wanted;
    }
}

/// Functions that are only meant for whole numbers are compared at whole numbers.
fn wants_indices(node: &Node) -> bool {
    node.any(&|part| match part {
        Node::Call(fun, xs) => {
            let discrete = matches!(
                fun,
                Fun::Factorial | Fun::DoubleFactorial | Fun::Binomial | Fun::Gcd | Fun::Lcm
            ) || *fun == Fun::Mod;
            discrete && xs.iter().any(has_variable)
        }
        Node::Pow(base, exponent) => {
            let negative = match &**base {
                Node::Num(x) => *x < Rat::zero(),
                Node::Neg(_) => true,
                _ => false,
            };
            negative && has_variable(exponent)
        }
        Node::Series { from, to, .. } => has_variable(from) || has_variable(to),
        _ => false,
    })
}

fn has_variable(node: &Node) -> bool {
    node.any(&|part| matches!(part, Node::Var(_)))
}

fn functions(a: &Node, b: &Node, variables: &[String], fuel: &Fuel) -> Result<Truth, Stop> {
    let indices = wants_indices(a) || wants_indices(b);
    let has_i = |node: &Node| node.any(&|part| matches!(part, Node::I));
    let real_only = !has_i(a) && !has_i(b);
    let mut n_agreed = 0;
    for attempt in 0..N_TRIES {
        let env = point(variables, attempt, indices);
        match agree(a, b, &env, real_only, fuel) {
            Ok(true) => n_agreed += 1,
            Ok(false) => return Ok(Truth::Different),
            // Not defined there, on one side at least: the point says nothing.
            Err(Stop::NotReal | Stop::Undefined | Stop::Precision) => {}
            Err(stop) => return Err(stop),
        }
        if n_agreed == N_POINTS {
            return Ok(Truth::Equal(By::NUMERIC));
        }
    }
    Err(Stop::NoNumber)
}

/// Whether both sides agree at a point, to a precision far beyond their scale.
fn agree(a: &Node, b: &Node, env: &Env, real_only: bool, fuel: &Fuel) -> Result<bool, Stop> {
    let mut prec = 64;
    loop {
        match gap(a, b, prec, env, real_only, fuel) {
            Ok(Gap::Apart) => return Ok(false),
            Ok(Gap::Open { top, scale }) => {
                let enough = FUNCTION_BITS + 3 * scale;
                if prec >= enough && top <= scale as i64 + 64 - prec as i64 {
                    return Ok(true);
                }
                prec = enough.max(prec + 64);
            }
            Err(Stop::Precision) if prec < 512 => prec *= 4,
            Err(stop) => return Err(stop),
        }
        if prec > PREC_MAX {
            return Err(Stop::Limit("a precision beyond the limit"));
        }
    }
}

/// Fixed points in general position: positive ones first, then of mixed sign, then negative.
fn point(variables: &[String], attempt: usize, indices: bool) -> Env {
    const PRIMES: [i64; 16] = [17, 5, 29, 11, 3, 41, 7, 23, 13, 37, 19, 53, 31, 43, 47, 59];
    const INDICES: [i64; 16] = [5, 3, 8, 2, 11, 4, 7, 1, 9, 6, 12, 10, 14, 13, 16, 15];
    let value = |place: usize| {
        if indices {
            return Rat::from_integer(INDICES[(place * 5 + attempt) % 16].into());
        }
        let numer = PRIMES[(place * 3 + attempt) % 16] + place as i64 / 5;
        let denom = PRIMES[(place * 7 + 2 * attempt + 4) % 16];
        let negative = match attempt % 4 {
            0 | 2 => false,
            1 => place % 2 == attempt / 4 % 2,
            _ => true,
        };
        let x = Rat::new(numer.into(), denom.into());
        if negative { -x } else { x }
    };
    variables.iter().enumerate().map(|(place, name)| (name.clone(), value(place))).collect()
}

/// The sign of `a − b` for real constants, or `None` where it is not to be had.
pub(crate) fn order(a: &Node, b: &Node, fuel: &Fuel) -> Option<std::cmp::Ordering> {
    use std::cmp::Ordering;
    let env = Env::new();
    if let (Ok(x), Ok(y)) = (rational(a, &env, fuel), rational(b, &env, fuel)) {
        return Some(x.cmp(&y));
    }
    let mut prec = 64;
    while prec <= 4096 {
        let eval = Eval { prec, env: &env, fuel, real_only: true, scale: Cell::new(0) };
        let ordered = eval.value(a).and_then(|a| Ok(a.re.sub(&eval.value(b)?.re, prec).sign()));
        match ordered {
            Ok(Some(1)) => return Some(Ordering::Greater),
            Ok(Some(-1)) => return Some(Ordering::Less),
            Ok(Some(_)) => return Some(Ordering::Equal),
            Ok(None) | Err(Stop::Precision) => {}
            Err(_) => return None,
        }
        if prec == 64 && equal(a, b, fuel).is_equal() {
            return Some(Ordering::Equal);
        }
        prec *= 4;
    }
    None
}

/// The whole number that `a / b` may be, of real constants.
pub(crate) fn nearest_multiple(a: &Node, b: &Node, fuel: &Fuel) -> Option<i64> {
    let env = Env::new();
    let eval = Eval { prec: 64, env: &env, fuel, real_only: true, scale: Cell::new(0) };
    let value = |node: &Node| Some(eval.value(node).ok()?.re.to_f64());
    let ratio = value(a)? / value(b)?;
    (ratio.abs() < 1e6).then(|| ratio.round() as i64)
}

/// Whether the quotient of two functions is the same constant everywhere, of the demanded sign.
pub(crate) fn proportional(a: &Node, b: &Node, positive: bool, fuel: &Fuel) -> Truth {
    proportion(a, b, positive, fuel).unwrap_or_else(Truth::from)
}

fn proportion(a: &Node, b: &Node, positive: bool, fuel: &Fuel) -> Result<Truth, Stop> {
    let mut variables = Vec::new();
    a.variables(&mut variables);
    b.variables(&mut variables);
    variables.sort();
    if let (Ok(x), Ok(y)) =
        (Fraction::read(a, &variables, fuel), Fraction::read(b, &variables, fuel))
    {
        if x.numer.is_zero() || y.numer.is_zero() {
            return Ok(Truth::of(x.numer.is_zero() && y.numer.is_zero()));
        }
        let signs = !positive || x.is_negative() == y.is_negative();
        // An equation holds where the numerator vanishes; an inequality minds the denominator.
        let same = match positive {
            false => x.numer.monic() == y.numer.monic(),
            true => x.numer.mul(&y.denom, fuel)?.monic() == y.numer.mul(&x.denom, fuel)?.monic(),
        };
        return Ok(Truth::of(signs && same));
    }
    // f/g at one point, then f = c·g everywhere.
    let real = |node: &Node, env: &Env| {
        let eval = Eval { prec: 64, env, fuel, real_only: true, scale: Cell::new(0) };
        let value = eval.value(node)?.re;
        Ok::<_, Stop>((value.sign(), value.to_f64()))
    };
    for attempt in 0..N_TRIES {
        let env = point(&variables, attempt, false);
        let (Ok((Some(sign_a), x)), Ok((Some(sign_b), y))) = (real(a, &env), real(b, &env)) else {
            continue;
        };
        if sign_a == 0 || sign_b == 0 {
            continue;
        }
        if positive && sign_a != sign_b {
            return Ok(Truth::Different);
        }
        let Some(ratio) = simple_ratio(x / y) else { return Ok(Truth::Different) };
        let scaled = Node::Mul(vec![Node::Num(ratio), b.clone()]);
        return Ok(equal(a, &scaled, fuel));
    }
    Err(Stop::NoNumber)
}

/// The fraction of a small denominator that a float stands for, by continued fractions.
fn simple_ratio(x: f64) -> Option<Rat> {
    let (mut h, mut k) = ([1i64, 0], [0i64, 1]);
    let mut rest = x.abs();
    for _ in 0..12 {
        let whole = rest.floor();
        if whole > 1e6 {
            break;
        }
        h = [whole as i64 * h[0] + h[1], h[0]];
        k = [whole as i64 * k[0] + k[1], k[0]];
        if k[0] > 100_000 {
            return None;
        }
        let near = h[0] as f64 / k[0] as f64;
        if (near - x.abs()).abs() <= 1e-12 * x.abs() {
            let ratio = Rat::new(h[0].into(), k[0].into());
            return Some(if x < 0.0 { -ratio } else { ratio });
        }
        rest = 1.0 / (rest - whole);
    }
    None
}
