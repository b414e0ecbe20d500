//! The optimisers, and the norm of the gradients, on a matrix as large as the embedding.

use quaero_kernels::adam::{self, Full, LEAN_BLOCK, Lean, Norm};
use quaero_shape::AdamWStep;

use super::case::{Case, Outputs, Set};
use crate::Work;
use crate::shapes::Shapes;

const STEP: AdamWStep = AdamWStep {
    betas: (0.9, 0.95),
    step_size: 1e-6,
    inv_sqrt_correction: 1.0,
    eps: 1e-8,
    keep: 1.0,
};

pub(super) fn add(cases: &mut Vec<Case>, s: Shapes) {
    let n = s.vocab * s.d;
    let dims = [("n", n)];
    let work = Work::moving(30 * n);
    cases.push(Case::new(("adamw", &s), ("adamw.cu", &["adamw"]), &dims, work, move |source| {
        let (mut w, mut m, mut v) = (source.floats(n)?, source.floats(n)?, source.positive(n)?);
        let (mut w_bf16, grad) = (source.halves(n)?, source.floats(n)?);
        let mut norm = Norm::new(source.device(), &[n])?;
        norm.set_factor(1.0)?;
        Set::new(Outputs::default(), move |_| {
            let (m, v) = (m.view_mut(), v.view_mut());
            let to = Full { w: w.view_mut(), w_bf16: Some(w_bf16.view_mut()), m, v };
            adam::step(STEP, to, grad.view(), &norm)
        })
    }));
    let n_blocks = n.div_ceil(LEAN_BLOCK);
    let work = Work::moving(12 * n + 16 * n_blocks);
    let kernels = ("adamw_lean.cu", &["adamw_lean"][..]);
    cases.push(Case::new(("adamw_lean", &s), kernels, &dims, work, move |source| {
        let device = source.device();
        let (mut w, mut m) = (source.halves(n)?, source.codes(n)?);
        let (mut v, grad) = (source.codes(n)?, source.floats(n)?);
        let (mut m_scale, mut v_scale) = (source.positive(n_blocks)?, source.positive(n_blocks)?);
        let mut norm = Norm::new(device, &[n])?;
        norm.set_factor(1.0)?;
        let mut key = 0;
        Set::new(Outputs::default(), move |_| {
            key += 1;
            let (m_scale, v_scale) = (m_scale.view_mut(), v_scale.view_mut());
            let (m, v) = (m.view_mut(), v.view_mut());
            let to = Lean { w: w.view_mut(), m, v, m_scale, v_scale };
            adam::step_lean(STEP, to, grad.view(), &norm, key)
        })
    }));
    let work = Work::moving(4 * n);
    let kernels = ("grad_norm.cu", &["sum_squares", "clip_factor"][..]);
    cases.push(Case::new(("grad_norm", &s), kernels, &dims, work, move |source| {
        let (grad, mut norm) = (source.floats(n)?, Norm::new(source.device(), &[n])?);
        Set::new(Outputs::default(), move |_| norm.of(&[grad.view()], 1.0))
    }));
}
