//! What a run asked and answered, read from `experience.db`: how often tasks were solved, and as
//! many tasks, attempts and rejected proposals as a page has room for.
//!
//! The file is opened for reading alone, also while the run writes it and where nothing can be
//! written at all. Text in it was written by a
//! model and may be anything, bytes that are no UTF-8 among it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Rows};
use serde_json::{Value, json};

use crate::text::{lossy, visible};

mod choice;
mod news;
mod open;

pub use news::news;

/// Version of the store's schema that is understood.
const SCHEMA_VERSION: i64 = 1;

/// How much of a run's experience a page takes.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Bytes of tasks with their attempts, as JSON.
    pub task_bytes: usize,
    /// Bytes of rejected proposals.
    pub rejected_bytes: usize,
    /// Characters of one text; what is longer is cut and says so.
    pub text_chars: usize,
    /// Different attempts shown of one task.
    pub attempts: usize,
}

impl Default for Budget {
    /// A page of three megabytes at most, curves apart.
    fn default() -> Self {
        Self { task_bytes: 2_400_000, rejected_bytes: 400_000, text_chars: 4000, attempts: 24 }
    }
}

/// How often the tasks of a step were solved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Solved {
    pub(crate) kind: String,
    pub(crate) step: f64,
    pub(crate) rate: f64,
}

/// What the page shows of a run's experience.
#[derive(Clone, Debug, Default)]
pub struct Experience {
    /// Each task in each step that attempted it more than once.
    pub(crate) solved: Vec<Solved>,
    pub(crate) n_tasks: usize,
    pub(crate) n_attempts: usize,
    pub(crate) n_rejected: usize,
    /// Tasks with attempts and lineage, as the page's script takes them.
    pub(crate) tasks: Vec<Value>,
    pub(crate) rejected: Vec<Value>,
}

impl Experience {
    /// Reads the store in a run's folder.
    ///
    /// # Errors
    /// In one line for people, when there is no store or it does not read: a page can do without.
    pub fn read(folder: &Path, budget: &Budget) -> Result<Self, String> {
        look(folder, |db| Self::query(db, budget))
    }

    fn query(db: &Connection, budget: &Budget) -> rusqlite::Result<Self> {
        let facts = choice::facts(db, None)?;
        let parents = choice::in_order(&facts);
        let totals = Totals::read(db)?;
        let mut this = Self {
            solved: solved(db)?,
            n_tasks: totals.tasks,
            n_attempts: totals.attempts,
            n_rejected: totals.rejected,
            tasks: tasks(db, &parents, budget)?,
            ..Self::default()
        };
        this.rejected = rejected(db, budget, this.n_rejected)?;
        Ok(this)
    }
}

/// How much there is in all, on the page or not.
struct Totals {
    tasks: usize,
    attempts: usize,
    rejected: usize,
}

impl Totals {
    fn read(db: &Connection) -> rusqlite::Result<Self> {
        let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, usize>(0));
        Ok(Self {
            tasks: count("SELECT COUNT(*) FROM tasks")?,
            attempts: count("SELECT COUNT(*) FROM attempts")?,
            rejected: count("SELECT COUNT(*) FROM proposals WHERE outcome <> 'task'")?,
        })
    }
}

/// Hands one snapshot of the store in a run's folder to `query`: the run may write meanwhile.
fn look<T>(
    folder: &Path,
    query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, String> {
    let path = folder.join("experience.db");
    if !path.is_file() {
        return Err("the run's folder has no experience.db".to_owned());
    }
    let read = || -> rusqlite::Result<Result<T, i64>> {
        let store = open::Store::open(&path)?;
        let version = store.version()?;
        if version != SCHEMA_VERSION {
            return Ok(Err(version));
        }
        store.db.execute_batch("BEGIN")?;
        query(&store.db).map(Ok)
    };
    match read() {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(version)) => Err(format!(
            "experience.db has version {version}, this build reads version {SCHEMA_VERSION}: \
             use the build that made the run"
        )),
        Err(error) => Err(format!("experience.db does not read: {error}")),
    }
}

