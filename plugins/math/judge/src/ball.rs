//! Real numbers as balls: a mantissa, a binary exponent and a radius that is never too small.
//!
//! `[m − r, m + r] · 2^e` contains the number, always: an operation that cannot promise that stops
//! with a name instead. Radii stay below 2³², mantissas near the demanded precision.

mod elementary;

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::{Rat, Stop};

/// A real number and how well it is known.
#[derive(Clone, Debug)]
pub(crate) struct Ball {
    m: BigInt,
    e: i64,
    r: u64,
}

/// Exponents beyond this are a limit, not a number.
const EXPONENT_MAX: i64 = 1 << 40;

impl Ball {
    /// Zero, exactly.
    pub(crate) fn zero() -> Self {
        Self { m: BigInt::zero(), e: 0, r: 0 }
    }

    /// A whole number, exactly.
    pub(crate) fn int(n: i64) -> Self {
        Self { m: n.into(), e: 0, r: 0 }
    }

    /// A rational to `prec` bits.
    pub(crate) fn rat(x: &Rat, prec: u64) -> Self {
        let numer = Self { m: x.numer().clone(), e: 0, r: 0 };
        if x.denom().is_one() {
            return Self::rounded(numer.m, 0, BigUint::zero(), prec);
        }
        let denom = Self { m: x.denom().clone(), e: 0, r: 0 };
        // A denominator is never zero.
        numer.div(&denom, prec).unwrap_or_else(|_| Self::zero())
    }

    fn rounded(m: BigInt, e: i64, r: BigUint, prec: u64) -> Self {
        let shift = m.bits().saturating_sub(prec).max(r.bits().saturating_sub(30));
        if shift == 0 {
            return Self { m, e, r: r.to_u64().unwrap_or(u64::MAX) };
        }
        let r = (r >> shift).to_u64().unwrap_or(u64::MAX).saturating_add(2);
        Self { m: m >> shift, e: e + shift as i64, r }
    }

    /// Whether this is zero, exactly.
    pub(crate) fn is_zero(&self) -> bool {
        self.r == 0 && self.m.is_zero()
    }

    /// The sign where it is known; `None` while the ball holds zero and more.
    pub(crate) fn sign(&self) -> Option<i8> {
        if self.is_zero() {
            return Some(0);
        }
        let clear = self.m.magnitude() > &BigUint::from(self.r);
        clear.then_some(if self.m.sign() == Sign::Minus { -1 } else { 1 })
    }

    /// The least `t` such that every number of the ball is below `2^t` in size (very small for 0).
    pub(crate) fn top(&self) -> i64 {
        if self.is_zero() {
            return i64::MIN / 4;
        }
        (self.m.magnitude() + self.r).bits() as i64 + self.e
    }

    /// The nearest float.
    pub(crate) fn to_f64(&self) -> f64 {
        let shift = self.m.bits().saturating_sub(60);
        let high = (&self.m >> shift).to_f64().unwrap_or(f64::NAN);
        let e = (self.e + shift as i64).clamp(-3000, 3000) as i32;
        high * 2f64.powi(e / 2) * 2f64.powi(e - e / 2)
    }

    fn checked(self) -> Result<Self, Stop> {
        match self.e.abs() > EXPONENT_MAX {
            true => Err(Stop::Limit("a number of astronomic size")),
            false => Ok(self),
        }
    }

    /// `−x`.
    pub(crate) fn neg(&self) -> Self {
        Self { m: -&self.m, e: self.e, r: self.r }
    }

    /// `|x|`.
    pub(crate) fn abs(&self) -> Self {
        Self { m: self.m.abs(), e: self.e, r: self.r }
    }

    /// `a + b`.
    pub(crate) fn add(&self, other: &Self, prec: u64) -> Self {
        if self.is_zero() {
            return other.clone();
        }
        if other.is_zero() {
            return self.clone();
        }
        let (high, low) = if self.e >= other.e { (self, other) } else { (other, self) };
        let gap = (high.e - low.e) as u64;
        if gap > prec + 64 {
            let room = (prec + 32).saturating_sub(high.m.bits());
            let (m, e) = (&high.m << room, high.e - room as i64);
            if low.top() <= e {
                let r = (BigUint::from(high.r) << room) + 1u32;
                return Self::rounded(m, e, r, prec);
            }
        }
        let m = (&high.m << gap) + &low.m;
        let r = (BigUint::from(high.r) << gap) + low.r;
        Self::rounded(m, low.e, r, prec)
    }

