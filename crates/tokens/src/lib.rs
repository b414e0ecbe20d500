//! Text to tokens and back, by the `tokenizer.json` of a Hugging Face folder.
//!
//! [`Tokenizer::encode`] adds nothing of its own to a text, [`Tokenizer::encode_prompt`] the
//! beginning of sequence that the model expects, and [`Tokenizer::encode_chat`] the model's chat
//! template, around messages that cannot forge its marks. Knows no tasks and no weights; whether
//! the vocabulary fits a model is a question of one number ([`Tokenizer::check_vocab`]).
//!
//! # Layout
//! - [`Tokenizer`]: encode, decode, names of tokens, the tokens that end a sequence.
//! - [`ChatTemplate`], [`Message`]: dialogues in the model's own form.
//! - [`gguf`]: a tokenizer from llama.cpp's vocabulary.
//! - [`Error`]: files that do not load and texts that do not encode, with a remedy.

mod chat;
mod eos;
mod error;
mod files;
pub mod gguf;
mod padding;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use chat::{Piece, Special, Specials};
use serde_json::{Value, json};

pub use chat::{ChatTemplate, Message};
pub use error::Error;
pub use files::TEMPLATE_FILE;

/// The file that holds a tokenizer inside a model folder.
pub const TOKENIZER_FILE: &str = "tokenizer.json";

/// A tokenizer and the tokens that end a sequence.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    eos: Vec<u32>,
    /// Padding, which is cut from a text like the ends; no other special token is.
    padding: Vec<u32>,
    vocab_size: usize,
    json: Vec<u8>,
    /// The same without special tokens, made when it is first needed.
    plain: OnceLock<Arc<tokenizers::Tokenizer>>,
    specials: Specials,
    template: Option<ChatTemplate>,
    /// Files beside it, to be saved with a trained model.
    files: BTreeMap<String, Vec<u8>>,
}

impl Tokenizer {
    /// Loads `tokenizer.json` from a model folder, and the ends of sequence from
    /// `generation_config.json` or else `config.json` beside it.
    ///
    /// # Errors
    /// If a file is missing or malformed, or an end of sequence is not in the vocabulary.
    pub fn from_folder(folder: impl AsRef<Path>) -> Result<Self, Error> {
        Self::from_file(folder.as_ref().join(TOKENIZER_FILE))
    }

