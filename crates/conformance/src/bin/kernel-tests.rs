//! `kernel-tests`: runs the tests on the emulated device or a GPU, under sanitizers, or against
//! planted bugs. Tells what it finds on stdout; `cargo xtask` calls it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use quaero_conformance::mutants::MUTANTS;
use quaero_conformance::{Test, all, run};
use quaero_kernels::{CudaOptions, Device, SOURCES, Sanitizer, SimtOptions, digest};

const USAGE: &str = "\
usage: kernel-tests run [--cache DIR] [--file FILE.cu] [--variant FILE.cu=PATH] [--small]
                         [--sanitizer address|thread]
       kernel-tests run --device cuda [--file FILE.cu] [--small] [--bits FILE] [--alone]
       kernel-tests bits [--cache DIR]
       kernel-tests mutants [--cache DIR] [--only N]
       kernel-tests digest FILE.cu
       kernel-tests mutant N [--cache DIR] [--small] [--sanitizer thread]";
/// A planted bug was caught.
const CAUGHT: u8 = 3;
/// Seconds after which a planted bug counts as a hang.
const SECONDS_MAX: u32 = 300;

/// What the words said.
struct Words {
    cache: PathBuf,
    file: Option<String>,
    overlay: Vec<(String, String)>,
    small: bool,
    sanitizer: Sanitizer,
    loaded: bool,
    number: Option<usize>,
    cuda: bool,
    /// All in this process: for a tool that watches one.
    alone: bool,
    /// What `bits` printed on another machine.
    bits: Option<String>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [command, file] = words.as_slice()
        && command == "digest"
    {
        let text = |name: &str| SOURCES.iter().find(|(path, _)| *path == name).map(|(_, t)| *t);
        say(&digest(file, text, &[]));
        return ExitCode::SUCCESS;
    }
    let outcome = match words.split_first() {
        Some((command, rest)) => parse(rest).and_then(|words| match command.as_str() {
            "run" if words.cuda && !words.alone => on_gpu(&words),
            "run" => tests(&words),
            "bits" => bits(&words),
            "mutants" => mutants(&words),
            "mutant" => mutant(&words),
            _ => Err(USAGE.to_owned()),
        }),
        None => Err(USAGE.to_owned()),
    };
    outcome.unwrap_or_else(|error| {
        say(&format!("error: {error}"));
        ExitCode::from(2)
    })
}

fn parse(words: &[String]) -> Result<Words, String> {
    let mut parsed = Words {
        cache: PathBuf::from("target/simt"),
        file: None,
        overlay: Vec::new(),
        small: false,
        sanitizer: Sanitizer::None,
        loaded: false,
        number: None,
        cuda: false,
        alone: false,
        bits: None,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().cloned().ok_or_else(|| format!("{word} wants a value"));
        match word.as_str() {
            "--cache" => parsed.cache = value()?.into(),
            "--file" => parsed.file = Some(value()?),
            "--variant" => {
                let value = value()?;
                let (name, path) = value.split_once('=').ok_or("--variant FILE.cu=PATH")?;
                let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
                parsed.overlay.push((name.to_owned(), text));
            }
            "--device" => parsed.cuda = value()? == "cuda",
            "--alone" => parsed.alone = true,
            "--bits" => {
                let path = value()?;
                let text = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
                parsed.bits = Some(text);
            }
            "--small" => parsed.small = true,
            "--loaded" => parsed.loaded = true,
            "--sanitizer" => {
                parsed.sanitizer = match value()?.as_str() {
                    "address" => Sanitizer::Address,
                    "thread" => Sanitizer::Thread,
                    other => return Err(format!("no sanitizer `{other}`")),
                }
            }
            "--only" => parsed.number = value()?.parse().ok(),
            number if number.parse::<usize>().is_ok() => parsed.number = number.parse().ok(),
            other => return Err(format!("`{other}` means nothing\n{USAGE}")),
        }
    }
    Ok(parsed)
}

impl Words {
    fn options(&self) -> SimtOptions {
        SimtOptions {
            sanitizer: self.sanitizer,
            overlay: self.overlay.iter().cloned().collect(),
            ..SimtOptions::new(self.cache.clone())
        }
    }
}

