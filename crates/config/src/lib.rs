//! TOML to each crate's options: the only reader of configuration.
//!
//! Layers, later over earlier: `configs/base.toml` (compiled in; it lists every key), one overlay
//! (on the one that its key `extends` names, if any),
//! `QUAERO_TABLE__KEY` variables, `--set table.key=value`. An unknown key is an error that names
//! the nearest known one. [`Raw`] is the file as typed; [`Resolved`] what it means.
//!
//! # Layout
//! `folders` of the environment → `layers` merging and key checks → `renamed` old keys → `raw` the
//! file as typed → `resolve` reading → `ranges` what a number may be → `options` as meant, for each
//! crate. `changes` says how two of them differ.

mod changes;
pub mod folders;
mod layers;
mod options;
mod ranges;
mod raw;
mod renamed;
mod resolve;

pub use changes::Change;
pub use raw::Raw;
pub use resolve::{Resolved, load};

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such file.
    #[error("no configuration at {path}: name an existing TOML file, as configs/default.toml")]
    Missing {
        /// As typed.
        path: String,
    },
    /// Overlays that extend each other in a circle, or too many.
    #[error(
        "{overlay} extends more than {most} files one after the other: do two extend each other?"
    )]
    Lineage {
        /// The overlay that was asked for.
        overlay: String,
        /// Most files below an overlay.
        most: usize,
    },
    /// A key that base.toml does not have.
    #[error(
        "unknown key `{key}` (from {source}): did you mean `{nearest}`? \
         configs/base.toml lists every key"
    )]
    UnknownKey {
        /// The key.
        key: String,
        /// The known key most like it.
        nearest: String,
        /// File or variable it came from.
        r#source: String,
    },
    /// An expression that cannot be used.
    #[error("`{key}`: {why}")]
    Expression {
        /// Where it stands.
        key: &'static str,
        /// What is wrong with it.
        why: quaero_expression::Error,
    },
    /// A key that has another name now.
    #[error("`{old}` (from {source}) is now called `{new}`: rename it")]
    RenamedKey {
        /// As typed.
        old: String,
        /// What it is called.
        new: &'static str,
        /// File or variable it came from.
        r#source: String,
    },
    /// `--set` without `=` or with an empty key.
    #[error("cannot read `--set {set}`: write it as table.key=value")]
    Assignment {
        /// As typed.
        set: String,
    },
    /// Not TOML, or a value of the wrong type.
    #[error("{0}")]
    Figment(String),
    /// A value outside its range.
    #[error("`{key}` = {got}: {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What may stand there.
        expected: String,
        /// What stands there.
        got: String,
    },
}

impl Error {
    pub(crate) fn from_figment(error: figment::Error) -> Self {
        let first = error.into_iter().next();
        Self::Figment(first.map_or_else(
            || "unreadable configuration".to_owned(),
            |e| layers::said(&e.to_string()),
        ))
    }
}

#[cfg(test)]
mod tests;
