//! A family that misbehaves on demand (`plugins/hostile`): every misdeed is a fault of its item
//! alone, and the host goes on.

use std::process::Command;
use std::sync::OnceLock;

use quaero_runtime::{Embedded, Error, Family, Host, Limits, Options};
use quaero_types::{Episode, Fault, Kind, Opening, Pair, Reply, Role, Secret, Status, Verdict};

use crate::cache;

/// The hostile component, built once; `None` where the wasm target is missing, which is told.
pub(crate) fn hostile() -> Option<&'static [u8]> {
    static WASM: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    WASM.get_or_init(|| built("hostile")).as_deref()
}

/// The component of the family `name`.
pub(crate) fn built(name: &str) -> Option<Vec<u8>> {
    let plugins = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins");
    let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/plugins");
    let built = Command::new(env!("CARGO"))
        .current_dir(plugins)
        .args(["build", "--release", "--locked", "--target", "wasm32-wasip2"])
        .args(["-p", &format!("quaero-{name}"), "--target-dir", target])
        .output()
        .expect("cargo runs");
    if !built.status.success() {
        let words = String::from_utf8_lossy(&built.stderr);
        assert!(words.contains("target may not be installed"), "{words}");
        eprintln!("SKIP: `rustup target add wasm32-wasip2` to build plugins/{name}");
        return None;
    }
    let file = format!("{target}/wasm32-wasip2/release/quaero_{name}.wasm");
    Some(std::fs::read(file).expect("cargo built it"))
}

/// Options with the hostile family and short limits.
pub(crate) fn options(wasm: &'static [u8]) -> Options {
    Options {
        embedded: vec![Embedded { name: "hostile.wasm", wasm }],
        cache: Some(cache()),
        limits: Limits { deadline_ms: 300, memory_bytes_max: 64 << 20, ..Limits::default() },
        workers: 2,
        ..Options::default()
    }
}

/// The family without an interpreter, shared by tests.
fn family() -> Option<&'static Family> {
    static HOST: OnceLock<Option<Host>> = OnceLock::new();
    let host = HOST.get_or_init(|| hostile().map(|wasm| Host::open(options(wasm)).unwrap()));
    host.as_ref().map(|host| host.family("hostile").unwrap())
}

fn opening(role: Role, public: &str) -> Opening {
    Opening {
        kind: Kind::new("hostile", "misdeed"),
        role,
        seed: 7,
        public: public.into(),
        references: vec![Pair { public: "{}".into(), secret: Secret::new("{}") }],
    }
}

fn episode(role: Role, completion: &str) -> Episode {
    Episode {
        opening: opening(role, "{}"),
        secret: Some(Secret::new("{}")),
        turns: Vec::new(),
        completion: completion.into(),
        truncated: false,
    }
}

fn play(family: &Family, role: Role, misdeeds: &[&str]) -> Vec<Result<Reply, Fault>> {
    let episodes: Vec<_> = misdeeds.iter().map(|misdeed| episode(role, misdeed)).collect();
    family.step(&episodes)
}

fn right(reason: &str) -> Result<Reply, Fault> {
    let (status, reason) = (Status::Ok, reason.into());
    Ok(Reply::Verdict(Verdict { score: 1.0, status, reason, format: true }))
}

/// The misdeed is a fault of `cause` whose detail has `words`, and its neighbours are judged.
#[track_caller]
fn check(role: Role, misdeed: &str, cause: &str, words: &str) {
    let Some(family) = family() else { return };
    let fine = if role == Role::Solve { "fine" } else { "reject" };
    let replies = play(family, role, &[fine, misdeed, fine]);
    assert_eq!(replies.len(), 3);
    assert!(replies[0].is_ok() && replies[2].is_ok(), "{replies:?}");
    let fault = replies[1].as_ref().expect_err("a fault");
    assert_eq!(fault.cause, cause, "{fault:?}");
    assert!(fault.detail.contains(words), "{fault:?}");
    assert!(fault.detail.len() < 2000, "{} bytes", fault.detail.len());
}

#[test]
fn ends_of_an_instance_are_faults() {
    check(Role::Solve, "trap", "trap", "boom");
    check(Role::Solve, "exit", "trap", "exit 1");
    check(Role::Solve, "loop", "timeout", "deadline");
    check(Role::Solve, "deep", "trap", "stack");
    check(Role::Solve, "grow", "memory", "over 67108864 bytes");
    check(Role::Solve, "spam", "trap", "line");
}

