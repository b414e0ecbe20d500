//! Tests of the head: log-probabilities, their gradient, and the policy-gradient loss by chunks.

use half::bf16;
use quaero_kernels::gemm::{Matrix, MatrixMut};
use quaero_kernels::head::{self, Chunk, Kl, Logits, LossOptions, LossOutput, LossRows};
use quaero_kernels::{Device, Error};
use quaero_objective as objective;
use quaero_testkit::kernels::{self as oracle, Naive, Real, Stored, matmul};
use quaero_testkit::random;

use crate::test::{Expected, Output, Test, halves, of};

pub(crate) fn add(tests: &mut Vec<Test>) {
    for (rows, v, temperature) in [(1, 1, 1.0), (5, 97, 0.7), (3, 1031, 1.3)] {
        tests.push(logp(rows, v, temperature));
    }
    for kl in [0, 1, 2, 3] {
        tests.push(loss(7, 97, 1.1, Terms { kl, tis: None }));
    }
    for (kl, first_step) in [(0, false), (3, false), (0, true)] {
        tests.push(loss(13, 97, 1.1, Terms { kl, tis: Some(Tis { cap: 1.2, first_step }) }));
    }
    tests.push(chunk(9, 53, 24));
}

/// Logits as rows of the kernels' stride.
fn padded(logits: &[f32], v: usize) -> Vec<f32> {
    let mut out = Vec::new();
    for row in logits.chunks(v) {
        out.extend_from_slice(row);
        out.resize(out.len().next_multiple_of(8), f32::NAN);
    }
    out
}

/// Without what lies between rows.
fn bare(got: &[bf16], v: usize) -> Vec<bf16> {
    got.chunks(head::stride(v)).flat_map(|row| row[..v].to_vec()).collect()
}

fn targets(rows: usize, v: usize) -> Vec<i32> {
    (0..rows as i32).map(|row| (row * 31 + 2) % v as i32).collect()
}

fn logp(rows: usize, v: usize, temperature: f64) -> Test {
    let logits: Vec<f32> = random(1, rows * v).iter().map(|x| x * 9.0).collect();
    let (dlogp, dentropy) = (random(2, rows), random(3, rows));
    let inputs = (logits.clone(), dlogp.clone(), dentropy.clone());
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let data = device.upload(&padded(&inputs.0, v))?;
        let logits = Logits { data: data.view(), vocab_size: v, temperature: temperature as f32 };
        let targets = device.indices(&targets(rows, v), v)?;
        let (mut logp, mut entropy) = (device.alloc(rows)?, device.alloc(rows)?);
        head::forward(logits, &targets, logp.view_mut(), entropy.view_mut())?;
        let (dlogp, dentropy) = (device.upload(&inputs.1)?, device.upload(&inputs.2)?);
        let mut dlogits = device.alloc(data.len())?;
        let grads = (dlogp.view(), dentropy.view());
        head::backward(logits, &targets, grads, dlogits.view_mut())?;
        let dlogits = device.upload(&bare(&dlogits.to_vec()?, v))?;
        Ok(vec![
            Output::of("logp", &logp)?,
            Output::of("entropy", &entropy)?,
            Output::of("dlogits", &dlogits)?,
        ])
    };
    fn both<R: Real>(logits: &[R], v: usize, t: f64, grads: (&[R], &[R])) -> [Vec<R>; 3] {
        let targets = targets(logits.len() / v, v);
        let mut out = [vec![], vec![], vec![]];
        for (r, row) in logits.chunks(v).enumerate() {
            let (log_p, entropy) = oracle::head(row, t);
            let target = targets[r] as usize;
            out[0].push(log_p[target]);
            out[1].push(entropy);
            out[2].extend(oracle::head_bwd(row, t, target, (grads.0[r], grads.1[r])));
        }
        out
    }
    let expect = move || {
        let (l, p, e) = (oracle::of(&logits), oracle::of(&dlogp), oracle::of(&dentropy));
        let want = both::<f64>(&l, v, temperature, (&p, &e));
        let (l, p, e) = (oracle::of(&logits), oracle::of(&dlogp), oracle::of(&dentropy));
        let naive = both::<Naive>(&l, v, temperature, (&p, &e));
        vec![
            Expected::new("logp", Stored::F32, &want[0], &naive[0]),
            Expected::new("entropy", Stored::F32, &want[1], &naive[1]),
            Expected::new("dlogits", Stored::Bf16, &want[2], &naive[2]),
        ]
    };
    let name = format!("head_logp R {rows} V {v} T {temperature}");
    Test::new("head_logp_bwd.cu", name, run, expect).small()
}

