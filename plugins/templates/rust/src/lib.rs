//! The family `@NAME@`: a word is given, its mirror image is asked. Replace it by your own.
//!
//! A family is a pure function of its options and its arguments: it keeps nothing between calls,
//! and what a model wrote ends in a `Reply`, never in a panic.

use quaero_sdk::{
    Blocks, Episode, Family, Golden, Kind, Manifest, Metric, Opening, Options, OptionsError,
    Proposed, Reply, Role, after_fence, fenced,
};
use serde_json::{Value, json};

/// The family under its options.
struct Mirror {
    n_letters: u32,
    len_max: u32,
    /// Golden cases hold under the defaults.
    are_defaults: bool,
}

quaero_sdk::export!(Mirror);

impl Family for Mirror {
    fn configure(options: &str) -> Result<Self, String> {
        let read = || -> Result<Self, OptionsError> {
            let mut options = Options::parse(options)?;
            let are_defaults = !options.has("n_letters") && !options.has("len_max");
            let n_letters = options.count("n_letters", 26, 2..=26)?;
            let len_max = options.count("len_max", 6, 2..=64)?;
            options.finish()?; // refuses unknown keys, and names the nearest known one
            Ok(Self { n_letters, len_max, are_defaults })
        };
        read().map_err(|error| format!("@NAME@: {error}"))
    }

    fn manifest(&self) -> Manifest {
        Manifest {
            name: "@NAME@".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            license: "MIT OR Apache-2.0".to_owned(),
            summary: "Words and their mirror images".to_owned(),
            kinds: vec![Kind {
                name: "mirror".to_owned(),
                summary: "a word is given, its letters in reverse order are asked".to_owned(),
                references_from: vec!["mirror".to_owned()],
                references_exactly: 0, // as many as the configuration says
            }],
            capabilities: Vec::new(),
            golden: if self.are_defaults { cases() } else { Vec::new() },
        }
    }

    /// Words of two and three of the first letters that are not their own mirror image.
    fn seeds(&self, _kind: &str) -> Vec<Proposed> {
        let letters: Vec<String> = (b'a'..).take(self.n_letters.min(3) as usize).map(one).collect();
        let longer = |words: &[String]| -> Vec<String> {
            words
                .iter()
                .flat_map(|word| letters.iter().map(move |l| format!("{word}{l}")))
                .collect()
        };
        let pairs = longer(&letters);
        let words = pairs.iter().cloned().chain(longer(&pairs));
        let asked = words.filter(|word| self.is_word(word) && mirrored(word) != *word);
        asked.map(|word| task(&word, true)).collect()
    }

    /// The prompt. The completion goes on right after its last character: the opening fence.
    fn open(&self, opening: &Opening) -> Result<String, String> {
        known(&opening.kind)?;
        if opening.role == Role::Solve {
            let word = text(&opening.public, "word")?;
            let asked = fenced("input", &format!("'{word}'"));
            return Ok(format!("<|solve-deduction|>{}{asked}```output\n", program()));
        }
        let mut prompt = String::new();
        for reference in &opening.references {
            let word = text(&reference.public, "word")?;
            prompt += &program();
            prompt += &fenced("input", &format!("'{word}'"));
            prompt += &fenced("output", &format!("'{}'", mirrored(&word)));
        }
        Ok(format!("{prompt}<|propose-deduction|>{}```input\n", program()))
    }

    fn reply(&self, episode: &Episode) -> Reply {
        if let Err(why) = known(&episode.opening.kind) {
            return Reply::Fault(why);
        }
        match episode.opening.role {
            Role::Propose => self.proposal(episode),
            Role::Solve => self.answer(episode),
        }
    }
}

impl Mirror {
    fn is_word(&self, text: &str) -> bool {
        let letter = |byte: u8| byte >= b'a' && u32::from(byte - b'a') < self.n_letters;
        (2..=self.len_max as usize).contains(&text.len()) && text.bytes().all(letter)
    }

