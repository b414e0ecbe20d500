//! More than two hundred inputs that mean harm, of every layer: programs, answers, proposals,
//! replies of a family, plugin files. They lie in `fixtures/hostile` as data. None may crash or stall the
//! host, none may earn a positive verdict, and an honest answer is judged as ever afterwards.

use std::path::Path;

use quaero_runtime::{Embedded, Family, Host, Limits, Options};
use quaero_types::{Episode, Fault, Kind, Opening, Reply, Role, Secret, Status};
use serde_json::{Value, json};

use crate::cache;
use crate::families::{built, hostile};

const PROGRAMS: &str = include_str!("../../fixtures/hostile/programs.json");
const ANSWERS: &str = include_str!("../../fixtures/hostile/answers.json");
const PROPOSALS: &str = include_str!("../../fixtures/hostile/proposals.json");
const REPLIES: &str = include_str!("../../fixtures/hostile/replies.json");
const FILES: &str = include_str!("../../fixtures/hostile/files.json");

fn read(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn word<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_default()
}

/// A text, or a list of texts and of pairs of a text and how often it stands there.
fn completion(case: &Value) -> String {
    let part = |part: &Value| match part.as_array() {
        Some(pair) => pair[0].as_str().unwrap().repeat(pair[1].as_u64().unwrap() as usize),
        None => part.as_str().unwrap().to_owned(),
    };
    case["completion"].as_array().map_or_else(
        || word(case, "completion").to_owned(),
        |parts| parts.iter().map(part).collect(),
    )
}

