//! The answer of a text without a box: what its end announces.
//!
//! It is what follows the last words that announce an answer, in whatever language; else what the
//! last line sets in bold or as a formula, or ends in. Several candidates stay several: the text
//! that holds them all is the answer. Prose that announces nothing has no answer.

mod words;

use std::borrow::Cow;

use crate::reading::is_readable;
use words::{ENGLISH, HEDGES, LEADS, LINKS, MARKS, SUFFIXES};

/// Longest end that is looked at.
const TAIL_BYTES_MAX: usize = 2_000;

/// Most announcements that are tried, from the last backwards.
const MARKS_TRIED_MAX: usize = 40;

/// The answer that `text` ends in.
pub(crate) fn ending(text: &str) -> Option<Cow<'_, str>> {
    let text = end_of(text.trim_end(), TAIL_BYTES_MAX);
    if let Some(rest) = announced(text) {
        let mut lines = rest.lines().map(str::trim);
        let line = lines.find(|line| has_content(line)).unwrap_or_default();
        return value(line).or_else(|| Some(Cow::Owned(plain(line))));
    }
    let line = text.lines().rev().map(str::trim).find(|line| has_content(line))?;
    concluded(line)
}

/// Bounded from behind, at a character's start.
pub(crate) fn end_of(text: &str, n_bytes: usize) -> &str {
    let mut from = text.len().saturating_sub(n_bytes);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

fn has_content(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let closing =
        matches!(lower.trim_matches(['*', '.', '$', '\\', ' ']), "qed" | "q.e.d" | "done");
    line.chars().any(char::is_alphanumeric) && !closing && !lower.starts_with("</")
}

/// What follows the last announcement that a link connects with something.
fn announced(text: &str) -> Option<&str> {
    // ASCII lower case keeps every place in the text.
    let lower = text.to_ascii_lowercase();
    let mut until = lower.len();
    for _ in 0..MARKS_TRIED_MAX {
        let (at, end) = MARKS
            .iter()
            .filter_map(|mark| lower[..until].rfind(mark).map(|at| (at, at + mark.len())))
            .max_by_key(|(at, end)| (*end, std::cmp::Reverse(*at)))?;
        let before = lower[..at].chars().next_back();
        let ascii = lower[at..end].is_ascii() && !lower[at..end].starts_with('#');
        let within = ascii && before.is_some_and(char::is_alphabetic);
        let mark = &lower[at..end];
        // In other languages the verb stands before: `somit ist die Antwort 42`.
        let figure = text[end..].trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '$');
        let direct = figure && !ENGLISH.iter().any(|word| mark.starts_with(word));
        let is_link = mark.ends_with(['#', ':', '.']) || direct;
        if !within && let Some(rest) = linked(&text[end..], is_link) {
            return Some(rest);
        }
        until = at;
    }
    None
}

/// Passes over what links an announcement with its answer; `None` where nothing does.
fn linked(rest: &str, linked: bool) -> Option<&str> {
    let marks: &[char] = &[
        ':', '：', ' ', '*', '\t', '=', '_', '`', '→', '⇒', '-', '–', '.', '#', '\n', '\r', '>',
        '"', '—', ']', ')',
    ];
    let mut rest = rest;
    let mut linked = linked;
    loop {
        let trimmed = rest.trim_start_matches(marks);
        // A minus sign before a digit is the answer's.
        let passed = &rest[..rest.len() - trimmed.len()];
        let minus = passed.ends_with('-') && trimmed.starts_with(|c: char| c.is_ascii_digit());
        let passed = if minus { &passed[..passed.len() - 1] } else { passed };
        linked |= passed.contains([':', '：', '=', '→', '⇒', '\n', '*', '#', '—', ']']);
        rest = &rest[passed.len()..];
        let lower = rest.to_ascii_lowercase();
        let link = LINKS.iter().find(|link| {
            let ends = |rest: &str| !link.is_ascii() || !rest.starts_with(char::is_alphabetic);
            lower.strip_prefix(**link).is_some_and(ends)
        });
        match link {
            Some(link) => {
                rest = &rest[link.len()..];
                linked = true;
            }
            None => break,
        }
    }
    (linked && has_content(rest)).then_some(rest)
}

