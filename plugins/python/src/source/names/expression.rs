//! Names in expressions and in what is assigned to.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::{DEEP_MAX, KEYWORDS, Kind, Place, Reader, Scope, normal};
use crate::source::tokens::{Token, TokenKind};

impl<'a> Reader<'_, 'a> {
    /// Names that are assigned to; what stands in subscripts and calls is an expression.
    pub(super) fn targets(&mut self, range: Range<usize>, place: Place) {
        let mut at = range.start;
        while at < range.end {
            if self.is_target(at) {
                self.bind(at, place);
                at += 1;
                continue;
            }
            let opens = self.is(at, "[") || self.is(at, "(");
            if opens && at > range.start && self.ends_operand(at - 1) {
                let close = self.closing(at, range.end);
                self.expression(at + 1..close, place.scope);
                at = close;
            } else if self.is_name(at) {
                self.met.push((at, place.scope));
            }
            at += 1;
        }
    }

    /// Whether a name is assigned to, and not an attribute or part of one.
    pub(super) fn is_target(&self, at: usize) -> bool {
        let trailer =
            |next: &Token<'_>| !next.opens_line && [".", "[", "("].iter().any(|text| next.is(text));
        self.is_name(at) && !self.tokens.get(at + 1).is_some_and(trailer)
    }

    /// A name that is no attribute and no keyword.
    pub(super) fn is_name(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        token.kind == TokenKind::Name
            && !KEYWORDS.contains(&token.text)
            && !(at > 0 && self.is(at - 1, ".") && !token.opens_line)
    }

    pub(super) fn ends_operand(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        match token.kind {
            TokenKind::Name => !KEYWORDS.contains(&token.text),
            TokenKind::Op => matches!(token.text, ")" | "]" | "}"),
            _ => true,
        }
    }

    /// The names of an expression.
    pub(super) fn expression(&mut self, range: Range<usize>, scope: usize) {
        let mut at = range.start;
        while at < range.end {
            let token = &self.tokens[at];
            if self.deep < DEEP_MAX && token.is("lambda") {
                self.deep += 1;
                at = self.lambda(at..range.end, scope);
                self.deep -= 1;
                continue;
            }
            let opens = token.kind == TokenKind::Op && matches!(token.text, "(" | "[" | "{");
            if self.deep < DEEP_MAX && opens {
                let close = self.closing(at, range.end);
                self.deep += 1;
                self.bracket(at + 1..close, scope);
                self.deep -= 1;
                at = close;
                continue;
            }
            if self.is_name(at) && !self.is_keyword_of_call(at) {
                if self.is(at + 1, ":=") {
                    self.bind(at, Place { scope: self.of_walrus(scope), nested: true });
                } else {
                    self.met.push((at, scope));
                }
            }
            at += 1;
        }
    }

    /// `name=` behind an opening bracket or a comma; `{name=}` in a formatted string is none.
    pub(super) fn is_keyword_of_call(&self, at: usize) -> bool {
        self.is(at + 1, "=")
            && self.tokens[at].depth > 0
            && at > 0
            && (self.is(at - 1, "(") || self.is(at - 1, ","))
    }

    /// Where `:=` binds: not in a comprehension.
    pub(super) fn of_walrus(&self, scope: usize) -> usize {
        match self.scopes[scope].kind {
            Kind::Comprehension => self.of_walrus(self.scopes[scope].parent),
            _ => scope,
        }
    }

    /// What stands in a bracket: a comprehension has a scope of its own, but for its first source.
    pub(super) fn bracket(&mut self, range: Range<usize>, scope: usize) {
        let first = self.find(range.clone(), |token| token.is("for"));
        if first >= range.end {
            return self.expression(range, scope);
        }
        let inner = self.open(Kind::Comprehension, scope, None);
        let (place, mut at, mut source) = (Place { scope: inner, nested: false }, first, scope);
        while at < range.end {
            let r#in = self.find(at..range.end, |token| token.is("in"));
            self.targets(at + 1..r#in, place);
            let from = (r#in + 1).min(range.end);
            let next = self.find(from..range.end, |token| token.is("for"));
            // Conditions behind the first source are of the inside.
            let test = self.find(from..next, |token| token.is("if"));
            self.expression(from..test, source);
            self.expression(test..next, inner);
            (at, source) = (next, inner);
        }
        let end =
            if first > range.start && self.is(first - 1, "async") { first - 1 } else { first };
        self.expression(range.start..end, inner);
    }

    /// Reads a lambda; returns where it ends.
    pub(super) fn lambda(&mut self, range: Range<usize>, scope: usize) -> usize {
        let colon = self.find(range.start + 1..range.end, |token| token.is(":"));
        let inner = self.open(Kind::Function, scope, None);
        self.parameters(range.start + 1..colon, scope, inner);
        let body = (colon + 1).min(range.end);
        let ends = |token: &Token<'_>| {
            token.kind != TokenKind::Str
                && matches!(token.text, "," | ":" | "=" | "for" | ";" | ")" | "]" | "}")
        };
        let end = self.find(body..range.end, ends);
        self.expression(body..end, inner);
        end.max(range.start + 1)
    }

    pub(super) fn open(&mut self, kind: Kind, parent: usize, name: Option<Cow<'a, str>>) -> usize {
        let empty = BTreeSet::new;
        let name = name.or_else(|| self.scopes[parent].name.clone());
        let scope = Scope { kind, parent, name, bound: empty(), global: empty(), deleted: empty() };
        self.scopes.push(scope);
        self.scopes.len() - 1
    }

    /// The name at `at` is bound here.
    pub(super) fn bind(&mut self, at: usize, place: Place) {
        self.met.push((at, place.scope));
        let name = normal(self.tokens[at].text);
        let scope = &mut self.scopes[place.scope];
        let sure = !place.nested || !matches!(scope.kind, Kind::Module | Kind::Class);
        if sure {
            scope.bound.insert(name);
        }
    }
}
