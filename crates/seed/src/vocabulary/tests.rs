//! The tokenizer against transformers.

use super::*;

#[test]
fn text_survives_encoding() {
    let vocabulary = Vocabulary::new();
    let corpus = crate::corpus::Corpus::new(Default::default());
    for row in corpus.batch(quaero_rng::Key::new(6), &crate::corpus::tests::MIX, 200) {
        let text = vocabulary.decode(&row.tokens);
        let kept: Vec<u32> = row.tokens.iter().copied().filter(|id| *id > 2).collect();
        assert_eq!(vocabulary.decode(&vocabulary.encode(&text)), text);
        assert!(kept.len() <= row.tokens.len());
    }
    let hello = "def f(x):\n    return x\n'Hello World!' \"~`";
    assert_eq!(vocabulary.decode(&vocabulary.encode(hello)), hello);
    assert_eq!(vocabulary.encode("é"), [vocabulary.id(UNKNOWN)]);
}

/// Parts of a row are encoded apart; they must meet at token borders, or the model would see other
/// tokens in priming than at test time.
#[test]
fn parts_meet_at_token_borders() {
    let vocabulary = Vocabulary::new();
    let corpus = crate::corpus::Corpus::new(Default::default());
    for row in corpus.batch(quaero_rng::Key::new(7), &crate::corpus::tests::MIX, 300) {
        for episode in row.tokens.split(|id| *id == vocabulary.id(EOS)) {
            assert_eq!(vocabulary.encode(&vocabulary.decode(episode)), episode);
        }
    }
}

/// transformers' fast tokenizer, made from our `tokenizer.json`, gives the same ids. The fixture
/// is written by `fixtures/make_tokenized.py`.
#[test]
fn ids_equal_transformers() {
    let vocabulary = Vocabulary::new();
    let fixture = include_str!("../../fixtures/tokenized.jsonl");
    let mut n = 0;
    for line in fixture.lines() {
        let (text, ids): (String, Vec<u32>) = serde_json::from_str(line).unwrap();
        assert_eq!(vocabulary.encode(&text), ids, "{text:?}");
        n += 1;
    }
    assert!(n > 50);
}
