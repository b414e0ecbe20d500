//! What the family can be told: one JSON object, listed in the README.
//!
//! Most defaults follow the style: `compact` is for tiny models, `azr` for the published recipe.

use quaero_math_judge::{Decimals, Rules};
use quaero_sdk::OptionsError;
pub(crate) use quaero_sdk::{Format, Style};

/// The family's options.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) style: Style,
    pub(crate) format: Format,
    pub(crate) rules: Rules,
    pub(crate) program_bytes_max: usize,
    pub(crate) input_bytes_max: usize,
    pub(crate) value_bytes_max: usize,
    pub(crate) n_inputs: usize,
    pub(crate) n_shown: usize,
    pub(crate) n_variants: usize,
    pub(crate) operations_min: usize,
    pub(crate) reject_copies_of_references: bool,
    /// Keys that were given: golden cases that lean on their defaults are left out.
    pub(crate) given: Vec<&'static str>,
}

impl Options {
    /// Reads the options of a run.
    ///
    /// # Errors
    /// Names the unknown or ill-typed key.
    pub(crate) fn parse(text: &str) -> Result<Self, OptionsError> {
        let mut raw = quaero_sdk::Options::parse(if text.is_empty() { "{}" } else { text })?;
        let (style, format) = Style::read(&mut raw)?;
        let azr = style == Style::Azr;
        let by_style = |compact, in_azr| if azr { in_azr } else { compact };
        let n_inputs = raw.count("n_inputs", by_style(6, 10), 2..=64)?;
        let decimals = [("exact", Decimals::Exact), ("rounded", Decimals::Rounded)];
        let options = Self {
            style,
            format,
            rules: Rules { decimals: raw.choice("decimals", Decimals::Exact, &decimals)? },
            program_bytes_max: raw.count("program_bytes_max", by_style(256, 1024), 1..=4096)?
                as usize,
            input_bytes_max: raw.count("input_bytes_max", by_style(256, 1024), 1..=4096)? as usize,
            value_bytes_max: raw.count("value_bytes_max", by_style(256, 1024), 1..=4096)? as usize,
            n_inputs: n_inputs as usize,
            n_shown: raw.count("n_shown", n_inputs / 2, 1..=n_inputs - 1)? as usize,
            n_variants: raw.count("n_variants", 8, 1..=16)? as usize,
            operations_min: raw.count("operations_min", 1, 0..=64)? as usize,
            reject_copies_of_references: raw.flag("reject_copies_of_references", true)?,
            given: KEYS.into_iter().filter(|key| raw.has(key)).collect(),
        };
        raw.finish()?;
        Ok(options)
    }
}

/// Keys that golden cases may lean on.
const KEYS: [&str; 10] = [
    "format",
    "decimals",
    "program_bytes_max",
    "input_bytes_max",
    "value_bytes_max",
    "n_inputs",
    "n_shown",
    "n_variants",
    "operations_min",
    "reject_copies_of_references",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_follow_the_style() {
        let compact = Options::parse("{}").unwrap();
        assert_eq!((compact.style, compact.format), (Style::Compact, Format::Plain));
        assert_eq!((compact.n_inputs, compact.n_shown), (6, 3));
        let azr = Options::parse(r#"{"format": "azr"}"#).unwrap();
        assert_eq!((azr.style, azr.format, azr.n_inputs), (Style::Azr, Format::Azr, 10));
    }

    #[test]
    fn mistakes_are_named() {
        let check = |text, expected: &str| {
            assert_eq!(Options::parse(text).unwrap_err().to_string(), expected);
        };
        check(
            r#"{"decimal": "exact"}"#,
            "unknown option `decimal`; the nearest known one is `decimals`",
        );
        check(r#"{"decimals": 1}"#, r#"option `decimals`: expected "exact" or "rounded", got 1"#);
        for key in KEYS {
            let error = Options::parse(&format!(r#"{{"{key}": {{}}}}"#)).unwrap_err();
            assert!(error.to_string().starts_with(&format!("option `{key}`")), "{error}");
        }
    }
}
