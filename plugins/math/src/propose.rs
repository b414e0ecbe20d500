//! Is a proposal a task? Each refusal has a named cause: `parse`, `too_large`, `syntax`,
//! `no_parameter` (a constant), `unused_parameter`, `bad_arguments`, `copies_reference`, `trivial`
//! (fewer operations than demanded), then, from running it, `undefined`, `limit`, `too_large`,
//! `identity` (it gives back an argument) and `ignores_input`; for induction also `repeated_input`.
//!
//! `not_proposable` refuses proposals of `answer`: nobody here can tell whether a gold is right.

use quaero_sdk::{Cause, Episode, Inputs, Reply, block, fits, rejected, whole};

use crate::language::{Program, Rat, Undefined, Value, arguments, print_arguments, run, shortened};
use crate::options::Options;
use crate::reading::Reading;
use crate::task::{self, Kind, Played, Reference};

/// The reply to a proposer's episode.
pub(crate) fn judge(options: &Options, kind: Kind, episode: &Episode) -> Reply {
    let reply = match kind {
        Kind::Answer => Err(rejected("not_proposable", "no gold can be checked here")),
        Kind::Deduction | Kind::Abduction => program(options, kind, episode),
        Kind::Induction => inputs(options, episode),
    };
    reply.unwrap_or_else(Reply::from)
}

/// A proposal of deduction or abduction: one program and one input.
fn program(options: &Options, kind: Kind, episode: &Episode) -> Result<Reply, Cause> {
    let reading = Reading::new(options.azr.style, episode, "math");
    whole(episode)?;
    let (text, input) = (block(&reading, "math")?.trim(), block(&reading, "input")?.trim());
    fits("the program", text, options.azr.program_bytes_max)?;
    fits("the input", input, options.azr.input_bytes_max)?;
    let program = checked(options, text)?;
    let input = read_arguments(&program, input)?;
    if options.azr.reject_copies_of_references {
        let key = format!("{program}\n# {}", print_arguments(&input));
        for pair in &episode.opening.references {
            let Reference { program, example } = Reference::parse(pair).map_err(Cause::Fault)?;
            if example.is_some_and(|e| task::key(&program, &e.input).as_ref() == Some(&key)) {
                let detail = "the same program and input as a reference";
                return Err(rejected("copies_reference", detail));
            }
        }
    }
    let played = play(options, &program, &input)?;
    worth(options, &program, &input, &played)?;
    let format = reading.keeps(options.azr.format, &["math", "input"]);
    Ok(Reply::Proposed(task::of_program(kind, &played, format)))
}

/// A proposal of induction: inputs for the reference's program, and a message.
fn inputs(options: &Options, episode: &Episode) -> Result<Reply, Cause> {
    let Some(pair) = episode.opening.references.first() else {
        return Err(Cause::Fault("an induction proposal needs one reference, got none".to_owned()));
    };
    let reference = Reference::parse(pair).map_err(Cause::Fault)?.program;
    let program = Program::parse(&reference)
        .map_err(|why| Cause::Fault(format!("the reference's program: {why}")))?;
    let Inputs { inputs, message, format } = Inputs::read(&options.azr, episode)?;
    let mut played: Vec<Played<'_>> = Vec::with_capacity(inputs.len());
    for text in &inputs {
        fits("an input", text, options.azr.input_bytes_max)?;
        let input = read_arguments(&program, text)?;
        let next = play(options, &program, &input)?;
        if played.iter().any(|earlier| earlier.input == next.input) {
            return Err(rejected("repeated_input", shortened(text)));
        }
        played.push(next);
    }
    if played.iter().all(|next| next.output == played[0].output) {
        return Err(rejected("ignores_input", "every input gives the same value"));
    }
    Ok(Reply::Proposed(task::of_examples(&played, &message, options.azr.n_shown, format)))
}

/// The program of a text, if it is worth running.
fn checked(options: &Options, text: &str) -> Result<Program, Cause> {
    let program = Program::parse(text).map_err(|why| rejected("syntax", why))?;
    if program.parameters.is_empty() {
        return Err(rejected("no_parameter", "the same value whatever is put in"));
    }
    for (idx, name) in program.parameters.iter().enumerate() {
        if !program.body.mentions(idx) {
            return Err(rejected("unused_parameter", format!("`{name}` does not occur")));
        }
    }
    let shape = program.body.shape();
    let n = shape.n_operations + shape.n_calls + shape.n_folds + shape.n_branches;
    match n < options.operations_min {
        true => {
            let detail = format!("{n} operations, {} are asked for", options.operations_min);
            Err(rejected("trivial", detail))
        }
        false => Ok(program),
    }
}

fn read_arguments(program: &Program, text: &str) -> Result<Vec<Rat>, Cause> {
    let read = arguments(text).map_err(|why| rejected("bad_arguments", why))?;
    let (n, wanted) = (read.len(), program.parameters.len());
    match n == wanted {
        true => Ok(read),
        false => Err(rejected("bad_arguments", format!("{n} arguments for {wanted} parameters"))),
    }
}

fn play<'a>(options: &Options, program: &'a Program, input: &[Rat]) -> Result<Played<'a>, Cause> {
    let (output, n_steps) = run(program, input).map_err(|why| match why {
        Undefined::Nowhere(why) => rejected("undefined", why),
        Undefined::Limit(limit) => rejected("limit", limit),
    })?;
    fits("the value", &output.to_string(), options.azr.value_bytes_max)?;
    Ok(Played { program, input: print_arguments(input), output, n_steps })
}

/// Refuses programs that say nothing about their input: those that give it back, and those that
/// give the same value for others like it.
fn worth(
    options: &Options,
    program: &Program,
    input: &[Rat],
    played: &Played<'_>,
) -> Result<(), Cause> {
    let near = variants(input, options.azr.n_variants);
    let ran: Vec<(&Vec<Rat>, Value)> = near
        .iter()
        .filter_map(|variant| run(program, variant).ok().map(|(value, _)| (variant, value)))
        .collect();
    let gives_back = |idx: usize| {
        played.output == Value::Number(input[idx].clone())
            && ran.iter().all(|(variant, value)| *value == Value::Number(variant[idx].clone()))
    };
    if let Some(idx) = (0..input.len()).find(|&idx| !ran.is_empty() && gives_back(idx)) {
        let detail = format!("it gives back `{}`", program.parameters[idx]);
        return Err(rejected("identity", detail));
    }
    match !ran.is_empty() && ran.iter().all(|(_, value)| *value == played.output) {
        true => Err(rejected("ignores_input", "other inputs give the same value")),
        false => Ok(()),
    }
}

/// Inputs near this one: each argument moved in turn, by more each time.
fn variants(input: &[Rat], n_variants: usize) -> Vec<Vec<Rat>> {
    let moves = [1, -1, 2, 5, -3, 10, 7, 100, -20, 3, 13, -7, 31, 50, -1000, 1000];
    let mut found = Vec::with_capacity(n_variants);
    for step in moves.iter().cycle().take(n_variants).enumerate() {
        let mut variant = input.to_vec();
        let idx = step.0 % input.len();
        variant[idx] += Rat::from_integer((*step.1).into());
        found.push(variant);
    }
    found
}
