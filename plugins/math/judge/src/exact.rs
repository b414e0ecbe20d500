//! Rational numbers, exactly: what an expression without radicals and constants comes to.
//!
//! Every step is paid from a [`Fuel`] by the size of its numbers, and powers and factorials are
//! sized before they are computed.

use std::cell::Cell;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::node::{Fun, Node};
use crate::{Rat, Stop};

/// Largest numerator or denominator in bits.
pub(crate) const BITS_MAX: u64 = 100_000;
const FACTORIAL_MAX: u32 = 5_000;
const SERIES_TERMS_MAX: i64 = 4_000;

/// Work that is left, in units of about ten nanoseconds.
#[derive(Debug)]
pub(crate) struct Fuel(Cell<u64>);

impl Fuel {
    pub(crate) fn new(units: u64) -> Self {
        Self(Cell::new(units))
    }

    /// Spends `units`.
    ///
    /// # Errors
    /// When there are no more.
    pub(crate) fn spend(&self, units: u64) -> Result<(), Stop> {
        match self.0.get().checked_sub(units) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => {
                self.0.set(0);
                Err(Stop::Limit("too much work"))
            }
        }
    }

    /// Pays for one operation on a number.
    pub(crate) fn spend_on(&self, x: &Rat) -> Result<(), Stop> {
        let limbs = (x.numer().bits() + x.denom().bits()) / 64 + 1;
        let has_denominator = !x.denom().is_one();
        // Reducing a fraction costs the square of its length.
        self.spend(if has_denominator { 8 + limbs * limbs } else { 4 + limbs })
    }
}

/// `a + b`. Of whole numbers without reducing: a common divisor with one costs more than the sum.
pub(crate) fn plus(a: &Rat, b: &Rat) -> Rat {
    match a.denom().is_one() && b.denom().is_one() {
        true => Rat::new_raw(a.numer() + b.numer(), BigInt::one()),
        false => a + b,
    }
}

/// `a · b`, likewise.
pub(crate) fn times(a: &Rat, b: &Rat) -> Rat {
    match a.denom().is_one() && b.denom().is_one() {
        true => Rat::new_raw(a.numer() * b.numer(), BigInt::one()),
        false => a * b,
    }
}

/// Values of variables.
pub(crate) type Env = Vec<(String, Rat)>;

/// The rational value of an expression; [`Stop::NoNumber`] where it has none that is plain to see.
pub(crate) fn rational(node: &Node, env: &Env, fuel: &Fuel) -> Result<Rat, Stop> {
    fuel.spend(4)?;
    let value = match node {
        Node::Num(x) => x.clone(),
        Node::Var(name) => {
            let found = env.iter().rev().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).ok_or(Stop::NoNumber)?
        }
        Node::Neg(x) => -rational(x, env, fuel)?,
        Node::Add(xs) => {
            let mut sum = Rat::zero();
            for x in xs {
                let x = rational(x, env, fuel)?;
                fuel.spend_on(&x)?;
                sum = plus(&sum, &x);
                fuel.spend_on(&sum)?;
            }
            sum
        }
        Node::Mul(xs) => {
            let mut product = Rat::one();
            for x in xs {
                let x = rational(x, env, fuel)?;
                fuel.spend_on(&x)?;
                product = times(&product, &x);
                fuel.spend_on(&product)?;
            }
            product
        }
        Node::Div(a, b) => {
            let (a, b) = (rational(a, env, fuel)?, rational(b, env, fuel)?);
            if b.is_zero() {
                return Err(Stop::Undefined);
            }
            fuel.spend_on(&b)?;
            if a.is_one() { b.recip() } else { a / b }
        }
        Node::Pow(a, n) => power(&rational(a, env, fuel)?, &rational(n, env, fuel)?, fuel)?,
        Node::Root(k, x) => root(&rational(x, env, fuel)?, *k, fuel)?,
        Node::Percent(x) => rational(x, env, fuel)? / BigInt::from(100),
        Node::Call(fun, xs) => {
            let xs: Vec<Rat> =
                xs.iter().map(|x| rational(x, env, fuel)).collect::<Result<_, _>>()?;
            call(*fun, &xs, fuel)?
        }
        Node::Series { product, variable, from, to, body } => {
            let (from, to) = (rational(from, env, fuel)?, rational(to, env, fuel)?);
            series(*product, variable, [from, to], body, env, fuel)?
        }
        _ => return Err(Stop::NoNumber),
    };
    fuel.spend_on(&value)?;
    if value.numer().bits().max(value.denom().bits()) > BITS_MAX {
        return Err(Stop::Limit("a number of too many digits"));
    }
    Ok(value)
}

