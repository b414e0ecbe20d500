//! Attention: training batches, their gradient, and decoding over long contexts.

use half::bf16;
use quaero_kernels::attention::{self, Forward, Piece, Pieces, Queries, Query};
use quaero_kernels::rope::{Angles, KvPages, PAGE_LEN, Slots};
use quaero_kernels::{Buffer, Error, rope};

use super::case::{Case, Outputs, Set};
use crate::shapes::Shapes;
use crate::{Source, Work};

/// Rows that are written into pages at a time.
const ROWS: usize = 16_384;

/// Sequences in pages, and queries about them.
struct Batch {
    /// Rows of q, k and v, one for each query.
    qkv: Buffer<bf16>,
    pages: KvPages,
    queries: Queries,
}

impl Batch {
    /// `n` sequences of `len` keys, asked about from row `start` on.
    fn new(source: &Source, s: &Shapes, n: usize, len: usize, start: usize) -> Result<Self, Error> {
        let (device, heads) = (source.device(), s.heads);
        let per_sequence = len.div_ceil(PAGE_LEN);
        let n_pages = n * per_sequence;
        let mut pages = KvPages::new(device, n_pages, heads)?;
        // Angles of 0 turn nothing.
        let half = heads.head_dim / 2;
        let angles = Angles::new(device, &vec![1.0; half], &vec![0.0; half], half)?;
        let slots: Vec<usize> =
            (0..n * len).map(|row| row / len * per_sequence * PAGE_LEN + row % len).collect();
        for part in slots.chunks(ROWS) {
            let mut qkv = source.halves(part.len() * heads.width())?;
            let positions = device.indices(&vec![0; part.len()], 1)?;
            let part: Vec<Option<usize>> = part.iter().copied().map(Some).collect();
            let slots = Slots::new(device, &part, n_pages)?;
            rope::forward(qkv.view_mut(), &angles, &positions, &slots, &mut pages)?;
        }
        // Pages lie scattered, as they do when sequences come and go.
        let list = |i: usize| -> Vec<u32> {
            (0..per_sequence).map(|page| ((page * n + i) % n_pages) as u32).collect()
        };
        let lists: Vec<Vec<u32>> = (0..n).map(list).collect();
        let queries: Vec<Query<'_>> =
            lists.iter().map(|pages| Query { start, len: len - start, pages }).collect();
        let queries = Queries::new(device, &queries)?;
        let qkv = source.halves(queries.n_rows() * heads.width())?;
        Ok(Self { qkv, pages, queries })
    }

    fn outputs(&self, source: &Source, s: &Shapes) -> Result<Outputs, Error> {
        let n = self.queries.n_rows();
        Outputs::new(source, &[n * s.heads.q_width()], &[n * s.heads.n_heads])
    }
}

pub(super) fn add(cases: &mut Vec<Case>, s: Shapes) {
    let (h, d) = (s.heads, s.heads.head_dim);
    let (r, q_width, width) = (s.n_tokens(), h.q_width(), h.width());
    let heads = [("H", h.n_heads), ("K", h.n_kv_heads), ("D", d)];
    let dims = [&[("S", s.n_sequences), ("T", s.len)][..], &heads].concat();
    let flops = move |n| Work::attention(n, s.n_sequences, s.len, q_width);

    let bytes = 2 * r * (width + q_width) + 4 * r * h.n_heads;
    let work = Work { bytes: bytes as f64, flops: flops(2) };
    let kernel = format!("attention_fwd_d{d}");
    let kernels = ("attention_fwd.cu", &[kernel.as_str()][..]);
    let case = Case::new(("attention_fwd", &s), kernels, &dims, work, move |source| {
        let batch = Batch::new(source, &s, s.n_sequences, s.len, 0)?;
        Set::new(batch.outputs(source, &s)?, move |to| {
            let (out, lse) = (to.halves[0].view_mut(), to.floats[0].view_mut());
            attention::forward(batch.qkv.view(), &batch.queries, &batch.pages, out, lse)
        })
    });
    cases.push(for_warpgroups(case, d, ""));

    let bytes = 2 * r * (2 * width + 2 * q_width) + 4 * r * h.n_heads;
    let work = Work { bytes: bytes as f64, flops: flops(5) };
    let parts = [format!("attention_bwd_dq_d{d}"), format!("attention_bwd_dkdv_d{d}")];
    let kernels = [parts[0].as_str(), &parts[1], "attention_bwd_delta"];
    let kernels = ("attention_bwd.cu", &kernels[..]);
    cases.push(Case::new(("attention_bwd", &s), kernels, &dims, work, move |source| {
        let Batch { qkv, pages, queries } = Batch::new(source, &s, s.n_sequences, s.len, 0)?;
        let (mut out, dout) = (source.device().alloc(r * q_width)?, source.halves(r * q_width)?);
        let mut lse = source.device().alloc(r * h.n_heads)?;
        let (to, sums) = (out.view_mut(), lse.view_mut());
        attention::forward(qkv.view(), &queries, &pages, to, sums)?;
        let mut delta = source.device().alloc(r * h.n_heads)?;
        let pieces = vec![Piece { len: s.len, is_branch: false }; s.n_sequences];
        let pieces = Pieces::new(source.device(), &pieces)?;
        Set::new(Outputs::new(source, &[r * width], &[])?, move |to| {
            let (qkv, out, lse) = (qkv.view(), out.view(), lse.view());
            let forward = Forward { qkv, out, lse, heads: h };
            let (dqkv, delta) = (to.halves[0].view_mut(), delta.view_mut());
            attention::backward(forward, &pieces, dout.view(), dqkv, delta)
        })
    }));

    let dims = [&[("B", s.batch), ("T", s.context)][..], &heads].concat();
    let n_keys = s.batch * s.context;
    let work = Work::moving(4 * n_keys * h.n_kv_heads * d);
    let kernel = format!("attention_decode_d{d}");
    let kernels = ("attention_decode.cu", &[kernel.as_str()][..]);
    let case = Case::new(("attention_decode", &s), kernels, &dims, work, move |source| {
        let batch = Batch::new(source, &s, s.batch, s.context, s.context - 1)?;
        Set::new(batch.outputs(source, &s)?, move |to| {
            let (out, lse) = (to.halves[0].view_mut(), to.floats[0].view_mut());
            attention::decode(batch.qkv.view(), &batch.queries, &batch.pages, out, lse)
        })
    });
    cases.push(for_warpgroups(case, d, "_narrow"));
}

/// The kernels for warpgroups know heads of 64 and 128 channels.
fn for_warpgroups(case: Case, d: usize, end: &str) -> Case {
    if d < 64 {
        return case;
    }
    case.with_warpgroups("attention_wgmma.cu", format!("attention_wgmma_d{d}{end}"))
}
