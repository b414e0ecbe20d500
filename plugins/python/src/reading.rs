//! What a completion says: its blocks, read as the prompt's style asks, and whether it kept the
//! demanded format.
//!
//! Knows nothing of what the blocks mean.

use quaero_sdk::{Block, Blocks, Episode, after_fence, answer_section, tags_well_formed};

use crate::options::{Format, Options, Style};

/// A completion, read.
pub(crate) struct Reading {
    /// Its blocks.
    pub(crate) blocks: Blocks,
    /// The part of it that answers, without the opening fence that stood in the prompt.
    pub(crate) section: String,
    exact: bool,
    tags: bool,
    truncated: bool,
}

impl Reading {
    /// Reads the completion of an episode whose prompt, in the compact style, ended with the
    /// opening fence of a `fence` block.
    pub(crate) fn new(options: &Options, episode: &Episode, fence: &str) -> Self {
        let completion = episode.completion.replace("\r\n", "\n");
        let tags = tags_well_formed(&completion);
        let section = answer_section(&completion).to_owned();
        let text = match options.style {
            Style::Compact => after_fence(fence, &section),
            Style::Azr => section.clone(),
        };
        let blocks = Blocks::parse(&text, episode.truncated);
        let all_closed = blocks.all().iter().all(|block| block.closed);
        let exact = all_closed && blocks.render() == text.trim_end();
        Self { blocks, section, exact, tags, truncated: episode.truncated }
    }

    /// Whether the completion kept the demanded format: with tags as `azr` wants it; else exactly
    /// blocks of these kinds in this order (compact), or these blocks, closed, among other text.
    pub(crate) fn keeps(&self, options: &Options, kinds: &[&str]) -> bool {
        let blocks = self.blocks.all();
        match (options.format, options.style) {
            _ if self.truncated => false,
            (Format::Azr, _) => self.tags,
            (Format::Plain, Style::Compact) => {
                self.exact
                    && blocks.iter().map(|block| block.kind.as_str()).eq(kinds.iter().copied())
            }
            (Format::Plain, Style::Azr) => {
                let has = |kind: &str| self.blocks.of(kind).any(|block| block.closed);
                kinds.iter().all(|kind| has(kind))
            }
        }
    }

    /// The last block of `kind`, then what stands in its place in published answers: a block of
    /// no kind, `<output>…</output>`, `# Output:` or "the output is" and the rest of the line, the
    /// whole answer.
    pub(crate) fn answer(&self, kind: &str) -> Option<String> {
        let block = self.blocks.last(kind).or_else(|| self.blocks.last(""));
        if let Some(Block { text, .. }) = block {
            return Some(text.clone());
        }
        let section = self.section.trim();
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
}

/// Source text without blank lines at its ends and without white space after it.
pub(crate) fn trimmed(text: &str) -> String {
    let text = text.trim_end();
    let blank = text.len() - text.trim_start().len();
    let first_line = text[..blank].rfind('\n').map_or(0, |newline| newline + 1);
    text[first_line..].to_owned()
}
