//! Round trips, a file made by the Python library, and a corpus of broken files.

use std::io::{self, Write};
use std::path::Path;

use proptest::prelude::*;
use quaero_shape::{DType, Shape};
use tempfile::TempDir;

use crate::{Error, INDEX_FILE, Named, SINGLE_FILE, Weights, write, write_atomic};

const PYTHON_FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/python");

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn named<'a>(name: &'a str, shape: &[usize], values: &'a [f32]) -> Named<'a> {
    Named { name, shape: Shape::from(shape), values }
}

/// A file with this header text and this many bytes of data.
fn file_with(header: &str, n_data_bytes: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(std::iter::repeat_n(0x3f, n_data_bytes));
    bytes
}

#[track_caller]
fn check_refused(bytes: &[u8], expected: &str) {
    let dir = folder();
    std::fs::write(dir.path().join(SINGLE_FILE), bytes).expect("writable");
    let error = Weights::open(dir.path()).expect_err("a broken file is refused").to_string();
    assert!(error.contains(expected), "`{expected}` is not in: {error}");
}

#[test]
fn attack_corpus_is_refused_by_name() {
    let one = |body: &str| format!("{{\"w\":{body}}}");
    let f32_at = |shape: &str, offsets: &str| {
        format!("{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":{offsets}}}")
    };
    check_refused(b"", "the header's length needs 8 bytes, the file has 0");
    check_refused(b"1234567", "needs 8 bytes, the file has 7");
    check_refused(&u64::MAX.to_le_bytes(), "it claims 18446744073709551615 bytes");
    check_refused(&[&99_u64.to_le_bytes()[..], b"{}"].concat(), "the header needs 107 bytes");
    check_refused(&file_with("[1, 2]", 0), "not a safetensors header");
    check_refused(&file_with("{\"w\":", 0), "not a safetensors header");
    check_refused(&file_with(&"[".repeat(100_000), 0), "not a safetensors header");
    check_refused(&[&4_u64.to_le_bytes()[..], &[0xff; 4]].concat(), "not a safetensors header");
    let good = f32_at("[2]", "[0, 8]");
    check_refused(&file_with(&one(&good), 7), "the tensor data needs");
    check_refused(&file_with(&one(&good), 9), "the tensor data needs");
    // The shape says one thing and the offsets another.
    check_refused(&file_with(&one(&f32_at("[3]", "[0, 8]")), 8), "not a safetensors header");
    check_refused(&file_with(&one(&f32_at("[2]", "[8, 0]")), 8), "not a safetensors header");
    check_refused(&file_with(&one(&f32_at("[2]", "[4, 12]")), 12), "not a safetensors header");
    check_refused(&file_with(&one(&f32_at("[-1]", "[0, 8]")), 8), "not a safetensors header");
    check_refused(&file_with(&one(&f32_at("[NaN]", "[0, 8]")), 8), "not a safetensors header");
    let huge = f32_at("[4294967296, 4294967296]", "[0, 8]");
    check_refused(&file_with(&one(&huge), 8), "not a safetensors header");
    let overflow = f32_at("[2]", "[18446744073709551608, 18446744073709551615]");
    check_refused(&file_with(&one(&overflow), 8), "not a safetensors header");
    // Two tensors over the same bytes, the same name twice, a hole between two.
    let two = |a: &str, b: &str| format!("{{{a},{b}}}");
    let w = format!("\"w\":{good}");
    let overlap = format!("\"x\":{}", f32_at("[2]", "[4, 12]"));
    check_refused(&file_with(&two(&w, &overlap), 12), "not a safetensors header");
    let again = format!("\"w\":{}", f32_at("[2]", "[8, 16]"));
    check_refused(&file_with(&two(&w, &again), 16), "not a safetensors header");
    let hole = format!("\"x\":{}", f32_at("[2]", "[16, 24]"));
    check_refused(&file_with(&two(&w, &hole), 24), "not a safetensors header");
    check_refused(
        &file_with(&one("{\"dtype\":\"Q4\",\"shape\":[2],\"data_offsets\":[0,8]}"), 8),
        "unknown variant `Q4`",
    );
}

