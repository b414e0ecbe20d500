//! Linear layers: y = x Wᵀ + b, W stored `[out, in]` as Hugging Face does.
//!
//! Several weights that read the same input (q, k and v; gate and up) are one product: their
//! outputs lie side by side in y.

use std::sync::Arc;

use half::bf16;
use quaero_cpu::gemm::{Lhs, Panels, gemm, rows};
use quaero_cpu::mlp;
use quaero_kernels::gemm::{self as kernel, Layout, Matrix, MatrixMut};
use quaero_kernels::{Buffer, cast, norm};

use crate::activation::{Store, device_mismatch};
use crate::tensor::{OnDevice, Values};
use crate::{Activation, Error, Tensor};

/// Weights and biases in the form of the forward product.
#[derive(Clone, Debug)]
pub struct Packed(Form);

#[derive(Clone, Debug)]
enum Form {
    /// Panels, and the biases end to end.
    Host(Panels, Vec<f32>),
    /// [Σ out_i, in] and [Σ out_i].
    Device { weight: Arc<Buffer<bf16>>, bias: Option<Arc<Buffer<bf16>>>, n_in: usize },
}

impl Packed {
    /// Packs `weights` [out_i, in] and their `biases` [out_i], as many as the weights or none.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If the weights differ in `in`, or the tensors lie on two devices.
    pub fn new(weights: &[&Tensor], biases: &[&Tensor]) -> Result<Self, Error> {
        let n_in = weights[0].row_len();
        assert!(
            weights.iter().all(|weight| weight.row_len() == n_in),
            "linear: stacked weights must read the same input"
        );
        if weights[0].device().is_cpu() {
            let mut panels = Panels::new();
            panels.pack_transposed(&parts(weights), n_in);
            return Ok(Self(Form::Host(panels, parts(biases).concat())));
        }
        let bias = if biases.is_empty() { None } else { Some(stacked(biases)?) };
        Ok(Self(Form::Device { weight: stacked(weights)?, bias, n_in }))
    }

    /// Σ out_i, the width of y.
    #[must_use]
    pub fn n_out(&self) -> usize {
        match &self.0 {
            Form::Host(panels, _) => panels.n(),
            Form::Device { weight, n_in, .. } => weight.len() / n_in,
        }
    }

    /// The weights on the device [Σ out_i, in].
    pub(crate) fn matrix(&self) -> Option<Matrix<'_, bf16>> {
        match &self.0 {
            Form::Host(..) => None,
            Form::Device { weight, n_in, .. } => Some(Matrix::new(weight.view(), *n_in)),
        }
    }

    pub(crate) fn panels(&self) -> Option<&Panels> {
        match &self.0 {
            Form::Host(panels, _) => Some(panels),
            Form::Device { .. } => None,
        }
    }
}

fn parts<'a>(tensors: &[&'a Tensor]) -> Vec<&'a [f32]> {
    tensors.iter().map(|tensor| tensor.data()).collect()
}

fn on_device(tensor: &Tensor) -> &OnDevice {
    match &tensor.values {
        Values::Device(values) => values,
        Values::Host(_) => device_mismatch("linear"),
    }
}

/// The tensors in bf16 end to end; one alone is shared.
fn stacked(tensors: &[&Tensor]) -> Result<Arc<Buffer<bf16>>, Error> {
    if let [tensor] = tensors {
        return on_device(tensor).rounded();
    }
    let device = tensors[0].device();
    let Some(device) = &device.0 else { device_mismatch("linear") };
    let len = tensors.iter().map(|tensor| tensor.shape().n_elements()).sum();
    let mut all = device.alloc(len)?;
    let mut first = 0;
    for tensor in tensors {
        let (part, end) = (on_device(tensor), first + tensor.shape().n_elements());
        let mut to = all.slice_mut(first..end);
        if part.is_exact() {
            cast::to_bf16(part.exact().view(), to)?;
        } else {
            to.copy_from(part.rounded()?.view())?;
        }
        first = end;
    }
    Ok(Arc::new(all))
}

