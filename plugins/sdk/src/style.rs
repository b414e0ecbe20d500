//! How a family writes its prompts, and what its `format` flag means.

use crate::{Options, OptionsError};

/// How prompts are written and completions read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A few marks and fences; a prompt ends with the opening fence of the answer.
    Compact,
    /// Absolute Zero's recipe: instructions in words, `<think>` and `<answer>` tags.
    Azr,
}

/// What the `format` flag of a reply means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `<think>…</think> <answer>…</answer>` and nothing else.
    Azr,
    /// No tags: what the task wants, closed.
    Plain,
}

impl Style {
    /// Reads the options `style` and `format`. Each has its default from the other; where neither
    /// is given, the style is compact.
    ///
    /// # Errors
    /// If one is none of its choices.
    pub fn read(raw: &mut Options) -> Result<(Self, Format), OptionsError> {
        let formats = [("azr", Format::Azr), ("plain", Format::Plain)];
        let format = raw.choice("format", None, &formats.map(|(name, f)| (name, Some(f))))?;
        let style = if format == Some(Format::Azr) { Self::Azr } else { Self::Compact };
        let style =
            raw.choice("style", style, &[("compact", Self::Compact), ("azr", Self::Azr)])?;
        let of_style = if style == Self::Azr { Format::Azr } else { Format::Plain };
        Ok((style, format.unwrap_or(of_style)))
    }
}
