//! The seed model's tokens, as an ordinary `tokenizer.json`: characters, and pieces of Python and
//! of the prompts as added tokens, matched left-most and longest first.
//!
//! Nothing outside this crate knows that the tokenizer is special. [`Vocabulary::encode`] is the
//! same map without reading a file, for priming.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Fills rows that end early; never produced.
pub const PAD: &str = "<|pad|>";
/// Ends a completion.
pub const EOS: &str = "<|eos|>";
/// Stands for a character outside ASCII.
pub const UNKNOWN: &str = "<|unk|>";

const MARKS: [&str; 6] = [
    "<|solve-deduction|>",
    "<|solve-abduction|>",
    "<|solve-induction|>",
    "<|propose-deduction|>",
    "<|propose-abduction|>",
    "<|propose-induction|>",
];

const FENCES: [&str; 6] =
    ["```python\n", "```input\n", "```output\n", "```message\n", "\n```\n", "\n```"];

/// No piece can be part of how a list of ints prints, so that values have one spelling.
const PIECES: [&str; 88] = [
    "def f(",
    "):\n    ",
    "):\n    return ",
    "\n    return ",
    "\n        return ",
    "return ",
    "\n    ",
    "\n        ",
    "\n            ",
    ":\n        ",
    ":\n            ",
    ":\n        return ",
    "if ",
    "for x in ",
    "for c in ",
    "for i in ",
    " for x in ",
    " for c in ",
    " if ",
    " else ",
    "else",
    " in ",
    " not in ",
    "range(",
    "len(",
    "sum(",
    "sorted(",
    "max(",
    "min(",
    "abs(",
    "list(",
    "str(",
    ".append(",
    ".count(",
    ".upper()",
    ".lower()",
    ".replace(",
    ".join(",
    "[::-1]",
    "[::2]",
    "[1:]",
    "[:-1]",
    "[-2:]",
    "[:2]",
    "[:1]",
    "''",
    "[]",
    " = ",
    " += ",
    " -= ",
    " == ",
    " != ",
    " <= ",
    " >= ",
    " < ",
    " > ",
    " + ",
    " - ",
    " * ",
    " // ",
    " % ",
    ", ",
    "', '",
    "xs",
    "ys",
    " % 2 == ",
    "True",
    "False",
    "None",
    "10",
    "11",
    "12",
    "13",
    "14",
    "15",
    "16",
    "17",
    "18",
    "19",
    "20",
    "21",
    "22",
    "23",
    "24",
    "25",
    "30",
    "    ",
    "elif ",
];

/// The tokens, by id.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    tokens: Vec<String>,
    ids: BTreeMap<String, u32>,
    len_max: usize,
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self::new()
    }
}

impl Vocabulary {
    /// The one vocabulary there is.
    #[must_use]
    pub fn new() -> Self {
        let many = [PAD, EOS, UNKNOWN].into_iter().chain(MARKS).chain(FENCES).chain(PIECES);
        let single = std::iter::once('\n').chain(' '..='~');
        let tokens: Vec<String> =
            many.map(str::to_owned).chain(single.map(|c| c.to_string())).collect();
        let ids: BTreeMap<String, u32> = tokens.iter().cloned().zip(0..).collect();
        assert_eq!(ids.len(), tokens.len(), "a token stands in the list twice");
        let len_max = tokens.iter().map(String::len).max().unwrap_or(0);
        Self { tokens, ids, len_max }
    }

    /// The number of tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are none; there always are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The id of `token`.
    ///
    /// # Panics
    /// If it is not one of the vocabulary.
    #[must_use]
    pub fn id(&self, token: &str) -> u32 {
        self.ids[token]
    }

    /// `text` as ids: at each place the longest token that fits.
    #[must_use]
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let mut out = Vec::with_capacity(text.len() / 2);
        let mut at = 0;
        while at < text.len() {
            let longest = (1..=self.len_max.min(text.len() - at)).rev().find_map(|len| {
                let piece = text.get(at..at + len)?;
                self.ids.get(piece).map(|id| (len, *id))
            });
            let unknown = || (text[at..].chars().next().map_or(1, char::len_utf8), 2);
            let (len, id) = longest.unwrap_or_else(unknown);
            out.push(id);
            at += len;
        }
        out
    }

    /// `ids` as text, without the tokens that only steer.
    #[must_use]
    pub fn decode(&self, ids: &[u32]) -> String {
        ids.iter().filter(|id| **id > 2).map(|id| self.tokens[*id as usize].as_str()).collect()
    }

    /// The content of `tokenizer.json`.
    #[must_use]
    pub fn tokenizer_json(&self) -> Value {
        let added: Vec<Value> = (0..)
            .zip(&self.tokens)
            .filter(|(_, token)| token.len() > 1)
            .map(|(id, token): (u32, &String)| {
                json!({
                    "id": id,
                    "content": token,
                    "single_word": false,
                    "lstrip": false,
                    "rstrip": false,
                    "normalized": false,
                    "special": id <= 2,
                })
            })
            .collect();
        let vocabulary: serde_json::Map<String, Value> =
            self.tokens.iter().cloned().zip((0..).map(|id: u32| json!(id))).collect();
        json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": added,
            "normalizer": null,
            "pre_tokenizer": null,
            "post_processor": null,
            "decoder": {"type": "Fuse"},
            "model": {
                "type": "BPE",
                "dropout": null,
                "unk_token": UNKNOWN,
                "continuing_subword_prefix": null,
                "end_of_word_suffix": null,
                "fuse_unk": false,
                "byte_fallback": false,
                "ignore_merges": false,
                "vocab": vocabulary,
                "merges": [],
            },
        })
    }

    /// The content of `tokenizer_config.json`, by which transformers loads `tokenizer.json`.
    #[must_use]
    pub fn tokenizer_config_json(&self) -> Value {
        json!({
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": EOS,
            "pad_token": PAD,
            "unk_token": UNKNOWN,
            "clean_up_tokenization_spaces": false,
            "model_max_length": 512,
        })
    }
}

#[cfg(test)]
mod tests;
