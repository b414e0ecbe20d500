//! Rust source as a list of tokens, without comments, strings and what only tests compile. It
//! knows just enough of Rust to tell names and paths from text.

/// A name, `::`, or one other character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// The tokens of `source` outside items marked `#[cfg(test)]`.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while !rest.is_empty() {
        let (len, kept) = next(rest);
        if kept {
            all.push(Token { text: &rest[..len], line });
        }
        line += rest[..len].matches('\n').count();
        rest = &rest[len..];
    }
    without_tests(&all)
}

/// The length in bytes of what `rest` begins with, and whether it is a token.
fn next(rest: &str) -> (usize, bool) {
    let first = rest.chars().next().unwrap_or_default();
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), false);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), false);
    }
    if let Some(len) = string(rest) {
        return (len, false);
    }
    if first == '\'' {
        return (character_or_lifetime(rest), false);
    }
    if rest.starts_with("::") {
        return (2, true);
    }
    if is_name(first) {
        return (rest.find(|c: char| !is_name(c)).unwrap_or(rest.len()), true);
    }
    (first.len_utf8(), !first.is_whitespace())
}

pub(crate) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of a comment, which may hold others.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let step = rest[at..].chars().next().map_or(1, char::len_utf8);
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += step,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of a string literal of any sort, if `rest` begins with one.
fn string(rest: &str) -> Option<usize> {
    let prefix = rest.find(|c: char| !matches!(c, 'b' | 'c' | 'r'))?;
    let (prefix, body) = rest.split_at(prefix.min(2));
    let raw = prefix.ends_with('r');
    let n_hashes = if raw { body.len() - body.trim_start_matches('#').len() } else { 0 };
    let text = body[n_hashes..].strip_prefix('"')?;
    let opening = prefix.len() + n_hashes + 1;
    if raw {
        let closing = format!("\"{}", "#".repeat(n_hashes));
        return Some(text.find(&closing).map_or(rest.len(), |at| opening + at + closing.len()));
    }
    let mut escaped = false;
    let end = text.char_indices().find(|&(_, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    Some(end.map_or(rest.len(), |(at, _)| opening + at + 1))
}

/// The length of `'x'` or `'\…'`; of a lifetime, its mark alone.
fn character_or_lifetime(rest: &str) -> usize {
    let inside = &rest[1..];
    if let Some(escape) = inside.strip_prefix('\\') {
        let first = escape.chars().next().map_or(0, char::len_utf8);
        return escape[first..].find('\'').map_or(rest.len(), |at| 2 + first + at + 1);
    }
    let len = inside.chars().next().map_or(0, char::len_utf8);
    if inside[len..].starts_with('\'') { 1 + len + 1 } else { 1 }
}

fn without_tests<'a>(all: &[Token<'a>]) -> Vec<Token<'a>> {
    const MARKS: [&[&str]; 2] =
        [&["#", "[", "cfg", "(", "test"], &["#", "[", "cfg", "(", "all", "(", "test"]];
    let marked = |at: usize| {
        MARKS.iter().any(|mark| {
            all.len() >= at + mark.len()
                && mark.iter().zip(&all[at..]).all(|(word, token)| token.text == *word)
        })
    };
    let mut kept = Vec::new();
    let mut at = 0;
    while at < all.len() {
        if marked(at) {
            at = end_of_item(all, at);
        } else {
            kept.push(all[at]);
            at += 1;
        }
    }
    kept
}

/// Behind the item that begins at `start` with its attributes.
fn end_of_item(all: &[Token<'_>], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in all.iter().enumerate().skip(start) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => (),
        }
    }
    all.len()
}
