//! Fenced blocks of a completion: ```` ```python ```` … ```` ``` ````.
//!
//! A line that starts with three backticks is a fence. With a word after them it opens a block of
//! that kind (and ends one left open); alone it closes the open block, or opens one of no kind. A
//! last block that is never closed ends with the text, unless the text was cut. Lines may end in
//! CRLF; contents have none. Knows no tags and nothing of what the blocks hold.

/// A closed block of `kind`, as prompts show it.
#[must_use]
pub fn fenced(kind: &str, text: &str) -> String {
    format!("```{kind}\n{text}\n```\n")
}

/// `completion` as it reads after a prompt that ended with the opening fence of a `kind` block:
/// with that fence before it, unless it writes the fence again itself.
#[must_use]
pub fn after_fence(kind: &str, completion: &str) -> String {
    let alone = Blocks::parse(completion, false);
    if alone.all().first().is_some_and(|block| block.kind == kind) {
        return completion.to_owned();
    }
    format!("```{kind}\n{completion}")
}

/// One fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The word after the opening fence, in lower case; `py` and `python3` count as `python`.
    pub kind: String,
    /// The lines between the fences, joined, without the last line's end.
    pub text: String,
    /// Whether its closing fence stood there.
    pub closed: bool,
}

/// The fenced blocks of a text, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks(Vec<Block>);

impl Blocks {
    /// Reads `text`; `truncated` drops a last block that was cut.
    #[must_use]
    pub fn parse(text: &str, truncated: bool) -> Self {
        let text = text.replace("\r\n", "\n");
        let mut blocks = Vec::new();
        let mut open: Option<(String, Vec<&str>)> = None;
        let mut close = |open: &mut Option<(String, Vec<&str>)>, closed: bool| {
            if let Some((kind, lines)) = open.take() {
                blocks.push(Block { kind, text: lines.join("\n"), closed });
            }
        };
        for line in text.split('\n') {
            match (fence(line), open.as_mut()) {
                (Fence::Open(kind), _) => {
                    close(&mut open, false);
                    open = Some((kind, Vec::new()));
                }
                (Fence::Whole(kind, content), _) => {
                    close(&mut open, false);
                    open = Some((kind, vec![content]));
                    close(&mut open, true);
                }
                (Fence::Bare, Some(_)) => close(&mut open, true),
                (Fence::Bare, None) => open = Some((String::new(), Vec::new())),
                (Fence::Tail(content), Some((_, lines))) => {
                    lines.push(content);
                    close(&mut open, true);
                }
                (Fence::None, Some((_, lines))) => lines.push(line),
                (Fence::None | Fence::Tail(_), None) => {}
            }
        }
        if !truncated {
            close(&mut open, false);
        }
        Self(blocks)
    }

    /// All blocks.
    #[must_use]
    pub fn all(&self) -> &[Block] {
        &self.0
    }

    /// The blocks of `kind`.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl DoubleEndedIterator<Item = &'a Block> {
        self.0.iter().filter(move |block| block.kind == kind)
    }

    /// The first block of `kind`.
    #[must_use]
    pub fn first<'a>(&'a self, kind: &'a str) -> Option<&'a Block> {
        self.of(kind).next()
    }

    /// The last block of `kind`.
    #[must_use]
    pub fn last<'a>(&'a self, kind: &'a str) -> Option<&'a Block> {
        self.of(kind).next_back()
    }

    /// The text of closed blocks of these kinds and contents and nothing else: what a completion in
    /// exact form looks like.
    #[must_use]
    pub fn render(&self) -> String {
        let blocks = self.0.iter().map(|block| format!("```{}\n{}\n```", block.kind, block.text));
        blocks.collect::<Vec<_>>().join("\n")
    }
}

enum Fence<'a> {
    None,
    /// Three backticks alone.
    Bare,
    /// Three backticks and a kind.
    Open(String),
    /// A block on one line.
    Whole(String, &'a str),
    /// The end of a block's last line.
    Tail(&'a str),
}

fn fence(line: &str) -> Fence<'_> {
    let trimmed = line.trim_end();
    let indent = trimmed.len() - trimmed.trim_start_matches(' ').len();
    let Some(after) = trimmed[indent..].strip_prefix("```").filter(|_| indent < 4) else {
        return match trimmed.strip_suffix("```") {
            Some(content) => Fence::Tail(content),
            None => Fence::None,
        };
    };
    let info = after.trim_start_matches('`').trim();
    if info.is_empty() {
        return Fence::Bare;
    }
    let word_len = info.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(info.len());
    let (word, rest) = info.split_at(word_len);
    let kind = match word.to_ascii_lowercase().as_str() {
        "py" | "python3" => "python".to_owned(),
        word => word.to_owned(),
    };
    match rest.strip_suffix("```") {
        Some(content) => Fence::Whole(kind, content.trim()),
        None => Fence::Open(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, truncated: bool, expected: &[(&str, &str, bool)]) {
        let blocks = Blocks::parse(text, truncated);
        let got: Vec<_> =
            blocks.all().iter().map(|b| (b.kind.as_str(), b.text.as_str(), b.closed)).collect();
        assert_eq!(got, expected, "of {text:?}");
    }

    #[test]
    fn blocks_are_found() {
        check("a\n```python\nx\n\ny\n```\nb", false, &[("python", "x\n\ny", true)]);
        check("```input\r\n1\r\n```\r\n", false, &[("input", "1", true)]);
        check("```Python3  \nx\n```  ", false, &[("python", "x", true)]);
        check("```output\n3", false, &[("output", "3", false)]);
        check("```output\n3", true, &[]);
        check("```output\n3\n```\n```input\n4", true, &[("output", "3", true)]);
        check("```\nx\n```\n```input\n1\n```", false, &[("", "x", true), ("input", "1", true)]);
        check(
            "```output\nthe answer\n```output\n3\n```",
            false,
            &[("output", "the answer", false), ("output", "3", true)],
        );
        check("```output 3```", false, &[("output", "3", true)]);
        check("```output\n3```", false, &[("output", "3", true)]);
        check("  ```output\n3\n  ```", false, &[("output", "3", true)]);
        check("no blocks", false, &[]);
        check("```output\n```", false, &[("output", "", true)]);
    }

    #[test]
    fn first_and_last_of_a_kind() {
        let blocks = Blocks::parse("```a\n1\n```\n```b\n2\n```\n```a\n3\n```", false);
        assert_eq!(blocks.first("a").map(|b| b.text.as_str()), Some("1"));
        assert_eq!(blocks.last("a").map(|b| b.text.as_str()), Some("3"));
        assert_eq!(blocks.last("c"), None);
    }

    #[test]
    fn rendering_gives_back_the_exact_form() {
        let text = "```python\ndef f(a):\n    return a\n```\n```input\n1\n```";
        assert_eq!(Blocks::parse(text, false).render(), text);
    }
}
