//! Which charts a page has, and the text around them.

use std::collections::{BTreeMap, BTreeSet};

use crate::Run;
use crate::chart::{Line, escape, figure, tick};

const STYLE: &str = include_str!("page.css");

/// Headings in the page's order, with the measures whose charts stand under them: the last part of
/// `family/role/kind/measure`, or the first part of any other name.
const SECTIONS: [(&str, &[&str]); 6] = [
    ("Held-out tasks", &["eval"]),
    (
        "What it asked and answered",
        &[
            "reward",
            "reward_std",
            "valid_rate",
            "solve_rate",
            "learnability",
            "format_rate",
            "length",
            "truncated",
        ],
    ),
    ("Rejected proposals", &["rejected"]),
    ("Shape of the tasks", &["complexity", "diversity"]),
    ("Policy", &["policy"]),
    ("Pool, time and work", &["pool", "time", "perf", "tokens"]),
];

/// The page of one run, or of several side by side.
#[must_use]
pub fn page(runs: &[Run]) -> String {
    let title = runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>().join(", ");
    let title = escape(&title);
    let (mut nav, mut body) = (String::new(), String::new());
    let charts = match runs {
        [run] => of_one(run),
        _ => of_several(runs),
    };
    for (heading, figures) in charts {
        let id = heading.to_lowercase().replace([' ', ','], "-");
        nav.push_str(&format!("<a href=\"#{id}\">{heading}</a> "));
        body.push_str(&format!("<h2 id=\"{id}\">{heading}</h2><div>{figures}</div>\n"));
    }
    if runs.len() > 1 {
        body.push_str(&last_values(runs));
    }
    for run in runs {
        let (name, config) = (escape(&run.name), escape(&run.config));
        body.push_str(&format!(
            "<details><summary>Configuration of {name}</summary><pre>{config}</pre></details>\n"
        ));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title} – Quaero</title><style>{STYLE}</style></head>\n\
         <body><h1>{title}</h1><nav>{nav}</nav>\n{body}</body></html>\n"
    )
}

/// Heading and title of the chart that shows `name`, and the line's name in it.
fn place(name: &str) -> (&'static str, String, String) {
    let parts: Vec<&str> = name.split('/').collect();
    let seat = matches!(parts.get(1), Some(&("propose" | "solve")));
    let (key, title, line) = match parts.as_slice() {
        ["eval", suite, _] => {
            let whole = suite.split('.').next().unwrap_or(suite);
            ("eval", format!("{whole}, share solved"), (*suite).to_owned())
        }
        [family, role, kind, measure] if seat => {
            (*measure, format!("{role}: {}", measure.replace('_', " ")), format!("{family}/{kind}"))
        }
        [family, _, kind, "rejected", cause] if seat => {
            ("rejected", format!("{family}/{kind}: proposals by cause"), (*cause).to_owned())
        }
        [family, role, kind, group, measure] if seat => {
            (*group, format!("{role}: {measure}"), format!("{family}/{kind}"))
        }
        ["time", part] => ("time", "seconds a step".to_owned(), (*part).to_owned()),
        ["pool", kind @ .., measure] => ("pool", format!("pool: {measure}"), kind.join("/")),
        [group, rest @ .., measure] => {
            let line = if rest.is_empty() { name.to_owned() } else { rest.join("/") };
            (*group, format!("{group}: {}", measure.replace('_', " ")), line)
        }
        _ => ("", name.replace('_', " "), name.to_owned()),
    };
    let section = SECTIONS.iter().find(|(_, keys)| keys.contains(&key));
    (section.map_or("More", |(heading, _)| heading), title, line)
}

fn headings() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().map(|(heading, _)| *heading).chain(["More"])
}

fn in_order(mut by_heading: BTreeMap<&'static str, String>) -> Vec<(&'static str, String)> {
    headings().filter_map(|h| by_heading.remove(h).map(|figures| (h, figures))).collect()
}

fn is_bound(name: &str) -> bool {
    name.starts_with("eval/") && (name.ends_with("/low") || name.ends_with("/high"))
}

fn line<'a>(run: &'a Run, scalar: &str, name: String) -> Option<Line<'a>> {
    let points = run.scalars.get(scalar)?;
    let bound = |bound: &str| {
        let stem = scalar.strip_prefix("eval/")?.strip_suffix("/score")?;
        run.scalars.get(&format!("eval/{stem}/{bound}")).map(Vec::as_slice)
    };
    Some(Line { name, points, band: bound("low").zip(bound("high")) })
}

fn of_one(run: &Run) -> Vec<(&'static str, String)> {
    let mut charts: BTreeMap<(&'static str, String), Vec<Line<'_>>> = BTreeMap::new();
    for scalar in run.scalars.keys().filter(|name| !is_bound(name)) {
        let (heading, title, name) = place(scalar);
        charts.entry((heading, title)).or_default().extend(line(run, scalar, name));
    }
    let mut by_heading: BTreeMap<&'static str, String> = BTreeMap::new();
    for ((heading, title), lines) in charts {
        by_heading.entry(heading).or_default().push_str(&figure(&title, &lines));
    }
    in_order(by_heading)
}

fn names(runs: &[Run]) -> BTreeSet<&String> {
    runs.iter().flat_map(|run| run.scalars.keys()).filter(|name| !is_bound(name)).collect()
}

fn of_several(runs: &[Run]) -> Vec<(&'static str, String)> {
    let mut by_heading: BTreeMap<&'static str, String> = BTreeMap::new();
    for scalar in names(runs) {
        let lines: Vec<Line<'_>> =
            runs.iter().filter_map(|run| line(run, scalar, run.name.clone())).collect();
        by_heading.entry(place(scalar).0).or_default().push_str(&figure(scalar, &lines));
    }
    in_order(by_heading)
}

/// Last values of every scalar: a column a run, then mean and sample deviation over the runs.
fn last_values(runs: &[Run]) -> String {
    let mut table =
        "<h2 id=\"last\">Last values</h2><div class=\"wide\"><table><tr><th>scalar</th>".to_owned();
    for run in runs {
        table.push_str(&format!("<th>{}</th>", escape(&run.name)));
    }
    table.push_str("<th>mean</th><th>deviation</th></tr>\n");
    for scalar in names(runs) {
        let last = |run: &Run| run.scalars.get(scalar)?.last().map(|p| p.1);
        let values: Vec<Option<f64>> = runs.iter().map(last).collect();
        table.push_str(&format!("<tr><td>{}</td>", escape(scalar)));
        for value in &values {
            table.push_str(&format!("<td>{}</td>", value.map_or_else(String::new, tick)));
        }
        let known: Vec<f64> = values.into_iter().flatten().collect();
        let n = known.len() as f64;
        let mean = known.iter().sum::<f64>() / n;
        let squares: f64 = known.iter().map(|v| (v - mean).powi(2)).sum();
        let spread = if n > 1.0 { tick((squares / (n - 1.0)).sqrt()) } else { String::new() };
        table.push_str(&format!("<td>{}</td><td>{spread}</td></tr>\n", tick(mean)));
    }
    table + "</table></div>\n"
}
