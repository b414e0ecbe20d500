//! Which charts a run has, in which section, with which words. A scalar that nobody listed here is
//! drawn all the same, in the last section.

use std::collections::BTreeMap;

use crate::Run;
use crate::axis::Format;
use crate::bars::Stack;
use crate::chart::{Chart, Line, N_COLOURS};

/// Sections in the page's order: id, heading, words below it.
pub(crate) const SECTIONS: [(&str, &str, &str); 9] = [
    (
        "held-out",
        "Held-out tasks",
        "Fixed tasks that are never trained on; bands are 95 % intervals.",
    ),
    (
        "probe",
        "Probe set",
        "Held-out tasks that the run's first policy graded: easy tasks should be kept, middle ones \
         won, hard ones reached.",
    ),
    ("proposer", "Proposer", "One line per kind of task."),
    ("solver", "Solver", "One line per kind of task."),
    ("rejected", "Rejected proposals", "Why proposals were rejected."),
    ("shape", "Difficulty and diversity", "Measures of the proposed tasks."),
    ("policy", "Policy", "The update: how far the policy moves, and its entropy."),
    ("work", "Time and work", "Where the time goes."),
    ("more", "Everything else", "All other scalars of metrics.jsonl."),
];

/// A measure that is known: its last name, title, words, and how it is written.
type Known = (&'static str, &'static str, &'static str, Format);

const OF_ROLE: [Known; 11] = [
    ("reward", "reward", "mean reward per completion", Format::Plain),
    ("valid_rate", "valid proposals", "share that the sandbox accepted as tasks", Format::Percent),
    ("solve_rate", "solved", "mean score of the attempts", Format::Percent),
    ("learnability", "learnability", "1 − solve rate; 0 if never or always solved", Format::Plain),
    ("format_rate", "correct format", "share in the required format", Format::Percent),
    ("length", "length", "tokens per completion", Format::Plain),
    ("truncated", "truncated", "share that reached the length limit", Format::Percent),
    ("reward_std", "reward deviation", "standard deviation within a step", Format::Plain),
    ("progress", "learning progress", "change of solve rate near its tasks", Format::Plain),
    (
        "newly_solved",
        "newly solved",
        "share of unsolved tasks solved after one update",
        Format::Percent,
    ),
    (
        "reevaluation_change",
        "re-evaluated tasks",
        "change of solve rate since the last grading",
        Format::Plain,
    ),
];

const POLICY: [Known; 9] = [
    ("entropy", "entropy", "nats per token", Format::Plain),
    ("logp_gap_mean", "log-prob gap, mean", "trainer and sampler; 0 is exact", Format::Plain),
    ("logp_gap_max", "log-prob gap, largest", "trainer and sampler", Format::Plain),
    ("ratio_mean", "probability ratio", "new policy over the one that sampled", Format::Plain),
    ("clip_fraction", "clipped", "share of clipped tokens", Format::Percent),
    ("grad_norm", "gradient norm", "before clipping", Format::Plain),
    ("loss", "loss", "of the policy objective", Format::Plain),
    ("lr", "learning rate", "", Format::Plain),
    ("archive_drop", "forgetting", "fall of old tasks' mean solve rate", Format::Plain),
];

const WORK: [Known; 5] = [
    ("rollout_tok_s", "generated tokens per second", "proposer and solver together", Format::Plain),
    ("update_tok_s", "trained tokens per second", "in the update only", Format::Plain),
    ("programs_s", "programs per second", "run in the sandbox during verification", Format::Plain),
    ("completion", "generated tokens", "per step, both roles", Format::Plain),
    ("prompt", "prompt tokens", "per step, shared ones once", Format::Plain),
];

/// What a family's measures are of.
const OF_TASKS: &str = "mean over the new tasks of a step";

/// Charts and bars of one section.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) charts: Vec<Chart>,
    pub(crate) stacks: Vec<Stack>,
}

/// Where a scalar is drawn: section, order and title of the chart, words, format, line.
struct Place {
    section: &'static str,
    order: usize,
    title: String,
    hint: &'static str,
    format: Format,
    line: String,
}

fn known(table: &'static [Known], name: &str) -> Option<(usize, &'static Known)> {
    table.iter().enumerate().find(|(_, known)| known.0 == name)
}

