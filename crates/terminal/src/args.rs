//! Arguments that several commands take.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use quaero_ops::Kind;

/// `--json`.
#[derive(Debug, clap::Args)]
pub struct Json {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Parses a kind of device by its name.
///
/// # Panics
/// Never: `clap` lets known names alone pass.
pub fn device() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(|(name, _)| name))
        .map(|name| Kind::named(&name).expect("clap lets known names pass"))
}
