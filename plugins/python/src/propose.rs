//! Is a proposal a task? The checks stand in AZR's order, each with a named cause:
//! `parse`, `too_large`, `banned_import`, `banned_call`, `banned_keyword` (error prediction),
//! `syntax`, `multiple_functions`, `no_entry`, `no_parameter`, `bad_arguments`,
//! `not_composite`, `copies_reference`; then, from running it, `error`
//! (whatever was raised, by whatever name), `timeout`, `memory`, `crashed`, `nondeterministic`,
//! `not_plain`, `too_large`, `ignores_input`.
//!
//! Only a value that came back whole becomes gold: never an empty or a cut one.

use quaero_sdk::{
    Answer, Cause, Episode, Inputs, Job, LiteralError, Outcome, Rejection, Reply, Value, block,
    fits, rejected, whole,
};

use crate::composite::Given;
use crate::error;
use crate::measure;
use crate::options::{Options, Style};
use crate::perturb;
use crate::plan::Plan;
use crate::reading::{Reading, trimmed};
use crate::source::{Source, plain_arguments};
use crate::task::{self, Example, Kind, Reference};

/// The entry function of every program.
pub(crate) const ENTRY: &str = "f";

/// Arguments that no interpreter takes: the program is compiled and not run.
const COMPILE_ONLY: &str = ")";

/// How to judge a proposer's episode.
pub(crate) fn plan(options: &Options, kind: Kind, episode: &Episode) -> Plan {
    let plan = match kind {
        Kind::Deduction | Kind::Abduction | Kind::Error => program(options, kind, episode),
        Kind::Induction => inputs(options, episode),
    };
    plan.unwrap_or_else(|cause| Plan::Now(cause.into()))
}

/// A proposal of deduction, abduction or error prediction: one program and one input.
fn program(options: &Options, kind: Kind, episode: &Episode) -> Result<Plan, Cause> {
    let reading = Reading::new(options.azr.style, episode, "python");
    whole(episode)?;
    let mut program = trimmed(block(&reading, "python")?);
    let input = block(&reading, "input")?.trim().to_owned();
    let format = reading.keeps(options.azr.format, &["python", "input"]);
    fits("the program", &program, options.azr.program_bytes_max)?;
    fits("the input", &input, options.azr.input_bytes_max)?;
    not_banned(options, &program)?;
    if kind == Kind::Error {
        no_banned_keyword(options, &program)?;
    }
    if options.azr.style == Style::Azr {
        program = Source::new(&program).with_entry(ENTRY);
    }
    let given = Given::of(options, kind, &episode.opening);
    let arguments = arguments(options, &input);
    let fault = static_fault(options, &program).err();
    let fault = fault.or_else(|| arguments.as_ref().err().cloned()).or_else(|| {
        let detail = given.fault(&program)?;
        Some(Rejection { cause: "not_composite".to_owned(), detail })
    });
    let program = given.before(program);
    if let Some(Rejection { cause, detail }) = fault {
        // It is not worth running, but syntax comes first.
        let job = job(options, &program, vec![COMPILE_ONLY.to_owned()], 1);
        return Ok(Plan::run(vec![job], move |outcomes| match outcomes[0] {
            Outcome::Syntax(why) => rejected("syntax", why).into(),
            Outcome::Refused => refused().into(),
            _ => rejected(&cause, detail).into(),
        }));
    }
    if options.azr.reject_copies_of_references {
        differs_from_references(&episode.opening.references, &program, &input)?;
    }
    let main = job(options, &program, vec![input.clone()], options.determinism_runs);
    let variants = match arguments {
        Ok(Some(values)) if options.require_input_dependence && kind != Kind::Error => {
            perturb::variants(
                &values,
                options.azr.n_variants,
                &task::key_of_program(&program, &input),
            )
        }
        _ => Vec::new(),
    };
    let mut jobs = vec![main];
    if !variants.is_empty() {
        // A job of its own: a variant that hangs must not take the task with it.
        jobs.push(job(options, &program, variants, 1));
    }
    let variants_at = (jobs.len() > 1).then_some(1);
    let measure_at = options.measures.then_some(jobs.len());
    if options.measures {
        jobs.push(measure::job(options, &program, programs(&episode.opening.references)));
    }
    Ok(Plan::run(jobs, move |outcomes| {
        let judged = match kind {
            Kind::Error => error::gold(outcomes[0])
                .map(|raised| task::of_error(&program, &input, &raised, format)),
            _ => values(outcomes[0], 1).and_then(|mut values| {
                let (text, value) = values.remove(0);
                depends(&text, variants_at.map(|at| outcomes[at]))?;
                Ok(task::of_program(kind, &program, &input, &value, format))
            }),
        };
        let measured = measure_at.map(|at| measure::metrics(outcomes[at])).unwrap_or_default();
        judged.map_or_else(Reply::from, |mut task| {
            task.metrics.extend(measured);
            Reply::Proposed(task)
        })
    }))
}

