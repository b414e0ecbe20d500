//! The kind `answer`: is a free-form answer the gold one?
//!
//! The answer is the last box or boxes, else what the end of the text announces. A comparison that
//! meets a limit ends in `timeout`, never in `ok`. An acceptance that rests on more than exact
//! arithmetic says so.

use quaero_math_judge::{By, Extracted, Graded, Truth, grade};
use quaero_sdk::{Episode, Format, Reply, Status, Verdict, answer_section, tags_well_formed};

use crate::language::shortened;
use crate::options::Options;
use crate::task::Half;

/// The verdict on a solver's episode.
pub(crate) fn judge(options: &Options, episode: &Episode) -> Reply {
    let secret = match Half::parse(&episode.secret, "secret") {
        Ok(secret) => secret,
        Err(why) => return Reply::Fault(why),
    };
    let gold = match secret.text("answer") {
        Ok(gold) => gold,
        Err(why) => return Reply::Fault(why),
    };
    let completion = &episode.completion;
    let section = answer_section(completion);
    let mut graded = grade(gold, section, &options.rules);
    if matches!(graded.found, Extracted::None)
        && matches!(options.azr.format, Format::Plain)
        && is_mention(completion, section)
    {
        graded = grade(gold, completion, &options.rules);
    }
    let Graded { found, joined, judgement } = graded;
    let format = !episode.truncated
        && match options.azr.format {
            Format::Azr => tags_well_formed(completion),
            Format::Plain => matches!(found, Extracted::Boxed(_)),
        };
    let verdict = |status, reason: String| {
        let score = if status == Status::Ok { 1.0 } else { 0.0 };
        Reply::Verdict(Verdict { score, status, reason, format })
    };
    if episode.truncated {
        return verdict(Status::Unparsable, "cut at the length limit".to_owned());
    }
    let answer = match &found {
        Extracted::Boxed("") => return verdict(Status::Unparsable, "an empty box".to_owned()),
        Extracted::Boxed(answer) => answer,
        Extracted::Tail(answer) => answer.as_ref(),
        Extracted::None => {
            let reason = "no box, and nothing at the end that reads as an answer";
            return verdict(Status::Unparsable, reason.to_owned());
        }
    };
    let got = || shortened(joined.as_deref().unwrap_or(answer));
    match (judgement.truth, judgement.unreadable) {
        (Truth::Equal(by), _) => verdict(Status::Ok, reason(by)),
        (Truth::Different, Some(why)) => {
            verdict(Status::Unparsable, format!("cannot be read ({why}): {}", got()))
        }
        (Truth::Different, None) => verdict(Status::Wrong, format!("got {}", got())),
        (Truth::Undecided(limit), _) => {
            verdict(Status::Timeout, format!("undecided ({limit}): {}", got()))
        }
    }
}

/// Whether the tag before `section` is spoken of in the middle of a sentence, as in `I closed
/// </think> before this`, rather than being structure.
fn is_mention(completion: &str, section: &str) -> bool {
    let Some(before) = completion.strip_suffix(section) else { return false };
    let tag = ["<answer>", "</think>"].into_iter().find_map(|tag| before.strip_suffix(tag));
    let sentence = |text: &str| text.ends_with(' ') && !text.trim_end().ends_with('.');
    let mut chars = section.chars();
    let goes_on = chars.next() == Some(' ') && chars.next().is_some_and(char::is_lowercase);
    goes_on && tag.is_some_and(sentence) && !completion.trim_start().starts_with("<think>")
}

/// Why an answer was accepted: `equal`, with the rules beyond exact arithmetic.
fn reason(by: By) -> String {
    let rules: Vec<&str> = by.names().collect();
    match rules.is_empty() {
        true => "equal".to_owned(),
        false => format!("equal ({})", rules.join("; ")),
    }
}
