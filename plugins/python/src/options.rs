//! What the family can be told: one JSON object, listed in `plugins/README.md`.
//!
//! Most defaults follow the style: `compact` is for tiny models, `azr` for the published recipe.

use quaero_sdk::{Equality, OptionsError};
pub(crate) use quaero_sdk::{Format, Style};

/// How an induction answer that is right on some hidden examples scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InductionScore {
    /// Not at all.
    Binary,
    /// By its share of right answers.
    Accuracy,
}

/// The family's options.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) style: Style,
    pub(crate) format: Format,
    pub(crate) banned_imports: Vec<String>,
    pub(crate) banned_calls: Vec<String>,
    pub(crate) error_banned_keywords: Vec<String>,
    pub(crate) deadline_ms: u32,
    pub(crate) value_bytes_max: u32,
    pub(crate) program_bytes_max: usize,
    pub(crate) input_bytes_max: usize,
    pub(crate) n_inputs: usize,
    pub(crate) n_shown: usize,
    pub(crate) determinism_runs: u32,
    pub(crate) require_input_dependence: bool,
    pub(crate) n_variants: usize,
    pub(crate) literal_inputs: bool,
    pub(crate) answer_expressions: bool,
    pub(crate) equality: Equality,
    pub(crate) induction_score: InductionScore,
    pub(crate) reject_copies_of_references: bool,
    pub(crate) reject_multiple_functions: bool,
    pub(crate) measures: bool,
    pub(crate) composite_percent: u32,
    pub(crate) composite_functions_max: u32,
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
        let options = Self {
            style,
            format,
            banned_imports: raw.words("banned_imports", &BANNED_IMPORTS)?,
            banned_calls: raw.words("banned_calls", &BANNED_CALLS)?,
            error_banned_keywords: raw.words("error_banned_keywords", &[])?,
            deadline_ms: raw.count("deadline_ms", by_style(1_000, 10_000), 1..=600_000)?,
            value_bytes_max: raw.count("value_bytes_max", by_style(4096, 16_384), 1..=1 << 24)?,
            program_bytes_max: raw.count(
                "program_bytes_max",
                by_style(4096, 16_384),
                1..=1 << 24,
            )? as usize,
            input_bytes_max: raw.count("input_bytes_max", by_style(2048, 8192), 1..=1 << 24)?
                as usize,
            n_inputs: n_inputs as usize,
            n_shown: raw.count("n_shown", n_inputs / 2, 1..=n_inputs - 1)? as usize,
            determinism_runs: raw.count("determinism_runs", 2, 1..=8)?,
            require_input_dependence: raw.flag("require_input_dependence", !azr)?,
            n_variants: raw.count("n_variants", 4, 1..=16)? as usize,
            literal_inputs: raw.flag("literal_inputs", !azr)?,
            answer_expressions: raw.flag("answer_expressions", true)?,
            equality: raw.choice(
                "equality",
                Equality::Python,
                &[("python", Equality::Python), ("strict", Equality::Strict)],
            )?,
            induction_score: raw.choice(
                "induction_score",
                InductionScore::Binary,
                &[("binary", InductionScore::Binary), ("accuracy", InductionScore::Accuracy)],
            )?,
            reject_copies_of_references: raw.flag("reject_copies_of_references", true)?,
            reject_multiple_functions: raw.flag("reject_multiple_functions", false)?,
            measures: raw.flag("measures", false)?,
            composite_percent: raw.count("composite_percent", 0, 0..=100)?,
            composite_functions_max: raw.count("composite_functions_max", 3, 1..=8)?,
            given: KEYS.into_iter().filter(|key| raw.has(key)).collect(),
        };
        raw.finish()?;
        Ok(options)
    }
}

/// Keys that golden cases may lean on.
const KEYS: [&str; 22] = [
    "format",
    "banned_imports",
    "banned_calls",
    "error_banned_keywords",
    "deadline_ms",
    "value_bytes_max",
    "program_bytes_max",
    "input_bytes_max",
    "n_inputs",
    "n_shown",
    "determinism_runs",
    "require_input_dependence",
    "n_variants",
    "literal_inputs",
    "answer_expressions",
    "equality",
    "induction_score",
    "reject_copies_of_references",
    "reject_multiple_functions",
    "measures",
    "composite_percent",
    "composite_functions_max",
];

/// AZR's list, and what would reach for the world in a sandbox that has none.
const BANNED_IMPORTS: [&str; 61] = [
    // AZR's own.
    "logging",
    "random",
    "multiprocessing",
    "pebble",
    "subprocess",
    "threading",
    "datetime",
    "time",
    "hashlib",
    "hmac",
    "bcrypt",
    "os.sys",
    "os.path",
    "sys.exit",
    "os.environ",
    "calendar",
    // The world outside.
    "os",
    "posix",
    "sys",
    "shutil",
    "socket",
    "ssl",
    "select",
    "selectors",
    "signal",
    "resource",
    "pathlib",
    "tempfile",
    "glob",
    "io",
    "_io",
    "mmap",
    "fcntl",
    "pty",
    "tty",
    "termios",
    "http",
    "urllib",
    "requests",
    "asyncio",
    "concurrent",
    "_thread",
    "ctypes",
    "cffi",
    "platform",
    "uuid",
    "secrets",
    "sqlite3",
    // The interpreter inside.
    "builtins",
    "importlib",
    "gc",
    "inspect",
    "pickle",
    "marshal",
    "code",
    "codeop",
    "pdb",
    "trace",
    "tracemalloc",
    "faulthandler",
    "weakref",
];

/// Functions whose result is no matter of the arguments, or that reach for the world.
const BANNED_CALLS: [&str; 15] = [
    "input",
    "open",
    "eval",
    "exec",
    "compile",
    "__import__",
    "breakpoint",
    "exit",
    "quit",
    "globals",
    "locals",
    "vars",
    "id",
    "hash",
    "help",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_follow_the_style() {
        let compact = Options::parse("{}").unwrap();
        assert_eq!((compact.style, compact.format), (Style::Compact, Format::Plain));
        assert_eq!((compact.n_inputs, compact.n_shown, compact.deadline_ms), (6, 3, 1000));
        assert!(compact.require_input_dependence);
        let azr = Options::parse(r#"{"style": "azr"}"#).unwrap();
        assert_eq!((azr.style, azr.format), (Style::Azr, Format::Azr));
        assert_eq!((azr.n_inputs, azr.n_shown, azr.deadline_ms), (10, 5, 10_000));
        assert!(!azr.require_input_dependence);
        assert_eq!(Options::parse(r#"{"format": "azr"}"#).unwrap().style, Style::Azr);
        let plain = Options::parse(r#"{"style": "azr", "format": "plain"}"#).unwrap();
        assert_eq!((plain.style, plain.format), (Style::Azr, Format::Plain));
    }

    #[test]
    fn mistakes_are_named() {
        let check = |text, expected: &str| {
            assert_eq!(Options::parse(text).unwrap_err().to_string(), expected);
        };
        check(
            r#"{"banned_import": []}"#,
            "unknown option `banned_import`; the nearest known one is `banned_imports`",
        );
        check(
            r#"{"n_inputs": 4, "n_shown": 4}"#,
            "option `n_shown`: expected a whole number from 1 to 3, got 4",
        );
    }

    #[test]
    fn every_key_but_style_is_known_to_golden_cases() {
        for key in KEYS {
            let error = Options::parse(&format!(r#"{{"{key}": {{}}}}"#)).unwrap_err();
            assert!(error.to_string().starts_with(&format!("option `{key}`")), "{error}");
        }
    }
}
