//! One token from each row of logits: Gumbel-max among the survivors of top-k, top-p and min-p.
//!
//! A draw is a function of (logits, parameters, key, position) alone: the one of the CPU's engine.

use crate::call::Call;
use crate::head::{Logits, stride};
use crate::{Buffer, Device, Error, Indices, ViewMut};

/// How a token is drawn: temperature first, then the survivors of top-k, of top-p
/// among them, and of min-p.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Logits are divided by it; 0 takes the most probable token.
    pub temperature: f32,
    /// Only the `top_k` most probable tokens survive (with all that tie with the last); 0 = off.
    pub top_k: usize,
    /// Only the most probable tokens survive that make up this much probability; 1 = off.
    pub top_p: f32,
    /// Only tokens at least this probable, relative to the most probable one, survive; 0 = off.
    pub min_p: f32,
}

/// The parameters, keys and positions of a batch, on the device.
#[derive(Debug)]
pub struct Draws {
    temperature: Buffer<f32>,
    top_k: Buffer<i32>,
    top_p: Buffer<f32>,
    min_p: Buffer<f32>,
    key: Buffer<u64>,
    position: Buffer<u64>,
}

impl Draws {
    /// One draw a row: its parameters, its key and its position.
    ///
    /// # Errors
    /// If there is not enough memory.
    ///
    /// # Panics
    /// If a temperature is below 0, a top_p not in (0, 1] or a min_p not in [0, 1).
    pub fn new(device: &Device, draws: &[(Sampling, u64, u64)]) -> Result<Self, Error> {
        for (sampling, _, _) in draws {
            assert!(
                sampling.temperature >= 0.0
                    && sampling.temperature.is_finite()
                    && sampling.top_p > 0.0
                    && sampling.top_p <= 1.0
                    && (0.0..1.0).contains(&sampling.min_p),
                "sample: {sampling:?} is out of range"
            );
        }
        let floats = |of: fn(&Sampling) -> f32| {
            device.upload(&draws.iter().map(|(sampling, _, _)| of(sampling)).collect::<Vec<f32>>())
        };
        let words = |of: fn(&(Sampling, u64, u64)) -> u64| {
            device.upload(&draws.iter().map(of).collect::<Vec<u64>>())
        };
        let top_k =
            draws.iter().map(|(sampling, _, _)| i32::try_from(sampling.top_k).unwrap_or(i32::MAX));
        Ok(Self {
            temperature: floats(|sampling| sampling.temperature)?,
            top_k: device.upload(&top_k.collect::<Vec<i32>>())?,
            top_p: floats(|sampling| sampling.top_p)?,
            min_p: floats(|sampling| sampling.min_p)?,
            key: words(|(_, key, _)| *key)?,
            position: words(|(_, _, position)| *position)?,
        })
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.key.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.key.is_empty()
    }
}

/// Draws a token for each row of `logits`, whose own temperature plays no part. `logp` is taken
/// under the whole distribution and `logp_cut` under the survivors'; an odd row (inf, NaN) gives
/// NaN.
///
/// # Shapes
/// token, logp, logp_cut [R].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit.
pub fn draw(
    logits: Logits<'_>,
    draws: &Draws,
    token: &mut Indices,
    mut logp: ViewMut<'_, f32>,
    mut logp_cut: ViewMut<'_, f32>,
) -> Result<(), Error> {
    let (n, v) = (draws.len(), logits.vocab_size);
    logits.check(n);
    assert!(
        token.len() == n && token.bound() >= v && logp.len() == n && logp_cut.len() == n,
        "sample: {n} draws of {v} tokens into {} tokens below {}",
        token.len(),
        token.bound()
    );
    let call = Call::new(logits.data.device(), "sample").grid([n, 1, 1]);
    let call = call.write(&mut token.view_mut()).write(&mut logp).write(&mut logp_cut);
    let call = call.read(logits.data).read(draws.temperature.view()).read(draws.top_k.view());
    let call = call.read(draws.top_p.view()).read(draws.min_p.view());
    let call = call.read(draws.key.view()).read(draws.position.view());
    // SAFETY: the assertions are the header's Shapes and Layout; tokens are below V.
    unsafe { call.int(v).int(stride(v)).launch() }
}
