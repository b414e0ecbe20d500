//! What a completion answers, where it keeps to no block.

use quaero_sdk::Block;
pub(crate) use quaero_sdk::Reading;

/// The last block of `kind`, then what stands in its place in published answers: a block of
/// no kind, `<output>…</output>`, `# Output:` or "the output is" and the rest of the line, the
/// whole answer.
pub(crate) fn answer(reading: &Reading, kind: &str) -> Option<String> {
    let block = reading.blocks.last(kind).or_else(|| reading.blocks.last(""));
    if let Some(Block { text, .. }) = block {
        return Some(text.clone());
    }
    let section = reading.section.trim();
    let opening = format!("<{kind}>");
    if let Some((_, rest)) = section.rsplit_once(&opening) {
        let closing = format!("</{kind}>");
        return Some(rest.split(&closing).next().unwrap_or(rest).trim().to_owned());
    }
    let lower = section.to_ascii_lowercase();
    for mark in [format!("# {kind}:"), format!("the {kind} is")] {
        if let Some(at) = lower.rfind(&mark) {
            let rest = section[at + mark.len()..].trim_start_matches([':', ' ', '\n']);
            let line = rest.lines().next().unwrap_or_default().trim();
            return Some(line.trim_end_matches('.').to_owned());
        }
    }
    (!section.is_empty()).then(|| section.to_owned())
}

/// Source text without blank lines at its ends and without white space after it.
pub(crate) fn trimmed(text: &str) -> String {
    let text = text.trim_end();
    let blank = text.len() - text.trim_start().len();
    let first_line = text[..blank].rfind('\n').map_or(0, |newline| newline + 1);
    text[first_line..].to_owned()
}
