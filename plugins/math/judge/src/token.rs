//! Text to tokens: LaTeX, Unicode and plain notation come out the same.
//!
//! What only sets type (fonts, spacing, `\left`, dollar signs) is dropped here. A run of letters is
//! a function, a connective, a product of variables or a word of prose; what it means is decided by
//! the parser. Knows no grammar.

mod kind;
mod number;
mod si;
pub(crate) mod symbols;
pub(crate) mod tables;
mod word;

pub(crate) use kind::{Tok, Token, Unreadable};

use crate::node::Rel;

/// Longest text that is read at all.
pub(crate) const BYTES_MAX: usize = 20_000;
/// Most tokens of a text.
const TOKENS_MAX: usize = 6_000;

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
        layouts: Vec::new(),
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
    /// The open environments, and whether each is only layout.
    layouts: Vec<bool>,
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
                '.' if self.starts_decimals() => self.number(),
                'a'..='z' | 'A'..='Z' => self.letters(),
                _ if !c.is_ascii() && word::is_letter(c) => self.letters(),
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
        if c.is_whitespace() || symbols::IGNORED.contains(&c) {
            self.spaced = true;
            return Ok(());
        }
        match c {
            '(' | '[' => self.depth += 1,
            ')' | ']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if let Some(stream) = symbols::token(c) {
            stream.into_iter().for_each(|tok| self.push(tok));
            return Ok(());
        }
        match c {
            '&' if self.layouts.last() == Some(&true) => self.spaced = true,
            '+' | '-' | '*' | '/' | '^' | '_' | '!' | '%' | '\'' | '|' | '(' | ')' | '[' | ']'
            | '{' | '}' | ',' | ';' | ':' | '&' | '?' => self.push(Tok::Sym(c)),
            '=' => self.relation(Rel::Eq),
            '<' => self.relation(Rel::Lt),
            '>' => self.relation(Rel::Gt),
            '$' => self.push(Tok::Currency("dollar")),
            '~' => self.spaced = true,
            '"' => (0..2).for_each(|_| self.push(Tok::Sym('\''))),
            '.' if self.abbreviates() => self.spaced = true,
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

    /// A relation; at the start of a line of an aligned derivation it goes on with the last line.
    fn relation(&mut self, relation: Rel) {
        let goes_on = self.layouts.last() == Some(&true)
            && self.out.last().is_some_and(|token| token.tok == Tok::Cmd("row"));
        if goes_on {
            self.out.pop();
        }
        self.push(Tok::Rel(relation));
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
            self.environment(name == "begin");
            return Ok(());
        }
        if tables::FONTS.contains(&name) {
            return self.font(name);
        }
        if tables::DROPPED_WITH_GROUP.contains(&name) {
            self.group();
            if name == "fcolorbox" {
                self.group();
            }
            return Ok(());
        }
        if si::COMMANDS.contains(&name) {
            return self.siunitx(name);
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
            None => self.unit_command(name),
        }
    }

    /// `\begin{…}` or `\end{…}`; what is only layout leaves no token.
    fn environment(&mut self, begins: bool) {
        let name = self.group();
        let name = name.trim_end_matches('*').to_owned();
        if begins && name == "array" && self.peek() == Some('{') {
            self.group();
        }
        let layout = tables::ALIGNED.contains(&name.as_str());
        if begins {
            self.layouts.push(layout);
        } else {
            self.layouts.pop();
        }
        if !layout {
            self.push(if begins { Tok::Begin(name) } else { Tok::End(name) });
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
        if self.exponent_in_text(&inside) {
            return Ok(());
        }
        if matches!(name, "mathbf" | "boldsymbol" | "bm" | "pmb")
            && matches!(inside.trim(), "i" | "j" | "k")
        {
            self.push(Tok::Var(format!("mark {}", inside.trim())));
            return Ok(());
        }
        if name == "operatorname"
            && let Some(fun @ Tok::Fun(_)) = tables::command(inside.trim())
        {
            self.push(fun);
            return Ok(());
        }
        let text = name.starts_with("text") || matches!(name, "mbox" | "hbox" | "mathrm");
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
                    Tok::Num(_) | Tok::Sym(')' | '}' | '/' | '*') | Tok::Var(_) | Tok::Word(_)
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
}