#[test]
fn odd_names_are_names() {
    for name in ["", "NaN", "\u{0}", "../../etc/passwd", "🦉", "a\"b\\c\n"] {
        let dir = folder();
        let path = dir.path().join("odd.safetensors");
        write(&path, &[named(name, &[1], &[2.5])], DType::F32).expect("written");
        let weights = Weights::open(&path).expect("opened");
        assert_eq!(weights.read(name, &Shape::from([1])).expect("read"), [2.5]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is cut off, flipped or appended: an error or the tensors, never a panic.
    #[test]
    fn mangled_files_never_panic(cut in 0_usize..200, at in 0_usize..200, byte: u8, grow in 0..3) {
        let dir = folder();
        let path = dir.path().join(SINGLE_FILE);
        let tensors = [named("a", &[2, 3], &[1.0; 6]), named("b", &[4], &[2.0; 4])];
        write(&path, &tensors, DType::F32).expect("written");
        let mut bytes = std::fs::read(&path).expect("readable");
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(bytes.len().saturating_sub(cut / 4));
        bytes.extend(std::iter::repeat_n(0, usize::try_from(grow).expect("small")));
        std::fs::write(&path, bytes).expect("writable");
        if let Ok(weights) = Weights::open(&path) {
            for name in weights.names() {
                let shape = weights.shape(name).expect("it is listed").clone();
                let _ = weights.read(name, &shape);
            }
        }
    }

    #[test]
    fn f32_comes_back_bit_for_bit(bits in prop::collection::vec(any::<u32>(), 0..40)) {
        let values: Vec<f32> = bits.iter().map(|&b| f32::from_bits(b)).collect();
        let dir = folder();
        let path = dir.path().join(SINGLE_FILE);
        write(&path, &[named("w", &[values.len()], &values)], DType::F32).expect("written");
        let got = Weights::open(dir.path()).expect("opened");
        let got = got.read("w", &Shape::from([values.len()])).expect("read");
        prop_assert_eq!(got.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), bits);
    }
}

#[test]
fn narrow_types_round_to_nearest_even_and_settle() {
    let values = [1.0, -0.0, 1.003_906_3, 1.011_718_8, 3.4e38, f32::INFINITY, 1e-40, 0.1];
    for dtype in [DType::BF16, DType::F16] {
        let dir = folder();
        let path = dir.path().join(SINGLE_FILE);
        write(&path, &[named("w", &[2, 4], &values)], dtype).expect("written");
        let first = std::fs::read(&path).expect("readable");
        let weights = Weights::open(dir.path()).expect("opened");
        let read = weights.read("w", &Shape::from([2, 4])).expect("read");
        if dtype == DType::BF16 {
            // 1 + 2^-8 and 1 + 3·2^-8 lie between two bf16 values and go to the even one.
            assert_eq!(read[..4], [1.0, -0.0, 1.0, 1.015_625]);
        }
        write(&path, &[named("w", &[2, 4], &read)], dtype).expect("written");
        assert_eq!(std::fs::read(&path).expect("readable"), first, "what was rounded stays");
    }
}

#[test]
fn order_does_not_change_the_bytes() {
    let (a, b) = (named("a", &[1, 2], &[1.0, 2.0]), named("b", &[3], &[3.0, 4.0, 5.0]));
    let dir = folder();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    let size = write(&one, &[a.clone(), b.clone()], DType::BF16).expect("written");
    write(&two, &[b, a], DType::BF16).expect("written");
    let bytes = std::fs::read(&one).expect("readable");
    assert_eq!(bytes, std::fs::read(&two).expect("readable"));
    assert_eq!(bytes.len() as u64, size);
}

/// `fixtures/python` was written by `fixtures/make.py` with Python's safetensors.
#[test]
fn python_files_read_and_ours_are_theirs() {
    let ramp: Vec<f32> = (0..12).map(|i| i as f32 * 0.25 - 1.0).collect();
    let sharded = Weights::open(PYTHON_FIXTURE).expect("opened");
    assert_eq!(sharded.names().collect::<Vec<_>>(), ["half", "ramp", "words"]);
    assert_eq!(sharded.read("ramp", &Shape::from([3, 4])).expect("read"), ramp);
    assert_eq!(sharded.read("half", &Shape::from([2])).expect("read"), [1.5, -2.0]);
    let error = sharded.read("words", &Shape::from([2])).expect_err("integers").to_string();
    assert!(error.contains("`words` is stored as I64, expected f32, bf16 or f16"), "{error}");
    // The same tensor written by us is the same file as written by Python.
    let dir = folder();
    let path = dir.path().join("ours");
    write(&path, &[named("ramp", &[3, 4], &ramp)], DType::BF16).expect("written");
    let theirs = Path::new(PYTHON_FIXTURE).join("model-00001-of-00002.safetensors");
    assert_eq!(
        std::fs::read(path).expect("readable"),
        std::fs::read(theirs).expect("fixture is readable")
    );
}

#[test]
fn errors_name_the_operands_and_a_remedy() {
    let dir = folder();
    let missing = Weights::open(dir.path()).expect_err("an empty folder").to_string();
    assert!(missing.contains("model.safetensors: no such file; give a folder"), "{missing}");
    let path = dir.path().join(SINGLE_FILE);
    let name = "model.layers.0.mlp.up_proj.weight";
    write(&path, &[named(name, &[2, 1], &[1.0, 2.0])], DType::F32).expect("written");
    let weights = Weights::open(dir.path()).expect("opened");
    let text = |error: Error| error.to_string().replace(&dir.path().display().to_string(), "DIR");
    let wrong = weights.read(name, &Shape::from([1, 2])).expect_err("transposed");
    assert_eq!(
        text(wrong),
        "DIR: tensor `model.layers.0.mlp.up_proj.weight`: expected shape [1, 2], got [2, 1]; \
         the config and the weights are of different models"
    );
    let absent = weights.read("model.layers.1.mlp.up_proj.weight", &Shape::from([2, 1]));
    assert_eq!(
        text(absent.expect_err("no second layer")),
        "DIR: no tensor `model.layers.1.mlp.up_proj.weight` \
         (nearest: `model.layers.0.mlp.up_proj.weight`); is this the right architecture?"
    );
    let spare = weights.check_names(["model.layers.0.mlp.gate_proj.weight"]);
    assert_eq!(
        text(spare.expect_err("not expected")),
        "DIR: tensor `model.layers.0.mlp.up_proj.weight` belongs to no part of this model \
         (nearest: `model.layers.0.mlp.gate_proj.weight`); is this the right architecture?"
    );
    assert!(weights.check_names([name, "more"]).is_ok());
    let twice = [named("w", &[1], &[1.0]), named("w", &[1], &[2.0])];
    let twice = write(&path, &twice, DType::F32).expect_err("the same name");
    assert!(text(twice).contains("`w` is given twice"));
}

#[test]
fn bad_indices_are_refused() {
    let cases = [
        ("{\"weight_map\": {}}", "it lists no tensor"),
        ("{\"weight_map\": {\"w\": \"../w.safetensors\"}}", "is not a plain file name"),
        ("{\"weight_map\": {\"w\": \"/etc/passwd\"}}", "is not a plain file name"),
        ("{\"weight_map\": {\"w\": \"..\"}}", "is not a plain file name"),
        ("{\"weight_map\": {\"w\": 3}}", "not a shard index"),
        ("{", "not a shard index"),
        ("{\"weight_map\": {\"w\": \"absent.safetensors\"}}", "no such file"),
        ("{\"weight_map\": {\"v\": \"w.safetensors\"}}", "`v` should lie in w.saf"),
        ("{\"weight_map\": {\"w\": \"x.safetensors\", \"x\": \"w.safetensors\"}}", "should lie"),
    ];
    for (text, expected) in cases {
        let dir = folder();
        for name in ["w", "x"] {
            let path = dir.path().join(format!("{name}.safetensors"));
            write(path, &[named(name, &[1], &[1.0])], DType::F32).expect("written");
        }
        std::fs::write(dir.path().join(INDEX_FILE), text).expect("writable");
        let error = Weights::open(dir.path()).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: `{expected}` is not in: {error}");
    }
}

/// Issue 21: an overlay shard holds a tensor of a shard below it again.
#[test]
fn an_index_says_which_shard_counts() {
    let dir = folder();
    let put = |file: &str, tensors: &[Named<'_>]| {
        write(dir.path().join(file), tensors, DType::F32).expect("written");
    };
    put("base.safetensors", &[named("v", &[1], &[1.0]), named("w", &[1], &[2.0])]);
    put("overlay.safetensors", &[named("w", &[1], &[3.0])]);
    let index = |text: &str| {
        std::fs::write(dir.path().join(INDEX_FILE), text).expect("writable");
        Weights::open(dir.path())
    };
    for (file, expected) in [("overlay", 3.0), ("base", 2.0)] {
        let text = format!(
            "{{\"weight_map\": {{\"v\": \"base.safetensors\", \"w\": \"{file}.safetensors\"}}}}"
        );
        let read = |name| index(&text).expect("opened").read(name, &Shape::from([1]));
        assert_eq!(read("w").expect("read"), [expected]);
        assert_eq!(read("v").expect("read"), [1.0]);
    }
    // Where the index does not say, nobody guesses.
    put("third.safetensors", &[named("w", &[1], &[4.0]), named("x", &[1], &[5.0])]);
    let text = "{\"weight_map\": {\"v\": \"base.safetensors\", \"x\": \"third.safetensors\"}}";
    let error = index(text).expect_err("two shards have it").to_string();
    assert!(error.contains("`w` is given twice"), "{error}");
}

#[test]
fn a_full_disk_leaves_the_old_file_and_no_crumbs() {
    let dir = folder();
    let path = dir.path().join(SINGLE_FILE);
    std::fs::write(&path, b"old").expect("writable");
    let error = write_atomic(&path, 12_345, &mut |out: &mut dyn Write| {
        out.write_all(b"new, but not all of it")?;
        Err(io::Error::from(io::ErrorKind::StorageFull))
    });
    let text = error.expect_err("full").to_string();
    assert!(text.contains("no space left: 12345 bytes are needed"), "{text}");
    assert_eq!(std::fs::read(&path).expect("readable"), b"old");
    assert_eq!(std::fs::read_dir(dir.path()).expect("listable").count(), 1);
    let nowhere = write(dir.path().join("no/such/w"), &[], DType::F32).expect_err("no folder");
    assert!(nowhere.to_string().contains("write: No such file"), "{nowhere}");
}
