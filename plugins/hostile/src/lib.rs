//! A family that misbehaves on demand: the host's tests load it. A completion is the name of a
//! misdeed (`trap`, `loop`, `nan`, …), and options spoil what happens at load. Written against the
//! raw bindings, because the SDK would not let a family break its contract.
//!
//! Knows nothing of judging: it never plays in a run.
#![cfg(target_arch = "wasm32")]

mod entropy;
mod misdeeds;

use std::cell::RefCell;

use quaero_sdk::bindings::quaero::family::vocabulary::{
    Episode, Golden, Kind, Manifest, Metric, Opening, Pair, Proposed, Reply, Role,
};
use serde_json::{Map, Value};

thread_local! {
    static OPTIONS: RefCell<Map<String, Value>> = RefCell::new(Map::new());
}

/// The text option `key`.
fn option(key: &str) -> Option<String> {
    OPTIONS.with_borrow(|options| options.get(key)?.as_str().map(str::to_owned))
}

struct Hostile;

impl quaero_sdk::bindings::exports::quaero::family::play::Guest for Hostile {
    fn configure(options: String) -> Result<(), String> {
        let Ok(Value::Object(options)) = serde_json::from_str(&options) else {
            return Err("options are a JSON object".into());
        };
        let known = ["trap", "name", "kind", "from", "golden", "capability"];
        if let Some(key) = options.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("unknown option {key:?}"));
        }
        OPTIONS.set(options);
        misdeeds::spoil("configure");
        Ok(())
    }

    fn describe() -> Manifest {
        misdeeds::spoil("describe");
        let episode = misdeeds::solving("ok");
        let expect = option("golden").unwrap_or_else(|| "ok".into());
        Manifest {
            name: option("name").unwrap_or_else(|| "hostile".into()),
            version: "0.1.0".into(),
            license: "MIT OR Apache-2.0".into(),
            summary: "Misbehaves on demand".into(),
            kinds: vec![Kind {
                name: option("kind").unwrap_or_else(|| "misdeed".into()),
                summary: "a completion names what goes wrong".into(),
                references_from: option("from").into_iter().collect(),
                references_exactly: 0,
            }],
            capabilities: vec![option("capability").unwrap_or_else(|| "interpreter".into())],
            golden: vec![Golden { name: "right is right".into(), episode, expect }],
        }
    }

    fn seeds(kind: String) -> Vec<Proposed> {
        match kind.as_str() {
            "misdeed" => vec![task(r#"{"a":1}"#, "good")],
            "no-json" => vec![task("{", "bad")],
            "no-key" => vec![task("{}", "")],
            "trap" => panic!("no seeds today"),
            _ => Vec::new(),
        }
    }

    fn holdout(_kind: String, tasks: Vec<Pair>) -> Vec<Result<String, String>> {
        let key = |task: Pair| match task.public.as_str() {
            "refuse" => Err("no such task".into()),
            "trap" => panic!("no key today"),
            _ => Ok(task.secret),
        };
        tasks.into_iter().map(key).collect()
    }

    fn open(openings: Vec<Opening>) -> Vec<Result<String, String>> {
        openings
            .into_iter()
            .map(|opening| match opening.public.as_str() {
                "refuse" => Err("no such task".into()),
                "long" => Ok("x".repeat(3 << 20)),
                "trap" => panic!("cannot open"),
                public => Ok(format!("prompt of {public} with seed {}", opening.seed)),
            })
            .collect()
    }

    fn step(episodes: Vec<Episode>) -> Vec<Reply> {
        episodes.iter().flat_map(misdeeds::replies).collect()
    }
}

/// A task with `public` and `key`.
fn task(public: &str, key: &str) -> Proposed {
    Proposed {
        public: public.into(),
        secret: r#"{"answer":2}"#.into(),
        key: key.into(),
        holdout_key: key.into(),
        format: true,
        metrics: vec![Metric { name: "size".into(), value: 1.0 }],
    }
}

/// An opening of `role`.
fn opening(role: Role) -> Opening {
    let (kind, public) = ("misdeed".into(), "{}".into());
    Opening { kind, role, seed: 0, public, references: Vec::new() }
}

quaero_sdk::bindings::export_world!(Hostile with_types_in quaero_sdk::bindings);
