//! Chat templates: a model's own words around messages, and tokens that messages cannot forge.
//!
//! A template is Jinja, rendered by minijinja in the dialect of transformers: `trim_blocks`,
//! `lstrip_blocks`, Python's methods of strings, `tojson`, `raise_exception`. There is no clock, so
//! `strftime_now` is not defined, and templates that ask for it fall back to their own date.
//!
//! **Content stays text.** A message may spell `<|im_end|>`; where it does, a mark that no text has
//! is put into it before rendering. What then still reads as a special token was written by the
//! template and becomes that token; the rest is encoded with special tokens disabled, the marks
//! taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use minijinja::value::{Kwargs, Value as Jinja};
use minijinja::{Environment, ErrorKind, syntax::SyntaxConfig};
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::Error;

/// One turn of a dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// `system`, `user` or `assistant`, or what else the template knows.
    pub role: &'a str,
    /// What is said.
    pub content: &'a str,
}

/// A compiled template with the special tokens that it may name.
#[derive(Clone, Debug)]
pub struct ChatTemplate {
    environment: Arc<Environment<'static>>,
    names: BTreeMap<String, String>,
}

const NAME: &str = "chat_template";

impl ChatTemplate {
    /// A template from its source; `names` are `bos_token` and the like, which it may use.
    ///
    /// # Errors
    /// If the source is malformed.
    pub fn new(source: &str, names: BTreeMap<String, String>) -> Result<Self, Error> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| failed(&error))?);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_filter("tojson", tojson);
        environment.add_function("raise_exception", |words: String| -> Result<(), _> {
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, words))
        });
        environment.set_formatter(|out, state, value| match value.kind() {
            // As Python prints them.
            minijinja::value::ValueKind::Bool => {
                Ok(out.write_str(if value.is_true() { "True" } else { "False" })?)
            }
            minijinja::value::ValueKind::None => Ok(out.write_str("None")?),
            _ => minijinja::escape_formatter(out, state, value),
        });
        let source = without_generation(source);
        environment.add_template_owned(NAME, source).map_err(|error| failed(&error))?;
        Ok(Self { environment: Arc::new(environment), names })
    }

    /// The template of a model folder, if it has one.
    ///
    /// # Errors
    /// If a file is malformed.
    pub fn from_folder(folder: &Path) -> Result<Option<Self>, Error> {
        let config = crate::files::json(&folder.join(crate::files::CONFIG_FILE))?;
        let own = crate::files::text(&folder.join(crate::files::TEMPLATE_FILE))?;
        let source = own.or_else(|| of_config(&config));
        source.map(|source| Self::new(&source, names(&config))).transpose()
    }

    /// The text of a dialogue, as `apply_chat_template(…, tokenize=False)` of transformers gives
    /// it. `messages` is a list of maps with `role` and `content`; `more` has other variables, as
    /// `tools`.
    ///
    /// # Errors
    /// If the template fails or refuses the messages.
    pub fn render(
        &self,
        messages: &Value,
        add_generation_prompt: bool,
        more: &BTreeMap<String, Value>,
    ) -> Result<String, Error> {
        self.render_with(messages, add_generation_prompt, more, &|text| text.to_owned())
    }

    pub(crate) fn render_with(
        &self,
        messages: &Value,
        add_generation_prompt: bool,
        more: &BTreeMap<String, Value>,
        of_text: &dyn Fn(&str) -> String,
    ) -> Result<String, Error> {
        let template = self.environment.get_template(NAME).map_err(|error| failed(&error))?;
        // transformers hands these to every template, as None where there are none.
        let mut context: BTreeMap<String, Jinja> =
            ["tools", "documents"].map(|name| (name.to_owned(), Jinja::from(()))).into();
        context.extend(self.names.iter().map(|(name, it)| (name.clone(), it.clone().into())));
        context.insert("messages".to_owned(), jinja(messages, of_text));
        context.insert("add_generation_prompt".to_owned(), Jinja::from(add_generation_prompt));
        context.extend(more.iter().map(|(name, it)| (name.clone(), jinja(it, of_text))));
        let context = Jinja::from_pairs(context);
        template.render(context).map_err(|error| failed(&error))
    }
}

fn failed(error: &minijinja::Error) -> Error {
    let line = error.line().map_or_else(String::new, |line| format!(", line {line}"));
    Error::Template { reason: format!("{error}{line}") }
}

/// The template in `tokenizer_config.json`: a text, or a list of named ones of which `default` is
/// the one for dialogue.
fn of_config(config: &Value) -> Option<String> {
    match config.get("chat_template")? {
        Value::String(source) => Some(source.clone()),
        Value::Array(list) => list
            .iter()
            .find(|it| it["name"] == "default")
            .and_then(|it| it["template"].as_str())
            .map(str::to_owned),
        _ => None,
    }
}

/// `bos_token`, `eos_token` and the like, written as text or as a map with `content`.
fn names(config: &Value) -> BTreeMap<String, String> {
    let tokens = config.as_object().into_iter().flatten().filter_map(|(name, value)| {
        let text = value.as_str().or_else(|| value.get("content")?.as_str())?;
        name.ends_with("_token").then(|| (name.clone(), text.to_owned()))
    });
    tokens.collect()
}

/// `value` for a template, every text in it through `of_text`.
fn jinja(value: &Value, of_text: &dyn Fn(&str) -> String) -> Jinja {
    match value {
        Value::Null => Jinja::from(()),
        Value::Bool(flag) => Jinja::from(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(n), _) => Jinja::from(n),
            (None, Some(n)) => Jinja::from(n),
            (None, None) => Jinja::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Jinja::from(of_text(text)),
        Value::Array(list) => Jinja::from_iter(list.iter().map(|it| jinja(it, of_text))),
        Value::Object(map) => {
            let pair = |(key, it): (&String, &Value)| (of_text(key), jinja(it, of_text));
            Jinja::from_pairs(map.iter().map(pair))
        }
    }
}

