//! Tests of the optimisers and of the gradient's norm.

use half::bf16;
use quaero_kernels::adam::{self, Full, LEAN_BLOCK, Lean, Norm};
use quaero_kernels::{Device, Error};
use quaero_shape::AdamWStep;
use quaero_testkit::kernels::{self as oracle, Naive, Stored};
use quaero_testkit::random;

use crate::test::{Expected, Output, Test, halves};

const STEP: AdamWStep = AdamWStep {
    betas: (0.9, 0.95),
    step_size: 0.01,
    inv_sqrt_correction: 1.7,
    eps: 1e-8,
    keep: 0.999,
};

pub(crate) fn add(tests: &mut Vec<Test>) {
    for n in [1, 4, 1025, 2053] {
        tests.push(full(n));
    }
    for lens in [vec![1], vec![4096, 3, 9001]] {
        for max_norm in [0.5, 1e6] {
            tests.push(norm(lens.clone(), max_norm));
        }
    }
    for n in [1, 256, 2305] {
        tests.push(lean(n));
    }
    tests.push(unbiased());
    tests.push(converges());
}

fn squares(seed: u64, n: usize) -> Vec<f32> {
    random(seed, n).iter().map(|x| x * x).collect()
}

fn full(n: usize) -> Test {
    let state = [random(1, n), random(2, n), squares(3, n), random(4, n)];
    let inputs = state.clone();
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let [w, m, v, grad] = &inputs;
        let (mut w, mut m, mut v) = (device.upload(w)?, device.upload(m)?, device.upload(v)?);
        let (grad, mut copy) = (device.upload(grad)?, device.alloc(n)?);
        let mut norm = Norm::new(device, &[n])?;
        norm.set_factor(0.5)?;
        let to = Full {
            w: w.view_mut(),
            w_bf16: Some(copy.view_mut()),
            m: m.view_mut(),
            v: v.view_mut(),
        };
        adam::step(STEP, to, grad.view(), &norm)?;
        let rounded: Vec<bf16> = w.to_vec()?.into_iter().map(bf16::from_f32).collect();
        Ok(vec![
            Output::of("w", &w)?,
            Output::of("m", &m)?,
            Output::of("v", &v)?,
            Output::of("w rounded", &device.upload(&rounded)?)?,
            Output::of("w_bf16", &copy)?.twin_of("w rounded"),
        ])
    };
    fn both<R: oracle::Real>(state: &[Vec<f32>; 4]) -> [Vec<R>; 3] {
        let [w, m, v, grad] = state.each_ref().map(|x| oracle::of::<R>(x));
        let AdamWStep { betas, step_size, inv_sqrt_correction, eps, keep } = STEP;
        let betas = (f64::from(betas.0), f64::from(betas.1));
        let numbers = [step_size, inv_sqrt_correction, eps, keep].map(f64::from);
        let mut out = [vec![], vec![], vec![]];
        for i in 0..w.len() {
            let g = grad[i] * R::of(0.5);
            let (w, m, v) = oracle::adamw((w[i], m[i], v[i]), g, betas, numbers);
            out[0].push(w);
            out[1].push(m);
            out[2].push(v);
        }
        out
    }
    let expect = move || {
        let (want, naive) = (both::<f64>(&state), both::<Naive>(&state));
        ["w", "m", "v"]
            .iter()
            .zip(want.iter().zip(&naive))
            .map(|(name, (want, naive))| Expected::new(name, Stored::F32, want, naive))
            .collect()
    };
    Test::new("adamw.cu", format!("adamw n {n}"), run, expect).small()
}

