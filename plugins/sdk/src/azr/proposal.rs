//! What proposals of these kinds have in common, and the causes of their refusal that do not depend
//! on the language: `parse` and `too_large`.

use super::Settings;
use crate::{Episode, Reading, Rejection, Reply, Style};

/// Why there is no task.
#[derive(Clone, Debug)]
pub enum Cause {
    /// The proposal is none.
    Rejected(Rejection),
    /// The family, or what it was given, is broken.
    Fault(String),
}

impl From<Cause> for Reply {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Rejected(rejection) => Reply::Rejected(rejection),
            Cause::Fault(why) => Reply::Fault(why),
        }
    }
}

/// A refusal.
#[must_use]
pub fn rejected(cause: &str, detail: impl Into<String>) -> Cause {
    Cause::Rejected(Rejection { cause: cause.to_owned(), detail: detail.into() })
}

/// Refuses what was cut.
///
/// # Errors
/// `parse`.
pub fn whole(episode: &Episode) -> Result<(), Cause> {
    match episode.truncated {
        true => Err(rejected("parse", "cut at the length limit")),
        false => Ok(()),
    }
}

/// Refuses what is too long.
///
/// # Errors
/// `too_large`.
pub fn fits(what: &str, text: &str, max_bytes: usize) -> Result<(), Cause> {
    match text.len() <= max_bytes {
        true => Ok(()),
        false => {
            Err(rejected("too_large", format!("{what}: {} bytes, limit {max_bytes}", text.len())))
        }
    }
}

/// The first block of `kind`, if there is anything in it.
///
/// # Errors
/// `parse`.
pub fn block<'a>(reading: &'a Reading, kind: &'a str) -> Result<&'a str, Cause> {
    let text = reading.blocks.first(kind).map(|block| block.text.as_str());
    text.filter(|text| !text.trim().is_empty())
        .ok_or_else(|| rejected("parse", format!("no {kind} block with anything in it")))
}

/// A proposal of induction: inputs for the reference's program, and a message.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The inputs: the last ones, as many as are asked for.
    pub inputs: Vec<String>,
    /// What is said of the program; may be empty.
    pub message: String,
    /// Whether the completion kept the demanded format.
    pub format: bool,
}

impl Inputs {
    /// Reads the proposal of `episode`.
    ///
    /// # Errors
    /// `parse` or `too_large`.
    pub fn read(settings: &Settings, episode: &Episode) -> Result<Self, Cause> {
        let reading = Reading::new(settings.style, episode, "input");
        whole(episode)?;
        let found: Vec<&str> = reading.blocks.of("input").map(|block| block.text.trim()).collect();
        let n_inputs = settings.n_inputs;
        let message = reading.blocks.first("message").map(|block| block.text.trim().to_owned());
        if found.len() < n_inputs {
            let detail = format!("{} input blocks, {n_inputs} are asked for", found.len());
            return Err(rejected("parse", detail));
        }
        if message.is_none() && settings.style == Style::Azr {
            return Err(rejected("parse", "no message block"));
        }
        let mut kinds = vec!["input"; n_inputs];
        kinds.extend(message.as_ref().map(|_| "message"));
        let format = reading.keeps(settings.format, &kinds);
        let message = message.unwrap_or_default();
        fits("the message", &message, settings.input_bytes_max)?;
        let inputs = found[found.len() - n_inputs..].iter().map(|&text| text.to_owned()).collect();
        Ok(Self { inputs, message, format })
    }
}
