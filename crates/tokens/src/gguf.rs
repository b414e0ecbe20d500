//! `tokenizer.json` and its companions from the vocabulary that a GGUF file holds.
//!
//! Byte-level BPE (`gpt2`) with the split rules of SmolLM2, Qwen2 and Llama 3, and SentencePiece's
//! BPE (`llama`) as Gemma has it. Other kinds are refused by name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Error;
use crate::files::TEMPLATE_FILE;
use crate::files::{CONFIG_FILE, pretty};

/// A vocabulary, under the names of GGUF's metadata.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// `tokenizer.ggml.model`.
    pub model: String,
    /// `tokenizer.ggml.pre`.
    pub pre: String,
    /// The tokens, by id.
    pub tokens: Vec<String>,
    /// 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    pub types: Vec<i64>,
    /// How likely pieces are; for SentencePiece.
    pub scores: Vec<f64>,
    /// Pairs that merge, best first; for byte-level BPE.
    pub merges: Vec<String>,
    /// Whether a text begins with a token of its own.
    pub add_bos: bool,
    /// That token.
    pub bos: Option<u32>,
    /// The end of a text.
    pub eos: Option<u32>,
    /// The padding.
    pub pad: Option<u32>,
    /// What stands for what is unknown.
    pub unk: Option<u32>,
    /// The chat template.
    pub template: Option<String>,
}

const CONTROL: i64 = 3;
const USER_DEFINED: i64 = 4;
const UNUSED: i64 = 5;

const QWEN2: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|",
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
);
const LLAMA3: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|",
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
);