/// The python family with short deadlines.
fn python() -> Option<Host> {
    let wasm: &'static [u8] = built("python")?.leak();
    let mut options = Options {
        embedded: vec![Embedded { name: "python.wasm", wasm }],
        cache: Some(cache()),
        ..Options::default()
    };
    options.families.insert("python".into(), r#"{"deadline_ms":200}"#.into());
    options.interpreter.memory_bytes_max = 128 << 20;
    Some(Host::open(options.grant("python", "interpreter")).unwrap())
}

fn episode(kind: Kind, role: Role, public: &Value, secret: &Value, completion: String) -> Episode {
    let public = public.to_string();
    let opening = Opening { kind, role, seed: 0, public, references: Vec::new() };
    let secret = (role == Role::Solve).then(|| Secret::new(secret.to_string()));
    Episode { opening, secret, turns: Vec::new(), completion, truncated: false }
}

/// An answer to a task that native CPython judged right.
fn honest() -> Episode {
    let public = json!({"program": "def f(a):\n    return a * 2", "input": "21"});
    let kind = Kind::new("python", "deduction");
    let answer = "```output\n42\n```\n".into();
    episode(kind, Role::Solve, &public, &json!({"output": "42"}), answer)
}

fn is_positive(reply: &Result<Reply, Fault>) -> bool {
    match reply {
        Ok(Reply::Verdict(verdict)) => verdict.status == Status::Ok || verdict.score > 0.0,
        Ok(Reply::Proposed(_)) => true,
        Ok(Reply::Rejected(_) | Reply::Observation(_)) | Err(_) => false,
    }
}

/// Judges the named episodes together and demands that none of them earns a thing.
#[track_caller]
fn earn_nothing(family: &Family, names: &[&str], episodes: &[Episode]) {
    let replies = family.step(episodes);
    assert_eq!(replies.len(), episodes.len());
    let positive: Vec<_> =
        names.iter().zip(&replies).filter(|(_, reply)| is_positive(reply)).collect();
    assert!(positive.is_empty(), "{positive:#?}");
    let plain = family.step(&[honest()]);
    if family.manifest().name == "python" {
        assert!(is_positive(&plain[0]), "honest answers are judged as ever: {plain:?}");
    }
}

#[test]
fn there_are_more_than_two_hundred() {
    let n: usize =
        [PROGRAMS, ANSWERS, PROPOSALS, REPLIES, FILES].iter().map(|text| read(text).len()).sum();
    assert!(n >= 200, "{n}");
}

#[test]
fn programs() {
    let Some(host) = python() else { return };
    let cases = read(PROGRAMS);
    let names: Vec<_> = cases.iter().map(|case| word(case, "name")).collect();
    // What no program can know stands for the gold: who says so has read the judge's mind.
    let public = json!({"message": "", "examples": [["1", "'6f1c'"]]});
    let secret = json!({"program": "def f(a):\n    return a", "hidden": [["2", "'90ab'"]]});
    let episodes: Vec<_> = cases
        .iter()
        .map(|case| {
            let text = format!("```python\n{}\n```\n", word(case, "program"));
            episode(Kind::new("python", "induction"), Role::Solve, &public, &secret, text)
        })
        .collect();
    earn_nothing(host.family("python").unwrap(), &names, &episodes);
    let usage = host.family("python").unwrap().usage();
    assert!(usage.programs > 60 && usage.program_timeouts > 5, "{usage:?}");
    assert!(usage.program_memory_bytes_max <= 128 << 20, "{usage:?}");
}

#[test]
fn answers() {
    let Some(host) = python() else { return };
    let cases = read(ANSWERS);
    let names: Vec<_> = cases.iter().map(|case| word(case, "name")).collect();
    let episodes: Vec<_> = cases
        .iter()
        .map(|case| {
            let kind = Kind::new(word(case, "family"), word(case, "kind"));
            episode(kind, Role::Solve, &case["public"], &case["secret"], completion(case))
        })
        .collect();
    earn_nothing(host.family("python").unwrap(), &names, &episodes);
}

#[test]
fn proposals() {
    let Some(host) = python() else { return };
    let cases = read(PROPOSALS);
    let names: Vec<_> = cases.iter().map(|case| word(case, "name")).collect();
    for kind in ["deduction", "abduction"] {
        let kind = Kind::new("python", kind);
        let episodes: Vec<_> = cases
            .iter()
            .map(|case| {
                let nothing = &Value::Null;
                episode(kind.clone(), Role::Propose, nothing, nothing, completion(case))
            })
            .collect();
        earn_nothing(host.family("python").unwrap(), &names, &episodes);
    }
}

#[test]
fn replies() {
    let Some(wasm) = hostile() else { return };
    let options = Options {
        embedded: vec![Embedded { name: "hostile.wasm", wasm }],
        cache: Some(cache()),
        limits: Limits { deadline_ms: 300, memory_bytes_max: 128 << 20, ..Limits::default() },
        ..Options::default()
    };
    let host = Host::open(options.grant("hostile", "interpreter")).unwrap();
    let family = host.family("hostile").unwrap();
    let cases = read(REPLIES);
    for (name, role) in [("solve", Role::Solve), ("propose", Role::Propose)] {
        let cases: Vec<_> = cases.iter().filter(|case| word(case, "role") == name).collect();
        let names: Vec<_> = cases.iter().map(|case| word(case, "misdeed")).collect();
        let episodes: Vec<_> = names
            .iter()
            .map(|&misdeed| {
                let kind = Kind::new("hostile", "misdeed");
                episode(kind, role, &json!({}), &json!({}), misdeed.into())
            })
            .collect();
        let replies = family.step(&episodes);
        let positive: Vec<_> =
            names.iter().zip(&replies).filter(|(_, reply)| is_positive(reply)).collect();
        assert!(positive.is_empty(), "{positive:#?}");
    }
    let usage = family.usage();
    let faults: u64 = usage.faults.values().sum();
    assert!(faults > 20 && usage.faults.contains_key("timeout"), "{usage:?}");
    assert!(usage.memory_bytes_max <= 128 << 20, "{usage:?}");
}

/// The bytes that `case` describes, made of the component `whole`.
fn bytes(case: &Value, whole: &[u8]) -> Vec<u8> {
    let number = |key: &str| case[key].as_u64().map(|n| n as usize);
    let at = |tenths: usize| whole.len() * tenths / 10;
    if let Some(n) = number("cut").or(number("cut_tenths").map(at)) {
        // At 8 a component is empty, and whole.
        return whole[..n].to_vec();
    }
    if let Some(from) = number("spoil_tenths").map(at) {
        let mut bytes = whole.to_vec();
        bytes[from..].iter_mut().take(64).for_each(|byte| *byte ^= 0x55);
        return bytes;
    }
    if let Some(n) = number("zeros") {
        return vec![0; n];
    }
    if let Some(n) = number("magic_zeros") {
        return [&b"\0asm\x0d\0\x01\0"[..], &vec![0; n]].concat();
    }
    if let Some(n) = number("repeat") {
        return whole.repeat(n);
    }
    if let Some(n) = number("imports") {
        let import = |i: usize| format!("(import \"evil:spy/n{i}@1.0.0\" (instance))");
        return wat::parse_str(format!("(component {})", (0..n).map(import).collect::<String>()))
            .unwrap();
    }
    match case["wat"].as_str() {
        Some(text) => wat::parse_str(text).unwrap(),
        None => word(case, "text").into(),
    }
}

#[test]
fn files() {
    let Some(whole) = hostile() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("guest.wasm");
    for case in read(FILES) {
        std::fs::write(&file, bytes(&case, whole)).unwrap();
        let opened = open(folder.path());
        // A byte of a text may be spoiled and the component whole; whatever else, it is refused.
        let may_load = case["spoil_tenths"].is_u64();
        match opened {
            Ok(_) => assert!(may_load, "{case} is loaded"),
            Err(error) => assert!(error.to_string().contains("guest.wasm"), "{case}: {error}"),
        }
    }
    std::fs::write(&file, whole).unwrap();
    assert!(open(folder.path()).is_ok(), "and a right file is loaded as ever");
}

fn open(folder: &Path) -> Result<Host, quaero_runtime::Error> {
    let limits = Limits { deadline_ms: 300, ..Limits::default() };
    Host::open(Options { paths: vec![folder.to_owned()], limits, ..Options::default() })
}