    /// Loads a tokenizer file; the ends of sequence come from the configuration beside it.
    ///
    /// # Errors
    /// As [`Tokenizer::from_folder`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes =
            std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut this = Self::build(bytes, eos::of_folder(folder)?, &path.display().to_string())?;
        this.padding.extend(padding::of_folder(folder, &this));
        this.template = ChatTemplate::from_folder(folder)?;
        this.files = files::of_folder(folder)?;
        Ok(this)
    }

    /// A tokenizer from the bytes of a `tokenizer.json`, with these ends of sequence.
    ///
    /// # Errors
    /// If the bytes are malformed or an end of sequence is not in the vocabulary.
    pub fn from_bytes(json: &[u8], eos: &[u32]) -> Result<Self, Error> {
        Self::build(json.to_vec(), eos.to_vec(), "the given tokenizer.json")
    }

    fn build(json: Vec<u8>, eos: Vec<u32>, origin: &str) -> Result<Self, Error> {
        let malformed = |reason: String| Error::Malformed { origin: origin.to_owned(), reason };
        let mut inner = tokenizers::Tokenizer::from_bytes(&json)
            .map_err(|error| malformed(error.to_string()))?;
        // A file may ask to cut or pad what it encodes; a prompt must come back whole.
        let padding = inner.get_padding().map(|padding| padding.pad_id).into_iter().collect();
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|error| malformed(error.to_string()))?;
        // An id that two tokens claim, or a hole, makes this differ from the number of tokens.
        let added = inner.get_added_tokens_decoder();
        let last = inner.get_vocab(true).into_values().chain(added.into_keys()).max();
        let vocab_size = last.map_or(0, |id| id as usize + 1);
        if let Some(&id) = eos.iter().find(|&&id| inner.id_to_token(id).is_none()) {
            return Err(Error::UnknownEos { origin: origin.to_owned(), id, vocab_size });
        }
        let special = |(id, token): (u32, tokenizers::AddedToken)| {
            token
                .special
                .then_some((token.content, Special { id, strips: [token.lstrip, token.rstrip] }))
        };
        let added = inner.get_added_tokens_decoder();
        let specials = Specials::new(added.into_iter().filter_map(special));
        let (plain, template, files) = (OnceLock::new(), None, BTreeMap::new());
        Ok(Self { inner, eos, padding, vocab_size, json, plain, specials, template, files })
    }

    /// The tokens of a text. Added tokens in it are recognised; nothing is put before or after.
    ///
    /// # Errors
    /// If the tokenizer cannot represent the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, Error> {
        encode(&self.inner, text, false)
    }

    /// The tokens of a text that a model is to continue: [`Tokenizer::encode`] behind the beginning
    /// of sequence, for models that expect one.
    ///
    /// # Errors
    /// If the tokenizer cannot represent the text.
    pub fn encode_prompt(&self, text: &str) -> Result<Vec<u32>, Error> {
        encode(&self.inner, text, true)
    }

    /// [`Tokenizer::encode_prompt`] of many texts, on all threads, in order.
    ///
    /// # Errors
    /// At the first text that cannot be represented.
    pub fn encode_prompts<S: AsRef<str> + Sync>(
        &self,
        texts: &[S],
    ) -> Result<Vec<Vec<u32>>, Error> {
        texts.par_iter().with_min_len(16).map(|text| self.encode_prompt(text.as_ref())).collect()
    }

    /// The tokens of a text in which nothing is special: `<|im_end|>` is ten characters.
    ///
    /// # Errors
    /// If the tokenizer cannot represent the text.
    pub fn encode_plain(&self, text: &str) -> Result<Vec<u32>, Error> {
        let plain = self.plain.get_or_init(|| {
            let mut plain = self.inner.clone();
            plain.set_encode_special_tokens(true);
            Arc::new(plain)
        });
        encode(plain, text, false)
    }

    /// The chat template, if the model has one.
    #[must_use]
    pub fn template(&self) -> Option<&ChatTemplate> {
        self.template.as_ref()
    }

    /// The same with another chat template.
    #[must_use]
    pub fn with_template(self, template: ChatTemplate) -> Self {
        Self { template: Some(template), ..self }
    }

    /// The tokens of a dialogue in the model's own form; with `add_generation_prompt` the assistant
    /// is to speak next. No message can forge a special token.
    ///
    /// # Errors
    /// If there is no template, it refuses the messages, or a text cannot be represented.
    pub fn encode_chat(
        &self,
        messages: &[Message<'_>],
        add_generation_prompt: bool,
    ) -> Result<Vec<u32>, Error> {
        let list = messages.iter().map(|it| json!({"role": it.role, "content": it.content}));
        self.encode_chat_json(&list.collect(), add_generation_prompt, &BTreeMap::new())
    }

    /// [`Tokenizer::encode_chat`] of messages as transformers takes them, with more variables for
    /// the template, as `tools`.
    ///
    /// # Errors
    /// As [`Tokenizer::encode_chat`].
    pub fn encode_chat_json(
        &self,
        messages: &Value,
        add_generation_prompt: bool,
        more: &BTreeMap<String, Value>,
    ) -> Result<Vec<u32>, Error> {
        let template = self.template.as_ref().ok_or(Error::NoTemplate)?;
        let mark = chat::mark(&json!([messages, more]));
        let marked = |text: &str| self.specials.marked(text, mark);
        let text = template.render_with(messages, add_generation_prompt, more, &marked)?;
        let mut ids = Vec::new();
        for piece in self.specials.cut(&text) {
            match piece {
                Piece::Token(id) => ids.push(id),
                Piece::Text(text) => ids.extend(self.encode_plain(&text.replace(mark, ""))?),
            }
        }
        Ok(ids)
    }

    /// The files beside `tokenizer.json` to be saved with a trained model, by name.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        files::to_save(&self.files, &self.eos, |id| self.token(id))
    }

    /// [`Tokenizer::encode`] of many texts, on all threads, in order.
    ///
    /// # Errors
    /// At the first text that cannot be represented.
    pub fn encode_batch<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Result<Vec<Vec<u32>>, Error> {
        texts.par_iter().with_min_len(16).map(|text| self.encode(text.as_ref())).collect()
    }

    /// The text of tokens. Ends and padding vanish; every other token stays, special or not: what a
    /// model wrote is judged as it wrote it.
    ///
    /// # Errors
    /// If a token is outside the vocabulary, or the decoder fails.
    pub fn decode(&self, tokens: &[u32]) -> Result<String, Error> {
        if let Some(&id) = tokens.iter().find(|&&id| id as usize >= self.vocab_size) {
            return Err(Error::UnknownToken { id, vocab_size: self.vocab_size });
        }
        let is_cut = |id: &u32| self.eos.contains(id) || self.padding.contains(id);
        let kept: Vec<u32> = tokens.iter().copied().filter(|id| !is_cut(id)).collect();
        let decoded = self.inner.decode(&kept, false);
        decoded.map_err(|error| Error::Decode { reason: error.to_string() })
    }

    /// [`Tokenizer::decode`] of many sequences, on all threads, in order.
    ///
    /// # Errors
    /// At the first sequence that cannot be decoded.
    pub fn decode_batch<T: AsRef<[u32]> + Sync>(
        &self,
        sequences: &[T],
    ) -> Result<Vec<String>, Error> {
        sequences.par_iter().with_min_len(16).map(|tokens| self.decode(tokens.as_ref())).collect()
    }

    /// The id of the token written exactly `token`, if there is one.
    #[must_use]
    pub fn token_id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// How token `id` is written in the vocabulary, if there is one.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// The tokens that end a sequence.
    #[must_use]
    pub fn eos(&self) -> &[u32] {
        &self.eos
    }

    /// One more than the largest id: the rows that an embedding needs at least.
    #[must_use]
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// Checks that a model with `n_rows` embedding rows knows every token. More rows are common
    /// (padding to a round number) and harmless.
    ///
    /// # Errors
    /// If there are fewer rows than tokens.
    pub fn check_vocab(&self, n_rows: usize) -> Result<(), Error> {
        if self.vocab_size <= n_rows {
            return Ok(());
        }
        Err(Error::Vocab { tokens: self.vocab_size, rows: n_rows })
    }

    /// The `tokenizer.json` as it was read, to be saved beside trained weights.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        &self.json
    }
}

fn encode(inner: &tokenizers::Tokenizer, text: &str, special: bool) -> Result<Vec<u32>, Error> {
    let encoding = inner.encode_fast(text, special).map_err(|error| Error::Encode {
        text: text.chars().take(60).collect(),
        reason: error.to_string(),
    })?;
    Ok(encoding.get_ids().to_vec())
}

#[cfg(test)]
mod tests;
