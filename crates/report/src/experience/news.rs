//! What a run's experience gained after a step: what a page that is open needs to go on with it.

use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{Budget, Totals, choice, entries, look, tasks};
use crate::text::json as safe_json;

/// Tasks that were added or attempted after step `after`, rejected proposals that were written
/// after it, and how many of each there are in all: one line of JSON. What has no room is left out,
/// the oldest first.
///
/// # Errors
/// In one line for people, when there is no store or it does not read.
pub fn news(folder: &Path, after: u64, budget: &Budget) -> Result<String, String> {
    look(folder, |db| {
        let mut facts = choice::facts(db, Some(after))?;
        facts.reverse();
        let facts: Vec<&choice::Fact> = facts.iter().collect();
        let totals = Totals::read(db)?;
        let step = "SELECT MAX(step) FROM steps";
        Ok(safe_json(&json!({
            "step": db.query_row(step, [], |row| row.get::<_, Option<u64>>(0))?,
            "tasks": tasks(db, &facts, budget)?,
            "rejected": rejected(db, after, budget)?,
            "totals": [totals.tasks, totals.attempts, totals.rejected],
        })))
    })
}

fn rejected(db: &Connection, after: u64, budget: &Budget) -> rusqlite::Result<Vec<Value>> {
    let sql = "SELECT seq, step, kind, cause, detail, reward, n_tokens, truncated, parents, text
               FROM proposals WHERE outcome <> 'task' AND step > ?1 ORDER BY seq DESC";
    let mut statement = db.prepare(sql)?;
    entries(statement.query([after])?, budget)
}
