//! Tests of the module above.

use super::*;
use crate::{load_run, save_run};

fn tiny() -> Options {
    let mix = Mix { propose: [1; 3], solve: [1; 3] };
    let round = Round { n_steps: 2, decay_from: 1, n_rows: 4, lr: 2e-3, mix };
    Options {
        rounds: vec![Round { n_steps: 3, ..round.clone() }, Round { n_rows: 2, ..round }],
        evaluate_every: 100,
        n_evaluate: 2,
        hidden_size: 16,
        n_layers: 1,
        n_heads: 2,
        n_kv_heads: 2,
        ..Options::default()
    }
}

/// The weights after a tiny run on `n_threads` threads.
fn primed(n_threads: usize) -> quaero_model::Params {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
    pool.install(|| prime(&tiny(), &mut |_| ())).unwrap().into_params()
}

#[test]
fn threads_do_not_change_a_bit() {
    assert!(primed(1) == primed(3), "weights differ between one thread and three");
}

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

#[test]
fn the_loss_falls() {
    let mut options = tiny();
    options.rounds[0] =
        Round { n_steps: 60, decay_from: 40, n_rows: 8, ..options.rounds[0].clone() };
    options.rounds.truncate(1);
    let (mut first, mut last) = (0.0, 0.0);
    let note = &mut |progress: Progress<'_>| {
        let loss = progress.loss;
        if progress.step == 1 {
            first = loss;
        }
        last = loss;
    };
    prime(&options, note).unwrap();
    assert!(last < 0.9 * first, "loss {first} -> {last}");
}
