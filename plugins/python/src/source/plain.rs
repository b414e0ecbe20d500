//! Texts that are plain values: literals, operators and a few names, so that an argument is what it
//! says and nothing more.

use super::tokens::{TokenKind, tokens};

/// Names that an argument or answer may use beside literals. None of them can reach the judged
/// function, so an argument is what it says and nothing more.
const PLAIN_NAMES: [&str; 24] = [
    "True",
    "False",
    "None",
    "set",
    "frozenset",
    "list",
    "tuple",
    "dict",
    "str",
    "int",
    "float",
    "complex",
    "bool",
    "bytes",
    "range",
    "inf",
    "nan",
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
];

/// Whether `text` is the inside of one call: positional arguments made of literals, operators and
/// a few plain names.
///
/// # Errors
/// Says what stands in the way.
pub(crate) fn plain_arguments(text: &str) -> Result<(), String> {
    let tokens = tokens(text);
    let mut depth = 0;
    let mut opens_argument = true;
    for (idx, token) in tokens.iter().enumerate() {
        let fstring = token.kind == TokenKind::Str
            && token.text.split(['"', '\'']).next().is_some_and(|p| p.contains(['f', 'F', 't']));
        match token.text {
            _ if token.kind == TokenKind::Broken => {
                return Err(format!("{:?} is not Python", token.text));
            }
            _ if fstring => return Err("a formatted string is no plain value".to_owned()),
            _ if token.kind == TokenKind::Str => {}
            // The one method that published answers need.
            "." if tokens.get(idx + 1).is_some_and(|next| next.text == "join") => {}
            "join" if idx > 0 && tokens[idx - 1].text == "." => {}
            "." | "=" | ":=" | ";" | "@" => return Err(format!("`{}` in a value", token.text)),
            "*" | "**" if opens_argument => return Err("an unpacked argument".to_owned()),
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            name if token.kind == TokenKind::Name && !PLAIN_NAMES.contains(&name) => {
                return Err(format!("the name `{name}` in a value"));
            }
            _ => {}
        }
        if depth < 0 {
            return Err(format!("a bracket closes the call at byte {}", token.at));
        }
        opens_argument = depth == 0 && token.text == "," && idx > 0;
    }
    match (tokens.is_empty(), depth) {
        (true, _) => Err("nothing there".to_owned()),
        (_, 0) => Ok(()),
        _ => Err("a bracket is left open".to_owned()),
    }
}
