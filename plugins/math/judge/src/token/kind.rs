//! What text is made of: tokens, and why there are none.

use crate::node::{Fun, Named, Rel};

/// What a stretch of text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tok {
    /// Digits, perhaps with a point; a repeating part stands in parentheses.
    Num(String),
    Var(String),
    /// A word of prose or a unit.
    Word(String),
    Sym(char),
    Rel(Rel),
    Fun(Fun),
    Named(Named),
    /// A command that the parser gives a form to.
    Cmd(&'static str),
    Begin(String),
    End(String),
    /// A currency sign before a number.
    Currency(&'static str),
}

/// A token and whether white space came before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) tok: Tok,
    pub(crate) spaced: bool,
}

/// Why a text has no tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) &'static str);
