//! Trials of the matrix products: every layout, ragged extents, all tiles with the same bits; the
//! portable kernels and those for warpgroups.

use half::bf16;
use quaero_kernels::gemm::{self, Layout, Matrix, MatrixMut, Tile};
use quaero_kernels::{Device, Error};
use quaero_testkit::kernels::{Naive, Real, Stored, matmul};
use quaero_testkit::random;

use crate::trial::{Got, Trial, Want, halves, of};

pub(crate) fn add(trials: &mut Vec<Trial>) {
    for layout in [Layout::Nt, Layout::Nn, Layout::Tn] {
        for extents in [(1, 1, 1), (65, 67, 37), (129, 131, 96)] {
            trials.push(product(layout, extents, false));
        }
        // More stages than a ring has, more than one tile and band.
        for extents in [(1, 1, 1), (65, 67, 37), (129, 131, 96), (131, 258, 330), (2100, 70, 16)] {
            trials.push(product(layout, extents, true));
        }
    }
    for layout in [Layout::Nn, Layout::Tn] {
        for extents in [(1, 1, 1), (65, 67, 37), (129, 131, 330)] {
            trials.push(by_library(layout, extents));
        }
    }
}

/// A matrix with rows padded to a multiple of 8 elements.
#[derive(Clone)]
struct Padded {
    data: Vec<bf16>,
    rows: usize,
    columns: usize,
    stride: usize,
}

impl Padded {
    fn random(seed: u64, rows: usize, columns: usize) -> Self {
        let stride = columns.next_multiple_of(8);
        let mut data = halves(seed, rows * stride, 1.0);
        // What lies between the rows must not be read.
        for row in data.chunks_mut(stride) {
            row[columns..].fill(bf16::NAN);
        }
        Self { data, rows, columns, stride }
    }

    fn at<R: Real>(&self, row: usize, column: usize) -> R {
        of(&self.data[row * self.stride + column..][..1])[0]
    }
}

/// A gradient's product by the vendor's library: without a bias, over what is there or added to it.
fn by_library(layout: Layout, (m, n, k): (usize, usize, usize)) -> Trial {
    let (a_rows, a_columns) = if layout == Layout::Tn { (k, m) } else { (m, k) };
    let (a, b) = (Padded::random(1, a_rows, a_columns), Padded::random(2, k, n));
    let old = random(4, m * n);
    let inputs = (a.clone(), b.clone(), old.clone());
    let run = move |device: &Device| {
        let (a, b, old) = &inputs;
        let (a_data, b_data) = (device.upload(&a.data)?, device.upload(&b.data)?);
        let of = |x: &Padded| (x.rows, x.columns, x.stride);
        let (rows, columns, stride) = of(a);
        let a = Matrix { data: a_data.view(), rows, columns, stride };
        let (rows, columns, stride) = of(b);
        let b = Matrix { data: b_data.view(), rows, columns, stride };
        if layout == Layout::Nn {
            let mut c = device.alloc::<bf16>(m * n)?;
            gemm::into_bf16(layout, a, b, None, MatrixMut::new(c.view_mut(), n), None)?;
            return Ok(vec![Got::of("c", &c)?]);
        }
        let output = |accumulate, name: &str| {
            let mut c = device.upload(old)?;
            gemm::into_f32(layout, a, b, accumulate, MatrixMut::new(c.view_mut(), n), None)?;
            Got::of(name, &c)
        };
        Ok(vec![output(false, "f32")?, output(true, "sum")?])
    };
    fn oracle<R: Real>(
        layout: Layout,
        extents: (usize, usize, usize),
        (a, b): (&Padded, &Padded),
    ) -> Vec<R> {
        let a = |i, j| if layout == Layout::Tn { a.at(j, i) } else { a.at(i, j) };
        matmul(extents, a, |i, j| b.at(i, j))
    }
    let expect = move || {
        let want = oracle::<f64>(layout, (m, n, k), (&a, &b));
        let naive = oracle::<Naive>(layout, (m, n, k), (&a, &b));
        if layout == Layout::Nn {
            let stored = |x: Vec<f64>| x.into_iter().map(Real::stored).collect::<Vec<f64>>();
            let naive: Vec<Naive> = naive.into_iter().map(Real::stored).collect();
            return vec![Want::new("c", Stored::Bf16, &stored(want), &naive)];
        }
        let sum: Vec<f64> = want.iter().zip(&old).map(|(x, &y)| x + f64::from(y)).collect();
        let sum_naive: Vec<Naive> = naive.iter().zip(&old).map(|(&x, &y)| x + Naive(y)).collect();
        vec![
            Want::new("f32", Stored::F32, &want, &naive),
            Want::new("sum", Stored::F32, &sum, &sum_naive),
        ]
    };
    let name = format!("gemm by the library {layout:?} M {m} N {n} K {k}");
    Trial::new("gemm.cu", name, run, expect).with_library()
}

