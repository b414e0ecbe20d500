//! What a completion is worth. Whatever a model wrote ends in a reply; a fault is for what the
//! host sent.

use quaero_sdk::{Blocks, Episode, Reply, after_fence};

use crate::options::Options;
use crate::system::{System, bare};
use crate::task::{self, Task};

/// The first block of a completion, and whether there is nothing else.
struct Reading {
    text: String,
    format: bool,
}

/// Reads a completion whose prompt ended with the opening fence of a `kind` block.
fn read(episode: &Episode, kind: &str) -> Option<Reading> {
    let completion = after_fence(kind, &episode.completion);
    let blocks = Blocks::parse(&completion, episode.truncated);
    let block = blocks.all().first()?;
    let alone = blocks.all().len() == 1 && block.closed;
    let format = alone && blocks.render() == completion.trim_end() && !episode.truncated;
    Some(Reading { text: block.text.trim().to_owned(), format })
}

/// Is it a task? The causes: `parse`, `too_large`, `endless`, `trivial`, `copies_reference`.
pub(crate) fn proposal(episode: &Episode, options: &Options) -> Reply {
    let Some(Reading { text, format }) = read(episode, "input") else {
        return Reply::reject("parse", "no whole block");
    };
    let (rules, word) = text.rsplit_once('\n').unwrap_or(("", &text));
    let word = bare(word);
    if !options.is_word(word) {
        return Reply::reject("parse", "the last line is no word");
    }
    let first = episode.opening.references.first();
    let system = match first.map(|pair| Task::read(&pair.public, &pair.secret, options)) {
        // A word alone is a task under the rules of the first reference.
        Some(Ok(task)) if rules.is_empty() => Ok(task.system),
        Some(Err(why)) => return Reply::Fault(why),
        _ => System::parse(rules.lines(), options),
    };
    let system = match system {
        Ok(system) => system,
        Err(why) => return Reply::reject("parse", why),
    };
    let Some(end) = system.run(word, options) else {
        return Reply::reject("endless", format!("more than {} steps", options.steps_max));
    };
    if end.n_steps == 0 {
        return Reply::reject("trivial", "no rule fits the word");
    }
    if !options.is_word(&end.word) {
        return Reply::reject("too_large", "the result is longer than a word may be");
    }
    let task = Task { system, word: word.to_owned(), end };
    let copies = episode.opening.references.iter().any(|pair| {
        Task::read(&pair.public, &pair.secret, options).is_ok_and(|other| other.key() == task.key())
    });
    if copies {
        return Reply::reject("copies_reference", "it is one of the references");
    }
    Reply::Proposed(task.proposed(&episode.opening.kind, format))
}

/// Is it right?
pub(crate) fn answer(episode: &Episode, options: &Options) -> Reply {
    let reach = episode.opening.kind == "reach";
    let given = match given(episode, options) {
        Ok(given) => given,
        Err(why) => return Reply::Fault(why),
    };
    let fence = if reach { "input" } else { "output" };
    let Some(Reading { text, format }) = read(episode, fence) else {
        return Reply::unparsable("no whole block");
    };
    let text = bare(&text);
    if !options.is_word(text) {
        return Reply::unparsable("the answer is no word");
    }
    let Task { system, end, .. } = given;
    if !reach {
        return if text == end.word { Reply::right(format) } else { Reply::wrong("", format) };
    }
    match system.run(text, options) {
        // The result itself changes no more: to repeat what is shown is no answer.
        Some(found) if found.n_steps == 0 => Reply::wrong("no rule fits the word", format),
        Some(found) if found.word == end.word => Reply::right(format),
        Some(found) => Reply::wrong(format!("it becomes {}", found.word), format),
        None => Reply::wrong("it goes on without end", format),
    }
}

/// The task that was asked, from both halves.
fn given(episode: &Episode, options: &Options) -> Result<Task, String> {
    let given = Task::read(&episode.opening.public, &episode.secret, options)?;
    let public = task::half(&episode.opening.public)?;
    let secret = task::half(&episode.secret)?;
    let result = task::text(&public, "result").or_else(|_| task::text(&secret, "result"))?;
    if result == given.end.word {
        return Ok(given);
    }
    Err(format!("the task says {result:?}, its rules say {:?}", given.end.word))
}
