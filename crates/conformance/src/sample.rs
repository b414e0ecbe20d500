//! Tests of the sampler: draws against a search over every token, survivors against a sort.

use quaero_kernels::head::{self, Logits};
use quaero_kernels::sample::{self, Draws, Sampling};
use quaero_kernels::{Device, Error};
use quaero_rng::{Key, block, open01};
use quaero_testkit::kernels::Stored;
use quaero_testkit::random;

use crate::test::{Expected, Output, Test};

pub(crate) fn add(tests: &mut Vec<Test>) {
    let plain = Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0 };
    let samplings = vec![
        plain,
        Sampling { temperature: 0.0, ..plain },
        Sampling { temperature: 0.7, ..plain },
        Sampling { top_k: 1, ..plain },
        Sampling { top_k: 5, temperature: 2.0, ..plain },
        Sampling { top_p: 0.6, ..plain },
        Sampling { top_p: 0.95, temperature: 1.5, top_k: 40, ..plain },
        Sampling { min_p: 0.05, temperature: 3.0, ..plain },
        Sampling { top_p: 0.9, min_p: 0.2, top_k: 9, temperature: 1.2 },
    ];
    tests.push(draws(1, samplings[..2].to_vec()));
    tests.push(draws(7, samplings.clone()).small());
    tests.push(draws(199, samplings.clone()));
    tests.push(draws(1283, samplings));
    tests.push(odd());
    tests.push(frequencies());
}

fn keys(n: usize) -> Vec<(u64, u64)> {
    (0..n as u64).map(|i| (Key::new(9).with(i).seed(), i * 7_000_000_001)).collect()
}

/// Logits with ties, signed zeros among them.
fn logits(rows: usize, v: usize) -> Vec<f32> {
    let mut logits: Vec<f32> =
        random(1, rows * v).iter().map(|x| (x * 24.0).round() / 4.0).collect();
    logits.iter_mut().step_by(11).for_each(|x| *x = -0.0);
    logits
}

/// Who survives, from a sorted list; `None` where a sum ends too near its bound to tell.
fn survivors(row: &[f32], sampling: Sampling) -> Option<Vec<bool>> {
    let t = f64::from(sampling.temperature);
    let mut sorted: Vec<f32> = row.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let p = |x: f32| (f64::from(x - sorted[0]) / t).exp();
    let mut lowest = f32::NEG_INFINITY;
    if sampling.top_k > 0 {
        lowest = sorted[sampling.top_k.min(sorted.len()) - 1];
    }
    if sampling.top_p < 1.0 {
        let kept = || sorted.iter().filter(|&&x| x >= lowest);
        let total: f64 = kept().map(|&x| p(x)).sum();
        let (mut sum, mut last) = (0.0, sorted[0]);
        for &x in kept() {
            let short = f64::from(sampling.top_p) * total - sum;
            // Within a group of ties only its end counts.
            if x != last && short.abs() < 1e-5 * total {
                return None;
            }
            if x != last && short <= 0.0 {
                break;
            }
            sum += p(x);
            last = x;
        }
        lowest = lowest.max(last);
    }
    Some(row.iter().map(|&x| x >= lowest && p(x) >= f64::from(sampling.min_p)).collect())
}

/// The token and its log-probabilities, by looking at every token.
fn oracle(row: &[f32], sampling: Sampling, key: u64, position: u64) -> (usize, f64, f64) {
    let top = (0..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best });
    let t = f64::from(if sampling.temperature == 0.0 { 1.0 } else { sampling.temperature });
    let logp = |token: usize, kept: &dyn Fn(usize) -> bool| {
        let terms = (0..row.len()).filter(|&i| kept(i));
        let sum: f64 = terms.map(|i| (f64::from(row[i] - row[top]) / t).exp()).sum();
        f64::from(row[token] - row[top]) / t - sum.ln()
    };
    if sampling.temperature == 0.0 {
        return (top, logp(top, &|_| true), 0.0);
    }
    let kept = survivors(row, sampling).expect("tests keep sums away from bounds");
    let score = |i: usize| {
        let word = block_of(key, position, i as u64 / 4)[i % 4];
        f64::from(row[i]) / t - (-f64::from(open01(word)).ln()).ln()
    };
    let alive = (0..row.len()).filter(|&i| kept[i]);
    let token = alive.fold(None, |best: Option<usize>, i| match best {
        Some(best) if score(best) >= score(i) => Some(best),
        _ => Some(i),
    });
    let token = token.expect("the most probable token survives");
    (token, logp(token, &|_| true), logp(token, &|i| kept[i]))
}

/// `quaero_rng::block` for a key that is given as a number.
fn block_of(key: u64, a: u64, b: u64) -> [u32; 4] {
    let words = |x: u64| [x as u32, (x >> 32) as u32];
    let ([a0, a1], [b0, b1]) = (words(a), words(b));
    quaero_rng::philox4x32(words(key), [a0, a1, b0, b1])
}

