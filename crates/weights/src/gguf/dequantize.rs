//! Blocks of quantised numbers as `f32`, in the arithmetic of ggml's reference: every product and
//! sum is rounded to `f32` by itself.

use half::{bf16, f16};

/// How the numbers of a tensor are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q4K,
    Q5K,
    Q6K,
}

/// Numbers of a block of the K kinds.
const SUPER: usize = 256;

impl Kind {
    /// By its number in a file.
    pub(super) fn of(id: u32) -> Option<Self> {
        Some(match id {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::Q4_0,
            3 => Self::Q4_1,
            6 => Self::Q5_0,
            7 => Self::Q5_1,
            8 => Self::Q8_0,
            12 => Self::Q4K,
            13 => Self::Q5K,
            14 => Self::Q6K,
            30 => Self::Bf16,
            _ => return None,
        })
    }

    /// Numbers of a block, and its bytes.
    fn sizes(self) -> (usize, usize) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::Bf16 => (1, 2),
            Self::Q4_0 => (32, 2 + 16),
            Self::Q4_1 => (32, 4 + 16),
            Self::Q5_0 => (32, 2 + 4 + 16),
            Self::Q5_1 => (32, 4 + 4 + 16),
            Self::Q8_0 => (32, 2 + 32),
            Self::Q4K => (SUPER, 4 + 12 + 128),
            Self::Q5K => (SUPER, 4 + 12 + 32 + 128),
            Self::Q6K => (SUPER, 128 + 64 + 16 + 2),
        }
    }

    /// Numbers of a block; rows consist of whole ones.
    pub(super) fn block(self) -> usize {
        self.sizes().0
    }

    /// Bytes of `n` numbers, saturating.
    pub(super) fn bytes(self, n: usize) -> usize {
        let (numbers, bytes) = self.sizes();
        (n / numbers).saturating_mul(bytes)
    }

    /// The numbers of whole blocks.
    ///
    /// # Panics
    /// If `bytes` are not those of `out.len()` numbers.
    pub(super) fn dequantize(self, bytes: &[u8], out: &mut [f32]) {
        let (numbers, size) = self.sizes();
        assert_eq!(bytes.len(), self.bytes(out.len()), "bytes of {} numbers", out.len());
        for (block, out) in bytes.chunks_exact(size).zip(out.chunks_exact_mut(numbers)) {
            match self {
                Self::F32 => out[0] = f32::from_le_bytes([block[0], block[1], block[2], block[3]]),
                Self::F16 => out[0] = half_at(block, 0),
                Self::Bf16 => out[0] = bf16::from_le_bytes([block[0], block[1]]).to_f32(),
                Self::Q4_0 => nibbles(&block[2..], None, 8, (half_at(block, 0), None), out),
                Self::Q4_1 => {
                    let scale = (half_at(block, 0), Some(half_at(block, 2)));
                    nibbles(&block[4..], None, 0, scale, out);
                }
                Self::Q5_0 => {
                    let scale = (half_at(block, 0), None);
                    nibbles(&block[6..], Some(&block[2..6]), 16, scale, out);
                }
                Self::Q5_1 => {
                    let scale = (half_at(block, 0), Some(half_at(block, 2)));
                    nibbles(&block[8..], Some(&block[4..8]), 0, scale, out);
                }
                Self::Q8_0 => {
                    let d = half_at(block, 0);
                    for (out, &q) in out.iter_mut().zip(&block[2..]) {
                        *out = f32::from(q as i8) * d;
                    }
                }
                Self::Q4K => scaled(block, None, &block[16..], out),
                Self::Q5K => scaled(block, Some(&block[16..48]), &block[48..], out),
                Self::Q6K => q6_k(block, out),
            }
        }
    }
}

fn half_at(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

/// 32 numbers d (q − zero), plus m where there is one, of four bits, the low halves first; a fifth
/// bit of number i is bit i of `high`.
fn nibbles(
    low: &[u8],
    high: Option<&[u8]>,
    zero: i32,
    (d, m): (f32, Option<f32>),
    out: &mut [f32],
) {
    for (i, out) in out.iter_mut().enumerate() {
        let q = if i < 16 { low[i] & 15 } else { low[i - 16] >> 4 };
        let fifth = high.map_or(0, |high| high[i / 8] >> (i % 8) & 1);
        let x = d * (i32::from(q | fifth << 4) - zero) as f32;
        *out = m.map_or(x, |m| x + m);
    }
}

/// 256 numbers d s q − e m with eight scales s and minima m of six bits, four bits of q in `low`
/// and a fifth in `high`.
fn scaled(block: &[u8], high: Option<&[u8]>, low: &[u8], out: &mut [f32]) {
    let (d, d_min) = (half_at(block, 0), half_at(block, 2));
    let packed = &block[4..16];
    for (group, out) in out.chunks_exact_mut(32).enumerate() {
        let (scale, min) = if group < 4 {
            (packed[group] & 63, packed[group + 4] & 63)
        } else {
            let both = packed[group + 4];
            let top = |byte: u8| byte >> 2 & 0x30;
            (both & 15 | top(packed[group - 4]), both >> 4 | top(packed[group]))
        };
        let (d, m) = (d * f32::from(scale), d_min * f32::from(min));
        for (i, out) in out.iter_mut().enumerate() {
            let q = low[group / 2 * 32 + i] >> (group % 2 * 4) & 15;
            let fifth = high.map_or(0, |high| high[i] >> group & 1);
            *out = d * f32::from(q | fifth << 4) - m;
        }
    }
}

/// 256 numbers d s (q − 32) of six bits, with sixteen scales s of eight.
fn q6_k(block: &[u8], out: &mut [f32]) {
    let (low, high, scales, d) =
        (&block[..128], &block[128..192], &block[192..208], half_at(block, 208));
    for (i, out) in out.iter_mut().enumerate() {
        let (half, at) = (i / 128, i % 128);
        let nibble = low[half * 64 + at % 64] >> (at / 64 * 4) & 15;
        let top = high[half * 32 + at % 32] >> (at / 32 * 2) & 3;
        let q = i32::from(nibble | top << 4) - 32;
        *out = d * f32::from(scales[i / 16] as i8) * q as f32;
    }
}
