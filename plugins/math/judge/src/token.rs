//! Text to tokens: LaTeX, Unicode and plain notation come out the same.
//!
//! What only sets type (fonts, spacing, `\left`, dollar signs) is dropped here. A run of letters is
//! a function, a connective, a product of variables or a word of prose; what it means is decided by
//! the parser. Knows no grammar.

mod number;
pub(crate) mod tables;

use crate::node::{Fun, Named, Rel};

/// Longest text that is read at all.
pub(crate) const BYTES_MAX: usize = 20_000;
/// Most tokens of a text.
const TOKENS_MAX: usize = 6_000;

/// What a stretch of text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tok {
    /// Digits, perhaps with a point; a repeating part stands in parentheses.
    Num(String),
    Var(String),
    /// A word of prose or a unit.
    Word(String),
    Sym(char),
    Rel(Rel),
    Fun(Fun),
    Named(Named),
    /// A command that the parser gives a form to.
    Cmd(&'static str),
    Begin(String),
    End(String),
    /// A currency sign before a number.
    Currency(&'static str),
}

/// A token and whether white space came before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) tok: Tok,
    pub(crate) spaced: bool,
}

/// Why a text has no tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) &'static str);

/// The tokens of `text`. With `thousands`, commas within a number are dropped.
pub(crate) fn tokens(text: &str, thousands: bool) -> Result<Vec<Token>, Unreadable> {
    if text.len() > BYTES_MAX {
        return Err(Unreadable("longer than the limit"));
    }
    let mut lexer = Lexer {
        chars: text.chars().collect(),
        at: 0,
        out: Vec::new(),
        spaced: false,
        thousands,
        // Within brackets a comma joins digits only where other commas are followed by a space.
        thousands_inside: thousands && text.contains(", "),
        depth: 0,
        in_text: false,
    };
    lexer.drop_dollars();
    lexer.run()?;
    Ok(lexer.out)
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    out: Vec<Token>,
    spaced: bool,
    thousands: bool,
    thousands_inside: bool,
    depth: usize,
    /// Within `\\text{…}`.
    in_text: bool,
}

