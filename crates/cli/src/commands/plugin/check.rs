//! `quaero plugin check`: does a component keep the contract? Each claim of the contract is put to
//! the family, and stands in the report with what was seen.
//!
//! # Layout
//! `outcome` how a claim came out, `subject` the family under test → `texts` what is thrown at it →
//! `claims` what must hold.

mod claims;
mod outcome;
mod subject;
mod texts;

use std::path::Path;
use std::sync::Arc;

use quaero_runtime::Family;
use quaero_terminal::print;
use serde_json::{Value, json};

use crate::args::PluginCheck;
use outcome::Outcome;
use subject::Subject;

/// A claim by name.
type Claim = (&'static str, fn(&Subject) -> Outcome);

const CLAIMS: &[Claim] = &[
    ("manifest", claims::manifest),
    ("golden cases", claims::golden),
    ("seed tasks", claims::seeds),
    ("prompts", claims::prompts),
    ("gold answers", claims::gold),
    ("nothing earns nothing", claims::nothing),
    ("huge completions", claims::huge),
    ("hostile completions", claims::hostile),
    ("cut completions", claims::cut),
    ("fuzzed completions", claims::fuzzed),
    ("determinism", claims::determinism),
    ("order of a batch", claims::order),
    ("keys", claims::keys),
    ("wrong openings", claims::openings),
    ("wrong options", claims::options),
    ("time", claims::time),
];

pub(super) fn run(plugins: &Path, args: &PluginCheck) -> anyhow::Result<()> {
    let configured = &args.configured;
    let resolved = quaero_config::load(configured.config.as_deref(), &configured.sets)?;
    let progress = Arc::new(|words: &str| print::note(words));
    let cache = Some(plugins.join(".cache"));
    let mut options = resolved.runtime(plugins.to_owned(), cache, progress)?;
    options.paths = vec![args.file.clone()];
    let subject = Subject::open(options, args.seed, args.fuzz)?;
    let told = CLAIMS.iter().map(|(name, claim)| (*name, claim(&subject))).collect::<Vec<_>>();
    let n_failed = told.iter().filter(|(_, one)| matches!(one, Outcome::Fails(_))).count();
    if args.json.json {
        print::line(&serde_json::to_string_pretty(&as_json(subject.family(), &told))?);
    } else {
        report(subject.family(), &told);
    }
    anyhow::ensure!(n_failed == 0, "{n_failed} of {} claims do not hold", told.len());
    Ok(())
}

fn report(family: &Family, told: &[(&str, Outcome)]) {
    let manifest = family.manifest();
    let kinds: Vec<&str> = manifest.kinds.iter().map(|kind| kind.name.as_str()).collect();
    print::line(&format!(
        "{}: {} {}, kinds {}, digest {}",
        family.source(),
        manifest.name,
        manifest.version,
        kinds.join(", "),
        family.digest()
    ));
    for (name, outcome) in told {
        let (mark, words) = match outcome {
            Outcome::Holds(words) => ("holds", words),
            Outcome::Untested(words) => ("—", words),
            Outcome::Fails(words) => ("FAILS", words),
        };
        print::line(&format!("  {mark:<6} {name:<22} {words}"));
    }
    let n_held = told.iter().filter(|(_, one)| matches!(one, Outcome::Holds(_))).count();
    print::line(&format!("{n_held} of {} claims hold", told.len()));
}

fn as_json(family: &Family, told: &[(&str, Outcome)]) -> Value {
    let claims: Vec<Value> = told
        .iter()
        .map(|(name, outcome)| {
            let (holds, words) = match outcome {
                Outcome::Holds(words) => (Value::Bool(true), words),
                Outcome::Untested(words) => (Value::Null, words),
                Outcome::Fails(words) => (Value::Bool(false), words),
            };
            json!({"claim": name, "holds": holds, "seen": words})
        })
        .collect();
    let manifest = family.manifest();
    json!({"family": manifest.name, "version": manifest.version, "digest": family.digest(),
           "source": family.source(), "claims": claims})
}
