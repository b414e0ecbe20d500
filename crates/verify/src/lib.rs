//! The two verify steps and the gold store.
//!
//! The only crate that mints a [`Task`] from model output and the only one that hands a gold answer
//! to a judge. It never looks inside a completion: the family does, in its sandbox. A family that
//! fails yields a fault, which earns neither reward nor penalty.
//!
//! # Layout
//! `gold` the secrets → `mint` a task → `proposals` completions to tasks → `attempts` completions
//! to verdicts.

mod attempts;
mod gold;
mod mint;
mod proposals;

pub use attempts::attempts;
pub use gold::Gold;
pub use mint::{mint, wire};
pub use proposals::proposals;
