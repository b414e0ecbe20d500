//! The machine code of a kernel file for a GPU: embedded, out of the cache, or compiled here.

use std::borrow::Cow;
use std::ffi::CString;
use std::fs;
use std::path::Path;

use cudarc::nvrtc;

use crate::Error;
use crate::sources::{CUBINS, digest, flattened, source};

/// What NVRTC is told; `cargo xtask cubins` tells nvcc the same.
const FLAGS: &[&str] = &["-std=c++17", "-default-device"];

/// A cubin that the driver takes on this architecture.
pub(super) fn image(
    file: &str,
    (major, minor): (i32, i32),
    cache: &Path,
) -> Result<Cow<'static, [u8]>, Error> {
    let arch = match (major, minor) {
        (8, _) => "sm_80".to_owned(),
        (9, _) => "sm_90a".to_owned(),
        _ => format!("sm_{major}{minor}"),
    };
    if let Some(cubin) = embedded(file, &arch) {
        return Ok(Cow::Borrowed(cubin));
    }
    let flags: Vec<String> =
        FLAGS.iter().map(|&flag| flag.to_owned()).chain([arch.clone()]).collect();
    let path = cache.join(format!("{file}-{}.cubin", digest(file, source, &flags)));
    if let Ok(cubin) = fs::read(&path) {
        return Ok(Cow::Owned(cubin));
    }
    let cubin = compile(file, &arch)?;
    keep(&path, &cubin)?;
    Ok(Cow::Owned(cubin))
}

/// What this binary holds for `file`, if it was built from the same sources.
fn embedded(file: &str, arch: &str) -> Option<&'static [u8]> {
    let blob = |name: &str| CUBINS.iter().find(|(path, _)| *path == name).map(|(_, bytes)| *bytes);
    let stem = file.trim_end_matches(".cu");
    let stamp = blob(&format!("{stem}.digest"))?;
    (stamp == digest(file, source, &[]).as_bytes())
        .then(|| blob(&format!("{stem}.{arch}.cubin")))?
}

fn keep(path: &Path, cubin: &[u8]) -> Result<(), Error> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let folder = path.parent().expect("a file of the cache lies in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&temporary, cubin))
        .and_then(|()| fs::rename(&temporary, path))
        .map_err(|source| Error::Cache { path: path.to_owned(), source })
}

/// Compiles the embedded source with NVRTC.
fn compile(file: &str, arch: &str) -> Result<Vec<u8>, Error> {
    // SAFETY: only looks for the library and loads it.
    if !unsafe { nvrtc::sys::is_culib_present() } {
        return Err(Error::NoCubin { file: file.to_owned(), arch: arch.to_owned() });
    }
    let failed = |log: String| Error::Compile { file: file.to_owned(), log };
    let text = CString::new(flattened(file)).expect("sources hold no NUL");
    let name = CString::new(file).expect("names of files hold no NUL");
    let program = nvrtc::result::create_program(&text, Some(&name))
        .map_err(|error| failed(error.to_string()))?;
    let mut options: Vec<String> = FLAGS.iter().map(|&flag| flag.to_owned()).collect();
    options.push(format!("--gpu-architecture={arch}"));
    // SAFETY: the program was made above.
    let outcome = unsafe { nvrtc::result::compile_program(program, &options) };
    if outcome.is_err() {
        // SAFETY: as above.
        let log = unsafe { nvrtc::result::get_program_log(program) }.unwrap_or_default();
        let log: Vec<u8> = log.iter().map(|&c| c as u8).take_while(|&c| c != 0).collect();
        return Err(failed(String::from_utf8_lossy(&log).into_owned()));
    }
    let mut n_bytes = 0;
    // SAFETY: writes one number to the place given.
    unsafe { nvrtc::sys::nvrtcGetCUBINSize(program, &raw mut n_bytes) }
        .result()
        .map_err(|error| failed(error.to_string()))?;
    let mut cubin = vec![0_u8; n_bytes];
    // SAFETY: `cubin` is as long as the line above was told.
    unsafe { nvrtc::sys::nvrtcGetCUBIN(program, cubin.as_mut_ptr().cast()) }
        .result()
        .map_err(|error| failed(error.to_string()))?;
    // SAFETY: the program was made above and is not used again.
    let _ = unsafe { nvrtc::result::destroy_program(program) };
    Ok(cubin)
}
