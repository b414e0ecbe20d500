//! Elementary functions of balls, by series in fixed point.
//!
//! Each works with 64 guard bits and adds to the radius a bound of its truncations: `n` truncated
//! terms err by at most `2n` units, and each undone halving of the argument doubles (exponential,
//! logarithm) or quadruples (cosine) that.

use std::cell::RefCell;

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::Ball;
use crate::Stop;

const GUARD: u64 = 64;

/// `floor(x · 2^bits)` of the ball's middle.
fn fixed(x: &Ball, bits: u64) -> BigInt {
    let shift = x.e + bits as i64;
    if shift >= 0 { &x.m << shift as u64 } else { &x.m >> shift.unsigned_abs() }
}

/// The radius in units of `2^-bits`, rounded up.
fn fixed_radius(x: &Ball, bits: u64) -> BigUint {
    if x.r == 0 {
        return BigUint::zero();
    }
    let shift = x.e + bits as i64;
    let r = BigUint::from(x.r);
    if shift >= 0 { r << shift as u64 } else { (r >> shift.unsigned_abs()) + 1u32 }
}

fn ball(m: BigInt, bits: u64, r: BigUint, prec: u64) -> Ball {
    Ball::rounded(m, -(bits as i64), r, prec)
}

thread_local! {
    static PI: RefCell<(u64, BigInt)> = RefCell::new((0, BigInt::zero()));
    static LN2: RefCell<(u64, BigInt)> = RefCell::new((0, BigInt::zero()));
}

/// A constant to `bits` bits after the point, from the best one computed so far.
fn constant(
    cache: &RefCell<(u64, BigInt)>,
    bits: u64,
    compute: impl FnOnce(u64) -> BigInt,
) -> BigInt {
    let mut cache = cache.borrow_mut();
    if cache.0 < bits {
        let ahead = bits.next_multiple_of(512) + 64;
        *cache = (ahead, compute(ahead));
    }
    &cache.1 >> (cache.0 - bits)
}

/// `atan(1/n)` (alternating) or `atanh(1/n)`, times `2^bits`.
fn inverse_series(n: u32, bits: u64, alternating: bool) -> BigInt {
    let square = n * n;
    let mut power: BigInt = (BigInt::one() << bits) / n;
    let mut sum = power.clone();
    let mut k = 1u32;
    while !power.is_zero() {
        power /= square;
        let term: BigInt = &power / (2 * k + 1);
        if alternating && k % 2 == 1 {
            sum -= term;
        } else {
            sum += term;
        }
        k += 1;
    }
    sum
}

/// π by Machin's formula, within 2^-(bits) of it.
fn pi_fixed(bits: u64) -> BigInt {
    PI.with(|cache| {
        constant(cache, bits + 32, |bits| {
            (inverse_series(5, bits, true) * 16) - (inverse_series(239, bits, true) * 4)
        })
    }) >> 32u32
}

fn ln2_fixed(bits: u64) -> BigInt {
    LN2.with(|cache| constant(cache, bits + 32, |bits| inverse_series(3, bits, false) * 2)) >> 32u32
}

impl Ball {
    /// π.
    pub(crate) fn pi(prec: u64) -> Self {
        let bits = prec + GUARD;
        ball(pi_fixed(bits), bits, 2u32.into(), prec)
    }

    /// `e^x`.
    ///
    /// # Errors
    /// If the argument is enormous or too vague.
    pub(crate) fn exp(&self, prec: u64) -> Result<Self, Stop> {
        if self.is_zero() {
            return Ok(Self::int(1));
        }
        if self.top() > 36 {
            return Err(Stop::Limit("an exponential of astronomic size"));
        }
        let halvings = 4 + (prec as f64).sqrt() as u64 / 2;
        let bits = prec + GUARD + halvings + self.top().max(0) as u64;
        let radius = fixed_radius(self, bits);
        if radius.bits() >= bits {
            return Err(Stop::Precision);
        }
        let x = fixed(self, bits);
        let ln2 = ln2_fixed(bits);
        let n: BigInt = &x / &ln2;
        let t: BigInt = (x - &n * ln2) >> halvings;
        let one = BigInt::one() << bits;
        let (mut sum, mut term, mut k) = (one.clone(), one, 0u32);
        while !term.is_zero() && term != BigInt::from(-1) {
            k += 1;
            term = ((term * &t) >> bits) / k;
            sum += &term;
        }
        for _ in 0..halvings {
            sum = (&sum * &sum) >> bits;
        }
        let n = n.to_i64().ok_or(Stop::Limit("an exponential of astronomic size"))?;
        let units = (BigUint::from(4 * u64::from(k) + 16) << (halvings + 2))
            + (BigUint::from(n.unsigned_abs()) << 3u32);
        let spread = ((sum.magnitude() * radius) >> (bits - 1)) + 1u32;
        let mut result = ball(sum, bits, units + spread, prec);
        result.e += n;
        result.checked()
    }