/// y = x Wᵀ + b.
///
/// # Shapes
/// x [R, in], y [R, Σ out_i].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit.
pub fn forward(x: &Activation, weights: &Packed, y: &mut Activation) -> Result<(), Error> {
    match (&x.0, &weights.0, &mut y.0) {
        (Store::Host(x), Form::Host(panels, bias), Store::Host(y)) => {
            let (n_in, n_out) = (panels.k(), panels.n());
            assert_eq!(x.len() / n_in, y.len() / n_out, "linear: rows of x and y");
            gemm(Lhs::Rows { data: x, stride: n_in }, panels, rows(y, n_out), false);
            if !bias.is_empty() {
                mlp::add_bias(y, n_out, 0, bias);
            }
            Ok(())
        }
        (Store::Device(x), Form::Device { weight, bias, n_in }, Store::Device(y)) => {
            let n_out = weight.len() / n_in;
            let (x, w) = (Matrix::new(x.view(), *n_in), Matrix::new(weight.view(), *n_in));
            let y = MatrixMut::new(y.view_mut(), n_out);
            let bias = bias.as_ref().map(|bias| bias.view());
            kernel::into_bf16(Layout::Nt, x, w, bias, y, None)
        }
        _ => device_mismatch("linear"),
    }
}

/// dx = dy W.
///
/// # Shapes
/// dy [R, Σ out_i], weights [out_i, in] as they were packed, dx [R, in].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward_input(
    dy: &Activation,
    (weights, packed): (&[&Tensor], &Packed),
    scratch: &mut Scratch,
    dx: &mut Activation,
) -> Result<(), Error> {
    match (&dy.0, packed.matrix(), &mut dx.0) {
        (Store::Host(dy), None, Store::Host(dx)) => {
            backward_input_host(dy, weights, scratch, dx);
            Ok(())
        }
        (Store::Device(dy), Some(w), Store::Device(dx)) => {
            let (dy, dx) = (Matrix::new(dy.view(), w.rows), dx.view_mut());
            kernel::into_bf16(Layout::Nn, dy, w, None, MatrixMut::new(dx, w.columns), None)
        }
        _ => device_mismatch("linear"),
    }
}

pub(crate) fn backward_input_host(
    dy: &[f32],
    weights: &[&Tensor],
    scratch: &mut Scratch,
    dx: &mut [f32],
) {
    let n_in = weights[0].row_len();
    scratch.pack_rows(&parts(weights), n_in);
    let n_out = scratch.k();
    assert_eq!(dy.len() / n_out, dx.len() / n_in, "linear: rows of dy and dx");
    gemm(Lhs::Rows { data: dy, stride: n_out }, scratch, rows(dx, n_in), false);
}

/// dW += dyᵀ x.
///
/// # Shapes
/// x [R, in], dy [R, Σ out_i], dweights [out_i, in].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward_weights(
    x: &Activation,
    dy: &Activation,
    scratch: &mut Scratch,
    dweights: &mut [&mut Tensor],
) -> Result<(), Error> {
    match (&x.0, &dy.0) {
        (Store::Host(x), Store::Host(dy)) => {
            backward_weights_host(x, dy, scratch, dweights);
            Ok(())
        }
        (Store::Device(x), Store::Device(dy)) => {
            let n_in = dweights[0].row_len();
            let x = Matrix::new(x.view(), n_in);
            let width = dy.len() / x.rows.max(1);
            let mut first = 0;
            for dweight in dweights {
                let Values::Device(to) = &mut dweight.values else { device_mismatch("linear") };
                let n_out = to.exact().len() / n_in;
                // A column range of dy: its view starts at the first column.
                let data = dy.view().slice(first..dy.len());
                let dy = Matrix { data, rows: x.rows, columns: n_out, stride: width };
                let to = MatrixMut::new(to.exact_mut().view_mut(), n_in);
                kernel::into_f32(Layout::Tn, dy, x, true, to, None)?;
                first += n_out;
            }
            Ok(())
        }
        _ => device_mismatch("linear"),
    }
}

pub(crate) fn backward_weights_host(
    x: &[f32],
    dy: &[f32],
    scratch: &mut Scratch,
    dweights: &mut [&mut Tensor],
) {
    let n_in = dweights[0].row_len();
    scratch.pack_rows(&[x], n_in);
    let c: Vec<&mut [f32]> =
        dweights.iter_mut().flat_map(|weight| weight.data_mut().chunks_exact_mut(n_in)).collect();
    assert_eq!(x.len() / n_in, dy.len() / c.len(), "linear: rows of x and dy");
    gemm(Lhs::Columns { data: dy, stride: c.len() }, scratch, c, true);
}

