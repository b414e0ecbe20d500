//! Tests of the module above.

use super::*;

pub(crate) fn tiny() -> Options {
    let mix = Mix { propose: [1; 3], solve: [1; 3] };
    let round = Round { n_steps: 2, decay_from: 1, n_rows: 4, lr: 2e-3, mix };
    Options {
        rounds: vec![Round { n_steps: 3, ..round.clone() }, Round { n_rows: 2, ..round }],
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
