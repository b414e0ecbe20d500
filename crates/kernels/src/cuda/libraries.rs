//! Libraries of the CUDA toolkit that are loaded when they are needed: where the loader looks, in
//! the wheels of the `python3` on the PATH, in the toolkit's usual folder.
//!
//! One that is loaded stays so, and is found by its name from then on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

/// A library and what it opens itself, by the names that the loader knows them by.
pub(super) struct Needed {
    pub(super) name: &'static str,
    pub(super) companions: &'static [&'static str],
}

/// The compiler of kernels at run time.
pub(super) const NVRTC: Needed =
    Needed { name: "libnvrtc.so.13", companions: &["libnvrtc-builtins.so.13.0"] };

/// The vendor's products: 541 MB, which PyTorch's wheels bring along.
pub(super) const CUBLASLT: Needed = Needed { name: "libcublasLt.so.13", companions: &[] };

/// Where NVIDIA's wheels for CUDA 13 lie; nothing where there are none.
const ASK: &str = "import nvidia; print('\\n'.join(p + '/cu13/lib' for p in nvidia.__path__))";
const TOOLKITS: &[&str] = &["/usr/local/cuda/lib64"];

impl Needed {
    /// Whether it could be loaded.
    pub(super) fn load(&self) -> bool {
        if open(Path::new(self.name)) {
            return true;
        }
        let toolkits = TOOLKITS.iter().map(PathBuf::from);
        wheels().into_iter().chain(toolkits).any(|folder| {
            let whole = folder.join(self.name).is_file();
            whole && {
                // One that is missing says so when it is opened by the library itself.
                for name in self.companions {
                    open(&folder.join(name));
                }
                open(&folder.join(self.name))
            }
        })
    }
}

/// Folders of the Python that holds PyTorch, as a rule.
fn wheels() -> Vec<PathBuf> {
    let mut ask = Command::new("python3");
    ask.args(["-c", ASK]).stdin(Stdio::null()).stderr(Stdio::null());
    let Ok(said) = ask.output() else { return Vec::new() };
    String::from_utf8_lossy(&said.stdout).lines().map(PathBuf::from).collect()
}

/// Loads a library for good.
fn open(path: &Path) -> bool {
    // SAFETY: a library of NVIDIA's toolkit, whose initialisers only set up itself.
    let opened = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) };
    opened.map(std::mem::forget).is_ok()
}