/// As many of `facts`' tasks, in their order, as there is room for.
fn tasks(
    db: &Connection,
    facts: &[&choice::Fact],
    budget: &Budget,
) -> rusqlite::Result<Vec<Value>> {
    let (mut kept, mut room) = (Vec::new(), budget.task_bytes);
    for fact in facts {
        let task = task(db, fact, budget)?;
        let size = task.to_string().len();
        if size > room {
            break;
        }
        room -= size;
        kept.push(task);
    }
    Ok(kept)
}

/// A column as text, whatever it holds.
fn text(row: &Row, column: usize) -> rusqlite::Result<String> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => String::new(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(x) => x.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => lossy(bytes),
    })
}

/// Cut to what one text may take, and made visible.
fn shown(text: &str, budget: &Budget) -> String {
    let n_chars = text.chars().count();
    if n_chars <= budget.text_chars {
        return visible(text);
    }
    let head: String = text.chars().take(budget.text_chars).collect();
    format!("{}… ({} more characters)", visible(&head), n_chars - budget.text_chars)
}

/// A JSON column as (name, text) pairs: what a family calls its parts, strings as they are.
fn parts(column: &str, budget: &Budget) -> Value {
    match serde_json::from_str::<Value>(column) {
        Ok(Value::Object(object)) => object
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::String(text) => text.clone(),
                    other => serde_json::to_string_pretty(other).unwrap_or_default(),
                };
                json!([visible(name), shown(&value, budget)])
            })
            .collect(),
        _ if column.is_empty() => json!([]),
        _ => json!([["", shown(column, budget)]]),
    }
}

fn ids(column: &str) -> Vec<String> {
    serde_json::from_str::<Vec<String>>(column).unwrap_or_default()
}

fn solved(db: &Connection) -> rusqlite::Result<Vec<Solved>> {
    let sql = "SELECT tasks.kind, attempts.step, AVG(attempts.score) FROM attempts
               JOIN tasks ON tasks.id = attempts.task_id WHERE attempts.status <> 'fault'
               GROUP BY attempts.task_id, attempts.step HAVING COUNT(*) > 1
               ORDER BY attempts.step, attempts.task_id";
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Solved { kind: text(row, 0)?, step: row.get::<_, i64>(1)? as f64, rate: row.get(2)? })
    })?;
    rows.collect()
}

fn task(db: &Connection, fact: &choice::Fact, budget: &Budget) -> rusqlite::Result<Value> {
    let sql = "SELECT public, secret, parents, metrics FROM tasks WHERE seq = ?";
    let (public, secret, parents, metrics) =
        db.prepare_cached(sql)?.query_row([fact.seq], |row| {
            Ok((text(row, 0)?, text(row, 1)?, text(row, 2)?, text(row, 3)?))
        })?;
    let metrics = serde_json::from_str::<BTreeMap<String, f64>>(&metrics).unwrap_or_default();
    let metrics: Vec<Value> =
        metrics.iter().map(|(k, v)| json!([visible(k), crate::text::number(*v)])).collect();
    let (attempts, n_hidden) = attempts(db, &fact.id, budget)?;
    let mut task = json!({
        "id": visible(&fact.id),
        "kind": visible(&fact.kind),
        "origin": visible(&fact.origin),
        "step": fact.step,
        "rate": fact.rate,
        "n": fact.n_attempts,
        "public": parts(&public, budget),
        "secret": parts(&secret, budget),
        "parents": ids(&parents).iter().map(|id| visible(id)).collect::<Vec<_>>(),
        "metrics": metrics,
        "attempts": attempts,
        "hidden": n_hidden,
    });
    let sql = "SELECT text, reward, step, n_tokens, truncated FROM proposals
               WHERE task_id = ? AND step = ? ORDER BY seq LIMIT 1";
    let proposal =
        db.prepare_cached(sql)?.query_row(rusqlite::params![fact.id, fact.proposed_step], |row| {
            Ok(json!({
                "text": shown(&text(row, 0)?, budget),
                "reward": row.get::<_, Option<f64>>(1)?,
                "step": row.get::<_, i64>(2)?,
                "tokens": row.get::<_, i64>(3)?,
                "cut": row.get::<_, bool>(4)?,
            }))
        });
    match proposal {
        Ok(proposal) => task["proposal"] = proposal,
        Err(rusqlite::Error::QueryReturnedNoRows) => {}
        Err(error) => return Err(error),
    }
    Ok(task)
}

