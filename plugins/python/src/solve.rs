//! Is an answer right? Values are compared here, never inside the interpreter that ran the answer,
//! so no class, no patched name and no closing bracket of an answer can judge itself.

use quaero_sdk::{
    Answer, Episode, Equality, Job, LiteralError, Outcome, Reply, Status, Value, Verdict,
};

use crate::error;
use crate::options::{InductionScore, Options, Style};
use crate::plan::Plan;
use crate::propose::ENTRY;
use crate::reading::{Reading, answer, trimmed};
use crate::source::{Source, plain_arguments};
use crate::task::{Example, Half, Kind};

/// How to judge a solver's episode.
pub(crate) fn plan(options: &Options, kind: Kind, episode: &Episode) -> Plan {
    let fence = match kind {
        Kind::Deduction | Kind::Error => "output",
        Kind::Abduction => "input",
        Kind::Induction => "python",
    };
    let reading = Reading::new(options.azr.style, episode, fence);
    let format = reading.keeps(options.azr.format, &[fence]);
    let unparsable = |why: String| Plan::Now(verdict(0.0, Status::Unparsable, why, format));
    if episode.truncated {
        return unparsable("cut at the length limit".to_owned());
    }
    let Some(answer) = answer(&reading, fence) else {
        return unparsable(format!("no {fence} block"));
    };
    let task = || {
        let public = Half::parse(&episode.opening.public, "public")?;
        Ok(match kind {
            Kind::Deduction => {
                let secret = Half::parse(&episode.secret, "secret")?;
                deduction(options, &gold(secret.text("output")?)?, answer.trim(), format)
            }
            Kind::Error => {
                let secret = Half::parse(&episode.secret, "secret")?;
                Plan::Now(error::judge(secret.text("output")?, answer.trim(), format))
            }
            Kind::Abduction => {
                let gold = gold(public.text("output")?)?;
                abduction(options, public.text("program")?, gold, answer.trim(), format)
            }
            Kind::Induction => {
                let secret = Half::parse(&episode.secret, "secret")?;
                let shown = public.examples("examples")?;
                induction(options, shown, secret.examples("hidden")?, &answer, format)?
            }
        })
    };
    task().unwrap_or_else(|why: String| Plan::Now(Reply::Fault(why)))
}

fn gold(text: &str) -> Result<Value, String> {
    Value::parse(text, usize::MAX).map_err(|error| format!("the gold output {text:?}: {error}"))
}

pub(crate) fn verdict(
    score: f32,
    status: Status,
    reason: impl Into<String>,
    format: bool,
) -> Reply {
    Reply::Verdict(Verdict { score, status, reason: reason.into(), format })
}

/// The value that was asked for against the one that came.
fn compared(equality: Equality, gold: &Value, got: &Value, format: bool) -> Reply {
    if equality.holds(gold, got) {
        return verdict(1.0, Status::Ok, "equal", format);
    }
    verdict(0.0, Status::Wrong, format!("got {}", shortened(&got.to_string())), format)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    }
}

/// A literal is compared as it is; a plain expression is evaluated by an interpreter first.
fn deduction(options: &Options, gold: &Value, answer: &str, format: bool) -> Plan {
    let max_bytes = options.azr.value_bytes_max;
    let error = match Value::parse(answer, max_bytes) {
        Ok(value) => return Plan::Now(compared(options.equality, gold, &value, format)),
        Err(error @ LiteralError::Surrogate) => {
            return Plan::Now(verdict(0.0, Status::Wrong, error.to_string(), format));
        }
        Err(error) => error,
    };
    if let Err(why) = expression(options, answer, max_bytes) {
        let reason = format!("no literal: {error}; no plain expression: {why}");
        return Plan::Now(verdict(0.0, Status::Unparsable, reason, format));
    }
    let identity = format!("def {ENTRY}(x):\n    return x\n");
    let job = job(options, &identity, vec![format!("({answer}\n)")]);
    let (equality, gold) = (options.equality, gold.clone());
    Plan::run(vec![job], move |outcomes| match single(outcomes[0]) {
        Ok(Answer::Value(text)) => returned(equality, &gold, text, format),
        Ok(Answer::Raised((class, why))) => {
            verdict(0.0, Status::Unparsable, format!("the answer raises {class}: {why}"), format)
        }
        other => failed(other, format),
    })
}