/// `aⁿ` for a whole `n`, or where the root is exact.
fn power(a: &Rat, n: &Rat, fuel: &Fuel) -> Result<Rat, Stop> {
    if !n.denom().is_one() {
        let k = n.denom().to_u32().filter(|&k| k <= 64).ok_or(Stop::NoNumber)?;
        return power(&root(a, k, fuel)?, &Rat::from_integer(n.numer().clone()), fuel);
    }
    if a.is_zero() {
        return match n.numer().sign() {
            num_bigint::Sign::Plus => Ok(Rat::zero()),
            num_bigint::Sign::NoSign => Ok(Rat::one()),
            num_bigint::Sign::Minus => Err(Stop::Undefined),
        };
    }
    if a.abs().is_one() {
        return Ok(if n.numer().is_even() { a.abs() } else { a.clone() });
    }
    let too_large = Stop::Limit("a power of too many digits");
    let n = n.numer().to_i32().ok_or(too_large)?;
    let bits = a.numer().bits().max(a.denom().bits());
    // A number of b bits is at least 2^(b−1): small bases are counted fairly.
    if bits.saturating_sub(1).max(1) * u64::from(n.unsigned_abs()) > BITS_MAX {
        return Err(too_large);
    }
    let limbs = bits * u64::from(n.unsigned_abs()) / 64 + 1;
    fuel.spend(limbs * limbs / 4)?;
    let (numer, denom) = (a.numer().pow(n.unsigned_abs()), a.denom().pow(n.unsigned_abs()));
    // Powers of a reduced fraction are reduced.
    let power = Rat::new_raw(numer, denom);
    Ok(if n < 0 { power.recip() } else { power })
}

/// The `k`-th root where it is rational.
fn root(x: &Rat, k: u32, fuel: &Fuel) -> Result<Rat, Stop> {
    if k == 0 {
        return Err(Stop::Undefined);
    }
    if x.is_negative() && k.is_multiple_of(2) {
        return Err(Stop::NoNumber);
    }
    let limbs = (x.numer().bits() + x.denom().bits()) / 64 + 1;
    fuel.spend(8 + limbs * limbs * 2)?;
    let (numer, denom) = (x.numer().nth_root(k), x.denom().nth_root(k));
    match numer.pow(k) == *x.numer() && denom.pow(k) == *x.denom() {
        true => Ok(Rat::new_raw(numer, denom)),
        false => Err(Stop::NoNumber),
    }
}

fn call(fun: Fun, xs: &[Rat], fuel: &Fuel) -> Result<Rat, Stop> {
    let int = |x: &Rat| x.is_integer().then(|| x.numer().clone()).ok_or(Stop::NoNumber);
    let ints = || xs.iter().map(int).collect::<Result<Vec<BigInt>, _>>();
    let whole = Rat::from_integer;
    Ok(match (fun, xs) {
        (Fun::Abs, [x]) => x.abs(),
        (Fun::Floor, [x]) => x.floor(),
        (Fun::Ceil, [x]) => x.ceil(),
        (Fun::Re | Fun::Conjugate, [x]) => x.clone(),
        (Fun::Im, [_]) => Rat::zero(),
        (Fun::Min, [_, ..]) => xs.iter().min().ok_or(Stop::NoNumber)?.clone(),
        (Fun::Max, [_, ..]) => xs.iter().max().ok_or(Stop::NoNumber)?.clone(),
        (Fun::Gcd, _) => whole(fold(ints()?, fuel, |a: &BigInt, b: &BigInt| a.gcd(b))?),
        (Fun::Lcm, _) => whole(fold(ints()?, fuel, |a: &BigInt, b: &BigInt| a.lcm(b))?),
        (Fun::Mod, [a, b]) => {
            let (a, b) = (int(a)?, int(b)?);
            if b.is_zero() {
                return Err(Stop::Undefined);
            }
            whole(a.mod_floor(&b))
        }
        (Fun::Factorial, [n]) => whole(factorial(&int(n)?, 1, fuel)?),
        (Fun::DoubleFactorial, [n]) => whole(factorial(&int(n)?, 2, fuel)?),
        (Fun::Binomial, [n, k]) => whole(binomial(&int(n)?, &int(k)?, fuel)?),
        (Fun::Log, [x, base]) => logarithm(x, base, fuel)?,
        (Fun::Ln, [x]) if x.is_one() => Rat::zero(),
        (Fun::Exp | Fun::Cos, [x]) if x.is_zero() => Rat::one(),
        (Fun::Sin | Fun::Tan | Fun::Atan | Fun::Asin, [x]) if x.is_zero() => Rat::zero(),
        _ => return Err(Stop::NoNumber),
    })
}

