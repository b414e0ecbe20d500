//! Complex numbers as pairs of balls. An exactly real number keeps an exactly zero imaginary part.

use crate::Stop;
use crate::ball::Ball;

/// A complex number.
#[derive(Clone, Debug)]
pub(crate) struct Complex {
    pub(crate) re: Ball,
    pub(crate) im: Ball,
}

impl Complex {
    /// A real number.
    pub(crate) fn real(re: Ball) -> Self {
        Self { re, im: Ball::zero() }
    }

    /// Whether the number is real, exactly.
    pub(crate) fn is_real(&self) -> bool {
        self.im.is_zero()
    }

    /// Whether the number is zero: `None` while that is open.
    pub(crate) fn vanishes(&self) -> Option<bool> {
        match (self.re.sign(), self.im.sign()) {
            (Some(0), Some(0)) => Some(true),
            (Some(1 | -1), _) | (_, Some(1 | -1)) => Some(false),
            _ => None,
        }
    }

    /// The least `t` such that both parts are below `2^t` in size.
    pub(crate) fn top(&self) -> i64 {
        self.re.top().max(self.im.top())
    }

    pub(crate) fn neg(&self) -> Self {
        Self { re: self.re.neg(), im: self.im.neg() }
    }

    pub(crate) fn add(&self, other: &Self, prec: u64) -> Self {
        Self { re: self.re.add(&other.re, prec), im: self.im.add(&other.im, prec) }
    }

    pub(crate) fn sub(&self, other: &Self, prec: u64) -> Self {
        self.add(&other.neg(), prec)
    }

    pub(crate) fn mul(&self, other: &Self, prec: u64) -> Result<Self, Stop> {
        if self.is_real() && other.is_real() {
            return Ok(Self::real(self.re.mul(&other.re, prec)?));
        }
        let re = self.re.mul(&other.re, prec)?.sub(&self.im.mul(&other.im, prec)?, prec);
        let im = self.re.mul(&other.im, prec)?.add(&self.im.mul(&other.re, prec)?, prec);
        Ok(Self { re, im })
    }

    pub(crate) fn div(&self, other: &Self, prec: u64) -> Result<Self, Stop> {
        if other.is_real() {
            let im = if self.is_real() { Ball::zero() } else { self.im.div(&other.re, prec)? };
            return Ok(Self { re: self.re.div(&other.re, prec)?, im });
        }
        let size = other.re.mul(&other.re, prec)?.add(&other.im.mul(&other.im, prec)?, prec);
        let product = self.mul(&other.conjugate(), prec)?;
        Ok(Self { re: product.re.div(&size, prec)?, im: product.im.div(&size, prec)? })
    }

    pub(crate) fn conjugate(&self) -> Self {
        Self { re: self.re.clone(), im: self.im.neg() }
    }

    pub(crate) fn powi(&self, n: i64, prec: u64) -> Result<Self, Stop> {
        if self.is_real() {
            return Ok(Self::real(self.re.powi(n, prec)?));
        }
        let (mut left, mut power, mut square) =
            (n.unsigned_abs(), Self::real(Ball::int(1)), self.clone());
        while left > 0 {
            if left & 1 == 1 {
                power = power.mul(&square, prec)?;
            }
            square = square.mul(&square, prec)?;
            left >>= 1;
        }
        if n < 0 { Self::real(Ball::int(1)).div(&power, prec) } else { Ok(power) }
    }

    /// `|z|`.
    pub(crate) fn abs(&self, prec: u64) -> Result<Ball, Stop> {
        if self.is_real() {
            return Ok(self.re.abs());
        }
        self.re.mul(&self.re, prec)?.add(&self.im.mul(&self.im, prec)?, prec).root(2, prec)
    }

    /// The principal square root.
    pub(crate) fn sqrt(&self, prec: u64) -> Result<Self, Stop> {
        if self.is_real() {
            return match self.re.sign() {
                Some(0 | 1) => Ok(Self::real(self.re.root(2, prec)?)),
                Some(_) => Ok(Self { re: Ball::zero(), im: self.re.neg().root(2, prec)? }),
                None => Err(Stop::Precision),
            };
        }
        self.ln(prec)?.mul(&Self::real(Ball::int(1).div(&Ball::int(2), prec)?), prec)?.exp(prec)
    }

    pub(crate) fn exp(&self, prec: u64) -> Result<Self, Stop> {
        let size = self.re.exp(prec)?;
        if self.is_real() {
            return Ok(Self::real(size));
        }
        let (sin, cos) = self.im.sin_cos(prec)?;
        Ok(Self { re: size.mul(&cos, prec)?, im: size.mul(&sin, prec)? })
    }

    /// The angle in (−π, π].
    pub(crate) fn arg(&self, prec: u64) -> Result<Ball, Stop> {
        let half_pi = || Ball::pi(prec).div(&Ball::int(2), prec);
        match (self.re.sign(), self.im.sign()) {
            (Some(0), Some(0)) => Err(Stop::Undefined),
            (Some(1), Some(0)) => Ok(Ball::zero()),
            (Some(-1), Some(0)) => Ok(Ball::pi(prec)),
            (Some(1), _) => self.im.div(&self.re, prec)?.atan(prec),
            (_, Some(1)) => Ok(half_pi()?.sub(&self.re.div(&self.im, prec)?.atan(prec)?, prec)),
            (_, Some(-1)) => {
                Ok(half_pi()?.add(&self.re.div(&self.im, prec)?.atan(prec)?, prec).neg())
            }
            _ => Err(Stop::Precision),
        }
    }

    /// The principal logarithm.
    pub(crate) fn ln(&self, prec: u64) -> Result<Self, Stop> {
        if self.is_real() && self.re.sign() == Some(1) {
            return Ok(Self::real(self.re.ln(prec)?));
        }
        Ok(Self { re: self.abs(prec)?.ln(prec)?, im: self.arg(prec)? })
    }
}
