//! Prints prompts and completions as JSON strings, and writes the tokenizer to the folder given:
//! the texts on which `fixtures/make_tokenized.py` asks transformers.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

use std::path::PathBuf;

use quaero_rng::Key;
use quaero_seed::corpus::{Corpus, Mix};
use quaero_seed::vocabulary::Vocabulary;

fn main() -> std::io::Result<()> {
    let vocabulary = Vocabulary::new();
    if let Some(folder) = std::env::args().nth(1).map(PathBuf::from) {
        std::fs::create_dir_all(&folder)?;
        let write = |name: &str, json: serde_json::Value| {
            std::fs::write(folder.join(name), json.to_string())
        };
        write("tokenizer.json", vocabulary.tokenizer_json())?;
        write("tokenizer_config.json", vocabulary.tokenizer_config_json())?;
    }
    let corpus = Corpus::new(Default::default());
    let mix = Mix { propose: [70, 60, 50], solve: [340, 320, 160] };
    for row in corpus.batch(Key::new(11), &mix, 60) {
        println!("{}", serde_json::json!(vocabulary.decode(&row.tokens)));
    }
    for text in ["def f(x):\n    return x", "'Hello World'", "[[1, 2], [3]]", "x ==  '''' \n\n```"]
    {
        println!("{}", serde_json::json!(text));
    }
    Ok(())
}