fn fold(
    xs: Vec<BigInt>,
    fuel: &Fuel,
    join: impl Fn(&BigInt, &BigInt) -> BigInt,
) -> Result<BigInt, Stop> {
    let mut all = xs.into_iter();
    let mut joined = all.next().ok_or(Stop::NoNumber)?;
    for x in all {
        let limbs = (joined.bits() + x.bits()) / 64 + 1;
        fuel.spend(8 + limbs * limbs)?;
        joined = join(&joined, &x);
    }
    Ok(joined.abs())
}

fn factorial(n: &BigInt, step: u32, fuel: &Fuel) -> Result<BigInt, Stop> {
    if n.is_negative() {
        return Err(Stop::Undefined);
    }
    let n = n.to_u32().filter(|&n| n <= FACTORIAL_MAX);
    let n = n.ok_or(Stop::Limit("a factorial of too many digits"))?;
    fuel.spend(u64::from(n) * u64::from(n) / 32 + 1)?;
    let first = if step == 2 && n % 2 == 0 { 2 } else { 1 };
    Ok((first..=n).step_by(step as usize).fold(BigInt::one(), |product, i| product * i))
}

/// `n` over `k`.
fn binomial(n: &BigInt, k: &BigInt, fuel: &Fuel) -> Result<BigInt, Stop> {
    if n.is_negative() {
        return Err(Stop::NoNumber);
    }
    if k.is_negative() || k > n {
        return Ok(BigInt::zero());
    }
    let k = k.clone().min(n - k);
    let k = k.to_u32().filter(|&k| k <= FACTORIAL_MAX);
    let k = k.ok_or(Stop::Limit("a binomial coefficient of too many digits"))?;
    if n.bits() * u64::from(k) > BITS_MAX {
        return Err(Stop::Limit("a binomial coefficient of too many digits"));
    }
    fuel.spend(u64::from(k) * (n.bits() * u64::from(k) / 64 + 2))?;
    Ok((0..k).fold(BigInt::one(), |c, i| c * (n - i) / (i + 1)))
}

/// The logarithm where it is a whole number, up to sign.
fn logarithm(x: &Rat, base: &Rat, fuel: &Fuel) -> Result<Rat, Stop> {
    if !x.is_positive() || !base.is_positive() || base.is_one() {
        return Err(Stop::NoNumber);
    }
    let (big, up) = if *x < Rat::one() { (x.recip(), -1) } else { (x.clone(), 1) };
    let (base, up) = if *base < Rat::one() { (base.recip(), -up) } else { (base.clone(), up) };
    let (mut power, mut n) = (Rat::one(), 0i64);
    while power < big && n < 4096 {
        fuel.spend_on(&power)?;
        power *= &base;
        n += 1;
    }
    match power == big {
        true => Ok(Rat::from_integer((up * n).into())),
        false => Err(Stop::NoNumber),
    }
}

fn series(
    product: bool,
    variable: &str,
    [from, to]: [Rat; 2],
    body: &Node,
    env: &Env,
    fuel: &Fuel,
) -> Result<Rat, Stop> {
    let (from, to) = series_range(&from, &to)?;
    let mut inner = env.clone();
    let mut total = if product { Rat::one() } else { Rat::zero() };
    for n in from..=to {
        inner.push((variable.to_owned(), Rat::from_integer(n.into())));
        let term = rational(body, &inner, fuel)?;
        inner.pop();
        if product {
            total = times(&total, &term);
        } else {
            total = plus(&total, &term);
        }
        fuel.spend_on(&total)?;
        if total.numer().bits().max(total.denom().bits()) > BITS_MAX {
            return Err(Stop::Limit("a number of too many digits"));
        }
    }
    Ok(total)
}

/// The bounds of a sum or product that is short enough to be taken term by term.
pub(crate) fn series_range(from: &Rat, to: &Rat) -> Result<(i64, i64), Stop> {
    let int = |x: &Rat| x.is_integer().then(|| x.numer().to_i64()).flatten().ok_or(Stop::NoNumber);
    let (from, to) = (int(from)?, int(to)?);
    match to.saturating_sub(from) > SERIES_TERMS_MAX {
        true => Err(Stop::Limit("a sum of too many terms")),
        false => Ok((from, to)),
    }
}
