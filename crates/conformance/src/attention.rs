//! Tests of attention: ragged batches, each sequence alone, row by row as decoding goes, and the
//! gradient.

use half::bf16;
use quaero_kernels::attention::{self, Forward, Piece, Pieces, Queries, Query};
use quaero_kernels::rope::{Angles, KvPages, PAGE_LEN, Slots};
use quaero_kernels::{Buffer, Device, Error, rope};
use quaero_shape::Heads;
use quaero_testkit::kernels::{self as oracle, Naive, Stored};

use crate::test::{Expected, Output, Test, halves, of};

const fn heads(n_heads: usize, n_kv_heads: usize, head_dim: usize) -> Heads {
    Heads::new(n_heads, n_kv_heads, head_dim)
}

pub(crate) fn add(tests: &mut Vec<Test>) {
    tests.push(forward("attention_fwd", &[1], heads(1, 1, 32)).small());
    tests.push(forward("attention_fwd", &[33, 2], heads(2, 1, 32)).small());
    tests.push(forward("attention_fwd", &[63, 1, 64, 65], heads(4, 2, 64)));
    tests.push(forward("attention_fwd", &[131], heads(3, 1, 32)));
    tests.push(forward("attention_fwd", &[70, 67], heads(2, 2, 128)));
    tests.push(decode("attention_decode", &[1, 64, 65, 130], heads(4, 2, 64)));
    tests.push(decode("attention_decode", &[3, 67], heads(2, 1, 32)).small());
    tests.push(decode("attention_decode", &[129], heads(16, 1, 128)));
    // More blocks of keys than the ring has places, groups that do not divide a tile.
    tests.push(forward(WARPGROUPS, &[1], heads(1, 1, 64)).small().with_warpgroups());
    tests.push(forward(WARPGROUPS, &[63, 1, 64, 65], heads(4, 2, 64)).with_warpgroups());
    tests.push(forward(WARPGROUPS, &[70, 67], heads(2, 2, 128)).with_warpgroups());
    tests.push(forward(WARPGROUPS, &[3, 265], heads(7, 1, 64)).with_warpgroups());
    tests.push(forward(WARPGROUPS, &[200], heads(3, 1, 128)).with_warpgroups());
    tests.push(decode(WARPGROUPS, &[1, 64, 65, 330], heads(4, 2, 64)).with_warpgroups());
    tests.push(decode(WARPGROUPS, &[129], heads(16, 1, 128)).with_warpgroups());
    tests.push(backward(&[1], heads(1, 1, 32)).small());
    tests.push(backward(&[17, 3], heads(2, 1, 32)).small());
    tests.push(backward(&[63, 66], heads(4, 2, 64)));
    tests.push(backward(&[70], heads(1, 1, 128)));
    tests.push(branches(ANY, 2, &[3, 1], heads(2, 1, 32)).small());
    tests.push(branches(ANY, 67, &[1, 70, 0, 62], heads(4, 2, 64)));
    tests.push(branches(LOW, 2, &[3, 1], heads(2, 1, 32)).small());
}

/// The kernels for warpgroups: whole sequences and decoding.
const WARPGROUPS: &str = "attention_wgmma";

/// The file of `kernel`.
fn file(kernel: &str) -> &'static str {
    match kernel {
        WARPGROUPS => "attention_wgmma.cu",
        "attention_decode" => "attention_decode.cu",
        _ => "attention_fwd.cu",
    }
}

/// A batch on the device: rows, their pages filled.
struct Batch {
    qkv: Buffer<bf16>,
    pages: KvPages,
    /// Of each sequence; scattered, so that order shows.
    page_lists: Vec<Vec<u32>>,
}

