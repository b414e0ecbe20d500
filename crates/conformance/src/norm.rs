//! Tests of the norms: whole rows, heads inside rows, in place, alone and in a batch.

use quaero_kernels::norm::{self, Forward};
use quaero_kernels::{Device, Error};
use quaero_shape::Groups;
use quaero_testkit::kernels::{Naive, Real, Stored, rms_norm, rms_norm_bwd, rstd};

use crate::test::{Expected, Output, Test, halves, of};

const EPS: f64 = 1e-5;

#[derive(Clone, Copy)]
struct Shape {
    rows: usize,
    c: usize,
    groups: Groups,
}

pub(crate) fn add(tests: &mut Vec<Test>) {
    let whole = |rows, c| Shape { rows, c, groups: Groups::whole(c) };
    let heads = Groups { width: 200, first: 64, count: 3 };
    for shape in [
        whole(1, 8),
        whole(7, 72),
        whole(3, 2048),
        whole(2, 2056),
        whole(1, 4104),
        Shape { rows: 5, c: 32, groups: heads },
    ] {
        tests.push(forward(shape));
    }
    for shape in
        [whole(1, 8), whole(33, 72), whole(2, 2056), Shape { rows: 23, c: 32, groups: heads }]
    {
        tests.push(backward(shape));
    }
    tests.push(added(5, 136));
    tests.push(added(1, 2048));
    tests.push(bias(131, 40, 16, 21));
}

impl Shape {
    fn name(&self, kernel: &str) -> String {
        let Groups { width, first, count } = self.groups;
        format!("{kernel} R {} width {width} first {first} groups {count} of {}", self.rows, self.c)
    }

    /// Begin of every group.
    fn places(self) -> impl Iterator<Item = usize> {
        let Groups { width, first, count } = self.groups;
        (0..self.rows * count).map(move |g| g / count * width + first + g % count * self.c)
    }

    fn len(self) -> usize {
        self.rows * self.groups.width
    }

    fn n_groups(self) -> usize {
        self.rows * self.groups.count
    }
}

fn forward(shape: Shape) -> Test {
    let (x, w) = (halves(1, shape.len(), 1.0), halves(2, shape.c, 1.0));
    let inputs = (x.clone(), w.clone());
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let (x, w) = (device.upload(&inputs.0)?, device.upload(&inputs.1)?);
        let (mut y, mut y_again) = (device.upload(&inputs.0)?, device.upload(&inputs.0)?);
        let mut rstd = device.alloc(shape.n_groups())?;
        let (eps, groups) = (EPS as f32, shape.groups);
        norm::forward(x.view(), w.view(), eps, groups, y.view_mut(), rstd.view_mut())?;
        norm::forward_in_place(y_again.view_mut(), w.view(), eps, groups, rstd.view_mut())?;
        // The last row alone: its bits must not depend on the others.
        let last = shape.len() - groups.width..shape.len();
        let mut alone = device.upload(&inputs.0[last.clone()])?;
        let mut rstd_alone = device.alloc(groups.count)?;
        norm::forward_in_place(alone.view_mut(), w.view(), eps, groups, rstd_alone.view_mut())?;
        Ok(vec![
            Output::of("y", &y)?,
            Output::of("y in place", &y_again)?.twin_of("y"),
            Output::view("the last row", y.slice(last))?,
            Output::of("the last row alone", &alone)?.twin_of("the last row"),
            Output::of("rstd", &rstd)?,
        ])
    };
    fn oracle<R: Real>(shape: Shape, x: &[R], w: &[R]) -> (Vec<R>, Vec<R>) {
        let (mut y, mut r) = (x.to_vec(), Vec::new());
        for at in shape.places() {
            y[at..at + shape.c].copy_from_slice(&rms_norm(&x[at..at + shape.c], w, EPS));
            r.push(rstd(&x[at..at + shape.c], EPS));
        }
        (y, r)
    }
    let expect = move || {
        let (y, r) = oracle::<f64>(shape, &of(&x), &of(&w));
        let (y_naive, r_naive) = oracle::<Naive>(shape, &of(&x), &of(&w));
        vec![
            Expected::new("y", Stored::Bf16, &y, &y_naive),
            Expected::new("rstd", Stored::F32, &r, &r_naive),
        ]
    };
    let test = Test::new("rms_norm_fwd.cu", shape.name("rms_norm_fwd"), run, expect);
    if shape.rows == 7 { test.small() } else { test }
}

