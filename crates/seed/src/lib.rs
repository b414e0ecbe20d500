//! The embedded seed model: its language, its tokenizer, its priming, its files.
//!
//! A stand-in for a pretrained base model: a decoder of about a million parameters, primed on
//! generated programs until its proposals and answers are often, but not always, right. Serves the
//! first minutes of a newcomer; nothing outside knows that the model is special.
//!
//! # Layout
//! - [`language`]: tiny Python functions under a key, their text and their meaning
//! - [`vocabulary`]: the tokens, as an ordinary `tokenizer.json`
//! - [`prompt`]: the compact prompts of the `python` family
//! - [`corpus`]: rows to learn from; [`suite`](mod@suite): tasks kept out of them
//! - `prime`: the training; `files`, `resume`, `make`: folders
//! - `embedded`: the artefact in this repository
//!
//! How good the model is, `evals` and `verify` say of it as of any other.

pub mod corpus;
mod embedded;
mod files;
pub mod language;
mod make;
mod prime;
pub mod prompt;
mod resume;
pub mod suite;
pub mod vocabulary;

pub use embedded::{embedded, suite, unpack};
pub use files::{Error, load_model, write_folder};
pub use make::{Made, Measured, make, make_from, write_card};
pub use prime::{ADAMW, Options, Progress, Round, Run, prime};
pub use resume::{load_run, save_run};
