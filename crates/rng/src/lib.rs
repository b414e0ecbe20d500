//! Counter-based randomness: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as
//! 1, 2, 3", SC 2011).
//!
//! A [`Key`] names a place in a run (run seed, step, role, task, sample); everything drawn under a
//! key depends on the key alone, so any part of a run can be replayed by itself. Holds no state
//! that outlives a value and reads no clock.

/// Names a stream of randomness. Derive sub-keys with [`Key::with`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(u64);

impl Key {
    /// The root key of a run.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x5175_6165_726f_2121))
    }

    /// The key of the part `part` within this key.
    #[must_use]
    pub fn with(self, part: u64) -> Self {
        Self(mix(self.0.rotate_left(23) ^ mix(part.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// The key of the part named `name` within this key.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        name.bytes().fold(self.with(name.len() as u64), |key, byte| key.with(u64::from(byte)))
    }

    /// A number to hand to code that takes a plain seed.
    #[must_use]
    pub fn seed(self) -> u64 {
        self.0
    }

    /// A sequential stream under this key.
    #[must_use]
    pub fn stream(self) -> Stream {
        Stream { key: self, counter: 0, block: [0; 4], used: 4 }
    }
}

/// SplitMix64's finaliser: a bijection with good avalanche.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One block of Philox4x32-10: four words for a key of two words and a counter of four.
#[must_use]
pub fn philox4x32(key: [u32; 2], counter: [u32; 4]) -> [u32; 4] {
    let [mut k0, mut k1] = key;
    let mut c = counter;
    for _ in 0..10 {
        let lo_hi = |a: u32, m: u32| {
            let wide = u64::from(a) * u64::from(m);
            (wide as u32, (wide >> 32) as u32)
        };
        let (lo0, hi0) = lo_hi(c[0], 0xd251_1f53);
        let (lo1, hi1) = lo_hi(c[2], 0xcd9e_8d57);
        c = [hi1 ^ c[1] ^ k0, lo1, hi0 ^ c[3] ^ k1, lo0];
        k0 = k0.wrapping_add(0x9e37_79b9);
        k1 = k1.wrapping_add(0xbb67_ae85);
    }
    c
}

/// Four words for `key` at a place given by two 64-bit coordinates (position and lane, say).
#[must_use]
pub fn block(key: Key, a: u64, b: u64) -> [u32; 4] {
    philox4x32(
        [key.0 as u32, (key.0 >> 32) as u32],
        [a as u32, (a >> 32) as u32, b as u32, (b >> 32) as u32],
    )
}

/// Maps a word to the open interval (0, 1): never 0, never 1, so that its logarithm is finite.
#[must_use]
pub fn open01(word: u32) -> f32 {
    ((word >> 9) as f32 + 0.5) * (1.0 / 8_388_608.0)
}

/// A sequential reader of one key's randomness.
#[derive(Clone, Debug)]
pub struct Stream {
    key: Key,
    counter: u64,
    block: [u32; 4],
    used: usize,
}

impl Stream {
    /// The next word.
    pub fn next_u32(&mut self) -> u32 {
        if self.used == 4 {
            self.block = block(self.key, self.counter, 0);
            self.counter += 1;
            self.used = 0;
        }
        let word = self.block[self.used];
        self.used += 1;
        word
    }

    /// The next two words.
    pub fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32()) | u64::from(self.next_u32()) << 32
    }

    /// Uniform in (0, 1).
    pub fn next_f32(&mut self) -> f32 {
        open01(self.next_u32())
    }

    /// Uniform in `0..n`.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "below(0) has no value");
        // Lemire's multiply-shift; the bias is under n / 2^64.
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// Standard normal (Box–Muller).
    pub fn normal(&mut self) -> f32 {
        let (u, v) = (f64::from(self.next_f32()), f64::from(self.next_f32()));
        ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
    }

    /// One element of `items`.
    ///
    /// # Panics
    /// If `items` is empty.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// `k` distinct indices of `0..n` in random order (all of them if `k >= n`).
    pub fn sample_indices(&mut self, n: usize, k: usize) -> Vec<usize> {
        let mut indices: Vec<usize> = (0..n).collect();
        let k = k.min(n);
        for i in 0..k {
            let j = i + self.below(n - i);
            indices.swap(i, j);
        }
        indices.truncate(k);
        indices
    }

    /// Shuffles in place (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i + 1);
            items.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of Random123's `kat_vectors` for philox4x32, 10 rounds.
    #[test]
    fn philox_known_answers() {
        assert_eq!(
            philox4x32([0, 0], [0; 4]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32([u32::MAX; 2], [u32::MAX; 4]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32(
                [0xa409_3822, 0x299f_31d0],
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn keys_differ_by_every_part() {
        let root = Key::new(7);
        let mut seen = std::collections::BTreeSet::new();
        for a in 0..100 {
            for b in 0..100 {
                assert!(seen.insert(root.with(a).with(b).seed()));
            }
        }
        assert_ne!(root.named("ab").seed(), root.named("ba").seed());
    }

    #[test]
    fn below_is_uniform_and_open01_is_open() {
        let mut stream = Key::new(1).stream();
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7)] += 1;
        }
        assert!(counts.iter().all(|&c| c.abs_diff(10_000) < 500), "{counts:?}");
        assert!(open01(0) > 0.0 && open01(u32::MAX) < 1.0);
    }

    #[test]
    fn sampled_indices_are_distinct() {
        let mut stream = Key::new(2).stream();
        for k in 0..12 {
            let mut got = stream.sample_indices(9, k);
            got.sort_unstable();
            got.dedup();
            assert_eq!(got.len(), k.min(9));
        }
    }
}
