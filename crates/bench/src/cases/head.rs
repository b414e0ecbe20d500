//! The head: log-probabilities, the policy's loss, one token drawn from each row.

use quaero_kernels::Error;
use quaero_kernels::gemm::{Matrix, MatrixMut};
use quaero_kernels::head::{self, Chunk, Logits, LossOptions, LossOutput, LossRows};
use quaero_kernels::sample::{self, Draws, Sampling};
use quaero_kernels::{Buffer, Indices};

use super::{Case, Outputs, Set};
use crate::shapes::Shapes;
use crate::{Source, Work};

const OPTIONS: LossOptions = LossOptions {
    clip_low: 0.2,
    clip_high: 0.28,
    dual_clip: None,
    tis_cap: None,
    entropy_coef: 0.001,
    negative_weight: 1.0,
    kl: None,
};

pub(super) fn add(cases: &mut Vec<Case>, s: Shapes) {
    losses(cases, s);
    whole(cases, s);
    let plain = Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0 };
    draws(cases, s, "sample", plain);
    draws(cases, s, "sample_cut", Sampling { top_k: 50, top_p: 0.95, ..plain });
}

fn targets(source: &Source, r: usize, v: usize) -> Result<Indices, Error> {
    let targets: Vec<i32> = source.below(r, v).into_iter().map(|token| token as i32).collect();
    source.device().indices(&targets, v)
}

/// What the loss is told of each row.
struct Told {
    targets: Indices,
    /// Log-probabilities of the old policy.
    old: Buffer<f32>,
    advantage: Buffer<f32>,
    scale: Buffer<f32>,
}

impl Told {
    fn new(source: &Source, r: usize, v: usize) -> Result<Self, Error> {
        let old: Vec<f32> = (0..r).map(|row| -10.0 - row as f32 / r as f32).collect();
        Ok(Self {
            targets: targets(source, r, v)?,
            old: source.device().upload(&old)?,
            advantage: source.floats(r)?,
            scale: source.positive(r)?,
        })
    }

    fn rows(&self) -> LossRows<'_> {
        LossRows {
            targets: &self.targets,
            logp_old: self.old.view(),
            logp_trainer: None,
            logp_ref: None,
            advantage: self.advantage.view(),
            scale: self.scale.view(),
        }
    }
}

fn losses(cases: &mut Vec<Case>, s: Shapes) {
    let (r, v) = (s.chunk, s.vocab);
    let (len, dims) = (r * head::stride(v), [("R", r), ("V", v)]);
    let kernels = ("head_logp_fwd.cu", &["head_logp_fwd"][..]);
    let work = Work::moving(4 * r * v);
    cases.push(Case::new(("head_logp_fwd", &s), kernels, &dims, work, move |source| {
        let (data, targets) = (source.floats(len)?, targets(source, r, v)?);
        Set::new(Outputs::new(source, &[], &[r, r])?, move |to| {
            let logits = Logits { data: data.view(), vocab_size: v, temperature: 1.0 };
            let (logp, entropy) = to.floats.split_at_mut(1);
            head::forward(logits, &targets, logp[0].view_mut(), entropy[0].view_mut())
        })
    }));
    let kernels = ("head_logp_bwd.cu", &["head_logp_bwd"][..]);
    let work = Work::moving(6 * r * v);
    cases.push(Case::new(("head_logp_bwd", &s), kernels, &dims, work, move |source| {
        let (data, targets) = (source.floats(len)?, targets(source, r, v)?);
        let (dlogp, dentropy) = (source.floats(r)?, source.floats(r)?);
        let mut dlogits = source.halves(len)?;
        Set::new(Outputs::default(), move |_| {
            let logits = Logits { data: data.view(), vocab_size: v, temperature: 1.0 };
            let by = (dlogp.view(), dentropy.view());
            head::backward(logits, &targets, by, dlogits.view_mut())
        })
    }));
    let kernels = ("policy_loss.cu", &["policy_loss"][..]);
    cases.push(Case::new(("policy_loss", &s), kernels, &dims, work, move |source| {
        let (data, told) = (source.floats(len)?, Told::new(source, r, v)?);
        let mut dlogits = source.halves(len)?;
        Set::new(Outputs::new(source, &[], &[r, r, 4 * r])?, move |to| {
            let logits = Logits { data: data.view(), vocab_size: v, temperature: 1.0 };
            let output = output(to);
            head::policy_loss(logits, told.rows(), &OPTIONS, output, dlogits.view_mut())
        })
    }));
}

fn output(to: &mut Outputs) -> LossOutput<'_> {
    let [logp, entropy, stats] = to.floats.as_mut_slice() else {
        unreachable!("a loss has three outputs")
    };
    LossOutput { logp: logp.view_mut(), entropy: entropy.view_mut(), stats: stats.view_mut() }
}

/// From hidden states to the loss and back to them, logits of one chunk in between.
fn whole(cases: &mut Vec<Case>, s: Shapes) {
    let (r, v, c) = (s.chunk, s.vocab, s.d);
    let dims = [("R", r), ("V", v), ("C", c)];
    // Three products; weights read twice and their gradient added to; hidden states twice.
    let flops = 3.0 * Work::product(r, v, c, 0).flops;
    let work = Work { bytes: (2 * 2 * v * c + 8 * v * c + 6 * r * c) as f64, flops };
    let kernels = ("policy_loss.cu", &["policy_loss"][..]);
    cases.push(Case::new(("head_and_loss", &s), kernels, &dims, work, move |source| {
        let (hidden, weight) = (source.halves(r * c)?, source.halves(v * c)?);
        let (mut dweight, told) = (source.floats(v * c)?, Told::new(source, r, v)?);
        let mut dhidden = source.halves(r * c)?;
        let mut chunk = Chunk::new(source.device(), r, v)?;
        Set::new(Outputs::new(source, &[], &[r, r, 4 * r])?, move |to| {
            let (x, w) = (Matrix::new(hidden.view(), c), Matrix::new(weight.view(), c));
            let dx = MatrixMut::new(dhidden.view_mut(), c);
            let dw = MatrixMut::new(dweight.view_mut(), c);
            chunk.policy_loss(x, w, 1.0, told.rows(), &OPTIONS, output(to), dx, dw)
        })
    }));
}

fn draws(cases: &mut Vec<Case>, s: Shapes, op: &'static str, sampling: Sampling) {
    let (r, v) = (s.batch, s.vocab);
    let dims = [("R", r), ("V", v), ("k", sampling.top_k)];
    let work = Work::moving(4 * r * v);
    cases.push(Case::new((op, &s), ("sample.cu", &["sample"]), &dims, work, move |source| {
        let data = source.floats(r * head::stride(v))?;
        let samplings: Vec<(Sampling, u64, u64)> =
            (0..r as u64).map(|row| (sampling, row, 7 * row)).collect();
        let draws = Draws::new(source.device(), &samplings)?;
        let mut token = source.device().zero_indices(r, v)?;
        Set::new(Outputs::new(source, &[], &[r, r])?, move |to| {
            let logits = Logits { data: data.view(), vocab_size: v, temperature: 1.0 };
            let (logp, cut) = to.floats.split_at_mut(1);
            sample::draw(logits, &draws, &mut token, logp[0].view_mut(), cut[0].view_mut())
        })
    }));
}
