//! `cargo xtask gpu-check`: what only a GPU can show, as a folder that runs anywhere.
//!
//! A machine with a GPU often has neither Rust nor a network. So the check is a bundle: the
//! binaries with their cubins, what the emulation gave, the task families, and a script that starts
//! `quaero-lab gpu-check`, which does the work and writes the report. Here it is only put together;
//! on a machine with a GPU it is also run, and its figures go into the kernels' headers.

mod headers;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::kernels;
use crate::prepare::{self, Families, Program};
use crate::say::say;
use crate::shell::{self, command};

/// The most bytes of a bundle: what can be carried to a machine that is lent for minutes.
const N_BYTES_MAX: u64 = 60 << 20;
/// The family that self-play is tried with, and its smallest configuration.
const FAMILY: &str = "python.wasm";
const CONFIG: &str = "configs/ci/tiny.toml";
const SCRIPT: &str = "\
#!/bin/sh
# Checks the kernels and the training step on this machine's GPU, in less than ten minutes. Needs
# the driver; python3 with torch gives the baseline's times. Writes gpu-<name>-<date>.md and .json
# where --out says, or into the folder it is started from. `--help` lists the options.
here=$(cd \"$(dirname \"$0\")\" && pwd)
exec \"$here/quaero-lab\" gpu-check \"$@\"
";

/// Runs the command.
///
/// # Errors
/// When there is no GPU to run on, something does not build, or the bundle is too big.
pub(crate) fn run(options: &[&str]) -> Result<ExitCode> {
    if let ["--bundle", folder] = options {
        let folder = std::path::absolute(folder)?;
        bundle(&folder)?;
        let script = folder.join("gpu-check").display().to_string();
        // What cannot be quoted (a NUL byte) is no path either.
        let script = shlex::try_quote(&script).map_or_else(|_| script.clone(), Into::into);
        say(&format!("on the machine with the GPU: {script} --out DIR"));
        return Ok(ExitCode::SUCCESS);
    }
    if let ["--write-headers", record] = options {
        return headers::run(record);
    }
    if options.iter().any(|word| ["--bundle", "--write-headers"].contains(word)) {
        say("error: `gpu-check` takes --bundle DIR alone, --write-headers RECORD.json alone, or \
             what `quaero-lab gpu-check --help` lists");
        return Ok(ExitCode::from(crate::exit::USAGE_ERROR));
    }
    if let Some(missing) = missing() {
        bail!("{missing}");
    }
    let folder = shell::root().join("target/gpu-check");
    bundle(&folder)?;
    let mut check = command(folder.join("gpu-check"));
    if !options.contains(&"--out") {
        check.arg("--out").arg(shell::root().join("docs/measurements"));
    }
    shell::run("gpu-check", check.args(options))?;
    Ok(ExitCode::SUCCESS)
}

/// What is missing here, before ten minutes of building; the check itself looks closer.
fn missing() -> Option<&'static str> {
    let lists = shell::output("nvidia-smi -L", command("nvidia-smi").arg("-L"));
    let seen =
        lists.is_ok_and(|text| text.contains("GPU ")) || Path::new("/dev/nvidiactl").exists();
    (!seen).then_some(
        "no GPU here: nvidia-smi lists none; remedy: `cargo xtask gpu-check --bundle DIR`, then \
         DIR/gpu-check on a machine that has one",
    )
}

/// Puts the bundle into `folder`, which is made anew.
fn bundle(folder: &Path) -> Result<()> {
    prepare::tools()?;
    prepare::plugins(Families::Runs)?;
    let mut programs = build()?;
    if kernels::current_cubins(&programs[1])? {
        say("building again, with the cubins");
        programs = build()?;
    }
    clear(folder)?;
    std::fs::create_dir_all(folder.join("plugins"))
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for program in &programs {
        let to = folder.join(program.file_name().context("a program has a name")?);
        copy(program, &to)?;
        strip(&to);
    }
    say("running the conformance tests under emulation, for bits to compare with");
    let mut bits = command(&programs[1]);
    let bits = shell::output("quaero-lab conformance bits", bits.args(["conformance", "bits"]))?;
    write(&folder.join("emulated-bits.tsv"), &bits)?;
    copy(&prepare::plugins_dir().join(FAMILY), &folder.join("plugins").join(FAMILY))?;
    copy(&shell::root().join(CONFIG), &folder.join("tiny.toml"))?;
    write(&folder.join("commit"), &commit())?;
    write(&folder.join("gpu-check"), SCRIPT)?;
    executable(&folder.join("gpu-check"))?;
    let n_bytes = size(folder)?;
    if n_bytes > N_BYTES_MAX {
        bail!(
            "the bundle has {n_bytes} bytes, at most {N_BYTES_MAX}; `du -a` shows what has grown"
        );
    }
    say(&format!("{}: {:.1} MiB", folder.display(), n_bytes as f64 / f64::from(1 << 20)));
    Ok(())
}