/// Whatever input gives the gold output will do.
fn abduction(options: &Options, program: &str, gold: Value, answer: &str, format: bool) -> Plan {
    // Published answers often give the whole call.
    let answer = Source::new(answer).only_call(ENTRY).unwrap_or(answer);
    let literals = Value::parse_arguments(answer, options.azr.input_bytes_max);
    let fault = match literals {
        Ok(values)
            if values.is_empty() && Source::new(program).has_parameter(ENTRY) != Some(false) =>
        {
            Some("no argument".to_owned())
        }
        Ok(_) => None,
        Err(error) => expression(options, answer, options.azr.input_bytes_max)
            .err()
            .map(|why| format!("no literals: {error}; no plain expressions: {why}")),
    };
    if let Some(reason) = fault {
        return Plan::Now(verdict(0.0, Status::Unparsable, reason, format));
    }
    let job = job(options, program, vec![answer.to_owned()]);
    let equality = options.equality;
    Plan::run(vec![job], move |outcomes| match single(outcomes[0]) {
        Ok(Answer::Value(text)) => returned(equality, &gold, text, format),
        // What no answer can bring about is the task's own fault.
        Err(outcome @ (Outcome::Syntax(_) | Outcome::LoadRaised(_))) => {
            Reply::Fault(format!("the task's program does not load: {outcome:?}"))
        }
        other => failed(other, format),
    })
}

/// The answer must give every shown and every hidden output.
fn induction(
    options: &Options,
    shown: Vec<Example>,
    hidden: Vec<Example>,
    answer: &str,
    format: bool,
) -> Result<Plan, String> {
    let mut program = trimmed(answer);
    let unparsable = |why: &str| Ok(Plan::Now(verdict(0.0, Status::Unparsable, why, format)));
    if program.is_empty() {
        return unparsable("an empty program");
    }
    if program.len() > options.azr.program_bytes_max {
        return unparsable("a program over the size limit");
    }
    if options.azr.style == Style::Azr {
        program = Source::new(&program).with_entry(ENTRY);
    }
    if Source::new(&program).has_parameter(ENTRY).is_none() {
        return unparsable("no function `f` at top level");
    }
    let n_shown = shown.len();
    let examples: Vec<Example> = shown.into_iter().chain(hidden).collect();
    let golds: Vec<Value> = examples.iter().map(|e| gold(&e.output)).collect::<Result<_, _>>()?;
    let job = job(options, &program, examples.into_iter().map(|e| e.input).collect());
    let (equality, score) = (options.equality, options.induction_score);
    Ok(Plan::run(vec![job], move |outcomes| {
        let answers = match outcomes[0] {
            Outcome::Done(answers) if answers.len() == golds.len() => answers,
            Outcome::Done(answers) => {
                let n = answers.len();
                return Reply::Fault(format!("{n} answers for {} calls", golds.len()));
            }
            other => return failed(Err(other), format),
        };
        let replies: Vec<Reply> = golds
            .iter()
            .zip(answers)
            .map(|(gold, answer)| match answer {
                Answer::Value(text) => returned(equality, gold, text, format),
                Answer::BadArguments(why) => {
                    Reply::Fault(format!("the task's own input is no argument: {why}"))
                }
                other => failed(Ok(other), format),
            })
            .collect();
        summed(&replies, n_shown, score)
    }))
}