fn norm(lens: Vec<usize>, max_norm: f32) -> Test {
    let grads: Vec<Vec<f32>> = lens.iter().map(|&n| random(n as u64, n)).collect();
    let name = format!("grad_norm n {lens:?} max {max_norm}");
    let inputs = grads.clone();
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let grads: Result<Vec<_>, _> = inputs.iter().map(|grad| device.upload(grad)).collect();
        let grads = grads?;
        let mut norm = Norm::new(device, &lens)?;
        norm.of(&grads.iter().map(|grad| grad.view()).collect::<Vec<_>>(), max_norm)?;
        let (norm, factor) = norm.read()?;
        Ok(vec![Output::of("norm and factor", &device.upload(&[norm, factor])?)?])
    };
    let expect = move || {
        let sum: f64 = grads.iter().flatten().map(|&x| f64::from(x) * f64::from(x)).sum();
        let want = [sum.sqrt(), (f64::from(max_norm) / (sum.sqrt() + 1e-6)).min(1.0)];
        let naive: f32 = grads.iter().flatten().map(|x| x * x).sum::<f32>().sqrt();
        let naive = [f64::from(naive), want[1]];
        vec![Expected::new("norm and factor", Stored::F32, &want, &naive)]
    };
    Test::new("grad_norm.cu", name, run, expect).small()
}

/// What the codes of the lean kind stand for.
fn decode(m: u8, v: u8, m_max: f32, v_max: f32) -> (f64, f64) {
    let q = (f64::from(m) - 128.0) / 127.0;
    (f64::from(m_max) * q * q.abs(), f64::from(v_max) * (f64::from(v) / 255.0).powi(4))
}

/// The state of the lean kind in the host's memory.
#[derive(Clone)]
struct State {
    w: Vec<bf16>,
    m: Vec<u8>,
    v: Vec<u8>,
    m_scale: Vec<f32>,
    v_scale: Vec<f32>,
}

impl State {
    fn new(w: Vec<bf16>) -> Self {
        let (n, scales) = (w.len(), w.len().div_ceil(LEAN_BLOCK));
        Self {
            w,
            m: vec![128; n],
            v: vec![0; n],
            m_scale: vec![0.0; scales],
            v_scale: vec![0.0; scales],
        }
    }

    fn step(
        &mut self,
        device: &Device,
        step: AdamWStep,
        grad: &[f32],
        key: u64,
    ) -> Result<(), Error> {
        let (mut w, mut m) = (device.upload(&self.w)?, device.upload(&self.m)?);
        let mut v = device.upload(&self.v)?;
        let mut m_scale = device.upload(&self.m_scale)?;
        let mut v_scale = device.upload(&self.v_scale)?;
        let grad = device.upload(grad)?;
        let mut norm = Norm::new(device, &[grad.len()])?;
        norm.set_factor(1.0)?;
        let to = Lean {
            w: w.view_mut(),
            m: m.view_mut(),
            v: v.view_mut(),
            m_scale: m_scale.view_mut(),
            v_scale: v_scale.view_mut(),
        };
        adam::step_lean(step, to, grad.view(), &norm, key)?;
        *self = Self {
            w: w.to_vec()?,
            m: m.to_vec()?,
            v: v.to_vec()?,
            m_scale: m_scale.to_vec()?,
            v_scale: v_scale.to_vec()?,
        };
        Ok(())
    }
}

/// Two steps: every weight within an ulp of the exact step from the decoded state, every moment
/// within a code of the exact one.
fn lean(n: usize) -> Test {
    let (w, grads) = (halves(1, n, 1.0), [random(2, n), random(3, n)]);
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let mut state = State::new(w.clone());
        let mut good = true;
        for (key, grad) in grads.iter().enumerate() {
            let before = state.clone();
            state.step(device, STEP, grad, key as u64)?;
            good &= (0..n).all(|i| lean_is_right(&before, &state, grad[i], i));
        }
        let bytes = [&state.m[..], &state.v[..]].concat();
        Ok(vec![
            Output::flag("every step is right", good),
            Output::of("w", &device.upload(&state.w)?)?,
            Output::of("codes", &device.upload(&bytes)?)?,
            Output::of("scales", &device.upload(&state.m_scale)?)?,
        ])
    };
    let expect = || vec![Expected::exact("every step is right", vec![1.0])];
    Test::new("adamw_lean.cu", format!("adamw_lean n {n}"), run, expect).small()
}