    /// The natural logarithm of a positive number.
    ///
    /// # Errors
    /// If the number is not positive, or not known to be.
    pub(crate) fn ln(&self, prec: u64) -> Result<Self, Stop> {
        match self.sign() {
            Some(1) => {}
            Some(0) => return Err(Stop::Undefined),
            Some(_) => return Err(Stop::NotReal),
            None => return Err(Stop::Precision),
        }
        let roots = 8u64;
        let bits = prec + GUARD + roots;
        let width = self.m.bits();
        let k = self.e + width as i64 - 1;
        let one = BigInt::one() << bits;
        let mut y = if width > bits + 1 {
            &self.m >> (width - 1 - bits)
        } else {
            &self.m << (bits + 1 - width)
        };
        for _ in 0..roots {
            y = (y << bits).sqrt();
        }
        let z: BigInt = ((&y - &one) << bits) / (&y + &one);
        let square: BigInt = (&z * &z) >> bits;
        let (mut power, mut sum, mut i) = (z.clone(), z, 1u32);
        while !power.is_zero() {
            power = (power * &square) >> bits;
            sum += &power / (2 * i + 1);
            i += 1;
        }
        let value = (sum << (roots + 1)) + ln2_fixed(bits) * k;
        let low = self.m.magnitude() - self.r;
        let spread = (BigUint::from(self.r) << bits) / low + 1u32;
        let units = (BigUint::from(4 * u64::from(i) + 48) << (roots + 2)) + 2 * k.unsigned_abs();
        Ok(ball(value, bits, units + spread, prec))
    }

    /// `(sin x, cos x)`.
    ///
    /// # Errors
    /// If the argument is enormous or too vague.
    pub(crate) fn sin_cos(&self, prec: u64) -> Result<(Self, Self), Stop> {
        if self.is_zero() {
            return Ok((Self::zero(), Self::int(1)));
        }
        if self.top() > 4096 {
            return Err(Stop::Limit("an angle of astronomic size"));
        }
        let halvings = 6u64;
        let bits = prec + GUARD + self.top().max(0) as u64 + 2 * halvings;
        let x = fixed(self, bits);
        let radius = fixed_radius(self, bits);
        if radius.bits() > bits {
            return Err(Stop::Precision);
        }
        let right: BigInt = pi_fixed(bits) >> 1u32;
        let n: BigInt = (&x * 2 + &right) / (&right * 2);
        let t: BigInt = (x - &n * &right) >> halvings;
        let square: BigInt = (&t * &t) >> bits;
        let one = BigInt::one() << bits;
        let (mut sin, mut cos) = (t.clone(), one.clone());
        let (mut a, mut b, mut k) = (t, one.clone(), 0u32);
        while !(a.is_zero() || a == BigInt::from(-1)) || !(b.is_zero() || b == BigInt::from(-1)) {
            k += 2;
            b = -((b * &square) >> bits) / (k * (k - 1));
            a = -((a * &square) >> bits) / (k * (k + 1));
            cos += &b;
            sin += &a;
        }
        for _ in 0..halvings {
            sin = (sin * &cos) >> (bits - 1);
            cos = ((&cos * &cos) >> (bits - 1)) - &one;
        }
        let units = (BigUint::from(4 * u64::from(k) + 16) << (2 * halvings + 2))
            + (n.magnitude() << 2u32)
            + radius;
        let quadrant = n.mod_floor(&BigInt::from(4));
        let (sin, cos) = match quadrant.to_u8() {
            Some(1) => (cos, -sin),
            Some(2) => (-sin, -cos),
            Some(3) => (-cos, sin),
            _ => (sin, cos),
        };
        Ok((ball(sin, bits, units.clone(), prec), ball(cos, bits, units, prec)))
    }

    /// The angle in (−π/2, π/2) whose tangent this is.
    ///
    /// # Errors
    /// If the number is too vague.
    pub(crate) fn atan(&self, prec: u64) -> Result<Self, Stop> {
        if self.is_zero() {
            return Ok(Self::zero());
        }
        let wide = prec + 32;
        if self.top() > 1 && self.sign().is_some() {
            // atan x = ±π/2 − atan 1/x
            let rest = Self::int(1).div(self, wide)?.atan(wide)?;
            let mut right = Self::pi(wide);
            right.e -= 1;
            let right = if self.m.is_negative() { right.neg() } else { right };
            return Ok(right.sub(&rest, prec));
        }
        let mut x = self.clone();
        for _ in 0..3 {
            // tan(a/2) = t / (1 + √(1 + t²))
            let root = Self::int(1).add(&x.mul(&x, wide)?, wide).root(2, wide)?;
            x = x.div(&Self::int(1).add(&root, wide), wide)?;
        }
        let bits = wide + GUARD;
        let z = fixed(&x, bits);
        let radius = fixed_radius(&x, bits);
        let square: BigInt = (&z * &z) >> bits;
        let (mut power, mut sum, mut k) = (z.clone(), z, 1u32);
        while !(power.is_zero() || power == BigInt::from(-1)) {
            power = -((power * &square) >> bits);
            sum += &power / (2 * k + 1);
            k += 1;
        }
        let units = BigUint::from(4 * u64::from(k) + 16) + radius;
        Ok(ball(sum << 3u32, bits, units << 3u32, prec))
    }
}