/// Both programs: the trainer, then the laboratory.
fn build() -> Result<[PathBuf; 2]> {
    Ok([prepare::binary(Program::Trainer)?, prepare::binary(Program::Lab)?])
}

/// Empties `folder` if it holds a bundle; any other folder with something in it is left alone.
fn clear(folder: &Path) -> Result<()> {
    let Ok(mut entries) = std::fs::read_dir(folder) else { return Ok(()) };
    if folder.join("gpu-check").is_file() && folder.join("quaero-lab").is_file() {
        return std::fs::remove_dir_all(folder)
            .with_context(|| format!("cannot empty {}", folder.display()));
    }
    if entries.next().is_some() {
        bail!("{} is not empty and holds no bundle; name another folder", folder.display());
    }
    Ok(())
}

/// The commit, with a mark if files differ from it.
fn commit() -> String {
    let ask = |words: &[&str]| shell::output("git", command("git").args(words));
    let head = ask(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_default();
    let changed = ask(&["status", "--porcelain", "--untracked-files=no"]).unwrap_or_default();
    let mark = if changed.trim().is_empty() { "" } else { " with changes" };
    format!("{}{mark}\n", head.trim())
}

/// Symbols are half of a binary, and the check needs none. Without `strip` they stay.
fn strip(program: &Path) {
    if !shell::succeeds(command("strip").arg(program)) {
        say("no `strip` here: the bundle keeps its symbols");
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(from, to)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(unix)]
fn executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", path.display()))
}

#[cfg(not(unix))]
fn executable(_: &Path) -> Result<()> {
    Ok(())
}

/// Bytes of all files under `folder`.
fn size(folder: &Path) -> Result<u64> {
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    let mut n_bytes = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let facts = entry.metadata()?;
            if facts.is_dir() {
                folders.push(entry.path());
            } else {
                n_bytes += facts.len();
            }
        }
    }
    Ok(n_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("xtask-gpu-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("plugins")).unwrap();
        path
    }

    #[test]
    fn a_bundle_is_made_anew_and_nothing_else_is_emptied() {
        let path = folder("clear");
        std::fs::write(path.join("letter"), "dear").unwrap();
        let error = clear(&path).unwrap_err();
        assert!(error.to_string().contains("holds no bundle"), "{error}");
        for name in ["gpu-check", "quaero-lab"] {
            std::fs::write(path.join(name), "").unwrap();
        }
        clear(&path).unwrap();
        assert!(!path.exists());
        clear(&path).unwrap();
    }

    #[test]
    fn a_bundle_is_weighed_with_its_folders() {
        let path = folder("size");
        std::fs::write(path.join("a"), [0; 100]).unwrap();
        std::fs::write(path.join("plugins/b"), [0; 23]).unwrap();
        assert_eq!(size(&path).unwrap(), 123);
        std::fs::remove_dir_all(&path).unwrap();
    }

    /// The script starts the binary beside it from wherever it is called, with the words it got.
    #[cfg(unix)]
    #[test]
    fn the_script_starts_its_neighbour() {
        let path = folder("script");
        write(&path.join("gpu-check"), SCRIPT).unwrap();
        write(&path.join("quaero-lab"), "#!/bin/sh\necho \"$# $1 $3\"\n").unwrap();
        executable(&path.join("gpu-check")).unwrap();
        executable(&path.join("quaero-lab")).unwrap();
        let mut run = std::process::Command::new(path.join("gpu-check"));
        run.current_dir(std::env::temp_dir()).args(["--out", "a folder"]);
        assert_eq!(shell::output("the script", &mut run).unwrap(), "3 gpu-check a folder\n");
        std::fs::remove_dir_all(&path).unwrap();
    }
}
