//! Tests of what goes row by row or element by element: RoPE, SwiGLU, embedding, casts.

use half::bf16;
use quaero_kernels::rope::{Angles, KvPages, PAGE_LEN, Slots};
use quaero_kernels::{Device, Error, cast, embedding, mlp, rope};
use quaero_shape::Heads;
use quaero_testkit::kernels::{self as oracle, Naive, Real, Stored};
use quaero_testkit::random;

use crate::test::{Expected, Output, Test, halves, of};

pub(crate) fn add(tests: &mut Vec<Test>) {
    for (rows, n_heads, n_kv_heads, head_dim) in [(1, 1, 1, 32), (7, 4, 2, 64), (3, 3, 1, 128)] {
        tests.push(rotated(rows, Heads::new(n_heads, n_kv_heads, head_dim)));
    }
    for (rows, f) in [(1, 8), (13, 336), (3, 1000)] {
        tests.push(gated(rows, f));
        tests.push(gated_backward(rows, f));
    }
    for (rows, v, c) in [(1, 1, 8), (19, 7, 72), (67, 199, 264)] {
        tests.push(embedded(rows, v, c));
    }
    for n in [1, 8, 2047, 4099] {
        tests.push(casts(n));
    }
}

fn rotated(rows: usize, heads: Heads) -> Test {
    let (d, n_pages, n_positions) = (heads.head_dim, 3, 150);
    let qkv = halves(1, rows * heads.width(), 1.0);
    let angles: Vec<f32> = random(2, n_positions * d / 2).iter().map(|x| x * 3.0).collect();
    let (cos, sin): (Vec<f32>, Vec<f32>) = angles.iter().map(|x| (x.cos(), x.sin())).unzip();
    let positions: Vec<i32> = (0..rows as i32).map(|row| (row * 37 + 5) % 150).collect();
    // The second row is not kept; the others go to scattered places.
    let slot = move |row: usize| (row != 1).then_some((row * 67 + 3) % (n_pages * PAGE_LEN));
    let inputs = (qkv.clone(), cos.clone(), sin.clone(), positions.clone());
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let (qkv, cos, sin, positions) = &inputs;
        let mut qkv = device.upload(qkv)?;
        let angles = Angles::new(device, cos, sin, d / 2)?;
        let positions = device.indices(positions, n_positions)?;
        let slots: Vec<Option<usize>> = (0..rows).map(slot).collect();
        let slots = Slots::new(device, &slots, n_pages)?;
        let mut pages = KvPages::new(device, n_pages, heads)?;
        rope::forward(qkv.view_mut(), &angles, &positions, &slots, &mut pages)?;
        pages.copy_slots(&[0, 3, 63], &[2 * PAGE_LEN, PAGE_LEN + 1, 2 * PAGE_LEN + 62])?;
        let rotated = Output::of("qkv", &qkv)?;
        rope::backward(qkv.view_mut(), heads, &angles, &positions)?;
        let (keys, values) = pages.contents();
        Ok(vec![
            rotated,
            Output::of("back", &qkv)?,
            Output::of("keys", keys)?,
            Output::of("values", values)?,
        ])
    };
    let expect = move || {
        let turned = turn::<f64>(&of(&qkv), heads, &cos, &sin, &positions);
        let naive = turn::<Naive>(&of(&qkv), heads, &cos, &sin, &positions);
        let minus: Vec<f32> = sin.iter().map(|x| -x).collect();
        let stored: Vec<bf16> = naive.iter().map(|x| bf16::from_f32(x.0)).collect();
        let back = turn::<f64>(&of(&stored), heads, &cos, &minus, &positions);
        let back_naive = turn::<Naive>(&of(&stored), heads, &cos, &minus, &positions);
        let (mut keys, mut values) = paged(&of::<f64>(&stored), heads, n_pages, rows, slot);
        for pages in [&mut keys, &mut values] {
            for (from, to) in [(0, 128), (3, 65), (63, 190)] {
                for head in 0..heads.n_kv_heads {
                    let at =
                        |slot: usize| ((slot / 64 * heads.n_kv_heads + head) * 64 + slot % 64) * d;
                    pages.copy_within(at(from)..at(from) + d, at(to));
                }
            }
        }
        let (keys_naive, values_exact) = (keys.clone(), values);
        vec![
            Expected::new("qkv", Stored::Bf16, &turned, &naive),
            Expected::new("back", Stored::Bf16, &back, &back_naive),
            Expected::new("keys", Stored::Bf16, &keys, &keys_naive),
            Expected::exact("values", values_exact),
        ]
    };
    let Heads { n_heads, n_kv_heads, .. } = heads;
    let name = format!("rope_kv R {rows} H {n_heads} K {n_kv_heads} D {d}");
    Test::new("rope_kv_fwd.cu", name, run, expect).small()
}

