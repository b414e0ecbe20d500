//! A fixed set of held-out tasks, graded once by how hard they are for a run's first policy. Later
//! scores by level then say what a run learns: easy tasks kept, middle ones won, hard ones reached.
//!
//! The answers that grade a task are not those that are scored, at step 0 neither: whoever is
//! graded `hard` by bad luck falls back to its true rate in the first score, not in a later one,
//! where that would look like learning.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use quaero_play::Player;
use quaero_rng::Key;
use quaero_types::{Kind, TaskId};
use serde::{Deserialize, Serialize};

use crate::{Error, Rates, Score, Suite, SuiteTask, answer};

/// How hard a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Solved at least three times in four.
    Easy,
    /// Between.
    Middle,
    /// Solved at most once in four.
    Hard,
}

impl Level {
    /// All levels, the easiest first.
    pub const ALL: [Self; 3] = [Self::Easy, Self::Middle, Self::Hard];

    /// The level of a task with this solve rate. Bounds and no quantiles: a level then means the
    /// same in every run, and tasks with equal rates stand together.
    #[must_use]
    pub fn of(rate: f64) -> Self {
        match rate {
            r if r >= 0.75 => Self::Easy,
            r if r > 0.25 => Self::Middle,
            _ => Self::Hard,
        }
    }

    /// As in metrics and in `probe.json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Middle => "middle",
            Self::Hard => "hard",
        }
    }
}

/// How a probe set is graded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grading {
    /// Answers a task.
    pub samples: usize,
    /// Tasks of each kind, those with the smallest ids; 0 for all.
    pub tasks_per_kind: usize,
}

/// A graded task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graded {
    /// Its kind.
    pub kind: Kind,
    /// How hard it was.
    pub level: Level,
    /// The share of answers that solved it.
    pub rate: f64,
}

/// The probe set: a run's `probe.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    format: u32,
    /// The suite whose tasks they are.
    pub suite: String,
    /// Answers that graded a task.
    pub samples: usize,
    /// The tasks by id.
    pub tasks: BTreeMap<TaskId, Graded>,
}

const FORMAT: u32 = 1;

impl Probe {
    /// Grades the tasks of `suite` by what `player` makes of them. `key` must be none under which
    /// the suite is scored. Tasks that could not be judged are left out.
    ///
    /// # Errors
    /// When a kind has no family or the engine fails.
    pub fn grade(
        player: &mut Player<'_>,
        suite: &Suite,
        grading: Grading,
        key: Key,
    ) -> Result<Self, Error> {
        let tasks = chosen(suite, grading.tasks_per_kind);
        let rates = answer(player, &tasks, grading.samples, key)?;
        Ok(Self::of(&suite.name, grading.samples, &tasks, &rates))
    }

    fn of(suite: &str, samples: usize, tasks: &[SuiteTask], rates: &Rates) -> Self {
        let graded = tasks.iter().enumerate().filter_map(|(idx, one)| {
            let rate = rates.rate(idx)?;
            let kind = one.task.kind.clone();
            Some((one.task.id, Graded { kind, level: Level::of(rate), rate }))
        });
        Self { format: FORMAT, suite: suite.to_owned(), samples, tasks: graded.collect() }
    }

    /// Reads a `probe.json` for `suite`; `None` if there is none.
    ///
    /// # Errors
    /// When it does not read, is of another version, contradicts itself, or grades tasks that are
    /// not in `suite`.
    pub fn read(path: &Path, suite: &Suite) -> Result<Option<Self>, Error> {
        let damaged = |why: String| Error::Probe { path: path.display().to_string(), why };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(damaged(error.to_string())),
        };
        let this: Self = serde_json::from_str(&text).map_err(|why| damaged(why.to_string()))?;
        this.check(suite).map_err(damaged)?;
        Ok(Some(this))
    }

    fn check(&self, suite: &Suite) -> Result<(), String> {
        if self.format != FORMAT {
            return Err(format!("it has format {}, this build reads format {FORMAT}", self.format));
        }
        for (id, one) in &self.tasks {
            if !(0.0..=1.0).contains(&one.rate) || one.level != Level::of(one.rate) {
                let level = one.level.name();
                return Err(format!("task {id} has rate {} and is called {level}", one.rate));
            }
        }
        let there: BTreeSet<TaskId> = suite.tasks.iter().map(|one| one.task.id).collect();
        match self.tasks.keys().filter(|id| !there.contains(id)).count() {
            0 => Ok(()),
            n => Err(format!("{n} of its tasks are not in the suite {} as it is now", suite.name)),
        }
    }

    /// The file's text.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The scores by level of answers to `suite`, the easiest first; a level without a judged task
    /// has none.
    #[must_use]
    pub fn scores(&self, suite: &Suite, rates: &Rates) -> Vec<Score> {
        let of_level = |level: Level| {
            let is_of = |idx: &usize| {
                let graded = self.tasks.get(&suite.tasks[*idx].task.id);
                graded.is_some_and(|graded| graded.level == level)
            };
            let indices: Vec<usize> = (0..suite.tasks.len()).filter(is_of).collect();
            rates.score(format!("probe/{}", level.name()), &indices)
        };
        Level::ALL.into_iter().filter_map(of_level).collect()
    }
}

/// The `n` tasks of each kind with the smallest ids (all when `n` is 0), each once. An id is a
/// hash, so the choice is as good as drawn, and the same wherever the suite has the same tasks.
fn chosen(suite: &Suite, n: usize) -> Vec<SuiteTask> {
    let mut by_id: BTreeMap<(&Kind, TaskId), &SuiteTask> = BTreeMap::new();
    for one in &suite.tasks {
        by_id.insert((&one.task.kind, one.task.id), one);
    }
    let mut taken: BTreeMap<&Kind, usize> = BTreeMap::new();
    let mut keep = |kind| {
        let count = taken.entry(kind).or_default();
        *count += 1;
        n == 0 || *count <= n
    };
    by_id.into_iter().filter(|((kind, _), _)| keep(kind)).map(|(_, one)| one.clone()).collect()
}

#[cfg(test)]
mod tests;
