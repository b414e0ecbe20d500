//! What must hold of every family.

use std::collections::BTreeMap;

use quaero_rng::Key;
use quaero_runtime::Error;
use quaero_types::{Episode, Fault, Opening, Reply, Role, Secret};
use serde_json::Value;

use super::outcome::Outcome::{self, Fails, Holds, Untested};
use super::subject::{Subject, is_right, pair};
use super::texts;

type Told = Result<Reply, Fault>;

/// A few words of `text` for a report.
fn short(text: &str) -> String {
    let cut = text.floor_char_boundary(60);
    if cut == text.len() { format!("{text:?}") } else { format!("{:?}…", &text[..cut]) }
}

fn seat(episode: &Episode) -> String {
    format!("{}/{}", episode.opening.role, episode.opening.kind.name)
}

/// Names, version and licence that people can use; capabilities that exist.
pub(super) fn manifest(subject: &Subject) -> Outcome {
    let manifest = subject.family().manifest();
    let parts: Vec<&str> = manifest.version.splitn(3, '.').collect();
    let semantic = parts.len() == 3
        && parts[..2].iter().all(|part| part.parse::<u32>().is_ok())
        && parts[2].starts_with(|c: char| c.is_ascii_digit());
    if !semantic {
        return Fails(format!("version {:?} is not of the form 1.2.3", manifest.version));
    }
    if manifest.license.is_empty() || manifest.summary.is_empty() {
        return Fails("licence or summary is empty: say under what others may use it".into());
    }
    if let Some(kind) = manifest.kinds.iter().find(|kind| kind.summary.is_empty()) {
        return Fails(format!("kind {} has no summary", kind.name));
    }
    let known = ["interpreter", "judge"];
    if let Some(odd) = manifest.capabilities.iter().find(|one| !known.contains(&one.as_str())) {
        return Fails(format!("it asks for {odd:?}; there are {}", known.join(", ")));
    }
    Holds(format!("{} · {}", manifest.license, manifest.summary))
}

/// Cases of both sorts; they were played when the family was loaded.
pub(super) fn golden(subject: &Subject) -> Outcome {
    let family = subject.family();
    let missing: Vec<&str> = family
        .manifest()
        .capabilities
        .iter()
        .map(String::as_str)
        .filter(|asked| !family.granted().iter().any(|granted| granted == asked))
        .collect();
    if !missing.is_empty() {
        let (name, all) = (&family.manifest().name, missing.join(", "));
        return Fails(format!(
            "not played: it asks for {all}, which is not granted; add --set \
             'plugins.grants.{name}=[\"{all}\"]'"
        ));
    }
    let accepts = |expect: &str| matches!(expect, "ok" | "task");
    let n_accept = family.golden().iter().filter(|case| accepts(&case.expect)).count();
    let n_reject = family.golden().len() - n_accept;
    if n_accept == 0 || n_reject == 0 {
        return Fails(format!(
            "{n_accept} cases accept and {n_reject} reject: bring some of both sorts"
        ));
    }
    Holds(format!("{n_accept} accept, {n_reject} reject, as they say"))
}

/// A run can start: there are tasks, all different, and the same ones each time.
pub(super) fn seeds(subject: &Subject) -> Outcome {
    let mut counts = Vec::new();
    let kinds = &subject.family().manifest().kinds;
    for kind in kinds {
        let tasks = match &subject.seeds[&kind.name] {
            Ok(tasks) => tasks,
            Err(fault) => {
                return Fails(format!("of {}: {}: {}", kind.name, fault.cause, fault.detail));
            }
        };
        let others = kind.references_from.iter().any(|from| *from != kind.name);
        if tasks.is_empty() && !others {
            let name = &kind.name;
            return Fails(format!("{name} has none, and no other kind's tasks to start from"));
        }
        let mut keys: Vec<&str> = tasks.iter().map(|task| task.key.as_str()).collect();
        keys.sort_unstable();
        if let Some(twice) = keys.windows(2).find(|two| two[0] == two[1]) {
            return Fails(format!("{} has {} twice", kind.name, short(twice[0])));
        }
        let again = [subject.family().seeds(&kind.name), subject.twin().seeds(&kind.name)];
        if again.iter().any(|one| one.as_ref() != Ok(tasks)) {
            return Fails(format!("{} gives others when asked again", kind.name));
        }
        counts.push(format!("{} {}", tasks.len(), kind.name));
    }
    Holds(counts.join(", "))
}

