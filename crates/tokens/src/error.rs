//! What can be wrong with a tokenizer or a text.

use std::io;
use std::path::PathBuf;

/// A tokenizer that cannot be used, or tokens that are not its own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("{path}: {source}; a model folder needs tokenizer.json, config.json and weights")]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The tokenizer file is malformed.
    #[error("{origin}: not a tokenizer: {reason}; fetch the file again")]
    Malformed {
        /// The file.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A configuration names no usable end of sequence.
    #[error("{path}: `eos_token_id` is {got}, expected a token id or a list of them; add it")]
    Eos {
        /// The configuration that was read last.
        path: PathBuf,
        /// What stands there.
        got: String,
    },
    /// An end of sequence that the tokenizer does not have.
    #[error(
        "{origin}: end of sequence {id} is not in the vocabulary of {vocab_size}; \
         the tokenizer and the configuration are of different models"
    )]
    UnknownEos {
        /// The file.
        origin: String,
        /// The id.
        id: u32,
        /// The size of the vocabulary.
        vocab_size: usize,
    },
    /// A model with too few embedding rows.
    #[error(
        "the tokenizer has {tokens} tokens, the model embeds {rows}; \
         they are of different models: take both from one folder"
    )]
    Vocab {
        /// One more than the largest token id.
        tokens: usize,
        /// Embedding rows.
        rows: usize,
    },
    /// A text that the tokenizer cannot represent.
    #[error("cannot encode `{text}`…: {reason}; the tokenizer has no token for a part of it")]
    Encode {
        /// The beginning of the text.
        text: String,
        /// The tokenizer's reason.
        reason: String,
    },
    /// The chat template does not compile, or refuses the messages.
    #[error("chat template: {reason}; check chat_template.jinja of the model's folder")]
    Template {
        /// What is wrong.
        reason: String,
    },
    /// The model has no chat template.
    #[error("this model has no chat template; give a plain prompt, or add chat_template.jinja")]
    NoTemplate,
    /// A token that does not exist.
    #[error("token {id} is outside the vocabulary of {vocab_size}; it is of another tokenizer")]
    UnknownToken {
        /// The id.
        id: u32,
        /// The size of the vocabulary.
        vocab_size: usize,
    },
    /// The decoder of the tokenizer failed.
    #[error("cannot decode: {reason}; check the decoder in tokenizer.json")]
    Decode {
        /// The tokenizer's reason.
        reason: String,
    },
}
