//! The top of the page: whether the run learns, in one sentence, and the numbers behind it.

use std::fmt::Write;

use crate::Run;
use crate::chart::thinned_to;
use crate::text::{html, number, percent, seconds};

/// What the held-out scores say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trend {
    Better,
    Unclear,
    Worse,
    Unmeasured,
}

/// A score with its 95 % interval.
#[derive(Clone, Copy, Debug)]
struct Measured {
    mean: f64,
    half: f64,
}

/// The suites' overall names, sampled first.
fn suites(run: &Run) -> Vec<&str> {
    let mut suites: Vec<&str> = run
        .scalars
        .keys()
        .filter_map(|name| name.strip_prefix("eval/")?.strip_suffix("/score"))
        .filter(|suite| !suite.contains(['.', '/']))
        .collect();
    suites.sort_by_key(|suite| (suite.ends_with("_greedy"), suite.len()));
    suites
}

/// First and last measurement of a suite.
fn ends(run: &Run, suite: &str) -> Option<(Measured, Measured)> {
    let points = run.scalars.get(&format!("eval/{suite}/score"))?;
    let at = |idx: usize| {
        let (step, mean) = points[idx];
        let bound = |name: &str| {
            let bounds = run.scalars.get(&format!("eval/{suite}/{name}"))?;
            bounds.iter().find(|p| p.0 == step).map(|p| p.1)
        };
        let half = bound("high").zip(bound("low")).map_or(0.0, |(high, low)| (high - low) / 2.0);
        Measured { mean, half }
    };
    (points.len() > 1).then(|| (at(0), at(points.len() - 1)))
}

/// Whether the last score differs from the first by more than both intervals allow (the interval of
/// a difference of independent means; the tasks are the same, so it is on the safe side).
fn trend((first, last): (Measured, Measured)) -> Trend {
    let (change, slack) = (last.mean - first.mean, first.half.hypot(last.half));
    match change {
        c if c > slack => Trend::Better,
        c if c < -slack => Trend::Worse,
        _ => Trend::Unclear,
    }
}

/// The headline with its tiles.
pub(crate) fn headline(run: &Run) -> String {
    let suite = suites(run).into_iter().next();
    let measured = suite.and_then(|suite| Some((suite, ends(run, suite)?)));
    let (verdict, class, sentence) = match measured {
        None => (
            Trend::Unmeasured,
            "unclear",
            "Held-out tasks have been measured less than twice, so there is no result yet."
                .to_owned(),
        ),
        Some((suite, both)) => {
            let (first, last) = both;
            let points = 100.0 * (last.mean - first.mean);
            let slack = 100.0 * first.half.hypot(last.half);
            let sentence = format!(
                "{} tasks solved: {} at the start, {} at step {}: {points:+.1} points, \
                 95 % interval ± {slack:.1}.",
                html(suite),
                percent(first.mean),
                percent(last.mean),
                number(last_measured(run, suite)),
            );
            let trend = trend(both);
            let class = match trend {
                Trend::Better => "better",
                Trend::Worse => "worse",
                Trend::Unclear | Trend::Unmeasured => "unclear",
            };
            (trend, class, sentence)
        }
    };
    let words = match verdict {
        Trend::Better => "It learns",
        Trend::Worse => "It gets worse",
        Trend::Unclear => "No clear change",
        Trend::Unmeasured => "Not measured yet",
    };
    format!(
        "<section id=\"headline\" class=\"{class}\"><p class=\"verdict\">{words}</p>\
         <p>{sentence}</p></section>\n<div class=\"tiles\">{}</div>\n",
        tiles(run)
    )
}

fn last_measured(run: &Run, suite: &str) -> f64 {
    let points = run.scalars.get(&format!("eval/{suite}/score"));
    points.and_then(|points| points.last()).map_or(0.0, |p| p.0)
}

fn tiles(run: &Run) -> String {
    let mut out = String::new();
    for suite in suites(run).into_iter().take(2) {
        let points = &run.scalars[&format!("eval/{suite}/score")];
        tile(&mut out, &format!("{} solved", suite.replace('_', ", ")), points, &percent);
    }
    for (label, role, measure, is_share) in [
        ("own tasks solved", "solve", "solve_rate", true),
        ("valid proposals", "propose", "valid_rate", true),
        ("proposer's reward", "propose", "reward", false),
        ("solver's reward", "solve", "reward", false),
    ] {
        let points = run.mean_of(role, measure);
        let write: &dyn Fn(f64) -> String = if is_share { &percent } else { &number };
        tile(&mut out, label, &points, write);
    }
    let spent = run.total("time/total") + run.total("time/seeding") + run.total("time/eval");
    let tokens = run.total("tokens/completion");
    let progress = match run.steps_wanted() {
        Some(wanted) if wanted > run.last_step() => {
            format!("{} of {} steps", run.last_step(), wanted)
        }
        _ => format!("{} steps", run.last_step()),
    };
    let _ = write!(
        out,
        "<div class=\"tile\"><span>work</span><b>{progress}</b>\
         <small>{}, {} tokens written</small></div>",
        seconds(spent),
        count(tokens)
    );
    out
}

/// A number with its small picture and where it started.
fn tile(out: &mut String, label: &str, points: &[(f64, f64)], write: &dyn Fn(f64) -> String) {
    let [first, .., last] = points else { return };
    // Single steps are noisy: a tenth of the run at each end, unless there are few.
    let n = (points.len() / 10).max(1);
    let mean = |part: &[(f64, f64)]| part.iter().map(|p| p.1).sum::<f64>() / part.len() as f64;
    let (from, to) = (mean(&points[..n]), mean(&points[points.len() - n..]));
    let few = points.len() < 10;
    let (from, to) = if few { (first.1, last.1) } else { (from, to) };
    let _ = write!(
        out,
        "<div class=\"tile\"><span>{}</span><b>{}</b><small>from {}</small>{}</div>",
        html(label),
        write(to),
        write(from),
        spark(points)
    );
}

fn spark(points: &[(f64, f64)]) -> String {
    let points = thinned_to(points, 60);
    let finite = || points.iter().filter(|p| p.1.is_finite());
    let (low, high) =
        finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(p.1), h.max(p.1)));
    let span = if high > low { high - low } else { 1.0 };
    let (start, end) = (points[0].0, points[points.len() - 1].0);
    let width = if end > start { end - start } else { 1.0 };
    let pairs: Vec<String> = finite()
        .map(|p| {
            let (x, y) = (100.0 * (p.0 - start) / width, 22.0 - 20.0 * (p.1 - low) / span);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 100 24\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\"><polyline points=\"{}\"/></svg>",
        pairs.join(" ")
    )
}

/// A large number in words.
pub(crate) fn count(n: f64) -> String {
    match n {
        n if n >= 1e9 => format!("{:.1} G", n / 1e9),
        n if n >= 1e6 => format!("{:.1} M", n / 1e6),
        n if n >= 1e4 => format!("{:.0} k", n / 1e3),
        n => format!("{n:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_within_the_intervals_is_no_change() {
        let at = |mean, half| Measured { mean, half };
        // The interval of the difference is √(0.03² + 0.04²) = 0.05.
        assert_eq!(trend((at(0.40, 0.03), at(0.449, 0.04))), Trend::Unclear);
        assert_eq!(trend((at(0.40, 0.03), at(0.451, 0.04))), Trend::Better);
        assert_eq!(trend((at(0.40, 0.03), at(0.349, 0.04))), Trend::Worse);
    }
}