    /// `a − b`.
    pub(crate) fn sub(&self, other: &Self, prec: u64) -> Self {
        self.add(&other.neg(), prec)
    }

    /// `a · b`.
    ///
    /// # Errors
    /// If the exponent leaves its range.
    pub(crate) fn mul(&self, other: &Self, prec: u64) -> Result<Self, Stop> {
        if self.is_zero() || other.is_zero() {
            return Ok(Self::zero());
        }
        let r = if self.r == 0 && other.r == 0 {
            BigUint::zero()
        } else {
            self.m.magnitude() * other.r + (other.m.magnitude() + other.r) * self.r
        };
        Self::rounded(&self.m * &other.m, self.e + other.e, r, prec).checked()
    }

    /// `a / b`.
    ///
    /// # Errors
    /// If the divisor is zero, or not known not to be.
    pub(crate) fn div(&self, other: &Self, prec: u64) -> Result<Self, Stop> {
        match other.sign() {
            Some(0) => return Err(Stop::Undefined),
            None => return Err(Stop::Precision),
            Some(_) => {}
        }
        if self.is_zero() {
            return Ok(Self::zero());
        }
        let shift = (prec + 2 + other.m.bits()).saturating_sub(self.m.bits());
        let m = (&self.m << shift) / &other.m;
        let e = self.e - other.e - shift as i64;
        let error = (BigUint::from(self.r) << shift) + (m.magnitude() + 1u32) * other.r;
        let r = error / (other.m.magnitude() - other.r) + 2u32;
        Self::rounded(m, e, r, prec).checked()
    }

    /// `aⁿ`.
    ///
    /// # Errors
    /// As [`Self::div`], and on exponents out of range.
    pub(crate) fn powi(&self, n: i64, prec: u64) -> Result<Self, Stop> {
        let mut left = n.unsigned_abs();
        let mut power = Self::int(1);
        let mut square = self.clone();
        let prec_in = prec + 2 * u64::from(64 - left.leading_zeros());
        while left > 0 {
            if left & 1 == 1 {
                power = power.mul(&square, prec_in)?;
            }
            left >>= 1;
            if left > 0 {
                square = square.mul(&square, prec_in)?;
            }
        }
        match n < 0 {
            true => Self::int(1).div(&power, prec),
            false => Ok(Self::rounded(power.m, power.e, power.r.into(), prec)),
        }
    }

    /// The `k`-th root of a number that is not negative.
    ///
    /// # Errors
    /// If the number is negative, or not known not to be.
    pub(crate) fn root(&self, k: u32, prec: u64) -> Result<Self, Stop> {
        match self.sign() {
            Some(0) => return Ok(Self::zero()),
            Some(1) => {}
            Some(_) => return Err(Stop::NotReal),
            None => return Err(Stop::Precision),
        }
        let wanted = u64::from(k) * (prec + 2);
        let mut shift = wanted.saturating_sub(self.m.bits()) as i64;
        shift += (self.e - shift).mod_floor(&i64::from(k));
        let e = (self.e - shift) / i64::from(k);
        let low: BigInt = (&self.m - self.r) << shift;
        let low_root = low.nth_root(k);
        if self.r == 0 {
            let exact = low_root.pow(k) == low;
            return Ok(Self::rounded(low_root, e, u8::from(!exact).into(), prec));
        }
        let high: BigInt = (&self.m + self.r) << shift;
        let high_root: BigInt = high.nth_root(k) + 1u32;
        let middle: BigInt = (&low_root + &high_root) >> 1u32;
        let r = (high_root - low_root).magnitude() / 2u32 + 1u32;
        Ok(Self::rounded(middle, e, r, prec))
    }

    /// The greatest whole number that is not greater.
    ///
    /// # Errors
    /// If the ball holds more than one candidate.
    pub(crate) fn floor(&self) -> Result<BigInt, Stop> {
        if self.top() > 1 << 16 {
            return Err(Stop::Limit("a whole part of too many digits"));
        }
        let shifted = |m: BigInt| match self.e >= 0 {
            true => m << self.e as u64,
            false => m >> self.e.unsigned_abs(),
        };
        let (low, high) = (shifted(&self.m - self.r), shifted(&self.m + self.r));
        match low == high {
            true => Ok(low),
            false => Err(Stop::Precision),
        }
    }
}

#[cfg(test)]
mod tests;
