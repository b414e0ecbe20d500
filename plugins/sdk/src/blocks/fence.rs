//! Lines as fences: what opens a block, what closes it, and what of a line belongs to its content.

/// An opening fence.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    /// The word behind it.
    pub(super) kind: String,
    character: char,
    /// How many of the character.
    len: usize,
    /// Marks of quotes before it.
    n_quotes: usize,
    /// Columns between the last of them and the fence; a list item's mark counts.
    indent: usize,
}

impl Fence {
    /// `line` as an opening fence.
    pub(crate) fn opening(line: &str) -> Option<Self> {
        let (n_quotes, indent, rest) = container(line);
        let (character, len) = run(rest)?;
        let info = rest[len..].trim();
        if character == '`' && info.contains('`') {
            return None;
        }
        Some(Self { kind: kind(info), character, len, n_quotes, indent })
    }

    /// `line` without the marks of quotes that the fence stands in; `None` where they end.
    pub(super) fn inside<'a>(&self, line: &'a str) -> Option<&'a str> {
        let mut rest = line;
        for _ in 0..self.n_quotes {
            rest = rest.trim_start_matches(' ').strip_prefix('>')?;
            rest = rest.strip_prefix(' ').unwrap_or(rest);
        }
        Some(rest)
    }

    /// Whether this line of its content closes it.
    pub(crate) fn is_closed_by(&self, line: &str) -> bool {
        let (indent, rest) = indentation(line);
        let fence = rest.trim_end();
        indent <= self.indent + 3
            && fence.len() >= self.len
            && fence.chars().all(|c| c == self.character)
    }

    /// Whether this line opens a block of the same fence and a word: then this one was left open.
    pub(super) fn is_ended_by(&self, line: &str) -> bool {
        Self::opening(line).is_some_and(|next| {
            !next.kind.is_empty()
                && (next.character, next.len) == (self.character, self.len)
                && next.indent <= self.indent + 3
        })
    }

    /// A line of its content without the fence's own indentation.
    pub(super) fn dedent(&self, line: &str) -> String {
        let mut column = 0;
        let mut chars = line.char_indices();
        while column < self.indent {
            match chars.next() {
                Some((_, ' ')) => column += 1,
                Some((_, '\t')) => column += 4 - column % 4,
                Some((at, _)) => return line[at..].to_owned(),
                None => return String::new(),
            }
        }
        chars.as_str().to_owned()
    }

    /// The content of a last line that ends with the closing fence.
    pub(crate) fn tail<'a>(&self, line: &'a str) -> Option<&'a str> {
        let line = line.trim_end();
        let content = line.trim_end_matches(self.character);
        (line.len() - content.len() == self.len && !content.is_empty()).then_some(content)
    }
}

/// A block on one line: its kind and content.
pub(crate) fn on_one_line(line: &str) -> Option<(String, &str)> {
    let (_, _, rest) = container(line);
    let (character, len) = run(rest)?;
    let inner = rest[len..].trim_end().strip_suffix(&rest[..len])?;
    if inner.trim().is_empty() || inner.contains(character) {
        return None;
    }
    // A word and white space before the content are its kind.
    let word = inner.split_whitespace().next().unwrap_or_default();
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && inner.starts_with(word);
    match inner.strip_prefix(word) {
        Some(content) if is_word && !content.trim().is_empty() => {
            Some((kind(word), content.trim()))
        }
        _ => Some((String::new(), inner.trim())),
    }
}

/// The longest run of backticks at the start of a line of `text`.
pub(super) fn longest_run(text: &str) -> usize {
    let runs = text.lines().filter_map(|line| match run(indentation(line).1) {
        Some(('`', len)) => Some(len),
        _ => None,
    });
    runs.max().unwrap_or(0)
}

/// A run of at least three backticks or tildes at the start.
fn run(text: &str) -> Option<(char, usize)> {
    let first = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let len = text.len() - text.trim_start_matches(first).len();
    (len >= 3).then_some((first, len))
}

/// Columns of white space before `line`, and what follows.
fn indentation(line: &str) -> (usize, &str) {
    let rest = line.trim_start_matches([' ', '\t']);
    let column = |column: usize, c| if c == '\t' { column + 4 - column % 4 } else { column + 1 };
    (line[..line.len() - rest.len()].chars().fold(0, column), rest)
}

/// Marks of quotes, columns behind the last of them, and what follows these and marks of lists.
fn container(line: &str) -> (usize, usize, &str) {
    let (mut n_quotes, mut column, mut rest) = (0, 0, line);
    loop {
        let (white, after) = indentation(rest);
        if let Some(inner) = after.strip_prefix('>') {
            (n_quotes, column) = (n_quotes + 1, 0);
            rest = inner.strip_prefix(' ').unwrap_or(inner);
        } else if let Some(len) = list_mark(after) {
            column += white + len;
            rest = &after[len..];
        } else {
            return (n_quotes, column + white, after);
        }
    }
}

/// The length of a list item's mark, without the white space that must follow it.
fn list_mark(text: &str) -> Option<usize> {
    let len = match text.bytes().next()? {
        b'-' | b'+' | b'*' => 1,
        _ => {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let mark = text[digits..].starts_with(['.', ')']);
            (1..=9).contains(&digits).then_some(digits + 1).filter(|_| mark)?
        }
    };
    text[len..].starts_with([' ', '\t']).then_some(len)
}

/// The kind that an info string names: its first word, `{.python}` and `python:main.py` included.
fn kind(info: &str) -> String {
    let info = info.trim_start_matches(['{', '.', ' ']);
    let end = info.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(info.len());
    match info[..end].to_ascii_lowercase().as_str() {
        "py" | "py3" | "python3" => "python".to_owned(),
        word => word.to_owned(),
    }
}

/// Whether lines of Python end inside a triple-quoted string.
#[derive(Default)]
pub(super) struct Quotes {
    open: Option<char>,
}

impl Quotes {
    pub(super) fn open(&self) -> bool {
        self.open.is_some()
    }

    /// Goes on over the next line.
    pub(super) fn read(&mut self, line: &str) {
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            if let Some(quote) = self.open {
                let closing = quote.to_string().repeat(3);
                let step = if c == '\\' { escaped(rest) } else { c.len_utf8() };
                if rest.starts_with(&closing) {
                    self.open = None;
                    rest = &rest[3..];
                } else {
                    rest = &rest[step..];
                }
                continue;
            }
            rest = match c {
                '#' => return,
                '"' | '\'' if rest.starts_with(&c.to_string().repeat(3)) => {
                    self.open = Some(c);
                    &rest[3..]
                }
                '"' | '\'' => match short_string(rest, c) {
                    Some(len) => &rest[len..],
                    // An apostrophe, or a string that goes on behind a backslash.
                    None => return,
                },
                _ => &rest[c.len_utf8()..],
            };
        }
    }
}

/// The length of a backslash and what it escapes.
fn escaped(rest: &str) -> usize {
    1 + rest[1..].chars().next().map_or(0, char::len_utf8)
}

/// The length of a string on one line.
fn short_string(rest: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        let c = rest[at..].chars().next()?;
        at += if c == '\\' { escaped(&rest[at..]) } else { c.len_utf8() };
        if c == quote {
            return Some(at);
        }
    }
}
