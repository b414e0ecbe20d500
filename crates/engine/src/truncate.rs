//! Who survives top-k, top-p and min-p.
//!
//! The survivors are all tokens whose logit is at or above a threshold, so that equal logits share
//! their fate and the order of tokens plays no part. Thresholds are found by radix selection over
//! the bits of the logits, with counts for top-k and masses in fixed point for top-p: integer sums
//! do not depend on their order.

use crate::request::Sampling;

/// Mass of the most probable token; 2^40 · 2^23 tokens stay below 2^64.
const UNIT: f64 = (1_u64 << 40) as f64;

/// The lowest logit that survives. `masses` is scratch.
///
/// # Panics
/// If the temperature is not above 0.
pub(crate) fn threshold(logits: &[f32], sampling: &Sampling, masses: &mut Vec<u64>) -> f32 {
    assert!(sampling.temperature > 0.0, "a distribution needs a temperature above 0");
    let mut lowest = ordered(f32::NEG_INFINITY);
    if sampling.top_k > 0 && sampling.top_k < logits.len() {
        lowest = select(logits, |_| 1, sampling.top_k as u64);
    }
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let log_ratio = |logit: f32| f64::from(logit - max) / f64::from(sampling.temperature);
    if sampling.top_p < 1.0 {
        masses.clear();
        masses.extend(logits.iter().map(|&logit| {
            if ordered(logit) >= lowest { (exp(log_ratio(logit)) * UNIT) as u64 } else { 0 }
        }));
        let total: u64 = masses.iter().sum();
        let target = (f64::from(sampling.top_p) * total as f64).ceil() as u64;
        lowest = lowest.max(select(logits, |i| masses[i], target.max(1).min(total)));
    }
    if sampling.min_p > 0.0 {
        let floor = logits
            .iter()
            .filter(|&&logit| exp(log_ratio(logit)) >= f64::from(sampling.min_p))
            .map(|&logit| ordered(logit))
            .min();
        lowest = lowest.max(floor.unwrap_or(lowest));
    }
    from_ordered(lowest)
}

/// The largest key `t` for which the weights of all logits at or above it reach `target`.
fn select(logits: &[f32], weight: impl Fn(usize) -> u64, target: u64) -> u32 {
    let (mut prefix, mut above) = (0_u32, 0_u64);
    for shift in [24, 16, 8, 0] {
        let mut bins = [0_u64; 256];
        for (i, &logit) in logits.iter().enumerate() {
            let key = ordered(logit);
            // In the first round nothing is decided yet, and a shift by 32 is no shift at all.
            if shift == 24 || key >> (shift + 8) == prefix >> (shift + 8) {
                bins[(key >> shift & 0xff) as usize] += weight(i);
            }
        }
        let mut bin = 255_u32;
        while bin > 0 && above + bins[bin as usize] < target {
            above += bins[bin as usize];
            bin -= 1;
        }
        prefix |= bin << shift;
    }
    prefix
}

/// Bits that compare as the numbers do.
fn ordered(x: f32) -> u32 {
    // Adding 0 makes +0 of −0, which is the same number.
    let bits = (x + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn from_ordered(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 1 { key & !(1 << 31) } else { !key })
}

/// e^x for x ≤ 0, the same bits on every machine: 2^n e^r with a Taylor polynomial for e^r, |r| ≤
/// ln 2 / 2, to 1e-13.
fn exp(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    let n = (x * std::f64::consts::LOG2_E).round();
    let r = x - n * std::f64::consts::LN_2;
    let series = (1..=13).rev().fold(1.0, |sum, k| 1.0 + sum * r / f64::from(k));
    series * f64::from_bits(((1023 + n as i64) as u64) << 52)
}

#[cfg(test)]
mod tests;