fn draw(
    device: &Device,
    logits: &[f32],
    v: usize,
    draws: &[(Sampling, u64, u64)],
) -> Result<[Output; 3], Error> {
    let mut padded = Vec::new();
    for row in logits.chunks(v) {
        padded.extend_from_slice(row);
        padded.resize(padded.len() + head::stride(v) - v, f32::NAN);
    }
    let (data, n) = (device.upload(&padded)?, draws.len());
    let logits = Logits { data: data.view(), vocab_size: v, temperature: 1.0 };
    let draws = Draws::new(device, draws)?;
    let mut token = device.zero_indices(n, v)?;
    let (mut logp, mut cut) = (device.alloc(n)?, device.alloc(n)?);
    sample::draw(logits, &draws, &mut token, logp.view_mut(), cut.view_mut())?;
    Ok([
        Output::view("token", token.view())?,
        Output::of("logp", &logp)?,
        Output::of("logp_cut", &cut)?,
    ])
}

fn draws(v: usize, samplings: Vec<Sampling>) -> Test {
    let rows: Vec<(Sampling, u64, u64)> = samplings
        .iter()
        .zip(keys(samplings.len()))
        .map(|(&sampling, (key, at))| (sampling, key, at))
        .collect();
    let logits = logits(rows.len(), v);
    let inputs = (logits.clone(), rows.clone());
    let run = move |device: &Device| Ok(draw(device, &inputs.0, v, &inputs.1)?.into());
    let expect = move || {
        let rows = logits.chunks(v).zip(&rows);
        let all: Vec<_> =
            rows.map(|(row, &(sampling, key, at))| oracle(row, sampling, key, at)).collect();
        let tokens = all.iter().map(|draw| draw.0 as f64).collect();
        let logp: Vec<f64> = all.iter().map(|draw| draw.1).collect();
        let cut: Vec<f64> = all.iter().map(|draw| draw.2).collect();
        let naive = |x: &[f64]| -> Vec<f64> { x.iter().map(|&x| x + 1e-6).collect() };
        vec![
            Expected::exact("token", tokens),
            Expected::new("logp", Stored::F32, &logp, &naive(&logp)),
            Expected::new("logp_cut", Stored::F32, &cut, &naive(&cut)),
        ]
    };
    Test::new("sample.cu", format!("sample V {v}"), run, expect)
}

/// Rows with an infinity or NaN: log-probabilities that are NaN, token 0.
fn odd() -> Test {
    let mut logits = logits(3, 40);
    (logits[5], logits[79], logits[80]) = (f32::NAN, f32::INFINITY, f32::NEG_INFINITY);
    let sampling = Sampling { temperature: 1.0, top_k: 3, top_p: 0.5, min_p: 0.1 };
    let run = move |device: &Device| {
        let [token, logp, cut] = draw(device, &logits, 40, &[(sampling, 1, 2); 3])?;
        Ok(vec![token, logp.flags("logp is NaN"), cut.flags("logp_cut is NaN")])
    };
    let expect = || {
        let ones = |name| Expected::exact(name, vec![1.0; 3]);
        vec![Expected::exact("token", vec![0.0; 3]), ones("logp is NaN"), ones("logp_cut is NaN")]
    };
    Test::new("sample.cu", "sample odd rows".to_owned(), run, expect).small()
}

/// Chi-square of 2000 draws over 9 tokens against their probabilities, and the engine's own words.
fn frequencies() -> Test {
    let (v, n) = (9, 2000);
    let row: Vec<f32> = random(3, v).iter().map(|x| x * 2.0).collect();
    let sampling = Sampling { temperature: 0.8, top_k: 0, top_p: 1.0, min_p: 0.0 };
    let p: Vec<f64> = row.iter().map(|x| (f64::from(*x) / 0.8).exp()).collect();
    let run = move |device: &Device| {
        let words = block(Key::new(4), 5, 6);
        let same = words == block_of(Key::new(4).seed(), 5, 6);
        let draws: Vec<_> = (0..n).map(|i| (sampling, Key::new(4).seed(), i as u64)).collect();
        let [token, ..] = draw(device, &row.repeat(n), v, &draws)?;
        let mut counts = vec![0.0_f64; v];
        token.values().iter().for_each(|&token| counts[token as usize] += 1.0);
        let all: f64 = p.iter().sum();
        let terms = counts.iter().zip(&p).map(|(count, p)| {
            let expected = p / all * n as f64;
            (count - expected).powi(2) / expected
        });
        // 8 degrees of freedom: above 28 once in 2000 times, and the key is fixed.
        let good = same && terms.sum::<f64>() < 28.0;
        Ok(vec![Output::flag("chi-square is small", good)])
    };
    let expect = || vec![Expected::exact("chi-square is small", vec![1.0])];
    Test::new("sample.cu", "sample frequencies".to_owned(), run, expect)
}
