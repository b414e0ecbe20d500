//! Row-wise kernels against f64 and against central differences.

use quaero_cpu::norm::{self, Groups};
use quaero_cpu::rope::{self, Angles};
use quaero_cpu::{adam, embedding, head, mlp};
use quaero_testkit::{
    check_close, dot, log_softmax, numeric_gradient, random, rms_norm, swiglu, wide,
};

/// Two groups of 5 channels after one other channel.
const GROUPS: Groups = Groups { width: 12, first: 1, count: 2 };

fn norm_oracle(x: &[f64], w: &[f64]) -> Vec<f64> {
    let groups = |row: &[f64]| -> Vec<f64> {
        row[1..11].chunks_exact(5).flat_map(|x| rms_norm(x, w, 1e-3)).collect()
    };
    x.chunks_exact(12).flat_map(groups).collect()
}

fn inner(x: &[f32]) -> Vec<f32> {
    x.chunks_exact(12).flat_map(|row| row[1..11].iter().copied()).collect()
}

#[test]
fn norm_forward_and_backward() {
    let n_rows = 200;
    let (x, w, dy) = (random(1, n_rows * 12), random(2, 5), random(3, n_rows * 12));
    let mut y = vec![9.0; x.len()];
    norm::forward(&x, &w, 1e-3, GROUPS, &mut y);
    check_close("y", &inner(&y), &norm_oracle(&wide(&x), &wide(&w)), 1e-6);
    assert!(y.chunks_exact(12).all(|row| row[0] == 9.0 && row[11] == 9.0));

    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![1.0; 5]);
    norm::backward((&x, &w, 1e-3), GROUPS, &dy, &mut dx, false, &mut dw);
    let dy_inner = wide(&inner(&dy));
    let by_w = |w: &[f64]| dot(&norm_oracle(&wide(&x), w), &dy_inner) + w.iter().sum::<f64>();
    check_close("dw", &dw, &numeric_gradient(&wide(&w), by_w), 1e-5);
    let few = 2 * 12;
    let by_x = |x: &[f64]| dot(&norm_oracle(x, &wide(&w)), &dy_inner[..20]);
    check_close("dx", &dx[..few], &numeric_gradient(&wide(&x[..few]), by_x), 1e-5);

    let mut twice = dx.clone();
    norm::backward((&x, &w, 1e-3), GROUPS, &dy, &mut twice, true, &mut dw);
    assert!(dx.iter().zip(&twice).all(|(once, twice)| 2.0 * once == *twice));
}

#[test]
fn rope_turns_halves_and_back() {
    let groups = Groups { width: 11, first: 2, count: 2 };
    let inv_freq = [1.0, 0.1];
    let angles = Angles::at([0, 3, 1000], &inv_freq, 1.0);
    let x = random(5, 33);
    let mut y = x.clone();
    rope::forward(&mut y, groups, &angles);
    assert_eq!(y[..11], x[..11], "position 0 does not turn");
    let (sin, cos) = (3.0 * 0.1_f64).sin_cos();
    // Row 1, second head, second pair: channels 2 + 4 + 1 and + 2 more.
    let (a, b) = (f64::from(x[11 + 7]), f64::from(x[11 + 9]));
    let want = [a * cos - b * sin, b * cos + a * sin];
    check_close("pair", &[y[11 + 7], y[11 + 9]], &want, 1e-6);
    rope::backward(&mut y, groups, &angles);
    check_close("back", &y, &wide(&x), 1e-6);
}

#[test]
fn swiglu_forward_and_backward() {
    let (x, dy) = (random(1, 150 * 14), random(2, 150 * 7));
    let x: Vec<f32> = x.iter().map(|x| 6.0 * x).collect();
    let mut y = vec![0.0; dy.len()];
    mlp::glu(mlp::Gate::Silu, &x, 7, &mut y);
    let rows = |x: &[f64]| -> Vec<f64> { x.chunks_exact(14).flat_map(swiglu).collect() };
    check_close("y", &y, &rows(&wide(&x)), 1e-6);
    let mut dx = x.clone();
    mlp::glu_backward(mlp::Gate::Silu, &mut dx, 7, &dy);
    let want = numeric_gradient(&wide(&x[..28]), |x| dot(&rows(x), &wide(&dy[..14])));
    check_close("dx", &dx[..28], &want, 1e-5);
}