/// Without marks of type and HTML tags: `**128**`, `==128==`, `<b>128</b>`, `> 128`.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line.trim().trim_start_matches(['>', ' ', '•']);
    for bullet in ["- ", "* ", "+ "] {
        rest = rest.strip_prefix(bullet).unwrap_or(rest);
    }
    while let Some(c) = rest.chars().next() {
        let paired =
            ["***", "**", "__", "==", "~~"].into_iter().find(|mark| rest.starts_with(mark));
        let tag = rest.strip_prefix('<').and_then(|inner| {
            let (tag, _) = inner.split_once('>')?;
            let name = tag.trim_start_matches('/').split(' ').next()?;
            let known = [
                "s",
                "|im_end|",
                "|endoftext|",
                "|eot_id|",
                "b",
                "strong",
                "i",
                "em",
                "u",
                "p",
                "br",
                "code",
                "span",
                "div",
                "mark",
                "center",
                "sub",
                "h1",
                "h2",
                "h3",
                "answer",
            ];
            known.contains(&name.trim_end_matches('/')).then_some(tag.len() + 2)
        });
        if let Some(len) = tag {
            rest = &rest[len..];
        } else if let Some(mark) = paired.filter(|mark| is_type(mark, &out, &rest[mark.len()..])) {
            rest = &rest[mark.len()..];
        } else if c == '`' {
            rest = &rest[1..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    let quotes: &[char] = &['*', '"', '“', '”', '«', '»', ' '];
    let mut text = out.trim_matches(quotes);
    loop {
        let cut = text.trim_end_matches(['.', '!', ',', '。', '！', ';', ' ', '_', '।']);
        let cut = unmatched(cut);
        let cut = SUFFIXES.iter().fold(cut, |cut, suffix| cut.strip_suffix(suffix).unwrap_or(cut));
        if cut.len() == text.len() {
            break;
        }
        // A factorial is no exclamation.
        if text.ends_with('!') && text[..text.len() - 1].ends_with(|c: char| c.is_ascii_digit()) {
            let whole = text.chars().all(|c| c.is_ascii_digit() || c == '!' || c == '-');
            if !whole {
                break;
            }
        }
        text = cut;
    }
    text.to_owned()
}

/// Without a closing bracket at the end that nothing opened.
fn unmatched(text: &str) -> &str {
    let pairs = [('(', ')'), ('{', '}'), ('[', ']')];
    let stray = pairs.into_iter().find(|(open, close)| {
        text.ends_with(*close) && text.matches(*open).count() < text.matches(*close).count()
    });
    match stray {
        Some(_) if !text.starts_with(']') => &text[..text.len() - 1],
        _ => text,
    }
}

/// Whether a doubled sign sets type rather than being a power or an equation.
fn is_type(mark: &str, before: &str, after: &str) -> bool {
    if mark != "**" && mark != "==" {
        return true;
    }
    let tight = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, ')' | '('));
    !(tight(before.chars().next_back()) && tight(after.chars().next()))
}

fn readable(text: &str) -> Option<Cow<'static, str>> {
    let text = plain(text);
    (!text.is_empty() && is_readable(&text)).then_some(Cow::Owned(text))
}

/// The answer at the start of what was announced.
fn value(line: &str) -> Option<Cow<'_, str>> {
    if let Some(whole) = readable(line) {
        return Some(whole);
    }
    // The first sentence, or what stands before a remark.
    for end in [
        ". ",
        ", as ",
        ", which ",
        ", because ",
        " because ",
        ", since ",
        " since ",
        ", so ",
        ", where ",
        ", when ",
        " (",
        " — ",
        " – ",
        "; ",
        ", with ",
        ", and ",
        ", for ",
    ] {
        if let Some((first, rest)) = line.split_once(end)
            && !hedges(rest)
            && (end == ". "
                || end.ends_with(" because ")
                || end.ends_with(" since ")
                || !has_candidate(rest))
            && let Some(value) = readable(first)
        {
            return Some(value);
        }
    }
    let (formula, rest) = first_formula(line)?;
    (!hedges(rest) && !has_candidate(rest)).then_some(Cow::Borrowed(formula))
}

/// Whether a text makes a second candidate of what it holds.
fn hedges(text: &str) -> bool {
    let lower = text.to_lowercase();
    has_candidate(text)
        && lower.split(|c: char| !c.is_alphabetic()).any(|word| HEDGES.contains(&word))
}

fn has_candidate(text: &str) -> bool {
    text.contains('$') || text.bytes().any(|b| b.is_ascii_digit())
}

/// The first `$…$` or `\(…\)`, and what follows it.
fn first_formula(line: &str) -> Option<(&str, &str)> {
    for (open, close) in [("$", "$"), (r"\(", r"\)")] {
        if let Some((_, rest)) = line.split_once(open)
            && let Some((inside, rest)) = rest.split_once(close)
            && !inside.trim().is_empty()
        {
            return Some((inside.trim(), rest));
        }
    }
    None
}

