//! Several runs side by side: a chart for each scalar with a line for each run, and the last values
//! with mean and spread.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::Run;
use crate::axis::Format;
use crate::chart::{Chart, Line};
use crate::page::{Document, document};
use crate::text::{html, number};

/// The page of several runs.
#[must_use]
pub fn side_by_side(runs: &[Run]) -> String {
    let title = runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>().join(", ");
    let title = html(&title);
    let mut figures = String::new();
    for scalar in names(runs) {
        let lines = runs.iter().enumerate().filter_map(|(idx, run)| line(run, scalar, idx));
        let chart = Chart {
            title: scalar.clone(),
            hint: "",
            format: Format::Plain,
            lines: lines.collect(),
        };
        let (svg, legend) = (chart.svg(), chart.legend());
        let _ = writeln!(
            figures,
            "<figure><figcaption>{}</figcaption>{svg}{legend}</figure>",
            html(scalar)
        );
    }
    let mut body = format!(
        "<header><h1>{title}</h1></header><main><h2>Last values</h2>\
         <div class=\"wide\">{}</div><h2>Curves</h2><div class=\"charts\">{figures}</div>",
        last_values(runs)
    );
    for run in runs {
        let _ = writeln!(
            body,
            "<details><summary>Configuration of {}</summary><pre>{}</pre></details>",
            html(&run.name),
            html(&run.config)
        );
    }
    document(&Document { title: &title, live: false, body: &format!("{body}</main>") })
}

fn is_bound(name: &str) -> bool {
    name.starts_with("eval/") && (name.ends_with("/low") || name.ends_with("/high"))
}

fn names(runs: &[Run]) -> BTreeSet<&String> {
    runs.iter().flat_map(|run| run.scalars.keys()).filter(|name| !is_bound(name)).collect()
}

fn line(run: &Run, scalar: &str, colour: usize) -> Option<Line> {
    let points = run.scalars.get(scalar)?.clone();
    Some(Line { name: run.name.clone(), scalar: None, points, band: None, colour })
}

/// Last values of every scalar: a column a run, then mean and sample deviation over the runs.
fn last_values(runs: &[Run]) -> String {
    let mut table = "<table><tr><th>scalar</th>".to_owned();
    for run in runs {
        let _ = write!(table, "<th>{}</th>", html(&run.name));
    }
    table.push_str("<th>mean</th><th>deviation</th></tr>\n");
    for scalar in names(runs) {
        let last = |run: &Run| run.scalars.get(scalar)?.last().map(|p| p.1);
        let values: Vec<Option<f64>> = runs.iter().map(last).collect();
        let _ = write!(table, "<tr><td>{}</td>", html(scalar));
        for value in &values {
            let _ = write!(table, "<td>{}</td>", value.map_or_else(String::new, number));
        }
        let known: Vec<f64> = values.into_iter().flatten().collect();
        let n = known.len() as f64;
        let mean = known.iter().sum::<f64>() / n;
        let squares: f64 = known.iter().map(|v| (v - mean).powi(2)).sum();
        let spread = if n > 1.0 { number((squares / (n - 1.0)).sqrt()) } else { String::new() };
        let _ = writeln!(table, "<td>{}</td><td>{spread}</td></tr>", number(mean));
    }
    table + "</table>\n"
}
