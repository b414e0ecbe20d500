//! What to log of an update. Sums, so that micro-batches add up.

/// Sums over tokens; the means are methods.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Tokens seen.
    pub n_tokens: usize,
    /// Tokens whose gradient was cut off by clipping.
    pub n_clipped: usize,
    /// Sum of π / sampler.
    pub ratio_sum: f64,
    /// Sum of |log π − log sampler|.
    pub logp_gap_sum: f64,
    /// Largest |log π − log sampler|.
    pub logp_gap_max: f64,
    /// Sum of entropies.
    pub entropy_sum: f64,
    /// Sum of the KL estimate, where there is a reference.
    pub kl_sum: f64,
    /// Tokens with a reference.
    pub n_reference: usize,
}

impl Stats {
    /// Adds the stats of another micro-batch.
    pub fn merge(&mut self, other: &Self) {
        self.n_tokens += other.n_tokens;
        self.n_clipped += other.n_clipped;
        self.ratio_sum += other.ratio_sum;
        self.logp_gap_sum += other.logp_gap_sum;
        self.logp_gap_max = self.logp_gap_max.max(other.logp_gap_max);
        self.entropy_sum += other.entropy_sum;
        self.kl_sum += other.kl_sum;
        self.n_reference += other.n_reference;
    }

    /// Mean of π / sampler; `None` without tokens, like all means here.
    #[must_use]
    pub fn ratio_mean(&self) -> Option<f64> {
        mean(self.ratio_sum, self.n_tokens)
    }

    /// Share of tokens whose gradient was cut off.
    #[must_use]
    pub fn clip_fraction(&self) -> Option<f64> {
        mean(self.n_clipped as f64, self.n_tokens)
    }

    /// Mean of |log π − log sampler|.
    #[must_use]
    pub fn logp_gap_mean(&self) -> Option<f64> {
        mean(self.logp_gap_sum, self.n_tokens)
    }

    /// Mean entropy.
    #[must_use]
    pub fn entropy_mean(&self) -> Option<f64> {
        mean(self.entropy_sum, self.n_tokens)
    }

    /// Mean KL estimate over tokens with a reference.
    #[must_use]
    pub fn kl_mean(&self) -> Option<f64> {
        mean(self.kl_sum, self.n_reference)
    }
}

fn mean(sum: f64, n: usize) -> Option<f64> {
    (n > 0).then(|| sum / n as f64)
}
