//! Where files lie that outlive a run: named by the environment, as other programs have it.

use std::path::PathBuf;

/// The folder of fetched models: `QUAERO_MODELS`, or `quaero/models` in the user's cache folder
/// (`XDG_CACHE_HOME`, `~/.cache`). `None` where the environment has neither.
#[must_use]
pub fn models() -> Option<PathBuf> {
    let cache = variable("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| Some(variable("HOME")?.join(".cache")));
    variable("QUAERO_MODELS").or_else(|| Some(cache?.join("quaero/models")))
}

/// The cache of Hugging Face's libraries: `HF_HUB_CACHE`, `HF_HOME/hub`, or `huggingface/hub` in
/// the user's cache folder.
#[must_use]
pub fn hugging_face() -> Option<PathBuf> {
    let home = variable("HF_HOME").or_else(|| Some(variable("HOME")?.join(".cache/huggingface")));
    variable("HF_HUB_CACHE").or_else(|| Some(home?.join("hub")))
}

#[expect(clippy::disallowed_methods, reason = "config is the reader of the environment")]
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(PathBuf::from)
}