/// gelu(g) = ½ g (1 + tanh(√(2/π) (g + 0.044715 g³))), as PyTorch's `gelu_pytorch_tanh`.
#[test]
fn geglu_forward_and_backward() {
    let (x, dy) = (random(3, 150 * 14), random(4, 150 * 7));
    let x: Vec<f32> = x.iter().map(|x| 6.0 * x).collect();
    let mut y = vec![0.0; dy.len()];
    mlp::glu(mlp::Gate::GeluTanh, &x, 7, &mut y);
    let gelu = |g: f64| {
        let z = (2.0 / std::f64::consts::PI).sqrt() * (g + 0.044715 * g.powi(3));
        0.5 * g * (1.0 + z.tanh())
    };
    let row = |row: &[f64]| -> Vec<f64> { (0..7).map(|i| gelu(row[i]) * row[7 + i]).collect() };
    let rows = |x: &[f64]| -> Vec<f64> { x.chunks_exact(14).flat_map(row).collect() };
    check_close("y", &y, &rows(&wide(&x)), 1e-6);
    let mut dx = x.clone();
    mlp::glu_backward(mlp::Gate::GeluTanh, &mut dx, 7, &dy);
    let want = numeric_gradient(&wide(&x[..28]), |x| dot(&rows(x), &wide(&dy[..14])));
    check_close("dx", &dx[..28], &want, 1e-5);
}

#[test]
fn biases_and_sums() {
    let (x, bias) = (random(1, 300 * 10), random(2, 4));
    let mut y = x.clone();
    mlp::add_bias(&mut y, 10, 3, &bias);
    assert!(x.iter().zip(&y).enumerate().all(|(i, (x, y))| match i % 10 {
        column @ 3..7 => *y == x + bias[column - 3],
        _ => x == y,
    }));
    let mut dbias = vec![2.0; 4];
    mlp::bias_backward(&x, 10, 3, &mut dbias);
    let column = |c: usize| -> f64 { x[c..].iter().step_by(10).map(|&x| f64::from(x)).sum() };
    check_close("dbias", &dbias, &(3..7).map(|c| 2.0 + column(c)).collect::<Vec<_>>(), 1e-5);
    mlp::add(&mut y, &x);
    assert_eq!(y[0], x[0] + x[0]);
    let want: f64 = wide(&x).iter().map(|x| x * x).sum();
    assert!((adam::sum_of_squares(&x) - want).abs() < 1e-9 * want);
}

#[test]
fn embedding_gathers_and_scatters() {
    let table = random(1, 5 * 3);
    let mut y = vec![0.0; 9];
    embedding::forward(&table, 3, &[4, 0, 4], &mut y);
    assert_eq!(y, [&table[12..], &table[..3], &table[12..]].concat());
    let mut grad = vec![0.0; 15];
    embedding::backward(&mut grad, 3, &[4, 0, 4], &y);
    assert_eq!(grad[12], table[12] + table[12]);
    assert_eq!(grad[..3], table[..3]);
    assert_eq!(grad[3..12], [0.0; 9]);
}

/// (log p of the target, entropy) of one row.
fn head_oracle(logits: &[f64], temperature: f64, target: usize) -> (f64, f64) {
    let scaled: Vec<f64> = logits.iter().map(|x| x / temperature).collect();
    let log_p = log_softmax(&scaled);
    let entropy = -log_p.iter().map(|x| x.exp() * x).sum::<f64>();
    (log_p[target], entropy)
}

#[test]
fn head_forward_and_backward() {
    let (v, t) = (37, 0.6);
    let targets = [0, 36, 5];
    let logits: Vec<f32> = random(1, 3 * v).iter().map(|x| 5.0 * x).collect();
    let (mut logp, mut entropy) = (vec![0.0; 3], vec![0.0; 3]);
    head::forward(&logits, v, t as f32, &targets, (&mut logp, &mut entropy));
    let row = |i: usize| wide(&logits[i * v..(i + 1) * v]);
    let t = f64::from(t as f32);
    let want: Vec<_> = (0..3).map(|i| head_oracle(&row(i), t, targets[i] as usize)).collect();
    check_close("logp", &logp, &want.iter().map(|x| x.0).collect::<Vec<_>>(), 1e-6);
    check_close("entropy", &entropy, &want.iter().map(|x| x.1).collect::<Vec<_>>(), 1e-6);

    let (dlogp, dentropy) = ([0.3, -1.0, 0.0], [0.5, 0.0, 2.0]);
    let mut grad = logits.clone();
    head::backward(&mut grad, v, t as f32, &targets, (&dlogp, &dentropy));
    for i in 0..3 {
        let loss = |x: &[f64]| {
            let (logp, entropy) = head_oracle(x, t, targets[i] as usize);
            f64::from(dlogp[i]) * logp + f64::from(dentropy[i]) * entropy
        };
        let want = numeric_gradient(&row(i), loss);
        check_close(&format!("row {i}"), &grad[i * v..(i + 1) * v], &want, 1e-5);
    }
}

/// Probabilities of 0 contribute nothing instead of NaN.
#[test]
fn head_survives_certainty() {
    let logits = [200.0, -200.0, f32::NEG_INFINITY];
    let softmax = head::LogSoftmax::of(&logits, 1.0);
    assert_eq!((softmax.logp(logits[0]), softmax.entropy()), (0.0, 0.0));
    assert_eq!(softmax.logp(logits[1]), -400.0);
    let mut grad = logits.to_vec();
    head::backward(&mut grad, 3, 1.0, &[1], (&[1.0], &[1.0]));
    assert_eq!(grad, [-1.0, 1.0, 0.0]);
}