fn place(name: &str) -> Option<Place> {
    let parts: Vec<&str> = name.split('/').collect();
    let words = |text: &str| text.replace('_', " ");
    let of = |section, order, title: String, hint, format, line: &str| {
        let line = line.to_owned();
        Some(Place { section, order, title, hint, format, line })
    };
    let section = match parts.get(1) {
        Some(&"propose") => Some("proposer"),
        Some(&"solve") => Some("solver"),
        _ => None,
    };
    match (section, parts.as_slice()) {
        (_, ["eval", _, "low" | "high"] | ["eval", "probe", _, "low" | "high"]) => None,
        (Some(_), [_, _, _, "rejected", _]) => None,
        (_, ["eval", "probe", level, "score"]) => {
            let hint = "share solved, by difficulty for the first policy";
            of("probe", 0, "by level".to_owned(), hint, Format::Percent, level)
        }
        (_, ["time", _]) => None,
        (_, ["eval", suite, "score"]) => {
            let (whole, kind) = suite.split_once('.').unwrap_or((suite, "all"));
            let (title, hint) = match whole.strip_suffix("_greedy") {
                Some(stem) => (format!("{stem}, greedy answers"), "share solved, no sampling"),
                None => (format!("{whole}, sampled answers"), "share solved, sampling"),
            };
            of(
                "held-out",
                usize::from(whole.ends_with("_greedy")),
                title,
                hint,
                Format::Percent,
                kind,
            )
        }
        (Some(section), [family, _, kind, measure]) => {
            let line = format!("{family}/{kind}");
            match known(&OF_ROLE, measure) {
                Some((order, &(_, title, hint, format))) => {
                    of(section, order, title.to_owned(), hint, format, &line)
                }
                None => of(section, 100, words(measure), "", Format::Plain, &line),
            }
        }
        (Some(_), [family, _, kind, group, measure]) => {
            let order = usize::from(*group == "diversity");
            let line = format!("{family}/{kind}");
            // Names that a family chose: a count says what it counts.
            let what = words(measure.strip_prefix("n_").unwrap_or(measure));
            of("shape", order, format!("{group}: {what}"), OF_TASKS, Format::Plain, &line)
        }
        (_, ["policy", measure]) => match known(&POLICY, measure) {
            Some((order, &(_, title, hint, format))) => {
                of("policy", order, title.to_owned(), hint, format, title)
            }
            None => of("policy", 100, words(measure), "", Format::Plain, &words(measure)),
        },
        (_, [group @ ("perf" | "tokens"), measure]) => Some(work(group, measure)),
        (_, ["pool", kind @ .., measure]) => {
            of("more", 0, format!("pool: {}", words(measure)), "", Format::Plain, &kind.join("/"))
        }
        (_, [group, rest @ .., measure]) => {
            let line = if rest.is_empty() { name.to_owned() } else { rest.join("/") };
            of("more", 1, format!("{group}: {}", words(measure)), "", Format::Plain, &line)
        }
        _ => of("more", 2, words(name), "", Format::Plain, &words(name)),
    }
}

/// Where a measure of the work done is drawn.
fn work(group: &str, measure: &str) -> Place {
    let words = format!("{group}: {}", measure.replace('_', " "));
    let (order, title, hint, format) = match known(&WORK, measure) {
        Some((order, &(_, title, hint, format))) => (order, title.to_owned(), hint, format),
        None => (100, words, "", Format::Plain),
    };
    Place { section: "work", order, line: title.clone(), title, hint, format }
}

/// Section, order, title, words and format of a chart that shows this scalar alone.
pub(crate) fn titled(name: &str) -> Option<(&'static str, usize, String, &'static str, Format)> {
    let Place { section, order, title, hint, format, line } = place(name)?;
    let title = if line == title { title } else { format!("{title}: {line}") };
    Some((section, order, title, hint, format))
}

