//! What a completion answers, where it keeps to no block.

use quaero_sdk::Block;
pub(crate) use quaero_sdk::Reading;

use crate::propose::ENTRY;
use crate::source::Source;

/// The last block of `kind`, then what stands in its place in published answers: a block of
/// no kind, `<output>…</output>`, `# Output:` or "the output is" and the rest of the line, a block
/// of another kind, the whole answer. Of programs, the last block that defines a function is asked
/// for first: an example of its use may follow.
pub(crate) fn answer(reading: &Reading, kind: &str) -> Option<String> {
    let program = (kind == "python").then(|| program(reading)).flatten();
    let block = program.or_else(|| reading.blocks.last(kind)).or_else(|| reading.blocks.last(""));
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
    if let Some(block) = reading.blocks.all().last() {
        return Some(block.text.clone());
    }
    (!section.is_empty()).then(|| section.to_owned())
}

/// The last block that defines the entry, else any function at its top level.
fn program(reading: &Reading) -> Option<&Block> {
    let programs = reading.blocks.all().iter().filter(|b| ["python", ""].contains(&&*b.kind));
    let last = |fits: &dyn Fn(&Source<'_>) -> bool| {
        programs.clone().rfind(|block| fits(&Source::new(&block.text)))
    };
    last(&|source| source.has_parameter(ENTRY).is_some())
        .or_else(|| last(&|source| source.defines_any()))
}

/// Source text without blank lines at its ends and without white space after it.
pub(crate) fn trimmed(text: &str) -> String {
    let text = text.trim_end();
    let blank = text.len() - text.trim_start().len();
    let first_line = text[..blank].rfind('\n').map_or(0, |newline| newline + 1);
    text[first_line..].to_owned()
}
