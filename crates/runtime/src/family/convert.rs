//! Between the contract's types and ours. What comes from a guest is checked here: scores, JSON,
//! lengths. A reply that breaks the contract is a fault of the family, not of the completion.

use quaero_types::{
    Episode, Fault, Kind, Manifest, ManifestKind, Opening, Pair, Proposed, Rejection, Reply, Role,
    Secret, Status, Turn, Verdict,
};

use super::Golden;
use super::bindings::quaero::family::{interpreter, vocabulary as wit};
use crate::{Answer, Job, Outcome};

/// Longest stable short name (a cause, a metric).
const NAME_BYTES_MAX: usize = 64;

/// An opening for the guest.
pub(super) fn opening(opening: &Opening) -> wit::Opening {
    wit::Opening {
        kind: opening.kind.name.clone(),
        role: match opening.role {
            Role::Propose => wit::Role::Propose,
            Role::Solve => wit::Role::Solve,
        },
        seed: opening.seed,
        public: opening.public.clone(),
        references: opening.references.iter().map(pair).collect(),
    }
}

/// Both halves of a task for the guest.
pub(super) fn pair(pair: &Pair) -> wit::Pair {
    wit::Pair { public: pair.public.clone(), secret: pair.secret.reveal().to_owned() }
}

/// An episode for the guest.
pub(super) fn episode(episode: &Episode) -> wit::Episode {
    wit::Episode {
        opening: opening(&episode.opening),
        secret: episode.secret.as_ref().map_or_else(String::new, |s| s.reveal().to_owned()),
        turns: episode
            .turns
            .iter()
            .map(|turn| wit::Turn {
                completion: turn.completion.clone(),
                observation: turn.observation.clone(),
            })
            .collect(),
        completion: episode.completion.clone(),
        truncated: episode.truncated,
    }
}

/// A golden case of the family `name`.
pub(super) fn golden(case: &wit::Golden, name: &str) -> Golden {
    let wit::Episode { opening, secret, turns, completion, truncated } = &case.episode;
    let pair = |pair: &wit::Pair| Pair {
        public: pair.public.clone(),
        secret: Secret::new(pair.secret.clone()),
    };
    let turn = |turn: &wit::Turn| Turn {
        completion: turn.completion.clone(),
        observation: turn.observation.clone(),
    };
    let role = match opening.role {
        wit::Role::Propose => Role::Propose,
        wit::Role::Solve => Role::Solve,
    };
    let episode = Episode {
        opening: Opening {
            kind: Kind::new(name, &opening.kind),
            role,
            seed: opening.seed,
            public: opening.public.clone(),
            references: opening.references.iter().map(pair).collect(),
        },
        secret: (role == Role::Solve).then(|| Secret::new(secret.clone())),
        turns: turns.iter().map(turn).collect(),
        completion: completion.clone(),
        truncated: *truncated,
    };
    Golden { name: case.name.clone(), episode, expect: case.expect.clone() }
}

/// What a family says of itself.
pub(super) fn manifest(manifest: &wit::Manifest) -> Manifest {
    Manifest {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        license: manifest.license.clone(),
        summary: manifest.summary.clone(),
        kinds: manifest
            .kinds
            .iter()
            .map(|kind| ManifestKind {
                name: kind.name.clone(),
                summary: kind.summary.clone(),
                references_from: kind.references_from.clone(),
                references_exactly: kind.references_exactly,
            })
            .collect(),
        capabilities: manifest.capabilities.clone(),
    }
}

/// A checked reply to an episode of `role`.
///
/// # Errors
/// `contract` if it breaks a rule, `family` if the family says that it failed.
pub(super) fn reply(reply: wit::Reply, role: wit::Role, text_max: usize) -> Result<Reply, Fault> {
    use wit::Reply as R;
    let reply = match reply {
        R::Observation(text) => Reply::Observation(checked_text("observation", text, text_max)?),
        R::Proposed(task) => Reply::Proposed(proposed(task, text_max)?),
        R::Rejected(rejection) => Reply::Rejected(Rejection {
            cause: short_name("cause of a rejection", rejection.cause)?,
            detail: checked_text("detail of a rejection", rejection.detail, text_max)?,
        }),
        R::Verdict(wit::Verdict { status: wit::Status::Fault, reason, .. }) | R::Fault(reason) => {
            return Err(said(reason));
        }
        R::Verdict(given) => Reply::Verdict(verdict(given, text_max)?),
    };
    let seat = match &reply {
        Reply::Observation(_) => return Ok(reply),
        Reply::Proposed(_) | Reply::Rejected(_) => wit::Role::Propose,
        Reply::Verdict(_) => wit::Role::Solve,
    };
    if seat == role {
        return Ok(reply);
    }
    Err(breach(match role {
        wit::Role::Propose => "a verdict for a proposer's episode".into(),
        wit::Role::Solve => "a proposal for a solver's episode".into(),
    }))
}