/// All charts of a run by section.
pub(crate) fn sections(run: &Run) -> BTreeMap<&'static str, Section> {
    let mut charts: BTreeMap<(&'static str, usize, String), Chart> = BTreeMap::new();
    for (scalar, points) in &run.scalars {
        let Some(place) = place(scalar) else { continue };
        let key = (place.section, place.order, place.title.clone());
        let chart = charts.entry(key).or_insert_with(|| Chart {
            title: place.title,
            hint: place.hint,
            format: place.format,
            lines: Vec::new(),
        });
        let bound = |bound: &str| {
            let stem = scalar.strip_prefix("eval/")?.strip_suffix("/score")?;
            run.scalars.get(&format!("eval/{stem}/{bound}")).cloned()
        };
        chart.lines.push(Line {
            name: place.line,
            scalar: Some(scalar.clone()),
            points: points.clone(),
            band: bound("low").zip(bound("high")),
            colour: 0,
        });
    }
    let mut sections: BTreeMap<&'static str, Section> = BTreeMap::new();
    for ((section, _, _), chart) in charts {
        // What no task has is no picture of the tasks.
        let is_empty = section == "shape" && chart.is_zero();
        let section = if is_empty { "more" } else { section };
        sections.entry(section).or_default().charts.push(chart);
    }
    sections.values_mut().for_each(|section| paint(&mut section.charts));
    sections.entry("rejected").or_default().stacks = rejections(run);
    sections.entry("work").or_default().stacks.extend(seconds(run));
    sections
}

/// One colour a kind within a section, and names without the family where there is one family.
fn paint(charts: &mut [Chart]) {
    let mut kinds: Vec<String> = Vec::new();
    for name in charts.iter().flat_map(|chart| chart.lines.iter().map(|line| &line.name)) {
        // The whole suite and its kinds: the kinds keep the colours that they have elsewhere.
        if name != "all" && !kinds.contains(name) {
            kinds.push(name.clone());
        }
    }
    kinds.sort();
    let family = |name: &str| name.split_once('/').map(|(family, _)| family.to_owned());
    let first = kinds.first().and_then(|name| family(name));
    let one_family = first.is_some() && kinds.iter().all(|name| family(name) == first);
    for chart in charts {
        let alone = chart.lines.len() == 1 && !chart.lines[0].name.contains('/');
        for line in &mut chart.lines {
            let nth = kinds.iter().position(|kind| *kind == line.name);
            line.colour = match nth {
                None => N_COLOURS - 1,
                Some(_) if alone => 0,
                Some(nth) => nth % (N_COLOURS - 1),
            };
            if one_family && let Some((_, kind)) = line.name.split_once('/') {
                line.name = kind.to_owned();
            }
        }
    }
}

/// Rejected proposals by cause: bars for each kind.
fn rejections(run: &Run) -> Vec<Stack> {
    let mut stacks: BTreeMap<String, Stack> = BTreeMap::new();
    for (name, points) in &run.scalars {
        let parts: Vec<&str> = name.split('/').collect();
        if let [family, "propose", kind, "rejected", cause] = parts.as_slice() {
            let title = format!("{family}/{kind}");
            let stack = stacks.entry(title.clone()).or_insert_with(|| Stack {
                title: format!("{title}, rejected"),
                hint: "proposals per step, by cause",
                parts: Vec::new(),
                steps: run.steps.iter().copied().filter(|step| *step > 0.0).collect(),
            });
            stack.parts.push(((*cause).to_owned(), points.clone()));
        }
    }
    stacks.into_values().collect()
}

/// Seconds of each step by part; what no part accounts for is `other`.
fn seconds(run: &Run) -> Option<Stack> {
    let parts = parts_of_time(run);
    let steps: Vec<f64> = run.steps.iter().copied().filter(|step| *step > 0.0).collect();
    (!parts.is_empty() && !steps.is_empty()).then(|| Stack {
        title: "seconds per step".to_owned(),
        hint: "mean over a bar's steps; evaluation runs every few steps",
        parts,
        steps,
    })
}

/// Seconds by part of a run, seeding apart.
pub(crate) fn parts_of_time(run: &Run) -> Vec<(String, Vec<(f64, f64)>)> {
    let of_part = |(name, points): (&String, &Vec<(f64, f64)>)| {
        let part = name.strip_prefix("time/")?;
        (!["total", "seeding"].contains(&part)).then(|| (part.to_owned(), points.clone()))
    };
    let mut parts: Vec<_> = run.scalars.iter().filter_map(of_part).collect();
    if let Some(total) = run.scalars.get("time/total") {
        let inside = |step: f64| -> f64 {
            let at =
                |points: &[(f64, f64)]| points.iter().find(|p| p.0 == step).map_or(0.0, |p| p.1);
            parts.iter().filter(|(name, _)| name != "eval").map(|(_, points)| at(points)).sum()
        };
        let other = total.iter().map(|&(step, t)| (step, (t - inside(step)).max(0.0))).collect();
        parts.push(("other".to_owned(), other));
    }
    parts
}
