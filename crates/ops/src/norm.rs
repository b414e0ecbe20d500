//! RMSNorm: y = x · rstd · w, rstd = 1 / √(mean(x²) + eps), over groups of channels in rows.

use quaero_cpu::norm as cpu;
use quaero_kernels::norm as kernel;

use crate::activation::{Store, device_mismatch};
use crate::tensor::{OnDevice, Values};
use crate::{Activation, Error, Floats, Place, Tensor};

pub use quaero_cpu::norm::Groups;

/// How a norm is taken: of which groups, by which scale.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// The scale [C].
    pub weight: &'a Tensor,
    /// Added to the mean of squares.
    pub eps: f32,
    /// Where the groups lie in a row.
    pub groups: Groups,
}

/// A device keeps the reciprocal norms for the backward pass; the CPU computes them again.
#[derive(Debug)]
pub struct Kept(Floats);

/// Bytes of what the backward pass of `n_groups` groups of `c` channels needs beside its operands.
#[must_use]
pub fn scratch_bytes(place: Place, n_groups: usize, c: usize) -> usize {
    match place {
        Place::Cpu => 0,
        Place::Device => 4 * (kernel::scratch_len(n_groups, c) + n_groups),
    }
}

fn groups(of: Groups) -> kernel::Groups {
    let Groups { width, first, count } = of;
    kernel::Groups { width, first, count }
}

impl Norm<'_> {
    fn on_device(&self) -> &OnDevice {
        match &self.weight.values {
            Values::Device(values) => values,
            Values::Host(_) => device_mismatch("norm"),
        }
    }

    fn n_groups(&self, len: usize) -> usize {
        len / self.groups.width * self.groups.count
    }

    /// y = RMSNorm(x) in the groups of each row; other channels of `y` are left alone.
    ///
    /// # Shapes
    /// x, y [R, width].
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn forward(&self, x: &Activation, y: &mut Activation) -> Result<Kept, Error> {
        match (&x.0, &mut y.0) {
            (Store::Host(x), Store::Host(y)) => {
                cpu::forward(x, self.weight.data(), self.eps, self.groups, y);
                Ok(Kept(Floats(Store::Host(Vec::new()))))
            }
            (Store::Device(x), Store::Device(y)) => {
                let weight = self.on_device().rounded()?;
                let mut rstd = x.device().alloc(self.n_groups(x.len()))?;
                let to = (y.view_mut(), rstd.view_mut());
                let groups = groups(self.groups);
                kernel::forward(x.view(), weight.view(), self.eps, groups, to.0, to.1)?;
                Ok(Kept(Floats(Store::Device(rstd))))
            }
            _ => device_mismatch("norm"),
        }
    }

    /// x ← x + r, y = RMSNorm(x), for rows of one group.
    ///
    /// # Shapes
    /// x, r, y [R, C].
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn add_forward(
        &self,
        x: &mut Activation,
        r: &Activation,
        y: &mut Activation,
    ) -> Result<Kept, Error> {
        match (&mut x.0, &r.0, &mut y.0) {
            (Store::Host(x), Store::Host(r), Store::Host(y)) => {
                quaero_cpu::mlp::add(x, r);
                cpu::forward(x, self.weight.data(), self.eps, self.groups, y);
                Ok(Kept(Floats(Store::Host(Vec::new()))))
            }
            (Store::Device(x), Store::Device(r), Store::Device(y)) => {
                let weight = self.on_device().rounded()?;
                let mut rstd = r.device().alloc(self.n_groups(r.len()))?;
                let (x, to) = (x.view_mut(), (y.view_mut(), rstd.view_mut()));
                kernel::add_forward(x, r.view(), weight.view(), self.eps, to.0, to.1)?;
                Ok(Kept(Floats(Store::Device(rstd))))
            }
            _ => device_mismatch("norm"),
        }
    }

    /// dx (+)= the gradient by x, dw += that by the scale.
    ///
    /// # Shapes
    /// x, dy, dx [R, width]; dw [C].
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn backward(
        &self,
        (x, kept): (&Activation, &Kept),
        dy: &Activation,
        (dx, accumulate): (&mut Activation, bool),
        dw: &mut Tensor,
    ) -> Result<(), Error> {
        match (&x.0, &dy.0, &mut dx.0) {
            (Store::Host(x), Store::Host(dy), Store::Host(dx)) => {
                let op = (&x[..], self.weight.data(), self.eps);
                cpu::backward(op, self.groups, dy, dx, accumulate, dw.data_mut());
                Ok(())
            }
            (Store::Device(x), Store::Device(dy), Store::Device(dx)) => {
                let (weight, Store::Device(rstd)) = (self.on_device().rounded()?, &kept.0.0) else {
                    device_mismatch("norm")
                };
                let groups = groups(self.groups);
                let op =
                    kernel::Forward { x: x.view(), w: weight.view(), rstd: rstd.view(), groups };
                let Values::Device(dw) = &mut dw.values else { device_mismatch("norm") };
                let n = kernel::scratch_len(self.n_groups(x.len()), weight.len());
                let mut scratch = x.device().alloc(n)?;
                let to = (dw.exact_mut().view_mut(), scratch.view_mut());
                kernel::backward(op, dy.view(), dx.view_mut(), accumulate, to.0, to.1)
            }
            _ => device_mismatch("norm"),
        }
    }

    /// [`Self::backward`] that overwrites the gradient of the output with that of the input.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn backward_in_place(
        &self,
        (x, kept): (&Activation, &Kept),
        d: &mut Activation,
        dw: &mut Tensor,
    ) -> Result<(), Error> {
        match (&x.0, &mut d.0) {
            (Store::Host(x), Store::Host(d)) => {
                let (op, dy) = ((&x[..], self.weight.data(), self.eps), d.clone());
                cpu::backward(op, self.groups, &dy, d, false, dw.data_mut());
                Ok(())
            }
            (Store::Device(x), Store::Device(d)) => {
                let (weight, Store::Device(rstd)) = (self.on_device().rounded()?, &kept.0.0) else {
                    device_mismatch("norm")
                };
                let groups = groups(self.groups);
                let op =
                    kernel::Forward { x: x.view(), w: weight.view(), rstd: rstd.view(), groups };
                let Values::Device(dw) = &mut dw.values else { device_mismatch("norm") };
                let n = kernel::scratch_len(self.n_groups(x.len()), weight.len());
                let mut scratch = x.device().alloc(n)?;
                let to = (dw.exact_mut().view_mut(), scratch.view_mut());
                kernel::backward_in_place(op, d.view_mut(), to.0, to.1)
            }
            _ => device_mismatch("norm"),
        }
    }
}
