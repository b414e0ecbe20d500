//! What a completion says: its blocks, read as the prompt's style asks, and whether it kept the
//! demanded format.
//!
//! Knows nothing of what the blocks mean.

use crate::{Blocks, Episode, Format, Style, after_fence};
use crate::{answer_section, tags_well_formed, without_thought};

/// A completion, read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Its blocks.
    pub blocks: Blocks,
    /// The part of it that answers, without the opening fence that stood in the prompt.
    pub section: String,
    style: Style,
    exact: bool,
    tags: bool,
    truncated: bool,
}

impl Reading {
    /// Reads the completion of an episode whose prompt, in the compact style, ended with the
    /// opening fence of a `fence` block.
    pub fn new(style: Style, episode: &Episode, fence: &str) -> Self {
        let completion = episode.completion.replace("\r\n", "\n");
        let tags = tags_well_formed(&completion);
        // Tags are structure only where the style asks for them.
        let section = match style {
            Style::Compact => without_thought(&completion).to_owned(),
            Style::Azr => answer_section(&completion).to_owned(),
        };
        let text = match style {
            Style::Compact => after_fence(fence, &section),
            Style::Azr => section.clone(),
        };
        let blocks = Blocks::parse(&text, episode.truncated);
        let all_closed = blocks.all().iter().all(|block| block.closed);
        let exact = all_closed && blocks.render() == text.trim_end();
        Self { blocks, section, style, exact, tags, truncated: episode.truncated }
    }

    /// Whether the completion kept the demanded format: with tags as `azr` wants it; else exactly
    /// blocks of these kinds in this order (compact), or these blocks, closed, among other text.
    pub fn keeps(&self, format: Format, kinds: &[&str]) -> bool {
        let blocks = self.blocks.all();
        match (format, self.style) {
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
}
