//! Tests of the matrix products: every layout, ragged extents, all tiles with the same bits; the
//! portable kernels and those for warpgroups.

use half::bf16;
use quaero_kernels::gemm::{self, Layout, Matrix, MatrixMut, Tile};
use quaero_kernels::{Buffer, Device, Error};
use quaero_testkit::kernels::{Naive, Real, Stored, matmul};
use quaero_testkit::random;

use crate::test::{Expected, Output, Test, halves, of};

pub(crate) fn add(tests: &mut Vec<Test>) {
    for layout in [Layout::Nt, Layout::Nn, Layout::Tn] {
        for extents in [(1, 1, 1), (65, 67, 37), (129, 131, 96)] {
            tests.push(product(layout, extents, By::Portable));
        }
        // More stages than a ring has, more than one tile and band.
        for extents in [(1, 1, 1), (65, 67, 37), (129, 131, 96), (131, 258, 330), (2100, 70, 16)] {
            tests.push(product(layout, extents, By::Warpgroups));
        }
    }
    for layout in [Layout::Nn, Layout::Tn] {
        for extents in [(1, 1, 1), (65, 67, 37), (129, 131, 330)] {
            tests.push(product(layout, extents, By::Library));
        }
    }
}

/// Who computes a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Portable,
    Warpgroups,
    /// The vendor's library, for gradients: without a bias.
    Library,
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

    /// Its copy on a device.
    fn on<'a>(&self, data: &'a Buffer<bf16>) -> Matrix<'a, bf16> {
        let &Self { rows, columns, stride, .. } = self;
        Matrix { data: data.view(), rows, columns, stride }
    }

    fn at<R: Real>(&self, row: usize, column: usize) -> R {
        of(&self.data[row * self.stride + column..][..1])[0]
    }
}

/// Every product of a layout, with every tile.
fn outputs(
    device: &Device,
    layout: Layout,
    (a, b): (&Padded, &Padded),
    (bias, old, n): (Option<&[bf16]>, &[f32], usize),
) -> Result<Vec<Output>, Error> {
    let (a_data, b_data) = (device.upload(&a.data)?, device.upload(&b.data)?);
    let bias = bias.map(|bias| device.upload(bias)).transpose()?;
    let (a, b) = (a.on(&a_data), b.on(&b_data));
    let mut got = Vec::new();
    let tiles = [Tile::Narrow, Tile::Wide, Tile::Middle];
    let n_tiles = match (device.uses_library(), device.uses_warpgroups()) {
        (true, _) => 1, // it has its own
        (_, warpgroups) => 2 + usize::from(warpgroups),
    };
    for &tile in &tiles[..n_tiles] {
        let again = tile != Tile::Narrow;
        let mut keep = |name: &str, output: Result<Output, Error>| -> Result<(), Error> {
            got.push(if again { output?.twin_of(name) } else { output? });
            Ok(())
        };
        let label = |name: &str| match tile {
            Tile::Narrow => name.to_owned(),
            Tile::Middle => format!("{name} middle"),
            Tile::Wide => format!("{name} wide"),
        };
        if layout != Layout::Tn {
            let mut c = device.alloc::<bf16>(old.len())?;
            let to = MatrixMut::new(c.view_mut(), n);
            let bias = bias.as_ref().map(|bias| bias.view());
            gemm::into_bf16(layout, a, b, bias, to, Some(tile))?;
            keep("c", Output::of(&label("c"), &c))?;
        }
        if layout != Layout::Nn {
            for accumulate in [false, true] {
                let mut c = device.upload(old)?;
                let to = MatrixMut::new(c.view_mut(), n);
                gemm::into_f32(layout, a, b, accumulate, to, Some(tile))?;
                let name = if accumulate { "sum" } else { "f32" };
                keep(name, Output::of(&label(name), &c))?;
            }
        }
    }
    Ok(got)
}

fn product(layout: Layout, (m, n, k): (usize, usize, usize), by: By) -> Test {
    let a = match layout {
        Layout::Tn => Padded::random(1, k, m),
        Layout::Nt | Layout::Nn => Padded::random(1, m, k),
    };
    let b = match layout {
        Layout::Nt => Padded::random(2, n, k),
        Layout::Nn | Layout::Tn => Padded::random(2, k, n),
    };
    let (bias, old) = ((by != By::Library).then(|| halves(3, n, 1.0)), random(4, m * n));
    let inputs = (a.clone(), b.clone(), bias.clone(), old.clone());
    let run = move |device: &Device| {
        let (a, b, bias, old) = &inputs;
        outputs(device, layout, (a, b), (bias.as_deref(), old, n))
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
            let bias = bias.as_deref();
            let c = added(&want, |i| bias.map_or(0.0, |bias| of::<f64>(bias)[i % n]), true);
            let none = Naive(0.0);
            let c_naive = added(&naive, |i| bias.map_or(none, |bias| of(bias)[i % n]), true);
            wants.push(Expected::new("c", Stored::Bf16, &c, &c_naive));
        }
        if layout != Layout::Nn {
            let sum = added(&want, |i| f64::from(old[i]), false);
            let sum_naive = added(&naive, |i| Naive(old[i]), false);
            wants.push(Expected::new("f32", Stored::F32, &want, &naive));
            wants.push(Expected::new("sum", Stored::F32, &sum, &sum_naive));
        }
        wants
    };
    let (file, family) = match by {
        By::Portable => ("gemm.cu", "gemm"),
        By::Warpgroups => ("gemm_wgmma.cu", "gemm_wgmma"),
        By::Library => ("gemm.cu", "gemm by the library"),
    };
    let test = Test::new(file, format!("{family} {layout:?} M {m} N {n} K {k}"), run, expect);
    let test = match by {
        By::Portable => test,
        By::Warpgroups => test.with_warpgroups(),
        By::Library => test.with_library(),
    };
    if m == 65 && layout == Layout::Nt { test.small() } else { test }
}
