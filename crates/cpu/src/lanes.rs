//! Sums in 16 lanes and a fixed tree: one order for every vector width.
//!
//! Element i goes to lane i mod 16; the lanes are added in halves (8, 4, 2, 1). All functions are
//! meant to be inlined into a `pulp` dispatch.

/// The number of lanes.
pub const LANES: usize = 16;

/// Adds the lanes in halves.
#[inline(always)]
#[must_use]
pub fn tree(mut lanes: [f32; LANES]) -> f32 {
    for l in 0..8 {
        lanes[l] += lanes[l + 8];
    }
    for l in 0..4 {
        lanes[l] += lanes[l + 4];
    }
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
}

/// Σ f(x_i).
#[inline(always)]
pub fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (chunks, tail) = x.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += f(x);
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(tail) {
        *lane += f(x);
    }
    tree(lanes)
}

/// Σ x_i y_i with fused multiply-adds.
///
/// # Panics
/// If the lengths differ.
#[inline(always)]
#[must_use]
pub fn dot(x: &[f32], y: &[f32]) -> f32 {
    assert_eq!(x.len(), y.len(), "dot of unequal lengths");
    let (xs, x_tail) = x.as_chunks::<LANES>();
    let (ys, y_tail) = y.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for (x, y) in xs.iter().zip(ys) {
        for l in 0..LANES {
            lanes[l] = x[l].mul_add(y[l], lanes[l]);
        }
    }
    for (lane, (&x, &y)) in lanes.iter_mut().zip(x_tail.iter().zip(y_tail)) {
        *lane = x.mul_add(y, *lane);
    }
    tree(lanes)
}

/// Σ x_i y_i z_i as fma(x_i y_i, z_i, ·).
///
/// # Panics
/// If the lengths differ.
#[inline(always)]
#[must_use]
pub fn dot3(x: &[f32], y: &[f32], z: &[f32]) -> f32 {
    assert!(x.len() == y.len() && y.len() == z.len(), "dot3 of unequal lengths");
    let (xs, x_tail) = x.as_chunks::<LANES>();
    let (ys, y_tail) = y.as_chunks::<LANES>();
    let (zs, z_tail) = z.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for ((x, y), z) in xs.iter().zip(ys).zip(zs) {
        for l in 0..LANES {
            lanes[l] = (x[l] * y[l]).mul_add(z[l], lanes[l]);
        }
    }
    for l in 0..x_tail.len() {
        lanes[l] = (x_tail[l] * y_tail[l]).mul_add(z_tail[l], lanes[l]);
    }
    tree(lanes)
}

/// The largest element (exact in any order); -∞ of none.
#[inline(always)]
#[must_use]
pub fn max(x: &[f32]) -> f32 {
    let (chunks, tail) = x.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = if x > *lane { x } else { *lane };
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(tail) {
        *lane = if x > *lane { x } else { *lane };
    }
    lanes.iter().copied().fold(f32::NEG_INFINITY, |a, b| if b > a { b } else { a })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_follow_the_lane_order() {
        let x: Vec<f32> = (0..45).map(|i| 1.0 / (i as f32 + 0.3)).collect();
        let mut lanes = [0.0_f32; 16];
        for (i, &x) in x.iter().enumerate() {
            lanes[i % 16] += x;
        }
        let a: [f32; 8] = std::array::from_fn(|i| lanes[i] + lanes[i + 8]);
        let b: [f32; 4] = std::array::from_fn(|i| a[i] + a[i + 4]);
        let want = (b[0] + b[2]) + (b[1] + b[3]);
        assert_eq!(sum(&x, |x| x).to_bits(), want.to_bits());
    }

    #[test]
    fn dots_agree_with_f64() {
        for n in [0, 1, 15, 16, 17, 100] {
            let x: Vec<f32> = (0..n).map(|i| (i as f32 * 0.7).sin()).collect();
            let y: Vec<f32> = (0..n).map(|i| (i as f32 * 0.3).cos()).collect();
            let want: f64 = x.iter().zip(&y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum();
            assert!((f64::from(dot(&x, &y)) - want).abs() < 1e-5);
            let want3: f64 =
                x.iter().zip(&y).map(|(&x, &y)| f64::from(x) * f64::from(y) * f64::from(x)).sum();
            assert!((f64::from(dot3(&x, &y, &x)) - want3).abs() < 1e-5);
            let largest = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(max(&x), largest);
        }
    }
}
