//! The page: its parts in order, the data for its script, and the policy that forbids everything
//! else to run or load.

use std::fmt::Write;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::bars::{Histogram, Stack};
use crate::chart::{Chart, Points, thinned_to};
use crate::crossplay::CrossPlay;
use crate::experience::{Experience, Solved};
use crate::headline::{count, headline};
use crate::plan::{SECTIONS, parts_of_time, sections};
use crate::text::{html, json as safe_json, percent, seconds};
use crate::{Run, base64};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Points of a curve that the script is given; pictures have fewer.
const POINTS_MAX: usize = 1000;

/// The page of one run. `experience` is what its browser of tasks shows, or why it has none. A
/// `live` page listens for further steps from where it was loaded.
#[must_use]
pub fn page(run: &Run, experience: Result<&Experience, &str>, live: bool) -> String {
    let name = html(&run.name);
    let mut body = format!("<div id=\"live\">{}</div>\n", curves(run));
    body.push_str(&cross_play(run));
    let mut nav: Vec<(&str, &str)> = Vec::new();
    for (id, heading, _) in SECTIONS {
        if body.contains(&format!("<section id=\"{id}\"")) {
            nav.push((id, heading));
        }
    }
    match experience {
        Ok(experience) => {
            body.push_str(&difficulty(experience));
            body.push_str(&browser(experience));
            nav.extend([("rates", "Solve rates"), ("tasks", "Tasks and attempts")]);
        }
        Err(why) => {
            let _ = write!(body, "<p class=\"note\">No tasks to show: {}.</p>", html(why));
        }
    }
    let _ = writeln!(
        body,
        "<section id=\"config\"><h2>Configuration</h2><details><summary>as resolved</summary>\
         <pre>{}</pre></details></section>",
        html(&run.config)
    );
    nav.push(("config", "Configuration"));
    let links: String =
        nav.iter().map(|(id, heading)| format!("<a href=\"#{id}\">{heading}</a>")).collect();
    let tasks = match experience {
        Ok(experience) => json!({"tasks": experience.tasks, "rejected": experience.rejected}),
        Err(_) => json!({"tasks": [], "rejected": []}),
    };
    document(&Document {
        title: &name,
        live,
        body: &format!(
            "<header><h1>{name}</h1><nav>{links}</nav></header>\n<main>{body}</main>\n\
             <script type=\"application/json\" id=\"experience\">{}</script>\n",
            safe_json(&tasks)
        ),
    })
}

/// What of a page changes from step to step: the headline, all curves and their data.
#[must_use]
pub fn curves(run: &Run) -> String {
    let mut out = headline(run);
    let mut figures = Vec::new();
    let mut sections = sections(run);
    for (id, heading, words) in SECTIONS {
        let Some(section) = sections.remove(id) else { continue };
        if section.charts.is_empty() && section.stacks.is_empty() {
            continue;
        }
        let mut inner = String::new();
        for stack in &section.stacks {
            inner.push_str(&stack_figure(stack));
        }
        for chart in &section.charts {
            inner.push_str(&chart_figure(chart, figures.len()));
            figures.push(describe(chart));
        }
        let grid = format!("<div class=\"charts\">{inner}</div>");
        let table = if id == "work" { time_table(run) } else { String::new() };
        let content = if id == "more" {
            format!("<details><summary>show</summary>{grid}</details>")
        } else {
            format!("{table}{grid}")
        };
        let _ = writeln!(
            out,
            "<section id=\"{id}\"><h2>{heading}</h2><p class=\"hint\">{words}</p>{content}\
             </section>"
        );
    }
    let scalars: Map<String, Value> =
        run.scalars.iter().map(|(name, points)| (name.clone(), columns(points))).collect();
    let data = json!({"step": run.last_step() as u64, "scalars": scalars, "figures": figures});
    let _ = writeln!(
        out,
        "<script type=\"application/json\" id=\"curves\">{}</script>",
        safe_json(&data)
    );
    out
}

/// A curve as two columns: steps and values.
pub(crate) fn columns(points: &Points) -> Value {
    let kept = thinned_to(points, POINTS_MAX);
    let (steps, values): (Vec<f64>, Vec<f64>) = kept.into_iter().unzip();
    json!([steps.iter().map(|step| *step as u64).collect::<Vec<_>>(), values])
}

