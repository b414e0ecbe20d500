//! What goes row by row or element by element.

use quaero_kernels::norm::{self, Forward};
use quaero_kernels::rope::{Angles, KvPages, PAGE_LEN, SlotCopies, Slots};
use quaero_kernels::{Error, cast, embedding, mlp, rope};
use quaero_shape::{Groups, Heads};

use super::case::{Case, Outputs, Set};
use crate::shapes::{QWEN, Shapes};
use crate::{Source, Work};

const EPS: f32 = 1e-6;
/// Keys and values that are copied when samples part: the last page of each of 512, half full.
const N_COPIED: usize = 512 * 32;

pub(super) fn add(cases: &mut Vec<Case>, s: Shapes) {
    norms(cases, s);
    rotations(cases, s);
    gates(cases, s);
    embeddings(cases, s);
    // Element by element the model makes no difference.
    if s != QWEN {
        casts(cases, s);
    }
}

fn norms(cases: &mut Vec<Case>, s: Shapes) {
    let (r, c) = (s.n_tokens(), s.d);
    let dims = [("R", r), ("C", c)];
    let work = Work::moving(4 * r * c + 2 * c + 4 * r);
    let kernels = ("rms_norm_fwd.cu", &["rms_norm_fwd"][..]);
    cases.push(Case::new(("rms_norm_fwd", &s), kernels, &dims, work, move |source| {
        let (x, w) = (source.halves(r * c)?, source.halves(c)?);
        Set::new(Outputs::new(source, &[r * c], &[r])?, move |to| {
            let (y, rstd) = (to.halves[0].view_mut(), to.floats[0].view_mut());
            norm::forward(x.view(), w.view(), EPS, Groups::whole(c), y, rstd)
        })
    }));
    let work = Work::moving(8 * r * c + 2 * c + 4 * r);
    let kernels = ("add_rms_norm_fwd.cu", &["add_rms_norm_fwd"][..]);
    cases.push(Case::new(("add_rms_norm_fwd", &s), kernels, &dims, work, move |source| {
        let (mut x, add, w) = (source.halves(r * c)?, source.halves(r * c)?, source.halves(c)?);
        Set::new(Outputs::new(source, &[r * c], &[r])?, move |to| {
            let (y, rstd) = (to.halves[0].view_mut(), to.floats[0].view_mut());
            norm::add_forward(x.view_mut(), add.view(), w.view(), EPS, y, rstd)
        })
    }));
    let work = Work::moving(6 * r * c + 2 * c + 4 * r);
    let kernels = ("rms_norm_bwd.cu", &["rms_norm_bwd", "column_sum_f32"][..]);
    cases.push(Case::new(("rms_norm_bwd", &s), kernels, &dims, work, move |source| {
        let (x, w, dy) = (source.halves(r * c)?, source.halves(c)?, source.halves(r * c)?);
        let (rstd, mut dw) = (source.positive(r)?, source.floats(c)?);
        let mut scratch = source.device().alloc(norm::scratch_len(r, c))?;
        Set::new(Outputs::new(source, &[r * c], &[])?, move |to| {
            let groups = Groups::whole(c);
            let forward = Forward { x: x.view(), w: w.view(), rstd: rstd.view(), groups };
            let dx = to.halves[0].view_mut();
            norm::backward(forward, dy.view(), dx, false, dw.view_mut(), scratch.view_mut())
        })
    }));
    let width = s.heads.width();
    let dims = [("R", r), ("C", width)];
    let kernels = ("column_sum.cu", &["column_sum_bf16", "column_sum_f32"][..]);
    let work = Work::moving(2 * r * width);
    cases.push(Case::new(("bias_bwd", &s), kernels, &dims, work, move |source| {
        let (dx, mut dbias) = (source.halves(r * width)?, source.floats(width)?);
        let mut scratch = source.device().alloc(norm::bias_scratch_len(r, width))?;
        Set::new(Outputs::default(), move |_| {
            norm::bias_backward(dx.view(), (width, 0), dbias.view_mut(), scratch.view_mut())
        })
    }));
}

/// Angles of positions below `n`; any will do.
fn angles(source: &Source, n: usize, d: usize) -> Result<Angles, Error> {
    let turns = |i: usize| (i % 9973) as f32 * 1e-3;
    let cos: Vec<f32> = (0..n * d / 2).map(|i| turns(i).cos()).collect();
    let sin: Vec<f32> = (0..n * d / 2).map(|i| turns(i).sin()).collect();
    Angles::new(source.device(), &cos, &sin, d / 2)
}