/// The answer of a last line that announces nothing.
fn concluded(line: &str) -> Option<Cow<'_, str>> {
    let (rest, led) = without_leads(line);
    if let Some(whole) = readable(rest).or_else(|| readable(line)) {
        return Some(whole);
    }
    spans(rest)
        .or_else(|| after_last_word(rest))
        .or_else(|| if led { only_number(rest) } else { None })
}

/// Without `so`, `therefore` and their like at the start.
fn without_leads(line: &str) -> (&str, bool) {
    let mut rest = line.trim_start_matches(['>', ' ', '•']);
    for bullet in ["- ", "* ", "+ "] {
        rest = rest.strip_prefix(bullet).unwrap_or(rest);
    }
    let mut led = false;
    loop {
        let lower = rest.to_ascii_lowercase();
        let lead = LEADS.iter().find(|lead| {
            let ends = |rest: &str| {
                !lead.ends_with(char::is_alphabetic)
                    || !lead.is_ascii()
                    || !rest.starts_with(char::is_alphanumeric)
            };
            lower.strip_prefix(**lead).is_some_and(ends)
        });
        let Some(lead) = lead else { return (rest, led) };
        rest = rest[lead.len()..].trim_start_matches([',', ':', ' ', '，', '：', '、']);
        led = true;
    }
}

/// What the line sets in bold or as formulas: the last, with those that are listed before it.
fn spans(line: &str) -> Option<Cow<'_, str>> {
    let marks = [
        ("**", "**"),
        ("__", "__"),
        ("<b>", "</b>"),
        ("<strong>", "</strong>"),
        ("$", "$"),
        (r"\(", r"\)"),
        ("`", "`"),
    ];
    marks.into_iter().find_map(|(open, close)| {
        let mut found: Vec<(&str, usize, usize)> = Vec::new();
        let mut at = 0;
        while let Some(start) = line[at..].find(open).map(|start| at + start + open.len()) {
            let Some(end) = line[start..].find(close).map(|end| start + end) else { break };
            found.push((&line[start..end], start - open.len(), end + close.len()));
            at = end + close.len();
        }
        let (last, mut from, to) = *found.last()?;
        if !readable_inside(last) {
            return None;
        }
        // `$3$ or $5$`, `**1**, **2** and **3**`: the whole list.
        let mut listed = false;
        for (inside, start, end) in found.iter().rev().skip(1) {
            let between = line[*end..from].trim().trim_matches(',').trim();
            if !matches!(
                between,
                "" | "or" | "and" | "&" | "oder" | "ou" | "或" | "和" | "и" | "или"
            ) || !readable_inside(inside)
            {
                break;
            }
            from = *start;
            listed = true;
        }
        match listed {
            true => Some(Cow::Owned(plain(&line[from..to]))),
            false => Some(Cow::Owned(plain(last))),
        }
    })
}

fn readable_inside(text: &str) -> bool {
    readable(text).is_some()
}

/// What follows the last word that leads to a value, if it reads as mathematics.
fn after_last_word(line: &str) -> Option<Cow<'_, str>> {
    let lower = line.to_ascii_lowercase();
    let words = [
        " is ",
        " are ",
        " equals ",
        " get ",
        " gives ",
        " obtain ",
        " gives us ",
        " leaves ",
        " yields ",
        " totals ",
        " makes ",
        " results in ",
        " equal to ",
        " have ",
        " has ",
        " be ",
        " = ",
        ": ",
        " est ",
        " ist ",
        " es ",
        " è ",
        " é ",
        "равно ",
        "равен ",
        "是",
        "为",
        "は",
        "：",
    ];
    let at = words.iter().filter_map(|word| lower.rfind(word).map(|at| at + word.len())).max()?;
    value(&line[at..]).filter(|value| value.bytes().any(|b| b.is_ascii_digit() || b == b'\\'))
}

/// The only number of a conclusion in words.
fn only_number(line: &str) -> Option<Cow<'_, str>> {
    let digits = |c: char| c.is_ascii_digit();
    let from = line.find(digits)?;
    let end = line[from..].find(|c: char| !(digits(c) || c == ',' || c == '.'));
    let end = end.map_or(line.len(), |end| from + end);
    let number = line[from..end].trim_end_matches([',', '.']);
    let before = line[..from].ends_with(' ');
    let after = line[end..].starts_with([' ', '.']) || end == line.len();
    let sole = !line[end..].contains(digits) && !line.contains(['$', '\\', '=', '^', '/']);
    (before && after && sole && is_readable(number) && !hedges(line))
        .then(|| Cow::Owned(number.to_owned()))
}