/// The verdict over all examples: right if all are; else the first failure says how it ended.
fn summed(replies: &[Reply], n_shown: usize, score: InductionScore) -> Reply {
    let right = |reply: &Reply| matches!(reply, Reply::Verdict(v) if v.status == Status::Ok);
    let Some(idx) = replies.iter().position(|reply| !right(reply)) else {
        return replies[0].clone();
    };
    let Reply::Verdict(first) = &replies[idx] else { return replies[idx].clone() };
    let hidden = &replies[n_shown..];
    let n_right = hidden.iter().filter(|reply| right(reply)).count();
    let share = n_right as f32 / hidden.len().max(1) as f32;
    Reply::Verdict(Verdict {
        score: if score == InductionScore::Accuracy { share } else { 0.0 },
        reason: format!(
            "example {} of {}: {} ({n_right} of {} hidden ones right)",
            idx + 1,
            replies.len(),
            first.reason,
            hidden.len()
        ),
        ..first.clone()
    })
}

fn expression(options: &Options, answer: &str, max_bytes: usize) -> Result<(), String> {
    if !options.answer_expressions {
        return Err("expressions are switched off".to_owned());
    }
    if answer.len() > max_bytes {
        return Err(format!("{} bytes, more than {max_bytes}", answer.len()));
    }
    plain_arguments(answer)
}

fn job(options: &Options, program: &str, calls: Vec<String>) -> Job {
    Job {
        program: program.to_owned(),
        entry: ENTRY.to_owned(),
        calls,
        runs: 1,
        value_bytes_max: options.azr.value_bytes_max as u32,
        deadline_ms: options.deadline_ms,
    }
}

/// The answer of a job of one call.
fn single(outcome: &Outcome) -> Result<&Answer, &Outcome> {
    match outcome {
        Outcome::Done(answers) => answers.first().ok_or(outcome),
        other => Err(other),
    }
}

fn returned(equality: Equality, gold: &Value, text: &str, format: bool) -> Reply {
    match Value::parse(text, usize::MAX) {
        Ok(value) => compared(equality, gold, &value, format),
        // No gold has one.
        Err(error @ LiteralError::Surrogate) => {
            verdict(0.0, Status::Wrong, format!("a value with {error}"), format)
        }
        Err(error) => Reply::Fault(format!("canonical value {text:?}: {error}")),
    }
}

/// What an answer that gave no value comes to.
fn failed(failure: Result<&Answer, &Outcome>, format: bool) -> Reply {
    let (status, reason) = match failure {
        Ok(Answer::Value(text)) => return Reply::Fault(format!("value {text:?} taken as failure")),
        Ok(Answer::Raised((class, why))) => (Status::Crashed, format!("raised {class}: {why}")),
        Ok(Answer::BadArguments(why)) => (Status::Unparsable, format!("no arguments: {why}")),
        Ok(Answer::NotPlain(name)) => (Status::Wrong, format!("a {name} is no plain value")),
        Ok(Answer::TooLarge) => (Status::Wrong, "a value over the size limit".to_owned()),
        Ok(Answer::Nondeterministic) => (Status::Wrong, "two runs disagree".to_owned()),
        Err(Outcome::Done(_)) => return Reply::Fault("a job of one call has no answer".to_owned()),
        Err(Outcome::Syntax(why)) => (Status::Unparsable, why.clone()),
        Err(Outcome::LoadRaised((class, why))) => {
            (Status::Crashed, format!("raised {class}: {why} (top level)"))
        }
        Err(Outcome::Timeout) => (Status::Timeout, "ran past its deadline".to_owned()),
        Err(Outcome::Memory) => (Status::Crashed, "over the memory limit".to_owned()),
        Err(Outcome::Crashed(why)) => (Status::Crashed, why.clone()),
        Err(Outcome::Refused) => {
            let why = "the interpreter is not granted: grant it to the family python";
            return Reply::Fault(why.to_owned());
        }
    };
    verdict(0.0, status, reason, format)
}
