//! What the author of a Quaero task family depends on.
//!
//! Implement [`Family`], hand the type to [`export!`], build for `wasm32-wasip2`: the result is a
//! component that the host loads. Everything else here is what most families need: fenced blocks
//! and tags of a completion ([`Blocks`], [`answer_section`]), Python literals as data ([`Value`]),
//! options with named errors ([`Options`]). Nothing here runs Python: a family hands programs to
//! the [`Interpreter`], a capability of the host.
//!
//! # Layout
//! `family` the trait → `bindings` the words it speaks, generated from `plugins/wit` → `options`
//! configuration, `style` of prompts → `blocks`, `tags`, `reading` of completions → `replies`
//! saying what they are worth → `golden` cases from files → `half`, `json` halves of tasks →
//! `value`, `int`, `parse`, `repr`, `equal` plain Python data → `azr` the kit of families that play
//! Absolute Zero's kinds.

mod azr;
#[doc(hidden)]
pub mod bindings;
mod blocks;
mod equal;
mod family;
mod golden;
mod half;
mod int;
mod json;
mod options;
mod parse;
mod printable;
mod reading;
mod replies;
mod repr;
mod style;
mod tags;
mod value;

pub use azr::{
    Ask, Cause, Defaults, Inputs, Settings, block, conversation, fits, rejected, snippets, whole,
};
pub use bindings::quaero::family::interpreter::{Answer, Job, Outcome};
pub use bindings::quaero::family::vocabulary::{
    Episode, Golden, Kind, Manifest, Metric, Opening, Pair, Proposed, Rejection, Reply, Role,
    Status, Turn, Verdict,
};
pub use blocks::{Block, Blocks, after_fence, fenced};
pub use equal::Equality;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use family::component;
pub use family::{Family, Interpreter, log};
pub use golden::{golden, golden_cases};
pub use half::{Example, Half, Reference};
pub use int::{DIGITS_MAX, Int};
pub use json::canonical_json;
pub use options::{Options, OptionsError};
pub use parse::{DEPTH_MAX, LiteralError};
pub use reading::Reading;
pub use style::{Format, Style};
pub use tags::{answer_section, tags_well_formed, without_thought};
pub use value::Value;

#[cfg(test)]
mod tests;