impl Batch {
    /// Fills pages through the RoPE kernel with angles of 0, which turns nothing.
    fn new(device: &Device, qkv: &[bf16], lens: &[usize], heads: Heads) -> Result<Self, Error> {
        let n_pages: usize = lens.iter().map(|len| len.div_ceil(PAGE_LEN)).sum::<usize>() + 1;
        let mut free: Vec<u32> = (0..n_pages as u32).rev().collect();
        let page_lists: Vec<Vec<u32>> = lens
            .iter()
            .map(|len| (0..len.div_ceil(PAGE_LEN)).map(|_| free.pop().expect("enough")).collect())
            .collect();
        let slot = |list: &[u32], t: usize| list[t / PAGE_LEN] as usize * PAGE_LEN + t % PAGE_LEN;
        let slots: Vec<Option<usize>> = lens
            .iter()
            .zip(&page_lists)
            .flat_map(|(&len, list)| (0..len).map(|t| Some(slot(list, t))).collect::<Vec<_>>())
            .collect();
        let half = heads.head_dim / 2;
        let angles = Angles::new(device, &vec![1.0; half], &vec![0.0; half], half)?;
        let positions = device.indices(&vec![0; slots.len()], 1)?;
        let mut pages = KvPages::new(device, n_pages, heads)?;
        // What lies behind the last key must not matter: pages are full of NaN before.
        let all: Vec<Option<usize>> = (0..n_pages * PAGE_LEN).map(Some).collect();
        let mut nan = device.upload(&vec![bf16::NAN; all.len() * heads.width()])?;
        let nowhere = device.indices(&vec![0; all.len()], 1)?;
        let all = Slots::new(device, &all, n_pages)?;
        rope::forward(nan.view_mut(), &angles, &nowhere, &all, &mut pages)?;
        let mut qkv = device.upload(qkv)?;
        let slots = Slots::new(device, &slots, n_pages)?;
        rope::forward(qkv.view_mut(), &angles, &positions, &slots, &mut pages)?;
        Ok(Self { qkv, pages, page_lists })
    }

    /// Attention of rows `from` on of sequence `seq`, whose rows begin at `row0`.
    fn part(
        &self,
        (seq, row0): (usize, usize),
        rows: std::ops::Range<usize>,
        decode: bool,
    ) -> Result<(Buffer<bf16>, Buffer<f32>), Error> {
        let (device, heads) = (self.qkv.device(), self.pages.heads());
        let pages = &self.page_lists[seq];
        let queries = if decode {
            rows.clone().map(|start| Query { start, len: 1, pages }).collect()
        } else {
            vec![Query { start: rows.start, len: rows.len(), pages }]
        };
        let queries = Queries::new(device, &queries)?;
        let mut out = device.alloc(rows.len() * heads.q_width())?;
        let mut lse = device.alloc(rows.len() * heads.n_heads)?;
        let width = heads.width();
        let qkv = self.qkv.slice((row0 + rows.start) * width..(row0 + rows.end) * width);
        let run = if decode { attention::decode } else { attention::forward };
        run(qkv, &queries, &self.pages, out.view_mut(), lse.view_mut())?;
        Ok((out, lse))
    }

    /// The whole batch at once.
    fn whole(&self, lens: &[usize]) -> Result<(Buffer<bf16>, Buffer<f32>), Error> {
        let (device, heads) = (self.qkv.device(), self.pages.heads());
        let queries: Vec<Query<'_>> = lens
            .iter()
            .zip(&self.page_lists)
            .map(|(&len, pages)| Query { start: 0, len, pages })
            .collect();
        let queries = Queries::new(device, &queries)?;
        let mut out = device.alloc(queries.n_rows() * heads.q_width())?;
        let mut lse = device.alloc(queries.n_rows() * heads.n_heads)?;
        let qkv = self.qkv.view();
        attention::forward(qkv, &queries, &self.pages, out.view_mut(), lse.view_mut())?;
        Ok((out, lse))
    }
}

fn name(kernel: &str, lens: &[usize], heads: Heads) -> String {
    let Heads { n_heads, n_kv_heads, head_dim, .. } = heads;
    format!("{kernel} T {lens:?} H {n_heads} K {n_kv_heads} D {head_dim}")
}

