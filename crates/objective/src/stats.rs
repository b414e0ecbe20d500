//! What to log of an update. Sums, so that micro-batches add up.

/// Sums over tokens; the means are methods.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Tokens seen.
    pub n_tokens: usize,
    /// Tokens whose gradient was cut off by clipping.
    pub n_clipped: usize,
    /// Sum of the ratios that are clipped: π over the trainer's own π before its first step on the
    /// batch, or over the sampler's (see [`crate::policy_loss`]).
    pub ratio_sum: f64,
    /// Sum of |log π − log sampler|, with π before the first step on the batch.
    pub logp_gap_sum: f64,
    /// The largest of these.
    pub logp_gap_max: f64,
    /// Sum of entropies.
    pub entropy_sum: f64,
    /// Sum of the KL estimate, where there is a reference.
    pub kl_sum: f64,
    /// Tokens with a reference.
    pub n_reference: usize,
    /// Sum of the weights of truncated importance sampling.
    pub tis_sum: f64,
    /// Tokens with such a weight.
    pub n_tis: usize,
    /// Of these, the ones that the cap cut.
    pub n_tis_capped: usize,
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
        self.tis_sum += other.tis_sum;
        self.n_tis += other.n_tis;
        self.n_tis_capped += other.n_tis_capped;
    }

    /// Mean of the ratios; `None` without tokens, like all means here.
    #[must_use]
    pub fn ratio_mean(&self) -> Option<f64> {
        mean(self.ratio_sum, self.n_tokens)
    }

    /// Share of tokens whose gradient was cut off.
    #[must_use]
    pub fn clip_fraction(&self) -> Option<f64> {
        mean(self.n_clipped as f64, self.n_tokens)
    }

    /// Mean of |log π − log sampler|, with π before the first step on the batch.
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

    /// Mean weight of truncated importance sampling.
    #[must_use]
    pub fn tis_mean(&self) -> Option<f64> {
        mean(self.tis_sum, self.n_tis)
    }

    /// Share of these weights that the cap cut.
    #[must_use]
    pub fn tis_capped(&self) -> Option<f64> {
        mean(self.n_tis_capped as f64, self.n_tis)
    }
}

fn mean(sum: f64, n: usize) -> Option<f64> {
    (n > 0).then(|| sum / n as f64)
}
