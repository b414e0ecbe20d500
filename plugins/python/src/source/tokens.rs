//! Python source as tokens. Strings and comments hide what they hold; the expressions in a
//! formatted string (PEP 701) are tokens like any other, between brackets.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name or keyword.
    Name,
    /// A number.
    Number,
    /// A string with its prefix and quotes, or a piece of a formatted one.
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
    /// Columns before it on its line, where it opens one.
    pub column: usize,
}

impl Token<'_> {
    /// Whether it is this name, keyword or operator.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.text == text && self.kind != TokenKind::Str
    }
}

const LONG_OPERATORS: [&str; 24] = [
    "**=", "//=", ">>=", "<<=", "...", ":=", "==", "!=", "<=", ">=", "->", "**", "//", "<<", ">>",
    "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=",
];

/// Formatted strings within expressions of others; CPython takes no more either.
const STRINGS_DEEP_MAX: usize = 100;

/// The tokens of `text`.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        text,
        at: 0,
        depth: 0,
        opens_line: true,
        line_at: 0,
        n_strings: 0,
        broken: false,
        found: Vec::new(),
    };
    lexer.code(false);
    lexer.found
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    depth: i32,
    opens_line: bool,
    line_at: usize,
    /// Formatted strings that are open.
    n_strings: usize,
    /// Whether one of them turned out to have no end.
    broken: bool,
    found: Vec<Token<'a>>,
}

/// A formatted string.
#[derive(Clone, Copy)]
struct Formatted<'a> {
    quote: &'a str,
    raw: bool,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Reads to the end, or to that of an expression in a formatted string.
    fn code(&mut self, expression: bool) {
        let depth = self.depth;
        while let Some(c) = self.rest().chars().next()
            && !self.broken
        {
            let rest = self.rest();
            let ends = match c {
                '}' | ':' => true,
                '!' => !rest.starts_with("!="),
                _ => false,
            };
            if expression && self.depth == depth && ends {
                return;
            }
            if self.white(c) {
                continue;
            }
            match formatted(rest) {
                Some((prefix, quote)) => {
                    let raw = rest[..prefix].contains(['r', 'R']);
                    self.push(TokenKind::Str, prefix + quote.len());
                    self.string(Formatted { quote, raw });
                }
                None => {
                    let (kind, len) = token_len(rest, c);
                    self.push(kind, len);
                }
            }
        }
    }

    /// Skips what is no token.
    fn white(&mut self, c: char) -> bool {
        let rest = self.rest();
        match c {
            '\n' | '\r' => {
                self.at += 1;
                self.line_at = self.at;
                self.opens_line |= self.depth <= 0;
            }
            '\\' if rest[1..].starts_with('\n') => self.at += 2,
            '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
            _ if c.is_whitespace() => self.at += c.len_utf8(),
            _ => return false,
        }
        true
    }

    fn push(&mut self, kind: TokenKind, len: usize) {
        let text = &self.rest()[..len];
        let before = &self.text[self.line_at.min(self.at)..self.at];
        let column = if self.opens_line { before.chars().fold(0, next_column) } else { 0 };
        let Self { at, depth, opens_line, .. } = *self;
        self.found.push(Token { kind, text, at, depth, opens_line, column });
        self.opens_line = false;
        self.at += len;
        if kind == TokenKind::Op {
            self.depth += match text {
                "(" | "[" | "{" => 1,
                ")" | "]" | "}" => -1,
                _ => 0,
            };
        }
    }

    /// A formatted string behind its opening quote.
    fn string(&mut self, string: Formatted<'a>) {
        let depth = self.depth;
        self.n_strings += 1;
        self.broken |= self.n_strings > STRINGS_DEEP_MAX;
        self.literal(string, false);
        self.n_strings -= 1;
        if self.n_strings == 0 && self.broken {
            self.broken = false;
            self.depth = depth;
        }
    }

    /// Its literal part, expressions included, to its end or to that of a format in it.
    fn literal(&mut self, string: Formatted<'a>, in_format: bool) {
        while !self.broken {
            let rest = self.rest();
            let len = literal_len(rest, string, in_format);
            if rest[len..].starts_with(string.quote) {
                self.push(TokenKind::Str, len + string.quote.len());
                return;
            }
            match rest[len..].chars().next() {
                Some('{') => {
                    self.piece(len);
                    self.push(TokenKind::Op, 1);
                    self.expression(string);
                }
                Some('}') if in_format => return self.piece(len),
                _ => {
                    self.push(TokenKind::Broken, len);
                    self.broken = true;
                }
            }
        }
    }

    fn piece(&mut self, len: usize) {
        if len > 0 {
            self.push(TokenKind::Str, len);
        }
    }

    /// An expression behind its opening bracket, with conversion and format.
    fn expression(&mut self, string: Formatted<'a>) {
        self.code(true);
        if self.rest().starts_with('!') {
            // The letter of a conversion is no name.
            let rest = &self.rest()[1..];
            let word = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            self.push(TokenKind::Str, 1 + word);
        }
        if self.rest().starts_with(':') {
            self.push(TokenKind::Op, 1);
            self.literal(string, true);
        }
        if self.rest().starts_with('}') && !self.broken {
            self.push(TokenKind::Op, 1);
        } else {
            self.broken = true;
        }
    }
}

