//! TOML to each crate's options: the only reader of configuration.
