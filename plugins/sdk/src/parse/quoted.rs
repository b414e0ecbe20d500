//! Strings and bytes: prefixes, quotes, escapes, and neighbours that join.

use super::{LiteralError, Parser};
use crate::Value;

impl Parser<'_> {
    /// One or more neighbouring strings, or bytes, joined.
    pub(super) fn strings(&mut self) -> Result<Value, LiteralError> {
        let mut joined: Option<Value> = None;
        while let Some(is_bytes) = self.string_ahead() {
            let next = self.one_string(is_bytes)?;
            joined = Some(match (joined, next) {
                (None, next) => next,
                (Some(Value::Str(a)), Value::Str(b)) => Value::Str(a + &b),
                (Some(Value::Bytes(a)), Value::Bytes(b)) => Value::Bytes([a, b].concat()),
                _ => return Err(self.expected("strings or bytes, not both")),
            });
            self.skip_space();
        }
        joined.ok_or_else(|| self.expected("a string (prefixes r, b, u)"))
    }

    /// Whether a string stands here, and whether it is bytes.
    fn string_ahead(&self) -> Option<bool> {
        let quote = self.rest().find(['"', '\''])?;
        match self.rest()[..quote].to_ascii_lowercase().as_str() {
            "" | "r" | "u" => Some(false),
            "b" | "br" | "rb" => Some(true),
            _ => None,
        }
    }

    fn one_string(&mut self, is_bytes: bool) -> Result<Value, LiteralError> {
        let quote_at = self.rest().find(['"', '\'']).unwrap_or(0);
        let raw = self.rest()[..quote_at].contains(['r', 'R']);
        self.at += quote_at;
        let one = &self.rest()[..1];
        let triple = one.repeat(3);
        let quote = if self.rest().starts_with(&triple) { triple.as_str() } else { one };
        self.at += quote.len();
        let mut content = Content { is_bytes, text: String::new(), bytes: Vec::new() };
        while !self.rest().starts_with(quote) {
            let Some(c) = self.peek() else { return Err(self.expected("a closing quote")) };
            if c == '\n' && quote.len() == 1 {
                return Err(self.expected("a closing quote on the same line"));
            }
            if is_bytes && !c.is_ascii() {
                return Err(self.expected("ASCII characters in bytes"));
            }
            self.at += c.len_utf8();
            match (c, raw) {
                ('\\', true) => {
                    content.push(c);
                    if let Some(next) = self.peek().filter(|next| !is_bytes || next.is_ascii()) {
                        content.push(next);
                        self.at += next.len_utf8();
                    }
                }
                ('\\', false) => self.escape(&mut content)?,
                _ => content.push(c),
            }
        }
        self.at += quote.len();
        Ok(if is_bytes { Value::Bytes(content.bytes) } else { Value::Str(content.text) })
    }

    /// What follows a backslash.
    fn escape(&mut self, content: &mut Content) -> Result<(), LiteralError> {
        let Some(c) = self.peek() else { return Err(self.expected("a closing quote")) };
        if content.is_bytes && !c.is_ascii() {
            return Err(self.expected("ASCII characters in bytes"));
        }
        self.at += c.len_utf8();
        match c {
            '\n' => {}
            '\\' | '\'' | '"' => content.push(c),
            'a' => content.push('\x07'),
            'b' => content.push('\x08'),
            'f' => content.push('\x0c'),
            'n' => content.push('\n'),
            'r' => content.push('\r'),
            't' => content.push('\t'),
            'v' => content.push('\x0b'),
            '0'..='7' => {
                self.at -= 1;
                let len = self.rest().bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b));
                let len = len.count();
                let code = u32::from_str_radix(&self.rest()[..len], 8).unwrap_or(0);
                self.at += len;
                content.code(code)?;
            }
            'x' => content.code(self.hex(2)?)?,
            'u' if !content.is_bytes => content.code(self.hex(4)?)?,
            'U' if !content.is_bytes => content.code(self.hex(8)?)?,
            'N' if !content.is_bytes => {
                return Err(self.expected("an escape without a character's name"));
            }
            // An unknown escape stays as it is, backslash included.
            _ => {
                content.push('\\');
                content.push(c);
            }
        }
        Ok(())
    }

    fn hex(&mut self, len: usize) -> Result<u32, LiteralError> {
        let digits = self.rest().get(..len).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += if code.is_some() { len } else { 0 };
        code.ok_or_else(|| self.expected("hexadecimal digits"))
    }
}

struct Content {
    is_bytes: bool,
    text: String,
    bytes: Vec<u8>,
}

impl Content {
    /// Adds a character; bytes hold ASCII only, which the caller has checked.
    fn push(&mut self, c: char) {
        if self.is_bytes {
            self.bytes.push(c as u8);
        } else {
            self.text.push(c);
        }
    }

    fn code(&mut self, code: u32) -> Result<(), LiteralError> {
        if self.is_bytes {
            // b'\400' wraps, as in CPython.
            self.bytes.push((code & 0xff) as u8);
            return Ok(());
        }
        match char::from_u32(code) {
            Some(c) => self.text.push(c),
            None => return Err(LiteralError::Surrogate),
        }
        Ok(())
    }
}
