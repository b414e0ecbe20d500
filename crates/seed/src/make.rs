//! The whole artefact from nothing: `quaero seed-model`.

use std::fmt::Write;
use std::path::Path;

use crate::evaluate::{Rates, evaluate};
use crate::files::{Error, Written, load_model, write_all, write_folder};
use crate::language::LANGUAGE_VERSION;
use crate::prime::{Options, Progress, Run};
use crate::suite;

/// Primes the model of `options` and writes its folder, the held-out suite and a card to `folder`.
///
/// # Errors
/// If the options' shape does not fit together or a file cannot be written.
pub fn make(
    folder: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Error> {
    make_from(Run::new(options)?, folder, options, progress)
}

/// The same from a run that has begun.
///
/// # Errors
/// If a file cannot be written.
pub fn make_from(
    run: Run,
    folder: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Error> {
    let mut n_tokens = run.n_tokens;
    let model = run.finish(options, &mut |step| {
        n_tokens = step.n_tokens;
        progress(step);
    });
    write_folder(&model, folder)?;
    // What is measured is what was written: weights rounded to bf16.
    let rates = evaluate(&load_model(folder)?, suite::N_PER_KIND, options.key().named("card"));
    let texts = Written::from([
        ("README.md", card(options, n_tokens, &rates, model.params().n_elements()).into_bytes()),
        ("heldout.jsonl", suite::to_jsonl(&suite::draw()).into_bytes()),
    ]);
    write_all(folder, &texts)
}

/// The model's card.
fn card(options: &Options, n_tokens: u64, rates: &Rates, n_params: usize) -> String {
    let mut text = format!(
        "# The Quaero seed model\n\n\
         A Llama of {} parameters ({} layers, {} channels, {} heads) that reads and writes tiny \
         Python functions. It is a stand-in for a pretrained base model: small enough to lie in \
         the repository and to play against itself on a laptop, and primed until it is often, but \
         not always, right. It knows nothing else.\n\n\
         Made from nothing by `cargo xtask seed-model`: {} updates, {:.1} million tokens \
         of generated programs (language version {LANGUAGE_VERSION}, seed {}), none of which is in \
         the held-out suite, not even under other variable names.\n\n\
         Measured on {} held-out programs of each kind, weights as stored, by the evaluator of \
         `crates/seed` (standard error at most {:.1} points):\n\n\
         | kind | solved, greedy | solved, temperature 1 | proposals that are valid |\n\
         |---|---|---|---|\n",
        n_params,
        options.n_layers,
        options.hidden_size,
        options.n_heads,
        options.n_steps(),
        n_tokens as f64 / 1e6,
        options.seed,
        rates.n,
        50.0 / (rates.n as f64).sqrt(),
    );
    let valid = [rates.valid, rates.valid_abduction, rates.valid_inputs];
    for (i, kind) in suite::KINDS.into_iter().enumerate() {
        let (greedy, sampled, valid) = (rates.greedy[i], rates.sampled[i], valid[i]);
        writeln!(text, "| {kind} | {greedy:.3} | {sampled:.3} | {valid:.3} |")
            .expect("a string takes all text");
    }
    write!(
        text,
        "\nA valid proposal runs on its input and its output depends on the input; of an induction \
         proposal, all six inputs differ and run. {:.3} of the deduction proposals were different \
         valid programs.\n",
        rates.distinct
    )
    .expect("a string takes all text");
    text
}
