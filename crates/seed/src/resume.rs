//! A priming run on disk, so that a long one survives an interruption. One file: weights and the
//! optimiser's moments in f32; the counters are in its name's companion.

use std::path::Path;

use quaero_model::Model;
use quaero_optim::{AdamW, State};
use quaero_shape::DType;
use quaero_weights::{Named, Weights};

use crate::files::{Error, make_folder};
use crate::prime::{ADAMW, Options, Run};

/// Holds weights and moments.
const TENSORS: &str = "run.safetensors";
/// Holds the step and the number of tokens.
const COUNTERS: &str = "run.json";

/// Writes `run` into `folder`.
///
/// # Errors
/// If a file cannot be written.
pub fn save_run(run: &Run, folder: &Path) -> Result<(), Error> {
    make_folder(folder)?;
    let params = run.model.params();
    let state = run.adamw.state(params.names())?;
    let moments = state.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
    let tensors: Vec<Named<'_>> = params
        .iter()
        .chain(moments)
        .map(|(name, tensor)| Named { name, shape: tensor.shape().clone(), values: tensor.data() })
        .collect();
    quaero_weights::write(folder.join(TENSORS), &tensors, DType::F32)?;
    let counters = serde_json::json!([run.step, run.n_tokens]).to_string();
    let path = folder.join(COUNTERS);
    quaero_weights::write_atomic(&path, counters.len() as u64, &mut |out| {
        out.write_all(counters.as_bytes())
    })?;
    Ok(())
}

/// The run in `folder`, or nothing if there is none.
///
/// # Errors
/// If a file cannot be read or is of another shape than `options`.
pub fn load_run(options: &Options, folder: &Path) -> Result<Option<Run>, Error> {
    let path = folder.join(COUNTERS);
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
    let (step, n_tokens) =
        serde_json::from_str(&text).map_err(|source| Error::Counters { path, source })?;
    let weights = Weights::open(folder.join(TENSORS))?;
    let Run { model, adamw, .. } = Run::new(options)?;
    let mut params = model.params().clone();
    for (name, tensor) in params.iter_mut() {
        let shape = tensor.shape().clone();
        weights.read_into(name, &shape, tensor.data_mut())?;
    }
    let State { tensors: mut moments, .. } = adamw.state(params.names())?;
    for (name, tensor) in &mut moments {
        let shape = tensor.shape().clone();
        weights.read_into(name, &shape, tensor.data_mut())?;
    }
    let state = State { n_steps: step, tensors: moments };
    let adamw = AdamW::from_state(ADAMW, params.names(), params.tensors(), state)?;
    let model = Model::new(options.config(), params)?;
    Ok(Some(Run { model, adamw, step, n_tokens }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prime::tests::tiny;

    #[test]
    fn an_interrupted_run_ends_in_the_same_weights() {
        let folder = tempfile::tempdir().unwrap();
        let options = tiny();
        assert!(load_run(&options, folder.path()).unwrap().is_none());
        let whole = Run::new(&options).unwrap().finish(&options, &mut |progress| {
            if progress.step == 2 {
                save_run(progress.run, folder.path()).unwrap();
            }
        });
        let resumed = load_run(&options, folder.path()).unwrap().expect("step 2 was saved");
        assert_eq!(resumed.step, 2);
        let resumed = resumed.finish(&options, &mut |_| ());
        assert!(resumed.params() == whole.params(), "weights differ after an interruption");
    }
}
