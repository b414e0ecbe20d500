//! What a completion answers: a box, a block or all of it.

use quaero_math_judge::{Extracted, extract};
pub(crate) use quaero_sdk::Reading;

/// The last box, where there is one; else the last block of `kind` or of no kind; else the
/// whole answer.
pub(crate) fn answer(reading: &Reading, kind: &str) -> Option<String> {
    if let Extracted::Boxed(inside) = extract(&reading.section) {
        return Some(inside.to_owned());
    }
    if let Some(block) = reading.blocks.last(kind).or_else(|| reading.blocks.last("")) {
        return Some(block.text.trim().to_owned());
    }
    let section = reading.section.trim();
    (!section.is_empty()).then(|| section.to_owned())
}
