//! Answers that are words: choices, times of day, phrases that name a set, and prose.

use crate::truth::Truth;

/// The digits of a plain integer without leading zeros, with its sign.
pub(crate) fn plain_integer(text: &str) -> Option<(bool, &str)> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some((negative && !digits.is_empty(), digits))
}

/// Words in lower case with single spaces, without marks of type or punctuation at the ends.
pub(crate) fn normal(text: &str) -> String {
    let plain = flat(text).to_lowercase();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let joined = words.join(" ");
    let ends: &[char] = &['.', ',', ';', ':', '!', '?', '"', '\'', '*', '`'];
    let trimmed = joined.trim_matches(ends).trim();
    let trimmed = trimmed.strip_prefix("the ").unwrap_or(trimmed);
    trimmed.to_owned()
}

/// Text without dollar signs, font commands and their braces; other commands keep their names.
fn flat(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    // Whether each open brace belongs to a font.
    let mut braces = Vec::new();
    let mut after_font = false;
    while let Some(c) = chars.next() {
        let of_font = std::mem::take(&mut after_font);
        match c {
            '$' => {}
            '{' => {
                braces.push(of_font);
                if !of_font {
                    out.push(c);
                }
            }
            '}' => {
                if braces.pop() != Some(true) {
                    out.push(c);
                }
            }
            '~' => out.push(' '),
            '\\' => {
                let mut name = String::new();
                while let Some(letter) = chars.peek().filter(|c| c.is_ascii_alphabetic()) {
                    name.push(*letter);
                    chars.next();
                }
                if name.is_empty() {
                    // `\,`, `\ `, `\%`
                    if let Some(next) = chars.next() {
                        out.push(if next == '%' { '%' } else { ' ' });
                    }
                } else if crate::token::tables::FONTS.contains(&name.as_str())
                    || crate::token::tables::DROPPED.contains(&name.as_str())
                    || crate::token::tables::SIZED.contains(&name.as_str())
                {
                    after_font = true;
                    out.push(' ');
                } else {
                    out.push(' ');
                    out.push_str(&name);
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// A choice among options, and the words after its letter.
struct Choice {
    letter: char,
    words: String,
}

fn choice(text: &str) -> Option<Choice> {
    if text.len() > 400 {
        return None;
    }
    let plain = flat(text);
    let mut plain = plain.trim().trim_end_matches('.');
    for prefix in ["option ", "Option ", "choice ", "Choice ", "answer ", "Answer "] {
        plain = plain.strip_prefix(prefix).unwrap_or(plain).trim();
    }
    let (bracketed, rest) = match plain.strip_prefix('(') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, plain),
    };
    let letter = rest.chars().next()?;
    let range = if bracketed { 'a'..='j' } else { 'A'..='J' };
    if !range.contains(&letter) && !('A'..='J').contains(&letter) {
        return None;
    }
    let letter = letter.to_ascii_uppercase();
    let after = rest[1..].trim_start();
    let words = match (bracketed, after.chars().next()) {
        (true, Some(')')) => after[1..].trim(),
        (false, Some(')' | ':' | '.')) => after[1..].trim(),
        (false, None) => "",
        _ => return None,
    };
    // Another letter among the words is another choice.
    let tokens = words.split(|c: char| !c.is_ascii_alphanumeric());
    let listed = tokens.into_iter().any(|token| {
        token.len() == 1 && token.chars().all(|c| ('A'..='J').contains(&c))
            || token == "or"
            || token == "and"
    });
    (!listed).then(|| Choice { letter, words: words.to_owned() })
}

/// Whether two choices agree; `None` unless one is a letter alone and the other names one too.
pub(crate) fn choices(a: &str, b: &str) -> Option<Truth> {
    let Some((x, y)) = choice(a).zip(choice(b)) else { return several_choices(a, b) };
    (x.words.is_empty() || y.words.is_empty()).then(|| Truth::of(x.letter == y.letter))
}

/// What follows the letter of a choice: `(C) 42`, `\textbf{(C) }42`.
pub(crate) fn after_choice(text: &str) -> Option<&str> {
    let rest = ["\\textbf{", "\\text{", "\\mathrm{", "\\mathbf{"]
        .into_iter()
        .find_map(|font| text.strip_prefix(font))
        .unwrap_or(text);
    let in_font = rest.len() < text.len();
    let mut chars = rest.strip_prefix('(')?.chars();
    let letter = chars.next().filter(|c| ('A'..='J').contains(c))?;
    let rest = chars.as_str().strip_prefix(')')?;
    let rest = match in_font {
        true => rest.trim_start().strip_prefix('}')?,
        false => rest,
    };
    let rest = rest.trim_start_matches(['\\', '~', ' ', ',', ':', '.']);
    (letter.is_ascii() && !rest.is_empty()).then_some(rest)
}

/// The letters of several choices, and whether nothing stands between them.
fn letters(text: &str) -> Option<(Vec<char>, bool)> {
    // Cheaply: most answers have a figure or an operator.
    if text.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'=' | b'^' | b'+' | b'-' | b'/')) {
        return None;
    }
    let plain = flat(text);
    let plain = plain.trim().trim_end_matches('.');
    let joined = plain.bytes().all(|b| b.is_ascii_uppercase());
    let words = plain.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let mut letters = Vec::new();
    for word in words {
        match word {
            "and" => {}
            word if joined || word.len() == 1 => letters.extend(word.chars()),
            _ => return None,
        }
    }
    let between = |c: char| c.is_ascii_uppercase() || " ,;&()and；、，".contains(c);
    let all = plain.chars().all(between) && letters.iter().all(|c| ('A'..='H').contains(c));
    (all && (2..=8).contains(&letters.len())).then_some((letters, joined))
}

/// `ACD` and `A, C, D`; `None` unless one side is letters without anything between them, in
/// alphabetical order, and the other lists some.
fn several_choices(a: &str, b: &str) -> Option<Truth> {
    if a.len().max(b.len()) > 80 {
        return None;
    }
    let ((mut xs, x_joined), (mut ys, y_joined)) = (letters(a)?, letters(b)?);
    if x_joined == y_joined {
        return None;
    }
    let joined = if x_joined { &xs } else { &ys };
    if !joined.is_sorted_by(|a, b| a < b) {
        return None;
    }
    xs.sort_unstable();
    ys.sort_unstable();
    Some(Truth::of(xs == ys))
}

/// A time of day.
struct Clock {
    hours: u32,
    minutes: u32,
    half: Option<char>,
}

fn clock(text: &str) -> Option<Clock> {
    if text.len() > 60 {
        return None;
    }
    let plain = normal(text).replace(['.', ' '], "");
    let (plain, half) = match plain.strip_suffix('m') {
        Some(rest) => {
            let half = rest.chars().last().filter(|c| *c == 'a' || *c == 'p')?;
            (rest[..rest.len() - 1].to_owned(), Some(half))
        }
        None => (plain, None),
    };
    let (hours, minutes) = plain.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !(1..=2).contains(&hours.len()) || minutes.len() != 2 || !digits(hours) || !digits(minutes) {
        return None;
    }
    Some(Clock { hours: hours.parse().ok()?, minutes: minutes.parse().ok()?, half })
}

/// Whether two times of day agree; `None` unless both are times.
pub(crate) fn clocks(a: &str, b: &str) -> Option<Truth> {
    let (a, b) = (clock(a)?, clock(b)?);
    let halves = a.half.is_none() || b.half.is_none() || a.half == b.half;
    Some(Truth::of(a.hours == b.hours && a.minutes == b.minutes && halves))
}
