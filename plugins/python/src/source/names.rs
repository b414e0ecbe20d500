//! What a program's names are bound to, by Python's rules of scope, without running it: the names
//! that only a builtin can stand for, and those of its own top level.
//!
//! Reads tokens, statement by statement, and trusts that they are Python: of a program that does
//! not compile it may say anything. Names are compared after normalisation (NFKC), as Python does.
//! What a module or class binds on some path only (in a branch, a loop, until `del`) does not hide
//! a builtin; in a function Python itself lets it.

mod expression;
mod find;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, is_nfkc};

use super::tokens::{Token, TokenKind};

/// A name as Python compares it.
pub(crate) fn normal(name: &str) -> Cow<'_, str> {
    match name.is_ascii() || is_nfkc(name) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(name.nfkc().collect()),
    }
}

/// What a use of a name may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// Nothing that the program binds: a builtin.
    Builtin,
    /// Something of the program's top level.
    Module,
    /// Something of a function or class.
    Local,
}

/// A name where it stands, resolved.
#[derive(Clone, Debug)]
pub(crate) struct Use<'a> {
    /// The name, normalised.
    pub name: Cow<'a, str>,
    /// The index of its token.
    pub token: usize,
    /// What it is bound to.
    pub binding: Binding,
    /// The name of the innermost function that it stands in.
    pub function: Option<Cow<'a, str>>,
}

/// The names of a program.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    /// Uses and bindings, in the order of the text, but for attributes and keywords of calls.
    pub uses: Vec<Use<'a>>,
    /// What it imports: the path, as written; `a` and `a.b` for `from a import b`.
    pub imports: Vec<String>,
    /// Names that imports bind, and the paths they stand for.
    pub modules: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Module,
    Class,
    Function,
    Comprehension,
}

#[derive(Debug)]
struct Scope<'a> {
    kind: Kind,
    parent: usize,
    name: Option<Cow<'a, str>>,
    bound: BTreeSet<Cow<'a, str>>,
    /// Bound in the module by `global`.
    global: BTreeSet<Cow<'a, str>>,
    /// Unbound again somewhere.
    deleted: BTreeSet<Cow<'a, str>>,
}

/// The names of a program's tokens.
pub(crate) fn names<'a>(tokens: &[Token<'a>]) -> Names<'a> {
    let module = Scope {
        kind: Kind::Module,
        parent: 0,
        name: None,
        bound: BTreeSet::new(),
        global: BTreeSet::new(),
        deleted: BTreeSet::new(),
    };
    let mut reader =
        Reader { tokens, scopes: vec![module], met: Vec::new(), names: Names::default(), deep: 0 };
    reader.program();
    reader.resolved()
}

/// Keywords: no names. `match`, `case`, `type` and `_` are names elsewhere.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// What opens a compound statement beside definitions.
const HEADERS: [&str; 11] =
    ["if", "elif", "else", "for", "while", "try", "except", "finally", "with", "match", "case"];

/// Brackets and lambdas in each other; CPython takes 200 brackets.
const DEEP_MAX: usize = 200;

struct Reader<'t, 'a> {
    tokens: &'t [Token<'a>],
    scopes: Vec<Scope<'a>>,
    /// Names met: the token's index, and the scope.
    met: Vec<(usize, usize)>,
    names: Names<'a>,
    deep: usize,
}

/// A statement's surroundings.
#[derive(Clone, Copy)]
struct Place {
    scope: usize,
    /// Whether it stands in a branch or loop of its scope.
    nested: bool,
}

