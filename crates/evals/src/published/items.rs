//! Lines of a published file to items.

use std::path::Path;

use serde_json::Value;

use super::Benchmark;
use crate::Error;

const CRUXEVAL_OUTPUT: &str = include_str!("../../prompts/cruxeval-output.txt");
const CRUXEVAL_INPUT: &str = include_str!("../../prompts/cruxeval-input.txt");
const GSM8K: &str = include_str!("../../prompts/gsm8k.txt");
const MATH: &str = include_str!("../../prompts/math.txt");

/// The tasks of MBPP that are shown as examples before the others.
const MBPP_SHOTS: [u64; 3] = [2, 3, 4];

/// A question of a benchmark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name in the file, or its line.
    pub id: String,
    /// What the model continues.
    pub prompt: String,
    /// The published solution as a model would have written it, if the file has one.
    pub gold: Option<String>,
    pub(super) check: Check,
}

/// What is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// The program `before`, the answer and `after` loads, and then `tests` run.
    Code { before: String, after: String, tests: Vec<String> },
    /// `assert <output> == <answer>` after `code`.
    Output { code: String, input: String, output: String },
    /// `assert <output> == <answer>` after `code`, where the answer calls `f`.
    Input { code: String, output: String },
    /// A number or formula.
    Math { answer: String },
}

impl Benchmark {
    /// Reads the items of a file.
    ///
    /// # Errors
    /// When the file cannot be read, holds nothing, or a line lacks a field of the format.
    pub fn read(self, path: &Path) -> Result<Vec<Item>, Error> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = crate::suite::text_of(&name, path)?;
        let mut rows = Vec::new();
        for (idx, line) in crate::suite::lines(&text) {
            let bad = |why: String| Error::Item { file: name.clone(), line: idx + 1, why };
            let row: Value = serde_json::from_str(line).map_err(|why| bad(why.to_string()))?;
            rows.push((idx + 1, row));
        }
        let shots = if self == Self::Mbpp { mbpp_shots(&rows) } else { String::new() };
        let is_shot = |row: &Value| row["task_id"].as_u64().is_some_and(is_mbpp_shot);
        let wanted = rows.iter().filter(|(_, row)| self != Self::Mbpp || !is_shot(row));
        let items = wanted.map(|(line, row)| {
            let bad = |why| Error::Item { file: name.clone(), line: *line, why };
            self.item(*line, row, &shots).map_err(bad)
        });
        let items = items.collect::<Result<Vec<_>, _>>()?;
        if items.is_empty() {
            return Err(Error::Empty { path: path.display().to_string() });
        }
        Ok(items)
    }

    fn item(self, line: usize, row: &Value, shots: &str) -> Result<Item, String> {
        let id = ["task_id", "id", "unique_id"].iter().find_map(|key| match &row[*key] {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        });
        let id = id.unwrap_or_else(|| format!("line {line}"));
        let (prompt, gold, check) = match self {
            Self::HumanEval => humaneval(row)?,
            Self::Mbpp => mbpp(row, shots)?,
            Self::CruxevalInput => {
                let (code, output) = (text(row, "code")?, text(row, "output")?);
                let prompt = filled(CRUXEVAL_INPUT, &[("{code}", code), ("{output}", output)]);
                let gold = format!("assert f({}) == {output}\n", text(row, "input")?);
                let check = Check::Input { code: code.to_owned(), output: output.to_owned() };
                (prompt, Some(gold), check)
            }
            Self::CruxevalOutput => {
                let (code, input) = (text(row, "code")?, text(row, "input")?);
                let output = text(row, "output")?.to_owned();
                let prompt = filled(CRUXEVAL_OUTPUT, &[("{code}", code), ("{input}", input)]);
                let gold = format!("assert f({input}) == {output}\n");
                let (code, input) = (code.to_owned(), input.to_owned());
                (prompt, Some(gold), Check::Output { code, input, output })
            }
            Self::Gsm8k => {
                let (question, solution) = (text(row, "question")?, text(row, "answer")?);
                let answer = solution.rsplit_once("####").ok_or("`answer` has no `#### number`")?;
                let answer = answer.1.trim().replace(',', "");
                let gold = Some(format!(" The answer is {answer}.\n\n"));
                (
                    filled(GSM8K.trim_end(), &[("{question}", question)]),
                    gold,
                    Check::Math { answer },
                )
            }
            Self::Math => {
                let problem = text(row, "problem")?;
                let answer = match &row["answer"] {
                    Value::Number(answer) => answer.to_string(),
                    _ => text(row, "answer")?.to_owned(),
                };
                let ending = format!(
                    "\nFinal Answer: The final answer is ${answer}$. I hope it is correct."
                );
                let gold = row["solution"].as_str().map(|solution| format!("\n{solution}{ending}"));
                (filled(MATH.trim_end(), &[("{problem}", problem)]), gold, Check::Math { answer })
            }
        };
        Ok(Item { id, prompt, gold, check })
    }
}

