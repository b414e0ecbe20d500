//! Rules at work.
//!
//! Knows no tasks. Rules never erase, so a word never becomes empty; whether they ever stop is
//! not known before they are tried, hence the limits.

use crate::options::Options;

/// Rules, in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct System {
    rules: Vec<(String, String)>,
}

/// A word without the quotes around it, if it has any.
pub(crate) fn bare(word: &str) -> &str {
    let word = word.trim();
    word.strip_prefix('\'').and_then(|word| word.strip_suffix('\'')).unwrap_or(word)
}

/// Where a word ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// The word to which no rule applies.
    pub(crate) word: String,
    /// Steps that led there.
    pub(crate) n_steps: u32,
}

impl System {
    /// Reads one rule a line, its words bare or in quotes.
    ///
    /// # Errors
    /// Says which line is no rule, or that there are none or too many.
    pub(crate) fn parse<'a>(
        lines: impl IntoIterator<Item = &'a str>,
        options: &Options,
    ) -> Result<Self, String> {
        let mut rules = Vec::new();
        for line in lines {
            match line.split_once('>').map(|(left, right)| (bare(left), bare(right))) {
                Some((left, right)) if options.is_word(left) && options.is_word(right) => {
                    rules.push((left.to_owned(), right.to_owned()));
                }
                _ => return Err(format!("line {} is no rule", rules.len() + 1)),
            }
        }
        if rules.is_empty() || rules.len() > options.rules_max as usize {
            return Err(format!("{} rules, 1 to {} are asked", rules.len(), options.rules_max));
        }
        Ok(Self { rules })
    }

    /// The rules, one a line, with `quote` around each word.
    pub(crate) fn text(&self, quote: &str) -> String {
        let word = |word: &str| format!("{quote}{word}{quote}");
        let lines = self.rules.iter().map(|(left, right)| word(left) + ">" + &word(right));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// How many rules there are.
    pub(crate) fn n_rules(&self) -> usize {
        self.rules.len()
    }

    /// Applies the rules to `word` until none fits; nothing where that goes on past the limits.
    pub(crate) fn run(&self, word: &str, options: &Options) -> Option<End> {
        let mut word = word.to_owned();
        for n_steps in 0..=options.steps_max {
            let Some(next) = self.step(&word) else {
                return Some(End { word, n_steps });
            };
            if next.len() > 8 * options.word_len_max as usize {
                return None;
            }
            word = next;
        }
        None
    }

    /// The first rule that fits, at its leftmost place.
    fn step(&self, word: &str) -> Option<String> {
        let (left, right) = self.rules.iter().find(|(left, _)| word.contains(left.as_str()))?;
        Some(word.replacen(left.as_str(), right, 1))
    }
}
