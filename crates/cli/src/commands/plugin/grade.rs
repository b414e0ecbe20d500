//! `quaero plugin grade` and `propose`: JSON lines from a pipe, one line out for each, in their
//! order. Their format is in `grade.schema.json` and `propose.schema.json`, which `--schema` prints.

use std::cmp::Ordering;
use std::path::Path;

use anyhow::Context;
use quaero_runtime::{Error, Family, Host, Refused};
use quaero_terminal::{UsageError, print};
use quaero_types::{Episode, Fault, Kind, Pair, Reply, Role, Secret};
use serde::Deserialize;
use serde_json::{Value, json};

use super::stream::{self, Line};
use crate::args::{Format, Grade};
use crate::world;

/// Lines that could not be read of which each is told to people; the output names all.
const TOLD: u64 = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GradeLine {
    #[serde(default)]
    id: Option<Value>,
    task: TaskLine,
    completion: String,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    seed: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskLine {
    public: Value,
    secret: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposeLine {
    #[serde(default)]
    id: Option<Value>,
    completion: String,
    #[serde(default)]
    references: Vec<TaskLine>,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    seed: u64,
}

/// What became of a chunk of lines.
struct Answers {
    /// A line for each.
    text: String,
    n_lines: u64,
    /// Lines that could not be read, or whose task the family cannot.
    bad: Vec<String>,
    /// Lines on which the judge failed.
    faults: Vec<String>,
}

/// What became of all of them.
#[derive(Default)]
struct Total {
    n_lines: u64,
    n_bad: u64,
    n_faults: u64,
    first_fault: Option<String>,
}

pub(super) fn run(plugins: &Path, args: &Grade, role: Role) -> anyhow::Result<()> {
    if args.schema {
        print::line(schema(role).trim_end());
        return Ok(());
    }
    let (Some(family), Some(kind)) = (&args.family, &args.kind) else {
        unreachable!("clap demands both");
    };
    let jobs = args.jobs.map_or(0, usize::from);
    let (host, refused) = open(plugins, args, family, jobs)?;
    let family = super::find(&host, refused, family)?;
    let kind = super::kind(family, kind)?;
    let mut total = Total::default();
    let judge = |lines| judged(family, &kind, role, lines);
    stream::answer(std::io::stdin(), n_judges(jobs), judge, |answers| total.tell(answers))
        .context("cannot read standard input")?;
    total.close()
}

/// What `--schema` prints.
fn schema(role: Role) -> &'static str {
    match role {
        Role::Solve => include_str!("grade.schema.json"),
        Role::Propose => include_str!("propose.schema.json"),
    }
}

/// Calls of the family at a time: each spreads over up to four cores, and while one waits for its
/// slowest line the others go on.
fn n_judges(jobs: usize) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    match if jobs == 0 { cores() } else { jobs } {
        1 => 1,
        n => n.div_ceil(4) + 1,
    }
}

impl Total {
    /// Writes a chunk's lines, and counts.
    fn tell(&mut self, answers: Answers) {
        print::line(&answers.text);
        for why in &answers.bad {
            match self.n_bad.cmp(&TOLD) {
                Ordering::Less => print::note(&format!("error: {why}")),
                Ordering::Equal => print::note("more such lines follow; the output names each"),
                Ordering::Greater => {}
            }
            self.n_bad += 1;
        }
        self.n_lines += answers.n_lines;
        self.n_faults += answers.faults.len() as u64;
        self.first_fault = self.first_fault.take().or(answers.faults.into_iter().next());
    }

    /// Says what was not judged.
    fn close(self) -> anyhow::Result<()> {
        let Self { n_lines, n_bad, n_faults, first_fault } = self;
        if let Some(first) = first_fault {
            print::note(&format!(
                "warning: the judge failed on {n_faults} of {n_lines} lines, which have no \
                 verdict; the first: {first}"
            ));
        }
        if n_bad > 0 {
            let words = format!("{n_bad} of {n_lines} lines could not be read, see above");
            return Err(UsageError(words).into());
        }
        Ok(())
    }
}

