//! Numbers: digits, a point, separators of thousands, a repeating part, an exponent.

use super::{Lexer, Tok};

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
        if self.peek() == Some('.') && self.digit_at(self.at + 1) {
            self.at += 1;
            digits.push('.');
            self.take_digits(&mut digits);
            self.repeating(&mut digits);
            self.going_on(&mut digits);
        } else if self.peek() == Some('.') && self.chars[self.at + 1..].starts_with(&['\\', 'o']) {
            self.at += 1;
            digits.push('.');
            self.repeating(&mut digits);
        }
        self.exponent(&mut digits);
        self.push(Tok::Num(digits));
    }

    /// `\overline{142857}` after the point.
    fn repeating(&mut self, digits: &mut String) {
        if !self.starts_with("\\overline") && !self.starts_with("\\bar") {
            return;
        }
        let saved = self.at;
        self.at += if self.starts_with("\\bar") { 4 } else { 9 };
        let mut part = self.group();
        if part.is_empty() && self.peek().is_some_and(|c| c.is_ascii_digit()) {
            part.extend(self.peek());
            self.at += 1;
        }
        if part.is_empty() || !part.chars().all(|c| c.is_ascii_digit()) || part.len() > 200 {
            self.at = saved;
            return;
        }
        digits.push_str(&format!("({part})"));
    }

    /// `0.333...`: three equal digits that go on.
    fn going_on(&mut self, digits: &mut String) {
        let dots = ["...", "…", "\\ldots", "\\dots", "\\cdots"];
        let Some(dots) = dots.into_iter().find(|dots| self.starts_with(dots)) else { return };
        let Some(last) = digits.chars().last().filter(char::is_ascii_digit) else { return };
        if digits.ends_with(&last.to_string().repeat(3)) {
            self.at += dots.chars().count();
            let kept = digits.trim_end_matches(last).len();
            digits.truncate(kept);
            digits.push_str(&format!("({last})"));
        }
    }

    /// `1e-5`, where it cannot be a product.
    fn exponent(&mut self, digits: &mut String) {
        if !matches!(self.peek(), Some('e' | 'E')) || digits.contains('(') {
            return;
        }
        let sign = matches!(self.chars.get(self.at + 1), Some('+' | '-'));
        let from = self.at + 1 + usize::from(sign);
        let mut to = from;
        while self.digit_at(to) {
            to += 1;
        }
        let ends = !self.chars.get(to).is_some_and(|c| c.is_ascii_alphabetic());
        if (1..=5).contains(&(to - from)) && ends {
            digits.push('e');
            digits.extend(&self.chars[self.at + 1..to]);
            self.at = to;
        }
    }
}