/// The programs of references that hold one.
fn programs(references: &[quaero_sdk::Pair]) -> Vec<String> {
    references.iter().filter_map(|pair| Some(Reference::parse(pair).ok()?.program)).collect()
}

/// A proposal of induction: inputs for the reference's program, and a message.
fn inputs(options: &Options, episode: &Episode) -> Result<Plan, Cause> {
    let references = &episode.opening.references;
    let Some(pair) = references.first() else {
        return Err(Cause::Fault("an induction proposal needs one reference, got none".to_owned()));
    };
    let program = Reference::parse(pair).map_err(Cause::Fault)?.program;
    let Inputs { inputs, message, format } = Inputs::read(&options.azr, episode)?;
    for input in &inputs {
        fits("an input", input, options.azr.input_bytes_max)?;
        arguments(options, input).map_err(Cause::Rejected)?;
    }
    let (n_shown, must_depend) = (options.azr.n_shown, options.require_input_dependence);
    let job = job(options, &program, inputs.clone(), options.determinism_runs);
    Ok(Plan::run(vec![job], move |outcomes| {
        let judged = values(outcomes[0], inputs.len()).and_then(|values| {
            if must_depend && values.iter().all(|(text, _)| *text == values[0].0) {
                return Err(rejected("ignores_input", "every input gives the same output"));
            }
            let examples: Vec<(Example, Value)> = inputs
                .iter()
                .zip(values)
                .map(|(input, (_, value))| {
                    (Example { input: input.clone(), output: value.to_string() }, value)
                })
                .collect();
            Ok(task::of_examples(&program, &message, &examples, n_shown, format))
        });
        judged.map_or_else(Reply::from, Reply::Proposed)
    }))
}

fn not_banned(options: &Options, program: &str) -> Result<(), Cause> {
    let source = Source::new(program);
    if let Some(banned) = source.banned_import(&options.banned_imports) {
        return Err(rejected("banned_import", banned));
    }
    match source.banned_call(&options.banned_calls) {
        Some(banned) => Err(rejected("banned_call", banned)),
        None => Ok(()),
    }
}

fn static_fault(options: &Options, program: &str) -> Result<(), Rejection> {
    let fault = |cause: &str, detail: String| Rejection { cause: cause.to_owned(), detail };
    let source = Source::new(program);
    if options.reject_multiple_functions && source.n_functions() > 1 {
        let detail = format!("{} functions are defined", source.n_functions());
        return Err(fault("multiple_functions", detail));
    }
    match source.has_parameter(ENTRY) {
        None => Err(fault("no_entry", format!("no function `{ENTRY}` at top level"))),
        Some(false) => Err(fault("no_parameter", format!("`{ENTRY}` takes no argument"))),
        Some(true) => Ok(()),
    }
}

/// The argument values where they are literals, `None` where they are plain expressions.
fn arguments(options: &Options, input: &str) -> Result<Option<Vec<Value>>, Rejection> {
    let bad = |detail: String| Rejection { cause: "bad_arguments".to_owned(), detail };
    match Value::parse_arguments(input, options.azr.input_bytes_max) {
        Ok(values) if values.is_empty() => Err(bad("no argument".to_owned())),
        Ok(values) => Ok(Some(values)),
        Err(error @ LiteralError::Surrogate) => {
            Err(Rejection { cause: "not_plain".to_owned(), detail: error.to_string() })
        }
        Err(error) if options.literal_inputs || options.require_input_dependence => {
            Err(bad(format!("not comma-separated literals: {error}")))
        }
        Err(_) => plain_arguments(input).map(|()| None).map_err(bad),
    }
}