fn next_column(column: usize, c: char) -> usize {
    match c {
        '\t' => column + 8 - column % 8,
        '\x0c' => 0,
        _ => column + 1,
    }
}

/// The length of a literal piece: up to the quote, an expression, the end of a format, or the end
/// of a line that must not end there.
fn literal_len(rest: &str, string: Formatted<'_>, in_format: bool) -> usize {
    let mut len = 0;
    while let Some(c) = rest[len..].chars().next() {
        let next = &rest[len + c.len_utf8()..];
        let newline = c == '\n' && string.quote.len() == 1;
        if rest[len..].starts_with(string.quote) || newline {
            break;
        }
        len += match c {
            '{' | '}' if !in_format && next.starts_with(c) => 2,
            '{' => break,
            '}' if in_format => break,
            '\\' if !string.raw && next.starts_with("N{") => {
                next.find('}').map_or(1, |end| end + 2)
            }
            '\\' if !next.starts_with(['{', '}']) => {
                1 + next.chars().next().map_or(0, char::len_utf8)
            }
            _ => c.len_utf8(),
        };
    }
    len
}

/// The prefix and quote of a formatted string that starts here.
fn formatted(rest: &str) -> Option<(usize, &str)> {
    let prefix = rest.find(['"', '\'']).filter(|at| (1..=2).contains(at))?;
    let letters = rest[..prefix].to_ascii_lowercase();
    if !matches!(letters.as_str(), "f" | "t" | "fr" | "rf" | "tr" | "rt") {
        return None;
    }
    Some((prefix, quote_at(rest, prefix)))
}

fn quote_at(rest: &str, at: usize) -> &str {
    let one = &rest[at..=at];
    if rest[at..].starts_with(&one.repeat(3)) { &rest[at..at + 3] } else { one }
}

fn token_len(rest: &str, first: char) -> (TokenKind, usize) {
    // Any character beyond ASCII may be part of a name, as in CPython's tokenizer.
    let in_name =
        |c: char| c.is_ascii_alphanumeric() || c == '_' || (!c.is_ascii() && !c.is_whitespace());
    if first == '"' || first == '\'' {
        return string_len(rest, 0);
    }
    if in_name(first) && !first.is_ascii_digit() {
        let len = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
        let prefix =
            matches!(rest[..len].to_ascii_lowercase().as_str(), "r" | "b" | "u" | "br" | "rb");
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

fn string_len(rest: &str, at: usize) -> (TokenKind, usize) {
    let quote = quote_at(rest, at);
    let mut at = at + quote.len();
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
