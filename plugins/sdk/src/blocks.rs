//! Fenced blocks of a completion: ```` ```python ```` … ```` ``` ````, by CommonMark's rule for
//! fences, with what models write besides.
//!
//! A line of three or more backticks or tildes opens a block; a line of the same character, at
//! least as long, indented by at most three columns more and with nothing behind it, closes it. A
//! fence in a list item or quote is taken out of it: its content loses the same indentation and
//! marks. Beyond CommonMark: a fence inside a triple-quoted string is content, if the block is
//! closed outside of one as well; a fence with a word ends a block of the same fence that was left
//! open; a block may stand on one line, or be closed at the end of its last line. A last block that
//! is never closed ends with the text, unless the text was cut. Lines may end in CRLF; contents
//! have none. Knows no tags and nothing of what the blocks hold.

mod fence;

use fence::Quotes;
pub(crate) use fence::{Fence, on_one_line};

/// A closed block of `kind`, as prompts show it: its fence is longer than any in it.
#[must_use]
pub fn fenced(kind: &str, text: &str) -> String {
    let fence = "`".repeat(fence::longest_run(text).max(2) + 1);
    format!("{fence}{kind}\n{text}\n{fence}\n")
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
        let lines: Vec<&str> = text.split('\n').collect();
        let mut blocks = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            let line = lines[at];
            at += 1;
            if let Some((kind, content)) = on_one_line(line) {
                blocks.push(Block { kind, text: content.to_owned(), closed: true });
            } else if let Some(fence) = Fence::opening(line) {
                let body = Body::find(&fence, &lines[at..]);
                at += body.n_lines;
                if body.ends || !truncated {
                    blocks.push(Block { kind: fence.kind, text: body.text, closed: body.closed });
                }
            }
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
        let blocks: String = self.0.iter().map(|block| fenced(&block.kind, &block.text)).collect();
        blocks.trim_end_matches('\n').to_owned()
    }
}

/// What stands between an opening fence and its end.
struct Body {
    text: String,
    /// Lines that it takes, its closing fence included.
    n_lines: usize,
    closed: bool,
    /// Closed, or ended by the next block.
    ends: bool,
}

impl Body {
    fn find(fence: &Fence, lines: &[&str]) -> Self {
        let mut content = Vec::new();
        let mut quotes = Quotes::default();
        // Closing fences within an open string, and ends of lines that may be closing ones.
        let (mut quoted, mut tail) = (None, None);
        for (idx, line) in lines.iter().enumerate() {
            let Some(inner) = fence.inside(line) else { break };
            if fence.is_closed_by(inner) {
                if !quotes.open() {
                    return Self::closed(&content, idx + 1);
                }
                quoted = quoted.or(Some(idx));
            }
            if !quotes.open() && fence.is_ended_by(inner) {
                break;
            }
            let dedented = fence.dedent(inner);
            if tail.is_none() && fence.tail(&dedented).is_some() && !quotes.open() {
                tail = Some(idx);
            }
            quotes.read(&dedented);
            content.push(dedented);
        }
        let n_lines = content.len();
        // A string that is never closed hides no fence.
        match (quoted, tail) {
            (Some(at), tail) if tail.is_none_or(|tail| at < tail) => {
                content.truncate(at);
                Self::closed(&content, at + 1)
            }
            (_, Some(at)) => {
                content.truncate(at + 1);
                if let Some(last) = content.last_mut() {
                    *last = fence.tail(last).unwrap_or_default().to_owned();
                }
                Self::closed(&content, at + 1)
            }
            _ => {
                let ends = n_lines < lines.len();
                Self { text: content.join("\n"), n_lines, closed: false, ends }
            }
        }
    }

    fn closed(content: &[String], n_lines: usize) -> Self {
        Self { text: content.join("\n"), n_lines, closed: true, ends: true }
    }
}

#[cfg(test)]
mod tests;