/// A checked task.
///
/// # Errors
/// `contract` if it breaks a rule.
pub(super) fn proposed(task: wit::Proposed, text_max: usize) -> Result<Proposed, Fault> {
    let wit::Proposed { public, secret, key, holdout_key, format, metrics } = task;
    if key.is_empty() {
        return Err(breach("a task without a key".into()));
    }
    let metrics = metrics
        .into_iter()
        .map(|metric| {
            if !metric.value.is_finite() {
                return Err(breach(format!("the metric {:?} is {}", metric.name, metric.value)));
            }
            Ok((short_name("metric", metric.name)?, metric.value))
        })
        .collect::<Result<_, _>>()?;
    Ok(Proposed {
        public: json("public", public, text_max)?,
        secret: Secret::new(json("secret", secret, text_max)?),
        key: checked_text("key", key, text_max)?,
        holdout_key: checked_text("holdout key", holdout_key, text_max)?,
        format,
        metrics,
    })
}

/// A text of at most `text_max` bytes.
///
/// # Errors
/// `contract` if it is longer.
pub(super) fn checked_text(what: &str, text: String, text_max: usize) -> Result<String, Fault> {
    if text.len() > text_max {
        return Err(breach(format!("{what} of {} bytes, over {text_max}", text.len())));
    }
    Ok(text)
}

/// A fault that the family itself reports.
pub(super) fn said(words: String) -> Fault {
    let cut = words.floor_char_boundary(1000);
    Fault { cause: "family".into(), detail: words[..cut].to_owned() }
}

fn verdict(verdict: wit::Verdict, text_max: usize) -> Result<Verdict, Fault> {
    let wit::Verdict { score, status, reason, format } = verdict;
    if !(0.0..=1.0).contains(&score) {
        return Err(breach(format!("a score of {score}, outside of [0, 1]")));
    }
    let status = match status {
        wit::Status::Ok => Status::Ok,
        wit::Status::Wrong => Status::Wrong,
        wit::Status::Unparsable => Status::Unparsable,
        wit::Status::Timeout => Status::Timeout,
        wit::Status::Crashed => Status::Crashed,
        wit::Status::Fault => Status::Fault,
    };
    Ok(Verdict { score, status, reason: checked_text("reason", reason, text_max)?, format })
}

fn json(what: &str, text: String, text_max: usize) -> Result<String, Fault> {
    let text = checked_text(what, text, text_max)?;
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(breach(format!("`{what}` is no JSON: {error}"))),
    }
}

fn short_name(what: &str, name: String) -> Result<String, Fault> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(plain) {
        let cut = name.floor_char_boundary(NAME_BYTES_MAX);
        return Err(breach(format!("{what} {:?} is no short name", &name[..cut])));
    }
    Ok(name)
}

fn breach(detail: String) -> Fault {
    Fault { cause: "contract".into(), detail }
}

/// A job from the guest.
pub(super) fn job(job: interpreter::Job) -> Job {
    let interpreter::Job { program, entry, calls, runs, value_bytes_max, deadline_ms } = job;
    Job { program, entry, calls, runs, value_bytes_max, deadline_ms }
}

/// An outcome for the guest.
pub(super) fn outcome(outcome: Outcome) -> interpreter::Outcome {
    use interpreter::Outcome as W;
    match outcome {
        Outcome::Done(answers) => W::Done(answers.into_iter().map(answer).collect()),
        Outcome::Syntax(text) => W::Syntax(text),
        Outcome::LoadRaised { class, message } => W::LoadRaised((class, message)),
        Outcome::Timeout => W::Timeout,
        Outcome::Memory => W::Memory,
        Outcome::Crashed(text) => W::Crashed(text),
        Outcome::Refused => W::Refused,
    }
}

fn answer(answer: Answer) -> interpreter::Answer {
    use interpreter::Answer as W;
    match answer {
        Answer::Value(text) => W::Value(text),
        Answer::Raised { class, message } => W::Raised((class, message)),
        Answer::BadArguments(text) => W::BadArguments(text),
        Answer::NotPlain(name) => W::NotPlain(name),
        Answer::TooLarge => W::TooLarge,
        Answer::Nondeterministic => W::Nondeterministic,
    }
}
