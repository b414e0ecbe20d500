//! Python source as tokens and names: enough to find imports, builtins, definitions and the shape
//! of a program without running it.
//!
//! Knows no grammar: whether the program is Python at all, the interpreter says.
//!
//! # Layout
//! `tokens` → `names` what they are bound to → `plain` values without a program.

mod names;
mod plain;
mod tokens;

use names::{Binding, Names, normal};
pub(crate) use plain::plain_arguments;
use tokens::{Token, TokenKind, tokens};

/// Attributes that a banned call is reached by, or whose value tells the platform.
const BANNED_ATTRIBUTES: [&str; 5] =
    ["__hash__", "__sizeof__", "__globals__", "__builtins__", "__subclasses__"];

/// A program as text and tokens.
pub(crate) struct Source<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
}

impl<'a> Source<'a> {
    /// Reads `text`.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, tokens: tokens(text) }
    }

    fn names(&self) -> Names<'a> {
        names::names(&self.tokens)
    }

    /// The first of `banned` that it imports, or reaches as `os.path` by a name that it imported.
    pub(crate) fn banned_import<'b>(&self, banned: &'b [String]) -> Option<&'b str> {
        let names = self.names();
        let reached: Vec<String> = self
            .attributes()
            .filter_map(|(name, attribute)| {
                Some(format!("{}.{attribute}", names.modules.get(&*normal(name))?))
            })
            .collect();
        let within = |path: &str, banned: &str| {
            path.strip_prefix(banned).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let found = banned.iter().find(|banned| {
            let dotted = banned.contains('.') && reached.contains(banned);
            dotted || names.imports.iter().any(|path| within(path, banned))
        });
        found.map(String::as_str)
    }

    /// The first of `banned` whose builtin stands in it, called or not; an attribute counts where
    /// it reaches one.
    ///
    /// Two uses are let be. What `id` gives differs between the worlds of the two runs, so that the
    /// interpreter sees where it matters: only a call is refused. And `hash` in a class's own
    /// `__hash__` shows in the order of sets alone, which differs as well.
    pub(crate) fn banned_call<'b>(&'b self, banned: &'b [String]) -> Option<&'b str> {
        if banned.is_empty() {
            return None;
        }
        let called = |token: usize| self.tokens.get(token + 1).is_some_and(|next| next.is("("));
        for used in self.names().uses.iter().filter(|used| used.binding == Binding::Builtin) {
            let harmless = match &*used.name {
                "id" => !called(used.token),
                "hash" => called(used.token) && used.function.as_deref() == Some("__hash__"),
                "__builtins__" => return Some("__builtins__"),
                _ => false,
            };
            let name = banned.iter().find(|banned| **banned == used.name);
            if let Some(name) = name.filter(|_| !harmless) {
                return Some(name);
            }
        }
        let is_banned = |token: &Token<'_>| {
            let name = normal(token.text);
            BANNED_ATTRIBUTES
                .into_iter()
                .find(|banned| token.kind == TokenKind::Name && *banned == name)
        };
        self.tokens.windows(2).filter(|pair| pair[0].is(".")).find_map(|pair| is_banned(&pair[1]))
    }

    /// How often a plain name stands in it, and how often as what is called.
    pub(crate) fn uses(&self, name: &str) -> (usize, usize) {
        let before = |idx: usize| idx.checked_sub(1).map(|before| &self.tokens[before]);
        let attribute = |idx: usize| before(idx).is_some_and(|token| token.is("."));
        let places: Vec<usize> = (0..self.tokens.len())
            .filter(|&idx| {
                let token = &self.tokens[idx];
                token.kind == TokenKind::Name && normal(token.text) == name && !attribute(idx)
            })
            .collect();
        let called = |idx: &&usize| {
            self.tokens.get(**idx + 1).is_some_and(|next| next.is("("))
                && !before(**idx).is_some_and(|b| b.is("def") || b.is("class"))
        };
        (places.len(), places.iter().filter(called).count())
    }

    /// Attributes of plain names: `os` and `environ` for `os.environ['x']`.
    fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let triples = self.tokens.windows(3).filter(|w| {
            w[0].kind == TokenKind::Name && w[1].is(".") && w[2].kind == TokenKind::Name
        });
        triples.map(|w| (w[0].text, w[2].text))
    }

    /// `def` and the name after it, of every function wherever it stands.
    fn defined(&self) -> impl Iterator<Item = (&Token<'a>, &Token<'a>)> {
        let pairs = self.tokens.windows(2).map(|w| (&w[0], &w[1]));
        pairs.filter(|(def, name)| def.is("def") && name.kind == TokenKind::Name)
    }

    /// The names of the functions of its top level. `async def` is no entry: it returns a
    /// coroutine, which is no plain value.
    fn top_level(&self) -> impl Iterator<Item = &Token<'a>> {
        let top = |def: &Token<'_>| def.opens_line && def.column == 0;
        self.defined().filter(move |(def, _)| top(def)).map(|(_, name)| name)
    }

    /// Whether it defines a function at its top level.
    pub(crate) fn defines_any(&self) -> bool {
        self.top_level().next().is_some()
    }

    /// How many functions it defines, methods and inner ones included.
    pub(crate) fn n_functions(&self) -> usize {
        self.defined().count()
    }

    /// Whether its last top-level function `name` has a parameter; `None` where there is none such.
    pub(crate) fn has_parameter(&self, name: &str) -> Option<bool> {
        let entry = self.top_level().filter(|n| normal(n.text) == name).last()?;
        let after = self.tokens.iter().skip_while(|token| token.at <= entry.at);
        let mut inside = after.skip_while(|token| !token.is("(") || token.depth > 0).skip(1);
        Some(inside.next().is_some_and(|token| !token.is(")")))
    }

    /// The program with its last top-level function renamed to `name`, unless it has one of that
    /// name already. Every use of what the old name is bound to goes with it.
    pub(crate) fn with_entry(&self, name: &str) -> String {
        let top: Vec<_> = self.top_level().map(|token| normal(token.text)).collect();
        let Some(old) = top.last().filter(|_| !top.iter().any(|known| known == name)) else {
            return self.text.to_owned();
        };
        let mut renamed = String::with_capacity(self.text.len());
        let mut done = 0;
        for used in self.names().uses {
            if used.binding == Binding::Module && used.name == *old {
                let token = &self.tokens[used.token];
                renamed.push_str(&self.text[done..token.at]);
                renamed.push_str(name);
                done = token.at + token.text.len();
            }
        }
        renamed + &self.text[done..]
    }

    /// The arguments where it is one call of `name` and nothing else.
    pub(crate) fn only_call(&self, name: &str) -> Option<&'a str> {
        let [callee, open, .., close] = self.tokens.as_slice() else { return None };
        let whole = callee.kind == TokenKind::Name && normal(callee.text) == name && open.is("(");
        // No bracket in between closes the call.
        let closes = |token: &Token<'_>| token.depth == 1 && token.is(")");
        let inner = &self.tokens[2..self.tokens.len() - 1];
        let last = closes(close) && !inner.iter().any(closes);
        (whole && last).then(|| self.text[open.at + 1..close.at].trim())
    }

    /// How often any of these keywords stands in it.
    pub(crate) fn n_keywords(&self, keywords: &[&str]) -> usize {
        let names = self.tokens.iter().filter(|token| token.kind == TokenKind::Name);
        names.filter(|token| keywords.contains(&token.text)).count()
    }
}

#[cfg(test)]
mod tests;