/// Every seed task can be posed to a solver, and a proposer be asked for one; the same each time.
pub(super) fn prompts(subject: &Subject) -> Outcome {
    let episodes = subject.solving().into_iter().chain(subject.proposing());
    let openings: Vec<Opening> = episodes.map(|episode| episode.opening).collect();
    let prompts = subject.family().open(&openings);
    let mut given = String::new();
    for (opening, prompt) in openings.iter().zip(&prompts) {
        let seat = format!("{}/{}", opening.role, opening.kind.name);
        let proposes = subject.family().golden().iter().any(|case| {
            let shown = &case.episode.opening;
            case.expect == "task" && shown.kind == opening.kind
        });
        match prompt {
            // Tasks of such a kind come from outside.
            Err(fault) if opening.role == Role::Propose && fault.cause == "family" && !proposes => {
                given = format!("; {} is not proposed", opening.kind.name);
            }
            Err(fault) => return Fails(format!("{seat}: {}: {}", fault.cause, fault.detail)),
            Ok(prompt) if prompt.text.trim().is_empty() => {
                return Fails(format!("{seat} has an empty prompt"));
            }
            Ok(_) => {}
        }
    }
    if subject.twin().open(&openings) != prompts {
        return Fails("the same opening gives another prompt in another instance".into());
    }
    let longest = prompts.iter().flatten().map(|prompt| prompt.text.len()).max().unwrap_or(0);
    let n_prompts = prompts.iter().flatten().count();
    Holds(format!("{n_prompts} of both roles, the longest of {longest} bytes{given}"))
}

/// What the family itself calls right is accepted.
pub(super) fn gold(subject: &Subject) -> Outcome {
    let mut told = Vec::new();
    for kind in subject.kinds() {
        let n_tasks = subject.tasks(&kind.name).len();
        let n_right = subject.gold.iter().filter(|(of, _, _)| *of == kind.name).count();
        let shows_it = subject
            .family()
            .golden()
            .iter()
            .any(|case| case.expect == "ok" && case.episode.opening.kind == kind);
        if n_right == n_tasks {
            told.push(format!("{n_right} of {n_tasks} {}", kind.name));
        } else if n_right == 0 && shows_it {
            told.push(format!("{}: shown by its golden cases alone", kind.name));
        } else {
            return Fails(format!(
                "{n_right} of {n_tasks} seed tasks of {} are solved by what their secret half \
                 holds, in any common form; add a golden case that is `ok` to show the form",
                kind.name
            ));
        }
    }
    Holds(told.join(", "))
}

/// Each of `said` to each of `episodes`: all are judged, and none is worth anything.
fn worthless(subject: &Subject, episodes: &[Episode], said: &[String]) -> Outcome {
    let mut told = Vec::with_capacity(said.len() * episodes.len());
    for text in said {
        for one in episodes {
            told.push(Episode { completion: text.clone(), ..one.clone() });
        }
    }
    let episodes = told;
    let replies: Vec<Told> = subject.family().step(&episodes);
    for (episode, reply) in episodes.iter().zip(&replies) {
        let (seat, said) = (seat(episode), short(&episode.completion));
        match reply {
            Err(fault) => {
                let Fault { cause, detail } = fault;
                return Fails(format!("{seat} fails on {said}: {cause}: {}", short(detail)));
            }
            Ok(Reply::Verdict(verdict)) if verdict.score > 0.0 => {
                return Fails(format!("{seat} gives {} for {said}", verdict.score));
            }
            Ok(Reply::Proposed(_)) => return Fails(format!("{seat} takes {said} for a task")),
            Ok(_) => {}
        }
    }
    Holds(format!("{} judged, none earns anything", episodes.len()))
}

/// An answer with nothing in it earns nothing.
pub(super) fn nothing(subject: &Subject) -> Outcome {
    let episodes: Vec<Episode> = subject.solving().into_iter().chain(subject.proposing()).collect();
    worthless(subject, &episodes, &texts::NOTHING.map(str::to_owned))
}

/// A megabyte of nonsense is judged in time.
pub(super) fn huge(subject: &Subject) -> Outcome {
    worthless(subject, &subject.one_of_each(), &texts::huge())
}

/// Attacks are judged like any other text.
pub(super) fn hostile(subject: &Subject) -> Outcome {
    let plain = texts::HOSTILE.map(str::to_owned);
    let fenced = texts::HOSTILE.map(|text| format!("{text}\n```"));
    worthless(subject, &subject.one_of_each(), &[plain, fenced].concat())
}

