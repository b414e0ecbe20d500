//! How the emulated device behaves.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// How the emulated device behaves.
#[derive(Clone, Debug)]
pub struct SimtOptions {
    /// Where compiled kernels are kept.
    pub cache: PathBuf,
    /// 0: threads and blocks in order. Otherwise they are shuffled by this number.
    pub seed: u32,
    /// Asynchronous copies land when they are waited for, as late as may be; otherwise at once.
    pub late_copies: bool,
    /// What kernels are compiled with.
    pub sanitizer: Sanitizer,
    /// Texts that stand in for embedded files, by name: a kernel of one's own, say.
    pub overlay: BTreeMap<String, String>,
    /// The C++ compiler; absent: `c++`, `g++` or `clang++`, whichever there is.
    pub compiler: Option<String>,
}

impl SimtOptions {
    /// In order, with late copies, without a sanitizer.
    #[must_use]
    pub fn new(cache: PathBuf) -> Self {
        Self {
            cache,
            seed: 0,
            late_copies: true,
            sanitizer: Sanitizer::None,
            overlay: BTreeMap::new(),
            compiler: None,
        }
    }
}

/// A sanitizer for emulated kernels. Its runtime must have been loaded into the process first
/// (`LD_PRELOAD`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sanitizer {
    /// None.
    None,
    /// Memory and undefined behaviour.
    Address,
    /// Races between the threads of a kernel.
    Thread,
}