/// JSON as Python's `json.dumps(…, ensure_ascii=False)` writes it.
fn tojson(value: &Jinja, kwargs: Kwargs) -> Result<String, minijinja::Error> {
    let indent: Option<usize> = kwargs.get("indent")?;
    // Sorting keys and other separators are not asked for by any template that we know.
    let _: Option<bool> = kwargs.get("ensure_ascii")?;
    kwargs.assert_all_used()?;
    let mut out = Vec::new();
    let written = match indent {
        None => value.serialize(&mut Serializer::with_formatter(&mut out, Spaced)),
        Some(n) => {
            let pad = vec![b' '; n];
            let pretty = PrettyFormatter::with_indent(&pad);
            value.serialize(&mut Serializer::with_formatter(&mut out, pretty))
        }
    };
    let bad = |words: String| minijinja::Error::new(ErrorKind::InvalidOperation, words);
    written.map_err(|error| bad(error.to_string()))?;
    String::from_utf8(out).map_err(|error| bad(error.to_string()))
}

/// `, ` and `: ` between values, as Python has it.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

/// transformers' `{% generation %}` marks what the assistant says, for masks; here it is nothing.
fn without_generation(source: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(source.len()), source);
    while let Some(begin) = rest.find("{%") {
        let Some(len) = rest[begin..].find("%}") else { break };
        let (before, tag) = (&rest[..begin], &rest[begin..begin + len + 2]);
        out.push_str(before);
        let inner = tag[2..tag.len() - 2].trim_matches(['-', '+']).trim();
        out.push_str(&match inner {
            "generation" => tag.replace("generation", "if true"),
            "endgeneration" => tag.replace("endgeneration", "endif"),
            _ => tag.to_owned(),
        });
        rest = &rest[begin + len + 2..];
    }
    out + rest
}

/// The special tokens of a tokenizer, to be found in texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Specials {
    tokens: BTreeMap<String, Special>,
    /// Lengths in bytes, longest first.
    lens: Vec<usize>,
    /// Characters that begin one.
    begins: BTreeSet<char>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Special {
    pub(crate) id: u32,
    /// Whether it takes white space before and behind it along.
    pub(crate) strips: [bool; 2],
}

impl Specials {
    pub(crate) fn new(tokens: impl IntoIterator<Item = (String, Special)>) -> Self {
        let tokens: BTreeMap<_, _> =
            tokens.into_iter().filter(|(text, _)| !text.is_empty()).collect();
        let lens: BTreeSet<usize> = tokens.keys().map(String::len).collect();
        let begins = tokens.keys().filter_map(|text| text.chars().next()).collect();
        Self { tokens, lens: lens.into_iter().rev().collect(), begins }
    }

    /// The longest token that `text` begins with.
    fn at_start(&self, text: &str) -> Option<(&str, Special)> {
        text.chars().next().filter(|first| self.begins.contains(first))?;
        let found = |&len: &usize| self.tokens.get_key_value(text.get(..len)?);
        self.lens.iter().find_map(found).map(|(text, special)| (text.as_str(), *special))
    }

    /// `text` with `mark` in each token that it spells, and in what could become one together with
    /// what stands before or behind it.
    pub(crate) fn marked(&self, text: &str, mark: char) -> String {
        let mut places = BTreeSet::new();
        for (at, first) in text.char_indices() {
            let rest = &text[at..];
            let could_begin =
                || self.tokens.keys().any(|it| it.len() > rest.len() && it.starts_with(rest));
            let longest = self.lens.first().copied().unwrap_or(0);
            if self.at_start(rest).is_some() || (rest.len() < longest && could_begin()) {
                places.insert(at + first.len_utf8());
            }
            let end = at + first.len_utf8();
            if end < longest
                && self.tokens.keys().any(|it| it.len() > end && it.ends_with(&text[..end]))
            {
                places.insert(at);
            }
        }
        let mut out = String::with_capacity(text.len() + 4 * places.len());
        let mut from = 0;
        for place in places {
            out.push_str(&text[from..place]);
            out.push(mark);
            from = place;
        }
        out + &text[from..]
    }

    /// `text` cut at its special tokens.
    pub(crate) fn cut<'t>(&self, text: &'t str) -> Vec<Piece<'t>> {
        let (mut pieces, mut from, mut at) = (Vec::new(), 0, 0);
        while let Some(first) = text[at..].chars().next() {
            let Some((token, special)) = self.at_start(&text[at..]) else {
                at += first.len_utf8();
                continue;
            };
            let before = &text[from..at];
            let before = if special.strips[0] { before.trim_end() } else { before };
            pieces.extend([Piece::Text(before), Piece::Token(special.id)]);
            at += token.len();
            if special.strips[1] {
                at = text.len() - text[at..].trim_start().len();
            }
            from = at;
        }
        pieces.push(Piece::Text(&text[from..]));
        pieces.retain(|piece| *piece != Piece::Text(""));
        pieces
    }
}

/// A part of a rendered dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    Token(u32),
    Text(&'t str),
}

/// A character that stands in none of `texts`: one that Unicode keeps for no text at all.
pub(crate) fn mark(texts: &Value) -> char {
    let text = texts.to_string();
    let free = (1..=16_u32).filter_map(|plane| char::from_u32(plane << 16 | 0xfffe));
    free.into_iter().find(|it| !text.contains(*it)).unwrap_or('\u{fdd0}')
}

#[cfg(test)]
mod tests;
