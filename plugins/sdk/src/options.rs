//! A family's options: a JSON object read key by key, every mistake named with its remedy.
//!
//! Knows no option by name: reading a key makes it known, and [`Options::finish`] refuses the rest.

use std::fmt;
use std::ops::RangeInclusive;

use serde_json::{Map, Value as Json};

/// Options as they are read.
#[derive(Debug)]
pub struct Options {
    given: Map<String, Json>,
    known: Vec<&'static str>,
}

/// What is wrong with a family's options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionsError {
    /// Not a JSON object.
    NotAnObject(String),
    /// A key that the family does not know, and the nearest that it does.
    Unknown {
        /// The key as given.
        key: String,
        /// The nearest known one.
        nearest: &'static str,
    },
    /// A value of the wrong type or out of range.
    BadValue {
        /// The key.
        key: &'static str,
        /// What would do.
        expected: String,
        /// What was given.
        got: String,
    },
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject(why) => write!(f, "options are not a JSON object: {why}"),
            Self::Unknown { key, nearest } => {
                write!(f, "unknown option `{key}`; the nearest known one is `{nearest}`")
            }
            Self::BadValue { key, expected, got } => {
                write!(f, "option `{key}`: expected {expected}, got {got}")
            }
        }
    }
}

impl std::error::Error for OptionsError {}

impl Options {
    /// Reads the JSON text of an object.
    ///
    /// # Errors
    /// If `text` is no JSON object.
    pub fn parse(text: &str) -> Result<Self, OptionsError> {
        match serde_json::from_str(text) {
            Ok(Json::Object(given)) => Ok(Self { given, known: Vec::new() }),
            Ok(other) => Err(OptionsError::NotAnObject(format!("got {other}"))),
            Err(error) => Err(OptionsError::NotAnObject(error.to_string())),
        }
    }

    /// Whether `key` was given.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.given.contains_key(key)
    }

    /// The keys that were given.
    #[must_use]
    pub fn given(&self) -> Vec<String> {
        self.given.keys().cloned().collect()
    }

    /// A switch.
    ///
    /// # Errors
    /// If the value is not true or false.
    pub fn flag(&mut self, key: &'static str, default: bool) -> Result<bool, OptionsError> {
        self.read(key, default, "true or false", Json::as_bool)
    }

    /// A whole number within `range`.
    ///
    /// # Errors
    /// If the value is none.
    pub fn count(
        &mut self,
        key: &'static str,
        default: u32,
        range: RangeInclusive<u32>,
    ) -> Result<u32, OptionsError> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.read(key, default, &expected, |json| {
            json.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| range.contains(n))
        })
    }

    /// One of a few words.
    ///
    /// # Errors
    /// If the value is none of them.
    pub fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        default: T,
        choices: &[(&str, T)],
    ) -> Result<T, OptionsError> {
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        self.read(key, default, &words.join(" or "), |json| {
            let word = json.as_str()?;
            choices.iter().find(|(name, _)| *name == word).map(|(_, choice)| *choice)
        })
    }

    /// A list of words.
    ///
    /// # Errors
    /// If the value is not a list of strings.
    pub fn words(
        &mut self,
        key: &'static str,
        default: &[&str],
    ) -> Result<Vec<String>, OptionsError> {
        let default = default.iter().map(|&word| word.to_owned()).collect();
        self.read(key, default, "a list of strings", |json| {
            json.as_array()?.iter().map(|item| Some(item.as_str()?.to_owned())).collect()
        })
    }

    /// Refuses the keys that nobody read.
    ///
    /// # Errors
    /// Names the first of them and the nearest known key.
    pub fn finish(self) -> Result<(), OptionsError> {
        let Some(key) = self.given.keys().find(|key| !self.known.contains(&key.as_str())) else {
            return Ok(());
        };
        let nearest = self.known.iter().min_by_key(|known| distance(key, known));
        Err(OptionsError::Unknown { key: key.clone(), nearest: nearest.copied().unwrap_or("none") })
    }

    fn read<T>(
        &mut self,
        key: &'static str,
        default: T,
        expected: &str,
        take: impl FnOnce(&Json) -> Option<T>,
    ) -> Result<T, OptionsError> {
        self.known.push(key);
        let Some(json) = self.given.get(key) else { return Ok(default) };
        take(json).ok_or_else(|| OptionsError::BadValue {
            key,
            expected: expected.to_owned(),
            got: json.to_string(),
        })
    }
}

/// Levenshtein's edit distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let read = || {
            let mut options = Options::parse(text)?;
            let flag = options.flag("flag", true)?;
            let count = options.count("deadline_ms", 5, 1..=9)?;
            let choice = options.choice("style", 'c', &[("compact", 'c'), ("azr", 'a')])?;
            let words = options.words("banned", &["os"])?;
            options.finish()?;
            Ok::<_, OptionsError>(format!("{flag} {count} {choice} {words:?}"))
        };
        assert_eq!(read().unwrap_or_else(|error| error.to_string()), expected);
    }

    #[test]
    fn options_are_read_or_refused_by_name() {
        check("{}", "true 5 c [\"os\"]");
        check(r#"{"flag": false, "style": "azr", "banned": []}"#, "false 5 a []");
        check(
            r#"{"deadline": 1}"#,
            "unknown option `deadline`; the nearest known one is `deadline_ms`",
        );
        check(
            r#"{"deadline_ms": 10}"#,
            "option `deadline_ms`: expected a whole number from 1 to 9, got 10",
        );
        check(r#"{"style": "x"}"#, "option `style`: expected \"compact\" or \"azr\", got \"x\"");
        check("[]", "options are not a JSON object: got []");
    }
}