/// The terms of a loss that come and go.
#[derive(Clone, Copy)]
struct Terms {
    /// Schulman's number of the estimate; 0: none.
    kl: u8,
    tis: Option<Tis>,
}

#[derive(Clone, Copy)]
struct Tis {
    cap: f32,
    /// Whether the trainer's log-probabilities are left to the launch.
    first_step: bool,
}

const PLAIN: Terms = Terms { kl: 0, tis: None };

/// What the loss is told of each row.
#[derive(Clone)]
struct Told {
    logp_old: Vec<f32>,
    logp_trainer: Vec<f32>,
    logp_ref: Vec<f32>,
    advantage: Vec<f32>,
    scale: Vec<f32>,
}

impl Told {
    /// Ratios on both sides of the clip, advantages of both signs.
    fn new(logits: &[f32], v: usize, temperature: f64) -> Self {
        let rows = logits.len() / v;
        let targets = targets(rows, v);
        let logp: Vec<f32> = logits
            .chunks(v)
            .zip(&targets)
            .map(|(row, &t)| {
                oracle::head::<f64>(&oracle::of(row), temperature).0[t as usize] as f32
            })
            .collect();
        let near = |seed: u64, by: f32| -> Vec<f32> {
            logp.iter().zip(random(seed, rows)).map(|(logp, x)| logp + by * x).collect()
        };
        Self {
            logp_old: near(5, 0.6),
            logp_trainer: near(9, 0.6),
            logp_ref: near(6, 1.0),
            advantage: random(7, rows).iter().map(|x| 2.0 * x).collect(),
            scale: random(8, rows).iter().map(|x| 0.2 + 0.1 * x).collect(),
        }
    }
}

fn options(Terms { kl, tis }: Terms) -> (LossOptions, objective::Options) {
    use objective::KlEstimator::{K1, K2, K3};
    let coef = 0.3;
    let mut theirs = objective::Options::azr();
    (theirs.clip_high, theirs.dual_clip, theirs.entropy_coef) = (0.28, Some(1.5), 0.01);
    (theirs.negative_weight, theirs.tis_cap) = (0.8, tis.map(|tis| tis.cap));
    theirs.kl = (kl > 0).then(|| objective::Kl { estimator: [K1, K2, K3][kl as usize - 1], coef });
    let ours = LossOptions {
        clip_low: theirs.clip_low,
        clip_high: theirs.clip_high,
        dual_clip: theirs.dual_clip,
        tis_cap: theirs.tis_cap,
        entropy_coef: theirs.entropy_coef,
        negative_weight: theirs.negative_weight,
        kl: (kl > 0).then_some(Kl { estimator: kl, coef }),
    };
    (ours, theirs)
}

/// Loss of each row and gradient by the logits, in `objective`'s arithmetic.
fn loss_oracle<R: Real>(logits: &[R], v: usize, t: f64, told: &Told, terms: Terms) -> [Vec<R>; 2] {
    let (_, options) = options(terms);
    let first_step = terms.tis.is_none_or(|tis| tis.first_step);
    let targets = targets(logits.len() / v, v);
    let (mut losses, mut dlogits) = (vec![], vec![]);
    for (r, row) in logits.chunks(v).enumerate() {
        let (log_p, entropy) = oracle::head(row, t);
        let target = targets[r] as usize;
        let one = |x: f64| [x as f32];
        let grad = objective::policy_loss(
            &[objective::Row {
                logp: &one(log_p[target].wide()),
                logp_old: &told.logp_old[r..=r],
                logp_trainer: (!first_step).then(|| &told.logp_trainer[r..=r]),
                logp_ref: Some(&told.logp_ref[r..=r]),
                entropy: &one(entropy.wide()),
                advantage: told.advantage[r],
                scale: told.scale[r],
            }],
            &options,
        );
        losses.push(R::of(grad.loss));
        let by = (R::of(f64::from(grad.dlogp[0])), R::of(f64::from(grad.dentropy[0])));
        dlogits.extend(oracle::head_bwd(row, t, target, by));
    }
    [losses, dlogits]
}