fn backward(shape: Shape) -> Test {
    let n = shape.len();
    let data = [halves(1, n, 1.0), halves(2, shape.c, 1.0), halves(3, n, 1.0), halves(4, n, 1.0)];
    let inputs = data.clone();
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let [x, w, dy, dx] = &inputs;
        let (x, w, dy) = (device.upload(x)?, device.upload(w)?, device.upload(dy)?);
        let (mut y, mut rstd) = (device.alloc(n)?, device.alloc(shape.n_groups())?);
        let groups = shape.groups;
        norm::forward(x.view(), w.view(), EPS as f32, groups, y.view_mut(), rstd.view_mut())?;
        let mut scratch = device.alloc(norm::scratch_len(shape.n_groups(), shape.c))?;
        let forward = Forward { x: x.view(), w: w.view(), rstd: rstd.view(), groups };
        let mut outputs = Vec::new();
        for accumulate in [false, true] {
            let (mut out, mut dw) = (device.upload(dx)?, device.zeros(shape.c)?);
            let (to, scratch) = (out.view_mut(), scratch.view_mut());
            norm::backward(forward, dy.view(), to, accumulate, dw.view_mut(), scratch)?;
            let names = if accumulate { ["dx sum", "dw sum"] } else { ["dx", "dw"] };
            outputs.push(Output::of(names[0], &out)?);
            outputs.push(Output::of(names[1], &dw)?);
        }
        let (mut d, mut dw) = (device.upload(&inputs[2])?, device.zeros(shape.c)?);
        norm::backward_in_place(forward, d.view_mut(), dw.view_mut(), scratch.view_mut())?;
        outputs.push(Output::of("dw in place", &dw)?.twin_of("dw"));
        outputs.push(Output::of("d", &d)?);
        Ok(outputs)
    };
    fn oracle<R: Real>(shape: Shape, data: [Vec<R>; 4]) -> ([Vec<R>; 3], Vec<R>) {
        let [x, w, dy, old] = data;
        let (mut dx, mut sum, mut d) = (old.clone(), old, dy.clone());
        let mut dw = vec![R::of(0.0); shape.c];
        for at in shape.places() {
            let group = at..at + shape.c;
            let grad = rms_norm_bwd(&x[group.clone()], &w, EPS, &dy[group.clone()], &mut dw);
            for (i, grad) in group.zip(grad) {
                dx[i] = grad.stored();
                d[i] = dx[i];
                sum[i] = (sum[i] + grad).stored();
            }
        }
        ([dx, sum, d], dw)
    }
    let expect = move || {
        let ([dx, sum, d], dw) = oracle::<f64>(shape, data.each_ref().map(|x| of(x)));
        let ([dx_n, sum_n, d_n], dw_n) = oracle::<Naive>(shape, data.each_ref().map(|x| of(x)));
        vec![
            Expected::new("dx", Stored::Bf16, &dx, &dx_n),
            Expected::new("dx sum", Stored::Bf16, &sum, &sum_n),
            Expected::new("d", Stored::Bf16, &d, &d_n),
            Expected::new("dw", Stored::F32, &dw, &dw_n),
            Expected::new("dw sum", Stored::F32, &dw, &dw_n),
        ]
    };
    let test = Test::new("rms_norm_bwd.cu", shape.name("rms_norm_bwd"), run, expect);
    if shape.rows == 33 { test.small() } else { test }
}

fn added(rows: usize, c: usize) -> Test {
    let (x, r, w) = (halves(1, rows * c, 1.0), halves(2, rows * c, 1.0), halves(3, c, 1.0));
    let inputs = (x.clone(), r.clone(), w.clone());
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let (mut x, r) = (device.upload(&inputs.0)?, device.upload(&inputs.1)?);
        let w = device.upload(&inputs.2)?;
        let (mut y, mut rstd) = (device.alloc(rows * c)?, device.alloc(rows)?);
        let to = (y.view_mut(), rstd.view_mut());
        norm::add_forward(x.view_mut(), r.view(), w.view(), EPS as f32, to.0, to.1)?;
        let (mut y_again, mut rstd_again) = (device.alloc(rows * c)?, device.alloc(rows)?);
        let (groups, to) = (Groups::whole(c), (y_again.view_mut(), rstd_again.view_mut()));
        norm::forward(x.view(), w.view(), EPS as f32, groups, to.0, to.1)?;
        Ok(vec![
            Output::of("h", &x)?,
            Output::of("y", &y)?,
            Output::of("rstd", &rstd)?,
            Output::of("y in two steps", &y_again)?.twin_of("y"),
            Output::of("rstd in two steps", &rstd_again)?.twin_of("rstd"),
        ])
    };
    let expect = move || {
        let h: Vec<half::bf16> = x.iter().zip(&r).map(|(&x, &r)| x + r).collect();
        let y = |h: &[f64]| -> Vec<f64> {
            h.chunks(c).flat_map(|h| rms_norm(h, &of::<f64>(&w), EPS)).collect()
        };
        let naive: Vec<Naive> =
            of::<Naive>(&h).chunks(c).flat_map(|h| rms_norm(h, &of(&w), EPS)).collect();
        vec![Expected::exact("h", of(&h)), Expected::new("y", Stored::Bf16, &y(&of(&h)), &naive)]
    };
    Test::new("add_rms_norm_fwd.cu", format!("add_rms_norm_fwd R {rows} C {c}"), run, expect)
        .small()
}

fn bias(rows: usize, width: usize, first: usize, c: usize) -> Test {
    let dx = halves(1, rows * width, 1.0);
    let input = dx.clone();
    let run = move |device: &Device| -> Result<Vec<Output>, Error> {
        let dx = device.upload(&input)?;
        let mut dbias = device.upload(&vec![0.5_f32; c])?;
        let mut scratch = device.alloc(norm::bias_scratch_len(rows, c))?;
        let place = (width, first);
        norm::bias_backward(dx.view(), place, dbias.view_mut(), scratch.view_mut())?;
        Ok(vec![Output::of("dbias", &dbias)?])
    };
    fn oracle<R: Real>(dx: &[R], (width, first, c): (usize, usize, usize)) -> Vec<R> {
        let column = |i: usize| dx.chunks(width).fold(R::of(0.5), |sum, row| sum + row[first + i]);
        (0..c).map(column).collect()
    }
    let expect = move || {
        let place = (width, first, c);
        let (want, naive) = (oracle::<f64>(&of(&dx), place), oracle::<Naive>(&of(&dx), place));
        vec![Expected::new("dbias", Stored::F32, &want, &naive)]
    };
    Test::new("column_sum.cu", format!("column_sum R {rows} C {c} of {width}"), run, expect).small()
}
