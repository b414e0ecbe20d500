//! Runs of `configs/ci/tiny.toml` that were stopped and go on, damaged and whole; runs in odd
//! places: behind a space, read-only, on a full disk.

use std::path::{Path, PathBuf};

use crate::data::tiny;
use crate::{quaero, text};

/// Keys that make a run shorter still.
const SHORT: [&str; 4] = ["--set", "eval.limit_per_kind=2", "--set", "eval.level_samples=0"];

#[track_caller]
fn train(run: &Path, code: i32, more: &[&str], wanted: &[&str]) -> String {
    let run = run.display().to_string();
    let words = [&["train", "--run", &run, "--device", "cpu"], more].concat();
    let mut command = quaero();
    let output = command.args(&words).output().unwrap();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
    for word in wanted {
        assert!(said.contains(word), "{words:?} does not say {word:?}: {said}");
    }
    said
}

/// A run of so many steps.
fn begun(run: &Path, steps: &str) -> String {
    let config = tiny();
    train(run, 0, &[&[config.as_str(), "--steps", steps], &SHORT[..]].concat(), &[])
}

fn checkpoint(run: &Path, step: u64) -> PathBuf {
    run.join(format!("checkpoints/step-{step:06}"))
}

/// The lines of the closing table.
fn table(said: &str) -> Vec<&str> {
    said.lines().filter(|line| line.contains(" % [") && line.contains('→')).collect()
}

#[test]
fn resume_goes_on_from_the_newest_whole_checkpoint_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let said = begun(&run, "2");
    let newest = checkpoint(&run, 2);
    let trainer = newest.join("trainer.safetensors");
    let bytes = std::fs::read(&trainer).unwrap();
    std::fs::write(&trainer, &bytes[..bytes.len() / 2]).unwrap();
    let wanted =
        ["step-000002 is damaged (trainer.safetensors has", "going on from step 1 instead"];
    let again = train(&run, 0, &["--resume"], &wanted);
    assert_eq!(
        std::fs::read(&trainer).unwrap(),
        bytes,
        "step 2 is taken again, the same to the bit"
    );
    assert!(newest.with_extension("damaged").is_dir());
    // The same start and the same end as of the run that was not stopped.
    let (mut first, mut second) = (table(&said), table(&again));
    assert!(first.len() > 3, "{said}");
    (first.sort_unstable(), second.sort_unstable());
    assert_eq!(first, second);
    for step in 0..=2 {
        if checkpoint(&run, step).is_dir() {
            std::fs::write(checkpoint(&run, step).join("state.json"), "").unwrap();
        }
    }
    let wanted = ["no checkpoint under", "is whole (step 2: state.json: EOF", "put back a copy"];
    let said = train(&run, 1, &["--resume"], &wanted);
    assert!(!said.contains("fetch the model"), "{said}");
}

#[test]
fn what_is_changed_on_resume_is_kept_and_another_configuration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (run, config) = (folder.path().join("run"), tiny());
    begun(&run, "1");
    let kept = || std::fs::read_to_string(run.join("config.toml")).unwrap();
    let before = kept();
    // The configuration that it was begun with says nothing else, together with what was set.
    let same = [&[config.as_str(), "--steps", "1", "--resume"], &SHORT[..]].concat();
    train(&run, 0, &same, &[]);
    assert_eq!(kept(), before);
    let other = folder.path().join("other.toml");
    std::fs::write(&other, "[optim]\nlr = 0.5\n").unwrap();
    let other = other.display().to_string();
    let wanted = ["other.toml says something else", "optim.lr = 0.5 (before: 0.0002)"];
    train(&run, 2, &[&other, "--resume"], &wanted);
    assert_eq!(kept(), before, "nothing was done");
    let words = ["--resume", "--steps", "2", "--set", "optim.lr=0.001"];
    train(&run, 0, &words, &["after step 1: optim.lr = 0.001 (before: 0.0002)"]);
    let history = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("# after")).map(str::to_owned).collect()
    };
    let first = [
        "# after step 1: optim.lr = 0.001 (before: 0.0002)",
        "# after step 1: run.steps = 2 (before: 1)",
    ];
    assert_eq!(history(&kept()), first);
    assert!(kept().contains("lr = 0.001"), "the next one goes on with it");
    train(&run, 0, &["--resume", "--steps", "3"], &[]);
    let second = [&first[..], &["# after step 2: run.steps = 3 (before: 2)"]].concat();
    assert_eq!(history(&kept()), second);
}

