//! Is a self-play answer right? Values are read as numbers and polynomials written out, never as
//! expressions to be computed, so a task cannot be answered with itself.

use quaero_sdk::{Episode, Reply, Status, Verdict};

use crate::language::{Program, Undefined, Value, arguments, run, shortened};
use crate::options::Options;
use crate::reading::{Reading, answer};
use crate::task::{Example, Half, Kind};

/// The verdict on a solver's episode of a self-play kind.
pub(crate) fn judge(options: &Options, kind: Kind, episode: &Episode) -> Reply {
    let fence = match kind {
        Kind::Abduction => "input",
        Kind::Induction => "math",
        Kind::Answer | Kind::Deduction => "output",
    };
    let reading = Reading::new(options.azr.style, episode, fence);
    let format = reading.keeps(options.azr.format, &[fence]);
    let judged = match (episode.truncated, answer(&reading, fence)) {
        (true, _) => Ok((Status::Unparsable, "cut at the length limit".to_owned())),
        (false, None) => Ok((Status::Unparsable, format!("no {fence} block"))),
        (false, Some(answer)) => match kind {
            Kind::Abduction => abduction(options, episode, &answer),
            Kind::Induction => induction(options, episode, &answer),
            Kind::Answer | Kind::Deduction => deduction(options, episode, &answer),
        },
    };
    match judged {
        Ok((status, reason)) => {
            let score = if status == Status::Ok { 1.0 } else { 0.0 };
            Reply::Verdict(Verdict { score, status, reason, format })
        }
        // The task itself is broken.
        Err(why) => Reply::Fault(why),
    }
}

/// How an answer did, and why.
type Judged = Result<(Status, String), String>;

fn gold(text: &str) -> Result<Value, String> {
    Value::parse(text).ok_or_else(|| format!("the gold output {text:?} is no value"))
}

fn compared(gold: &Value, got: &Value) -> (Status, String) {
    match gold == got {
        true => (Status::Ok, "equal".to_owned()),
        false => (Status::Wrong, format!("got {}", shortened(&got.to_string()))),
    }
}

fn deduction(options: &Options, episode: &Episode, answer: &str) -> Judged {
    let secret = Half::parse(&episode.secret, "secret")?;
    let gold = gold(secret.text("output")?)?;
    if answer.len() > 2 * options.azr.value_bytes_max {
        return Ok((Status::Unparsable, "a value over the size limit".to_owned()));
    }
    Ok(match Value::parse(answer) {
        Some(value) => compared(&gold, &value),
        None => {
            let reason = format!("no number and no polynomial: {}", shortened(answer));
            (Status::Unparsable, reason)
        }
    })
}

/// Whatever arguments give the gold value will do.
fn abduction(options: &Options, episode: &Episode, answer: &str) -> Judged {
    let public = Half::parse(&episode.opening.public, "public")?;
    let gold = gold(public.text("output")?)?;
    let program = Program::parse(public.text("program")?)
        .map_err(|why| format!("the task's program: {why}"))?;
    if answer.len() > options.azr.input_bytes_max {
        return Ok((Status::Unparsable, "an input over the size limit".to_owned()));
    }
    let read = match arguments(answer) {
        Ok(read) if read.len() == program.parameters.len() => read,
        Ok(read) => {
            let (n, wanted) = (read.len(), program.parameters.len());
            return Ok((Status::Unparsable, format!("{n} arguments for {wanted} parameters")));
        }
        Err(why) => return Ok((Status::Unparsable, why)),
    };
    Ok(match run(&program, &read) {
        Ok((value, _)) => compared(&gold, &value),
        Err(why) => failed(why),
    })
}

/// The answer must give every shown and every hidden value.
fn induction(options: &Options, episode: &Episode, answer: &str) -> Judged {
    let public = Half::parse(&episode.opening.public, "public")?;
    let secret = Half::parse(&episode.secret, "secret")?;
    let (shown, hidden) = (public.examples("examples")?, secret.examples("hidden")?);
    if answer.len() > options.azr.program_bytes_max {
        return Ok((Status::Unparsable, "a program over the size limit".to_owned()));
    }
    let program = match Program::parse(answer) {
        Ok(program) => program,
        Err(why) => return Ok((Status::Unparsable, format!("no program: {why}"))),
    };
    let n = shown.len() + hidden.len();
    for (idx, Example { input, output }) in shown.iter().chain(&hidden).enumerate() {
        let read = arguments(input).map_err(|why| format!("the task's own input: {why}"))?;
        let gold = gold(output)?;
        // A program that needs no more than the first of its arguments is given what it takes.
        let taken = read.get(..program.parameters.len().min(read.len())).unwrap_or(&read);
        let (status, reason) = match run(&program, taken) {
            Ok((value, _)) => compared(&gold, &value),
            Err(why) => failed(why),
        };
        if status != Status::Ok {
            return Ok((status, format!("example {} of {n}: {reason}", idx + 1)));
        }
    }
    Ok((Status::Ok, "equal on every example".to_owned()))
}

fn failed(why: Undefined) -> (Status, String) {
    match why {
        Undefined::Nowhere(why) => (Status::Crashed, format!("undefined: {why}")),
        Undefined::Limit(limit) => (Status::Timeout, limit.to_owned()),
    }
}
