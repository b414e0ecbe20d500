//! A tokenizer of characters and pieces, as the seed model has it, there and back.

use proptest::prelude::*;
use serde_json::json;

use crate::{Error, Tokenizer};

const SPECIAL: [&str; 3] = ["<|pad|>", "<|eos|>", "<|unk|>"];
const PIECES: [&str; 5] = ["<|solve-deduction|>", "```python\n", "\n```\n", "\n```", "    return "];

/// Single characters as a BPE without merges, pieces as added tokens.
fn pieces_json() -> Vec<u8> {
    let characters: Vec<String> =
        (' '..='~').chain(['\n']).map(|character| character.to_string()).collect();
    let names = SPECIAL.iter().map(|s| (*s).to_owned()).chain(characters).enumerate();
    let vocab: serde_json::Map<String, serde_json::Value> =
        names.map(|(id, name)| (name, json!(id))).collect();
    let n_model = vocab.len();
    let added = |id: usize, content: &str, special: bool| {
        json!({"id": id, "content": content, "single_word": false, "lstrip": false,
               "rstrip": false, "normalized": false, "special": special})
    };
    let mut tokens: Vec<_> =
        SPECIAL.iter().enumerate().map(|(id, content)| added(id, content, true)).collect();
    tokens.extend(PIECES.iter().zip(n_model..).map(|(content, id)| added(id, content, false)));
    let file = json!({
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst",
                       "stride": 0},
        "padding": {"strategy": {"Fixed": 64}, "direction": "Right", "pad_to_multiple_of": null,
                    "pad_id": 0, "pad_type_id": 0, "pad_token": "<|pad|>"},
        "added_tokens": tokens,
        "normalizer": null, "pre_tokenizer": null, "post_processor": null,
        "decoder": {"type": "Fuse"},
        "model": {"type": "BPE", "dropout": null, "unk_token": "<|unk|>",
                  "continuing_subword_prefix": null, "end_of_word_suffix": null,
                  "fuse_unk": false, "byte_fallback": false, "vocab": vocab, "merges": []},
    });
    file.to_string().into_bytes()
}

fn pieces() -> Tokenizer {
    Tokenizer::from_bytes(&pieces_json(), &[1]).expect("a well-formed tokenizer")
}

#[track_caller]
fn check(text: &str, tokens: &[&str]) {
    let tokenizer = pieces();
    let ids = tokenizer.encode(text).expect("encodes");
    let got: Vec<String> = ids.iter().map(|&id| tokenizer.token(id).expect("known")).collect();
    assert_eq!(got, tokens);
}

#[test]
fn added_tokens_are_recognised_and_nothing_is_cut_padded_or_added() {
    check("", &[]);
    check("ab", &["a", "b"]);
    check(
        "<|solve-deduction|>```python\nx = 1\n```\n",
        &["<|solve-deduction|>", "```python\n", "x", " ", "=", " ", "1", "\n```\n"],
    );
    // The longer of two added tokens wins, and the shorter is found where only it fits.
    check("7\n```<|eos|>", &["7", "\n```", "<|eos|>"]);
    check("é", &["<|unk|>"]);
}

/// `<|pad|>` is 0, `<|eos|>` 1, `<|unk|>` 2: all three are special to the tokenizer.
#[test]
fn of_special_tokens_only_end_and_padding_are_cut_from_a_text() {
    let tokenizer = pieces();
    let mut ids = tokenizer.encode("a```python\nb").expect("encodes");
    ids.extend([0, 2, 1, 0, 0]);
    assert_eq!(tokenizer.decode(&ids).expect("decodes"), "a```python\nb<|unk|>");
    let none = Tokenizer::from_bytes(&pieces_json(), &[2]).expect("a well-formed tokenizer");
    assert_eq!(none.decode(&ids).expect("decodes"), "a```python\nb<|eos|>");
    let error = tokenizer.decode(&[104]).expect_err("outside").to_string();
    assert!(error.contains("104"), "{error}");
}

