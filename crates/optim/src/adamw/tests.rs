//! AdamW against an f64 oracle and PyTorch.

use quaero_rng::Key;

use super::*;

const OPTIONS: AdamWOptions = AdamWOptions {
    betas: (0.9, 0.98),
    eps: 1e-8,
    weight_decay: 0.05,
    decay_vectors: false,
    state_precision: StatePrecision::F32,
};

fn random(shape: &[usize], key: Key) -> Tensor {
    let mut tensor = Tensor::zeros(shape);
    let mut stream = key.stream();
    tensor.data_mut().iter_mut().for_each(|x| *x = stream.normal());
    tensor
}

/// One tensor after `n` steps in f64, by the formulas of the paper.
fn oracle(start: &Tensor, grads: &[Tensor], lr: f64, decay: f64) -> Vec<f64> {
    let mut w: Vec<f64> = start.data().iter().map(|&x| f64::from(x)).collect();
    let (mut m, mut v) = (vec![0.0; w.len()], vec![0.0; w.len()]);
    let (b1, b2) = (f64::from(OPTIONS.betas.0), f64::from(OPTIONS.betas.1));
    for (t, grad) in grads.iter().enumerate() {
        let t = t as i32 + 1;
        for i in 0..w.len() {
            let g = 0.5 * f64::from(grad.data()[i]);
            m[i] = b1 * m[i] + (1.0 - b1) * g;
            v[i] = b2 * v[i] + (1.0 - b2) * g * g;
            let (m_hat, v_hat) = (m[i] / (1.0 - b1.powi(t)), v[i] / (1.0 - b2.powi(t)));
            w[i] -= lr * (m_hat / (v_hat.sqrt() + f64::from(OPTIONS.eps)) + decay * w[i]);
        }
    }
    w
}

#[test]
fn steps_follow_the_f64_oracle_and_vectors_do_not_decay() {
    let shapes: [&[usize]; 2] = [&[5, 7], &[33]];
    let key = Key::new(3);
    let mut params: Vec<Tensor> =
        shapes.iter().enumerate().map(|(i, s)| random(s, key.with(i as u64))).collect();
    let start = params.clone();
    let mut optimiser = AdamW::new(OPTIONS, &params).unwrap();
    let mut history = [Vec::new(), Vec::new()];
    for step in 0..10_u64 {
        let grads: Vec<Tensor> = shapes
            .iter()
            .enumerate()
            .map(|(i, s)| random(s, key.with(9 + step).with(i as u64)))
            .collect();
        optimiser.step(&mut params, &grads, 0.01, 0.5).unwrap();
        history[0].push(grads[0].clone());
        history[1].push(grads[1].clone());
    }
    for (i, decay) in [(0, f64::from(OPTIONS.weight_decay)), (1, 0.0)] {
        let want = oracle(&start[i], &history[i], 0.01, decay);
        for (got, want) in params[i].data().iter().zip(want) {
            assert!((f64::from(*got) - want).abs() < 1e-6, "{got} {want}");
        }
    }
}

#[test]
fn a_restored_optimiser_goes_on_bit_for_bit() {
    let names = ["a".to_owned(), "b".to_owned()];
    let key = Key::new(4);
    let mut params = vec![random(&[3, 4], key), random(&[6], key.with(1))];
    let grads = vec![random(&[3, 4], key.with(2)), random(&[6], key.with(3))];
    let mut optimiser = AdamW::new(OPTIONS, &params).unwrap();
    optimiser.step(&mut params, &grads, 0.1, 1.0).unwrap();
    let state = optimiser.state(&names).unwrap();
    assert_eq!(state.tensors[3].0, "exp_avg_sq.b");
    let mut restored = AdamW::from_state(OPTIONS, &names, &params, state.clone()).unwrap();
    let mut other = params.clone();
    optimiser.step(&mut params, &grads, 0.1, 1.0).unwrap();
    restored.step(&mut other, &grads, 0.1, 1.0).unwrap();
    assert_eq!((params, restored.n_steps()), (other, 2));

    let wrong = vec![random(&[3, 4], key), random(&[7], key)];
    let error = AdamW::from_state(OPTIONS, &names, &wrong, state.clone()).unwrap_err();
    assert!(error.to_string().contains("exp_avg.b: expected shape [7], got [6]"), "{error}");
    let other = ["a".to_owned(), "c".to_owned()];
    let error = AdamW::from_state(OPTIONS, &other, &wrong, state).unwrap_err();
    assert!(error.to_string().contains("`exp_avg.c` is missing"), "{error}");
}

/// Ten steps of `torch.optim.AdamW` with clipping (`tests/fixtures/make_fixtures.py`).
#[test]
fn steps_follow_pytorch() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/adamw.safetensors");
    let bytes = std::fs::read(path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let get = |name: &str| {
        let view = file.tensor(name).unwrap();
        let data = view.data().as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
        Tensor::new(view.shape(), data).unwrap()
    };
    let mut params = vec![get("start.0"), get("start.1")];
    let mut optimiser =
        AdamW::new(AdamWOptions { decay_vectors: true, ..OPTIONS }, &params).unwrap();
    for step in 0..10 {
        let grads = vec![get(&format!("grad.{step}.0")), get(&format!("grad.{step}.1"))];
        let (norm, scale) = crate::clip_grad_norm(&grads, 3.0).unwrap();
        let want = f64::from(get(&format!("norm.{step}")).data()[0]);
        assert!((norm - want).abs() < 1e-5 * want, "norm {norm}, PyTorch has {want}");
        optimiser.step(&mut params, &grads, 0.01, scale).unwrap();
    }
    for (i, param) in params.iter().enumerate() {
        for (got, want) in param.data().iter().zip(get(&format!("end.{i}")).data()) {
            assert!((got - want).abs() < 2e-6, "{got} {want}");
        }
    }
}
