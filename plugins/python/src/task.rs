//! Tasks on the wire: the JSON halves of deduction, abduction, induction and error prediction.
//!
//! Knows the fields by name and nothing of how they are judged.

pub(crate) use quaero_sdk::{Example, Half, Reference};
use quaero_sdk::{Metric, Proposed, Value};
use serde_json::{Value as Json, json};

use crate::error::NO_ERROR;
use crate::source::Source;

/// A kind of task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Program and input are given, the output is asked.
    Deduction,
    /// Program and output are given, an input is asked.
    Abduction,
    /// Inputs and outputs are given, the program is asked.
    Induction,
    /// Program and input are given, the name of the exception is asked.
    Error,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Kind; 4] =
        [Kind::Deduction, Kind::Abduction, Kind::Induction, Kind::Error];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Deduction => "deduction",
            Kind::Abduction => "abduction",
            Kind::Induction => "induction",
            Kind::Error => "error",
        }
    }

    /// The kind of that name (`python/deduction` will do as well).
    ///
    /// # Errors
    /// Names the kinds there are.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let short = name.strip_prefix("python/").unwrap_or(name);
        Kind::ALL.into_iter().find(|kind| kind.name() == short).ok_or_else(|| {
            format!(
                "no kind {name:?} in the family python; it has deduction, abduction, induction, \
                 error"
            )
        })
    }
}

/// What must not leak from a held-out task of any kind: its program.
///
/// # Errors
/// If neither half holds one.
pub(crate) fn holdout_key(public: &str, secret: &str) -> Result<String, String> {
    let (public, secret) = (Half::parse(public, "public")?, Half::parse(secret, "secret")?);
    let program = public.text("program").or_else(|_| secret.text("program"))?;
    Ok(canonical_program(program))
}

/// A deduction or abduction task.
pub(crate) fn of_program(
    kind: Kind,
    program: &str,
    input: &str,
    output: &Value,
    format: bool,
) -> Proposed {
    let text = output.to_string();
    let (public, secret) = match kind {
        Kind::Abduction => (json!({"program": program, "output": text}), json!({"input": input})),
        _ => (json!({"program": program, "input": input}), json!({"output": text})),
    };
    Proposed {
        public: public.to_string(),
        secret: secret.to_string(),
        key: key_of_program(program, input),
        holdout_key: canonical_program(program),
        format,
        metrics: metrics(program, &text, output),
    }
}

/// An error-prediction task: `raised` is the name of the exception, or that of none.
pub(crate) fn of_error(program: &str, input: &str, raised: &str, format: bool) -> Proposed {
    let none = raised == NO_ERROR;
    let mut metrics = counts(program);
    metrics.push(Metric { name: "raises".to_owned(), value: f64::from(u8::from(!none)) });
    Proposed {
        public: json!({"program": program, "input": input}).to_string(),
        secret: json!({"output": raised}).to_string(),
        key: key_of_program(program, input),
        holdout_key: canonical_program(program),
        format,
        metrics,
    }
}

/// What makes two deduction or abduction tasks the same.
pub(crate) fn key_of_program(program: &str, input: &str) -> String {
    format!("{}\n# {}", canonical_program(program), canonical_input(input))
}

/// An induction task: the first `n_shown` examples are shown, the rest hidden.
pub(crate) fn of_examples(
    program: &str,
    message: &str,
    examples: &[(Example, Value)],
    n_shown: usize,
    format: bool,
) -> Proposed {
    let wire = |part: &[(Example, Value)]| -> Json {
        part.iter().map(|(e, _)| json!([e.input, e.output])).collect()
    };
    let (shown, hidden) = examples.split_at(n_shown.min(examples.len()));
    let mut inputs: Vec<String> =
        examples.iter().map(|(example, _)| canonical_input(&example.input)).collect();
    inputs.sort_unstable();
    let (first, value) = &examples[0];
    Proposed {
        public: json!({"message": message, "examples": wire(shown)}).to_string(),
        secret: json!({"program": program, "hidden": wire(hidden)}).to_string(),
        key: format!("{}\n# {}", canonical_program(program), inputs.join("\n# ")),
        holdout_key: canonical_program(program),
        format,
        metrics: metrics(program, &first.output, value),
    }
}

/// The program without blank lines and without white space at the ends of lines. Names and comments
/// count.
pub(crate) fn canonical_program(program: &str) -> String {
    let lines = program.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The arguments as `repr` prints them, or as they stand where they are no literals.
pub(crate) fn canonical_input(input: &str) -> String {
    match Value::parse_arguments(input, usize::MAX) {
        Ok(values) => print_arguments(&values),
        Err(_) => input.trim().to_owned(),
    }
}

/// Arguments as Python source.
pub(crate) fn print_arguments(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

/// Cheap counts of a program, and what type of value it returned.
fn metrics(program: &str, output: &str, value: &Value) -> Vec<Metric> {
    let type_is = |names: &[&str]| f64::from(u8::from(names.contains(&value.type_name())));
    let of_output = [
        ("output_chars", output.chars().count() as f64),
        ("output_none", type_is(&["NoneType"])),
        ("output_bool", type_is(&["bool"])),
        ("output_number", type_is(&["int", "float", "complex"])),
        ("output_text", type_is(&["str", "bytes"])),
        ("output_sequence", type_is(&["list", "tuple"])),
        ("output_mapping", type_is(&["dict", "set", "frozenset"])),
    ];
    let mut all = counts(program);
    all.extend(of_output.map(|(name, value)| Metric { name: name.to_owned(), value }));
    all
}

/// Cheap counts of a program.
fn counts(program: &str) -> Vec<Metric> {
    let source = Source::new(program);
    let depth = program
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .max();
    let named = [
        ("n_lines", canonical_program(program).lines().count() as f64),
        ("n_chars", program.chars().count() as f64),
        ("n_functions", source.n_functions() as f64),
        ("n_branches", source.n_keywords(&["if", "elif", "match", "case", "except"]) as f64),
        ("n_loops", source.n_keywords(&["for", "while"]) as f64),
        ("indent_max", depth.unwrap_or(0) as f64),
    ];
    named.map(|(name, value)| Metric { name: name.to_owned(), value }).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_compared_without_blank_lines_and_trailing_space() {
        assert_eq!(
            canonical_program("\ndef f(a):  \r\n\n    return a\t\n\n"),
            "def f(a):\n    return a"
        );
        assert_eq!(canonical_input(" [1,2] ,\"a\""), "[1, 2], 'a'");
        assert_eq!(canonical_input("[1] * 2 "), "[1] * 2");
    }

    #[test]
    fn the_program_is_held_out_wherever_it_stands() {
        let program = r#"{"program": "def f(a):  \n\n    return a"}"#;
        let key = Ok("def f(a):\n    return a".to_owned());
        assert_eq!(holdout_key(program, r#"{"output": "1"}"#), key);
        assert_eq!(holdout_key(r#"{"message": ""}"#, program), key);
        assert!(holdout_key("{}", "{}").unwrap_err().contains("program"));
        assert!(holdout_key("", "{}").unwrap_err().contains("no JSON"));
    }

    #[test]
    fn kinds_are_named() {
        assert_eq!(Kind::parse("python/induction"), Ok(Kind::Induction));
        assert!(Kind::parse("guess").unwrap_err().contains("deduction, abduction, induction"));
    }
}
