//! The value of an expression as a ball, at a demanded precision.
//!
//! Roots of odd index and negative numbers are real (∛−8 = −2), even ones imaginary; powers and
//! logarithms take principal values. The evaluator remembers the largest binary exponent it met,
//! which says how much precision the result can be trusted with.

use std::cell::Cell;

use num_traits::{ToPrimitive, Zero};

use crate::ball::Ball;
use crate::complex::Complex;
use crate::exact::{Env, Fuel, rational, series_range};
use crate::node::{Fun, Node};
use crate::{Rat, Stop};

/// An evaluation under way.
pub(crate) struct Eval<'a> {
    pub(crate) prec: u64,
    pub(crate) env: &'a Env,
    pub(crate) fuel: &'a Fuel,
    /// Refuse values that are not real.
    pub(crate) real_only: bool,
    /// The largest size of an exponent or of a given number, in bits.
    pub(crate) scale: Cell<u64>,
}

impl Eval<'_> {
    fn saw(&self, bits: u64) {
        self.scale.set(self.scale.get().max(bits));
    }

    fn charge(&self, weight: u64) -> Result<(), Stop> {
        let limbs = self.prec / 64 + 1;
        self.fuel.spend(weight * (16 + limbs * limbs / 4))
    }

    /// The value of `node`.
    ///
    /// # Errors
    /// What stands in the way of one.
    pub(crate) fn value(&self, node: &Node) -> Result<Complex, Stop> {
        let value = self.compute(node)?;
        if self.real_only && !value.is_real() {
            return Err(Stop::NotReal);
        }
        // What may be zero has no size yet: it would grow with the precision.
        if value.vanishes() == Some(false) {
            self.saw(value.top().unsigned_abs());
        }
        Ok(value)
    }

    fn compute(&self, node: &Node) -> Result<Complex, Stop> {
        self.charge(1)?;
        let prec = self.prec;
        Ok(match node {
            Node::Num(x) => self.number(x)?,
            Node::Var(name) => {
                let found = self.env.iter().rev().find(|(known, _)| known == name);
                let (_, x) = found.ok_or(Stop::NoNumber)?;
                Complex::real(Ball::rat(x, prec))
            }
            Node::Pi => Complex::real(Ball::pi(prec)),
            Node::E => Complex::real(Ball::int(1).exp(prec)?),
            Node::I => Complex { re: Ball::zero(), im: Ball::int(1) },
            Node::Neg(x) => self.value(x)?.neg(),
            Node::Add(xs) => {
                let mut sum = Complex::real(Ball::zero());
                for x in xs {
                    sum = sum.add(&self.value(x)?, prec);
                }
                sum
            }
            Node::Mul(xs) => {
                let mut product = Complex::real(Ball::int(1));
                for x in xs {
                    product = product.mul(&self.value(x)?, prec)?;
                }
                product
            }
            Node::Div(a, b) => self.value(a)?.div(&self.value(b)?, prec)?,
            Node::Pow(a, b) => self.power(a, b)?,
            Node::Root(k, x) => self.root(*k, &self.value(x)?)?,
            Node::Percent(x) => self.value(x)?.div(&Complex::real(Ball::int(100)), prec)?,
            Node::Degree(x) => {
                let factor = Ball::pi(prec).div(&Ball::int(180), prec)?;
                self.value(x)?.mul(&Complex::real(factor), prec)?
            }
            Node::Call(fun, xs) => self.call(*fun, node, xs)?,
            Node::Series { product, variable, from, to, body } => {
                let from = rational(from, self.env, self.fuel)?;
                let to = rational(to, self.env, self.fuel)?;
                self.series(*product, variable, series_range(&from, &to)?, body)?
            }
            _ => return Err(Stop::NoNumber),
        })
    }

    fn number(&self, x: &Rat) -> Result<Complex, Stop> {
        let bits = x.numer().bits().max(x.denom().bits());
        self.fuel.spend(bits / 64)?;
        self.saw(bits);
        Ok(Complex::real(Ball::rat(x, self.prec)))
    }

    /// The root that is meant: real where there is a real one, else the principal one.
    fn root(&self, k: u32, x: &Complex) -> Result<Complex, Stop> {
        self.charge(4)?;
        let prec = self.prec;
        if k == 0 || k > 4096 {
            return Err(Stop::Undefined);
        }
        if !x.is_real() || (k.is_multiple_of(2) && x.re.sign() == Some(-1)) {
            if k == 2 {
                return x.sqrt(prec);
            }
            let share = Ball::int(1).div(&Ball::int(i64::from(k)), prec)?;
            return x.ln(prec)?.mul(&Complex::real(share), prec)?.exp(prec);
        }
        let root = match x.re.sign() {
            Some(-1) => x.re.neg().root(k, prec)?.neg(),
            Some(_) => x.re.root(k, prec)?,
            None => return Err(Stop::Precision),
        };
        Ok(Complex::real(root))
    }

    fn power(&self, base: &Node, exponent: &Node) -> Result<Complex, Stop> {
        let prec = self.prec;
        if let Ok(n) = rational(exponent, self.env, self.fuel) {
            let k = n.denom().to_u32().filter(|&k| k <= 64);
            if let (Some(k), Some(n)) = (k, n.numer().to_i64()) {
                self.charge(64 - u64::from(n.unsigned_abs().leading_zeros()))?;
                let base = self.value(base)?;
                if n == 0 {
                    return Ok(Complex::real(Ball::int(1)));
                }
                let root = if k == 1 { base } else { self.root(k, &base)? };
                if n < 0 && root.vanishes() == Some(true) {
                    return Err(Stop::Undefined);
                }
                return root.powi(n, prec);
            }
        }
        self.charge(64)?;
        let exponent = self.value(exponent)?;
        if matches!(base, Node::E) {
            return exponent.exp(prec);
        }
        let base = self.value(base)?;
        if base.vanishes() == Some(true) {
            return match exponent.re.sign() {
                Some(1) => Ok(base),
                _ => Err(Stop::Undefined),
            };
        }
        if self.real_only && base.re.sign() == Some(-1) {
            return Err(Stop::NotReal);
        }
        base.ln(prec)?.mul(&exponent, prec)?.exp(prec)
    }

    fn real(&self, node: &Node) -> Result<Ball, Stop> {
        let value = self.value(node)?;
        if value.is_real() { Ok(value.re) } else { Err(Stop::NotReal) }
    }

    fn call(&self, fun: Fun, node: &Node, xs: &[Node]) -> Result<Complex, Stop> {
        // What is rational is computed exactly (factorials, whole parts, common divisors).
        match rational(node, self.env, self.fuel) {
            Ok(x) => return self.number(&x),
            Err(stop @ (Stop::Limit(_) | Stop::Undefined)) => return Err(stop),
            Err(_) => {}
        }
        self.charge(64)?;
        let prec = self.prec;
        let one = || Ball::int(1);
        let real = match (fun, xs) {
            (Fun::Exp, [x]) => return self.value(x)?.exp(prec),
            (Fun::Ln, [x]) => return self.value(x)?.ln(prec),
            (Fun::Log, [x, base]) => {
                return self.value(x)?.ln(prec)?.div(&self.value(base)?.ln(prec)?, prec);
            }
            (Fun::Conjugate, [x]) => return Ok(self.value(x)?.conjugate()),
            (Fun::Abs, [x]) => self.value(x)?.abs(prec)?,
            (Fun::Re, [x]) => self.value(x)?.re,
            (Fun::Im, [x]) => self.value(x)?.im,
            (Fun::Arg, [x]) => self.value(x)?.arg(prec)?,
            (Fun::Sin, [x]) => self.real(x)?.sin_cos(prec)?.0,
            (Fun::Cos, [x]) => self.real(x)?.sin_cos(prec)?.1,
            (Fun::Tan | Fun::Cot, [x]) => {
                let (sin, cos) = self.real(x)?.sin_cos(prec)?;
                if fun == Fun::Tan { sin.div(&cos, prec)? } else { cos.div(&sin, prec)? }
            }
            (Fun::Sec, [x]) => one().div(&self.real(x)?.sin_cos(prec)?.1, prec)?,
            (Fun::Csc, [x]) => one().div(&self.real(x)?.sin_cos(prec)?.0, prec)?,
            (Fun::Atan, [x]) => self.real(x)?.atan(prec)?,
            (Fun::Asin, [x]) => arcsine(&self.real(x)?, prec)?,
            (Fun::Acos, [x]) => {
                let right = Ball::pi(prec).div(&Ball::int(2), prec)?;
                right.sub(&arcsine(&self.real(x)?, prec)?, prec)
            }
            (Fun::Sinh | Fun::Cosh | Fun::Tanh, [x]) => hyperbolic(fun, &self.real(x)?, prec)?,
            (Fun::Floor, [x]) => return self.whole(self.real(x)?.floor()?),
            (Fun::Ceil, [x]) => return self.whole(-self.real(x)?.neg().floor()?),
            (Fun::Min | Fun::Max, [first, rest @ ..]) => {
                let mut best = self.real(first)?;
                for x in rest {
                    let x = self.real(x)?;
                    match (x.sub(&best, prec).sign(), fun) {
                        (Some(1), Fun::Max) | (Some(-1), Fun::Min) => best = x,
                        (Some(_), _) => {}
                        (None, _) => return Err(Stop::Precision),
                    }
                }
                best
            }
            _ => return Err(Stop::NoNumber),
        };
        Ok(Complex::real(real))
    }

    fn whole(&self, n: num_bigint::BigInt) -> Result<Complex, Stop> {
        self.number(&Rat::from_integer(n))
    }

    fn series(
        &self,
        product: bool,
        variable: &str,
        (from, to): (i64, i64),
        body: &Node,
    ) -> Result<Complex, Stop> {
        let mut env = self.env.clone();
        env.push((variable.to_owned(), Rat::zero()));
        let place = env.len() - 1;
        let mut total = Complex::real(Ball::int(i64::from(product)));
        for n in from..=to {
            env[place].1 = Rat::from_integer(n.into());
            let inner = Eval { env: &env, scale: Cell::new(0), ..*self };
            let term = inner.value(body)?;
            self.saw(inner.scale.get());
            total = match product {
                true => total.mul(&term, self.prec)?,
                false => total.add(&term, self.prec),
            };
        }
        Ok(total)
    }
}

fn arcsine(x: &Ball, prec: u64) -> Result<Ball, Stop> {
    let beyond = Ball::int(1).sub(&x.mul(x, prec)?, prec);
    match beyond.sign() {
        Some(0) => {
            let right = Ball::pi(prec).div(&Ball::int(2), prec)?;
            Ok(if x.sign() == Some(-1) { right.neg() } else { right })
        }
        Some(1) => x.div(&beyond.root(2, prec)?, prec)?.atan(prec),
        Some(_) => Err(Stop::NotReal),
        None => Err(Stop::Precision),
    }
}

fn hyperbolic(fun: Fun, x: &Ball, prec: u64) -> Result<Ball, Stop> {
    let up = x.exp(prec)?;
    let down = Ball::int(1).div(&up, prec)?;
    let (sum, difference) = (up.add(&down, prec), up.sub(&down, prec));
    match fun {
        Fun::Sinh => difference.div(&Ball::int(2), prec),
        Fun::Cosh => sum.div(&Ball::int(2), prec),
        _ => difference.div(&sum, prec),
    }
}
