//! The head: logits, log-probabilities of tokens, entropies, and their gradient.
//!
//! Logits stand for a chunk of rows at a time, so that memory does not grow with the batch.

pub(crate) mod logits;

use quaero_cpu::head as cpu;
use quaero_kernels::gemm::{self, Layout, Matrix, MatrixMut};
use quaero_kernels::head::{self as kernel, Chunk};

use crate::activation::{Store, device_mismatch};
use crate::linear::{self, Packed, Scratch};
use crate::tensor::Values;
use crate::{Activation, Buffers, Error, Place, Tensor};

pub use logits::Logits;
pub use quaero_cpu::head::LogSoftmax;

/// Logits of one chunk on the CPU: some millions, which stay in its caches.
const HOST_CHUNK: usize = 1 << 21;
/// Logits of one chunk on a device: 1 GiB in f32, half as much for their gradient.
const DEVICE_CHUNK: usize = 1 << 28;

/// The head's weight, with how its logits are read.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// [V, C]
    pub weight: &'a Tensor,
    /// The same for products.
    pub packed: &'a Packed,
    /// Divides the logits; above 0.
    pub temperature: f32,
}

impl Head<'_> {
    fn vocab_size(&self) -> usize {
        self.packed.n_out()
    }

    fn host_chunk(&self) -> usize {
        host_chunk(self.vocab_size())
    }

    fn device_chunk(&self, n_rows: usize) -> usize {
        device_chunk(self.vocab_size(), n_rows)
    }

    /// Log-probabilities of `targets` after the rows of `h`, and the entropies of these rows.
    ///
    /// # Shapes
    /// h [R, C], targets [R].
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If a target is not below V or the shapes do not fit.
    pub fn forward(
        &self,
        buffers: &Buffers,
        h: &Activation,
        targets: &[u32],
    ) -> Result<(Vec<f32>, Vec<f32>), Error> {
        let (n, v, temperature) = (targets.len(), self.vocab_size(), self.temperature);
        let (mut logp, mut entropy) = (vec![0.0; n], vec![0.0; n]);
        if n == 0 {
            return Ok((logp, entropy));
        }
        let c = h.len() / n;
        match &h.0 {
            Store::Host(h) => {
                let Some(panels) = self.packed.panels() else { device_mismatch("head") };
                let chunk = self.host_chunk();
                let rows = h.chunks(chunk * c).zip(targets.chunks(chunk));
                let out = logp.chunks_mut(chunk).zip(entropy.chunks_mut(chunk));
                for ((h, targets), out) in rows.zip(out) {
                    let mut logits = buffers.vector(targets.len() * v);
                    logits::host(h, c, panels, &mut logits);
                    cpu::forward(&logits, v, temperature, targets, out);
                    buffers.keep(logits);
                }
            }
            Store::Device(h) => {
                let Some(weight) = self.packed.matrix() else { device_mismatch("head") };
                let device = h.device();
                let mut chunk = Chunk::new(device, self.device_chunk(n), v)?;
                for first in (0..n).step_by(chunk.n_rows()) {
                    let rows = first..n.min(first + chunk.n_rows());
                    let part = h.slice(rows.start * c..rows.end * c);
                    let logits = chunk.logits(Matrix::new(part, c), weight, temperature)?;
                    let targets = ids(device, &targets[rows.clone()], v)?;
                    let (mut p, mut e) = (device.alloc(rows.len())?, device.alloc(rows.len())?);
                    kernel::forward(logits, &targets, p.view_mut(), e.view_mut())?;
                    logp[rows.clone()].copy_from_slice(&p.to_vec()?);
                    entropy[rows].copy_from_slice(&e.to_vec()?);
                }
            }
        }
        Ok((logp, entropy))
    }

    /// The gradient of Σ dlogp · logp + dentropy · H: overwrites `dh` and adds to `dweight`.
    ///
    /// # Shapes
    /// h, dh [R, C]; targets, dlogp, dentropy [R]; dweight [V, C].
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If a target is not below V or the shapes do not fit.
    pub fn backward(
        &self,
        (buffers, scratch): (&Buffers, &mut Scratch),
        (h, targets): (&Activation, &[u32]),
        (dlogp, dentropy): (&[f32], &[f32]),
        dh: &mut Activation,
        dweight: &mut Tensor,
    ) -> Result<(), Error> {
        let (n, v, temperature) = (targets.len(), self.vocab_size(), self.temperature);
        if n == 0 {
            return Ok(());
        }
        let c = h.len() / n;
        match (&h.0, &mut dh.0) {
            (Store::Host(h), Store::Host(dh)) => {
                let Some(panels) = self.packed.panels() else { device_mismatch("head") };
                for first in (0..n).step_by(self.host_chunk()) {
                    let rows = first..n.min(first + self.host_chunk());
                    let at = rows.start * c..rows.end * c;
                    let (h, dh) = (&h[at.clone()], &mut dh[at]);
                    let mut logits = buffers.vector(rows.len() * v);
                    logits::host(h, c, panels, &mut logits);
                    let by = (&dlogp[rows.clone()], &dentropy[rows.clone()]);
                    cpu::backward(&mut logits, v, temperature, &targets[rows], by);
                    linear::backward_input_host(&logits, &[self.weight], scratch, dh);
                    linear::backward_weights_host(h, &logits, scratch, &mut [&mut *dweight]);
                    buffers.keep(logits);
                }
            }
            (Store::Device(h), Store::Device(dh)) => {
                let Some(weight) = self.packed.matrix() else { device_mismatch("head") };
                let Values::Device(dweight) = &mut dweight.values else { device_mismatch("head") };
                let device = h.device();
                let n_chunk = self.device_chunk(n);
                let mut chunk = Chunk::new(device, n_chunk, v)?;
                let stride = kernel::stride(v);
                let mut dlogits = device.alloc(n_chunk * stride)?;
                for first in (0..n).step_by(n_chunk) {
                    let rows = first..n.min(first + n_chunk);
                    let at = rows.start * c..rows.end * c;
                    let h = Matrix::new(h.slice(at.clone()), c);
                    let logits = chunk.logits(h, weight, temperature)?;
                    let targets = ids(device, &targets[rows.clone()], v)?;
                    let dlogp = device.upload(&dlogp[rows.clone()])?;
                    let dentropy = device.upload(&dentropy[rows.clone()])?;
                    let by = (dlogp.view(), dentropy.view());
                    let len = rows.len() * stride;
                    kernel::backward(logits, &targets, by, dlogits.slice_mut(0..len))?;
                    let data = dlogits.slice(0..len);
                    let d = Matrix { data, rows: rows.len(), columns: v, stride };
                    let dh = MatrixMut::new(dh.slice_mut(at), c);
                    gemm::into_bf16(Layout::Nn, d, weight, None, dh, None)?;
                    let dweight = MatrixMut::new(dweight.exact_mut().view_mut(), c);
                    gemm::into_f32(Layout::Tn, d, h, true, dweight, None)?;
                }
            }
            _ => device_mismatch("head"),
        }
        Ok(())
    }
}