type Parts = (String, Option<String>, Check);

fn humaneval(row: &Value) -> Result<Parts, String> {
    let (prompt, entry) = (text(row, "prompt")?, text(row, "entry_point")?);
    let check = Check::Code {
        before: prompt.to_owned(),
        after: format!("\n{}\n", text(row, "test")?),
        tests: vec![format!("check({entry})")],
    };
    Ok((prompt.to_owned(), row["canonical_solution"].as_str().map(str::to_owned), check))
}

fn mbpp(row: &Value, shots: &str) -> Result<Parts, String> {
    let tests = row["test_list"].as_array().ok_or("it has no list `test_list`")?;
    let tests = tests.iter().map(|test| test.as_str().map(str::to_owned));
    let tests = tests.collect::<Option<Vec<_>>>().ok_or("`test_list` is no list of texts")?;
    // The sanitised file names its modules, the full one its code.
    let setup = match &row["test_imports"] {
        Value::Array(lines) => {
            lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
        }
        _ => row["test_setup_code"].as_str().unwrap_or_default().to_owned(),
    };
    let prompt = format!("{shots}{}", mbpp_prompt(row)?);
    let gold = row["code"].as_str().map(|code| format!("{code}\n"));
    Ok((prompt, gold, Check::Code { before: String::new(), after: format!("\n{setup}\n"), tests }))
}

fn mbpp_prompt(row: &Value) -> Result<String, String> {
    let task = text(row, "text").or_else(|_| text(row, "prompt"))?;
    let tests = row["test_list"].as_array().ok_or("it has no list `test_list`")?;
    let tests: Vec<&str> = tests.iter().filter_map(Value::as_str).collect();
    Ok(format!(
        "You are an expert Python programmer, and here is your task: {task} Your code should pass \
         these tests:\n\n{}\n[BEGIN]\n",
        tests.join("\n")
    ))
}

fn is_mbpp_shot(id: u64) -> bool {
    MBPP_SHOTS.contains(&id)
}

/// The worked examples, as far as the file has them.
fn mbpp_shots(rows: &[(usize, Value)]) -> String {
    let shot = |id: &u64| {
        let (_, row) = rows.iter().find(|(_, row)| row["task_id"].as_u64() == Some(*id))?;
        Some(format!("{}{}\n[DONE]\n\n", mbpp_prompt(row).ok()?, row["code"].as_str()?))
    };
    MBPP_SHOTS.iter().filter_map(shot).collect()
}

fn text<'a>(row: &'a Value, field: &str) -> Result<&'a str, String> {
    row[field].as_str().ok_or_else(|| format!("it has no text `{field}`"))
}

/// `template` with its blanks, of which each stands once, filled from left to right.
fn filled(template: &str, blanks: &[(&str, &str)]) -> String {
    let (mut done, mut rest) = (String::new(), template);
    for (blank, value) in blanks {
        let (before, after) = rest.split_once(blank).expect("the template has this blank");
        done.push_str(before);
        done.push_str(value);
        rest = after;
    }
    done + rest
}