/// A sanitizer's runtime must be there before anything else: this program again, with it loaded.
fn again(words: &Words) -> Result<Option<ExitCode>, String> {
    let (library, variable, settings) = match words.sanitizer {
        Sanitizer::None => return Ok(None),
        _ if words.loaded => return Ok(None),
        Sanitizer::Address => ("libasan.so", "ASAN_OPTIONS", "detect_leaks=0:exitcode=9"),
        Sanitizer::Thread => ("libtsan.so", "TSAN_OPTIONS", "exitcode=9:halt_on_error=1"),
    };
    let ask = Command::new("c++").arg(format!("-print-file-name={library}")).output();
    let ask = ask.map_err(|error| format!("c++: {error}; remedy: apt install g++"))?;
    let path = String::from_utf8_lossy(&ask.stdout).trim().to_owned();
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let status = Command::new(program)
        .args(std::env::args().skip(1))
        .arg("--loaded")
        .env("LD_PRELOAD", path)
        .env(variable, settings)
        .status()
        .map_err(|error| error.to_string())?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(9);
    Ok(Some(ExitCode::from(code)))
}

/// Two devices to compare: two orders of threads, or the GPU twice.
fn devices(words: &Words) -> Result<Vec<Device>, String> {
    if words.cuda {
        let overlay = words.overlay.iter().cloned().collect();
        let options = CudaOptions { overlay, ..CudaOptions::new(words.cache.clone()) };
        let device = Device::cuda(options).map_err(|error| error.to_string())?;
        return Ok(vec![device.clone(), device]);
    }
    let options = &words.options();
    let shuffled = SimtOptions { seed: 7, late_copies: false, ..options.clone() };
    let open = |options| Device::simt(options).map_err(|error| error.to_string());
    Ok(vec![open(options.clone())?, open(shuffled)?])
}