fn no_banned_keyword(options: &Options, program: &str) -> Result<(), Cause> {
    let source = Source::new(program);
    let stands = |keyword: &&String| source.n_keywords(&[keyword.as_str()]) > 0;
    match options.error_banned_keywords.iter().find(stands) {
        Some(keyword) => Err(rejected("banned_keyword", keyword.as_str())),
        None => Ok(()),
    }
}

fn differs_from_references(
    references: &[quaero_sdk::Pair],
    program: &str,
    input: &str,
) -> Result<(), Cause> {
    let key = task::key_of_program(program, input);
    for pair in references {
        let Reference { program, example } = Reference::parse(pair).map_err(Cause::Fault)?;
        if example.is_some_and(|example| task::key_of_program(&program, &example.input) == key) {
            return Err(rejected("copies_reference", "the same program and input as a reference"));
        }
    }
    Ok(())
}

fn job(options: &Options, program: &str, calls: Vec<String>, runs: u32) -> Job {
    Job {
        program: program.to_owned(),
        entry: ENTRY.to_owned(),
        calls,
        runs,
        value_bytes_max: options.azr.value_bytes_max as u32,
        deadline_ms: options.deadline_ms,
    }
}

fn refused() -> Cause {
    Cause::Fault("the interpreter is not granted: grant it to the family python".to_owned())
}

/// The value of each call, with its canonical text, or why the program is no task's.
pub(crate) fn values(outcome: &Outcome, n_calls: usize) -> Result<Vec<(String, Value)>, Cause> {
    let answers = match outcome {
        Outcome::Done(answers) => answers,
        Outcome::Syntax(why) => return Err(rejected("syntax", why)),
        Outcome::LoadRaised((class, why)) => {
            return Err(rejected("error", format!("{class}: {why} (top level)")));
        }
        Outcome::Timeout => return Err(rejected("timeout", "ran past its deadline")),
        Outcome::Memory => return Err(rejected("memory", "over the memory limit")),
        Outcome::Crashed(why) => return Err(rejected("crashed", why)),
        Outcome::Refused => return Err(refused()),
    };
    if answers.len() != n_calls {
        let why = format!("the interpreter gave {} answers for {n_calls} calls", answers.len());
        return Err(Cause::Fault(why));
    }
    answers.iter().map(value).collect()
}

fn value(answer: &Answer) -> Result<(String, Value), Cause> {
    match answer {
        Answer::Value(text) => match Value::parse(text, usize::MAX) {
            Ok(value) if value.has_nan() => {
                Err(rejected("not_plain", "a NaN, which equals no answer"))
            }
            Ok(value) => Ok((text.clone(), value)),
            Err(error @ LiteralError::Surrogate) => Err(rejected("not_plain", error.to_string())),
            Err(error) => Err(Cause::Fault(format!("canonical value {text:?}: {error}"))),
        },
        Answer::Raised((class, why)) => Err(rejected("error", format!("{class}: {why}"))),
        Answer::BadArguments(why) => Err(rejected("bad_arguments", why)),
        Answer::NotPlain(name) => Err(rejected("not_plain", format!("it returns a {name}"))),
        Answer::TooLarge => Err(rejected("too_large", "the value it returns")),
        Answer::Nondeterministic => Err(rejected("nondeterministic", "two runs disagree")),
    }
}

/// Whether some variant of the input gives another output. Variants that raise say nothing; without
/// any that runs, the program has the benefit of the doubt.
fn depends(text: &str, variants: Option<&Outcome>) -> Result<(), Cause> {
    let Some(Outcome::Done(answers)) = variants else { return Ok(()) };
    let mut ran = answers.iter().filter(|answer| !matches!(answer, Answer::Raised(_))).peekable();
    if ran.peek().is_none() || ran.any(|answer| *answer != Answer::Value(text.to_owned())) {
        return Ok(());
    }
    Err(rejected("ignores_input", "other inputs give the same output"))
}
