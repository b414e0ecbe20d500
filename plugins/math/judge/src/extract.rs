//! Where in a completion its answer stands.
//!
//! The last box wins, whatever is in it; boxes side by side in one sentence are its parts. Without
//! a box it is what the end of the text says. A gold answer that is a whole solution is read the
//! same way.

use std::borrow::Cow;

use crate::compare::{Judgement, Rules, judge};
use crate::ending::{end_of, ending};
use crate::reading::is_readable;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extracted<'a> {
    /// The inside of the last box.
    Boxed(&'a str),
    /// The end of the text.
    Tail(Cow<'a, str>),
    /// Nothing.
    None,
}

/// The answer of `completion`.
#[must_use]
pub fn extract(completion: &str) -> Extracted<'_> {
    if let Some(found) = last_box(completion) {
        return Extracted::Boxed(found.inside.trim());
    }
    ending(completion).map_or(Extracted::None, Extracted::Tail)
}

/// The answer of a completion, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graded<'a> {
    /// The answer as it was found.
    pub found: Extracted<'a>,
    /// The parts of an answer in several boxes, where it was judged as one.
    pub joined: Option<String>,
    /// How it compares with the gold one.
    pub judgement: Judgement,
}

/// Judges the answer that `completion` gives to a problem whose gold answer is `gold`.
#[must_use]
pub fn grade<'a>(gold: &str, completion: &'a str, rules: &Rules) -> Graded<'a> {
    let gold = final_answer(gold);
    let found = extract(completion);
    let answer = match &found {
        Extracted::Boxed(inside) => inside,
        Extracted::Tail(text) => text.as_ref(),
        Extracted::None => "",
    };
    let several = match found {
        Extracted::Boxed(_) => several_boxes(completion),
        _ => None,
    };
    if let Some(Several { joined, alternatives: true }) = several {
        let judgement = judge(&gold, &joined, rules);
        return Graded { found, joined: Some(joined), judgement };
    }
    let judgement = judge(&gold, answer, rules);
    if !judgement.truth.is_equal()
        && let Some(Several { joined, .. }) = several
    {
        let together = judge(&gold, &joined, rules);
        if together.truth.is_equal() {
            return Graded { found, joined: Some(joined), judgement: together };
        }
    }
    Graded { found, joined: None, judgement }
}

/// The final answer of a gold text, which may be a whole solution.
fn final_answer(gold: &str) -> Cow<'_, str> {
    if !gold.bytes().any(|b| matches!(b, b'\\' | b'#' | b'\n' | b'.')) {
        return Cow::Borrowed(gold);
    }
    if let Some(found) = last_box(gold) {
        return match several_boxes(gold) {
            Some(several) if !several.alternatives => Cow::Owned(several.joined),
            _ => Cow::Borrowed(found.inside.trim()),
        };
    }
    let solution = gold.contains("####") || gold.contains('\n') || gold.contains(". ");
    if !solution || (!gold.contains("####") && is_readable(gold)) {
        return Cow::Borrowed(gold);
    }
    ending(gold).filter(|found| is_readable(found)).unwrap_or(Cow::Borrowed(gold))
}

/// A box and where it stands.
#[derive(Clone, Copy)]
struct Boxed<'a> {
    inside: &'a str,
    /// Where its command begins and where it ends.
    from: usize,
    to: usize,
}

fn last_box(text: &str) -> Option<Boxed<'_>> {
    let command =
        |at: &usize| text[*at..].starts_with(r"\boxed") || text[*at..].starts_with(r"\fbox");
    let at = text.rmatch_indices('\\').map(|(at, _)| at).find(command)?;
    Some(box_at(text, at))
}

/// The box whose command begins at `from`.
fn box_at(text: &str, from: usize) -> Boxed<'_> {
    let name = if text[from..].starts_with(r"\boxed") { r"\boxed" } else { r"\fbox" };
    let after = &text[from + name.len()..];
    let rest = after.trim_start();
    let start = from + name.len() + after.len() - rest.len();
    let Some(inside) = rest.strip_prefix('{') else {
        // `\boxed 5`: one word.
        let end = rest.find([' ', '\n', '$']).unwrap_or(rest.len());
        return Boxed { inside: &rest[..end], from, to: start + end };
    };
    let mut depth = 1usize;
    let mut escaped = false;
    for (idx, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Boxed { inside: &inside[..idx], from, to: start + idx + 2 };
                }
            }
            _ => {}
        }
    }
    // Never closed: what its line holds.
    let line = inside.lines().next().unwrap_or_default();
    Boxed { inside: line.trim_end_matches(['$', '.', ' ']), from, to: text.len() }
}

