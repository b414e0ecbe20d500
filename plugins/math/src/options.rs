//! What the family can be told: one JSON object, listed in the README.
//!
//! Most defaults follow the style: `compact` is for tiny models, `azr` for the published recipe.

use quaero_math_judge::{Decimals, Rules};
use quaero_sdk::{Defaults, OptionsError, Settings};

/// The family's options.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) azr: Settings,
    pub(crate) rules: Rules,
    pub(crate) operations_min: usize,
}

impl Options {
    /// Reads the options of a run.
    ///
    /// # Errors
    /// Names the unknown or ill-typed key.
    pub(crate) fn parse(text: &str) -> Result<Self, OptionsError> {
        let mut raw = quaero_sdk::Options::parse(if text.is_empty() { "{}" } else { text })?;
        let size = [256, 1024];
        let defaults = Defaults {
            program_bytes_max: size,
            input_bytes_max: size,
            value_bytes_max: size,
            bytes_max: 4096,
            n_variants: 8,
        };
        let azr = Settings::read(&mut raw, &defaults)?;
        let decimals = [("exact", Decimals::Exact), ("rounded", Decimals::Rounded)];
        let rules = Rules { decimals: raw.choice("decimals", Decimals::Exact, &decimals)? };
        let operations_min = raw.count("operations_min", 1, 0..=64)? as usize;
        raw.finish()?;
        Ok(Self { azr, rules, operations_min })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