/// No text is a fault of the judge.
fn judged(subject: &Subject, episodes: &[Episode]) -> Result<Vec<Told>, Outcome> {
    let replies = subject.family().step(episodes);
    for (episode, reply) in episodes.iter().zip(&replies) {
        if let Err(Fault { cause, detail }) = reply {
            let said = short(&episode.completion);
            let why = format!("{} fails on {said}: {cause}: {}", seat(episode), short(detail));
            return Err(Fails(why));
        }
    }
    Ok(replies)
}

/// What was cut at the length limit is judged, whole or not.
pub(super) fn cut(subject: &Subject) -> Outcome {
    let mut episodes = Vec::new();
    for episode in subject.sensible() {
        for part in [0, 1, 2, 3, 4] {
            let text = &episode.completion;
            let end = text.floor_char_boundary(text.len() * part / 4);
            let completion = text[..end].to_owned();
            episodes.push(Episode { completion, truncated: true, ..episode.clone() });
        }
    }
    match judged(subject, &episodes) {
        Ok(replies) => Holds(format!("{} judged", replies.len())),
        Err(fails) => fails,
    }
}

/// Random changes to sensible completions.
pub(super) fn fuzzed(subject: &Subject) -> Outcome {
    let sensible = subject.sensible();
    if sensible.is_empty() {
        return Untested("no golden case and no gold answer to start from".into());
    }
    let mut by_seat: BTreeMap<String, Vec<&Episode>> = BTreeMap::new();
    sensible.iter().for_each(|episode| by_seat.entry(seat(episode)).or_default().push(episode));
    let n_each = subject.n_fuzz.div_ceil(by_seat.len());
    let (mut n_judged, mut n_right) = (0, 0);
    for (idx, episodes) in by_seat.into_values().enumerate() {
        let from: Vec<String> = episodes.iter().map(|one| one.completion.clone()).collect();
        let key = Key::new(subject.seed).with(idx as u64);
        let mut stream = key.stream();
        let told = texts::fuzzed(&from, n_each, key.seed());
        let told: Vec<Episode> = told
            .into_iter()
            .map(|completion| Episode { completion, ..(*stream.choose(&episodes)).clone() })
            .collect();
        match judged(subject, &told) {
            Ok(replies) => n_right += replies.iter().filter(|reply| is_right(reply)).count(),
            Err(fails) => return fails,
        }
        n_judged += told.len();
    }
    Holds(format!("{n_judged} judged, {n_right} of them still right"))
}

/// The same episode gives the same bytes, in this instance and in any other.
pub(super) fn determinism(subject: &Subject) -> Outcome {
    let episodes = subject.sensible();
    let first = subject.family().step(&episodes);
    for family in [subject.family(), subject.twin()] {
        let again = family.step(&episodes);
        if let Some(at) = first.iter().zip(&again).position(|(a, b)| a != b) {
            let (seat, said) = (seat(&episodes[at]), short(&episodes[at].completion));
            return Fails(format!("{seat} judges {said} differently when asked again"));
        }
    }
    Holds(format!("{} episodes three times in two hosts", episodes.len()))
}

/// Neither order nor company matters.
pub(super) fn order(subject: &Subject) -> Outcome {
    let episodes = subject.sensible();
    let alone: Vec<Told> = episodes
        .iter()
        .map(|episode| subject.family().step(std::slice::from_ref(episode)).remove(0))
        .collect();
    let mut order: Vec<usize> = (0..episodes.len()).chain(0..episodes.len()).collect();
    Key::new(subject.seed).named("order").stream().shuffle(&mut order);
    let mixed: Vec<Episode> = order.iter().map(|&idx| episodes[idx].clone()).collect();
    let replies = subject.family().step(&mixed);
    if let Some(at) = (0..order.len()).find(|&at| replies[at] != alone[order[at]]) {
        let said = short(&mixed[at].completion);
        return Fails(format!("{} judges {said} by its company", seat(&mixed[at])));
    }
    Holds(format!("{} episodes alone, then twice each in a random order", episodes.len()))
}

