//! The functions by name.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::run::{BITS_MAX, Run, Undefined, fits, integer, inverse, scaled, small};
use super::{Function, Op, Rat, Value};

const FACTORIAL_MAX: u32 = 500;
const FIBONACCI_MAX: u32 = 1_000;

/// The value of a function; there are as many arguments as it takes.
pub(super) fn call(
    run: &mut Run<'_>,
    function: Function,
    xs: Vec<Value>,
) -> Result<Value, Undefined> {
    let int = |idx: usize| integer(&xs[idx]);
    let whole = |n: BigInt| Ok(Value::Number(Rat::from_integer(n)));
    match function {
        Function::Gcd => whole(int(0)?.gcd(&int(1)?)),
        Function::Lcm => whole(int(0)?.lcm(&int(1)?)),
        Function::Binom => {
            let (n, k) = (int(0)?, int(1)?);
            if n.is_negative() {
                return Err(Undefined::Nowhere("a negative number where none may be"));
            }
            if k.is_negative() || k > n {
                return whole(BigInt::zero());
            }
            let k = small(&k.clone().min(&n - k), FACTORIAL_MAX)?;
            if n.bits() * u64::from(k) > BITS_MAX {
                return Err(Undefined::Limit("a number of too many digits"));
            }
            run.step(u64::from(k))?;
            whole((0..k).fold(BigInt::one(), |c, i| c * (&n - i) / (i + 1)))
        }
        Function::Factorial => {
            let n = small(&int(0)?, FACTORIAL_MAX)?;
            run.step(u64::from(n))?;
            whole((1..=n).fold(BigInt::one(), |product, i| product * i))
        }
        Function::Fib => {
            let n = small(&int(0)?, FIBONACCI_MAX)?;
            run.step(u64::from(n))?;
            let (mut a, mut b) = (BigInt::zero(), BigInt::one());
            for _ in 0..n {
                (a, b) = (b.clone(), a + b);
            }
            whole(a)
        }
        Function::Digits => {
            let text = int(0)?.abs().to_string();
            whole(text.bytes().map(|b| u32::from(b - b'0')).sum::<u32>().into())
        }
        Function::Powmod => {
            let (a, b, m) = (int(0)?, int(1)?, int(2)?);
            if !m.is_positive() {
                return Err(Undefined::Nowhere("a modulus that is not positive"));
            }
            run.step(b.bits() * (1 + m.bits() / 64))?;
            let a = if b.is_negative() { inverse(&a, &m)? } else { a.mod_floor(&m) };
            whole(a.modpow(&b.abs(), &m))
        }
        Function::Inv => whole(inverse(&int(0)?, &int(1)?)?),
        _ => of_values(run, function, xs),
    }
}

/// Functions of fractions and of polynomials.
fn of_values(
    run: &mut Run<'_>,
    function: Function,
    mut xs: Vec<Value>,
) -> Result<Value, Undefined> {
    let number = |value: &Value| match value {
        Value::Number(x) => Ok(x.clone()),
        Value::Poly(_) => Err(Undefined::Nowhere("a number was due")),
    };
    let whole = |n: BigInt| Value::Number(Rat::from_integer(n));
    Ok(match function {
        Function::Abs => Value::Number(number(&xs[0])?.abs()),
        Function::Min => Value::Number(number(&xs[0])?.min(number(&xs[1])?)),
        Function::Max => Value::Number(number(&xs[0])?.max(number(&xs[1])?)),
        Function::Floor => Value::Number(number(&xs[0])?.floor()),
        Function::Ceil => Value::Number(number(&xs[0])?.ceil()),
        Function::Num => whole(number(&xs[0])?.numer().clone()),
        Function::Den => whole(number(&xs[0])?.denom().clone()),
        Function::Deg => whole((xs.swap_remove(0).coefficients().len() - 1).into()),
        Function::Coef => {
            let degree = integer(&xs[1])?;
            let coefficients = xs.swap_remove(0).coefficients();
            let found = degree.to_usize().and_then(|degree| coefficients.get(degree).cloned());
            Value::Number(found.unwrap_or_else(Rat::zero))
        }
        Function::Diff => {
            let coefficients = xs.swap_remove(0).coefficients();
            let falling = coefficients.into_iter().enumerate().skip(1);
            Value::of(falling.map(|(degree, c)| c * BigInt::from(degree)).collect())
        }
        Function::At => {
            let place = xs.swap_remove(1);
            let mut value = Value::Number(Rat::zero());
            // Horner's rule.
            for c in xs.swap_remove(0).coefficients().into_iter().rev() {
                value = run.binary(Op::Mul, value, place.clone())?;
                value = fits(run.binary(Op::Add, value, Value::Number(c))?)?;
            }
            value
        }
        _ => scaled(xs.swap_remove(0), &Rat::one()),
    })
}
