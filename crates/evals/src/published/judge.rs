//! Texts to verdicts. What a model wrote is data: whatever it is, it has a verdict.

use quaero_runtime::{Answer, Host, Job, Outcome};
use quaero_types::{Episode, Kind, Opening, Reply, Role, Secret, Status, Verdict};
use serde_json::json;

use super::items::Check;
use super::{Item, Text};
use crate::Error;

/// The function that runs the tests, called once.
const ENTRY: &str = "quaero_check";
/// Most that a program may take: the published limits are three seconds on a machine's own CPython,
/// which is several times as fast.
const DEADLINE_MS: u32 = 20_000;
/// The family and kind that judge formulas.
const MATH: (&str, &str) = ("math", "answer");

/// Judges answers to items, in order.
///
/// # Errors
/// When there is no interpreter, or no family `math`, for a benchmark that needs it.
pub fn judge(host: &Host, answers: &[(&Item, &Text)]) -> Result<Vec<Verdict>, Error> {
    let (mut jobs, mut episodes) = (Vec::new(), Vec::new());
    let mut slots = Vec::with_capacity(answers.len());
    for (item, answer) in answers {
        slots.push(match &item.check {
            Check::Math { answer: gold } => {
                episodes.push(episode(gold, answer));
                Slot::Math
            }
            check => match program(check, &answer.text) {
                Ok(program) => {
                    jobs.push(job(program));
                    Slot::Program
                }
                Err(why) => Slot::Told(verdict(Status::Unparsable, why)),
            },
        });
    }
    let outcomes = match (jobs.is_empty(), host.interpreter()) {
        (true, _) => Vec::new(),
        (false, Some(interpreter)) => interpreter.run(&jobs),
        (false, None) => return Err(Error::Judge { needs: "interpreter" }),
    };
    let replies = match (episodes.is_empty(), host.family(MATH.0)) {
        (true, _) => Vec::new(),
        (false, Some(family)) => family.step(&episodes),
        (false, None) => return Err(Error::Judge { needs: "family math" }),
    };
    let (mut outcomes, mut replies) = (outcomes.into_iter(), replies.into_iter());
    let unjudged = || verdict(Status::Fault, "the judge said nothing".to_owned());
    let judged = slots.into_iter().map(|slot| match slot {
        Slot::Told(verdict) => verdict,
        Slot::Program => outcomes.next().map_or_else(unjudged, of_program),
        Slot::Math => match replies.next() {
            Some(Ok(Reply::Verdict(verdict))) => verdict,
            Some(Err(fault)) => {
                verdict(Status::Fault, format!("{}: {}", fault.cause, fault.detail))
            }
            _ => unjudged(),
        },
    });
    Ok(judged.collect())
}

/// Who judges an answer.
enum Slot {
    Told(Verdict),
    Program,
    Math,
}

fn verdict(status: Status, reason: String) -> Verdict {
    let score = if status == Status::Ok { 1.0 } else { 0.0 };
    Verdict { score, status, reason, format: true }
}

/// The program that runs an answer's tests, or why there is none.
fn program(check: &Check, answer: &str) -> Result<String, String> {
    let (before, answer, after, tests) = match check {
        Check::Code { before, after, tests } => {
            (before.as_str(), answer, after.as_str(), tests.clone())
        }
        // As the authors take the answer out of the text, and what they refuse.
        Check::Output { code, input, output } => {
            let value = answer.split("==").nth(1).unwrap_or(answer).trim();
            if value.contains(&format!("f({input})")) {
                return Err("the answer calls the function on the input".to_owned());
            }
            (code.as_str(), "", "", vec![format!("assert {output} == {value}")])
        }
        Check::Input { code, output } => {
            let call = answer.split("==").next().unwrap_or(answer);
            let call = call.split("assert").nth(1).unwrap_or(call).trim();
            if !call.contains("f(") {
                return Err("the answer is no call of f".to_owned());
            }
            (code.as_str(), "", "", vec![format!("assert {output} == {call}")])
        }
        Check::Math { .. } => return Err("a formula is no program".to_owned()),
    };
    // A JSON list of texts is one in Python as well.
    let tests = json!(tests);
    Ok(format!(
        "{before}{answer}{after}\n\ndef {ENTRY}():\n    for test in {tests}:\n        \
         exec(test, globals())\n    return True\n"
    ))
}

fn job(program: String) -> Job {
    Job {
        program,
        entry: ENTRY.to_owned(),
        calls: vec![String::new()],
        runs: 1,
        value_bytes_max: 1024,
        deadline_ms: DEADLINE_MS,
    }
}

fn of_program(outcome: Outcome) -> Verdict {
    let raised = |class: String, message: String| {
        let status = if class == "AssertionError" { Status::Wrong } else { Status::Crashed };
        verdict(status, format!("{class}: {message}"))
    };
    match outcome {
        Outcome::Done(answers) => match answers.into_iter().next() {
            Some(Answer::Value(value)) if value == "True" => verdict(Status::Ok, String::new()),
            Some(Answer::Raised { class, message }) => raised(class, message),
            other => verdict(Status::Crashed, format!("the tests gave {other:?}")),
        },
        Outcome::LoadRaised { class, message } => raised(class, message),
        Outcome::Timeout => verdict(Status::Timeout, format!("over {DEADLINE_MS} ms")),
        other => verdict(Status::Crashed, format!("{other:?}")),
    }
}

/// A formula's episode. Minerva's closing words are taken for what they announce.
fn episode(gold: &str, answer: &Text) -> Episode {
    let announced = answer
        .text
        .split_once("The final answer is ")
        .and_then(|(_, rest)| rest.split_once(". I hope it is correct"))
        .map(|(formula, _)| format!("\\boxed{{{}}}", formula.trim().trim_matches('$')));
    Episode {
        opening: Opening {
            kind: Kind::new(MATH.0, MATH.1),
            role: Role::Solve,
            seed: 0,
            public: json!({"problem": ""}).to_string(),
            references: Vec::new(),
        },
        secret: Some(Secret::new(json!({ "answer": gold }).to_string())),
        turns: Vec::new(),
        completion: announced.unwrap_or_else(|| answer.text.clone()),
        truncated: answer.truncated,
    }
}