    /// What a proposer wrote: a task, or a rejection with a cause that is counted.
    fn proposal(&self, episode: &Episode) -> Reply {
        let Some((word, format)) = block(episode, "input").filter(|(w, _)| self.is_word(w)) else {
            return Reply::reject("parse", "no block with a word in it");
        };
        if mirrored(&word) == word {
            return Reply::reject("trivial", "the word is its own mirror image");
        }
        let shown = |public: &str| text(public, "word").is_ok_and(|other| other == word);
        if episode.opening.references.iter().any(|pair| shown(&pair.public)) {
            return Reply::reject("copies_reference", "it is one of the references");
        }
        Reply::Proposed(task(&word, format))
    }

    /// What a solver wrote.
    fn answer(&self, episode: &Episode) -> Reply {
        let gold = match text(&episode.secret, "mirror") {
            Ok(gold) => gold,
            Err(why) => return Reply::Fault(why), // the host's mistake, not the model's
        };
        match block(episode, "output").filter(|(word, _)| self.is_word(word)) {
            None => Reply::unparsable("no block with a word in it"),
            Some((word, format)) if word == gold => Reply::right(format),
            Some((_, format)) => Reply::wrong("another word", format),
        }
    }
}

/// A task with all that belongs to it: what the solver sees, what the judge knows, what makes two
/// tasks the same, how hard it may be.
fn task(word: &str, format: bool) -> Proposed {
    let public = json!({"word": word}).to_string();
    Proposed {
        secret: json!({"mirror": mirrored(word)}).to_string(),
        key: public.clone(),
        holdout_key: public.clone(), // as `Family::holdout` has it, unless you write your own
        public,
        format,
        metrics: vec![Metric { name: "n_letters".to_owned(), value: word.len() as f64 }],
    }
}

/// The first block of a completion whose prompt ended with its opening fence, and whether there is
/// nothing else. A block that was cut is none. Words may stand in quotes, as the seed model has
/// them.
fn block(episode: &Episode, kind: &str) -> Option<(String, bool)> {
    let completion = after_fence(kind, &episode.completion);
    let blocks = Blocks::parse(&completion, episode.truncated);
    let text = blocks.all().first()?.text.trim();
    let bare = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    let text = bare.unwrap_or(text).to_owned();
    Some((text, !episode.truncated && blocks.render() == completion.trim_end()))
}

/// A text of one half of a task.
fn text(half: &str, name: &str) -> Result<String, String> {
    let half: Value = serde_json::from_str(half).map_err(|error| format!("no JSON: {error}"))?;
    Ok(half[name].as_str().ok_or_else(|| format!("no text `{name}`"))?.to_owned())
}

fn known(kind: &str) -> Result<(), String> {
    let why = || format!("no kind {kind:?} in the family @NAME@; it has mirror");
    (kind == "mirror").then_some(()).ok_or_else(why)
}

/// What the seed model is asked with. It was primed on tasks about Python functions and knows their
/// marks (`<|solve-deduction|>`, `<|propose-deduction|>`) and where an answer to them ends, so the
/// task is put to it as one. For a pretrained model write what you want in words.
fn program() -> String {
    fenced("python", "def f(s):\n    return s[::-1]")
}

fn mirrored(word: &str) -> String {
    word.chars().rev().collect()
}

fn one(letter: u8) -> String {
    char::from(letter).to_string()
}

/// `cases/accept` and `cases/reject`: the host plays them whenever it loads the family.
fn cases() -> Vec<Golden> {
    macro_rules! case {
        ($name:literal) => {
            quaero_sdk::golden($name, include_str!(concat!("../cases/", $name, ".json")))
        };
    }
    vec![
        case!("accept/answer"),
        case!("accept/the_fence_again"),
        case!("accept/word"),
        case!("reject/copy_of_a_reference"),
        case!("reject/cut"),
        case!("reject/its_own_mirror_image"),
        case!("reject/many_words"),
        case!("reject/nothing"),
        case!("reject/the_word_itself"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_golden_case_holds() {
        let family = Mirror::configure("{}").unwrap();
        for case in cases() {
            let reply = family.reply(&case.episode);
            assert_eq!(reply.word(), case.expect, "{}: {reply:?}", case.name);
        }
    }
}