fn host_chunk(vocab_size: usize) -> usize {
    (HOST_CHUNK / vocab_size).clamp(32, 4096)
}

fn device_chunk(vocab_size: usize, n_rows: usize) -> usize {
    (DEVICE_CHUNK / vocab_size).clamp(128, 1 << 16).min(n_rows)
}

/// Bytes of the logits that stand at a time when `n_rows` rows have targets: in the forward pass,
/// and with their gradients in the backward pass.
#[must_use]
pub fn chunk_bytes(place: Place, vocab_size: usize, n_rows: usize) -> [usize; 2] {
    match place {
        Place::Cpu => [4 * host_chunk(vocab_size).min(n_rows) * vocab_size; 2],
        Place::Device => {
            let n = device_chunk(vocab_size, n_rows) * kernel::stride(vocab_size);
            // A chunk has f32 logits and bf16 gradients of its own; the way back adds its own.
            [6 * n, 8 * n]
        }
    }
}

/// Bytes of `n_rows` rows of logits for inference.
#[must_use]
pub fn logits_bytes(place: Place, vocab_size: usize, n_rows: usize) -> usize {
    match place {
        Place::Cpu => 4 * n_rows * vocab_size,
        Place::Device => 4 * n_rows * kernel::stride(vocab_size),
    }
}

fn ids(
    device: &quaero_kernels::Device,
    tokens: &[u32],
    v: usize,
) -> Result<quaero_kernels::Indices, Error> {
    let tokens: Vec<i32> = tokens.iter().map(|&token| token as i32).collect();
    device.indices(&tokens, v)
}
