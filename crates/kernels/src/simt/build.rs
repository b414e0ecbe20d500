//! Compiles kernel files into shared objects, once for each content.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::options::{Sanitizer, SimtOptions};
use crate::Error;
use crate::sources::{SOURCES, digest, source};

/// The shared object of a kernel file with its `kernels`.
pub(super) fn kernel_file(
    options: &SimtOptions,
    file: &str,
    kernels: &[&str],
) -> Result<PathBuf, Error> {
    let entries: String = kernels.iter().map(|name| format!("SIMT_KERNEL({name})\n")).collect();
    let unit = format!("#include \"{file}\"\n#include \"simt/launch.h\"\n{entries}");
    compile(options, file, &unit)
}

/// The shared object of simt/memory.cpp.
pub(super) fn memory(options: &SimtOptions) -> Result<PathBuf, Error> {
    compile(options, "simt/memory.cpp", "#include \"simt/memory.cpp\"\n")
}

fn compile(options: &SimtOptions, file: &str, unit: &str) -> Result<PathBuf, Error> {
    let text = |name: &str| options.overlay.get(name).map(String::as_str).or_else(|| source(name));
    let flags = flags(options.sanitizer);
    let mut ingredients = flags.clone();
    ingredients.push(unit.to_owned());
    ingredients.extend(options.compiler.clone());
    let name = file.replace(['/', '.'], "_");
    let object = options.cache.join(format!("{name}-{}.so", digest(file, text, &ingredients)));
    if object.is_file() {
        return Ok(object);
    }
    let cache = |path: &Path, source| Error::Cache { path: path.to_owned(), source };
    fs::create_dir_all(&options.cache).map_err(|error| cache(&options.cache, error))?;
    // One process compiles a file, the others wait for it.
    let lock_path = options.cache.join(format!("{name}.lock"));
    let lock = File::create(&lock_path).map_err(|error| cache(&lock_path, error))?;
    lock.lock().map_err(|error| cache(&lock_path, error))?;
    if object.is_file() {
        return Ok(object);
    }
    let folder = object.with_extension(format!("{}.d", std::process::id()));
    for (path, _) in SOURCES.iter().filter(|(path, _)| needed(path, file)) {
        write(&folder.join(path), text(path).unwrap_or_default())?;
    }
    let unit_path = folder.join("unit.cpp");
    write(&unit_path, unit)?;
    let fresh = folder.join("unit.so");
    run(options, file, &flags, &folder, &unit_path, &fresh)?;
    fs::rename(&fresh, &object).map_err(|error| cache(&object, error))?;
    fs::remove_dir_all(&folder).map_err(|error| cache(&folder, error))?;
    Ok(object)
}

fn needed(path: &str, file: &str) -> bool {
    path == file || path.ends_with(".cuh") || path.ends_with(".h")
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().expect("a file of the cache lies in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|source| Error::Cache { path: path.to_owned(), source })
}

/// No contraction and no fast math: bits do not depend on what the CPU has.
fn flags(sanitizer: Sanitizer) -> Vec<String> {
    let mut flags: Vec<&str> = vec!["-std=c++17", "-ffp-contract=off", "-fPIC", "-shared"];
    flags.extend(["-fvisibility=hidden", "-Wall", "-Wno-unknown-pragmas", "-Wno-psabi", "-Werror"]);
    match sanitizer {
        Sanitizer::None => flags.push("-O2"),
        Sanitizer::Address => {
            flags.extend(["-O1", "-g", "-fsanitize=address,undefined"]);
            flags.push("-fno-sanitize-recover=undefined");
        }
        Sanitizer::Thread => flags.extend(["-O1", "-g", "-fsanitize=thread"]),
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        flags.push("-march=x86-64-v3");
    }
    flags.into_iter().map(str::to_owned).collect()
}

fn run(
    options: &SimtOptions,
    file: &str,
    flags: &[String],
    folder: &Path,
    unit: &Path,
    object: &Path,
) -> Result<(), Error> {
    let compiler = compiler(options)?;
    let output = Command::new(&compiler)
        .args(flags)
        .arg("-I")
        .arg(folder)
        .arg("-o")
        .args([object, unit])
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Error::NoCompiler { compiler, source })?;
    if output.status.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&output.stderr);
    // The first lines say it; a template's error goes on for pages.
    let log: Vec<&str> = log.lines().take(40).collect();
    Err(Error::Compile { file: file.to_owned(), log: log.join("\n") })
}

/// The first C++ compiler that starts.
fn compiler(options: &SimtOptions) -> Result<String, Error> {
    let starts = |name: &str| {
        let mut ask = Command::new(name);
        ask.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        ask.status()
    };
    let wanted = match &options.compiler {
        Some(name) => vec![name.as_str()],
        None => vec!["c++", "g++", "clang++"],
    };
    let mut failure = None;
    for name in wanted {
        match starts(name) {
            Ok(_) => return Ok(name.to_owned()),
            Err(error) => failure = failure.or(Some((name.to_owned(), error))),
        }
    }
    let (compiler, source) = failure.expect("at least one compiler was asked");
    Err(Error::NoCompiler { compiler, source })
}
