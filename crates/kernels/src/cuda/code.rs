//! The machine code of a kernel file for a GPU: embedded, out of the cache, or compiled here.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use cudarc::nvrtc;

use super::libraries::NVRTC;
use crate::Error;
use crate::sources::{CUBINS, SOURCES, digest, flattened_with, source};

/// What NVRTC is told; `cargo xtask cubins` tells nvcc the same.
const FLAGS: &[&str] = &["-std=c++17", "-default-device"];
/// Where nvcc may lie: on the PATH, or where the toolkit puts it.
const NVCC: &[&str] = &["nvcc", "/usr/local/cuda/bin/nvcc"];

/// A cubin, aligned as the driver's loader would have it.
pub(super) struct Image(Vec<u64>);

impl Image {
    fn new(bytes: &[u8]) -> Self {
        let mut words = vec![0_u64; bytes.len().div_ceil(8) + 1];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self(words)
    }

    pub(super) fn as_ptr(&self) -> *const u64 {
        self.0.as_ptr()
    }
}

/// A cubin that the driver takes on this architecture, of `file` or what stands in for it.
pub(super) fn image(
    file: &str,
    (major, minor): (i32, i32),
    cache: &Path,
    overlay: &BTreeMap<String, String>,
) -> Result<Image, Error> {
    let arch = match (major, minor) {
        (8, _) => "sm_80".to_owned(),
        (9, _) => "sm_90a".to_owned(),
        _ => format!("sm_{major}{minor}"),
    };
    let text = |name: &str| overlay.get(name).map(String::as_str).or_else(|| source(name));
    // A version on the ladder stands in by its text, and has a cubin of its own.
    let known = SOURCES.iter().find(|(_, known)| overlay.get(file).is_some_and(|x| x == known));
    let home = known.map_or(file, |(path, _)| path);
    if (known.is_some() || !overlay.contains_key(file))
        && let Some(cubin) = embedded(home, &arch)
    {
        return Ok(Image::new(cubin));
    }
    let flags: Vec<String> =
        FLAGS.iter().map(|&flag| flag.to_owned()).chain([arch.clone()]).collect();
    let path = cache.join(format!("{file}-{}.cubin", digest(file, text, &flags)));
    if let Ok(cubin) = fs::read(&path) {
        return Ok(Image::new(&cubin));
    }
    let whole = flattened_with(file, &text);
    let cubin = match with_nvcc(file, &whole, &arch, cache)? {
        Some(cubin) => cubin,
        None => with_nvrtc(file, &whole, &arch)?,
    };
    keep(&path, &cubin)?;
    Ok(Image::new(&cubin))
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

/// Compiles with nvcc, if there is one.
fn with_nvcc(file: &str, text: &str, arch: &str, cache: &Path) -> Result<Option<Vec<u8>>, Error> {
    let starts = |name: &&&str| {
        let mut ask = Command::new(name);
        ask.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        ask.status().is_ok_and(|status| status.success())
    };
    let Some(nvcc) = NVCC.iter().find(starts) else { return Ok(None) };
    let failed = |path: &Path, source| Error::Cache { path: path.to_owned(), source };
    fs::create_dir_all(cache).map_err(|error| failed(cache, error))?;
    let unit = cache.join(format!("{}.{}.cu", file.replace('/', "_"), std::process::id()));
    let cubin = unit.with_extension("cubin");
    fs::write(&unit, text).map_err(|error| failed(&unit, error))?;
    let virtual_arch = arch.replace("sm_", "compute_");
    let done = Command::new(nvcc)
        .args(["-std=c++17", "-O3", "-cubin"])
        .arg(format!("-gencode=arch={virtual_arch},code={arch}"))
        .arg("-o")
        .args([&cubin, &unit])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(Path::new(nvcc), error))?;
    if !done.status.success() {
        let log = String::from_utf8_lossy(&done.stderr).into_owned();
        return Err(Error::Compile { file: file.to_owned(), log });
    }
    let bytes = fs::read(&cubin).map_err(|error| failed(&cubin, error))?;
    for path in [&unit, &cubin] {
        fs::remove_file(path).map_err(|error| failed(path, error))?;
    }
    Ok(Some(bytes))
}

/// Compiles with NVRTC, which takes no includes: `text` holds its headers.
fn with_nvrtc(file: &str, text: &str, arch: &str) -> Result<Vec<u8>, Error> {
    if !NVRTC.load() {
        return Err(Error::NoCubin { file: file.to_owned(), arch: arch.to_owned() });
    }
    let failed = |log: String| Error::Compile { file: file.to_owned(), log };
    let text = CString::new(text).expect("sources hold no NUL");
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

#[cfg(test)]
mod tests {
    use super::*;

    /// NVRTC needs no GPU, so this runs where `pip install nvidia-cuda-nvrtc==13.0.88` has been.
    #[test]
    fn nvrtc_compiles_every_kernel_for_a_gpu_that_has_no_cubin() {
        if !NVRTC.load() {
            eprintln!("SKIP: no libnvrtc.so.13 with the loader, python3 or the toolkit");
            return;
        }
        let kernels = SOURCES.iter().map(|(path, _)| *path);
        for file in kernels.filter(|path| path.ends_with(".cu") && !path.contains("wgmma")) {
            let whole = flattened_with(file, &source);
            let cubin = with_nvrtc(file, &whole, "sm_120").unwrap();
            assert!(cubin.starts_with(b"\x7fELF"), "{file}");
        }
        let wrong = with_nvrtc("mine.cu", "extern \"C\" __global__ void f() { g(); }", "sm_120");
        assert!(wrong.unwrap_err().to_string().contains("g"), "the compiler's words");
    }
}
