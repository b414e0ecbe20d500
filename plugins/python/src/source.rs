//! Python source as tokens: enough to find imports, calls, definitions and the shape of a program
//! without running it. Strings and comments hide what they hold.
//!
//! Knows no grammar: whether the program is Python at all, the interpreter says.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name or keyword.
    Name,
    /// A number.
    Number,
    /// A string with its prefix and quotes.
    Str,
    /// An operator or bracket.
    Op,
    /// A quote that never closes, or a character that Python has no use for.
    Broken,
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text.
    pub text: &'a str,
    /// Its offset in bytes.
    pub at: usize,
    /// Brackets open before it; negative when too many were closed.
    pub depth: i32,
    /// Whether it opens a logical line.
    pub opens_line: bool,
    /// Whether it stands in the first column of a logical line.
    pub top_level: bool,
}

impl Token<'_> {
    fn is(&self, text: &str) -> bool {
        self.text == text && self.kind != TokenKind::Str
    }
}

const LONG_OPERATORS: [&str; 23] = [
    "**=", "//=", ">>=", "<<=", "...", ":=", "==", "!=", "<=", ">=", "->", "**", "//", "<<", ">>",
    "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
];

/// The tokens of `text`.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let (mut at, mut depth, mut opens_line, mut line_at) = (0, 0, true, 0);
    while let Some(c) = text[at..].chars().next() {
        match c {
            '\n' | '\r' => {
                at += 1;
                line_at = at;
                opens_line |= depth <= 0;
                continue;
            }
            '\\' if text[at + 1..].starts_with('\n') => {
                at += 2;
                continue;
            }
            '#' => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
                continue;
            }
            _ if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            _ => {}
        }
        let (kind, len) = token_len(&text[at..], c);
        let token = &text[at..at + len];
        let top_level = opens_line && at == line_at;
        tokens.push(Token { kind, text: token, at, depth, opens_line, top_level });
        opens_line = false;
        depth += match token {
            "(" | "[" | "{" => 1,
            ")" | "]" | "}" => -1,
            _ => 0,
        };
        at += len;
    }
    tokens
}

fn token_len(rest: &str, first: char) -> (TokenKind, usize) {
    let word = |from: usize| {
        let end = rest[from..].find(|c: char| !(c.is_alphanumeric() || c == '_'));
        end.map_or(rest.len(), |end| from + end)
    };
    if first == '"' || first == '\'' {
        return string_len(rest, 0);
    }
    if first.is_alphabetic() || first == '_' {
        let len = word(0);
        let prefix = len <= 2 && rest[..len].chars().all(|c| "rRbBuUfFtT".contains(c));
        if prefix && rest[len..].starts_with(['"', '\'']) {
            return string_len(rest, len);
        }
        return (TokenKind::Name, len);
    }
    let next_is_digit = rest[first.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
    if first.is_ascii_digit() || (first == '.' && next_is_digit) {
        return (TokenKind::Number, number_len(rest));
    }
    if let Some(operator) = LONG_OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
        return (TokenKind::Op, operator.len());
    }
    let known = "+-*/%@&|^~<>()[]{},:.;=!".contains(first);
    (if known { TokenKind::Op } else { TokenKind::Broken }, first.len_utf8())
}

fn number_len(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let radix = matches!(bytes, [b'0', b'x' | b'X', ..]);
    let mut len = 0;
    while let Some(&byte) = bytes.get(len) {
        let sign = matches!(byte, b'+' | b'-')
            && !radix
            && len > 0
            && matches!(bytes[len - 1], b'e' | b'E');
        if !(byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_' || sign) {
            break;
        }
        len += 1;
    }
    len
}