/// What the script needs to tell the values under the pointer.
pub(crate) fn describe(chart: &Chart) -> Value {
    let across = chart.x_axis();
    let lines: Vec<Value> = chart
        .lines
        .iter()
        .map(|line| json!({"name": line.name, "scalar": line.scalar, "colour": line.colour}))
        .collect();
    let percent = chart.format == crate::axis::Format::Percent;
    json!({"low": across.low, "high": across.high, "percent": percent, "lines": lines})
}

fn figure(title: &str, hint: &str, attributes: &str, svg: &str, legend: &str) -> String {
    let hint = html(hint);
    format!(
        "<figure{attributes}><figcaption>{} <small>{hint}</small></figcaption>{svg}{legend}\
         </figure>\n",
        html(title)
    )
}

pub(crate) fn chart_figure(chart: &Chart, idx: usize) -> String {
    let attributes = format!(" data-figure=\"{idx}\"");
    figure(&chart.title, chart.hint, &attributes, &chart.svg(), &chart.legend())
}

fn stack_figure(stack: &Stack) -> String {
    figure(&stack.title, stack.hint, "", &stack.svg(), &stack.legend())
}

/// Where the seconds of the whole run went.
fn time_table(run: &Run) -> String {
    let mut rows: Vec<(String, f64)> = parts_of_time(run)
        .into_iter()
        .map(|(part, points)| (part, points.iter().map(|p| p.1).sum()))
        .collect();
    rows.push(("seeding".to_owned(), run.total("time/seeding")));
    let whole: f64 = rows.iter().map(|row| row.1).sum();
    if whole <= 0.0 {
        return String::new();
    }
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut table =
        "<table class=\"time\"><tr><th>part</th><th>time</th><th>share</th></tr>".to_owned();
    for (part, time) in rows {
        let _ = write!(
            table,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            html(&part),
            seconds(time),
            percent(time / whole)
        );
    }
    let _ = write!(table, "<tr><td>all</td><td>{}</td><td></td></tr></table>", seconds(whole));
    table
}

fn cross_play(run: &Run) -> String {
    let content = match CrossPlay::read(&run.folder) {
        Some(Ok(matrix)) => {
            format!("{}<div class=\"charts\">{}</div>", matrix.words(), matrix.figures())
        }
        Some(Err(why)) => format!("<p class=\"note\">{}</p>", html(&why)),
        None => "<p class=\"note\">Not measured: <code>quaero crossplay RUN</code> lets the run's \
                 checkpoints answer each other's tasks and writes crossplay.json.</p>"
            .to_owned(),
    };
    format!(
        "<section id=\"cross-play\"><h2>Cross-play</h2><p class=\"hint\">Share of each period's \
         tasks that each policy solves. A policy has practised the tasks of the periods up to \
         its own. Where a row falls among those that are new to it, later tasks are harder; where \
         a column rises among the policies to which it is new, the model grows.</p>\
         {content}</section>\n"
    )
}

/// The classes of a solve rate.
const CLASSES: [&str; 6] = ["never", "to ¼", "to ½", "to ¾", "below 1", "always"];

fn class_of(rate: f64) -> usize {
    match rate {
        r if r <= 0.0 => 0,
        r if r >= 1.0 => 5,
        r => 1 + ((r * 4.0).ceil() as usize).clamp(1, 4) - 1,
    }
}

/// How hard the tasks were for the policy that met them, early and late.
fn difficulty(experience: &Experience) -> String {
    let mut kinds: Vec<&String> = experience.solved.iter().map(|one| &one.kind).collect();
    kinds.sort();
    kinds.dedup();
    let last = experience.solved.iter().map(|one| one.step).fold(0.0, f64::max);
    let third = last / 3.0;
    let mut figures = String::new();
    for kind in kinds {
        let of = |name: String, keep: &dyn Fn(&Solved) -> bool| {
            let mut counts = [0usize; CLASSES.len()];
            for one in experience.solved.iter().filter(|one| one.kind == *kind && keep(one)) {
                counts[class_of(one.rate)] += 1;
            }
            let n: usize = counts.iter().sum();
            let shares = counts.iter().map(|&c| c as f64 / n.max(1) as f64).collect();
            (name, n, shares)
        };
        let histogram = Histogram {
            title: kind.clone(),
            hint: "tasks by the share of attempts that solved them",
            classes: CLASSES.to_vec(),
            series: vec![
                of(format!("steps to {third:.0},"), &|one| one.step <= third),
                of(format!("steps from {:.0},", last - third), &|one| one.step >= last - third),
            ],
        };
        let (svg, legend) = (histogram.svg(), histogram.legend());
        figures.push_str(&figure(&histogram.title, histogram.hint, "", &svg, &legend));
    }
    format!(
        "<section id=\"rates\"><h2>Solve rates</h2><p class=\"hint\">A task that is never or \
         always solved teaches nothing; the proposer is paid for those between.</p>\
         <div class=\"charts\">{figures}</div></section>\n"
    )
}

