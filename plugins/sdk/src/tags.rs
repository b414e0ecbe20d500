//! The `<think>` and `<answer>` tags around a completion, as R1 and AZR ask for them, outermost
//! first. A tag in a fenced block or between quotes is content, not structure.
//!
//! Knows nothing of what stands between the tags.

use crate::blocks::{Fence, on_one_line};

const THINK: &str = "<think>";
const THOUGHT: &str = "</think>";
const OPEN: &str = "<answer>";
const CLOSE: &str = "</answer>";

/// The `<answer>` section of `text`: the one right behind the thought, to its closing tag or the
/// end; else the last whole one, else from the first that opens. Without any, all that follows the
/// thought, or the whole text.
#[must_use]
pub fn answer_section(text: &str) -> &str {
    let rest = after_thought(text).unwrap_or(text);
    section(rest).unwrap_or(rest)
}

/// Whether `text` is `<think>…</think>`, white space, `<answer>…</answer>` and nothing else. The
/// first tag may already stand at the end of the prompt.
#[must_use]
pub fn tags_well_formed(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_prefix(THINK).unwrap_or(text);
    let Some(rest) = after_thought(text) else { return false };
    let thought = &text[..text.len() - rest.len() - THOUGHT.len()];
    let marks = outline(rest);
    let whole = matches!(marks.as_slice(), [(at, OPEN), (end, CLOSE)]
        if rest[..*at].trim().is_empty() && end + CLOSE.len() == rest.len());
    whole && !outline(thought).iter().any(|(_, tag)| *tag == THINK)
}

/// `text` without a thought that it starts with.
#[must_use]
pub fn without_thought(text: &str) -> &str {
    match text.trim_start().strip_prefix(THINK) {
        Some(inside) => after_thought(inside).unwrap_or(text),
        None => text,
    }
}

/// What follows the thought. It may hold anything, a block that it leaves open included.
fn after_thought(text: &str) -> Option<&str> {
    let marked = outline(text).into_iter().find(|(_, tag)| *tag == THOUGHT).map(|(at, _)| at);
    let at = marked.or_else(|| text.find(THOUGHT))?;
    Some(&text[at + THOUGHT.len()..])
}

fn section(text: &str) -> Option<&str> {
    let marks: Vec<(usize, &str)> =
        outline(text).into_iter().filter(|(_, tag)| matches!(*tag, OPEN | CLOSE)).collect();
    let start = text.len() - text.trim_start().len();
    if text[start..].starts_with(OPEN) {
        let inside = &text[start + OPEN.len()..];
        let closed = marks.iter().find(|(_, tag)| *tag == CLOSE).map(|(at, _)| *at);
        let end = closed.map(|at| at - start - OPEN.len()).or_else(|| inside.rfind(CLOSE));
        return Some(&inside[..end.unwrap_or(inside.len())]);
    }
    let whole = marks.windows(2).rev().find(|pair| pair[0].1 == OPEN && pair[1].1 == CLOSE);
    if let Some([(from, _), (to, _)]) = whole {
        return Some(&text[from + OPEN.len()..*to]);
    }
    let open = marks.iter().find(|(_, tag)| *tag == OPEN).map(|(at, _)| *at);
    Some(&text[open.or_else(|| text.rfind(OPEN))? + OPEN.len()..])
}

/// The tags of `text` that are structure, with their places.
fn outline(text: &str) -> Vec<(usize, &'static str)> {
    let mut marks = Vec::new();
    let mut open: Option<Fence> = None;
    let mut line_at = 0;
    for line in text.split('\n') {
        let mut at = 0;
        loop {
            let next = next_tag(line, at);
            let piece = &line[at..next.map_or(line.len(), |(to, _)| to)];
            if let Some(fence) = &open {
                // What follows the block's last line may be a tag.
                let tail = next.is_some() && fence.tail(piece).is_some();
                if fence.is_closed_by(piece) || tail {
                    open = None;
                } else {
                    break;
                }
            } else if on_one_line(piece).is_none() {
                open = Fence::opening(piece);
            }
            let Some((to, tag)) = next.filter(|_| open.is_none()) else { break };
            marks.push((line_at + to, tag));
            at = to + tag.len();
        }
        line_at += line.len() + 1;
    }
    marks
}

/// The next tag of `line` from `from` on, unless it stands between quotes.
fn next_tag(line: &str, from: usize) -> Option<(usize, &'static str)> {
    let quote = |c: char| matches!(c, '\'' | '"' | '`' | '‘' | '’' | '“' | '”');
    let tags = line[from..].match_indices('<').filter_map(|(at, _)| {
        let at = from + at;
        let tag = [THINK, THOUGHT, OPEN, CLOSE].into_iter().find(|t| line[at..].starts_with(t))?;
        let quoted = line[..at].ends_with(quote) && line[at + tag.len()..].starts_with(quote);
        (!quoted).then_some((at, tag))
    });
    tags.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_found() {
        let check =
            |text: &str, expected: &str| assert_eq!(answer_section(text), expected, "of {text:?}");
        check("a</think>\n<answer>b</answer> c", "b");
        check("<answer>a</answer><answer>b", "a");
        check("a</think> b", " b");
        check("b", "b");
        check("no <answer>a</answer> but <answer>b</answer>.", "b");
        check("a</think><answer>b</answer>\nNote that <answer> holds it.", "b");
        check("I put it in <answer> tags.</think>so <answer>b", "b");
        check("the tags `<answer>` and `</answer>`</think> <answer>b</answer>", "b");
        check("a</think><answer>'</answer>' + '<answer>'</answer>", "'</answer>' + '<answer>'");
        let block = "```output\n'a</answer><answer></think>b'\n```";
        check(&format!("t</think><answer>{block}</answer>"), block);
        check(&format!("t</think><answer>\n{block}\n</answer> so"), &format!("\n{block}\n"));
        check("t\n```output\n3, no</think><answer>b</answer>", "b");
        check("t\n```output\n3 </think>\n```\nu</think>c", "c");
        check("t</think><answer>```output\n3```</answer> </answer>", "```output\n3```");
    }

    #[test]
    fn tags_are_well_formed_or_not() {
        let check = |text, expected| assert_eq!(tags_well_formed(text), expected, "of {text:?}");
        check("<think>a</think>\n<answer>b</answer>\n", true);
        check("a</think><answer>b</answer>", true);
        check("a</think> so <answer>b</answer>", false);
        check("a</think><answer>b</answer> more", false);
        check("a</think><answer>b", false);
        check("<answer>b</answer>", false);
        check("a<think>b</think><answer>c</answer>", false);
        check("a</think><answer><answer>c</answer></answer>", false);
        check("a</think><answer>```output\n'</think>'\n```</answer>", true);
    }

    #[test]
    fn a_thought_is_taken_off_where_the_text_starts_with_it() {
        let check = |text, expected| assert_eq!(without_thought(text), expected, "of {text:?}");
        check(" <think>a</think>b", "b");
        check("<think>a", "<think>a");
        check("'</think>b'", "'</think>b'");
    }
}
