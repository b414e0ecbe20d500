//! Tasks that training never sees, from JSON lines.

use std::collections::BTreeMap;
use std::path::Path;
use std::string::FromUtf8Error;
use std::sync::Arc;

use quaero_runtime::Host;
use quaero_types::{Episode, Kind, Opening, Origin, Pair, Role, Secret, Task, TaskId};
use serde::Deserialize;

use crate::Error;

/// A held-out task with its gold answer.
#[derive(Clone, Debug)]
pub struct SuiteTask {
    /// The task.
    pub task: Arc<Task>,
    /// Its gold answer.
    pub secret: Secret,
    /// Its line in the suite's file, counted from 1; 0 if it comes from none.
    pub line: usize,
}

/// A named list of held-out tasks.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Name, as it stands in metrics.
    pub name: String,
    /// The tasks, in file order.
    pub tasks: Vec<SuiteTask>,
    /// Hold-out keys of the tasks, as their families form them: training refuses such tasks.
    pub held_out: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    kind: Kind,
    public: serde_json::Value,
    secret: serde_json::Value,
}

impl Suite {
    /// Reads a suite from a file.
    ///
    /// # Errors
    /// When the file cannot be read, holds no task, or a line is not one.
    pub fn read(name: &str, path: &Path) -> Result<Self, Error> {
        let suite = Self::parse(name, &text_of(name, path)?)?;
        if suite.tasks.is_empty() {
            return Err(Error::Empty { path: path.display().to_string() });
        }
        Ok(suite)
    }

    /// Parses a suite from JSON lines of `kind`, `public` and `secret`; a byte order mark before a
    /// line does not belong to it. Nothing is held out yet: see [`Self::hold_out`].
    ///
    /// # Errors
    /// When a line is not a task.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let mut tasks = Vec::new();
        for (idx, line) in lines(text) {
            let line: Line = serde_json::from_str(line).map_err(|why| Error::Line {
                suite: name.to_owned(),
                line: idx + 1,
                why: why.to_string(),
            })?;
            let (public, secret) = (line.public.to_string(), line.secret.to_string());
            let task = Arc::new(Task {
                id: TaskId::of(&line.kind, &format!("{public}\n{secret}")),
                kind: line.kind,
                public,
                parents: Vec::new(),
                origin: Origin::Suite,
                metrics: BTreeMap::new(),
            });
            tasks.push(SuiteTask { task, secret: Secret::new(secret), line: idx + 1 });
        }
        Ok(Self { name: name.to_owned(), tasks, held_out: Vec::new() })
    }

    /// Lets the families judge nothing at all on every task: one that a family cannot read is told
    /// before a model has written an answer to it. Tasks of families that are not loaded pass.
    ///
    /// # Errors
    /// At the first task that its family refuses.
    pub fn check(&self, host: &Host) -> Result<(), Error> {
        let mut refused: Option<(usize, String)> = None;
        for (kind, indices) in self.of_kind() {
            let Some(family) = host.family(&kind.family) else { continue };
            let episode = |&idx: &usize| Episode {
                opening: Opening {
                    kind: kind.clone(),
                    role: Role::Solve,
                    seed: 0,
                    public: self.tasks[idx].task.public.clone(),
                    references: Vec::new(),
                },
                secret: Some(self.tasks[idx].secret.clone()),
                turns: Vec::new(),
                completion: String::new(),
                truncated: false,
            };
            let episodes: Vec<Episode> = indices.iter().map(episode).collect();
            for (idx, reply) in indices.into_iter().zip(family.step(&episodes)) {
                let line = self.tasks[idx].line;
                let first = refused.as_ref().is_none_or(|(earlier, _)| line < *earlier);
                match reply {
                    Err(fault) if first && fault.cause == "family" => {
                        refused = Some((line, fault.detail));
                    }
                    _ => {}
                }
            }
        }
        let suite = self.name.clone();
        refused.map_or(Ok(()), |(line, why)| Err(Error::Line { suite, line, why }))
    }

    /// Indices of the tasks of each kind.
    fn of_kind(&self) -> BTreeMap<&Kind, Vec<usize>> {
        let mut of_kind: BTreeMap<&Kind, Vec<usize>> = BTreeMap::new();
        for (idx, one) in self.tasks.iter().enumerate() {
            of_kind.entry(&one.task.kind).or_default().push(idx);
        }
        of_kind
    }

    /// Asks the families for the hold-out key of every task. Tasks of families that are not loaded
    /// have none, and need none: nobody can propose them.
    ///
    /// # Errors
    /// When a family refuses one of its tasks.
    pub fn hold_out(&mut self, host: &Host) -> Result<(), Error> {
        let mut keys = vec![None; self.tasks.len()];
        for (kind, indices) in self.of_kind() {
            let Some(family) = host.family(&kind.family) else { continue };
            let pair = |&idx: &usize| Pair {
                public: self.tasks[idx].task.public.clone(),
                secret: self.tasks[idx].secret.clone(),
            };
            let pairs: Vec<Pair> = indices.iter().map(pair).collect();
            for (idx, key) in indices.into_iter().zip(family.holdout(&kind.name, &pairs)) {
                keys[idx] = Some(key.map_err(|fault| Error::HoldOut {
                    suite: self.name.clone(),
                    task: idx + 1,
                    kind: kind.to_string(),
                    why: format!("{}: {}", fault.cause, fault.detail),
                })?);
            }
        }
        self.held_out = keys.into_iter().flatten().collect();
        Ok(())
    }

    /// The first `n` tasks of each kind (all when `n` is 0).
    #[must_use]
    pub fn limited(&self, n: usize) -> Self {
        let mut taken: BTreeMap<Kind, usize> = BTreeMap::new();
        let mut keep = |task: &SuiteTask| {
            let count = taken.entry(task.task.kind.clone()).or_default();
            *count += 1;
            n == 0 || *count <= n
        };
        let tasks = self.tasks.iter().filter(|task| keep(task)).cloned().collect();
        Self { name: self.name.clone(), tasks, held_out: self.held_out.clone() }
    }

    /// The tasks whose kind satisfies `plays`.
    #[must_use]
    pub fn of_kinds(&self, plays: impl Fn(&Kind) -> bool) -> Self {
        let tasks = self.tasks.iter().filter(|task| plays(&task.task.kind)).cloned().collect();
        Self { name: self.name.clone(), tasks, held_out: self.held_out.clone() }
    }
}