/// What tests with such rows are called, and what makes the rows of sequences of these lengths.
type Scores = (&'static str, fn(&[usize], Heads) -> Vec<bf16>);
const ANY: Scores = ("attention_bwd, branches of", rows);
const LOW: Scores = ("attention_bwd, low scores, branches of", rows_of_low_scores);

/// Rows with scores big enough for a softmax that is not flat.
fn rows(lens: &[usize], heads: Heads) -> Vec<bf16> {
    halves(1, lens.iter().sum::<usize>() * heads.width(), 2.0)
}

/// Rows whose scores lie so low that a masked key's score of 0 would outweigh them beyond any f32.
fn rows_of_low_scores(lens: &[usize], heads: Heads) -> Vec<bf16> {
    let (q, k) = (heads.q_width(), heads.n_kv_heads * heads.head_dim);
    let mut rows = rows(lens, heads);
    for row in rows.chunks_mut(heads.width()) {
        row[..q].iter_mut().for_each(|x| *x += bf16::from_f32(5.0));
        row[q..q + k].iter_mut().for_each(|x| *x -= bf16::from_f32(5.0));
    }
    rows
}

/// Output and logarithms of sums.
type Outputs<'a> = (&'a Buffer<bf16>, &'a Buffer<f32>);

/// Outputs that must equal those of the whole batch by bits.
fn twins(
    got: &mut Vec<Output>,
    what: &str,
    rows: std::ops::Range<usize>,
    heads: Heads,
    (whole, parts): (Outputs<'_>, Outputs<'_>),
) -> Result<(), Error> {
    let (w, h) = (heads.q_width(), heads.n_heads);
    let (out, lse) = (format!("out {what}"), format!("lse {what}"));
    got.push(Output::view(&out, whole.0.slice(rows.start * w..rows.end * w))?);
    got.push(Output::view(&lse, whole.1.slice(rows.start * h..rows.end * h))?);
    got.push(Output::of(&format!("{out}, alone"), parts.0)?.twin_of(&out));
    got.push(Output::of(&format!("{lse}, alone"), parts.1)?.twin_of(&lse));
    Ok(())
}

fn expect(qkv: &[bf16], lens: &[usize], heads: Heads) -> Vec<Expected> {
    let shape = (heads.n_heads, heads.n_kv_heads, heads.head_dim);
    let (mut out, mut lse, mut out_naive, mut lse_naive) = (vec![], vec![], vec![], vec![]);
    let mut row0 = 0;
    for len in lens {
        let rows = row0 * heads.width()..(row0 + len) * heads.width();
        row0 += len;
        let want = oracle::attention::<f64>(&of(&qkv[rows.clone()]), shape);
        let naive = oracle::attention::<Naive>(&of(&qkv[rows]), shape);
        out.extend(want.out);
        lse.extend(want.lse);
        out_naive.extend(naive.out);
        lse_naive.extend(naive.lse);
    }
    vec![
        Expected::new("out", Stored::Bf16, &out, &out_naive),
        Expected::new("lse", Stored::F32, &lse, &lse_naive),
    ]
}

fn forward(kernel: &str, lens: &[usize], heads: Heads) -> Test {
    let (lens, qkv) = (lens.to_vec(), rows(lens, heads));
    let name = name(kernel, &lens, heads);
    let inputs = (lens.clone(), qkv.clone());
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let (lens, qkv) = &inputs;
        let batch = Batch::new(device, qkv, lens, heads)?;
        let (out, lse) = batch.whole(lens)?;
        let mut got = vec![Output::of("out", &out)?, Output::of("lse", &lse)?];
        // The last sequence alone, and its last rows, as a prompt that goes on.
        let (seq, len) = (lens.len() - 1, lens[lens.len() - 1]);
        let row0 = lens[..seq].iter().sum::<usize>();
        for rows in [0..len, len / 2..len] {
            let (part, part_lse) = batch.part((seq, row0), rows.clone(), false)?;
            let what = format!("of rows {rows:?}");
            let all = row0 + rows.start..row0 + rows.end;
            twins(&mut got, &what, all, heads, ((&out, &lse), (&part, &part_lse)))?;
        }
        Ok(got)
    };
    Test::new(file(kernel), name, run, move || expect(&qkv, &lens, heads))
}

