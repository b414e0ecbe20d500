//! Decoder transformers (Llama, Qwen2, Qwen3): forward, backward, recompute, inference.
//!
//! Serves every step that asks a model for anything: the engine calls [`Model::infer`], the update
//! calls [`Model::forward`] and [`Model::backward`]. Knows no text, no roles, no rewards: tokens
//! and gradients only.
//!
//! On the CPU all arithmetic is f32; [`Model::to`] moves a model to a device, which holds
//! activations in bf16. The log-probability of a token is the same bits whether it comes from
//! `forward` or from `infer` and [`LogSoftmax`], whatever the batch around it, the number of
//! threads, or how the sequence was cut into steps.
//!
//! # Layout
//! - [`config`](Config): `config.json` of the Hugging Face folder format
//! - [`params`](Params): named tensors in a fixed order
//! - `model`, `files`, `init`: [`Model`] = both, with load, save and random weights ([`Init`])
//! - `packed`: [`Packed`] sequences for training
//! - `forward`, `backward`: one pass over packed sequences and its gradient
//! - `cache`, `infer`: one step over a ragged batch against a paged [`KvCache`] → `decode`: steps
//!   that decode, recorded once and run again ([`Decoder`])
//! - [`memory`]: what all that takes, before it is taken
//!
//! ```text
//! training    model.forward(&packed, &targets, &ForwardOptions { recompute, temperature })
//!             model.backward(forward, &dlogp, &dentropy, &mut grads)
//! inference   model.infer(&[Span { start, tokens, pages, n_logits }, …], &mut cache) -> Logits
//!             LogSoftmax::of(logits.row(i), temperature).logp(token)
//! weights     model.params(), model.params_mut(), grads = model.params().zeros_like()
//! ```

mod config;
mod error;
mod params;

mod files;
mod gguf;
mod init;
mod model;
mod packed;

mod backward;
mod cache;
mod decode;
mod forward;
mod infer;
mod layer;
mod rope;

pub mod memory;

pub use cache::KvCache;
pub use config::{Architecture, Config, Llama3Scaling, Rope, RopeScaling, Sliding, YarnScaling};
pub use decode::Decoder;
pub use error::Error;
pub use files::read_config;
pub use forward::{Forward, ForwardOptions};
pub use gguf::from_gguf;
pub use infer::Span;
pub use init::Init;
pub use model::Model;
pub use packed::{NO_TARGET, Packed};
pub use params::{Class, Params};
pub use quaero_ops::attention::PageTable;
pub use quaero_ops::head::{LogSoftmax, Logits};
pub use quaero_ops::{Device, Place};
