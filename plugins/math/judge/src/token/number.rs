//! Numbers: digits, a point, separators of thousands, a repeating part, an exponent.

use super::Lexer;
use super::kind::{Tok, Token};

/// Marks of digits that repeat, longest first where one begins another.
const MARKS: [&str; 3] = ["\\overline", "\\bar", "\\dot"];
const DOTS: [&str; 5] = ["...", "…", "\\ldots", "\\dots", "\\cdots"];
/// Most digits that repeat.
const REPEATING_MAX: usize = 200;

impl Lexer {
    fn digit_at(&self, place: usize) -> bool {
        self.chars.get(place).is_some_and(char::is_ascii_digit)
    }

    /// Whether exactly three digits stand at `place`.
    fn three_digits_at(&self, place: usize) -> bool {
        (0..3).all(|i| self.digit_at(place + i)) && !self.digit_at(place + 3)
    }

    fn take_digits(&mut self, into: &mut String) {
        while let Some(c) = self.peek().filter(char::is_ascii_digit) {
            into.push(c);
            self.at += 1;
        }
    }

    /// How long a separator of thousands at the current place is, if three digits follow it.
    fn separator(&self) -> Option<usize> {
        let comma_allowed = if self.depth == 0 { self.thousands } else { self.thousands_inside };
        for (text, allowed) in [
            ("{,}", true),
            (",\\!", true),
            ("\\,", true),
            ("\\;", true),
            ("\\ ", true),
            ("\\!", true),
            ("~", true),
            (" ", true),
            ("\u{a0}", true),
            ("\u{2009}", true),
            ("\u{202f}", true),
            ("_", false),
            (",", comma_allowed),
        ] {
            if allowed && self.starts_with(text) {
                let width = text.chars().count();
                return self.three_digits_at(self.at + width).then_some(width);
            }
        }
        None
    }

    pub(super) fn number(&mut self) {
        let mut digits = String::new();
        self.take_digits(&mut digits);
        if digits.len() <= 3 && !digits.is_empty() && !digits.starts_with('0') {
            while let Some(width) = self.separator() {
                self.at += width;
                self.take_digits(&mut digits);
            }
        }
        if self.starts_decimals() {
            self.at += 1;
            digits.push('.');
            self.take_digits(&mut digits);
            self.repeating(&mut digits);
            self.going_on(&mut digits);
        }
        self.exponent(&mut digits);
        self.push(Tok::Num(digits));
    }

    /// Whether a point stands here with digits behind it, or marks of digits that repeat.
    pub(super) fn starts_decimals(&self) -> bool {
        self.peek() == Some('.')
            && (self.digit_at(self.at + 1)
                || MARKS.iter().any(|mark| self.follows(1, mark))
                || (self.follows(1, "(") && self.digit_at(self.at + 2)))
    }

