//! What is wrong with an expression, and where.

use crate::names::Type;

/// An expression that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}\n  {source_text}\n  {:>width$}", "^", width = self.column)]
pub struct Error {
    /// The expression as it was written.
    pub source_text: String,
    /// The character where the fault lies, from 1.
    pub column: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A character that is part of no expression.
    #[error("`{0}` has no meaning in an expression")]
    Character(char),
    /// A number that cannot be read.
    #[error("`{0}` is not a number")]
    Number(String),
    /// Something else was expected.
    #[error("expected {expected}, got {got}")]
    Unexpected {
        /// What would have been right.
        expected: &'static str,
        /// What stands there.
        got: String,
    },
    /// More than 64 levels of nesting.
    #[error("nested too deeply")]
    TooDeep,
    /// More than 1,000 tokens.
    #[error("too long")]
    TooLong,
    /// A name that nothing offers.
    #[error("unknown name `{name}`; {hint}")]
    UnknownName {
        /// The name.
        name: String,
        /// The nearest known name, or all of them.
        hint: String,
    },
    /// A function that does not exist.
    #[error("unknown function `{name}`; {hint}")]
    UnknownFunction {
        /// The name.
        name: String,
        /// The nearest known function, or all of them.
        hint: String,
    },
    /// A call with too few or too many arguments.
    #[error("`{function}` takes {expected}, got {got}")]
    Arguments {
        /// The function.
        function: &'static str,
        /// How many it takes, in words.
        expected: &'static str,
        /// How many it was given.
        got: usize,
    },
    /// A number where a truth value belongs, or the reverse.
    #[error("expected a {expected}, got a {got}")]
    Type {
        /// What belongs there.
        expected: Type,
        /// What stands there.
        got: Type,
    },
}
