//! Several runs side by side. Runs that differ in their seed alone are one group: a line for each
//! group, with the spread of its runs around it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::Run;
use crate::axis::Format;
use crate::chart::{Chart, Line};
use crate::groups::{Group, Spread, differences, groups};
use crate::page::{Document, chart_figure, columns, describe, document};
use crate::plan::{SECTIONS, titled};
use crate::text::{html, json as safe_json, number, percent};

/// The page of several runs.
#[must_use]
pub fn side_by_side(runs: &[Run]) -> String {
    let title = runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>().join(", ");
    let title = html(&title);
    let groups = groups(runs);
    let mut body = format!(
        "<header><h1>{title}</h1><nav><a href=\"#groups\">Runs</a><a href=\"#differ\">What differs\
         </a><a href=\"#held-out\">Held-out tasks</a><a href=\"#last\">Last values</a></nav>\
         </header><main>{}{}{}{}",
        overview(&groups),
        what_differs(&groups),
        held_out(&groups),
        curves(&groups)
    );
    let _ = write!(
        body,
        "<section id=\"last\"><h2>Last values</h2><div class=\"wide\">{}</div></section>",
        last_values(runs, &groups)
    );
    body.push_str("<section id=\"config\"><h2>Configurations</h2>");
    for run in runs {
        let _ = writeln!(
            body,
            "<details><summary>{}</summary><pre>{}</pre></details>",
            html(&run.name),
            html(&run.config)
        );
    }
    document(&Document { title: &title, live: false, body: &format!("{body}</section></main>") })
}