/// db_i += Σ over rows of dy's columns; dy [R, n_out].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward_biases(
    dy: &Activation,
    n_out: usize,
    dbiases: &mut [&mut Tensor],
) -> Result<(), Error> {
    let mut first = 0;
    for bias in dbiases {
        let len = bias.shape().n_elements();
        match (&dy.0, &mut bias.values) {
            (Store::Host(dy), Values::Host(bias)) => mlp::bias_backward(dy, n_out, first, bias),
            (Store::Device(dy), Values::Device(to)) => {
                let n_scratch = norm::bias_scratch_len(dy.len() / n_out, len);
                let mut scratch = dy.device().alloc(n_scratch)?;
                let (to, scratch) = (to.exact_mut().view_mut(), scratch.view_mut());
                norm::bias_backward(dy.view(), (n_out, first), to, scratch)?;
            }
            _ => device_mismatch("linear"),
        }
        first += len;
    }
    Ok(())
}

/// Memory for packed operands of the backward products on the CPU.
pub type Scratch = Panels;

#[cfg(test)]
mod tests {
    use quaero_testkit::{check_close, dot, numeric_gradient, random, wide};

    use super::*;

    const ROWS: usize = 9;
    const IN: usize = 6;

    /// x Wᵀ + b for W [5 + 2, 6], b [7], as one product in f64.
    fn oracle(x: &[f64], w: &[f64], b: &[f64]) -> Vec<f64> {
        let row = |x: &[f64]| -> Vec<f64> {
            w.chunks_exact(IN).zip(b).map(|(w, b)| dot(x, w) + b).collect()
        };
        x.chunks_exact(IN).flat_map(row).collect()
    }

    fn tensor<const N: usize>(shape: [usize; N], data: &[f32]) -> Tensor {
        Tensor::new(shape, data.to_vec()).unwrap()
    }

    fn read(x: &Activation) -> &[f32] {
        let Store::Host(x) = &x.0 else { panic!("it lies on the CPU") };
        x
    }

    #[test]
    fn stacked_weights_agree_with_f64_forward_and_backward() {
        let (x, dy) = (random(1, ROWS * IN), random(2, ROWS * 7));
        let (w, b) = (random(3, 7 * IN), random(4, 7));
        let (dw, db) = (random(5, 7 * IN), random(6, 7));
        let weights = |w: &[f32]| [tensor([5, IN], &w[..5 * IN]), tensor([2, IN], &w[5 * IN..])];
        let biases = |b: &[f32]| [tensor([5], &b[..5]), tensor([2], &b[5..])];
        let ([w0, w1], [b0, b1]) = (weights(&w), biases(&b));
        let (xs, ws, bs, dys) = (wide(&x), wide(&w), wide(&b), wide(&dy));

        let host = |values: &[f32]| Activation::host(values.to_vec());
        let packed = Packed::new(&[&w0, &w1], &[&b0, &b1]).unwrap();
        let mut y = host(&[f32::NAN; ROWS * 7]);
        forward(&host(&x), &packed, &mut y).unwrap();
        check_close("y", read(&y), &oracle(&xs, &ws, &bs), 1e-6);

        let mut scratch = Scratch::new();
        let mut dx = host(&[f32::NAN; ROWS * IN]);
        backward_input(&host(&dy), (&[&w0, &w1], &packed), &mut scratch, &mut dx).unwrap();
        let want = numeric_gradient(&xs, |x| dot(&oracle(x, &ws, &bs), &dys));
        check_close("dx", read(&dx), &want, 1e-6);

        // Weights and biases add to what is there.
        let [mut dw0, mut dw1] = weights(&dw);
        let to = &mut [&mut dw0, &mut dw1];
        backward_weights(&host(&x), &host(&dy), &mut scratch, to).unwrap();
        let loss = |w: &[f64]| dot(&oracle(&xs, w, &bs), &dys) + dot(w, &wide(&dw));
        let got = [dw0.data(), dw1.data()].concat();
        check_close("dw", &got, &numeric_gradient(&ws, loss), 1e-6);

        let [mut db0, mut db1] = biases(&db);
        backward_biases(&host(&dy), 7, &mut [&mut db0, &mut db1]).unwrap();
        let loss = |b: &[f64]| dot(&oracle(&xs, &ws, b), &dys) + dot(b, &wide(&db));
        let got = [db0.data(), db1.data()].concat();
        check_close("db", &got, &numeric_gradient(&bs, loss), 1e-6);
    }
}