/// Every product of a layout, with every tile.
fn outputs(
    device: &Device,
    layout: Layout,
    (a, b): (&Padded, &Padded),
    (bias, old): (&[bf16], &[f32]),
) -> Result<Vec<Got>, Error> {
    let (m, n) = (old.len() / bias.len(), bias.len());
    let (a_data, b_data, bias) =
        (device.upload(&a.data)?, device.upload(&b.data)?, device.upload(bias)?);
    let of = |x: &Padded| (x.rows, x.columns, x.stride);
    let (rows, columns, stride) = of(a);
    let a = Matrix { data: a_data.view(), rows, columns, stride };
    let (rows, columns, stride) = of(b);
    let b = Matrix { data: b_data.view(), rows, columns, stride };
    let mut got = Vec::new();
    let tiles = [Tile::Narrow, Tile::Wide, Tile::Middle];
    let n_tiles = if device.uses_warpgroups() { 3 } else { 2 };
    for &tile in &tiles[..n_tiles] {
        let again = tile != Tile::Narrow;
        let mut keep = |name: &str, output: Result<Got, Error>| -> Result<(), Error> {
            got.push(if again { output?.twin_of(name) } else { output? });
            Ok(())
        };
        let label = |name: &str| match tile {
            Tile::Narrow => name.to_owned(),
            Tile::Middle => format!("{name} middle"),
            Tile::Wide => format!("{name} wide"),
        };
        if layout != Layout::Tn {
            let mut c = device.alloc::<bf16>(m * n)?;
            let to = MatrixMut::new(c.view_mut(), n);
            gemm::into_bf16(layout, a, b, Some(bias.view()), to, Some(tile))?;
            keep("c", Got::of(&label("c"), &c))?;
        }
        if layout != Layout::Nn {
            for accumulate in [false, true] {
                let mut c = device.upload(old)?;
                let to = MatrixMut::new(c.view_mut(), n);
                gemm::into_f32(layout, a, b, accumulate, to, Some(tile))?;
                let name = if accumulate { "sum" } else { "f32" };
                keep(name, Got::of(&label(name), &c))?;
            }
        }
    }
    Ok(got)
}

fn product(layout: Layout, (m, n, k): (usize, usize, usize), warpgroups: bool) -> Trial {
    let a = match layout {
        Layout::Tn => Padded::random(1, k, m),
        Layout::Nt | Layout::Nn => Padded::random(1, m, k),
    };
    let b = match layout {
        Layout::Nt => Padded::random(2, n, k),
        Layout::Nn | Layout::Tn => Padded::random(2, k, n),
    };
    let (bias, old) = (halves(3, n, 1.0), random(4, m * n));
    let inputs = (a.clone(), b.clone(), bias.clone(), old.clone());
    let run = move |device: &Device| {
        let (a, b, bias, old) = &inputs;
        outputs(device, layout, (a, b), (bias, old))
    };
    fn oracle<R: Real>(
        layout: Layout,
        extents: (usize, usize, usize),
        ab: (&Padded, &Padded),
    ) -> Vec<R> {
        let (a, b) = ab;
        let a = |i, j| if layout == Layout::Tn { a.at(j, i) } else { a.at(i, j) };
        let b = |i, j| if layout == Layout::Nt { b.at(j, i) } else { b.at(i, j) };
        matmul(extents, a, b)
    }
    fn added<R: Real>(x: &[R], y: impl Fn(usize) -> R, stored: bool) -> Vec<R> {
        let sum = x.iter().enumerate().map(|(i, &x)| x + y(i));
        sum.map(|x| if stored { x.stored() } else { x }).collect()
    }
    let expect = move || {
        let want = oracle::<f64>(layout, (m, n, k), (&a, &b));
        let naive = oracle::<Naive>(layout, (m, n, k), (&a, &b));
        let mut wants = Vec::new();
        if layout != Layout::Tn {
            let c = added(&want, |i| of::<f64>(&bias)[i % n], true);
            let c_naive = added(&naive, |i| of::<Naive>(&bias)[i % n], true);
            wants.push(Want::new("c", Stored::Bf16, &c, &c_naive));
        }
        if layout != Layout::Nn {
            let sum = added(&want, |i| f64::from(old[i]), false);
            let sum_naive = added(&naive, |i| Naive(old[i]), false);
            wants.push(Want::new("f32", Stored::F32, &want, &naive));
            wants.push(Want::new("sum", Stored::F32, &sum, &sum_naive));
        }
        wants
    };
    let (file, family) =
        if warpgroups { ("gemm_wgmma.cu", "gemm_wgmma") } else { ("gemm.cu", "gemm") };
    let trial = Trial::new(file, format!("{family} {layout:?} M {m} N {n} K {k}"), run, expect);
    let trial = if warpgroups { trial.with_warpgroups() } else { trial };
    if m == 65 && layout == Layout::Nt { trial.small() } else { trial }
}