/// Which runs are one group.
fn overview(groups: &[Group<'_>]) -> String {
    let mut rows = String::new();
    for (idx, group) in groups.iter().enumerate() {
        let names: Vec<String> = group.runs.iter().map(|run| html(&run.name)).collect();
        let _ = writeln!(
            rows,
            "<tr><td><i class=\"c{}\"></i>{}</td><td class=\"words\">{}</td><td>{}</td>\
             <td>{}</td></tr>",
            colour(idx),
            html(&group.name),
            names.join(", "),
            html(&group.seeds().join(", ")),
            group.digest
        );
    }
    let repeats = groups.iter().filter(|group| group.repeats_a_seed());
    let notes: String = repeats
        .map(|group| {
            format!(
                "<p class=\"note\">Two runs of {} have the same seed: their spread says nothing \
                 about chance.</p>",
                html(&group.name)
            )
        })
        .collect();
    format!(
        "<section id=\"groups\"><h2>Runs</h2><p class=\"hint\">Runs whose configurations differ \
         in the seed alone are one group. A line is the mean of a group's runs, at the steps that \
         all of them took; a band is one sample standard deviation to each side.</p>\
         <div class=\"wide\"><table class=\"groups\"><tr><th>group</th><th>runs</th><th>seeds</th>\
         <th>configuration</th></tr>{rows}</table></div>{notes}</section>\n"
    )
}

fn colour(idx: usize) -> usize {
    idx % crate::chart::N_COLOURS
}

/// The keys in which groups differ.
fn what_differs(groups: &[Group<'_>]) -> String {
    let rows = differences(groups);
    let content = if rows.is_empty() {
        "<p class=\"note\">Nothing but seeds and where the runs were computed.</p>".to_owned()
    } else {
        let mut table = format!("<table><tr><th>key</th>{}</tr>\n", heads(groups));
        for (key, values) in rows {
            let _ = write!(table, "<tr><td>{}</td>", html(&key));
            for value in values {
                let words = value.map_or_else(|| "–".to_owned(), |value| html(&value));
                let _ = write!(table, "<td>{words}</td>");
            }
            table.push_str("</tr>\n");
        }
        format!("<div class=\"wide\">{table}</table></div>")
    };
    format!("<section id=\"differ\"><h2>What differs</h2>{content}</section>\n")
}

fn heads(groups: &[Group<'_>]) -> String {
    groups.iter().map(|group| format!("<th>{}</th>", html(&group.name))).collect()
}

/// Scores on held-out tasks: the last, and what each run gained since its first.
fn held_out(groups: &[Group<'_>]) -> String {
    let suites = names(groups);
    let suites: Vec<&str> = suites
        .iter()
        .filter_map(|name| name.strip_prefix("eval/")?.strip_suffix("/score"))
        .collect();
    if suites.is_empty() {
        return String::new();
    }
    let heads: String = groups
        .iter()
        .map(|group| format!("<th>{0}, last</th><th>gain</th>", html(&group.name)))
        .collect();
    let mut table = format!("<table><tr><th>solved</th>{heads}</tr>\n");
    for suite in suites {
        let _ = write!(table, "<tr><td>{}</td>", html(suite));
        let scalar = format!("eval/{suite}/score");
        for group in groups {
            let last = group.last(&scalar).map(|spread| words(spread, &percent));
            let points = |gain: f64| format!("{:+.1}", 100.0 * gain);
            let gain = group.gain(&scalar).map(|spread| words(spread, &points));
            let _ = write!(
                table,
                "<td>{}</td><td>{}</td>",
                last.unwrap_or_default(),
                gain.unwrap_or_default()
            );
        }
        table.push_str("</tr>\n");
    }
    format!(
        "<section><h2>Scores</h2><p class=\"hint\">Mean ± sample standard deviation over a \
         group's runs; gains in points, from each run's own first measurement.</p>\
         <div class=\"wide\">{table}</table></div></section>\n"
    )
}

/// A mean, and its deviation where there is one.
fn words(spread: Spread, write: &dyn Fn(f64) -> String) -> String {
    let mean = write(spread.mean);
    spread.deviation.map_or(mean.clone(), |deviation| {
        let deviation = write(deviation);
        format!("{mean} ± {}", deviation.trim_start_matches('+'))
    })
}

/// A chart for each scalar, with a line for each group.
fn curves(groups: &[Group<'_>]) -> String {
    let mut charts: BTreeMap<(&str, usize, String), Chart> = BTreeMap::new();
    let mut scalars = Map::new();
    for scalar in names(groups) {
        let lines = groups.iter().enumerate();
        let lines: Vec<Line> = lines.filter_map(|(idx, group)| line(group, &scalar, idx)).collect();
        if lines.is_empty() {
            continue;
        }
        for line in &lines {
            let key = line.scalar.clone().unwrap_or_default();
            scalars.insert(key, columns(&line.points));
        }
        let (section, order, title, hint, format) =
            titled(&scalar).unwrap_or(("more", 3, scalar.clone(), "", Format::Plain));
        charts.insert((section, order, title.clone()), Chart { title, hint, format, lines });
    }
    let (mut out, mut figures) = (String::new(), Vec::new());
    for (id, heading, _) in SECTIONS {
        let mut inner = String::new();
        for (_, chart) in charts.iter().filter(|((section, ..), _)| *section == id) {
            inner.push_str(&chart_figure(chart, figures.len()));
            figures.push(describe(chart));
        }
        if inner.is_empty() {
            continue;
        }
        let grid = format!("<div class=\"charts\">{inner}</div>");
        let content = if id == "more" {
            format!("<details><summary>show</summary>{grid}</details>")
        } else {
            grid
        };
        let _ = writeln!(out, "<section id=\"{id}\"><h2>{heading}</h2>{content}</section>");
    }
    let data = safe_json(&json!({"scalars": Value::Object(scalars), "figures": figures}));
    let _ = writeln!(out, "<script type=\"application/json\" id=\"curves\">{data}</script>");
    out
}

fn names(groups: &[Group<'_>]) -> BTreeSet<String> {
    let is_bound = |name: &String| {
        name.starts_with("eval/") && (name.ends_with("/low") || name.ends_with("/high"))
    };
    let runs = groups.iter().flat_map(|group| group.runs.iter());
    let names = runs.flat_map(|run| run.scalars.keys());
    names.filter(|name| !is_bound(name)).cloned().collect()
}

fn line(group: &Group<'_>, scalar: &str, idx: usize) -> Option<Line> {
    let curve = group.curve(scalar);
    let points: Vec<(f64, f64)> = curve.iter().map(|(step, spread)| (*step, spread.mean)).collect();
    let n = curve.last()?.1.n;
    let bound = |sign: f64| -> Vec<(f64, f64)> {
        let at = |(step, spread): &(f64, Spread)| {
            (*step, spread.mean + sign * spread.deviation.unwrap_or(0.0))
        };
        curve.iter().map(at).collect()
    };
    let name = if n > 1 { format!("{} ({n})", group.name) } else { group.name.clone() };
    Some(Line {
        name,
        scalar: Some(format!("{idx} {scalar}")),
        points,
        band: (n > 1).then(|| (bound(-1.0), bound(1.0))),
        colour: colour(idx),
    })
}

/// Last values of every scalar: a column a run, then mean and sample deviation of each group.
fn last_values(runs: &[Run], groups: &[Group<'_>]) -> String {
    let mut table = "<table><tr><th>scalar</th>".to_owned();
    for run in runs {
        let _ = write!(table, "<th>{}</th>", html(&run.name));
    }
    let of_several: Vec<&Group<'_>> = groups.iter().filter(|group| group.runs.len() > 1).collect();
    for group in &of_several {
        let of =
            if groups.len() > 1 { format!(" of {}", html(&group.name)) } else { String::new() };
        let _ = write!(table, "<th>mean{of}</th><th>deviation</th>");
    }
    table.push_str("</tr>\n");
    for scalar in names(groups) {
        let _ = write!(table, "<tr><td>{}</td>", html(&scalar));
        for run in runs {
            let last = run.scalars.get(&scalar).and_then(|points| points.last());
            let _ = write!(table, "<td>{}</td>", last.map_or_else(String::new, |p| number(p.1)));
        }
        for group in &of_several {
            let last = group.last(&scalar);
            let mean = last.map_or_else(String::new, |spread| number(spread.mean));
            let spread = last.and_then(|spread| spread.deviation).map_or_else(String::new, number);
            let _ = write!(table, "<td>{mean}</td><td>{spread}</td>");
        }
        table.push_str("</tr>\n");
    }
    table + "</table>\n"
}
