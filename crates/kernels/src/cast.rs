//! Other types, and sums in place.

use half::bf16;

use crate::call::Call;
use crate::{Element, Error, View, ViewMut};

/// y = x, rounded to nearest even.
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the lengths differ.
pub fn to_bf16(x: View<'_, f32>, y: ViewMut<'_, bf16>) -> Result<(), Error> {
    elementwise("cast_f32_bf16", x, y)
}

/// y = x.
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the lengths differ.
pub fn to_f32(x: View<'_, bf16>, y: ViewMut<'_, f32>) -> Result<(), Error> {
    elementwise("cast_bf16_f32", x, y)
}

/// y += x.
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the lengths differ.
pub fn add(x: View<'_, bf16>, y: ViewMut<'_, bf16>) -> Result<(), Error> {
    elementwise("add_bf16", x, y)
}

fn elementwise<A: Element, B: Element>(
    kernel: &str,
    x: View<'_, A>,
    mut y: ViewMut<'_, B>,
) -> Result<(), Error> {
    assert_eq!(x.len(), y.len(), "{kernel}: lengths");
    let call = Call::new(x.device(), kernel).grid([x.len().div_ceil(2048), 1, 1]);
    // SAFETY: the assertion is the header's Shapes.
    unsafe { call.write(&mut y).read(x).long(x.len()).launch() }
}
