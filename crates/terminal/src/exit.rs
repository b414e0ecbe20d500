//! Exit codes of the binaries, and of `cargo xtask`, which compiles this file too. `cargo xtask
//! tidy` holds README.md to them: each is listed there in the words of its comment.

/// 0 done
pub const DONE: u8 = 0;
/// 1 runtime failure (file, device, plugin)
pub const RUNTIME_FAILURE: u8 = 1;
/// 2 usage error (arguments, configuration)
pub const USAGE_ERROR: u8 = 2;
/// 130 interrupted, nothing lost
pub const INTERRUPTED: u8 = 130;
