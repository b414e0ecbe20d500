//! Tokens drawn on a device. On the CPU the engine draws from the rows themselves; the draws are
//! the same function of (logits, parameters, key, position).

use quaero_kernels::head::{self, stride};
use quaero_kernels::sample as kernel;

use crate::Error;
use crate::activation::device_mismatch;
use crate::head::Logits;
use crate::head::logits::Rows;

pub use quaero_kernels::sample::Sampling;

/// One draw: from which row, with which parameters and which randomness.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'a> {
    /// The logits.
    pub logits: &'a Logits,
    /// Their row.
    pub row: usize,
    /// Its parameters.
    pub sampling: Sampling,
    /// Names the randomness of a sequence.
    pub key: u64,
    /// The token's position in it.
    pub position: u64,
}

/// A token and its log-probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// The token.
    pub token: u32,
    /// Under the whole distribution at the sampling temperature (1 if that is 0); NaN for an odd
    /// row.
    pub logp: f32,
}

/// Draws a token for each of `draws`.
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the logits lie on the CPU or on several devices.
pub fn draw(draws: &[Draw<'_>]) -> Result<Vec<Drawn>, Error> {
    let Some(first) = draws.first() else { return Ok(Vec::new()) };
    let Rows::Device(rows) = &first.logits.rows else { device_mismatch("draw") };
    let (device, v) = (rows.device(), first.logits.vocab_size);
    let stride = stride(v);
    // The usual step: the rows of one product, in order. Others are put beside one another.
    let in_order = draws
        .iter()
        .enumerate()
        .all(|(i, draw)| draw.row == i && std::ptr::eq(draw.logits, first.logits));
    let gathered;
    let data = if in_order {
        rows.slice(0..draws.len() * stride)
    } else {
        let mut all = device.alloc::<f32>(draws.len() * stride)?;
        for (i, draw) in draws.iter().enumerate() {
            let Rows::Device(from) = &draw.logits.rows else { device_mismatch("draw") };
            let from = from.slice(draw.row * stride..(draw.row + 1) * stride);
            all.slice_mut(i * stride..(i + 1) * stride).copy_from(from)?;
        }
        gathered = all;
        gathered.view()
    };
    let samplings: Vec<(Sampling, u64, u64)> =
        draws.iter().map(|draw| (draw.sampling, draw.key, draw.position)).collect();
    let samplings = kernel::Draws::new(device, &samplings)?;
    let mut tokens = device.zero_indices(draws.len(), v)?;
    let (mut logp, mut cut) = (device.alloc(draws.len())?, device.alloc(draws.len())?);
    let logits = head::Logits { data, vocab_size: v, temperature: 1.0 };
    kernel::draw(logits, &samplings, &mut tokens, logp.view_mut(), cut.view_mut())?;
    let drawn = tokens.view().to_vec()?.into_iter().zip(logp.to_vec()?);
    Ok(drawn.map(|(token, logp)| Drawn { token: token as u32, logp }).collect())
}