fn decode(kernel: &str, lens: &[usize], heads: Heads) -> Test {
    let (lens, qkv) = (lens.to_vec(), rows(lens, heads));
    let decoding = if kernel == WARPGROUPS { "attention_wgmma, decoding" } else { kernel };
    let name = name(decoding, &lens, heads);
    let inputs = (lens.clone(), qkv.clone());
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let (lens, qkv) = &inputs;
        let batch = Batch::new(device, qkv, lens, heads)?;
        let (out, lse) = batch.whole(lens)?;
        let mut got = vec![Output::of("out", &out)?, Output::of("lse", &lse)?];
        let mut row0 = 0;
        for (seq, &len) in lens.iter().enumerate() {
            // Rows around the edges of key blocks; more take long and show nothing else.
            let rows = len.saturating_sub(3)..len;
            let (part, part_lse) = batch.part((seq, row0), rows.clone(), true)?;
            let all = row0 + rows.start..row0 + rows.end;
            let what = format!("of sequence {seq}");
            twins(&mut got, &what, all, heads, ((&out, &lse), (&part, &part_lse)))?;
            row0 += len;
        }
        Ok(got)
    };
    Test::new(file(kernel), name, run, move || expect(&qkv, &lens, heads))
}

fn backward(lens: &[usize], heads: Heads) -> Test {
    let (lens, qkv) = (lens.to_vec(), rows(lens, heads));
    let dout = halves(2, lens.iter().sum::<usize>() * heads.q_width(), 1.0);
    let name = name("attention_bwd", &lens, heads);
    let inputs = (lens.clone(), qkv.clone(), dout.clone());
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let (lens, qkv, dout) = &inputs;
        let batch = Batch::new(device, qkv, lens, heads)?;
        let (out, lse) = batch.whole(lens)?;
        let pieces: Vec<Piece> = lens.iter().map(|&len| Piece { len, is_branch: false }).collect();
        let pieces = Pieces::new(device, &pieces)?;
        let (dout, mut dqkv) = (device.upload(dout)?, device.alloc(qkv.len())?);
        let mut delta = device.alloc(lse.len())?;
        let forward = Forward { qkv: batch.qkv.view(), out: out.view(), lse: lse.view(), heads };
        let to = (dqkv.view_mut(), delta.view_mut());
        attention::backward(forward, &pieces, dout.view(), to.0, to.1)?;
        Ok(vec![Output::of("dqkv", &dqkv)?])
    };
    let expect = move || {
        let shape = (heads.n_heads, heads.n_kv_heads, heads.head_dim);
        let (mut want, mut naive, mut row0) = (vec![], vec![], 0);
        for len in &lens {
            let rows = row0 * heads.width()..(row0 + len) * heads.width();
            let d = row0 * heads.q_width()..(row0 + len) * heads.q_width();
            row0 += len;
            let (qkv, dout) = (&qkv[rows], &dout[d]);
            want.extend(oracle::attention_bwd::<f64>(&of(qkv), shape, &of(dout)));
            naive.extend(oracle::attention_bwd::<Naive>(&of(qkv), shape, &of(dout)));
        }
        vec![Expected::new("dqkv", Stored::Bf16, &want, &naive)]
    };
    Test::new("attention_bwd.cu", name, run, expect)
}