/// Rotates q and k of every row.
fn turn<R: Real>(qkv: &[R], heads: Heads, cos: &[f32], sin: &[f32], at: &[i32]) -> Vec<R> {
    let (d, half) = (heads.head_dim, heads.head_dim / 2);
    let n_rotated = (heads.n_heads + heads.n_kv_heads) * d;
    let mut out = qkv.to_vec();
    for (row, &position) in out.chunks_mut(heads.width()).zip(at) {
        let angles = position as usize * half..(position as usize + 1) * half;
        let (cos, sin) = (oracle::of(&cos[angles.clone()]), oracle::of(&sin[angles]));
        for head in row[..n_rotated].chunks_mut(d) {
            let turned = oracle::rope(head, &cos, &sin);
            head.copy_from_slice(&turned);
        }
    }
    out
}

/// Keys and values of rotated rows in their pages `[pages, K, 64, D]`.
fn paged(
    qkv: &[f64],
    heads: Heads,
    n_pages: usize,
    rows: usize,
    slot: impl Fn(usize) -> Option<usize>,
) -> (Vec<f64>, Vec<f64>) {
    let Heads { n_heads, n_kv_heads, head_dim: d, .. } = heads;
    let n = n_pages * KvPages::page_elements(heads);
    let (mut keys, mut values) = (vec![0.0; n], vec![0.0; n]);
    for row in 0..rows {
        let Some(slot) = slot(row) else { continue };
        for head in 0..n_kv_heads {
            let to = ((slot / PAGE_LEN * n_kv_heads + head) * PAGE_LEN + slot % PAGE_LEN) * d;
            let from = row * heads.width() + (n_heads + head) * d;
            keys[to..to + d].copy_from_slice(&qkv[from..from + d]);
            values[to..to + d].copy_from_slice(&qkv[from + n_kv_heads * d..][..d]);
        }
    }
    (keys, values)
}

fn gated(rows: usize, f: usize) -> Test {
    let x = halves(1, rows * 2 * f, 6.0);
    let input = x.clone();
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let (x, mut y) = (device.upload(&input)?, device.alloc(rows * f)?);
        mlp::swiglu(x.view(), f, y.view_mut())?;
        Ok(vec![Output::of("y", &y)?])
    };
    let expect = move || {
        let want: Vec<f64> = of(&x).chunks(2 * f).flat_map(oracle::swiglu).collect();
        let naive: Vec<Naive> = of(&x).chunks(2 * f).flat_map(oracle::swiglu).collect();
        vec![Expected::new("y", Stored::Bf16, &want, &naive)]
    };
    Test::new("swiglu_fwd.cu", format!("swiglu_fwd R {rows} F {f}"), run, expect).small()
}

