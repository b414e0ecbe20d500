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
            Ok(Json::Object(mut fields)) => {
                fields.values_mut().for_each(number_to_text);
                Ok(Self { json: Json::Object(fields), what })
            }
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

/// Most digits that a JSON number has and keeps when it is read as a float.
const DIGITS: usize = 15;

/// A number where a text is meant, as in `{"answer": 42}`, is the text of that number. One with so
/// many digits that reading it has rounded it stays a number, which is no text.
fn number_to_text(value: &mut Json) {
    let Json::Number(number) = value else { return };
    let text = number.to_string();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if !number.is_f64() || digits <= DIGITS {
        *value = Json::String(text);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_text_of_it() {
        let json = r#"{"a": 42, "b": -7, "c": 0.25, "d": 18446744073709551615, "e": "x",
                       "f": 123456789012345678901234567890, "g": true, "h": [1]}"#;
        let half = Half::parse(json, "secret").unwrap();
        let all = ["a", "b", "c", "d", "e"].map(|field| half.text(field).unwrap());
        assert_eq!(all, ["42", "-7", "0.25", "18446744073709551615", "x"]);
        for field in ["f", "g", "h", "z"] {
            let expected = format!("the secret half of the task has no text `{field}`");
            assert_eq!(half.text(field), Err(expected));
        }
    }
}
