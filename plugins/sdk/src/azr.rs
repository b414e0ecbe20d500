//! The kit of families that play Absolute Zero's kinds (arXiv 2505.03335) over a language of their
//! own: a program in fences, inputs, outputs, and an induction over pairs of them.
//!
//! Knows no language: what a program is, what it gives and when two values are equal is the
//! family's business.
//!
//! # Layout
//! `settings` what such a family can be told → `ask` prompts → `proposal` what proposals have in
//! common.

mod ask;
mod proposal;
mod settings;

pub use ask::{Ask, conversation, snippets};
pub use proposal::{Cause, Inputs, block, fits, rejected, whole};
pub use settings::{Defaults, Settings};
