//! Runs a program: exact, deterministic, within limits that are checked before the work.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::value::DEGREE_MAX;
use super::{Expr, Op, Program, Rat, Test, Value, call};

/// Operations of one run.
const STEPS_MAX: u64 = 20_000;
/// Bits of a numerator or denominator.
pub(super) const BITS_MAX: u64 = 8_192;

/// Why a program has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undefined {
    /// There is none: a division by zero, a factorial of a fraction.
    Nowhere(&'static str),
    /// It would take more than the named limit.
    Limit(&'static str),
}

/// A value and how many operations it took.
pub(crate) type Ran = Result<(Value, u64), Undefined>;

/// The value of `program` for these arguments.
pub(crate) fn run(program: &Program, arguments: &[Rat]) -> Ran {
    if program.parameters.len() != arguments.len() {
        return Err(Undefined::Nowhere("a wrong number of arguments"));
    }
    let mut run = Run { arguments, bound: Vec::new(), n_steps: 0 };
    let value = run.value(&program.body)?;
    Ok((value, run.n_steps))
}

pub(super) struct Run<'a> {
    arguments: &'a [Rat],
    bound: Vec<Rat>,
    n_steps: u64,
}

pub(super) type Computed = Result<Value, Undefined>;

impl Run<'_> {
    /// Pays for an operation.
    pub(super) fn step(&mut self, cost: u64) -> Result<(), Undefined> {
        self.n_steps = self.n_steps.saturating_add(cost);
        match self.n_steps > STEPS_MAX {
            true => Err(Undefined::Limit("more steps than the limit")),
            false => Ok(()),
        }
    }

    fn value(&mut self, expr: &Expr) -> Computed {
        self.step(1)?;
        let value = match expr {
            Expr::Number(x) => Value::Number(x.clone()),
            Expr::Parameter(idx) => Value::Number(self.arguments[*idx].clone()),
            Expr::Bound(back) => Value::Number(self.bound[self.bound.len() - 1 - back].clone()),
            Expr::T => Value::of(vec![Rat::zero(), Rat::one()]),
            Expr::Neg(a) => scaled(self.value(a)?, &-Rat::one()),
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                self.binary(*op, a, b)?
            }
            Expr::Call(function, xs) => {
                let xs = xs.iter().map(|x| self.value(x)).collect::<Result<Vec<_>, _>>()?;
                call::call(self, *function, xs)?
            }
            Expr::Fold { product, from, to, body } => self.fold(*product, from, to, body)?,
            Expr::If { test, sides, then, otherwise } => {
                let (a, b) = (self.value(&sides.0)?, self.value(&sides.1)?);
                let holds = match (test, a, b) {
                    (Test::Equal, a, b) => a == b,
                    (Test::NotEqual, a, b) => a != b,
                    (Test::Less, Value::Number(a), Value::Number(b)) => a < b,
                    (Test::LessEqual, Value::Number(a), Value::Number(b)) => a <= b,
                    _ => return Err(Undefined::Nowhere("polynomials have no order")),
                };
                self.value(if holds { then } else { otherwise })?
            }
        };
        fits(value)
    }

    fn fold(&mut self, product: bool, from: &Expr, to: &Expr, body: &Expr) -> Computed {
        let (from, to) = (self.integer(from)?, self.integer(to)?);
        let unit = if product { Rat::one() } else { Rat::zero() };
        let mut total = Value::Number(unit);
        let mut i = from;
        while i <= to {
            self.bound.push(Rat::from_integer(i.clone()));
            let term = self.value(body);
            self.bound.pop();
            let op = if product { Op::Mul } else { Op::Add };
            total = fits(self.binary(op, total, term?)?)?;
            i += 1;
        }
        Ok(total)
    }

    fn integer(&mut self, expr: &Expr) -> Result<BigInt, Undefined> {
        integer(&self.value(expr)?)
    }

    pub(super) fn binary(&mut self, op: Op, a: Value, b: Value) -> Computed {
        self.step(1)?;
        match (op, a, b) {
            (Op::Pow, a, Value::Number(n)) => self.power(a, &n),
            (Op::Pow, _, Value::Poly(_)) => Err(Undefined::Nowhere("a polynomial as exponent")),
            (Op::Add, Value::Number(a), Value::Number(b)) => Ok(Value::Number(a + b)),
            (Op::Sub, Value::Number(a), Value::Number(b)) => Ok(Value::Number(a - b)),
            (Op::Mul, Value::Number(a), Value::Number(b)) => Ok(Value::Number(a * b)),
            (Op::Div | Op::Floor | Op::Mod, _, Value::Number(b)) if b.is_zero() => {
                Err(Undefined::Nowhere("a division by zero"))
            }
            (Op::Div, a, Value::Number(b)) => Ok(scaled(a, &b.recip())),
            (Op::Floor, Value::Number(a), Value::Number(b)) => Ok(Value::Number((a / b).floor())),
            (Op::Mod, Value::Number(a), Value::Number(b)) => {
                let quotient = (&a / &b).floor();
                Ok(Value::Number(a - b * quotient))
            }
            (Op::Add | Op::Sub, a, b) => {
                let b = if op == Op::Sub { scaled(b, &-Rat::one()) } else { b };
                let (mut a, b) = (a.coefficients(), b.coefficients());
                a.resize(a.len().max(b.len()), Rat::zero());
                a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                Ok(Value::of(a))
            }
            (Op::Mul, a, b) => self.product(&a.coefficients(), &b.coefficients()),
            (Op::Div, _, _) => Err(Undefined::Nowhere("a division by a polynomial")),
            (Op::Floor | Op::Mod, a, b) => {
                let (quotient, rest) = self.divide(a.coefficients(), &b.coefficients())?;
                Ok(Value::of(if op == Op::Floor { quotient } else { rest }))
            }
        }
    }

    fn product(&mut self, a: &[Rat], b: &[Rat]) -> Computed {
        if a.len() + b.len() > DEGREE_MAX + 2 {
            return Err(Undefined::Limit("a polynomial of too high a degree"));
        }
        self.step((a.len() * b.len()) as u64)?;
        let mut product = vec![Rat::zero(); a.len() + b.len() - 1];
        for (i, a) in a.iter().enumerate() {
            for (j, b) in b.iter().enumerate() {
                product[i + j] += a * b;
            }
        }
        Ok(Value::of(product))
    }

    /// Quotient and remainder of polynomials; the divisor's leading coefficient is not zero.
    fn divide(&mut self, mut a: Vec<Rat>, b: &[Rat]) -> Result<(Vec<Rat>, Vec<Rat>), Undefined> {
        let leading = b.last().filter(|c| !c.is_zero());
        let leading = leading.ok_or(Undefined::Nowhere("a division by zero"))?;
        let mut quotient = vec![Rat::zero(); (a.len() + 1).saturating_sub(b.len()).max(1)];
        while a.len() >= b.len() {
            self.step(b.len() as u64)?;
            let shift = a.len() - b.len();
            let factor = a[a.len() - 1].clone() / leading;
            for (i, c) in b.iter().enumerate() {
                a[shift + i] -= c * &factor;
            }
            quotient[shift] = factor;
            a.pop();
            a = fits(Value::of(a))?.coefficients();
            if a == [Rat::zero()] {
                break;
            }
        }
        Ok((quotient, if a.is_empty() { vec![Rat::zero()] } else { a }))
    }

    fn power(&mut self, a: Value, n: &Rat) -> Computed {
        if !n.is_integer() {
            return Err(Undefined::Nowhere("a power that is no whole number"));
        }
        let n = n.numer().to_i32().filter(|n| n.unsigned_abs() <= 4_096);
        let n = n.ok_or(Undefined::Limit("an exponent beyond the limit"))?;
        match a {
            Value::Number(a) => {
                if a.is_zero() && n < 0 {
                    return Err(Undefined::Nowhere("a division by zero"));
                }
                let bits = a.numer().bits().max(a.denom().bits());
                if bits.saturating_sub(1) * u64::from(n.unsigned_abs()) > BITS_MAX {
                    return Err(Undefined::Limit("a number of too many digits"));
                }
                Ok(Value::Number(a.pow(n)))
            }
            Value::Poly(_) if n < 0 => Err(Undefined::Nowhere("a division by a polynomial")),
            Value::Poly(a) => {
                if (a.len() - 1) * n.unsigned_abs() as usize > DEGREE_MAX {
                    return Err(Undefined::Limit("a polynomial of too high a degree"));
                }
                let mut power = Value::Number(Rat::one());
                for _ in 0..n {
                    power = fits(self.product(&power.coefficients(), &a)?)?;
                }
                Ok(power)
            }
        }
    }
}

