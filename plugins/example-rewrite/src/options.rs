//! What may be configured, under `[families.rewrite]`.

use quaero_sdk::OptionsError;

/// The family's options.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Letters in play: the first so many of the alphabet.
    pub(crate) n_letters: u32,
    /// Most rules of a task.
    pub(crate) rules_max: u32,
    /// Longest word that is proposed or answered; on its way it may grow to eight times that.
    pub(crate) word_len_max: u32,
    /// Most steps until no rule fits.
    pub(crate) steps_max: u32,
    /// Whether a prompt says in words what is asked. Small models need no words, large ones do.
    pub(crate) explain: bool,
    /// Whether all are at their defaults: golden cases lean on them.
    pub(crate) are_defaults: bool,
}

impl Options {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// Names the key that is unknown, ill-typed or out of range.
    pub(crate) fn parse(text: &str) -> Result<Self, OptionsError> {
        let mut given = quaero_sdk::Options::parse(text)?;
        let keys = ["n_letters", "rules_max", "word_len_max", "steps_max", "explain"];
        let options = Self {
            are_defaults: !keys.iter().any(|key| given.has(key)),
            n_letters: given.count("n_letters", 3, 2..=26)?,
            rules_max: given.count("rules_max", 3, 1..=16)?,
            word_len_max: given.count("word_len_max", 8, 2..=64)?,
            steps_max: given.count("steps_max", 32, 1..=1000)?,
            explain: given.flag("explain", false)?,
        };
        given.finish()?;
        Ok(options)
    }

    /// Whether `text` is a word: letters in play, at least one, not too many.
    pub(crate) fn is_word(&self, text: &str) -> bool {
        let last = b'a' + u8::try_from(self.n_letters - 1).unwrap_or(25);
        let fits = !text.is_empty() && text.len() <= self.word_len_max as usize;
        fits && text.bytes().all(|byte| (b'a'..=last).contains(&byte))
    }
}