fn rotations(cases: &mut Vec<Case>, s: Shapes) {
    let Shapes { heads, len, .. } = s;
    let Heads { n_heads: h, n_kv_heads: k, head_dim: d, .. } = heads;
    let r = s.n_tokens();
    let dims = [("R", r), ("H", h), ("K", k), ("D", d)];
    let positions = move || -> Vec<i32> { (0..r).map(|row| (row % len) as i32).collect() };
    let n_pages = r.div_ceil(PAGE_LEN) + 1;
    let work = Work::moving(2 * r * d * (2 * (h + k) + 3 * k));
    let kernels = ("rope_kv_fwd.cu", &["rope_kv_fwd"][..]);
    cases.push(Case::new(("rope_kv_fwd", &s), kernels, &dims, work, move |source| {
        let device = source.device();
        let (mut qkv, angles) = (source.halves(r * heads.width())?, angles(source, len, d)?);
        let positions = device.indices(&positions(), len)?;
        let slots: Vec<Option<usize>> = (0..r).map(Some).collect();
        let slots = Slots::new(device, &slots, n_pages)?;
        let mut pages = KvPages::new(device, n_pages, heads)?;
        Set::new(Outputs::default(), move |_| {
            rope::forward(qkv.view_mut(), &angles, &positions, &slots, &mut pages)
        })
    }));
    let work = Work::moving(4 * r * (h + k) * d);
    let kernels = ("rope_bwd.cu", &["rope_bwd"][..]);
    cases.push(Case::new(("rope_bwd", &s), kernels, &dims, work, move |source| {
        let (mut dqkv, angles) = (source.halves(r * heads.width())?, angles(source, len, d)?);
        let positions = source.device().indices(&positions(), len)?;
        Set::new(Outputs::default(), move |_| {
            rope::backward(dqkv.view_mut(), heads, &angles, &positions)
        })
    }));
    let dims = [("slots", N_COPIED), ("K", k), ("D", d)];
    let work = Work::moving(8 * N_COPIED * k * d);
    let kernels = ("cast.cu", &["copy_slots"][..]);
    cases.push(Case::new(("copy_slots", &s), kernels, &dims, work, move |source| {
        let n_pages = (2 * N_COPIED).div_ceil(PAGE_LEN);
        let mut pages = KvPages::new(source.device(), n_pages, heads)?;
        let slot = |i: usize| i / PAGE_LEN * 2 * PAGE_LEN + i % PAGE_LEN;
        let (from, to): (Vec<usize>, Vec<usize>) =
            (0..N_COPIED).map(|i| (slot(i), slot(i) + PAGE_LEN)).unzip();
        let copies = SlotCopies::new(source.device(), &from, &to, n_pages)?;
        Set::new(Outputs::default(), move |_| pages.copy(&copies))
    }));
}

fn gates(cases: &mut Vec<Case>, s: Shapes) {
    let (r, f) = (s.n_tokens(), s.ff);
    let dims = [("R", r), ("F", f)];
    let kernels = ("swiglu_fwd.cu", &["swiglu_fwd"][..]);
    let work = Work::moving(6 * r * f);
    cases.push(Case::new(("swiglu_fwd", &s), kernels, &dims, work, move |source| {
        let gate_up = source.halves(r * 2 * f)?;
        Set::new(Outputs::new(source, &[r * f], &[])?, move |to| {
            mlp::swiglu(gate_up.view(), f, to.halves[0].view_mut())
        })
    }));
    let kernels = ("swiglu_bwd.cu", &["swiglu_bwd"][..]);
    let work = Work::moving(10 * r * f);
    cases.push(Case::new(("swiglu_bwd", &s), kernels, &dims, work, move |source| {
        let (mut gate_up, dy) = (source.halves(r * 2 * f)?, source.halves(r * f)?);
        Set::new(Outputs::default(), move |_| {
            mlp::swiglu_backward(gate_up.view_mut(), f, dy.view())
        })
    }));
}

fn embeddings(cases: &mut Vec<Case>, s: Shapes) {
    let (r, c, v) = (s.n_tokens(), s.d, s.vocab);
    let dims = [("R", r), ("C", c), ("V", v)];
    let kernels = ("embedding_fwd.cu", &["embedding_fwd"][..]);
    let work = Work::moving(4 * r * c);
    cases.push(Case::new(("embedding_fwd", &s), kernels, &dims, work, move |source| {
        let table = source.halves(v * c)?;
        let tokens: Vec<i32> = source.below(r, v).into_iter().map(|token| token as i32).collect();
        let tokens = source.device().indices(&tokens, v)?;
        Set::new(Outputs::new(source, &[r * c], &[])?, move |to| {
            embedding::forward(table.view(), c, &tokens, to.halves[0].view_mut())
        })
    }));
    let kernels = ("embedding_bwd.cu", &["embedding_bwd"][..]);
    // Of r draws from v tokens so many differ, on average.
    let n_unique = v as f64 * (1.0 - (1.0 - 1.0 / v as f64).powf(r as f64));
    let work = Work::moving(2 * r * c + (8.0 * n_unique) as usize * c);
    cases.push(Case::new(("embedding_bwd", &s), kernels, &dims, work, move |source| {
        let (mut dtable, dy) = (source.floats(v * c)?, source.halves(r * c)?);
        let rows = embedding::Rows::new(source.device(), &source.below(r, v), v)?;
        Set::new(Outputs::default(), move |_| {
            embedding::backward(dtable.view_mut(), c, &rows, dy.view())
        })
    }));
}

fn casts(cases: &mut Vec<Case>, s: Shapes) {
    let n = s.n_tokens() * s.d;
    let (dims, work) = ([("n", n)], Work::moving(6 * n));
    let kernels = ("cast.cu", &["cast_f32_bf16"][..]);
    cases.push(Case::new(("cast_f32_bf16", &s), kernels, &dims, work, move |source| {
        let x = source.floats(n)?;
        Set::new(Outputs::new(source, &[n], &[])?, move |to| {
            cast::to_bf16(x.view(), to.halves[0].view_mut())
        })
    }));
    let kernels = ("cast.cu", &["cast_bf16_f32"][..]);
    cases.push(Case::new(("cast_bf16_f32", &s), kernels, &dims, work, move |source| {
        let x = source.halves(n)?;
        Set::new(Outputs::new(source, &[], &[n])?, move |to| {
            cast::to_f32(x.view(), to.floats[0].view_mut())
        })
    }));
    let kernels = ("cast.cu", &["add_bf16"][..]);
    cases.push(Case::new(("add_bf16", &s), kernels, &dims, work, move |source| {
        let (x, mut y) = (source.halves(n)?, source.halves(n)?);
        Set::new(Outputs::default(), move |_| cast::add(x.view(), y.view_mut()))
    }));
}