pub(super) fn integer(value: &Value) -> Result<BigInt, Undefined> {
    match value {
        Value::Number(x) if x.is_integer() => Ok(x.numer().clone()),
        _ => Err(Undefined::Nowhere("a whole number was due")),
    }
}

pub(super) fn scaled(value: Value, by: &Rat) -> Value {
    Value::of(value.coefficients().into_iter().map(|c| c * by).collect())
}

/// The value, if its numbers are not too long.
pub(super) fn fits(value: Value) -> Computed {
    let large = |x: &Rat| x.numer().bits().max(x.denom().bits()) > BITS_MAX;
    let too_large = match &value {
        Value::Number(x) => large(x),
        Value::Poly(coefficients) => coefficients.iter().any(large),
    };
    match too_large {
        true => Err(Undefined::Limit("a number of too many digits")),
        false => Ok(value),
    }
}

/// Whether `n` is a whole number from 0 to `most`.
pub(super) fn small(n: &BigInt, most: u32) -> Result<u32, Undefined> {
    if n.is_negative() {
        return Err(Undefined::Nowhere("a negative number where none may be"));
    }
    n.to_u32().filter(|n| *n <= most).ok_or(Undefined::Limit("an argument beyond the limit"))
}

/// The inverse of `a` modulo `m`.
pub(super) fn inverse(a: &BigInt, m: &BigInt) -> Result<BigInt, Undefined> {
    if !m.is_positive() {
        return Err(Undefined::Nowhere("a modulus that is not positive"));
    }
    let gcd = a.extended_gcd(m);
    match gcd.gcd.is_one() {
        true => Ok(gcd.x.mod_floor(m)),
        false => Err(Undefined::Nowhere("no inverse")),
    }
}