impl Lexer {
    /// Dollar signs in pairs delimit mathematics; one alone before a digit is money.
    fn drop_dollars(&mut self) {
        let escaped = |chars: &[char], i: usize| i > 0 && chars[i - 1] == '\\';
        let places: Vec<usize> = (0..self.chars.len())
            .filter(|&i| self.chars[i] == '$' && !escaped(&self.chars, i))
            .collect();
        let money = places.len() % 2 == 1
            && places.iter().all(|&i| self.chars.get(i + 1).is_some_and(char::is_ascii_digit));
        if !money {
            places.into_iter().for_each(|i| self.chars[i] = ' ');
        }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c))
    }

    fn push(&mut self, tok: Tok) {
        let spaced = std::mem::take(&mut self.spaced);
        self.out.push(Token { tok, spaced });
    }

    fn run(&mut self) -> Result<(), Unreadable> {
        while let Some(c) = self.peek() {
            if self.out.len() > TOKENS_MAX {
                return Err(Unreadable("more tokens than the limit"));
            }
            match c {
                '\\' => self.command()?,
                '0'..='9' => self.number(),
                '.' if self.chars.get(self.at + 1).is_some_and(char::is_ascii_digit) => {
                    self.number();
                }
                'a'..='z' | 'A'..='Z' => self.letters(),
                _ => self.symbol(c)?,
            }
        }
        Ok(())
    }

    fn symbol(&mut self, c: char) -> Result<(), Unreadable> {
        for (text, tok) in tables::DIGRAPHS {
            if self.starts_with(text) {
                self.at += text.chars().count();
                self.push(tok.clone());
                return Ok(());
            }
        }
        self.at += 1;
        if c.is_whitespace() || tables::IGNORED.contains(&c) {
            self.spaced = true;
            return Ok(());
        }
        match c {
            '(' | '[' => self.depth += 1,
            ')' | ']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if let Some(stream) = tables::unicode(c) {
            stream.into_iter().for_each(|tok| self.push(tok));
            return Ok(());
        }
        match c {
            '+' | '-' | '*' | '/' | '^' | '_' | '!' | '%' | '\'' | '|' | '(' | ')' | '[' | ']'
            | '{' | '}' | ',' | ';' | ':' | '&' | '?' => self.push(Tok::Sym(c)),
            '=' => self.push(Tok::Rel(Rel::Eq)),
            '<' => self.push(Tok::Rel(Rel::Lt)),
            '>' => self.push(Tok::Rel(Rel::Gt)),
            '$' => self.push(Tok::Currency("dollar")),
            '~' => self.spaced = true,
            '.' => {
                // An end of sentence; elsewhere it stands for nothing we know.
                if self.chars[self.at..].iter().any(|c| !c.is_whitespace() && *c != '$') {
                    return Err(Unreadable("a stray point"));
                }
            }
            _ => return Err(Unreadable("an unknown character")),
        }
        Ok(())
    }

    fn command(&mut self) -> Result<(), Unreadable> {
        self.at += 1;
        let Some(c) = self.peek() else { return Ok(()) };
        if !c.is_ascii_alphabetic() {
            self.at += 1;
            match c {
                '{' => self.push(Tok::Cmd("{")),
                '}' => self.push(Tok::Cmd("}")),
                '%' => self.push(Tok::Sym('%')),
                '$' => self.push(Tok::Currency("dollar")),
                '|' => self.push(Tok::Cmd("norm")),
                '\\' => self.push(Tok::Cmd("row")),
                '(' | ')' | '[' | ']' | ',' | ';' | ':' | '!' | ' ' | '>' | '\n' | '/' | '&' => {
                    self.spaced = true;
                }
                _ => return Err(Unreadable("an unknown command")),
            }
            return Ok(());
        }
        let from = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphabetic()) {
            self.at += 1;
        }
        let name: String = self.chars[from..self.at].iter().collect();
        self.named_command(&name)
    }

    fn named_command(&mut self, name: &str) -> Result<(), Unreadable> {
        if tables::DROPPED.contains(&name) {
            self.spaced = true;
            return Ok(());
        }
        if tables::SIZED.contains(&name) {
            // `\left.` stands for no bracket; `\left|` and `\right|` say which side they are.
            match self.peek() {
                Some('.') => self.at += 1,
                Some('|') => {
                    self.at += 1;
                    let side = match name {
                        "left" => Tok::Cmd("abs("),
                        "right" => Tok::Cmd("abs)"),
                        _ => Tok::Sym('|'),
                    };
                    self.push(side);
                }
                _ => {}
            }
            return Ok(());
        }
        if name == "begin" || name == "end" {
            let environment = self.group();
            let environment = environment.trim_end_matches('*').to_owned();
            if name == "begin" && environment == "array" && self.peek() == Some('{') {
                self.group();
            }
            if !tables::ALIGNED.contains(&environment.as_str()) {
                self.push(if name == "begin" {
                    Tok::Begin(environment)
                } else {
                    Tok::End(environment)
                });
            }
            return Ok(());
        }
        if tables::FONTS.contains(&name) {
            return self.font(name);
        }
        if tables::DROPPED_WITH_GROUP.contains(&name) {
            self.group();
            return Ok(());
        }
        match tables::command(name) {
            Some(tok) => {
                if tok == Tok::Cmd("{") || matches!(tok, Tok::Sym('(' | '[')) {
                    self.depth += 1;
                }
                self.push(tok);
                Ok(())
            }
            None if tables::GREEK.contains(&name) => {
                self.push(Tok::Var(name.to_owned()));
                Ok(())
            }
            None => Err(Unreadable("an unknown command")),
        }
    }

    /// `\text{…}`, `\mathrm{…}`: the inside is read as plain text, its words as words.
    fn font(&mut self, name: &str) -> Result<(), Unreadable> {
        let blackboard = name == "mathbb" || name == "Bbb";
        while blackboard && self.peek() == Some(' ') {
            self.at += 1;
        }
        let inside = match self.peek() {
            Some('{') => self.group(),
            Some(letter) if blackboard => {
                self.at += 1;
                letter.to_string()
            }
            _ => return Ok(()),
        };
        if blackboard {
            return match tables::blackboard(inside.trim()) {
                Some(named) => {
                    self.push(Tok::Named(named));
                    Ok(())
                }
                None => self.inner(&inside, false),
            };
        }
        if name == "operatorname"
            && let Some(fun @ Tok::Fun(_)) = tables::command(inside.trim())
        {
            self.push(fun);
            return Ok(());
        }
        let text = matches!(name, "text" | "textrm" | "mbox" | "textit" | "textnormal" | "mathrm");
        self.inner(&inside, text)
    }

    fn inner(&mut self, inside: &str, text: bool) -> Result<(), Unreadable> {
        let saved = std::mem::take(&mut self.chars);
        let saved_at = self.at;
        self.chars = inside.chars().collect();
        self.at = 0;
        let from = self.out.len();
        self.spaced |= inside.starts_with(' ');
        let saved_mode = std::mem::replace(&mut self.in_text, text);
        let result = self.run();
        self.in_text = saved_mode;
        self.chars = saved;
        self.at = saved_at;
        result?;
        if text {
            let after_number = from > 0
                && matches!(
                    self.out[from - 1].tok,
                    Tok::Num(_) | Tok::Sym(')' | '}' | '/') | Tok::Var(_) | Tok::Word(_)
                );
            for token in &mut self.out[from..] {
                if let Tok::Var(name) = &token.tok
                    && after_number
                    && tables::UNIT_LETTERS.contains(&name.as_str())
                {
                    token.tok = Tok::Word(name.clone());
                }
            }
        }
        self.spaced |= inside.ends_with(' ');
        Ok(())
    }

    /// The text of the group that comes next, without its braces; empty where there is none.
    fn group(&mut self) -> String {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        if self.peek() != Some('{') {
            return String::new();
        }
        let (from, mut depth) = (self.at + 1, 0usize);
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return self.chars[from..self.at - 1].iter().collect();
            }
        }
        self.chars[from..].iter().collect()
    }

    fn letters(&mut self) {
        let from = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphabetic()) {
            self.at += 1;
        }
        let run: String = self.chars[from..self.at].iter().collect();
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
        if let Some(tok) = tables::word(&run) {
            return self.push(tok);
        }
        if run == "U" && self.between_brackets() {
            return self.push(Tok::Cmd("cup"));
        }
        if run == "x" && self.between_digits() {
            return self.push(Tok::Sym('*'));
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
