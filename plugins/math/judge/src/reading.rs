//! What a text can mean, as trees.
//!
//! Knows nothing of equality.

use crate::node::Node;
use crate::phrase::phrase;
use crate::token::Unreadable;
use crate::{parse, text};

/// What a text can mean: with commas that group digits, and with commas that separate.
pub(crate) fn readings(text: &str) -> Result<Vec<Node>, Unreadable> {
    if let Some(node) = phrase(text) {
        return Ok(vec![node]);
    }
    let mut found: Vec<Node> = Vec::new();
    let mut failed = None;
    let mut add = |parsed: Result<(Node, Option<Node>), Unreadable>| match parsed {
        Ok((node, measured)) => {
            for node in std::iter::once(node).chain(measured) {
                if !found.contains(&node) {
                    found.push(node);
                }
            }
        }
        Err(why) => failed = failed.or(Some(why)),
    };
    add(parse::parse(text, true));
    if text.contains(',') {
        add(parse::parse(text, false));
    }
    match failed {
        Some(why) if found.is_empty() => match text::after_choice(text) {
            Some(rest) => readings(rest).map_err(|_| why),
            None => Err(why),
        },
        _ => Ok(found),
    }
}

/// Whether `text` can be read as mathematics.
pub(crate) fn is_readable(text: &str) -> bool {
    readings(&crate::plain::text(text)).is_ok()
}
