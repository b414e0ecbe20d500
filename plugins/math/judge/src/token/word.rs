//! Runs of letters: functions, connectives, products of variables, words and units.

use super::kind::{Tok, Token};
use super::{Lexer, tables};

/// Whether a character can stand in a word: a letter of any script but the Greek ones, which are
/// variables.
pub(super) fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic()
        || (c.is_alphabetic() && super::symbols::token(c).is_none())
        || matches!(c as u32, 0x0300..=0x036F | 0x0900..=0x097F | 0x0E31..=0x0E4E)
}

impl Lexer {
    /// Whether the point after the last token belongs to an abbreviation: `sq. cm`, `ft. per s`.
    pub(super) fn abbreviates(&self) -> bool {
        let Some(Token { tok: Tok::Word(word), .. }) = self.out.last() else { return false };
        let rest = self.chars[self.at..].iter().find(|c| !c.is_whitespace());
        let goes_on =
            rest.is_some_and(|c| c.is_alphabetic() || matches!(c, '/' | '^' | '\\' | ')'));
        goes_on && word.len() <= 4
    }

    pub(super) fn letters(&mut self) {
        let from = self.at;
        while self.peek().is_some_and(is_letter) {
            self.at += 1;
        }
        self.hyphenated(from);
        let run: String = self.chars[from..self.at].iter().collect();
        let lone = self.in_text
            && self.chars.len() > run.chars().count()
            && self
                .chars
                .iter()
                .filter(|c| !c.is_whitespace())
                .eq(run.chars().collect::<Vec<_>>().iter());
        if let Some(tok) = tables::foreign(&run, lone) {
            return self.push(tok);
        }
        if !run.is_ascii() || run.contains('-') {
            return self.push(Tok::Word(run));
        }
        if run == "p" || run == "a" {
            // `p.m.`, `a.m.`
            if self.starts_with(".m.") || self.starts_with(".m") {
                self.at += if self.starts_with(".m.") { 3 } else { 2 };
                return self.push(Tok::Word(format!("{run}m")));
            }
        }
        let unit_of_time = (run == "min" || run == "sec")
            && matches!(self.out.last(), Some(Token { tok: Tok::Num(_) | Tok::Word(_), .. }))
            && !matches!(self.peek(), Some('(' | '{' | '^'));
        if unit_of_time {
            return self.push(Tok::Word(run));
        }
        self.plain_run(run);
    }

    /// A run of ASCII letters without a meaning by its place: a name, a product or a word.
    fn plain_run(&mut self, run: String) {
        if let Some(tok) = tables::word(&run) {
            return self.push(tok);
        }
        if run == "U" && self.between_brackets() {
            return self.push(Tok::Cmd("cup"));
        }
        if run == "x" && self.between_digits() {
            return self.push(Tok::Sym('*'));
        }
        if matches!(&*run, "Rs" | "RS" | "INR" | "USD" | "EUR") && self.before_figure() {
            return self.push(Tok::Currency(match &*run {
                "USD" => "dollar",
                "EUR" => "euro",
                _ => "rupee",
            }));
        }
        if matches!(&*run, "repeating" | "recurring") && self.repeats_last() {
            return;
        }
        if run == "a" && self.in_text && self.spaced && self.peek() == Some(' ') {
            return self.push(Tok::Word(run));
        }
        if run.len() == 1 {
            let unit = tables::UNIT_LETTERS.contains(&run.as_str()) && self.names_a_unit();
            return self.push(if unit { Tok::Word(run) } else { Tok::Var(run) });
        }
        let after_value = matches!(
            self.out.last(),
            Some(Token {
                tok: Tok::Num(_) | Tok::Word(_) | Tok::Sym(')' | '}' | '/' | '°' | '!'),
                ..
            })
        );
        let is_unit = tables::UNITS.contains(&run.to_ascii_lowercase().as_str());
        let product = run.len() <= 3
            && !self.in_prose()
            && !(is_unit && (self.in_text || after_value))
            && !tables::SHORT_WORDS.contains(&run.to_ascii_lowercase().as_str())
            && !run.chars().all(|c| c.is_ascii_uppercase());
        if !product {
            return self.push(Tok::Word(run));
        }
        for letter in run.chars() {
            self.push(tables::word(&letter.to_string()).unwrap_or(Tok::Var(letter.to_string())));
        }
    }

    /// Within a text of several words, where short runs are words too.
    fn in_prose(&self) -> bool {
        let letters = |part: &&[char]| part.iter().filter(|c| c.is_alphabetic()).count() > 1;
        self.in_text && self.chars.split(|c| c.is_whitespace()).filter(letters).count() > 1
    }

    /// Passes over a point before a figure: `Rs. 180`.
    fn before_figure(&mut self) -> bool {
        let passed = |c: &&char| matches!(c, '.' | ' ' | '~' | '}');
        let n = self.chars[self.at..].iter().take_while(passed).count();
        let at_end = self.in_text && self.at + n == self.chars.len();
        let there = at_end || self.chars.get(self.at + n).is_some_and(char::is_ascii_digit);
        self.at += if there { n } else { 0 };
        there && self.out.is_empty()
    }

    /// `0.3 repeating`: of one decimal, which repeats.
    fn repeats_last(&mut self) -> bool {
        let Some(Token { tok: Tok::Num(number), .. }) = self.out.last_mut() else { return false };
        let Some((whole, decimal)) = number.split_once('.') else { return false };
        if decimal.len() != 1 {
            return false;
        }
        *number = format!("{whole}.({decimal})");
        true
    }

    /// Takes in what a hyphen joins to a word: `half-days`.
    fn hyphenated(&mut self, from: usize) {
        let long = |from: usize, to: usize| to - from >= 3;
        while self.peek() == Some('-') && long(from, self.at) {
            let start = self.at + 1;
            let mut end = start;
            while self.chars.get(end).is_some_and(|c| is_letter(*c)) {
                end += 1;
            }
            let first: String = self.chars[from..self.at].iter().collect();
            let second: String = self.chars[start..end].iter().collect();
            if !long(start, end) || !self.in_text && tables::word(&first).is_some() {
                return;
            }
            if tables::word(&second).is_some() {
                return;
            }
            self.at = end;
        }
    }

    /// Whether a letter at the current place is a unit: `5 m` at the end, `5 m/s`.
    fn names_a_unit(&self) -> bool {
        if let [.., Token { tok: Tok::Word(_), .. }, Token { tok: Tok::Sym('/'), .. }] =
            self.out.as_slice()
        {
            return true;
        }
        let rest: String = self.chars[self.at..].iter().collect();
        let rest = rest.trim().trim_end_matches('.');
        let per =
            rest.strip_prefix('/').is_some_and(|r| r.starts_with(|c: char| c.is_alphabetic()));
        self.spaced
            && matches!(self.out.as_slice(), [Token { tok: Tok::Num(_), .. }])
            && (rest.is_empty() || per)
    }

    fn between_brackets(&self) -> bool {
        let before = matches!(
            self.out.last(),
            Some(Token { tok: Tok::Sym(')' | ']' | '}') | Tok::Cmd("}"), .. })
        );
        let after = self.chars[self.at..].iter().find(|c| !c.is_whitespace());
        before && matches!(after, Some('(' | '[' | '{' | '\\'))
    }

    /// `3 x 10^8`
    fn between_digits(&self) -> bool {
        self.spaced
            && matches!(self.out.last(), Some(Token { tok: Tok::Num(_), .. }))
            && self.peek() == Some(' ')
            && self.chars.get(self.at + 1).is_some_and(char::is_ascii_digit)
    }
}