/// A task's attempts, those of a step that are the same as one with their number; and how many
/// different ones there was no room for.
fn attempts(db: &Connection, id: &str, budget: &Budget) -> rusqlite::Result<(Vec<Value>, usize)> {
    let sql = "SELECT step, status, score, reward, n_tokens, truncated, format, reason, text,
                      COUNT(*)
               FROM attempts WHERE task_id = ? GROUP BY step, status, score, text
               ORDER BY step, MIN(seq)";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([id], |row| {
        Ok(json!({
            "step": row.get::<_, i64>(0)?,
            "status": visible(&text(row, 1)?),
            "score": row.get::<_, f64>(2)?,
            "reward": row.get::<_, Option<f64>>(3)?,
            "tokens": row.get::<_, i64>(4)?,
            "cut": row.get::<_, bool>(5)?,
            "format": row.get::<_, bool>(6)?,
            "reason": shown(&text(row, 7)?, budget),
            "text": shown(&text(row, 8)?, budget),
            "times": row.get::<_, i64>(9)?,
        }))
    })?;
    let mut all = rows.collect::<rusqlite::Result<Vec<Value>>>()?;
    let n_hidden = all.len().saturating_sub(budget.attempts);
    if n_hidden > 0 {
        let kept = telling(&all, budget.attempts);
        let mut idx = 0..;
        all.retain(|_| idx.next().is_some_and(|idx| kept.contains(&idx)));
    }
    Ok((all, n_hidden))
}

/// Which `n` attempts of more are shown: up to half of them right ones, for how a task was solved
/// at last is what people look for; otherwise the earliest.
fn telling(all: &[Value], n: usize) -> BTreeSet<usize> {
    let (right, other): (Vec<usize>, Vec<usize>) =
        (0..all.len()).partition(|&idx| all[idx]["status"] == "ok");
    let n_right = right.len().min(n.div_ceil(2)).max(n.saturating_sub(other.len()));
    right[..n_right].iter().chain(&other[..n - n_right]).copied().collect()
}

/// Proposals that became no task, evenly over the run and its causes.
fn rejected(db: &Connection, budget: &Budget, n_all: usize) -> rusqlite::Result<Vec<Value>> {
    // A short entry has about 200 bytes; every n-th of each cause, the rarest causes in full.
    let wanted = (budget.rejected_bytes / 200).max(1);
    let every = n_all.div_ceil(wanted).max(1);
    let sql = "SELECT seq, step, kind, cause, detail, reward, n_tokens, truncated, parents, text
               FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY kind, cause ORDER BY seq) AS nth,
                            COUNT(*) OVER (PARTITION BY kind, cause) AS n_alike
                     FROM proposals WHERE outcome <> 'task')
               WHERE n_alike <= 20 OR nth % ?1 = 0 ORDER BY nth, seq";
    let mut statement = db.prepare(sql)?;
    let mut kept = entries(statement.query([every])?, budget)?;
    kept.sort_by_key(|entry| entry["seq"].as_i64());
    Ok(kept)
}

/// Rows of seq, step, kind, cause, detail, reward, length, whether cut, parents and text, as many
/// as there is room for.
fn entries(mut rows: Rows<'_>, budget: &Budget) -> rusqlite::Result<Vec<Value>> {
    let (mut kept, mut room) = (Vec::new(), budget.rejected_bytes);
    while let Some(row) = rows.next()? {
        let entry = json!({
            "seq": row.get::<_, i64>(0)?,
            "step": row.get::<_, i64>(1)?,
            "kind": visible(&text(row, 2)?),
            "cause": visible(&text(row, 3)?),
            "detail": shown(&text(row, 4)?, budget),
            "reward": row.get::<_, Option<f64>>(5)?,
            "tokens": row.get::<_, i64>(6)?,
            "cut": row.get::<_, bool>(7)?,
            "parents": ids(&text(row, 8)?).iter().map(|id| visible(id)).collect::<Vec<_>>(),
            "text": shown(&text(row, 9)?, budget),
        });
        let size = entry.to_string().len();
        if size > room {
            break;
        }
        room -= size;
        kept.push(entry);
    }
    Ok(kept)
}
