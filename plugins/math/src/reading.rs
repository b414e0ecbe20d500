//! What a completion says: its blocks, read as the prompt's style asks, and whether it kept the
//! demanded format.
//!
//! Knows nothing of what the blocks mean.

use quaero_math_judge::{Extracted, extract};
use quaero_sdk::{Blocks, Episode, answer_section, tags_well_formed};

use crate::options::{Format, Options, Style};

/// A completion, read.
pub(crate) struct Reading {
    /// Its blocks.
    pub(crate) blocks: Blocks,
    section: String,
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
        let mut text = section.clone();
        if options.style == Style::Compact {
            // Whoever writes the fence again is not given a second one.
            let alone = Blocks::parse(&section, false);
            if alone.all().first().is_none_or(|block| block.kind != fence) {
                text = format!("```{fence}\n{section}");
            }
        }
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

    /// The last box, where there is one; else the last block of `kind` or of no kind; else the
    /// whole answer.
    pub(crate) fn answer(&self, kind: &str) -> Option<String> {
        if let Extracted::Boxed(inside) = extract(&self.section) {
            return Some(inside.to_owned());
        }
        if let Some(block) = self.blocks.last(kind).or_else(|| self.blocks.last("")) {
            return Some(block.text.trim().to_owned());
        }
        let section = self.section.trim();
        (!section.is_empty()).then(|| section.to_owned())
    }
}