fn gated_backward(rows: usize, f: usize) -> Test {
    let (x, dy) = (halves(1, rows * 2 * f, 6.0), halves(2, rows * f, 1.0));
    let inputs = (x.clone(), dy.clone());
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let (mut x, dy) = (device.upload(&inputs.0)?, device.upload(&inputs.1)?);
        mlp::swiglu_backward(x.view_mut(), f, dy.view())?;
        Ok(vec![Output::of("dgate_up", &x)?])
    };
    fn both<R: Real>(x: &[R], dy: &[R], f: usize) -> Vec<R> {
        let rows = x.chunks(2 * f).zip(dy.chunks(f));
        rows.flat_map(|(x, dy)| oracle::swiglu_bwd(x, dy)).collect()
    }
    let expect = move || {
        let want = both::<f64>(&of(&x), &of(&dy), f);
        let naive = both::<Naive>(&of(&x), &of(&dy), f);
        vec![Expected::new("dgate_up", Stored::Bf16, &want, &naive)]
    };
    Test::new("swiglu_bwd.cu", format!("swiglu_bwd R {rows} F {f}"), run, expect).small()
}

fn embedded(rows: usize, v: usize, c: usize) -> Test {
    let (table, dy) = (halves(1, v * c, 1.0), halves(2, rows * c, 1.0));
    let tokens: Vec<u32> = (0..rows as u32).map(|row| row * row * 7 % v as u32).collect();
    let inputs = (table.clone(), dy.clone(), tokens.clone());
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let (table, dy, tokens) = &inputs;
        let signed: Vec<i32> = tokens.iter().map(|&token| token as i32).collect();
        let (table, dy) = (device.upload(table)?, device.upload(dy)?);
        let mut y = device.alloc(rows * c)?;
        embedding::forward(table.view(), c, &device.indices(&signed, v)?, y.view_mut())?;
        let mut dtable = device.upload(&random(3, v * c))?;
        let sorted = embedding::Rows::new(device, tokens, v)?;
        embedding::backward(dtable.view_mut(), c, &sorted, dy.view())?;
        Ok(vec![Output::of("y", &y)?, Output::of("dtable", &dtable)?])
    };
    fn sums<R: Real>(mut table: Vec<R>, tokens: &[u32], dy: &[R], c: usize) -> Vec<R> {
        for (dy, &token) in dy.chunks(c).zip(tokens) {
            let row = &mut table[token as usize * c..(token as usize + 1) * c];
            row.iter_mut().zip(dy).for_each(|(to, &dy)| *to = *to + dy);
        }
        table
    }
    let expect = move || {
        let row = |&token: &u32| of::<f64>(&table[token as usize * c..(token as usize + 1) * c]);
        let old = random(3, v * c);
        let want = sums::<f64>(oracle::of(&old), &tokens, &of(&dy), c);
        let naive = sums::<Naive>(oracle::of(&old), &tokens, &of(&dy), c);
        vec![
            Expected::exact("y", tokens.iter().flat_map(row).collect()),
            Expected::new("dtable", Stored::F32, &want, &naive),
        ]
    };
    Test::new("embedding_bwd.cu", format!("embedding R {rows} V {v} C {c}"), run, expect).small()
}

fn casts(n: usize) -> Test {
    let x: Vec<f32> = random(1, n).iter().map(|x| x * 1e3).collect();
    let input = x.clone();
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let x = device.upload(&input)?;
        let (mut narrow, mut wide) = (device.alloc(n)?, device.alloc(n)?);
        cast::to_bf16(x.view(), narrow.view_mut())?;
        cast::to_f32(narrow.view(), wide.view_mut())?;
        let mut sum = device.upload(&halves(2, n, 1e3))?;
        cast::add(narrow.view(), sum.view_mut())?;
        Ok(vec![Output::of("bf16", &narrow)?, Output::of("f32", &wide)?, Output::of("sum", &sum)?])
    };
    let expect = move || {
        let narrow: Vec<bf16> = x.iter().map(|&x| bf16::from_f32(x)).collect();
        let pairs = narrow.iter().zip(halves(2, n, 1e3));
        let sum = pairs.map(|(x, y)| f64::from(bf16::from_f32(x.to_f32() + y.to_f32()).to_f32()));
        vec![
            Expected::exact("bf16", of(&narrow)),
            Expected::exact("f32", of(&narrow)),
            Expected::exact("sum", sum.collect()),
        ]
    };
    Test::new("cast.cu", format!("cast n {n}"), run, expect).small()
}