impl<'a> Reader<'_, 'a> {
    fn program(&mut self) {
        // Headers whose suites are open: their column, and the place inside.
        let mut suites: Vec<(usize, Place)> = Vec::new();
        let tokens = self.tokens;
        let mut at = 0;
        for line in tokens.chunk_by(|_, next| !next.opens_line) {
            let column = line[0].column;
            while suites.last().is_some_and(|(header, _)| *header >= column) {
                suites.pop();
            }
            let outside = Place { scope: 0, nested: false };
            let place = suites.last().map_or(outside, |(_, place)| *place);
            let end = at + line.len();
            if let Some(inside) = self.statements(at..end, place) {
                suites.push((column, inside));
            }
            at = end;
        }
    }

    /// The statements of a logical line. Returns the place of the suite that its header opens.
    fn statements(&mut self, line: Range<usize>, place: Place) -> Option<Place> {
        let (mut at, mut place, mut suite) = (line.start, place, None);
        while at < line.end {
            if let Some((body, inside)) = self.header(at..line.end, place) {
                suite = Some(inside);
                (at, place) = (body, inside);
                continue;
            }
            let end = self.find(at..line.end, |token| token.is(";"));
            self.simple(at..end, place);
            at = end + 1;
        }
        suite
    }

    /// A compound statement's header: where its body starts, and the body's place.
    fn header(&mut self, line: Range<usize>, place: Place) -> Option<(usize, Place)> {
        let Range { mut start, end } = line;
        if self.is(start, "async") {
            start += 1;
        }
        if self.is(start, "def") || self.is(start, "class") {
            return Some(self.definition(start, end, place));
        }
        let word = self.tokens[start].text;
        if !HEADERS.contains(&word) {
            return None;
        }
        let colon = self.find(start..end, |token| token.is(":"));
        let inside = Place { nested: true, ..place };
        let body = colon + 1;
        if colon == end {
            return None;
        }
        match word {
            "if" | "elif" | "while" | "else" | "try" | "finally" => {
                self.expression(start + 1..colon, place.scope);
            }
            "for" => {
                let r#in = self.find(start..colon, |token| token.is("in"));
                // A loop's variable is there in its body.
                self.targets(start + 1..r#in, place);
                self.expression(r#in..colon, place.scope);
            }
            "with" => self.with(start + 1..colon, place),
            "except" => {
                let alias = self.find(start..colon, |token| token.is("as"));
                self.expression(start + 1..alias, place.scope);
                // It is unbound behind the handler.
                self.targets(alias.min(colon)..colon, inside);
            }
            "case" if colon > start + 1 && colon + 1 == end || self.is_case(start, colon) => {
                self.pattern(start + 1..colon, inside);
            }
            "match" if colon > start + 1 && body == end => {
                self.expression(start + 1..colon, place.scope);
            }
            _ => return None,
        }
        Some((body, inside))
    }

    /// Whether `case … : body` on one line is a case: an annotated name has its colon at once.
    fn is_case(&self, start: usize, colon: usize) -> bool {
        let next = &self.tokens[start + 1];
        colon > start + 1 && !matches!(next.text, "." | "=" | "(" | "[" | ",")
    }

    fn definition(&mut self, start: usize, end: usize, place: Place) -> (usize, Place) {
        let is_class = self.is(start, "class");
        let mut at = start + 1;
        let name = self.tokens.get(at).filter(|token| token.kind == TokenKind::Name);
        let name = name.map(|token| normal(token.text));
        if name.is_some() {
            self.bind(at, place);
        }
        at += 1;
        let kind = if is_class { Kind::Class } else { Kind::Function };
        let scope = self.open(kind, place.scope, name);
        let inside = Place { scope, nested: false };
        if self.is(at, "[") {
            let close = self.closing(at, end);
            self.parameters(at + 1..close, place.scope, scope);
            at = close + 1;
        }
        let colon = self.find(at..end, |token| token.is(":"));
        if is_class {
            self.expression(at..colon, place.scope);
        } else if self.is(at, "(") {
            let close = self.closing(at, end);
            self.parameters(at + 1..close.min(end), place.scope, scope);
            self.expression(close + 1..colon, place.scope);
        }
        ((colon + 1).min(end.max(colon)), inside)
    }

    /// Parameters bind inside; their annotations and defaults are of the outside.
    fn parameters(&mut self, range: Range<usize>, outside: usize, inside: usize) {
        for part in self.split(range, ",") {
            let stars =
                part.clone().take_while(|&at| self.is(at, "*") || self.is(at, "**")).count();
            let at = part.start + stars;
            if at < part.end && self.tokens[at].kind == TokenKind::Name {
                self.bind(at, Place { scope: inside, nested: false });
                self.expression(at + 1..part.end, outside);
            }
        }
    }

    fn with(&mut self, range: Range<usize>, place: Place) {
        // `with (a as b, c as d):` has its items one bracket deeper.
        let wraps =
            self.is(range.start, "(") && self.closing(range.start, range.end) + 1 == range.end;
        let holds_as = |depth: i32| {
            self.tokens[range.clone()].iter().any(|token| token.is("as") && token.depth == depth)
        };
        let base = self.tokens[range.start].depth;
        let items = match wraps && holds_as(base + 1) {
            true => range.start + 1..range.end - 1,
            false => range,
        };
        for item in self.split(items, ",") {
            let alias = self.find(item.clone(), |token| token.is("as"));
            self.expression(item.start..alias, place.scope);
            self.targets((alias + 1).min(item.end)..item.end, place);
        }
    }

    /// A pattern captures plain names; behind `if` stands an expression.
    fn pattern(&mut self, range: Range<usize>, place: Place) {
        let guard = self.find(range.clone(), |token| token.is("if"));
        for at in range.start..guard {
            let token = &self.tokens[at];
            let (before, after) = (at.checked_sub(1), at + 1);
            let dotted = before.is_some_and(|b| self.is(b, ".")) || self.is(after, ".");
            if token.kind != TokenKind::Name
                || KEYWORDS.contains(&token.text)
                || self.is(after, "=")
            {
                continue;
            }
            if dotted || self.is(after, "(") {
                if !before.is_some_and(|b| self.is(b, ".")) {
                    self.met.push((at, place.scope));
                }
            } else {
                self.bind(at, place);
            }
        }
        self.expression(guard..range.end, place.scope);
    }

    fn simple(&mut self, range: Range<usize>, place: Place) {
        let Some(first) = self.tokens.get(range.start).filter(|_| !range.is_empty()) else {
            return;
        };
        match first.text {
            "import" => self.import(range, place),
            "from" if self.find(range.clone(), |token| token.is("import")) < range.end => {
                self.import_from(range, place);
            }
            "global" => {
                for at in range.filter(|&at| self.tokens[at].kind == TokenKind::Name).skip(1) {
                    let name = normal(self.tokens[at].text);
                    self.scopes[place.scope].global.insert(name);
                }
            }
            "nonlocal" => {}
            "del" => {
                let gone = range.clone().skip(1).filter(|&at| self.is_target(at));
                let gone: Vec<_> = gone.map(|at| normal(self.tokens[at].text)).collect();
                self.scopes[place.scope].deleted.extend(gone);
                self.targets(range.start + 1..range.end, place);
            }
            "type" if self.is_type_alias(&range) => {
                self.bind(range.start + 1, place);
                self.expression(range.start + 2..range.end, place.scope);
            }
            "@" => self.expression(range.start + 1..range.end, place.scope),
            _ => self.assignment(range, place),
        }
    }

    fn is_type_alias(&self, range: &Range<usize>) -> bool {
        range.len() > 3
            && self.tokens[range.start + 1].kind == TokenKind::Name
            && (self.is(range.start + 2, "=") || self.is(range.start + 2, "["))
    }

    /// Targets before each `=` or an augmented one; an annotation may stand between.
    fn assignment(&mut self, range: Range<usize>, place: Place) {
        let mut parts = self.split(range.clone(), "=");
        let value = parts.pop();
        for part in parts {
            let colon = self.find(part.clone(), |token| token.is(":"));
            self.targets(part.start..colon, place);
            self.expression(colon..part.end, place.scope);
        }
        let Some(value) = value else { return };
        let colon = self.find(value.clone(), |token| token.is(":"));
        if range.start == value.start && colon < value.end {
            // An annotation alone makes a name a function's own; elsewhere a bare name is neither
            // bound nor read.
            let bare = value.start + 1 == colon && self.is_target(value.start);
            if !bare || self.scopes[place.scope].kind == Kind::Function {
                self.targets(value.start..colon, place);
            }
            return self.expression(colon..value.end, place.scope);
        }
        let is_augmented = |token: &Token<'_>| {
            token.kind == TokenKind::Op
                && token.text.len() > 1
                && token.text.ends_with('=')
                && !matches!(token.text, "==" | "!=" | "<=" | ">=" | ":=")
        };
        let operator = self.find(value.clone(), is_augmented);
        if operator < value.end {
            self.targets(value.start..operator, place);
            self.expression(operator..value.end, place.scope);
        } else {
            self.expression(value, place.scope);
        }
    }

    fn import(&mut self, range: Range<usize>, place: Place) {
        for part in self.split(range.start + 1..range.end, ",") {
            let alias = self.find(part.clone(), |token| token.is("as"));
            let path = self.join(part.start..alias);
            let bound = if alias < part.end { alias + 1 } else { part.start };
            if bound < part.end {
                self.bind(bound, place);
                let first = path.split('.').next().unwrap_or_default().to_owned();
                let stands_for = if alias < part.end { path.clone() } else { first };
                self.names.modules.insert(normal(self.tokens[bound].text).into_owned(), stands_for);
            }
            self.names.imports.push(path);
        }
    }

    fn import_from(&mut self, range: Range<usize>, place: Place) {
        let import = self.find(range.clone(), |token| token.is("import"));
        let module = self.join(range.start + 1..import);
        self.names.imports.push(module.clone());
        let wraps = self.is(import + 1, "(");
        let inside =
            if wraps { import + 2..range.end.max(import + 3) - 1 } else { import + 1..range.end };
        for part in self.split(inside, ",") {
            let alias = self.find(part.clone(), |token| token.is("as"));
            let path = format!("{module}.{}", self.join(part.start..alias));
            let bound = if alias < part.end { alias + 1 } else { part.start };
            if bound < part.end && self.tokens[bound].kind == TokenKind::Name {
                self.bind(bound, place);
                self.names
                    .modules
                    .insert(normal(self.tokens[bound].text).into_owned(), path.clone());
            }
            self.names.imports.push(path);
        }
    }

    fn join(&self, range: Range<usize>) -> String {
        self.tokens[range].iter().map(|token| normal(token.text)).collect()
    }

    /// What each name that was met is bound to.
    fn resolved(mut self) -> Names<'a> {
        let globals: Vec<Cow<'a, str>> =
            self.scopes.iter().flat_map(|scope| scope.global.iter().cloned()).collect();
        self.scopes[0].bound.extend(globals);
        self.met.sort_unstable();
        self.met.dedup();
        let uses = self.met.iter().map(|&(token, scope)| {
            let name = normal(self.tokens[token].text);
            let binding = self.binding(&name, scope);
            Use { binding, token, function: self.scopes[scope].name.clone(), name }
        });
        let uses = uses.collect();
        Names { uses, ..self.names }
    }

    fn binding(&self, name: &str, from: usize) -> Binding {
        let mut at = from;
        loop {
            let scope = &self.scopes[at];
            if at == 0 || scope.global.contains(name) {
                let module = &self.scopes[0];
                let bound = module.bound.contains(name) && !module.deleted.contains(name);
                return if bound { Binding::Module } else { Binding::Builtin };
            }
            let visible =
                scope.kind != Kind::Class || (at == from && !scope.deleted.contains(name));
            if visible && scope.bound.contains(name) {
                return Binding::Local;
            }
            at = scope.parent;
        }
    }
}