/// The host with the family told which format completions are to keep. The default goes unsaid to a
/// family that knows no such option.
fn open(
    plugins: &Path,
    args: &Grade,
    name: &str,
    jobs: usize,
) -> anyhow::Result<(Host, Vec<Refused>)> {
    let (config, sets) = (args.configured.config.as_deref(), &args.configured.sets);
    let style = if args.format == Some(Format::Azr) { "azr" } else { "plain" };
    let mut told = sets.clone();
    told.push(format!("families.{name}.format={style}"));
    let opened = world::host_each(&quaero_config::load(config, &told)?, plugins, jobs)?;
    let its_own = |one: &Refused| match &one.error {
        Error::Configure { family, .. } => family == name,
        _ => false,
    };
    if args.format == Some(Format::Azr) || !opened.1.iter().any(its_own) {
        return Ok(opened);
    }
    world::host_each(&quaero_config::load(config, sets)?, plugins, jobs)
}

/// A line that was read.
struct Asked {
    /// Its `id`, which its answer has again.
    id: Option<Value>,
    episode: Episode,
}

fn read(kind: &Kind, role: Role, text: &str) -> Result<Asked, String> {
    let wrong = |error: serde_json::Error| match role {
        Role::Solve => format!(
            "{error}; a line is {{\"task\": {{\"public\": …, \"secret\": …}}, \
             \"completion\": \"…\"}}"
        ),
        Role::Propose => format!("{error}; a line is {{\"completion\": \"…\"}}"),
    };
    match role {
        Role::Solve => {
            let line: GradeLine = serde_json::from_str(text).map_err(wrong)?;
            let mut episode = super::episode(kind, role, line.seed);
            episode.opening.public = line.task.public.to_string();
            episode.secret = Some(Secret::new(line.task.secret.to_string()));
            episode.completion = line.completion;
            episode.truncated = line.truncated;
            Ok(Asked { id: line.id, episode })
        }
        Role::Propose => {
            let line: ProposeLine = serde_json::from_str(text).map_err(wrong)?;
            let mut episode = super::episode(kind, role, line.seed);
            let pair = |task: TaskLine| Pair {
                public: task.public.to_string(),
                secret: Secret::new(task.secret.to_string()),
            };
            episode.opening.references = line.references.into_iter().map(pair).collect();
            episode.completion = line.completion;
            episode.truncated = line.truncated;
            Ok(Asked { id: line.id, episode })
        }
    }
}

/// Judges a chunk.
fn judged(family: &Family, kind: &Kind, role: Role, lines: Vec<Line>) -> Answers {
    let (mut slots, mut episodes) = (Vec::with_capacity(lines.len()), Vec::new());
    for Line { no, text } in lines {
        let asked = text.and_then(|text| read(kind, role, &text));
        slots.push((
            no,
            asked.map(|Asked { id, episode }| {
                episodes.push(episode);
                id
            }),
        ));
    }
    let mut replies = family.step(&episodes).into_iter();
    let (n_lines, mut texts) = (slots.len() as u64, Vec::with_capacity(slots.len()));
    let (mut bad, mut faults) = (Vec::new(), Vec::new());
    for (no, slot) in slots {
        match slot {
            Ok(id) => {
                let Some(reply) = replies.next() else { continue };
                if let Err(fault) = &reply {
                    let refused = fault.cause == "family";
                    let told = if refused { &mut bad } else { &mut faults };
                    told.push(format!("line {no}: {}: {}", fault.cause, fault.detail));
                }
                texts.push(with_id(line(reply), id));
            }
            Err(why) => {
                let why = format!("line {no}: {why}");
                texts.push(json!({ "error": why, "line": no }).to_string());
                bad.push(why);
            }
        }
    }
    Answers { text: texts.join("\n"), n_lines, bad, faults }
}

/// `object` with the `id` of the line that it answers.
fn with_id(mut object: String, id: Option<Value>) -> String {
    if let Some(id) = id {
        object.truncate(object.len() - 1);
        object.push_str(&format!(",\"id\":{id}}}"));
    }
    object
}

fn line(reply: Result<Reply, Fault>) -> String {
    match reply {
        Ok(Reply::Verdict(v)) => {
            json!({"score": v.score, "status": v.status, "reason": v.reason}).to_string()
        }
        Ok(Reply::Proposed(task)) => format!("{{\"task\":{}}}", quaero_verify::wire(&task)),
        Ok(Reply::Rejected(why)) => {
            json!({"rejected": why.cause, "detail": why.detail}).to_string()
        }
        Ok(Reply::Observation(text)) => json!({ "observation": text }).to_string(),
        Err(fault) => {
            let reason = format!("{}: {}", fault.cause, fault.detail);
            json!({"score": 0.0, "status": "fault", "reason": reason}).to_string()
        }
    }
}