fn loss(rows: usize, v: usize, temperature: f64, terms: Terms) -> Test {
    let logits: Vec<f32> = random(1, rows * v).iter().map(|x| x * 5.0).collect();
    let told = Told::new(&logits, v, temperature);
    let inputs = (logits.clone(), told.clone());
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let data = device.upload(&padded(&inputs.0, v))?;
        let logits = Logits { data: data.view(), vocab_size: v, temperature: temperature as f32 };
        let targets = device.indices(&targets(rows, v), v)?;
        let Told { logp_old, logp_trainer, logp_ref, advantage, scale } = &inputs.1;
        let logp_trainer = device.upload(logp_trainer)?;
        let first_step = terms.tis.is_none_or(|tis| tis.first_step);
        let (logp_old, logp_ref) = (device.upload(logp_old)?, device.upload(logp_ref)?);
        let (advantage, scale) = (device.upload(advantage)?, device.upload(scale)?);
        let (mut logp, mut entropy) = (device.alloc(rows)?, device.alloc(rows)?);
        let (mut stats, mut dlogits) = (device.alloc(4 * rows)?, device.alloc(data.len())?);
        let told = LossRows {
            targets: &targets,
            logp_old: logp_old.view(),
            logp_trainer: (!first_step).then(|| logp_trainer.view()),
            logp_ref: (terms.kl > 0).then(|| logp_ref.view()),
            advantage: advantage.view(),
            scale: scale.view(),
        };
        let output = LossOutput {
            logp: logp.view_mut(),
            entropy: entropy.view_mut(),
            stats: stats.view_mut(),
        };
        head::policy_loss(logits, told, &options(terms).0, output, dlogits.view_mut())?;
        let losses: Vec<f32> = stats.to_vec()?.chunks(4).map(|row| row[0]).collect();
        let dlogits = device.upload(&bare(&dlogits.to_vec()?, v))?;
        let (mut logp_again, mut entropy_again) = (device.alloc(rows)?, device.alloc(rows)?);
        head::forward(logits, &targets, logp_again.view_mut(), entropy_again.view_mut())?;
        Ok(vec![
            Output::of("loss", &device.upload(&losses)?)?,
            Output::of("dlogits", &dlogits)?,
            Output::of("logp", &logp)?,
            Output::of("logp without the loss", &logp_again)?.twin_of("logp"),
            Output::of("stats", &stats)?,
        ])
    };
    let expect = move || {
        let want = loss_oracle::<f64>(&oracle::of(&logits), v, temperature, &told, terms);
        let naive = loss_oracle::<Naive>(&oracle::of(&logits), v, temperature, &told, terms);
        vec![
            Expected::new("loss", Stored::F32, &want[0], &naive[0]),
            Expected::new("dlogits", Stored::Bf16, &want[1], &naive[1]),
        ]
    };
    let Terms { kl, tis } = terms;
    let tis = tis.map_or(String::new(), |Tis { cap, first_step }| {
        format!(" TIS {cap}{}", if first_step { " first step" } else { "" })
    });
    let name = format!("policy_loss R {rows} V {v} KL {kl}{tis}");
    Test::new("policy_loss.cu", name, run, expect).small()
}

