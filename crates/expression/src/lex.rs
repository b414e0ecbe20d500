//! Text to tokens.

use crate::error::Fault;

/// A token and the character where it starts, from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) column: usize,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Number(f64),
    /// An identifier, or several joined by dots.
    Name(String),
    /// An operator or a mark.
    Mark(&'static str),
    End,
}

impl What {
    /// As an error shows it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Number(number) => format!("`{number}`"),
            Self::Name(name) => format!("`{name}`"),
            Self::Mark(mark) => format!("`{mark}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// The longer ones first.
const MARKS: [&str; 18] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", "(", ")",
];

/// The tokens of `text`, the end included; or the column of a fault.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, (usize, Fault)> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    while at < chars.len() {
        let column = at + 1;
        let length = |of: &dyn Fn(char) -> bool| chars[at..].iter().take_while(|&&c| of(c)).count();
        let c = chars[at];
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let (what, len) = if c.is_ascii_digit() || (c == '.' && starts_fraction(&chars, at)) {
            let len = number_len(&chars[at..]);
            let text: String = chars[at..at + len].iter().collect();
            match text.parse::<f64>() {
                Ok(number) if number.is_finite() => (What::Number(number), len),
                _ => return Err((column, Fault::Number(text))),
            }
        } else if c.is_ascii_alphabetic() || c == '_' {
            let len = length(&|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
            (What::Name(chars[at..at + len].iter().collect()), len)
        } else if c == ',' {
            (What::Mark(","), 1)
        } else {
            let is_here =
                |mark: &&&str| mark.chars().enumerate().all(|(i, m)| chars.get(at + i) == Some(&m));
            let mark = MARKS.iter().find(is_here).ok_or((column, Fault::Character(c)))?;
            (What::Mark(mark), mark.len())
        };
        tokens.push(Token { column, what });
        at += len;
    }
    tokens.push(Token { column: chars.len() + 1, what: What::End });
    Ok(tokens)
}

fn starts_fraction(chars: &[char], at: usize) -> bool {
    chars.get(at + 1).is_some_and(char::is_ascii_digit)
}

/// Characters of a number: digits, a fraction, an exponent, and whatever sticks to them, so that
/// `1x` and `1.2.3` are one fault and not two tokens.
fn number_len(chars: &[char]) -> usize {
    let mut len = 0;
    while let Some(&c) = chars.get(len) {
        let exponent_sign =
            matches!(c, '+' | '-') && len > 0 && matches!(chars[len - 1], 'e' | 'E');
        if c.is_ascii_alphanumeric() || c == '.' || c == '_' || exponent_sign {
            len += 1;
        } else {
            break;
        }
    }
    len
}
