//! The embedded seed model: its language, its priming, its files.
