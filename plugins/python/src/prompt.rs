//! The prompt of each role and kind, in the style of the options.

mod azr;

use quaero_sdk::{Ask, Opening};

use crate::options::{Options, Style};
use crate::task::Kind;

/// The prompt that opens an episode. The compact style knows nothing of composites.
///
/// # Errors
/// If the task or a reference cannot be read, or a reference is missing.
pub(crate) fn prompt(options: &Options, opening: &Opening) -> Result<String, String> {
    let kind = Kind::parse(&opening.kind)?;
    let ask = Ask::of(kind.name(), opening, options.azr.n_inputs)?;
    Ok(match options.azr.style {
        Style::Compact => ask.compact(kind.name(), "python"),
        Style::Azr => azr::write(kind, &ask, options, opening),
    })
}

#[cfg(test)]
mod tests;
