//! The whole artefact from nothing: `quaero seed-model`.

use std::fmt::Write;
use std::path::Path;

use crate::files::{Error, Written, write_all, write_folder};
use crate::language::LANGUAGE_VERSION;
use crate::prime::{Options, Progress, Run};
use crate::suite;

/// What priming took and made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Tokens that were learned from.
    pub n_tokens: u64,
    /// Parameters of the model.
    pub n_params: usize,
}

/// How good the model is at a kind of task, as shares of what was asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Held-out tasks solved by greedy answers.
    pub greedy: f64,
    /// The same at temperature 1.
    pub sampled: f64,
    /// Proposals at temperature 1 that are tasks.
    pub valid: f64,
    /// Different tasks among all proposals.
    pub distinct: f64,
}

/// Primes the model of `options` and writes its folder and the held-out suite to `folder`.
///
/// # Errors
/// If the options' shape does not fit together or a file cannot be written.
pub fn make(
    folder: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Made, Error> {
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
) -> Result<Made, Error> {
    let mut n_tokens = run.n_tokens;
    let model = run.finish(options, &mut |step| {
        n_tokens = step.n_tokens;
        progress(step);
    });
    write_folder(&model, folder)?;
    let suite = suite::to_jsonl(&suite::draw()).into_bytes();
    write_all(folder, &Written::from([("heldout.jsonl", suite)]))?;
    Ok(Made { n_tokens, n_params: model.params().n_elements() })
}

/// Writes the model's card to `folder`. `measured` has the kinds in the order of
/// [`suite::KINDS`], over all tasks of the suite and as many proposals.
///
/// # Errors
/// If the file cannot be written.
pub fn write_card(
    folder: &Path,
    options: &Options,
    made: Made,
    measured: &[Measured; 3],
) -> Result<(), Error> {
    let card = card(options, made, measured).into_bytes();
    write_all(folder, &Written::from([("README.md", card)]))
}

fn card(options: &Options, made: Made, measured: &[Measured; 3]) -> String {
    let mut text = format!(
        "# The Quaero seed model\n\n\
         A Llama of {} parameters ({} layers, {} channels, {} heads) that reads and writes tiny \
         Python functions. It is a stand-in for a pretrained base model: small enough to lie in \
         the repository and to play against itself on a laptop, and primed until it is often, but \
         not always, right. It knows nothing else.\n\n\
         Made from nothing by `cargo xtask seed-model`: {} updates, {:.1} million tokens \
         of generated programs (language version {LANGUAGE_VERSION}, seed {}), none of which is in \
         the held-out suite, not even under other variable names.\n\n\
         Measured on {} held-out programs of each kind, weights as stored, with the engine and the \
         `python` family of self-play (standard error at most {:.1} points):\n\n\
         | kind | solved, greedy | solved, temperature 1 | valid proposals | different ones |\n\
         |---|---|---|---|---|\n",
        made.n_params,
        options.n_layers,
        options.hidden_size,
        options.n_heads,
        options.n_steps(),
        made.n_tokens as f64 / 1e6,
        options.seed,
        suite::N_PER_KIND,
        50.0 / (suite::N_PER_KIND as f64).sqrt(),
    );
    for (kind, of) in suite::KINDS.into_iter().zip(measured) {
        let Measured { greedy, sampled, valid, distinct } = of;
        writeln!(text, "| {kind} | {greedy:.3} | {sampled:.3} | {valid:.3} | {distinct:.3} |")
            .expect("a string takes all text");
    }
    text
}