impl Vocabulary {
    /// The files of a Hugging Face folder that describe this tokenizer, by name.
    ///
    /// # Errors
    /// If the vocabulary contradicts itself or is of a kind that is not known.
    pub fn files(&self) -> Result<BTreeMap<&'static str, Vec<u8>>, Error> {
        let ids = [self.bos, self.eos, self.pad, self.unk];
        if let Some(id) = ids.into_iter().flatten().find(|&id| id as usize >= self.tokens.len()) {
            return Err(malformed(format!("token {id} is not one of {}", self.tokens.len())));
        }
        if self.types.len() != self.tokens.len() {
            return Err(malformed("there is not one type for each token".to_owned()));
        }
        let document = match self.model.as_str() {
            "gpt2" => self.byte_level()?,
            "llama" => self.sentencepiece()?,
            other => return Err(malformed(format!("tokenizer model `{other}` is not known"))),
        };
        let mut files = BTreeMap::new();
        files.insert(crate::TOKENIZER_FILE, (document.to_string() + "\n").into_bytes());
        files.insert(CONFIG_FILE, pretty(&self.config()));
        files.insert("special_tokens_map.json", pretty(&self.names()));
        let eos = self.ends();
        let mut generation = json!({"do_sample": true, "eos_token_id": eos});
        for (field, id) in [("bos_token_id", self.bos), ("pad_token_id", self.pad)] {
            if let Some(id) = id {
                generation[field] = id.into();
            }
        }
        files.insert("generation_config.json", pretty(&generation));
        if let Some(template) = &self.template {
            files.insert(TEMPLATE_FILE, template.clone().into_bytes());
        }
        Ok(files)
    }

    /// The ends of a turn and of a text.
    fn ends(&self) -> Vec<u32> {
        let known = ["<|endoftext|>", "<end_of_turn>"];
        let more = known.iter().filter_map(|name| {
            let id = self.tokens.iter().position(|token| token == name)? as u32;
            (Some(id) != self.eos && self.types[id as usize] == CONTROL).then_some(id)
        });
        self.eos.into_iter().chain(more).collect()
    }

    /// `bos_token` and the like, with their texts.
    fn names(&self) -> Value {
        let mut names = json!({});
        let ids = [
            ("bos_token", self.bos),
            ("eos_token", self.eos),
            ("pad_token", self.pad),
            ("unk_token", self.unk),
        ];
        for (name, id) in ids {
            if let Some(id) = id {
                names[name] = self.tokens[id as usize].clone().into();
            }
        }
        names
    }

    fn config(&self) -> Value {
        let mut config = self.names();
        config["tokenizer_class"] = "PreTrainedTokenizerFast".into();
        config["add_bos_token"] = self.add_bos.into();
        config["clean_up_tokenization_spaces"] = false.into();
        config
    }

    /// Tokens that are recognised wherever they stand.
    fn added(&self) -> Vec<Value> {
        let added = self.tokens.iter().zip(&self.types).enumerate();
        added
            .filter(|(_, (_, kind))| [CONTROL, USER_DEFINED].contains(kind))
            .map(|(id, (text, &kind))| {
                json!({
                    "id": id, "content": self.piece(text, kind), "single_word": false,
                    "lstrip": false, "rstrip": false, "normalized": false,
                    "special": kind == CONTROL,
                })
            })
            .collect()
    }

    /// A token as the vocabulary writes it: in SentencePiece llama.cpp turns `▁` of user-defined
    /// pieces into spaces.
    fn piece(&self, text: &str, kind: i64) -> String {
        let spaces = self.model == "llama" && kind == USER_DEFINED;
        if spaces { text.replace(' ', "▁") } else { text.to_owned() }
    }

    fn vocabulary(&self) -> BTreeMap<String, usize> {
        let all = self.tokens.iter().zip(&self.types).enumerate();
        all.filter(|(_, (_, kind))| **kind != UNUSED)
            .map(|(id, (text, &kind))| (self.piece(text, kind), id))
            .collect()
    }

    fn byte_level(&self) -> Result<Value, Error> {
        let byte_level = |use_regex: bool, trim: bool| {
            json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": trim,
                   "use_regex": use_regex})
        };
        let split = |regex: &str| {
            json!({"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated",
                   "invert": false})
        };
        let (normalizer, first, use_regex) = match self.pre.as_str() {
            "smollm" => (Value::Null, json!({"type": "Digits", "individual_digits": true}), true),
            "qwen2" => (json!({"type": "NFC"}), split(QWEN2), false),
            "llama-bpe" | "llama3" => (Value::Null, split(LLAMA3), false),
            other => return Err(malformed(format!("pre-tokenizer `{other}` is not known"))),
        };
        let merges = self.merges.iter().map(|merge| {
            let pair = merge.split_once(' ').map(|(left, right)| json!([left, right]));
            pair.ok_or_else(|| malformed(format!("`{merge}` is no pair that merges")))
        });
        let pieces = [first, byte_level(use_regex, use_regex)];
        Ok(json!({
            "version": "1.0", "truncation": null, "padding": null,
            "added_tokens": self.added(),
            "normalizer": normalizer,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": pieces},
            "post_processor": self.post_processor(),
            "decoder": byte_level(true, true),
            "model": {
                "type": "BPE", "dropout": null, "unk_token": null,
                "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
                "byte_fallback": false, "ignore_merges": self.pre.starts_with("llama"),
                "vocab": self.vocabulary(),
                "merges": merges.collect::<Result<Vec<_>, _>>()?,
            },
        }))
    }

    fn sentencepiece(&self) -> Result<Value, Error> {
        if self.scores.len() != self.tokens.len() {
            return Err(malformed("there is not one score for each token".to_owned()));
        }
        let unk = self.unk.map(|id| self.tokens[id as usize].clone());
        Ok(json!({
            "version": "1.0", "truncation": null, "padding": null,
            "added_tokens": self.added(),
            "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            "pre_tokenizer": {"type": "Split", "pattern": {"String": " "},
                              "behavior": "MergedWithPrevious", "invert": false},
            "post_processor": self.post_processor(),
            "decoder": {"type": "Sequence", "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"}, {"type": "Fuse"},
            ]},
            "model": {
                "type": "BPE", "dropout": null, "unk_token": unk,
                "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": true,
                "byte_fallback": true, "ignore_merges": false,
                "vocab": self.vocabulary(),
                "merges": self.rebuilt_merges(),
            },
        }))
    }

    /// SentencePiece merges the pair whose whole has the best score: every way to cut a piece in
    /// two, by the score of the piece, then by the lengths of the parts, longest first.
    fn rebuilt_merges(&self) -> Vec<[String; 2]> {
        let vocabulary = self.vocabulary();
        let mut merges = Vec::new();
        for (id, text) in self.tokens.iter().enumerate() {
            // User-defined pieces have the score 0 in SentencePiece, above all others.
            let score = match self.types[id] {
                USER_DEFINED => 0.0,
                1 => self.scores[id],
                _ => continue,
            };
            let piece = self.piece(text, self.types[id]);
            let cut = |(at, _): (usize, char)| {
                let (left, right) = piece.split_at(at);
                Some((*vocabulary.get(left)?, *vocabulary.get(right)?, left, right))
            };
            let mut cuts: Vec<_> = piece.char_indices().skip(1).filter_map(cut).collect();
            cuts.sort_unstable();
            merges.extend(cuts.into_iter().map(|(_, _, left, right)| {
                let lens = [left, right].map(|part| part.chars().count());
                (score, lens, [left.to_owned(), right.to_owned()])
            }));
        }
        merges.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
        merges.into_iter().map(|(_, _, pair)| pair).collect()
    }

    /// Puts the beginning of a text before it, where the model expects one.
    fn post_processor(&self) -> Value {
        let Some(bos) = self.bos.filter(|_| self.add_bos) else { return Value::Null };
        let name = &self.tokens[bos as usize];
        let special = json!({"SpecialToken": {"id": name, "type_id": 0}});
        let a = json!({"Sequence": {"id": "A", "type_id": 0}});
        let b = json!({"Sequence": {"id": "B", "type_id": 1}});
        json!({
            "type": "TemplateProcessing",
            "single": [special, a],
            "pair": [special, a, {"SpecialToken": {"id": name, "type_id": 1}}, b],
            "special_tokens": {name: {"id": name, "ids": [bos], "tokens": [name]}},
        })
    }
}

fn malformed(reason: String) -> Error {
    Error::Malformed { origin: "the vocabulary of the GGUF file".to_owned(), reason }
}