#[test]
fn padding_is_what_the_folder_says() {
    let text = |files: &[(&str, &str)]| {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut json: serde_json::Value = serde_json::from_slice(&pieces_json()).expect("JSON");
        json["padding"] = serde_json::Value::Null;
        std::fs::write(dir.path().join("tokenizer.json"), json.to_string()).expect("writable");
        let eos = ("config.json", "{\"eos_token_id\": 1}");
        for (name, text) in [&[eos], files].concat() {
            std::fs::write(dir.path().join(name), text).expect("writable");
        }
        let tokenizer = Tokenizer::from_folder(dir.path()).expect("loads");
        tokenizer.decode(&[0, 1, 2, 0]).expect("decodes")
    };
    assert_eq!(text(&[]), "<|pad|><|unk|><|pad|>");
    assert_eq!(text(&[("generation_config.json", "{\"pad_token_id\": 0}")]), "<|unk|>");
    let token = |json: &str| text(&[("tokenizer_config.json", json)]);
    assert_eq!(token("{\"pad_token\": \"<|unk|>\"}"), "<|pad|><|pad|>");
    assert_eq!(token("{\"pad_token\": {\"content\": \"<|pad|>\"}}"), "<|unk|>");
    assert_eq!(token("{\"pad_token\": null}"), "<|pad|><|unk|><|pad|>");
}

#[test]
fn names_ends_and_vocabulary() {
    let tokenizer = pieces();
    assert_eq!(tokenizer.eos(), [1]);
    assert_eq!(tokenizer.token_id("<|eos|>"), Some(1));
    assert_eq!(tokenizer.token_id("\n```\n"), Some(101));
    assert_eq!(tokenizer.token_id("nonsense"), None);
    assert_eq!(tokenizer.vocab_size(), 3 + 96 + 5);
    assert!(tokenizer.check_vocab(104).is_ok() && tokenizer.check_vocab(128).is_ok());
    let error = tokenizer.check_vocab(103).expect_err("too few rows").to_string();
    assert!(error.starts_with("the tokenizer has 104 tokens, the model embeds 103;"), "{error}");
    assert_eq!(tokenizer.json(), pieces_json());
}

#[test]
fn a_batch_is_its_parts() {
    let tokenizer = pieces();
    let texts: Vec<String> = (0..500).map(|i| format!("```python\nx = {i}\n```")).collect();
    let batch = tokenizer.encode_batch(&texts).expect("encodes");
    for (text, ids) in texts.iter().zip(&batch) {
        assert_eq!(tokenizer.encode(text).expect("encodes"), *ids);
    }
    assert_eq!(tokenizer.decode_batch(&batch).expect("decodes"), texts);
}

proptest! {
    #[test]
    fn known_characters_and_pieces_come_back(
        parts in prop::collection::vec(
            prop_oneof![
                "[ -~\n]{0,12}",
                prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned),
            ],
            0..12,
        )
    ) {
        let text = parts.concat();
        let tokenizer = pieces();
        let ids = tokenizer.encode(&text).expect("encodes");
        // End and padding can only come from their own spelling, which decoding cuts.
        if !SPECIAL.iter().any(|special| text.contains(special)) {
            prop_assert_eq!(tokenizer.decode(&ids).expect("decodes"), text);
        }
    }
}

#[track_caller]
fn check_folder(files: &[(&str, &str)], expected: Result<&[u32], &str>) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("tokenizer.json"), pieces_json()).expect("writable");
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).expect("writable");
    }
    match (Tokenizer::from_folder(dir.path()), expected) {
        (Ok(tokenizer), Ok(eos)) => assert_eq!(tokenizer.eos(), eos),
        (Err(error), Err(part)) => {
            let text = error.to_string();
            assert!(text.contains(part), "`{part}` is not in: {text}");
        }
        (got, expected) => panic!("expected {expected:?}, got {got:?}"),
    }
}

#[test]
fn ends_come_from_the_configuration_beside_the_file() {
    let config = ("config.json", "{\"eos_token_id\": 1}");
    check_folder(&[config], Ok(&[1]));
    check_folder(&[config, ("generation_config.json", "{\"eos_token_id\": [2, 1]}")], Ok(&[2, 1]));
    check_folder(&[config, ("generation_config.json", "{}")], Ok(&[1]));
    check_folder(&[config, ("generation_config.json", "{")], Err("not a tokenizer"));
    check_folder(&[("config.json", "{\"eos_token_id\": 900}")], Err("900 is not in the vocab"));
    check_folder(&[("config.json", "{\"eos_token_id\": -1}")], Err("`eos_token_id` is -1"));
    check_folder(&[("config.json", "{\"eos_token_id\": []}")], Err("`eos_token_id` is []"));
    check_folder(&[("config.json", "{}")], Err("`eos_token_id` is null, expected a token id"));
    check_folder(&[], Err("config.json: No such file"));
}

#[test]
fn broken_files_are_named() {
    for bytes in [&b""[..], b"{}", b"[]", b"{\"version\": \"1.0\"}", &pieces_json()[..999]] {
        let error = Tokenizer::from_bytes(bytes, &[]).expect_err("malformed");
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
    }
}
