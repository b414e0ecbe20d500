//! The JSON halves of tasks about programs: what is public, what only the judge sees.
//!
//! Knows the fields of Absolute Zero's three kinds by name and nothing of how they are judged.

use serde_json::Value as Json;

use crate::Pair;

/// One half of a task, read.
#[derive(Clone, Debug)]
pub struct Half {
    json: Json,
    what: &'static str,
}

impl Half {
    /// Reads a half.
    ///
    /// # Errors
    /// If `text` is no JSON object.
    pub fn parse(text: &str, what: &'static str) -> Result<Self, String> {
        match serde_json::from_str(text) {
            Ok(json @ Json::Object(_)) => Ok(Self { json, what }),
            Ok(_) => Err(format!("the {what} half of the task is no JSON object")),
            Err(error) => Err(format!("the {what} half of the task is no JSON: {error}")),
        }
    }

    /// A text field.
    ///
    /// # Errors
    /// If there is none such.
    pub fn text(&self, field: &str) -> Result<&str, String> {
        self.json[field]
            .as_str()
            .ok_or_else(|| format!("the {} half of the task has no text `{field}`", self.what))
    }

    /// A list of [input, output] pairs.
    ///
    /// # Errors
    /// If there is none such.
    pub fn examples(&self, field: &str) -> Result<Vec<Example>, String> {
        let bad = || {
            format!("the {} half of the task has no `{field}` of [input, output] texts", self.what)
        };
        let pairs = self.json[field].as_array().ok_or_else(bad)?;
        let read = |pair: &Json| match pair.as_array()?.as_slice() {
            [input, output] => {
                Some(Example { input: input.as_str()?.into(), output: output.as_str()?.into() })
            }
            _ => None,
        };
        pairs.iter().map(read).collect::<Option<_>>().ok_or_else(bad)
    }
}

/// An input and its output, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The arguments of one call.
    pub input: String,
    /// The value for them.
    pub output: String,
}

/// A reference, as far as it is known: its program, and its input and output if it has them.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The program's text.
    pub program: String,
    /// An input with its output.
    pub example: Option<Example>,
}

impl Reference {
    /// Reads a task of any kind of Absolute Zero's three.
    ///
    /// # Errors
    /// If it holds no program.
    pub fn parse(pair: &Pair) -> Result<Self, String> {
        let public = Half::parse(&pair.public, "public")?;
        let secret = Half::parse(&pair.secret, "secret")?;
        let either = |field: &str| public.text(field).or_else(|_| secret.text(field));
        let example = match (either("input"), either("output")) {
            (Ok(input), Ok(output)) => {
                Some(Example { input: input.to_owned(), output: output.to_owned() })
            }
            _ => public.examples("examples").ok().and_then(|all| all.into_iter().next()),
        };
        Ok(Self { program: either("program")?.to_owned(), example })
    }

    /// Reads all of them.
    ///
    /// # Errors
    /// If one holds no program.
    fn all(pairs: &[Pair]) -> Result<Vec<Self>, String> {
        pairs.iter().map(Self::parse).collect()
    }

    /// The program of the one reference that a proposal of inputs needs.
    ///
    /// # Errors
    /// If there is none, or one holds no program.
    pub fn only_program(pairs: &[Pair]) -> Result<String, String> {
        let first = Self::all(pairs)?.into_iter().next();
        Ok(first.ok_or("an induction proposal needs one reference, got none")?.program)
    }

    /// Programs with an example each.
    ///
    /// # Errors
    /// If one holds no program, or no input and output.
    pub fn with_examples(pairs: &[Pair]) -> Result<Vec<(String, Example)>, String> {
        let whole = |reference: Self| {
            let missing = "a reference has no input and output";
            Ok((reference.program, reference.example.ok_or(missing)?))
        };
        Self::all(pairs)?.into_iter().map(whole).collect()
    }
}
