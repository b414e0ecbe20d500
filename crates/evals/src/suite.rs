//! Tasks that training never sees, from JSON lines.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use quaero_types::{Kind, Origin, Secret, Task, TaskId};
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
    holdout: Option<String>,
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

    /// Parses a suite from JSON lines: `kind`, `public`, `secret` and, if training is to refuse the
    /// task, `holdout` with its hold-out key.
    ///
    /// # Errors
    /// When a line is not a task.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let (mut tasks, mut held_out) = (Vec::new(), Vec::new());
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
            held_out.extend(line.holdout);
            tasks.push(SuiteTask { task, secret: Secret::new(secret) });
        }
        Ok(Self { name: name.to_owned(), tasks, held_out })
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
