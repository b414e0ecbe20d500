//! How much a kernel must move and compute, and what that takes at the least.

/// The fewest bytes through the device's memory (each input read once, each output written once)
/// and the fewest operations on tensor cores.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Bytes.
    pub bytes: f64,
    /// Operations; 0 where tensor cores have no part.
    pub flops: f64,
}

impl Work {
    /// Work that only moves.
    #[must_use]
    pub fn moving(bytes: usize) -> Self {
        Self { bytes: bytes as f64, flops: 0.0 }
    }

    /// C [m, n] = A B over k, of bf16, into elements of `n_bytes`.
    #[must_use]
    pub fn product(m: usize, n: usize, k: usize, n_bytes: usize) -> Self {
        let bytes = 2 * (m * k + n * k) + n_bytes * m * n;
        Self { bytes: bytes as f64, flops: 2.0 * m as f64 * n as f64 * k as f64 }
    }

    /// `n_products` products of causal attention over sequences of `len` tokens.
    #[must_use]
    pub fn attention(n_products: usize, n_sequences: usize, len: usize, width: usize) -> f64 {
        let pairs = len as f64 * len as f64 / 2.0;
        n_products as f64 * 2.0 * width as f64 * pairs * n_sequences as f64
    }

    /// Microseconds that it takes at the least.
    #[must_use]
    pub fn roofline_us(&self, ceilings: &Ceilings) -> f64 {
        (self.bytes / ceilings.copy_gb_s / 1e3).max(self.flops / ceilings.matmul_tflop_s / 1e6)
    }

    /// Whether bytes bind, and not operations.
    #[must_use]
    pub fn moves(&self, ceilings: &Ceilings) -> bool {
        self.bytes / ceilings.copy_gb_s / 1e3 >= self.flops / ceilings.matmul_tflop_s / 1e6
    }
}

/// What the device does at the most, measured in the same run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceilings {
    /// A large copy on the device, bytes read and written.
    pub copy_gb_s: f64,
    /// A large product of bf16.
    pub matmul_tflop_s: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::REFERENCE;

    /// What an H200 did, which the headers' rooflines are counted with.
    const H200: Ceilings = Ceilings { copy_gb_s: 4300.0, matmul_tflop_s: 788.0 };

    #[track_caller]
    fn check(work: Work, roofline_us: f64, moves: bool) {
        let got = work.roofline_us(&H200);
        assert!(
            (got - roofline_us).abs() < 0.005 * roofline_us,
            "{got} us, expected {roofline_us}"
        );
        assert_eq!(work.moves(&H200), moves);
    }

    #[test]
    fn rooflines_are_those_of_the_headers() {
        let t = REFERENCE.n_tokens();
        check(Work::moving(8 * t * REFERENCE.d), 62.4, true);
        check(Work::moving(6 * t * REFERENCE.ff), 140.5, true);
        check(Work::product(t, REFERENCE.ff, REFERENCE.d, 2), 523.2, false);
        let flops = |n| Work::attention(n, 4, 4096, REFERENCE.heads.q_width());
        check(Work { bytes: 0.0, flops: flops(2) }, 348.8, false);
        check(Work { bytes: 0.0, flops: flops(5) }, 872.1, false);
    }

    /// A product of few rows only moves its weights.
    #[test]
    fn decoding_is_bound_by_bytes() {
        assert!(Work::product(16, 6144, 2048, 2).moves(&H200));
        assert!(!Work::product(4096, 6144, 2048, 2).moves(&H200));
    }
}