    fn follows(&self, ahead: usize, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + ahead + i) == Some(&c))
    }

    /// The part that repeats: `\overline{142857}`, `\bar3`, `\dot{1}4285\dot{7}`, `(6)`.
    fn repeating(&mut self, digits: &mut String) {
        let saved = self.at;
        let part = if self.peek() == Some('(') {
            self.at += 1;
            let mut part = String::new();
            self.take_digits(&mut part);
            if self.peek() == Some(')') {
                self.at += 1;
                Some(part)
            } else {
                None
            }
        } else {
            self.marked()
        };
        match part.filter(|part| !part.is_empty() && part.len() <= REPEATING_MAX) {
            Some(part) => {
                digits.push_str(&format!("({part})"));
                // 0.\overline{3}\ldots
                let dots = DOTS.into_iter().find(|dots| self.starts_with(dots));
                self.at += dots.map_or(0, |dots| dots.chars().count());
            }
            None => self.at = saved,
        }
    }

    /// Digits under bars, or from one dot to the next.
    fn marked(&mut self) -> Option<String> {
        let first = MARKS.iter().find(|mark| self.starts_with(mark))?;
        let mut part = self.mark(first)?;
        if *first != "\\dot" {
            while self.starts_with(first) {
                part.push_str(&self.mark(first)?);
            }
            return Some(part);
        }
        // The last dotted digit ends the part; undotted ones after it belong to nothing.
        let saved = self.at;
        let mut between = String::new();
        self.take_digits(&mut between);
        if self.starts_with("\\dot") && !self.starts_with("\\dots") {
            part.push_str(&between);
            part.push_str(&self.mark("\\dot")?);
        } else if between.is_empty() {
            self.at = saved;
        } else {
            return None;
        }
        Some(part)
    }

    /// The digits under one mark.
    fn mark(&mut self, mark: &str) -> Option<String> {
        self.at += mark.chars().count();
        while self.peek() == Some(' ') {
            self.at += 1;
        }
        let mut part = self.group();
        if part.is_empty() {
            part.extend(self.peek().filter(char::is_ascii_digit));
            self.at += part.len();
        }
        let part = part.trim();
        (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.to_owned())
    }

    /// `0.33…`, `0.4545…`: digits whose end was written at least twice and goes on.
    fn going_on(&mut self, digits: &mut String) {
        let Some(dots) = DOTS.into_iter().find(|dots| self.starts_with(dots)) else { return };
        let Some((_, decimals)) = digits.split_once('.') else { return };
        if decimals.len() > 2 * REPEATING_MAX || digits.contains('(') {
            return;
        }
        let period = (1..=decimals.len() / 2).find(|period| {
            let (rest, last) = decimals.split_at(decimals.len() - period);
            rest.ends_with(last)
        });
        let Some(period) = period else { return };
        self.at += dots.chars().count();
        let last = digits[digits.len() - period..].to_owned();
        while digits.ends_with(&last) && !digits[..digits.len() - period].ends_with(['.', '(']) {
            digits.truncate(digits.len() - period);
        }
        digits.push_str(&format!("({last})"));
    }

    /// `1.2\text{E-3}`, `1.2\text{e-}3`: the exponent of the number before.
    pub(super) fn exponent_in_text(&mut self, inside: &str) -> bool {
        let Some(Token { tok: Tok::Num(number), .. }) = self.out.last() else { return false };
        let Some(rest) = inside.trim().strip_prefix(['e', 'E']) else { return false };
        if number.contains(['e', '(']) {
            return false;
        }
        let (sign, written) = match rest.strip_prefix(['-', '−']) {
            Some(rest) => ("-", rest),
            None => ("", rest.strip_prefix('+').unwrap_or(rest)),
        };
        let (mut sign, mut exponent) = (sign.to_owned(), written.trim().to_owned());
        let saved = self.at;
        if exponent.is_empty() {
            if rest.is_empty() && matches!(self.peek(), Some('-' | '−' | '+')) {
                sign = if self.peek() == Some('+') { String::new() } else { "-".to_owned() };
                self.at += 1;
            }
            self.take_digits(&mut exponent);
        }
        let valid =
            (1..=5).contains(&exponent.len()) && exponent.bytes().all(|b| b.is_ascii_digit());
        if !valid || (rest.is_empty() && sign.is_empty() && saved == self.at) {
            self.at = saved;
            return false;
        }
        if let Some(Token { tok: Tok::Num(number), .. }) = self.out.last_mut() {
            number.push_str(&format!("e{sign}{exponent}"));
        }
        true
    }

    /// `1e-5`, where it cannot be a product.
    fn exponent(&mut self, digits: &mut String) {
        if !matches!(self.peek(), Some('e' | 'E')) || digits.contains('(') {
            return;
        }
        let sign = matches!(self.chars.get(self.at + 1), Some('+' | '-' | '−'));
        let from = self.at + 1 + usize::from(sign);
        let mut to = from;
        while self.digit_at(to) {
            to += 1;
        }
        let ends = !self.chars.get(to).is_some_and(|c| c.is_ascii_alphabetic());
        if (1..=5).contains(&(to - from)) && ends {
            digits.push('e');
            let exponent = self.chars[self.at + 1..to].iter();
            digits.extend(exponent.map(|c| if *c == '−' { '-' } else { *c }));
            self.at = to;
        }
    }
}
