//! The prompt of each role and kind, in the style of the options.

mod azr;

use quaero_sdk::{Ask, Half, Opening, Role};

use crate::options::Options;
use crate::task::Kind;

/// The prompt that opens an episode.
///
/// # Errors
/// If the task or a reference cannot be read, a reference is missing, or the kind has no proposals.
pub(crate) fn prompt(options: &Options, opening: &Opening) -> Result<String, String> {
    let kind = Kind::parse(&opening.kind)?;
    let compact = options.azr.style == quaero_sdk::Style::Compact;
    if kind == Kind::Answer {
        if opening.role == Role::Propose {
            return Err("tasks of the kind answer are given, not proposed".to_owned());
        }
        let public = Half::parse(&opening.public, "public")?;
        let problem = public.text("problem")?;
        return Ok(match compact {
            true => format!("{problem}\nPut the final answer into \\boxed{{}}.\n"),
            false => azr::answer(problem),
        });
    }
    let ask = Ask::of(kind.name(), opening, options.azr.n_inputs)?;
    Ok(if compact { ask.compact(kind.name(), "math") } else { azr::write(kind, &ask) })
}
