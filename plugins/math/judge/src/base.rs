//! Whole answers that are a number in a named base: `2041_5`, `2041 (base five)`, `0x2A`.

use crate::truth::{By, Truth};

/// Digits and the base that is named, if one is.
struct Based {
    digits: String,
    base: Option<u32>,
}

/// Longest answer that is looked at.
const BYTES_MAX: usize = 120;

/// Whether two numbers in bases have the same digits and base; `None` unless one side names its
/// base and the other is a number of digits too.
pub(crate) fn same(a: &str, b: &str) -> Option<Truth> {
    if a.len().max(b.len()) > BYTES_MAX || !(names_base(a) || names_base(b)) {
        return None;
    }
    let (a, b) = (read(a)?, read(b)?);
    let valid = |digits: &str, base: u32| digits.chars().all(|c| c == '.' || c.is_digit(base));
    match (a.base, b.base) {
        (None, None) => None,
        (Some(x), Some(y)) => {
            let both = valid(&a.digits, x) && valid(&b.digits, y);
            both.then(|| Truth::of(x == y && a.digits == b.digits))
        }
        (Some(base), None) | (None, Some(base)) => {
            let has_figure = a.digits.bytes().any(|c| c.is_ascii_digit());
            (has_figure && valid(&a.digits, base) && valid(&b.digits, base))
                .then(|| Truth::of(a.digits == b.digits).by(By::UNIT))
        }
    }
}

fn names_base(text: &str) -> bool {
    let bytes = text.as_bytes();
    let named = |word: &[u8]| matches!(word, b"base" | b"bina" | b"octa" | b"hexa");
    bytes.contains(&b'_') || bytes.windows(4).any(named) || text.trim_start().starts_with('0')
}

/// The digits and the base, in whatever notation.
fn read(text: &str) -> Option<Based> {
    let plain = stripped(text);
    let plain = plain.trim().trim_end_matches('.').trim();
    let lower = plain.to_ascii_lowercase();
    for (prefix, base) in [("0x", 16), ("0b", 2), ("0o", 8)] {
        if let Some(digits) = lower.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|c| c.is_digit(base))
        {
            return Some(Based { digits: significant(digits), base: Some(base) });
        }
    }
    let named = ["binary", "octal", "hexadecimal"].into_iter().find(|name| lower.contains(name));
    if let Some(name) = named.filter(|_| !lower.contains('_')) {
        let digits = lower.replace(name, " ").replace(['(', ')'], " ").replace(" in ", " ");
        let digits = digits.trim();
        let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_hexdigit());
        return plain.then(|| Based { digits: significant(digits), base: number(name) });
    }
    let (digits, base) = match lower.split_once('_') {
        Some((digits, base)) => (digits.trim(), Some(base)),
        None => match lower.split_once("base") {
            Some((digits, base)) => {
                let digits = digits.trim().trim_end_matches('(').trim();
                (digits.strip_suffix(" in").unwrap_or(digits).trim(), Some(base))
            }
            None => (lower.as_str(), None),
        },
    };
    let digits = digits.strip_prefix('(').and_then(|d| d.strip_suffix(')')).unwrap_or(digits);
    let digits: String = digits.chars().filter(|c| *c != ' ' && *c != ',').collect();
    let figures = |c: char| c == '.' || c.is_ascii_digit() || c.is_ascii_lowercase();
    if digits.is_empty() || !digits.chars().all(figures) {
        return None;
    }
    let base = match base {
        Some(text) => Some(number(text)?),
        None => None,
    };
    Some(Based { digits: significant(&digits), base })
}

/// Without leading zeros, and without zeros at the end of a fraction.
fn significant(digits: &str) -> String {
    let digits = digits.trim_start_matches('0');
    let digits = match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => digits,
    };
    digits.to_owned()
}

/// The text without commands, groups and dollar signs.
fn stripped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let mut name = String::new();
                while let Some(letter) = chars.peek().filter(|c| c.is_ascii_alphabetic()) {
                    name.push(*letter);
                    chars.next();
                }
                if name == "overline" {
                    continue; // the digits of a number
                }
                if name.is_empty() {
                    // `\,` and the like.
                    chars.next();
                } else if !crate::token::tables::FONTS.contains(&name.as_str())
                    && !crate::token::tables::SIZED.contains(&name.as_str())
                    && !crate::token::tables::DROPPED.contains(&name.as_str())
                {
                    // Another command: this is no plain number.
                    out.push('\\');
                }
                out.push(' ');
            }
            '{' | '}' | '$' => {}
            '~' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// What follows `_` or `base`: a number in figures or in words.
fn number(text: &str) -> Option<u32> {
    let text = text.trim().trim_start_matches('(').trim_end_matches(')').trim();
    let text = text.strip_prefix("base").unwrap_or(text).trim_start_matches(['-', ' ']).trim();
    const WORDS: [&str; 11] = [
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    ];
    let word = || WORDS.iter().position(|word| *word == text).map(|idx| idx as u32 + 2);
    let named = || match text {
        "binary" => Some(2),
        "octal" => Some(8),
        "hexadecimal" | "hex" | "sixteen" => Some(16),
        _ => None,
    };
    let base = text.parse().ok().or_else(word).or_else(named)?;
    (2..=36).contains(&base).then_some(base)
}
