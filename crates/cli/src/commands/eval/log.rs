//! Results on disk, one JSON object an answer behind a line that says what they belong to; an
//! evaluation that was stopped goes on from them. Items whose answers are not all there are answered
//! again: the same are drawn.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use quaero_evals::published::Text;
use quaero_types::{Status, Verdict};
use quaero_weights::write_atomic;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use quaero_terminal::UsageError;

/// An answer with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sample {
    pub(super) score: f32,
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) n_tokens: usize,
    pub(super) truncated: bool,
    pub(super) completion: String,
}

impl Sample {
    pub(super) fn of(text: Text, verdict: Verdict) -> Self {
        let Text { text: completion, n_tokens, truncated } = text;
        let Verdict { score, status, reason, format: _ } = verdict;
        let status = status.name().to_owned();
        Self { score, status, reason, n_tokens, truncated, completion }
    }

    pub(super) fn is_right(&self) -> bool {
        self.score >= 1.0
    }

    /// Whether there is a verdict at all.
    pub(super) fn is_judged(&self) -> bool {
        self.status != Status::Fault.name()
    }
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Record {
    id: String,
    /// Which answer to the item, and of how many; an item without an answer has one line without.
    sample: usize,
    samples: usize,
    #[serde(flatten)]
    result: Option<Sample>,
}

/// The results so far.
pub(super) struct Log {
    file: Option<File>,
    done: BTreeMap<String, Vec<Sample>>,
}

impl Log {
    /// Opens the file at `path`, made if need be; without one, results are kept in memory alone.
    pub(super) fn open(path: Option<&Path>, header: &Value) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self { file: None, done: BTreeMap::new() }) };
        let done = match std::fs::read_to_string(path) {
            Ok(text) if !text.is_empty() => read(&text, header)
                .with_context(|| format!("{} cannot be gone on with", path.display()))?,
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
            _ => BTreeMap::new(),
        };
        let mut text = format!("{header}\n");
        done.iter().for_each(|(id, samples)| text.push_str(&lines(id, samples)));
        write_atomic(path, text.len() as u64, &mut |file| file.write_all(text.as_bytes()))?;
        let file = OpenOptions::new().append(true).open(path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { file: Some(file), done })
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.done.contains_key(id)
    }

    pub(super) fn samples(&self, id: &str) -> &[Sample] {
        self.done.get(id).map_or(&[], Vec::as_slice)
    }

    /// Keeps the answers to an item.
    pub(super) fn add(&mut self, id: &str, samples: Vec<Sample>) -> anyhow::Result<()> {
        if let Some(file) = &mut self.file {
            file.write_all(lines(id, &samples).as_bytes()).context("cannot write the results")?;
        }
        self.done.insert(id.to_owned(), samples);
        Ok(())
    }
}

fn lines(id: &str, samples: &[Sample]) -> String {
    let record =
        |sample, result| Record { id: id.to_owned(), sample, samples: samples.len(), result };
    let mut records: Vec<Record> =
        samples.iter().enumerate().map(|(idx, one)| record(idx, Some(one.clone()))).collect();
    if records.is_empty() {
        records.push(record(0, None));
    }
    let line = |record: &Record| serde_json::to_string(record).unwrap_or_default() + "\n";
    records.iter().map(line).collect()
}

/// The items whose answers are all there. A line that does not read was being written when the
/// process ended.
fn read(text: &str, header: &Value) -> anyhow::Result<BTreeMap<String, Vec<Sample>>> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let found: Value = serde_json::from_str(first).unwrap_or_default();
    if found != *header {
        let words =
            format!("it holds results of {found}, this is {header}: name another file with --out");
        return Err(UsageError(words).into());
    }
    let mut items: BTreeMap<String, (usize, Vec<Sample>)> = BTreeMap::new();
    for line in rest.lines() {
        let Ok(Record { id, samples, result, .. }) = serde_json::from_str(line) else { continue };
        let item = items.entry(id).or_insert((samples, Vec::new()));
        item.1.extend(result);
    }
    let whole = items.into_iter().filter(|(_, (n, samples))| samples.len() == *n);
    Ok(whole.map(|(id, (_, samples))| (id, samples)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample(n_tokens: usize) -> Sample {
        let verdict =
            Verdict { score: 1.0, status: Status::Ok, reason: String::new(), format: true };
        Sample::of(Text { text: "é\n".to_owned(), n_tokens, truncated: false }, verdict)
    }

    #[test]
    fn results_come_back_and_a_torn_item_is_answered_again() {
        let folder = tempfile::tempdir().unwrap();
        let (path, header) = (folder.path().join("out.jsonl"), json!({"quaero_eval": 1, "a": 2}));
        let mut log = Log::open(Some(&path), &header).unwrap();
        log.add("x", vec![sample(1), sample(2)]).unwrap();
        log.add("none", Vec::new()).unwrap();
        log.add("y", vec![sample(3), sample(4)]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 9]).unwrap();
        let log = Log::open(Some(&path), &header).unwrap();
        assert!(log.has("x") && log.has("none") && !log.has("y"));
        assert_eq!(log.samples("x"), [sample(1), sample(2)]);
        let lines = std::fs::read_to_string(&path).unwrap();
        assert_eq!(lines.lines().count(), 1 + 2 + 1, "{lines}");
        let Err(error) = Log::open(Some(&path), &json!({"quaero_eval": 1, "a": 3})) else {
            panic!("another evaluation's results are taken");
        };
        assert!(format!("{error:#}").contains("name another file"), "{error:#}");
    }
}
