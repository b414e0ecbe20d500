//! The options that every family of these kinds has.

use crate::{Format, Options, OptionsError, Style};

/// What they are where they are not given, by style: compact first.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// Longest program.
    pub program_bytes_max: [u32; 2],
    /// Longest input.
    pub input_bytes_max: [u32; 2],
    /// Longest value.
    pub value_bytes_max: [u32; 2],
    /// The most that any of these three may be set to.
    pub bytes_max: u32,
    /// Other inputs on which a program is tried.
    pub n_variants: u32,
}

/// Options of these kinds, read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How prompts are written.
    pub style: Style,
    /// What the `format` flag means.
    pub format: Format,
    /// Longest program.
    pub program_bytes_max: usize,
    /// Longest input.
    pub input_bytes_max: usize,
    /// Longest value.
    pub value_bytes_max: usize,
    /// Inputs of an induction task.
    pub n_inputs: usize,
    /// Those of them that are shown.
    pub n_shown: usize,
    /// Other inputs on which a program is tried.
    pub n_variants: usize,
    /// Whether a proposal must differ from its references.
    pub reject_copies_of_references: bool,
    /// Keys that were given: golden cases that lean on their defaults are left out.
    pub given: Vec<String>,
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// Names the value that is none of its choices.
    pub fn read(raw: &mut Options, defaults: &Defaults) -> Result<Self, OptionsError> {
        let (style, format) = Style::read(raw)?;
        let of_style = |[compact, azr]: [u32; 2]| if style == Style::Azr { azr } else { compact };
        let mut bytes = |key, default| {
            Ok::<_, OptionsError>(
                raw.count(key, of_style(default), 1..=defaults.bytes_max)? as usize
            )
        };
        let program_bytes_max = bytes("program_bytes_max", defaults.program_bytes_max)?;
        let input_bytes_max = bytes("input_bytes_max", defaults.input_bytes_max)?;
        let value_bytes_max = bytes("value_bytes_max", defaults.value_bytes_max)?;
        let n_inputs = raw.count("n_inputs", of_style([6, 10]), 2..=64)?;
        Ok(Self {
            style,
            format,
            program_bytes_max,
            input_bytes_max,
            value_bytes_max,
            n_inputs: n_inputs as usize,
            n_shown: raw.count("n_shown", n_inputs / 2, 1..=n_inputs - 1)? as usize,
            n_variants: raw.count("n_variants", defaults.n_variants, 1..=16)? as usize,
            reject_copies_of_references: raw.flag("reject_copies_of_references", true)?,
            given: raw.given(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, OptionsError> {
        let sizes = Defaults {
            program_bytes_max: [1, 2],
            input_bytes_max: [3, 4],
            value_bytes_max: [5, 6],
            bytes_max: 9,
            n_variants: 4,
        };
        let mut raw = Options::parse(text)?;
        let settings = Settings::read(&mut raw, &sizes)?;
        raw.finish().map(|()| settings)
    }

    #[test]
    fn defaults_follow_the_style() {
        let sizes = |s: &Settings| [s.program_bytes_max, s.input_bytes_max, s.value_bytes_max];
        let compact = read("{}").unwrap();
        assert_eq!((compact.style, compact.format), (Style::Compact, Format::Plain));
        assert_eq!((sizes(&compact), compact.n_inputs, compact.n_shown), ([1, 3, 5], 6, 3));
        let azr = read(r#"{"format": "azr", "n_shown": 2}"#).unwrap();
        assert_eq!((azr.style, azr.format), (Style::Azr, Format::Azr));
        assert_eq!((sizes(&azr), azr.n_inputs, azr.n_shown), ([2, 4, 6], 10, 2));
        assert_eq!(azr.given, ["format", "n_shown"]);
    }

    #[test]
    fn mistakes_are_named() {
        let check = |text, expected: &str| {
            assert_eq!(read(text).unwrap_err().to_string(), expected);
        };
        check(
            r#"{"n_inputs": 4, "n_shown": 4}"#,
            "option `n_shown`: expected a whole number from 1 to 3, got 4",
        );
        check(
            r#"{"input_bytes_max": 10}"#,
            "option `input_bytes_max`: expected a whole number from 1 to 9, got 10",
        );
    }
}