#[test]
fn broken_contracts_are_faults() {
    check(Role::Solve, "short", "contract", "0 replies to 1");
    check(Role::Solve, "extra", "contract", "2 replies to 1");
    check(Role::Solve, "nan", "contract", "NaN");
    check(Role::Solve, "two", "contract", "score of 2");
    check(Role::Solve, "minus", "contract", "score of -0.1");
    check(Role::Solve, "long", "contract", "3145728 bytes");
    check(Role::Solve, "huge", "memory", "over");
    check(Role::Propose, "no-json", "contract", "no JSON");
    check(Role::Propose, "metric", "contract", "size");
    check(Role::Propose, "cause", "contract", "no short name");
    check(Role::Propose, "fine", "contract", "verdict for a proposer");
    check(Role::Solve, "reject", "contract", "proposal for a solver");
    check(Role::Solve, "task", "contract", "proposal for a solver");
}

#[test]
fn a_family_may_say_that_it_failed() {
    check(Role::Solve, "fault", "family", "the judge is ill");
    check(Role::Solve, "status-fault", "family", "the judge is ill");
}

#[test]
fn right_replies_come_through_whole() {
    let Some(family) = family() else { return };
    let proposer = play(family, Role::Propose, &["task", "reject", "observe"]);
    let Ok(Reply::Proposed(task)) = &proposer[0] else { panic!("{proposer:?}") };
    assert_eq!((task.public.as_str(), task.secret.reveal()), ("{}", r#"{"answer":2}"#));
    assert_eq!((task.key.as_str(), task.metrics[0].1), ("key", 1.0));
    let Ok(Reply::Rejected(rejection)) = &proposer[1] else { panic!("{proposer:?}") };
    assert_eq!((rejection.cause.as_str(), rejection.detail.as_str()), ("syntax", "line 1"));
    assert_eq!(proposer[2], Ok(Reply::Observation("go on".into())));
    let wrong = play(family, Role::Solve, &["wrong"]).remove(0);
    let verdict =
        Verdict { score: 0.0, status: Status::Wrong, reason: "wrong".into(), format: true };
    assert_eq!(wrong, Ok(Reply::Verdict(verdict)));
}

#[test]
fn prompts_and_seeds() {
    let Some(family) = family() else { return };
    let publics = ["a", "refuse", "b", "trap", "long", "c"];
    let openings: Vec<_> = publics.iter().map(|public| opening(Role::Solve, public)).collect();
    let prompts = family.open(&openings);
    let text = |idx: usize| prompts[idx].as_ref().unwrap().text.as_str();
    assert_eq!(text(0), "prompt of a with seed 7");
    assert_eq!(text(2), "prompt of b with seed 7");
    assert_eq!(text(5), "prompt of c with seed 7");
    let cause = |idx: usize| prompts[idx].as_ref().unwrap_err().cause.as_str();
    assert_eq!([cause(1), cause(3), cause(4)], ["family", "trap", "contract"]);

    assert_eq!(family.seeds("misdeed").unwrap()[0].key, "good");
    assert_eq!(family.seeds("no such kind").unwrap(), []);
    assert_eq!(family.seeds("no-json").unwrap_err().cause, "contract");
    assert_eq!(family.seeds("no-key").unwrap_err().cause, "contract");
    assert_eq!(family.seeds("trap").unwrap_err().cause, "trap");
}

#[test]
fn hold_out_keys_come_for_each_task() {
    let Some(family) = family() else { return };
    let task = |public: &str| Pair { public: public.into(), secret: Secret::new("{}") };
    let keys = family.holdout("misdeed", &["a", "refuse", "trap", "b"].map(task));
    let cause = |idx: usize| keys[idx].as_ref().unwrap_err().cause.as_str();
    assert_eq!([keys[0].as_deref(), keys[3].as_deref()], [Ok("{}"), Ok("{}")]);
    assert_eq!([cause(1), cause(2)], ["family", "trap"]);
}

#[test]
fn big_batches_keep_their_order_and_lose_only_the_guilty() {
    let Some(family) = family() else { return };
    let names: Vec<String> = (0..1000).map(|n| format!("n{n}")).collect();
    let mut misdeeds: Vec<&str> = names.iter().map(String::as_str).collect();
    for guilty in [0, 17, 500, 999] {
        misdeeds[guilty] = "trap";
    }
    let replies = play(family, Role::Solve, &misdeeds);
    assert_eq!(replies.len(), misdeeds.len());
    for (misdeed, reply) in misdeeds.iter().zip(&replies) {
        match *misdeed {
            "trap" => assert_eq!(reply.as_ref().unwrap_err().cause, "trap"),
            name => assert_eq!(*reply, right(name)),
        }
    }
    assert_eq!(play(family, Role::Solve, &misdeeds), replies, "twice the same");
    assert_eq!(play(family, Role::Solve, &[]), []);
}

#[test]
fn the_world_of_a_family_is_empty_and_always_the_same() {
    let Some(wasm) = hostile() else { return };
    let see = || {
        let host = Host::open(options(wasm)).unwrap();
        let replies = play(host.family("hostile").unwrap(), Role::Solve, &["world", "sleep"]);
        assert_eq!(replies[1], right("slept"), "sleeping takes no time");
        replies
    };
    let seen = see();
    let Ok(Reply::Verdict(verdict)) = &seen[0] else { panic!("{seen:?}") };
    assert!(verdict.reason.starts_with("Ok(1700000000"), "{}", verdict.reason);
    assert!(verdict.reason.ends_with(" 0 false false"), "{}", verdict.reason);
    assert_eq!(see(), seen);
}

#[test]
fn instances_are_used_again_until_they_write_or_trap() {
    let Some(wasm) = hostile() else { return };
    let host = Host::open(Options { workers: 1, ..options(wasm) }).unwrap();
    let family = host.family("hostile").unwrap();
    let one = |misdeed| play(family, Role::Solve, &[misdeed]).remove(0);
    assert_eq!([one("calls"), one("calls")], [right("1"), right("2")]);
    assert_eq!([one("mutter"), one("calls")], [right("3"), right("1")]);
    assert!(one("trap").is_err());
    assert_eq!([one("calls"), one("chat"), one("calls")], [right("1"), right(""), right("3")]);
}

#[test]
fn programs_need_a_grant() {
    let Some(family) = family() else { return };
    assert!(!family.runs_programs());
    assert_eq!(play(family, Role::Solve, &["program"]), [right("Outcome::Refused")]);
    assert_eq!(family.manifest().capabilities, ["interpreter"]);
}

#[test]
fn a_granted_family_runs_programs_up_to_its_share() {
    let Some(wasm) = hostile() else { return };
    let limits = Limits { deadline_ms: 2000, ..Limits::default() };
    let options = Options { limits, ..options(wasm) }.grant("hostile", "interpreter");
    let host = Host::open(options).unwrap();
    let family = host.family("hostile").unwrap();
    let value = right(r#"Outcome::Done([Answer::Value("[41, 42]")])"#);
    let replies = play(family, Role::Solve, &["program", "programs", "program"]);
    assert_eq!([&replies[0], &replies[2]], [&value, &value]);
    let fault = replies[1].as_ref().unwrap_err();
    assert_eq!(fault.cause, "contract");
    assert!(fault.detail.contains("jobs_per_item_max"), "{fault:?}");
    assert!(host.stats().jobs >= 2 && host.interpreter().is_some());
}

/// What opening with these options of the family is refused for.
#[track_caller]
fn refused(option: &str, words: &[&str]) {
    let Some(wasm) = hostile() else { return };
    let mut options = options(wasm).grant("hostile", "interpreter");
    options.families.insert("hostile".into(), option.into());
    let text = Host::open(options).err().expect("refused").to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

#[test]
fn families_are_refused_with_a_reason() {
    refused(r#"{"trap":"configure"}"#, &["hostile.wasm", "`configure`", "trap", "spoiled"]);
    refused(r#"{"trap":"describe"}"#, &["hostile.wasm", "`describe`", "trap", "spoiled"]);
    refused(r#"{"unknown":1}"#, &["hostile", "refuses its options", "unknown option"]);
    refused("[]", &["JSON object"]);
    refused(r#"{"golden":"wrong"}"#, &["right is right", "\"wrong\"", "ok (ok)"]);
    refused(r#"{"name":"other"}"#, &["change its name", "other"]);
    refused(r#"{"kind":"a/b"}"#, &["a/b", "no name"]);
    refused(r#"{"from":"nowhere"}"#, &["nowhere", "no kind"]);
}

#[test]
fn golden_cases_wait_for_the_grant() {
    let Some(wasm) = hostile() else { return };
    let mut options = options(wasm);
    options.families.insert("hostile".into(), r#"{"golden":"wrong"}"#.into());
    assert!(
        Host::open(options).is_ok(),
        "without its capabilities a family is not put to the test"
    );
}

#[test]
fn names_in_the_configuration_must_be_loaded() {
    let Some(wasm) = hostile() else { return };
    let error = Host::open(options(wasm).grant("pyhton", "interpreter")).err().unwrap();
    assert!(matches!(&error, Error::NoSuchFamily { family, .. } if family == "pyhton"));
    assert!(error.to_string().contains("hostile"), "{error}");
}
