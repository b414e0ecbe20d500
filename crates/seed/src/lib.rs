//! The embedded seed model: its language, its priming, its files.

pub mod corpus;
pub mod language;
pub mod prompt;
pub mod suite;
pub mod vocabulary;
