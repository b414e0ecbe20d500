//! Text in Unicode's many dresses to the notation that the tokens are read from.
//!
//! Compatibility forms (styled letters, full width, squared units) become what they are made of;
//! raised and lowered runs, fractions in one character and marks over digits become LaTeX. ASCII
//! text is left as it is. Knows no grammar.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use crate::token::symbols;

/// `text` in the notation that tokens are read from.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 16);
    let mut at = 0;
    while at < chars.len() {
        at += step(&chars[at..], &mut out);
    }
    Cow::Owned(out)
}

/// Writes what the first characters stand for and says how many they were.
fn step(chars: &[char], out: &mut String) -> usize {
    let c = chars[0];
    if c.is_ascii() {
        return marked_digits(chars, out).unwrap_or_else(|| {
            out.push(c);
            1
        });
    }
    let (raised, n_raised) = run(chars, superscript);
    if n_raised > 0 {
        let slash = chars.get(n_raised).is_some_and(|c| matches!(c, '/' | '⁄'));
        if slash {
            let (lowered, n_lowered) = run(&chars[n_raised + 1..], subscript);
            if n_lowered > 0 {
                out.push_str(&format!("\\frac{{{raised}}}{{{lowered}}}"));
                return n_raised + 1 + n_lowered;
            }
        }
        out.push_str(&format!("^{{{raised}}}"));
        return n_raised;
    }
    let (lowered, n_lowered) = run(chars, subscript);
    if n_lowered > 0 {
        let followed = chars.get(n_lowered).is_some_and(|c| c.is_alphanumeric());
        match n_lowered == 1 && !followed {
            true => out.push_str(&format!("_{lowered}")),
            false => out.push_str(&format!("_{{{lowered}}}")),
        }
        return n_lowered;
    }
    one(c, out);
    1
}

fn run(chars: &[char], digit: fn(char) -> Option<char>) -> (String, usize) {
    let run: String = chars.iter().map_while(|c| digit(*c)).collect();
    let n = run.chars().count();
    (run, n)
}

fn superscript(c: char) -> Option<char> {
    Some(match c {
        '⁰' => '0',
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁴'..='⁹' => char::from_digit(c as u32 - '⁴' as u32 + 4, 10)?,
        '⁺' => '+',
        '⁻' => '-',
        '⁼' => '=',
        '⁽' => '(',
        '⁾' => ')',
        'ⁿ' => 'n',
        'ⁱ' => 'i',
        'ˣ' => 'x',
        'ʸ' => 'y',
        'ᵃ' => 'a',
        'ᵇ' => 'b',
        'ᶜ' => 'c',
        'ᵈ' => 'd',
        'ᵉ' => 'e',
        'ᵏ' => 'k',
        'ᵐ' => 'm',
        'ᵖ' => 'p',
        'ʳ' => 'r',
        'ˢ' => 's',
        'ᵗ' => 't',
        'ᵀ' => 'T',
        _ => return None,
    })
}

fn subscript(c: char) -> Option<char> {
    Some(match c {
        '₀'..='₉' => char::from_digit(c as u32 - '₀' as u32, 10)?,
        '₊' => '+',
        '₋' => '-',
        '₍' => '(',
        '₎' => ')',
        'ₐ' => 'a',
        'ₑ' => 'e',
        'ᵢ' => 'i',
        'ⱼ' => 'j',
        'ₖ' => 'k',
        'ₘ' => 'm',
        'ₙ' => 'n',
        'ₚ' => 'p',
        'ᵣ' => 'r',
        'ₛ' => 's',
        'ₜ' => 't',
        'ₓ' => 'x',
        _ => return None,
    })
}

/// Digits under a bar or a dot: `3̅`, `6̇`.
fn marked_digits(chars: &[char], out: &mut String) -> Option<usize> {
    let mark = |at: usize| {
        let digit = chars.get(at).filter(|c| c.is_ascii_digit())?;
        let name = match chars.get(at + 1)? {
            '\u{304}' | '\u{305}' | '\u{33f}' => "overline",
            '\u{307}' => "dot",
            _ => return None,
        };
        Some((*digit, name))
    };
    let (first, name) = mark(0)?;
    let mut digits = String::from(first);
    let mut n = 2;
    while let Some((digit, next)) = mark(n).filter(|_| name == "overline") {
        if next != name {
            break;
        }
        digits.push(digit);
        n += 2;
    }
    out.push_str(&format!("\\{name}{{{digits}}}"));
    Some(n)
}

/// Writes what one character stands for.
fn one(c: char, out: &mut String) {
    if let Some(text) = special(c) {
        return out.push_str(text);
    }
    if symbols::token(c).is_some() || symbols::IGNORED.contains(&c) || c.is_whitespace() {
        return out.push(c);
    }
    if is_ornament(c) {
        return;
    }
    let parts: String = std::iter::once(c).nfkc().collect();
    if let Some((upper, lower)) = parts.split_once('⁄')
        && !upper.is_empty()
        && !lower.is_empty()
    {
        return out.push_str(&format!("\\frac{{{upper}}}{{{lower}}}"));
    }
    out.push_str(&parts);
}

fn special(c: char) -> Option<&'static str> {
    Some(match c {
        '½' => "\\frac{1}{2}",
        '⅟' => "1/",
        '⁄' | '∕' => "/",
        '∜' => "\\sqrt[4]",
        '∠' | '∡' | '⦟' => "\\angle ",
        '△' => "\\triangle ",
        '∴' => "\\therefore ",
        '∀' => "\\forall ",
        'º' => "°",
        '℃' => "°C",
        '℉' => "°F",
        '″' | '”' | '“' | '"' => "''",
        '㎜' => " mm",
        '㎝' => " cm",
        '㎞' => " km",
        '㎡' => " m^2",
        '㎠' => " cm^2",
        '㎢' => " km^2",
        '㎟' => " mm^2",
        '㎥' => " m^3",
        '㎤' => " cm^3",
        '㎣' => " mm^3",
        '㎧' => " m/s",
        '㎨' => " m/s^2",
        '。' => ". ",
        '～' | '〜' => " to ",
        'ı' => "\\imath ",
        '∎' | '□' | '■' | '▢' | '\u{fe0f}' | '\u{fe0e}' | '\u{20d7}' | '「' | '」' | '«' | '»'
        | '【' | '】' => " ",
        _ => return None,
    })
}

/// Emoji and the like. Crosses are kept: they say that something is wrong.
fn is_ornament(c: char) -> bool {
    let cross = matches!(c, '✗' | '✘' | '✕' | '✖' | '❌' | '❎' | '🚫');
    let ornament = matches!(c as u32, 0x2600..=0x27BF | 0x1F000..=0x1FAFF | 0x2B00..=0x2BFF);
    ornament && !cross
}
