//! The frozen policy that a KL penalty measures from, as a file of f32 weights.

use std::path::Path;

use quaero_model::Model;
use quaero_ops::Tensor;
use quaero_shape::DType;
use quaero_weights::{Named, Weights, write};

use crate::Error;

/// Writes the weights of `model` to `path`: under a temporary name, made durable, renamed.
///
/// # Errors
/// When there is no space, the file cannot be written or the device failed.
pub fn save_reference(model: &Model, path: &Path) -> Result<(), Error> {
    let tensors: Vec<(&str, &Tensor)> = model.params().iter().collect();
    write_f32(path, &tensors)
}

/// A model like `model`, where it lies, with the weights that [`save_reference`] wrote.
///
/// # Errors
/// When the file is missing or damaged, belongs to another model, or the device failed.
pub fn load_reference(model: &Model, path: &Path) -> Result<Model, Error> {
    let mut reference = model.clone();
    read_f32(&Weights::open(path)?, &mut reference)?;
    Ok(reference)
}

/// Writes tensors of any device in f32.
pub(crate) fn write_f32(path: &Path, tensors: &[(&str, &Tensor)]) -> Result<(), Error> {
    let values = tensors.iter().map(|(_, tensor)| tensor.values()).collect::<Result<Vec<_>, _>>();
    let values = values.map_err(quaero_model::Error::from)?;
    let named: Vec<Named<'_>> = tensors
        .iter()
        .zip(&values)
        .map(|((name, tensor), values)| Named { name, shape: tensor.shape().clone(), values })
        .collect();
    write(path, &named, DType::F32)?;
    Ok(())
}

/// Puts the file's weights into `model`.
pub(crate) fn read_f32(weights: &Weights, model: &mut Model) -> Result<(), Error> {
    for (name, param) in model.params_mut().iter_mut() {
        let mut values = vec![0.0; param.shape().n_elements()];
        weights.read_into(name, param.shape(), &mut values)?;
        param.set(&values).map_err(quaero_model::Error::from)?;
    }
    Ok(())
}
