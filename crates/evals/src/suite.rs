//! Tasks that training never sees, from JSON lines.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use quaero_runtime::Host;
use quaero_types::{Kind, Origin, Pair, Secret, Task, TaskId};
use serde::Deserialize;

use crate::Error;

/// A held-out task with its gold answer.
#[derive(Clone, Debug)]
pub struct SuiteTask {
    /// The task.
    pub task: Arc<Task>,
    /// Its gold answer.
    pub secret: Secret,
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
    /// When the file cannot be read or a line is not a task.
    pub fn read(name: &str, path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::Read { path: path.display().to_string(), source })?;
        Self::parse(name, &text)
    }

    /// Parses a suite from JSON lines of `kind`, `public` and `secret`. Nothing is held out yet:
    /// see [`Self::hold_out`].
    ///
    /// # Errors
    /// When a line is not a task.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let mut tasks = Vec::new();
        for (idx, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
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
            tasks.push(SuiteTask { task, secret: Secret::new(secret) });
        }
        Ok(Self { name: name.to_owned(), tasks, held_out: Vec::new() })
    }

    /// Asks the families for the hold-out key of every task. Tasks of families that are not loaded
    /// have none, and need none: nobody can propose them.
    ///
    /// # Errors
    /// When a family refuses one of its tasks.
    pub fn hold_out(&mut self, host: &Host) -> Result<(), Error> {
        let mut of_kind: BTreeMap<&Kind, Vec<usize>> = BTreeMap::new();
        for (idx, one) in self.tasks.iter().enumerate() {
            of_kind.entry(&one.task.kind).or_default().push(idx);
        }
        let mut keys = vec![None; self.tasks.len()];
        for (kind, indices) in of_kind {
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
}
