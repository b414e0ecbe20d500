//! What a person watches: one bar for the run, one line of plain words a phase.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use quaero_dashboard::Dashboard;
use quaero_evals::Score;
use quaero_telemetry::Metrics;
use quaero_train::Observer;

/// Progress on stderr; plain lines when stderr is not a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    phase: String,
    plain: bool,
    /// Told of each step.
    dashboard: Option<Dashboard>,
    /// Steps in a row that had nothing to learn from; `None` once that was said.
    idle: Option<u32>,
}

/// Steps without a signal after which a person is told.
const IDLE_STEPS: u32 = 3;

impl Progress {
    /// For a run of `steps` steps of which `done` are behind it.
    pub(crate) fn new(done: u64, steps: u64, dashboard: Option<Dashboard>) -> Self {
        let bar = ProgressBar::new(steps).with_position(done);
        let style = "{bar:24} {pos}/{len} steps  {elapsed} gone, {eta} left  {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style.progress_chars("━╸ "));
        }
        bar.reset_eta();
        let plain = bar.is_hidden();
        Self { bar, phase: String::new(), plain, dashboard, idle: Some(0) }
    }

    /// Ends the bar, leaving what it last said, and the dashboard.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }

    fn warn_of_no_signal(&mut self, metrics: &Metrics) {
        let Some(before) = self.idle else { return };
        let is_idle = metrics.get("policy/grad_norm").is_none_or(|norm| norm == 0.0);
        let now = if is_idle { before + 1 } else { 0 };
        self.idle = (now < IDLE_STEPS).then_some(now);
        if self.idle.is_none() {
            self.say(&format!(
                "warning: the gradient was 0 for {IDLE_STEPS} steps: rewards that do not \
                 differ teach nothing. Look at what was written: tables proposals and \
                 attempts of experience.db"
            ));
        }
    }

    fn say(&self, text: &str) {
        if self.plain {
            quaero_terminal::print::note(text);
        } else {
            self.bar.println(text);
        }
    }
}

/// The mean over the scalars `…/<role>/…/<name>` that this step measured.
fn mean(metrics: &Metrics, role: &str, name: &str) -> Option<f64> {
    let (part, end) = (format!("/{role}/"), format!("/{name}"));
    let of_role = metrics.iter().filter(|(key, _)| key.contains(&part) && key.ends_with(&end));
    let values: Vec<f64> = of_role.map(|(_, value)| value).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// A score's name is `<suite>`, `<suite>.<kind>` or `probe/<level>`.
fn suite_and_part(name: &str) -> (&str, &str) {
    name.split_once(['.', '/']).unwrap_or((name, "all"))
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "  –".to_owned(), |v| format!("{:3.0}%", 100.0 * v))
}

impl Observer for Progress {
    fn phase(&mut self, words: &str) {
        if words != self.phase {
            words.clone_into(&mut self.phase);
            self.say(words);
        }
    }

    fn progress(&mut self, done: u64, total: u64) {
        if !self.plain {
            self.bar.set_message(format!("{} {done}/{total}", self.phase));
        }
    }

    fn evaluated(&mut self, step: u64, scores: &[Score]) {
        let suite = |score: &Score| suite_and_part(&score.name).0.to_owned();
        let part = |score: &Score| {
            let half = 50.0 * (score.interval.high - score.interval.low);
            let kind = suite_and_part(&score.name).1;
            format!("{kind} {:.1} ± {half:.1}", 100.0 * score.interval.mean)
        };
        for of_suite in scores.chunk_by(|a, b| suite(a) == suite(b)) {
            let parts: Vec<String> = of_suite.iter().map(part).collect();
            let name = suite(&of_suite[0]);
            self.say(&format!("step {step:>4}  {name}, % solved: {}", parts.join(" · ")));
        }
    }

    fn step(&mut self, step: u64, steps: u64, metrics: &Metrics) {
        self.bar.set_position(step);
        if let Some(dashboard) = &self.dashboard {
            dashboard.step(step);
        }
        if step == 0 {
            return; // seeding: nothing was learned and nothing is to be told
        }
        self.warn_of_no_signal(metrics);
        let get = |key: &str| metrics.get(key).unwrap_or(f64::NAN);
        let text = format!(
            "valid {}  solved {}  reward {:+.2}  {:.0} tok/s",
            percent(mean(metrics, "propose", "valid_rate")),
            percent(mean(metrics, "solve", "solve_rate")),
            mean(metrics, "solve", "reward").unwrap_or(f64::NAN),
            get("perf/rollout_tok_s"),
        );
        self.bar.set_message(text.clone());
        if self.plain && (step.is_multiple_of(10) || step == steps) {
            self.say(&format!("step {step:>4}/{steps}  {text}  {:.1} s", get("time/total")));
        }
    }

    fn warning(&mut self, words: &str) {
        self.say(&format!("warning: {words}"));
    }

    fn checkpoint(&mut self, folder: &Path) {
        if !self.plain {
            self.bar.set_message(format!("saved {}", folder.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_steps_without_a_gradient_are_told_once() {
        let mut progress = Progress::new(0, 9, None);
        let mut step = |norm: f64| {
            let mut metrics = Metrics::default();
            metrics.set("policy/grad_norm", norm);
            progress.warn_of_no_signal(&metrics);
            progress.idle
        };
        assert_eq!([0.0, 0.0, 0.1, 0.0, 0.0].map(&mut step), [1, 2, 0, 1, 2].map(Some));
        assert_eq!([0.0, 0.1, 0.0].map(&mut step), [None; 3]);
    }
}
