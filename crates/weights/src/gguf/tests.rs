//! The reader against the Python package `gguf` (`fixtures/make_gguf.py`), and files that lie.

use super::*;
use crate::Weights;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/gguf/all.gguf");
const EXPECTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/gguf/expected.safetensors");

#[test]
fn every_kind_has_the_bits_of_the_python_package() {
    let (file, expected) = (Gguf::open(FIXTURE).unwrap(), Weights::open(EXPECTED).unwrap());
    let names: Vec<&str> = file.tensors().map(|(name, _)| name).collect();
    assert_eq!(names, expected.names().collect::<Vec<_>>());
    for (name, shape) in file.tensors() {
        let (got, want) = (file.read(name).unwrap(), expected.read(name, shape).unwrap());
        let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert!(bits(&got) == bits(&want), "{name}: {:?}, {:?}", &got[..9], &want[..9]);
    }
}

#[test]
fn metadata_of_every_type() {
    let file = Gguf::open(FIXTURE).unwrap();
    assert_eq!(file.get("general.architecture").and_then(Value::as_str), Some("test"));
    assert_eq!(file.get("test.count").and_then(Value::as_u64), Some(7));
    assert_eq!(file.get("test.number").and_then(Value::as_f64), Some(0.5));
    assert_eq!(file.get("test.flag"), Some(&Value::Bool(true)));
    assert_eq!(file.get("test.signed"), Some(&Value::Signed(-3)));
    let words: Option<Vec<_>> = file
        .get("test.words")
        .and_then(Value::as_list)
        .unwrap()
        .iter()
        .map(Value::as_str)
        .collect();
    assert_eq!(words.unwrap(), ["a", "ä", ""]);
    assert_eq!(file.get("test.numbers").and_then(Value::as_list).map(<[_]>::len), Some(3));
}

/// The message for `bytes`.
#[track_caller]
fn check(bytes: &[u8], expected: &str) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.gguf");
    std::fs::write(&path, bytes).unwrap();
    let error = Gguf::open(&path).expect_err(expected).to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn damaged_files_are_refused_before_memory_is_taken() {
    let whole = std::fs::read(FIXTURE).unwrap();
    check(b"", "the header needs 4 bytes, the file has 0");
    check(b"PK\x03\x04 a zip", "not a GGUF file: it does not begin with GGUF");
    check(&whole[..whole.len() - 64], "a tensor needs");
    check(&whole[..300], "the header needs");
    let mut version = whole.clone();
    version[4] = 9;
    check(&version, "version 9, known are 2 and 3");
    // A list that claims more than the file has.
    let mut huge = whole.clone();
    huge[24..32].copy_from_slice(&u64::MAX.to_le_bytes());
    check(&huge, "the header needs");
    // Cut anywhere: an error, never a panic.
    for end in (0..whole.len() - 64).step_by(97) {
        check(&whole[..end], "needs");
    }
    // Any byte of the header damaged: read or refused, never a panic.
    for at in 0..1200 {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.gguf");
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(file) = Gguf::open(&path) {
            file.tensors().for_each(|(name, _)| drop(file.read(name)));
        }
    }
}