#[test]
fn commands_to_copy_are_quoted_and_a_read_only_run_is_reported_with_its_tasks() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("a run's $folder");
    let said = begun(&run, "1");
    let prefix = "train on:   cargo xtask train --run ";
    let line = said.lines().find(|line| line.starts_with(prefix)).unwrap();
    // The shell takes the words apart again as they were.
    let script = format!("printf '%s\\n' {}", line.strip_prefix(prefix).unwrap());
    let words = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    let words: Vec<&str> = text(&words.stdout).lines().collect();
    assert_eq!(words, [run.to_str().unwrap(), "--resume", "--steps", "2"]);
    let sqlite = said.lines().find(|line| line.contains("sqlite3 ")).unwrap();
    assert!(!sqlite.contains(&format!("sqlite3 {}", run.display())), "{sqlite}");
    read_only(folder.path(), &run);
}

/// Reports the run where nothing can be written.
fn read_only(folder: &Path, run: &Path) {
    let out = tempfile::tempdir().unwrap();
    let script = "
        dir=$1 run=$2 out=$3; shift 3
        chmod a+rx \"$dir\" && chmod a+rwx \"$out\" && chmod -R a+rX,a-w \"$run\" || exit 77
        set -- \"$@\" report \"$run\" --out \"$out/page.html\"
        [ \"$(id -u)\" = 0 ] || exec \"$@\"
        exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \"$@\"";
    let words = [folder, run, out.path()].map(|path| path.display().to_string());
    let output = std::process::Command::new("sh")
        .args(["-c", script, "sh"])
        .args(words)
        .args([env!("CARGO_BIN_EXE_quaero"), "--plugins-dir", "nowhere"])
        .current_dir(out.path())
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let page = std::fs::read_to_string(out.path().join("page.html")).unwrap();
    assert!(!said.contains("no tasks"), "{said}");
    assert!(page.contains("&quot;public&quot;") || page.contains("\"public\""), "tasks are shown");
}

/// A disk that is too small for a checkpoint, then almost full, then large enough.
const FULL_DISK: &str = r#"
    disk=$1; shift
    mount -t tmpfs -o size=9m tmpfs "$disk" 2>/dev/null || exit 77
    "$@"; echo "checkpoint: $? $(ls -A "$disk/run/checkpoints" | wc -l)"
    "$@" --resume; echo "again: $?"
    head -c 9000000 /dev/zero > "$disk/filler" 2>/dev/null
    "$@" --resume; echo "full: $?"
    rm "$disk/filler"; mount -o remount,size=90m "$disk"
    "$@" --resume; echo "room: $? $(ls "$disk/run/checkpoints")"
    find "$disk" -name '*.tmp' -o -name '.quaero*'
"#;

#[test]
fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let config = tiny();
    let run = folder.path().join("run").display().to_string();
    let families = crate::families().display().to_string();
    let words = [
        &[env!("CARGO_BIN_EXE_quaero"), "--plugins-dir", &families, "train"][..],
        &["--device", "cpu", "--steps", "1", "--run", &run],
        &SHORT[..],
    ];
    let unshared = std::process::Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", FULL_DISK, "sh"])
        .arg(folder.path())
        .args(words.concat())
        .arg(&config)
        .output();
    let output = match unshared {
        Ok(output) if !matches!(output.status.code(), Some(1 | 77)) => output,
        _ => {
            eprintln!("SKIP: no small disk can be mounted here (unshare, tmpfs)");
            return;
        }
    };
    let (out, said) = (text(&output.stdout), text(&output.stderr));
    let results: Vec<&str> = out.lines().filter(|line| line.contains(": ")).collect();
    let expected = ["checkpoint: 1 0", "again: 1", "full: 1", "room: 0 step-000000"];
    assert_eq!(results, expected, "{said}");
    assert!(out.ends_with("step-000001\n"), "nothing half-written is left: {out}");
    let told =
        said.lines().filter(|line| line.contains("error: ") && line.contains("o space left"));
    assert_eq!(told.count(), 3, "{said}");
}
