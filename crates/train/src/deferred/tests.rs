//! Who waits, and what comes back from a checkpoint.

use std::collections::BTreeMap;

use quaero_types::{
    Fault, Opening, Origin, PolicyVersion, Proposed, Rejection, Role, Secret, Task,
};

use super::*;

fn kind() -> Kind {
    Kind::new("python", "deduction")
}

fn proposal() -> Proposal {
    let opening = Opening {
        kind: kind(),
        role: Role::Propose,
        seed: 1,
        public: String::new(),
        references: Vec::new(),
    };
    // Log-probs whose decimal forms are long, or none.
    let logp = vec![-0.1, -1.0 / 3.0, -f32::MIN_POSITIVE, f32::NEG_INFINITY, -1.192_092_9e-7];
    let trace = Trace {
        version: PolicyVersion(3),
        temperature: 0.7,
        text: "def f(x):\n    return \"é\"".to_owned(),
        finish: Finish::Length,
        ..Trace::one_turn(&[1, 2], &[3, 4, 5, 6, 7], logp)
    };
    Proposal { kind: kind(), opening, parents: Vec::new(), trace }
}

fn task(format: bool) -> Judged {
    let proposed = Proposed {
        public: "{}".into(),
        secret: Secret::new("{}"),
        key: "k".into(),
        holdout_key: "h".into(),
        format,
        metrics: Vec::new(),
    };
    let task = Task {
        id: id(),
        kind: kind(),
        public: "{}".into(),
        parents: Vec::new(),
        origin: Origin::Seed,
        metrics: BTreeMap::new(),
    };
    Judged::Task(task, proposed)
}

fn id() -> TaskId {
    TaskId::of(&kind(), "k")
}

#[test]
fn who_waits_for_what() {
    #[track_caller]
    fn check(judged: &Judged, rate: Option<f64>, expect: Option<Wait>) {
        assert_eq!(
            DeferredProposal::of(&proposal(), judged, rate).map(|waiting| waiting.wait),
            expect
        );
    }
    let (cause, detail) = ("parse".to_owned(), String::new());
    let rejected = Judged::Rejected(Rejection { cause: cause.clone(), detail: detail.clone() });
    check(&rejected, None, Some(Wait::Rejected));
    check(&Judged::Fault(Fault { cause, detail }), None, None);
    check(&task(false), Some(0.0), Some(Wait::Malformed));
    check(&task(true), Some(0.0), Some(Wait::Unsolved(id())));
    check(&task(true), Some(0.125), Some(Wait::Solved(id())));
    // Every judge failed: nothing can be said of it.
    check(&task(true), None, None);
}

#[test]
fn what_waits_comes_back_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(load(folder.path()).unwrap(), []);
    save(&[], folder.path()).unwrap();
    assert!(!folder.path().join(FILE).exists(), "no file where nothing waits");
    let rates = [Some(0.0), Some(0.5)];
    let mut waiting: Vec<DeferredProposal> = rates
        .iter()
        .filter_map(|&rate| DeferredProposal::of(&proposal(), &task(true), rate))
        .collect();
    waiting.extend(DeferredProposal::of(&proposal(), &task(false), None));
    save(&waiting, folder.path()).unwrap();
    let back = load(folder.path()).unwrap();
    assert_eq!(back, waiting);
    let bits =
        |one: &DeferredProposal| one.trace.logp.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&back[0]), bits(&waiting[0]));

    std::fs::write(folder.path().join(FILE), "[{}]").unwrap();
    let error = load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("is damaged") && error.contains(FILE), "{error}");
}

/// A checkpoint as it was written before a trace kept prompt and completion in one list.
#[test]
fn what_waited_in_an_older_checkpoint_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let json = r#"[{"kind":"python/deduction","wait":"rejected","prompt":[1,2],"tokens":[3,4],
        "logp_bits":[3212836864,3204448256],"temperature_bits":1060320051,"text":"x",
        "finish":"length"}]"#;
    std::fs::write(folder.path().join(OLD_FILE), json).unwrap();
    let trace = Trace {
        temperature: 0.7,
        text: "x".to_owned(),
        finish: Finish::Length,
        ..Trace::one_turn(&[1, 2], &[3, 4], vec![-1.0, -0.5])
    };
    let expect = DeferredProposal { kind: kind(), trace, wait: Wait::Rejected };
    assert_eq!(load(folder.path()).unwrap(), [expect]);
}
