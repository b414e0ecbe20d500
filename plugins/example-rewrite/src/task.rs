//! Tasks on the wire, and the prompts that ask for one and about one.
//!
//! | kind | public | secret |
//! |---|---|---|
//! | `reduce` | `rules`, `word` | `result` |
//! | `reach` | `rules`, `result` | `word` (one that works) |

use quaero_sdk::{Metric, Opening, Pair, Proposed, fenced};
use serde_json::{Value as Json, json};

use crate::options::Options;
use crate::system::{End, System, bare};

/// Rules, a word, and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) system: System,
    pub(crate) word: String,
    pub(crate) end: End,
}

const EXPLAIN: &str = "A rule `ab>c` turns `ab` into `c`. The first rule that fits is applied at \
                       its leftmost place, again and again, until none fits.\n";

impl Task {
    /// Reads both halves of a task of either kind.
    ///
    /// # Errors
    /// Says what is missing, or that the rules do not stop.
    pub(crate) fn read(public: &str, secret: &str, options: &Options) -> Result<Self, String> {
        let (public, secret) = (half(public)?, half(secret)?);
        let word = text(&public, "word").or_else(|_| text(&secret, "word"))?;
        let system = System::parse(text(&public, "rules")?.lines(), options)?;
        let end = system.run(word, options).ok_or("the rules do not stop")?;
        Ok(Self { word: word.to_owned(), system, end })
    }

    /// What makes two tasks the same, and what must not leak from a held-out one.
    pub(crate) fn key(&self) -> String {
        format!("{}\n{}", self.system.text(""), self.word)
    }

    /// The task for the host.
    pub(crate) fn proposed(&self, kind: &str, format: bool) -> Proposed {
        let (rules, word, result) = (self.system.text(""), &self.word, &self.end.word);
        let (public, secret) = match kind {
            "reach" => (json!({"rules": rules, "result": result}), json!({"word": word})),
            _ => (json!({"rules": rules, "word": word}), json!({"result": result})),
        };
        let metric = |name: &str, value: f64| Metric { name: name.to_owned(), value };
        Proposed {
            public: public.to_string(),
            secret: secret.to_string(),
            key: self.key(),
            holdout_key: self.key(),
            format,
            metrics: vec![
                metric("n_rules", self.system.n_rules() as f64),
                metric("n_steps", f64::from(self.end.n_steps)),
                metric("word_len", word.len() as f64),
            ],
        }
    }
}

/// The proposer's prompt: the references, then the opening fence of a task. The marks are those of
/// the seed model's own tasks: behind them it knows where an answer ends.
///
/// # Errors
/// If a reference is no task.
pub(crate) fn ask_for_a_task(opening: &Opening, options: &Options) -> Result<String, String> {
    let mut prompt = String::new();
    if options.explain {
        prompt += EXPLAIN;
        prompt += "Write rules, one a line, and last a word that they change. A word alone is \
                   taken with the rules of the first task.\n";
    }
    for Pair { public, secret } in &opening.references {
        let task = Task::read(public, secret, options)?;
        prompt += &fenced("input", &format!("{}\n'{}'", task.system.text("'"), task.word));
    }
    Ok(prompt + "<|propose-deduction|>```input\n")
}

/// The solver's prompt, to the opening fence of the answer. It sees the public half alone.
///
/// # Errors
/// If that is no task of the kind.
pub(crate) fn ask_for_an_answer(opening: &Opening, options: &Options) -> Result<String, String> {
    let public = half(&opening.public)?;
    let rules = System::parse(text(&public, "rules")?.lines(), options)?.text("'");
    let word = |name: &str| Ok::<_, String>(format!("'{}'", bare(text(&public, name)?)));
    let explain = if options.explain { EXPLAIN } else { "" };
    if opening.kind == "reach" {
        let (rules, result) = (fenced("input", &rules), fenced("output", &word("result")?));
        return Ok(format!("{explain}<|solve-abduction|>{rules}{result}```input\n"));
    }
    let given = fenced("input", &format!("{rules}\n{}", word("word")?));
    Ok(format!("{explain}<|solve-deduction|>{given}```output\n"))
}

/// A half of a task.
///
/// # Errors
/// If it is no JSON.
pub(crate) fn half(text: &str) -> Result<Json, String> {
    serde_json::from_str(text).map_err(|error| format!("half of a task is no JSON: {error}"))
}

/// The field `name`.
///
/// # Errors
/// If it is no text.
pub(crate) fn text<'a>(half: &'a Json, name: &str) -> Result<&'a str, String> {
    half[name].as_str().ok_or_else(|| format!("half of the task has no text `{name}`"))
}
