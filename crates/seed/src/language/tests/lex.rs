//! The words of one line of a program.

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Name(String),
    Int(i64),
    Str(String),
    Sign(&'static str),
}

/// Longer signs first, so that the first match is the longest.
const SIGNS: [&str; 25] = [
    "//=", "//", "==", "!=", "<=", ">=", "+=", "-=", "*=", "%=", "+", "-", "*", "%", "<", ">", "=",
    "(", ")", "[", "]", ",", ":", ".", ";",
];

/// The words of `line`, or nothing if it holds something that is not of the subset.
pub(super) fn words(line: &str) -> Option<Vec<Word>> {
    let mut out = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches(' ');
        let Some(first) = rest.chars().next() else { return Some(out) };
        if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let (name, tail) = rest.split_at(end.unwrap_or(rest.len()));
            out.push(Word::Name(name.to_owned()));
            rest = tail;
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, tail) = rest.split_at(end);
            let leading_zero = digits.len() > 1 && digits.starts_with('0');
            if leading_zero || tail.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                return None;
            }
            out.push(Word::Int(digits.parse().ok()?));
            rest = tail;
        } else if first == '\'' || first == '"' {
            let (text, tail) = quoted(rest, first)?;
            out.push(Word::Str(text));
            rest = tail;
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
            out.push(Word::Sign(sign));
            rest = &rest[sign.len()..];
        }
    }
}

/// The string literal at the start of `text` and what follows it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text[1..].char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            c if c == quote => return Some((out, &text[i + 2..])),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                c @ ('\\' | '\'' | '"') => out.push(c),
                _ => return None,
            },
            c if c.is_ascii() && !c.is_ascii_control() => out.push(c),
            _ => return None,
        }
    }
    None
}
