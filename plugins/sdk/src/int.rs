//! Integers of any size, as Python has them: read, printed and compared, never computed with.
//!
//! Kept as a sign and decimal digits without leading zeros, so equality is equality of text. Knows
//! CPython's limit of 4300 digits between text and number.

use std::fmt;

/// CPython's default `sys.int_info.default_max_str_digits`.
pub const DIGITS_MAX: usize = 4300;

const LIMB: u64 = 1_000_000_000;

/// An integer of any size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Int {
    negative: bool,
    digits: String,
}

impl Int {
    /// The number written as `digits` in `radix` (2, 8, 10 or 16), or `None` where a character is
    /// no digit or the number has more than [`DIGITS_MAX`] decimal digits.
    #[must_use]
    pub fn from_digits(digits: &str, radix: u32) -> Option<Self> {
        if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        let digits = match (digits.is_empty(), radix) {
            (true, _) => "0".to_owned(),
            (false, 10) => digits.to_owned(),
            // Four bits a digit at most: more hexadecimal digits than this cannot fit.
            (false, _) if digits.len() > 4 * DIGITS_MAX => return None,
            (false, _) => {
                let mut limbs = vec![0_u32];
                for c in digits.chars() {
                    multiply_add(&mut limbs, radix, c.to_digit(radix)?);
                }
                print_limbs(&limbs)
            }
        };
        (digits.len() <= DIGITS_MAX).then_some(Self { negative: false, digits })
    }

    /// The exact value of `x`, or `None` unless it is a whole number.
    #[must_use]
    pub fn from_f64(x: f64) -> Option<Self> {
        if !x.is_finite() || x.fract() != 0.0 {
            return None;
        }
        if x.abs() < 9e15 {
            return Some(Self::from(x as i64));
        }
        // From 2^53 on the mantissa is shifted left, never right.
        let bits = x.abs().to_bits();
        let shift = (bits >> 52) as i32 - 1075;
        let mantissa = (bits & ((1 << 52) - 1)) | 1 << 52;
        let mut limbs: Vec<u32> = Vec::new();
        let mut rest = mantissa;
        while rest > 0 {
            limbs.push((rest % LIMB) as u32);
            rest /= LIMB;
        }
        (0..shift).for_each(|_| multiply_add(&mut limbs, 2, 0));
        Some(Self { negative: x < 0.0, digits: print_limbs(&limbs) })
    }

    /// Minus this number.
    #[must_use]
    pub fn negated(mut self) -> Self {
        self.negative = !self.negative && self.digits != "0";
        self
    }

    /// This number where it fits 64 bits.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        self.to_string().parse().ok()
    }

    /// The nearest float; infinite where it is too large.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

impl From<i64> for Int {
    fn from(n: i64) -> Self {
        Self { negative: n < 0, digits: n.unsigned_abs().to_string() }
    }
}

impl fmt::Display for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        f.write_str(&self.digits)
    }
}

/// `limbs = limbs · factor + add`; limbs are base 10⁹, lowest first.
fn multiply_add(limbs: &mut Vec<u32>, factor: u32, add: u32) {
    let mut carry = u64::from(add);
    for limb in limbs.iter_mut() {
        let wide = u64::from(*limb) * u64::from(factor) + carry;
        *limb = (wide % LIMB) as u32;
        carry = wide / LIMB;
    }
    if carry > 0 {
        limbs.push(carry as u32);
    }
}

fn print_limbs(limbs: &[u32]) -> String {
    use fmt::Write;
    let mut text = String::new();
    for limb in limbs.iter().rev() {
        // Writing to a string cannot fail.
        let _ = if text.is_empty() { write!(text, "{limb}") } else { write!(text, "{limb:09}") };
    }
    text
}
