//! Exit codes of `quaero`, and of `cargo xtask`, which compiles this file too. `cargo xtask tidy`
//! holds README.md to them: each is listed there in the words of its comment.

/// 0 done
pub(crate) const DONE: u8 = 0;
/// 1 runtime failure (file, device, plugin)
pub(crate) const RUNTIME_FAILURE: u8 = 1;
/// 2 usage error (arguments, configuration)
pub(crate) const USAGE_ERROR: u8 = 2;
/// 130 interrupted, nothing lost
pub(crate) const INTERRUPTED: u8 = 130;