/// A root and its branches against the sequences that they abbreviate.
fn branches((what, rows): Scores, n_root: usize, tails: &[usize], heads: Heads) -> Test {
    let tails = tails.to_vec();
    let n_rows = n_root + tails.iter().sum::<usize>();
    let qkv = rows(&[n_rows], heads);
    let dout = halves(2, n_rows * heads.q_width(), 1.0);
    let name = name(what, &[&[n_root], &tails[..]].concat(), heads);
    let inputs = (tails.clone(), qkv.clone(), dout.clone());
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let (tails, qkv, dout) = &inputs;
        // The forward pass runs over whole sequences; of each branch its own rows are kept.
        let (mut out, mut lse) = (Vec::new(), Vec::new());
        for rows in own_rows(n_root, tails) {
            let whole = with_root(qkv, n_root, &rows, heads.width());
            let len = whole.len() / heads.width();
            let (part, part_lse) = Batch::new(device, &whole, &[len], heads)?.whole(&[len])?;
            let first = len - rows.len();
            out.extend_from_slice(&part.to_vec()?[first * heads.q_width()..]);
            lse.extend_from_slice(&part_lse.to_vec()?[first * heads.n_heads..]);
        }
        let root = Piece { len: n_root, is_branch: false };
        let rest = tails.iter().map(|&len| Piece { len, is_branch: true });
        let pieces: Vec<Piece> = std::iter::once(root).chain(rest).collect();
        let pieces = Pieces::new(device, &pieces)?;
        let (qkv, out, lse) = (device.upload(qkv)?, device.upload(&out)?, device.upload(&lse)?);
        let (dout, mut dqkv) = (device.upload(dout)?, device.alloc(qkv.len())?);
        let mut delta = device.alloc(lse.len())?;
        let forward = Forward { qkv: qkv.view(), out: out.view(), lse: lse.view(), heads };
        attention::backward(forward, &pieces, dout.view(), dqkv.view_mut(), delta.view_mut())?;
        Ok(vec![Output::of("dqkv", &dqkv)?])
    };
    let expect = move || {
        let want = branched::<f64>(&qkv, &dout, n_root, &tails, heads);
        let naive = branched::<Naive>(&qkv, &dout, n_root, &tails, heads);
        vec![Expected::new("dqkv", Stored::Bf16, &want, &naive)]
    };
    Test::new("attention_bwd.cu", name, run, expect)
}

/// The packed rows of the root, then of each branch.
fn own_rows(n_root: usize, tails: &[usize]) -> Vec<std::ops::Range<usize>> {
    let mut end = 0;
    let lens = std::iter::once(&n_root).chain(tails);
    lens.map(|len| {
        let start = end;
        end += len;
        start..end
    })
    .collect()
}

/// The rows of the root and, behind them, `rows` where they are not the root's.
fn with_root<T: Copy>(x: &[T], n_root: usize, rows: &std::ops::Range<usize>, w: usize) -> Vec<T> {
    let own = if rows.start == 0 { &[] } else { &x[rows.start * w..rows.end * w] };
    [&x[..n_root * w], own].concat()
}

/// Each row's gradient flows through the sequence that ends with its piece; the root's adds up.
fn branched<R: oracle::Real>(
    qkv: &[bf16],
    dout: &[bf16],
    n_root: usize,
    tails: &[usize],
    heads: Heads,
) -> Vec<R> {
    let shape = (heads.n_heads, heads.n_kv_heads, heads.head_dim);
    let (w, qw) = (heads.width(), heads.q_width());
    let mut sum = vec![R::of(0.0); qkv.len()];
    for rows in own_rows(n_root, tails) {
        let whole = with_root(qkv, n_root, &rows, w);
        let mut d: Vec<R> = vec![R::of(0.0); whole.len() / w * qw];
        let n_own = rows.len() * qw;
        let at = d.len() - n_own;
        d[at..].copy_from_slice(&of(&dout[rows.start * qw..rows.end * qw]));
        let grad = oracle::attention_bwd::<R>(&of(&whole), shape, &d);
        let root = (0..n_root * w).zip(0..);
        let own = (n_root * w..whole.len()).zip(rows.start * w..);
        for (from, to) in root.chain(own) {
            sum[to] = sum[to] + grad[from];
        }
    }
    sum
}