/// The browser's frame; the script fills it.
fn browser(experience: &Experience) -> String {
    let numbers = format!(
        "<span id=\"numbers\">{} of {} tasks with {} attempts in all, and {} of {} rejected \
         proposals, are in this page</span>: some of each sort (hardest solved, newest, evenly \
         over the run, never solved, always solved, seeds). All of them are in experience.db.",
        experience.tasks.len(),
        experience.n_tasks,
        count(experience.n_attempts as f64),
        experience.rejected.len(),
        experience.n_rejected
    );
    format!(
        "<section id=\"tasks\"><h2>Tasks and attempts</h2><p class=\"hint\">{numbers}</p>\
         <form id=\"filters\">\
         <input type=\"search\" name=\"words\" placeholder=\"search programs and answers\" \
         aria-label=\"search\">\
         <select name=\"role\" aria-label=\"role\"><option value=\"task\">tasks</option>\
         <option value=\"rejected\">rejected proposals</option></select>\
         <select name=\"kind\" aria-label=\"kind\"><option value=\"\">every kind</option></select>\
         <select name=\"verdict\" aria-label=\"verdict\"><option value=\"\">every verdict</option>\
         </select><select name=\"rate\" aria-label=\"solve rate\">\
         <option value=\"\">every solve rate</option><option value=\"never\">never solved</option>\
         <option value=\"hard\">solved below half</option>\
         <option value=\"easy\">half or more</option>\
         <option value=\"always\">always solved</option>\
         <option value=\"none\">not attempted</option></select>\
         <label>steps <input type=\"number\" name=\"from\" min=\"0\" placeholder=\"first\"></label>\
         <label>to <input type=\"number\" name=\"to\" min=\"0\" placeholder=\"last\"></label>\
         <select name=\"sort\" aria-label=\"order\"><option value=\"hard\">hardest solved first\
         </option><option value=\"new\">newest first</option><option value=\"old\">oldest first\
         </option></select></form>\
         <p id=\"found\" aria-live=\"polite\"></p><div id=\"list\"></div>\
         <button id=\"further\" type=\"button\" hidden>show more</button>\
         <noscript><p class=\"note\">The browser of tasks needs JavaScript; the curves do not.</p>\
         </noscript></section>\n"
    )
}

/// The frame of every page.
pub(crate) struct Document<'a> {
    /// As HTML.
    pub(crate) title: &'a str,
    pub(crate) live: bool,
    pub(crate) body: &'a str,
}

/// What a page may run and load, as a content security policy: its own script and style, and where
/// it is `live`, what it asks of where it was loaded from.
#[must_use]
pub fn policy(live: bool) -> String {
    let hash = |text: &str| format!("'sha256-{}'", base64::encode(&Sha256::digest(text)));
    let connect = if live { "'self'" } else { "'none'" };
    format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; script-src {}; style-src {}; \
         connect-src {connect}",
        hash(SCRIPT),
        hash(STYLE)
    )
}

pub(crate) fn document(document: &Document<'_>) -> String {
    let Document { title, live, body } = document;
    let policy = policy(*live);
    let live = if *live { " data-live" } else { "" };
    format!(
        "<!doctype html>\n<html lang=\"en\"{live}><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title} – Quaero</title><style>{STYLE}</style></head>\n\
         <body>{body}<script>{SCRIPT}</script></body></html>\n"
    )
}

/// The page of a run that has no step yet; it becomes the run's when there is one.
#[must_use]
pub fn waiting(why: &str) -> String {
    let body = format!(
        "<main><h2>Waiting for the run's first step</h2><p class=\"note\">{}</p></main>",
        html(why)
    );
    document(&Document { title: "waiting", live: true, body: &body })
}
