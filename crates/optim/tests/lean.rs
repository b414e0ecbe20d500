//! 8-bit Adam on the emulated device: steps against f64, convergence beside f32 moments,
//! state that goes on bit for bit. (The kernel's rounding and codes have trials of their own.)

#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::path::Path;

use quaero_ops::{Device, Kind, Products, Tensor};
use quaero_optim::{AdamW, AdamWOptions, LEAN_BLOCK, StatePrecision};
use quaero_rng::Key;

fn simt() -> Device {
    Device::open(Kind::Simt(Products::Portable), Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap()
}

fn options(state_precision: StatePrecision) -> AdamWOptions {
    AdamWOptions {
        betas: (0.9, 0.95),
        eps: 1e-8,
        weight_decay: 0.0,
        decay_vectors: false,
        state_precision,
    }
}

fn random(n: usize, key: u64) -> Vec<f32> {
    let mut stream = Key::new(key).stream();
    (0..n).map(|_| stream.normal()).collect()
}

fn on(device: &Device, values: &[f32]) -> Tensor {
    Tensor::new([values.len()], values.to_vec()).unwrap().to(device).unwrap()
}

/// Weights that stand a little below 1, where a last digit of bf16 is 2^-8.
#[test]
fn steps_below_a_last_digit_add_up() {
    let (device, n, n_steps, lr) = (simt(), 4096, 8, 5e-4);
    let mut params = vec![on(&device, &vec![0.75; n]).into_bf16().unwrap()];
    let grads = vec![on(&device, &vec![-1.0; n])];
    let mut adamw = AdamW::new(options(StatePrecision::EightBit), &params).unwrap();
    for _ in 0..n_steps {
        adamw.step(&mut params, &grads, lr, 1.0).unwrap();
    }
    // A constant gradient moves every weight by the learning rate in each step; codes of moments
    // that are all equal are exact.
    let want = 0.75 + n_steps as f64 * lr;
    let values = params[0].values().unwrap();
    let mean = values.iter().map(|&w| f64::from(w)).sum::<f64>() / n as f64;
    // Each step rounds by up to 2^-8, its deviation is under half of that: six of the mean's.
    let deviation = 0.5 * 2_f64.powi(-8) * f64::from(n_steps).sqrt() / (n as f64).sqrt();
    assert!((mean - want).abs() < 6.0 * deviation, "{mean}, expected {want} ± {deviation}");
    assert!(values.contains(&0.75), "rounding to the nearest would move none or all");
}

/// Σ (w − goal)², brought down by both kinds.
#[test]
fn it_converges_as_the_full_kind_does() {
    let (device, n) = (simt(), 2 * LEAN_BLOCK + 37);
    let (start, goal) = (random(n, 1), random(n, 2));
    let distance = |state_precision| {
        let mut params = vec![on(&device, &start)];
        if state_precision == StatePrecision::EightBit {
            params = params.into_iter().map(|param| param.into_bf16().unwrap()).collect();
        }
        let mut adamw = AdamW::new(options(state_precision), &params).unwrap();
        for step in 0..150 {
            let w = params[0].values().unwrap().into_owned();
            let grad: Vec<f32> = w.iter().zip(&goal).map(|(w, goal)| w - goal).collect();
            let lr = 0.1 * (1.0 - f64::from(step) / 150.0);
            adamw.step(&mut params, &[on(&device, &grad)], lr, 1.0).unwrap();
        }
        let w = params[0].values().unwrap();
        let squares = w.iter().zip(&goal).map(|(w, goal)| f64::from(w - goal).powi(2));
        (squares.sum::<f64>() / n as f64).sqrt()
    };
    let (full, lean) = (distance(StatePrecision::F32), distance(StatePrecision::EightBit));
    // From 1.4 at the start. A weight near 1 is known to 2^-8, and chance doubles the error.
    assert!(full < 0.05 && lean < full + 0.02, "full {full}, lean {lean}");
}

#[test]
fn moments_are_within_their_codes_and_a_restored_optimiser_goes_on_bit_for_bit() {
    let (device, n) = (simt(), LEAN_BLOCK + 40);
    let names = ["w".to_owned()];
    let mut params = vec![on(&device, &random(n, 3)).into_bf16().unwrap()];
    let grads: Vec<Vec<f32>> = (0..3).map(|step| random(n, 10 + step)).collect();
    let on_device: Vec<Tensor> = grads.iter().map(|grad| on(&device, grad)).collect();
    let mut adamw = AdamW::new(options(StatePrecision::EightBit), &params).unwrap();
    adamw.step(&mut params, &on_device[..1], 0.01, 1.0).unwrap();
    let state = adamw.state(&names).unwrap();
    let shapes = AdamW::state_shapes(options(StatePrecision::EightBit), &names, &params);
    for ((name, tensor), (want, shape)) in state.tensors.iter().zip(&shapes) {
        assert_eq!((name, tensor.shape()), (want, shape));
    }
    // After one step m = 0.1 g and v = 0.05 g².
    let [m, v, m_scale, v_scale] = [0, 1, 2, 3].map(|at| state.tensors[at].1.data());
    for (i, &g) in grads[0].iter().enumerate() {
        let (g, block) = (f64::from(g), i / LEAN_BLOCK);
        let root = (0.1 * g.abs() / f64::from(m_scale[block])).sqrt() * 127.0;
        assert!((f64::from(m[i]) - 128.0 - root.copysign(g)).abs() < 0.51, "m of element {i}");
        let fourth = (0.05 * g * g / f64::from(v_scale[block])).powf(0.25) * 255.0;
        assert!((-0.01..1.01).contains(&(f64::from(v[i]) - fourth)), "v of element {i}");
    }

    let mut other = params.clone();
    assert!(other[0].is_bf16() && other == params, "a copy keeps its form");
    let restored =
        AdamW::from_state(options(StatePrecision::EightBit), &names, &other, state.clone());
    let mut restored = restored.unwrap();
    adamw.step(&mut params, &on_device[1..2], 0.01, 1.0).unwrap();
    restored.step(&mut other, &on_device[1..2], 0.01, 1.0).unwrap();
    assert!(other == params && restored.n_steps() == 2);
    assert_eq!(restored.state(&names).unwrap(), adamw.state(&names).unwrap());

    let full = on(&device, &random(n, 3));
    let error = AdamW::from_state(options(StatePrecision::F32), &names, &[full], state);
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("`exp_avg.w` is missing") && error.contains("optim.state_precision"),
        "{error}"
    );
}
