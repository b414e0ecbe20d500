//! What an operation is told besides its arrays, whoever computes it: the CPU or a kernel.

/// The heads in a row of q, k and v, `[H·D | K·D | K·D]`, and how they attend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heads {
    /// `H`, query heads.
    pub n_heads: usize,
    /// `K`, key and value heads; divides `H`.
    pub n_kv_heads: usize,
    /// `D`.
    pub head_dim: usize,
    /// What scores are multiplied by; absent: D^-½.
    pub scale: Option<f32>,
    /// How many keys a query sees, its own included; absent: all up to its own.
    pub window: Option<usize>,
}

impl Heads {
    /// Heads that see every key, with scores scaled by D^-½.
    #[must_use]
    pub const fn new(n_heads: usize, n_kv_heads: usize, head_dim: usize) -> Self {
        Self { n_heads, n_kv_heads, head_dim, scale: None, window: None }
    }

    /// Whether they attend as [`Self::new`] has it.
    #[must_use]
    pub fn is_plain(self) -> bool {
        self.scale.is_none() && self.window.is_none()
    }

    /// What scores are multiplied by.
    #[must_use]
    pub fn scale(self) -> f32 {
        self.scale.unwrap_or_else(|| 1.0 / (self.head_dim as f32).sqrt())
    }

    /// The first key that a query at `position` sees.
    #[inline(always)]
    #[must_use]
    pub fn first_seen(self, position: usize) -> usize {
        self.window.map_or(0, |window| (position + 1).saturating_sub(window))
    }

    /// Channels of all query heads.
    #[must_use]
    pub fn q_width(self) -> usize {
        self.n_heads * self.head_dim
    }

    /// Channels of q, k and v together.
    #[must_use]
    pub fn width(self) -> usize {
        (self.n_heads + 2 * self.n_kv_heads) * self.head_dim
    }

    /// Query heads that share a key head.
    #[must_use]
    pub fn group(self) -> usize {
        self.n_heads / self.n_kv_heads
    }

    /// The first channel of key head `head` in a row.
    #[must_use]
    pub fn key(self, head: usize) -> usize {
        self.q_width() + head * self.head_dim
    }

    /// The first channel of value head `head` in a row.
    #[must_use]
    pub fn value(self, head: usize) -> usize {
        self.q_width() + (self.n_kv_heads + head) * self.head_dim
    }
}

/// Where groups of channels lie in a row: all of it, or heads in a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups {
    /// Elements of a row.
    pub width: usize,
    /// The first channel of the first group.
    pub first: usize,
    /// The number of groups, end to end.
    pub count: usize,
}

impl Groups {
    /// Rows of `C` channels that are one group each.
    #[must_use]
    pub fn whole(channels: usize) -> Self {
        Self { width: channels, first: 0, count: 1 }
    }
}

/// The numbers of one step of AdamW, corrections for the bias of the moments included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWStep {
    /// β₁ and β₂.
    pub betas: (f32, f32),
    /// Learning rate / (1 − β₁^t).
    pub step_size: f32,
    /// 1 / √(1 − β₂^t).
    pub inv_sqrt_correction: f32,
    /// Added to the root of the second moment.
    pub eps: f32,
    /// 1 − learning rate · weight decay.
    pub keep: f32,
}
