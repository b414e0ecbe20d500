//! `exp`, `ln` and the logistic function as polynomials, the same on every machine.
//!
//! libm's versions differ between platforms and releases; these are defined by the arithmetic
//! below, which vectorises inside a `pulp` dispatch.

/// e^x to 1.5 ulp for x in [-87.3, 88.3]; 0 below, clamped above. NaN gives NaN or 0.
///
/// x = n ln 2 + r with |r| ≤ ln 2 / 2; e^r by a polynomial of degree 6 (Cephes' coefficients).
#[inline(always)]
#[must_use]
pub fn exp(x: f32) -> f32 {
    /// 1.5 · 2^23: adding it rounds to an integer held in the low bits of the sum.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HI: f32 = 0.693_359_4;
    const LN2_LO: f32 = -2.121_944_4e-4;
    let clamped = if x < 88.0 { x } else { 88.0 };
    let clamped = if clamped > -87.0 { clamped } else { -87.0 };
    let shifted = clamped.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN2_LO, n.mul_add(-LN2_HI, clamped));
    let mut p = 1.987_569_1e-4_f32;
    p = p.mul_add(r, 1.398_199_9e-3);
    p = p.mul_add(r, 8.333_452e-3);
    p = p.mul_add(r, 4.166_579_6e-2);
    p = p.mul_add(r, 1.666_666_5e-1);
    p = p.mul_add(r, 5e-1);
    let e_r = p.mul_add(r * r, r + 1.0);
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    let y = e_r * scale;
    if x > -87.0 { y } else { 0.0 }
}

/// The natural logarithm of a normal positive number, to 2 ulp.
///
/// x = m 2^n with m in [√½, √2); ln m by Cephes' polynomial of degree 8.
#[inline(always)]
#[must_use]
pub fn ln(x: f32) -> f32 {
    let bits = x.to_bits().wrapping_sub(0x3f35_04f3);
    let n = (bits as i32 >> 23) as f32;
    let m = f32::from_bits((bits & 0x007f_ffff).wrapping_add(0x3f35_04f3)) - 1.0;
    let z = m * m;
    let mut p = 7.037_683_6e-2_f32;
    p = p.mul_add(m, -1.151_461e-1);
    p = p.mul_add(m, 1.167_699_9e-1);
    p = p.mul_add(m, -1.242_014_1e-1);
    p = p.mul_add(m, 1.424_932_3e-1);
    p = p.mul_add(m, -1.666_805_8e-1);
    p = p.mul_add(m, 2.000_071_5e-1);
    p = p.mul_add(m, -2.499_999_4e-1);
    p = p.mul_add(m, 0.333_333_3);
    let mut y = p * m * z;
    y = n.mul_add(-2.121_944_4e-4, y);
    y = z.mul_add(-0.5, y);
    n.mul_add(0.693_359_4, m + y)
}

/// 1 / (1 + e^-x).
#[inline(always)]
#[must_use]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest error relative to f64's function, in units of 2^-24.
    #[track_caller]
    fn check(f: impl Fn(f32) -> f32, oracle: impl Fn(f64) -> f64, lo: f32, hi: f32, ulps: f64) {
        let n = 1_000_000;
        let mut worst = (0.0_f64, 0.0_f32);
        for i in 0..=n {
            let x = lo + (hi - lo) * (i as f32 / n as f32);
            let want = oracle(f64::from(x));
            let err = (f64::from(f(x)) - want).abs() / want.abs().max(1e-30) * 16_777_216.0;
            if err > worst.0 {
                worst = (err, x);
            }
        }
        assert!(worst.0 <= ulps, "error of {} half-ulps at {}", worst.0, worst.1);
    }

    #[test]
    fn exp_is_close_to_the_f64_function() {
        check(exp, f64::exp, -86.9, 87.9, 3.0);
        assert_eq!((exp(0.0), exp(-1000.0), exp(f32::NEG_INFINITY)), (1.0, 0.0, 0.0));
    }

    #[test]
    fn ln_is_close_to_the_f64_function() {
        check(ln, f64::ln, 1.01, 1000.0, 4.0);
        check(ln, f64::ln, 1e-6, 0.99, 4.0);
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn sigmoid_is_close_to_the_f64_function() {
        check(sigmoid, |x| 1.0 / (1.0 + (-x).exp()), -30.0, 30.0, 8.0);
    }
}
