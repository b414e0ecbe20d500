//! Text that a model wrote, made harmless: it is shown, and never read as markup or code.

use std::fmt::Write;

use serde::Serialize;

/// Bytes as text. What is no UTF-8 becomes U+FFFD.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Characters that a reader cannot see, or that turn the direction of what follows, made visible:
/// text on the page is what was written, and looks like it.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            '\u{7f}' => out.push('\u{2421}'),
            '\u{0}'..='\u{1f}' => out.extend(char::from_u32(0x2400 + c as u32)),
            c if is_unseen(c) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "⟦U+{:04X}⟧", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}

/// Characters without a picture, those that turn the direction of text among them.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{80}'..='\u{9f}')
}

/// `text` for an element or a quoted attribute of HTML.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A value as JSON that may stand in a `<script>` element: nothing in it ends the element, begins a
/// comment, or is a line end to JavaScript. These characters occur in JSON within strings alone.
pub(crate) fn json(value: &impl Serialize) -> String {
    let plain = serde_json::to_string(value).expect("maps have strings as keys");
    let mut out = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            c if is_unseen(c) => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}

/// A number in at most four significant digits.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    if !(1e-3..1e6).contains(&size) {
        return format!("{value:.1e}");
    }
    let decimals = (3 - size.log10().floor() as i32).clamp(0, 4) as usize;
    let text = format!("{value:.decimals$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}

/// A share as a percentage.
#[must_use]
pub fn percent(value: f64) -> String {
    if value.is_finite() { format!("{:.1} %", 100.0 * value) } else { "–".to_owned() }
}

/// Seconds in the unit that people use for so many.
pub(crate) fn seconds(value: f64) -> String {
    match value {
        v if v < 60.0 => format!("{} s", number(v)),
        v if v < 3600.0 => format!("{:.1} min", v / 60.0),
        v => format!("{:.1} h", v / 3600.0),
    }
}
