//! Where in a completion its answer stands.
//!
//! The last box wins, whatever is in it. Without a box it is what the end of the text says: the
//! rest of the last line that announces an answer, else the last line if it ends in something that
//! reads as mathematics. Prose that announces nothing has no answer.

use crate::compare::is_readable;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extracted<'a> {
    /// The inside of the last box.
    Boxed(&'a str),
    /// The end of the text.
    Tail(&'a str),
    /// Nothing.
    None,
}

/// Longest tail that is looked at.
const TAIL_BYTES_MAX: usize = 2_000;

/// What announces an answer, in lower case.
const MARKS: &[&str] = &[
    "####",
    "final answer is",
    "final answer:",
    "final answer",
    "answer is",
    "answer:",
    "answer =",
    "answer**:",
    "answer:**",
    "result is",
    "result:",
    "solution is",
    "value is",
];

/// The answer of `completion`.
#[must_use]
pub fn extract(completion: &str) -> Extracted<'_> {
    if let Some(inside) = last_box(completion) {
        return Extracted::Boxed(inside.trim());
    }
    tail(completion).map_or(Extracted::None, Extracted::Tail)
}

fn last_box(text: &str) -> Option<&str> {
    let at = [r"\boxed", r"\fbox"]
        .iter()
        .filter_map(|mark| text.rfind(mark).map(|at| at + mark.len()))
        .max()?;
    let rest = text[at..].trim_start();
    let Some(inside) = rest.strip_prefix('{') else {
        // `\boxed 5`: one word.
        let end = rest.find([' ', '\n', '$']).unwrap_or(rest.len());
        return Some(&rest[..end]);
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
                    return Some(&inside[..idx]);
                }
            }
            _ => {}
        }
    }
    // Never closed: what its line holds.
    Some(inside.lines().next().unwrap_or_default().trim_end_matches(['$', '.', ' ']))
}

/// Bounded from behind, at a character's start.
fn end_of(text: &str, n_bytes: usize) -> &str {
    let mut from = text.len().saturating_sub(n_bytes);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

fn tail(text: &str) -> Option<&str> {
    let text = end_of(text.trim_end(), TAIL_BYTES_MAX);
    // ASCII lower case keeps every place in the text.
    let lower = text.to_ascii_lowercase();
    let mark = MARKS.iter().filter_map(|mark| lower.rfind(mark).map(|at| at + mark.len())).max();
    if let Some(at) = mark {
        let rest = text[at..].trim_start_matches([':', ' ', '*', '\n', '\t', '=']);
        let line = rest.lines().next().unwrap_or_default();
        return readable(line).or_else(|| first_formula(line)).or_else(|| Some(clean(line)));
    }
    let line = text.lines().last()?.trim();
    readable(line).or_else(|| last_formula(line)).or_else(|| after_last_word(line))
}

fn clean(text: &str) -> &str {
    text.trim().trim_matches('*').trim().trim_end_matches(['.', '!', ',']).trim()
}

/// The text, or its first sentence, if that reads as mathematics.
fn readable(text: &str) -> Option<&str> {
    let whole = clean(text);
    let sentence = clean(text.split(". ").next().unwrap_or(text));
    [whole, sentence].into_iter().find(|part| !part.is_empty() && is_readable(part))
}

/// The first `$…$` or `\(…\)`.
fn first_formula(line: &str) -> Option<&str> {
    for (open, close) in [("$", "$"), (r"\(", r"\)")] {
        if let Some((_, rest)) = line.split_once(open)
            && let Some((inside, _)) = rest.split_once(close)
        {
            return Some(inside.trim()).filter(|inside| !inside.is_empty());
        }
    }
    None
}

/// The last `$…$` or `\(…\)`.
fn last_formula(line: &str) -> Option<&str> {
    for (open, close) in [("$", "$"), (r"\(", r"\)")] {
        if let Some((before, _)) = line.rsplit_once(close)
            && let Some((_, inside)) = before.rsplit_once(open)
        {
            return Some(inside.trim()).filter(|inside| !inside.is_empty());
        }
    }
    None
}

/// What follows the last word that leads to a value, if it reads as mathematics.
fn after_last_word(line: &str) -> Option<&str> {
    let lower = line.to_ascii_lowercase();
    let words = [" is ", " are ", " equals ", " get ", " gives ", " obtain ", " = ", ": "];
    let at = words.iter().filter_map(|word| lower.rfind(word).map(|at| at + word.len())).max()?;
    readable(&line[at..])
}