/// From hidden states to the loss and back, in two chunks.
fn chunk(rows: usize, v: usize, c: usize) -> Test {
    let temperature = 1.0;
    let (hidden, weight) = (halves(1, rows * c, 1.0), halves(2, v * c, 1.0));
    fn logits<R: Real>(hidden: &[bf16], weight: &[bf16], (v, c): (usize, usize)) -> Vec<R> {
        let (h, w) = (of::<R>(hidden), of::<R>(weight));
        matmul((h.len() / c, v, c), |i, j| h[i * c + j], |j, i| w[i * c + j])
    }
    let exact: Vec<f64> = logits(&hidden, &weight, (v, c));
    let narrow: Vec<f32> = exact.iter().map(|&x| x as f32).collect();
    let told = Told::new(&narrow, v, temperature);
    let inputs = (hidden.clone(), weight.clone(), told.clone());
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let (hidden, weight, told) = &inputs;
        let (hidden, weight) = (device.upload(hidden)?, device.upload(weight)?);
        let mut dhidden = device.alloc::<bf16>(rows * c)?;
        let mut dweight = device.zeros(v * c)?;
        let (mut logp, mut entropy) = (device.alloc(rows)?, device.alloc(rows)?);
        let mut stats = device.alloc(4 * rows)?;
        let mut chunk = Chunk::new(device, 8, v)?;
        let all = targets(rows, v);
        for rows in [0..8, 8..rows] {
            let upload = |x: &[f32]| device.upload(&x[rows.clone()]);
            let (old, advantage) = (upload(&told.logp_old)?, upload(&told.advantage)?);
            let (scale, targets) = (upload(&told.scale)?, device.indices(&all[rows.clone()], v)?);
            let told = LossRows {
                targets: &targets,
                logp_old: old.view(),
                logp_trainer: None,
                logp_ref: None,
                advantage: advantage.view(),
                scale: scale.view(),
            };
            let output = LossOutput {
                logp: logp.slice_mut(rows.clone()),
                entropy: entropy.slice_mut(rows.clone()),
                stats: stats.slice_mut(rows.start * 4..rows.end * 4),
            };
            let part = rows.start * c..rows.end * c;
            let x = Matrix::new(hidden.slice(part.clone()), c);
            let dx = MatrixMut::new(dhidden.slice_mut(part), c);
            let dw = MatrixMut::new(dweight.view_mut(), c);
            let w = Matrix::new(weight.view(), c);
            chunk.policy_loss(x, w, temperature as f32, told, &options(PLAIN).0, output, dx, dw)?;
        }
        let losses: Vec<f32> = stats.to_vec()?.chunks(4).map(|row| row[0]).collect();
        Ok(vec![
            Output::of("loss", &device.upload(&losses)?)?,
            Output::of("dhidden", &dhidden)?,
            Output::of("dweight", &dweight)?,
        ])
    };
    let expect = move || {
        fn grads<R: Real>(d: &[R], hidden: &[bf16], weight: &[bf16], v: usize) -> [Vec<R>; 2] {
            let rows = d.len() / v;
            let (h, w, c) = (of::<R>(hidden), of::<R>(weight), hidden.len() / rows);
            let dh = matmul((rows, c, v), |i, j| d[i * v + j], |j, i| w[j * c + i]);
            let dw = matmul((v, c, rows), |i, j| d[j * v + i], |j, i| h[j * c + i]);
            [dh.into_iter().map(R::stored).collect(), dw]
        }
        let [loss, d] = loss_oracle::<f64>(&exact, v, temperature, &told, PLAIN);
        let naive: Vec<Naive> = logits(&hidden, &weight, (v, c));
        let [loss_naive, d_naive] = loss_oracle(&naive, v, temperature, &told, PLAIN);
        let [dh, dw] = grads(&d, &hidden, &weight, v);
        let [dh_naive, dw_naive] = grads(&d_naive, &hidden, &weight, v);
        vec![
            Expected::new("loss", Stored::F32, &loss, &loss_naive),
            Expected::new("dhidden", Stored::Bf16, &dh, &dh_naive),
            Expected::new("dweight", Stored::F32, &dw, &dw_naive),
        ]
    };
    Test::new("policy_loss.cu", format!("head in chunks R {rows} V {v} C {c}"), run, expect)
}