fn tests(words: &Words) -> Result<ExitCode, String> {
    if let Some(code) = again(words)? {
        return Ok(code);
    }
    let wanted = |test: &Test| {
        words.file.as_ref().is_none_or(|file| test.file == file) && (!words.small || test.small)
    };
    // A GPU is shared; an emulated device is each thread's own.
    let shared = devices(words)?;
    let (tests, unfit): (Vec<Test>, Vec<Test>) =
        all().into_iter().filter(wanted).partition(|test| test.fits(&shared[0]));
    for test in &unfit {
        say(&format!("SKIP  {:<48} {} has no warpgroups", test.name, shared[0].name()));
    }
    let (next, failures) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each(words.sanitizer, || {
        let devices = if words.cuda { shared.clone() } else { devices(words).unwrap_or_default() };
        while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
            let same = |_| same_bits(words, test, &devices[0]);
            match run(test, &devices).and_then(|errors| Ok((same(())?, errors))) {
                Ok((same, errors)) => {
                    let errors: Vec<String> =
                        errors.iter().map(|(name, error)| format!("{name} {error:.1e}")).collect();
                    say(&format!("ok    {:<48} {}{same}", test.name, errors.join(", ")));
                }
                Err(how) => {
                    failures.fetch_add(1, Ordering::Relaxed);
                    say(&format!("WRONG {:<48} {how}", test.name));
                }
            }
        }
    });
    let failures = failures.into_inner();
    say(&format!("{} tests, {failures} wrong", tests.len()));
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The tests on a GPU, each file's in a process of its own: a kernel that reads where it must not
/// takes the device from its whole process.
fn on_gpu(words: &Words) -> Result<ExitCode, String> {
    devices(words)?;
    let mut files: Vec<&str> = all().iter().map(|test| test.file).collect();
    files.sort_unstable();
    files.dedup();
    files.retain(|file| words.file.as_ref().is_none_or(|wanted| wanted == file));
    let (next, counts) = (AtomicUsize::new(0), Mutex::new([0_usize; 4]));
    each(Sanitizer::None, || {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let told = of_file(file).unwrap_or_else(|error| format!("WRONG {file}: {error}\n"));
            let mut sums = counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            for line in told.lines().filter(|line| !line.contains(" tests, ")) {
                say(line);
                sums[0] += usize::from(line.starts_with("ok "));
                sums[1] += usize::from(line.starts_with("WRONG "));
                if let Some((_, bits)) = line.split_once(BITS)
                    && let Some((same, of)) = bits.split_once('/')
                {
                    sums[2] += same.parse::<usize>().unwrap_or(0);
                    sums[3] += of.parse::<usize>().unwrap_or(0);
                }
            }
        }
    });
    let [right, wrong, same, of] = counts.into_inner().unwrap_or_default();
    say(&format!("{} tests, {wrong} wrong", right + wrong));
    if of > 0 {
        say(&format!("{same} of {of} outputs have the emulation's bits"));
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What this program says of one file's tests, in another process.
fn of_file(file: &str) -> std::io::Result<String> {
    let mut child = Command::new(std::env::current_exe()?);
    child.args(std::env::args().skip(1)).args(["--alone", "--file", file]);
    let done = child.output()?;
    let mut told = String::from_utf8_lossy(&done.stdout).into_owned();
    if !told.contains(" tests, ") {
        let last = String::from_utf8_lossy(&done.stderr).lines().last().unwrap_or("").to_owned();
        told.push_str(&format!("WRONG {file:<48} {} {last}\n", done.status));
    }
    Ok(told)
}

/// Before the number of outputs whose bits are the emulation's.
const BITS: &str = "; bits ";

/// How many outputs of `test` have the bits that `--bits` lists; nothing without it.
fn same_bits(words: &Words, test: &Test, device: &Device) -> Result<String, String> {
    let Some(list) = &words.bits else { return Ok(String::new()) };
    let got = test.bits(device).map_err(|error| error.to_string())?;
    let same = got.iter().filter(|(name, bits)| {
        let row = format!("{}\t{name}\t{bits:016x}", test.name);
        list.lines().any(|line| line == row)
    });
    Ok(format!("{BITS}{}/{}", same.count(), got.len()))
}

/// What the bits of every output are, for `--bits` on another machine.
fn bits(words: &Words) -> Result<ExitCode, String> {
    let devices = devices(words)?;
    for test in all() {
        for (name, bits) in test.bits(&devices[0]).map_err(|error| error.to_string())? {
            say(&format!("{}\t{name}\t{bits:016x}", test.name));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `work` on a few threads; on one under ThreadSanitizer, which does not see that the loader
/// puts what it loads in order.
fn each(sanitizer: Sanitizer, work: impl Fn() + Sync) {
    let n = std::thread::available_parallelism().map_or(1, |n| n.get().min(4));
    let n = if sanitizer == Sanitizer::Thread { 1 } else { n };
    std::thread::scope(|scope| {
        for _ in 0..n {
            scope.spawn(&work);
        }
    });
}

fn mutant(words: &Words) -> Result<ExitCode, String> {
    if let Some(code) = again(words)? {
        return Ok(code);
    }
    let mutant = words.number.and_then(|n| MUTANTS.get(n)).ok_or("there is no such bug")?;
    match mutant.hunt(&words.options(), words.small).map_err(|error| error.to_string())? {
        Some(how) => {
            say(how.lines().next().unwrap_or_default());
            Ok(ExitCode::from(CAUGHT))
        }
        None => Ok(ExitCode::SUCCESS),
    }
}

/// How a bug in a process of its own ended.
enum End {
    Caught(String),
    Missed,
    Unfair(String),
}

fn mutants(words: &Words) -> Result<ExitCode, String> {
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    each(Sanitizer::None, || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = MUTANTS.get(n) else { break };
            if words.number.is_some_and(|only| only != n) {
                continue;
            }
            let mut end = alone(words, n, &[]);
            if matches!(end, End::Missed) {
                end = alone(words, n, &["--sanitizer", "thread", "--small"]);
            }
            let (caught, how) = match end {
                End::Caught(how) => ("caught", how),
                End::Missed => ("MISSED", String::new()),
                End::Unfair(how) => ("UNFAIR", how),
            };
            let how: String = how.chars().take(120).collect();
            say(&format!("{n:>2} {caught} {:<20} {:<52} {how}", mutant.file, mutant.what));
            rows.lock().map(|mut rows| rows.push(caught == "caught")).unwrap_or_default();
        }
    });
    let rows = rows.into_inner().unwrap_or_default();
    let caught = rows.iter().filter(|&&caught| caught).count();
    let share = 100.0 * caught as f64 / rows.len().max(1) as f64;
    say(&format!("{caught} of {} planted bugs caught ({share:.0} %)", rows.len()));
    Ok(if share >= 90.0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Hunts bug `n` in a process of its own.
fn alone(words: &Words, n: usize, options: &[&str]) -> End {
    let run = || -> std::io::Result<(Option<i32>, String)> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["mutant", &n.to_string(), "--cache"])
            .arg(words.cache.join("mutants"))
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        for _ in 0..SECONDS_MAX * 5 {
            if child.try_wait()?.is_some() {
                let output = child.wait_with_output()?;
                let words = [output.stdout, output.stderr].concat();
                return Ok((output.status.code(), String::from_utf8_lossy(&words).into_owned()));
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        child.kill()?;
        child.wait()?;
        Ok((None, "hangs".to_owned()))
    };
    match run() {
        Ok((Some(0), _)) => End::Missed,
        Ok((Some(2), how)) => End::Unfair(how),
        Ok((_, how)) => {
            let race = how.lines().find(|line| line.contains("WARNING: ThreadSanitizer"));
            End::Caught(race.or(how.lines().next()).unwrap_or("crashes").to_owned())
        }
        Err(error) => End::Unfair(error.to_string()),
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe ends the reader's interest, not the work.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