fn lean_is_right(before: &State, after: &State, grad: f32, i: usize) -> bool {
    let block = i / LEAN_BLOCK;
    let (m, v) = decode(before.m[i], before.v[i], before.m_scale[block], before.v_scale[block]);
    let AdamWStep { betas, step_size, inv_sqrt_correction, eps, keep } = STEP;
    let numbers = [step_size, inv_sqrt_correction, eps, keep].map(f64::from);
    let w = f64::from(before.w[i].to_f32());
    let betas = (f64::from(betas.0), f64::from(betas.1));
    let (w, m, v) = oracle::adamw((w, m, v), f64::from(grad), betas, numbers);
    let (m_max, v_max) = (after.m_scale[block], after.v_scale[block]);
    let (m_got, v_got) = decode(after.m[i], after.v[i], m_max, v_max);
    // Distances in codes: m goes by its root, v by its fourth root, rounded up.
    let root = |x: f64, max: f32| (x.abs() / f64::from(max)).sqrt().copysign(x) * 127.0;
    let fourth = |x: f64| (x / f64::from(v_max)).powf(0.25) * 255.0;
    let off_m = (root(m_got, m_max) - root(m, m_max)).abs();
    let off_v = fourth(v_got) - fourth(v);
    let off_w = (f64::from(after.w[i].to_f32()) - w).abs();
    off_m < 0.501 && (-1e-3..1.001).contains(&off_v) && off_w <= Stored::Bf16.ulp(w) * 1.001
}

/// Stochastic rounding loses nothing on average: many weights take a step far below an ulp.
fn unbiased() -> Test {
    let n = 8192;
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let mut state = State::new(vec![bf16::from_f32(1.0); n]);
        // |step| is step_size · m / (√v · correction) = 1e-3 with no history: an eighth of an ulp.
        let step = AdamWStep {
            betas: (0.0, 0.0),
            step_size: 1e-3,
            inv_sqrt_correction: 1.0,
            eps: 0.0,
            keep: 1.0,
        };
        state.step(device, step, &vec![-0.25; n], 77)?;
        let mean: f64 = state.w.iter().map(|w| f64::from(w.to_f32())).sum::<f64>() / n as f64;
        // One weight's deviation is under 0.33 ulp = 0.0026; five of the mean's are 1.5e-4.
        Ok(vec![Output::flag("the mean moves by the step", (mean - 1.001).abs() < 1.5e-4)])
    };
    let expect = || vec![Expected::exact("the mean moves by the step", vec![1.0])];
    Test::new("adamw_lean.cu", "adamw_lean unbiased".to_owned(), run, expect)
}

/// A quadratic is brought down as the full kind brings it down.
fn converges() -> Test {
    let n = 300;
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let goal = random(5, n);
        let mut state = State::new(halves(6, n, 1.0));
        let (b1, b2) = STEP.betas;
        for t in 1..=120_i32 {
            let grad: Vec<f32> =
                state.w.iter().zip(&goal).map(|(w, goal)| w.to_f32() - goal).collect();
            let lr = 0.05 * (1.0 - t as f32 / 121.0);
            let step = AdamWStep {
                step_size: lr / (1.0 - b1.powi(t)),
                inv_sqrt_correction: 1.0 / (1.0 - b2.powi(t)).sqrt(),
                keep: 1.0,
                ..STEP
            };
            state.step(device, step, &grad, t as u64)?;
        }
        let distance: f32 =
            state.w.iter().zip(&goal).map(|(w, goal)| (w.to_f32() - goal).powi(2)).sum();
        // From about 200 at the start; bf16's own rounding leaves about 1e-4.
        Ok(vec![Output::flag("it converges", distance < 0.05)])
    };
    let expect = || vec![Expected::exact("it converges", vec![1.0])];
    Test::new("adamw_lean.cu", "adamw_lean converges".to_owned(), run, expect)
}