fn string_len(rest: &str, quote_at: usize) -> (TokenKind, usize) {
    let one = &rest[quote_at..=quote_at];
    let triple = one.repeat(3);
    let quote = if rest[quote_at..].starts_with(&triple) { triple.as_str() } else { one };
    let mut at = quote_at + quote.len();
    while let Some(c) = rest[at..].chars().next() {
        if rest[at..].starts_with(quote) {
            return (TokenKind::Str, at + quote.len());
        }
        if c == '\n' && quote.len() == 1 {
            return (TokenKind::Broken, at);
        }
        at += c.len_utf8();
        if c == '\\' {
            at += rest[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    (TokenKind::Broken, rest.len())
}

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

    /// The statements: runs of tokens between logical lines and semicolons.
    fn statements(&self) -> impl Iterator<Item = &[Token<'a>]> {
        self.tokens.chunk_by(|a, b| !(b.opens_line || (a.depth == 0 && a.is(";"))))
    }

    /// What it imports, wherever the import stands: `a.b` for `import a.b`, and both `a` and `a.b`
    /// for `from a import b`.
    pub(crate) fn imports(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for statement in self.statements() {
            let Some(import) = statement.iter().position(|token| token.is("import")) else {
                continue;
            };
            let from = statement[..import].iter().position(|token| token.is("from"));
            let module = from.map(|from| join(&statement[from + 1..import]));
            paths.extend(module.clone());
            for name in statement[import + 1..].split(|token| token.is(",")) {
                let name = name.split(|token| token.is("as")).next().unwrap_or_default();
                let name = join(name).replace(['(', ')', ';'], "");
                paths.push(match &module {
                    Some(module) => format!("{module}.{name}"),
                    None => name,
                });
            }
        }
        paths
    }

    /// The names called as plain functions that the program does not define itself.
    pub(crate) fn calls(&self) -> Vec<&'a str> {
        let defined: Vec<&str> = self.defined().map(|(_, name)| name.text).collect();
        let windows = self.tokens.iter().enumerate().filter(|(idx, token)| {
            let before = idx.checked_sub(1).map(|before| &self.tokens[before]);
            token.kind == TokenKind::Name
                && self.tokens.get(idx + 1).is_some_and(|next| next.is("("))
                && !before.is_some_and(|b| b.is(".") || b.is("def") || b.is("class"))
        });
        windows.map(|(_, token)| token.text).filter(|name| !defined.contains(name)).collect()
    }

    /// How often a plain name stands in it, and how often as what is called.
    pub(crate) fn uses(&self, name: &str) -> (usize, usize) {
        let before = |idx: usize| idx.checked_sub(1).map(|before| &self.tokens[before]);
        let attribute = |idx: usize| before(idx).is_some_and(|token| token.is("."));
        let places: Vec<usize> = (0..self.tokens.len())
            .filter(|&idx| {
                let token = &self.tokens[idx];
                token.kind == TokenKind::Name && token.text == name && !attribute(idx)
            })
            .collect();
        let called = |idx: &&usize| {
            self.tokens.get(**idx + 1).is_some_and(|next| next.is("("))
                && !before(**idx).is_some_and(|b| b.is("def") || b.is("class"))
        };
        (places.len(), places.iter().filter(called).count())
    }

    /// Attributes of plain names: `os.environ` for `os.environ['x']`.
    pub(crate) fn attributes(&self) -> Vec<String> {
        let triples = self.tokens.windows(3).filter(|w| {
            w[0].kind == TokenKind::Name && w[1].is(".") && w[2].kind == TokenKind::Name
        });
        triples.map(|w| format!("{}.{}", w[0].text, w[2].text)).collect()
    }

    /// `def` and the name after it, of every function wherever it stands.
    fn defined(&self) -> impl Iterator<Item = (&Token<'a>, &Token<'a>)> {
        let pairs = self.tokens.windows(2).map(|w| (&w[0], &w[1]));
        pairs.filter(|(def, name)| def.is("def") && name.kind == TokenKind::Name)
    }

    /// How many functions it defines, methods and inner ones included.
    pub(crate) fn n_functions(&self) -> usize {
        self.defined().count()
    }

    /// Whether its last top-level function `name` has a parameter; `None` where there is none such.
    pub(crate) fn has_parameter(&self, name: &str) -> Option<bool> {
        let (_, entry) =
            self.defined().filter(|(def, n)| n.text == name && self.is_top_level(def)).last()?;
        let after = self.tokens.iter().skip_while(|token| token.at <= entry.at);
        let mut inside = after.skip_while(|token| !token.is("(") || token.depth > 0).skip(1);
        Some(inside.next().is_some_and(|token| !token.is(")")))
    }

    fn is_top_level(&self, def: &Token<'_>) -> bool {
        // `async def` is no entry: it returns a coroutine, which is no plain value.
        def.top_level
    }

    /// The program with its last top-level function renamed to `name`, unless it has one of that
    /// name already. Every use of the old name as a plain name goes with it.
    pub(crate) fn with_entry(&self, name: &str) -> String {
        let top: Vec<&str> = self
            .defined()
            .filter(|(def, _)| self.is_top_level(def))
            .map(|(_, name)| name.text)
            .collect();
        let Some(old) = top.last().filter(|_| !top.contains(&name)) else {
            return self.text.to_owned();
        };
        let mut renamed = String::with_capacity(self.text.len());
        let mut done = 0;
        for (idx, token) in self.tokens.iter().enumerate() {
            let attribute = idx > 0 && self.tokens[idx - 1].is(".");
            if token.kind == TokenKind::Name && token.text == *old && !attribute {
                renamed.push_str(&self.text[done..token.at]);
                renamed.push_str(name);
                done = token.at + token.text.len();
            }
        }
        renamed + &self.text[done..]
    }

    /// How often any of these keywords stands in it.
    pub(crate) fn n_keywords(&self, keywords: &[&str]) -> usize {
        let names = self.tokens.iter().filter(|token| token.kind == TokenKind::Name);
        names.filter(|token| keywords.contains(&token.text)).count()
    }
}

fn join(tokens: &[Token<'_>]) -> String {
    tokens.iter().map(|token| token.text).collect()
}

/// Names that an argument or answer may use beside literals. None of them can reach the judged
/// function, so an argument is what it says and nothing more.
const PLAIN_NAMES: [&str; 24] = [
    "True",
    "False",
    "None",
    "set",
    "frozenset",
    "list",
    "tuple",
    "dict",
    "str",
    "int",
    "float",
    "complex",
    "bool",
    "bytes",
    "range",
    "inf",
    "nan",
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
];

/// Whether `text` is the inside of one call: positional arguments made of literals, operators and
/// a few plain names.
///
/// # Errors
/// Says what stands in the way.
pub(crate) fn plain_arguments(text: &str) -> Result<(), String> {
    let tokens = tokens(text);
    let mut depth = 0;
    let mut opens_argument = true;
    for (idx, token) in tokens.iter().enumerate() {
        let fstring = token.kind == TokenKind::Str
            && token.text.split(['"', '\'']).next().is_some_and(|p| p.contains(['f', 'F', 't']));
        match token.text {
            _ if token.kind == TokenKind::Broken => {
                return Err(format!("{:?} is not Python", token.text));
            }
            _ if fstring => return Err("a formatted string is no plain value".to_owned()),
            _ if token.kind == TokenKind::Str => {}
            // The one method that published answers need.
            "." if tokens.get(idx + 1).is_some_and(|next| next.text == "join") => {}
            "join" if idx > 0 && tokens[idx - 1].text == "." => {}
            "." | "=" | ":=" | ";" | "@" => return Err(format!("`{}` in a value", token.text)),
            "*" | "**" if opens_argument => return Err("an unpacked argument".to_owned()),
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            name if token.kind == TokenKind::Name && !PLAIN_NAMES.contains(&name) => {
                return Err(format!("the name `{name}` in a value"));
            }
            _ => {}
        }
        if depth < 0 {
            return Err(format!("a bracket closes the call at byte {}", token.at));
        }
        opens_argument = depth == 0 && token.text == "," && idx > 0;
    }
    match (tokens.is_empty(), depth) {
        (true, _) => Err("nothing there".to_owned()),
        (_, 0) => Ok(()),
        _ => Err("a bracket is left open".to_owned()),
    }
}

#[cfg(test)]
mod tests;