/// A task's hold-out key is the same however its JSON is written.
pub(super) fn keys(subject: &Subject) -> Outcome {
    let mut n_tasks = 0;
    for kind in subject.kinds() {
        let tasks = subject.tasks(&kind.name);
        let plain: Vec<_> = tasks.iter().map(pair).collect();
        let spaced: Vec<_> = tasks.iter().map(spaced).collect();
        for pairs in [plain, spaced] {
            let keys = subject.family().holdout(&kind.name, &pairs);
            for (task, key) in tasks.iter().zip(keys) {
                if key.as_ref() != Ok(&task.holdout_key) {
                    return Fails(format!(
                        "{}: the task came with the hold-out key {}, `holdout` says {key:?}",
                        kind.name,
                        short(&task.holdout_key)
                    ));
                }
            }
        }
        n_tasks += tasks.len();
    }
    Holds(format!("{n_tasks} tasks, as given and as rewritten JSON"))
}

/// The same JSON with other spaces and its keys in reverse.
fn spaced(task: &quaero_types::Proposed) -> quaero_types::Pair {
    let wire: Value = serde_json::from_str(&quaero_verify::wire(task)).unwrap_or(Value::Null);
    let half = |name: &str| {
        let mut half = wire[name].clone();
        if let Value::Object(fields) = &mut half {
            let turned: Vec<_> = std::mem::take(fields).into_iter().collect();
            fields.extend(turned.into_iter().rev());
        }
        serde_json::to_string_pretty(&half).unwrap_or_default()
    };
    quaero_types::Pair { public: half("public"), secret: Secret::new(half("secret")) }
}

/// A task of somebody else's is refused in words, not by a trap.
pub(super) fn openings(subject: &Subject) -> Outcome {
    let mut wrong = Vec::new();
    for kind in subject.kinds() {
        for public in ["", "{}", "[]", "null", "{", r#"{"word": 1}"#, r#"{"a": {"b": []}}"#] {
            let mut episode = super::super::lookup::episode(&kind, Role::Solve, 0);
            episode.opening.public = public.to_owned();
            episode.secret = Some(Secret::new(public));
            wrong.push(episode);
        }
        let mut odd = super::super::lookup::episode(&kind, Role::Solve, 0);
        odd.opening.kind.name = "no-such-kind".to_owned();
        wrong.push(odd);
    }
    let openings: Vec<Opening> = wrong.iter().map(|episode| episode.opening.clone()).collect();
    let prompts = subject.family().open(&openings).into_iter().map(|one| one.err());
    let verdicts = subject.family().step(&wrong).into_iter().map(|one| one.err());
    for (fault, episode) in prompts.chain(verdicts).zip(wrong.iter().chain(&wrong)) {
        let Some(Fault { cause, detail }) = fault else { continue };
        if cause != "family" {
            let public = &episode.opening.public;
            return Fails(format!("public half {public:?}: {cause}: {}", short(&detail)));
        }
    }
    Holds(format!("{} refused or judged", 2 * wrong.len()))
}

/// A wrong option is refused, and named.
pub(super) fn options(subject: &Subject) -> Outcome {
    match subject.reopen(r#"{"no_such_option": 1}"#) {
        Err(Error::Configure { detail, .. }) if detail.contains("no_such_option") => {}
        Err(other) => return Fails(format!("an unknown option is not named: {other}")),
        Ok(()) => return Fails("it takes an option that it does not know".into()),
    }
    for text in ["[]", "3", "null"] {
        if !matches!(subject.reopen(text), Err(Error::Configure { .. })) {
            return Fails(format!("it takes {text} for options: they are a JSON object"));
        }
    }
    Holds("an unknown key is named; what is no object is refused".into())
}

/// What a judgement costs, alone and in company.
pub(super) fn time(subject: &Subject) -> Outcome {
    let episodes = subject.sensible();
    if episodes.is_empty() {
        return Untested("no golden case and no gold answer to time".into());
    }
    let timed = |work: &dyn Fn()| {
        #[expect(clippy::disallowed_methods, reason = "what a call costs is the question")]
        let start = std::time::Instant::now();
        work();
        start.elapsed().as_secs_f64() * 1e6
    };
    let mut alone: Vec<f64> = episodes
        .iter()
        .map(|episode| timed(&|| drop(subject.twin().step(std::slice::from_ref(episode)))))
        .collect();
    alone.sort_by(f64::total_cmp);
    let together = timed(&|| drop(subject.twin().step(&episodes))) / episodes.len() as f64;
    let (median, worst) = (alone[alone.len() / 2], alone[alone.len() - 1]);
    Holds(format!(
        "{median:.0} µs a completion alone (worst {worst:.0}), {together:.0} µs in a batch"
    ))
}