/// Boxes side by side.
struct Several {
    /// Their insides with commas between them, each with its name if all have one.
    joined: String,
    /// They are offered as alternatives.
    alternatives: bool,
}

/// Most boxes that are parts of one answer.
const BOXES_MAX: usize = 12;
/// Longest text between two of them.
const GAP_BYTES_MAX: usize = 90;

/// Words between boxes that make the second another try or a step further.
const APART: &[&str] = &[
    "wait",
    "actually",
    "instead",
    "correct",
    "check",
    "verify",
    "sorry",
    "mistake",
    "but",
    "hmm",
    "rather",
    "final",
    "therefore",
    "hence",
    "thus",
    "so",
    "let",
    "guess",
    "alternatively",
    "again",
    "maybe",
    "perhaps",
    "not",
    "no",
    "becomes",
    "then",
    "first",
    "next",
    "answer",
    "gives",
    "which",
    "since",
    "because",
    "using",
    "from",
    "i.e",
    "simplifies",
    "approximately",
    "equals",
];

/// The boxes at the end that stand side by side, if there are several.
fn several_boxes(text: &str) -> Option<Several> {
    let mut boxes = vec![last_box(text)?];
    let mut alternatives = false;
    while boxes.len() <= BOXES_MAX {
        let next = boxes[boxes.len() - 1];
        let before = &text[..next.from];
        // A box that ends near begins with a brace that closes near.
        if !end_of(before, GAP_BYTES_MAX).contains('}') {
            break;
        }
        let Some(found) = last_box(before) else { break };
        if found.to > next.from {
            break; // a box in a box
        }
        let gap = &before[found.to..];
        if !side_by_side(gap) {
            break;
        }
        alternatives |= gap.to_lowercase().split(|c: char| !c.is_alphabetic()).any(|w| w == "or");
        boxes.push(found);
    }
    boxes.reverse();
    let same = |pair: &[Boxed<'_>]| pair[0].inside.trim() == pair[1].inside.trim();
    if boxes.len() < 2
        || boxes.len() > BOXES_MAX
        || boxes.iter().any(|found| found.inside.trim().is_empty())
        || (boxes.windows(2).all(same) && !alternatives)
    {
        return None;
    }
    let names: Option<Vec<&str>> =
        boxes.iter().map(|found| name_before(text, found.from)).collect();
    let parts: Vec<String> = match names {
        Some(names) => {
            let named = names.iter().zip(&boxes);
            named.map(|(name, found)| format!("{name} = {}", found.inside.trim())).collect()
        }
        None => boxes.iter().map(|found| found.inside.trim().to_owned()).collect(),
    };
    Some(Several { joined: parts.join(", "), alternatives })
}

/// Whether the text between two boxes makes them parts of one answer.
fn side_by_side(gap: &str) -> bool {
    if gap.len() > GAP_BYTES_MAX {
        return false;
    }
    let lower = gap.to_lowercase();
    let apart = lower.split(|c: char| !c.is_alphabetic()).any(|word| APART.contains(&word));
    let equated = gap.trim_start_matches(['$', ' ']).starts_with(['=', '≈']);
    !apart && !equated && !gap.contains(['?', '!'])
}

/// The single letter, perhaps with a subscript, that stands before an equals sign here.
fn name_before(text: &str, at: usize) -> Option<&str> {
    let before = text[..at].trim_end_matches([' ', '$', '&']);
    let before = before.strip_suffix('=')?.trim_end_matches([' ', '$', '&']);
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '{' | '}');
    let from = before.trim_end_matches(named).len();
    let name = &before[from..];
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    let whole = letters == 1 && (name.len() == 1 || name.as_bytes()[1] == b'_');
    whole.then_some(name)
}