/// The text of the file at `path`, which errors call `name`.
pub(crate) fn text_of(name: &str, path: &Path) -> Result<String, Error> {
    let failed = |source| Error::Read { path: path.display().to_string(), source };
    let bytes = std::fs::read(path).map_err(failed)?;
    String::from_utf8(bytes).map_err(|error| not_utf8(name, &error))
}

/// The lines that are not blank, counted from 0, each without a byte order mark before it.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().map(|line| line.strip_prefix('\u{feff}').unwrap_or(line));
    lines.enumerate().filter(|(_, line)| !line.trim().is_empty())
}

/// Names the line on which a suite is no UTF-8.
fn not_utf8(suite: &str, error: &FromUtf8Error) -> Error {
    let (bytes, at) = (error.as_bytes(), error.utf8_error().valid_up_to());
    let line = 1 + bytes[..at].iter().filter(|&&byte| byte == b'\n').count();
    let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let hint = if utf16 { ": it looks like UTF-16, save it as UTF-8" } else { "" };
    let why = format!("not UTF-8 (byte 0x{:02x}){hint}", bytes[at]);
    Error::Line { suite: suite.to_owned(), line, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"
{"kind":"python/deduction","public":{"program":"p","input":"1"},"secret":{"output":"2"}}
{"kind":"python/abduction","public":{"program":"p","output":"2"},"secret":{"input":"1"}}
"#;

    #[test]
    fn a_suite_keeps_secrets_apart_and_limits_each_kind() {
        let suite = Suite::parse("s", &TWO.repeat(3)).unwrap();
        assert_eq!(suite.tasks.len(), 6);
        assert_eq!(suite.tasks[0].task.public, r#"{"program":"p","input":"1"}"#);
        assert_eq!(suite.limited(2).tasks.len(), 4);
        assert_eq!(suite.limited(0).tasks.len(), 6);
        assert_eq!(suite.of_kinds(|kind| kind.name == "abduction").tasks.len(), 3);
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = Suite::parse("s", &format!("{TWO}{{\"kind\":\"python\"}}")).unwrap_err();
        assert!(error.to_string().starts_with("suite s, line 4: expected family/kind"), "{error}");
    }

    #[track_caller]
    fn read(bytes: &[u8]) -> Result<Suite, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let named =
            |error: Error| error.to_string().replace(&file.path().display().to_string(), "FILE");
        Suite::read("s", file.path()).map_err(named)
    }

    #[test]
    fn a_byte_order_mark_in_a_suite_is_passed_over() {
        for text in [format!("\u{feff}{}", TWO.trim_start()), TWO.replace('\n', "\r\n\u{feff}")] {
            assert_eq!(read(text.as_bytes()).unwrap().tasks.len(), 2, "{text:?}");
        }
    }

    #[test]
    fn an_empty_suite_is_an_error() {
        for text in ["", "\n \n", "\u{feff}"] {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(error.starts_with("FILE holds no task"), "{error}");
        }
    }

    #[test]
    fn a_line_of_a_suite_that_is_no_utf_8_is_named() {
        let mut bytes = TWO.as_bytes().to_vec();
        let at = bytes.len() - 9;
        bytes[at] = 0xff;
        let error = read(&bytes).unwrap_err();
        assert!(error.starts_with("suite s, line 3: not UTF-8 (byte 0xff);"), "{error}");
        let error = read(b"\xff\xfe{\0}\0").unwrap_err();
        assert!(error.contains("line 1: not UTF-8") && error.contains("UTF-16"), "{error}");
    }
}
