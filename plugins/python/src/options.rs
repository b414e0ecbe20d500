//! What the family can be told: one JSON object, listed in `plugins/README.md`.
//!
//! Most defaults follow the style: `compact` is for tiny models, `azr` for the published recipe.

pub(crate) use quaero_sdk::Style;
use quaero_sdk::{Defaults, Equality, OptionsError, Settings};

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
    pub(crate) azr: Settings,
    pub(crate) banned_imports: Vec<String>,
    pub(crate) banned_calls: Vec<String>,
    pub(crate) error_banned_keywords: Vec<String>,
    pub(crate) deadline_ms: u32,
    pub(crate) determinism_runs: u32,
    pub(crate) require_input_dependence: bool,
    pub(crate) literal_inputs: bool,
    pub(crate) answer_expressions: bool,
    pub(crate) equality: Equality,
    pub(crate) induction_score: InductionScore,
    pub(crate) reject_multiple_functions: bool,
    pub(crate) measures: bool,
    pub(crate) composite_percent: u32,
    pub(crate) composite_functions_max: u32,
}

impl Options {
    /// Reads the options of a run.
    ///
    /// # Errors
    /// Names the unknown or ill-typed key.
    pub(crate) fn parse(text: &str) -> Result<Self, OptionsError> {
        let mut raw = quaero_sdk::Options::parse(if text.is_empty() { "{}" } else { text })?;
        let defaults = Defaults {
            program_bytes_max: [4096, 16_384],
            input_bytes_max: [2048, 8192],
            value_bytes_max: [4096, 16_384],
            bytes_max: 1 << 24,
            n_variants: 4,
        };
        let azr = Settings::read(&mut raw, &defaults)?;
        let in_words = azr.style == Style::Azr;
        let deadline_ms = if in_words { 10_000 } else { 1_000 };
        let options = Self {
            banned_imports: raw.words("banned_imports", &BANNED_IMPORTS)?,
            banned_calls: raw.words("banned_calls", &BANNED_CALLS)?,
            error_banned_keywords: raw.words("error_banned_keywords", &[])?,
            deadline_ms: raw.count("deadline_ms", deadline_ms, 1..=600_000)?,
            determinism_runs: raw.count("determinism_runs", 2, 1..=8)?,
            require_input_dependence: raw.flag("require_input_dependence", !in_words)?,
            literal_inputs: raw.flag("literal_inputs", !in_words)?,
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
            reject_multiple_functions: raw.flag("reject_multiple_functions", false)?,
            measures: raw.flag("measures", false)?,
            composite_percent: raw.count("composite_percent", 0, 0..=100)?,
            composite_functions_max: raw.count("composite_functions_max", 3, 1..=8)?,
            azr,
        };
        raw.finish()?;
        Ok(options)
    }
}

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
        assert_eq!((compact.deadline_ms, compact.azr.program_bytes_max), (1000, 4096));
        assert!(compact.require_input_dependence);
        let azr = Options::parse(r#"{"style": "azr"}"#).unwrap();
        assert_eq!((azr.deadline_ms, azr.azr.program_bytes_max), (10_000, 16_384));
        assert!(!azr.require_input_dependence);
    }

    #[test]
    fn mistakes_are_named() {
        let error = Options::parse(r#"{"banned_import": []}"#).unwrap_err();
        let expected = "unknown option `banned_import`; the nearest known one is `banned_imports`";
        assert_eq!(error.to_string(), expected);
    }
}
