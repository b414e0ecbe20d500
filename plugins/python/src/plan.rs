//! One call of the interpreter for a whole batch: every episode says which jobs it needs and how to
//! judge their outcomes; equal jobs run once.

use std::collections::BTreeMap;

use quaero_sdk::{Interpreter, Job, Outcome, Reply};

/// Judges the outcomes of an episode's jobs, in their order.
type Judge = Box<dyn FnOnce(&[&Outcome]) -> Reply>;

/// What an episode needs before its reply is known.
pub(crate) enum Plan {
    /// Nothing.
    Now(Reply),
    /// These jobs.
    Run {
        /// Programs to run.
        jobs: Vec<Job>,
        /// What their outcomes mean.
        judge: Judge,
    },
}

impl Plan {
    /// Runs `jobs`, then judges.
    pub(crate) fn run(jobs: Vec<Job>, judge: impl FnOnce(&[&Outcome]) -> Reply + 'static) -> Self {
        Self::Run { jobs, judge: Box::new(judge) }
    }
}

/// Carries all plans out with one call of the interpreter (none where no job is needed).
pub(crate) fn carry_out(interpreter: &dyn Interpreter, plans: Vec<Plan>) -> Vec<Reply> {
    let mut jobs: Vec<Job> = Vec::new();
    let mut places = BTreeMap::new();
    let mut waiting = Vec::with_capacity(plans.len());
    for plan in plans {
        waiting.push(match plan {
            Plan::Now(reply) => Err(reply),
            Plan::Run { jobs: wanted, judge } => {
                let place = |job: Job| {
                    *places.entry(identity(&job)).or_insert_with(|| {
                        jobs.push(job);
                        jobs.len() - 1
                    })
                };
                Ok((wanted.into_iter().map(place).collect::<Vec<usize>>(), judge))
            }
        });
    }
    let outcomes = if jobs.is_empty() { Vec::new() } else { interpreter.run(&jobs) };
    let complete = outcomes.len() == jobs.len();
    waiting
        .into_iter()
        .map(|waiting| match waiting {
            Err(reply) => reply,
            Ok(_) if !complete => Reply::Fault(format!(
                "the interpreter gave {} outcomes for {} jobs",
                outcomes.len(),
                jobs.len()
            )),
            Ok((places, judge)) => {
                judge(&places.iter().map(|&place| &outcomes[place]).collect::<Vec<_>>())
            }
        })
        .collect()
}

fn identity(job: &Job) -> (String, String, Vec<String>, [u32; 3]) {
    let Job { program, entry, calls, runs, value_bytes_max, deadline_ms } = job;
    let limits = [*runs, *value_bytes_max, *deadline_ms];
    (program.clone(), entry.clone(), calls.clone(), limits)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    struct Echo(RefCell<Vec<usize>>);

    impl Interpreter for Echo {
        fn run(&self, jobs: &[Job]) -> Vec<Outcome> {
            self.0.borrow_mut().push(jobs.len());
            jobs.iter().map(|job| Outcome::Syntax(job.program.clone())).collect()
        }
    }

    fn plan(programs: &[&str]) -> Plan {
        let job = |program: &&str| Job {
            program: (*program).to_owned(),
            entry: "f".to_owned(),
            calls: Vec::new(),
            runs: 1,
            value_bytes_max: 1,
            deadline_ms: 1,
        };
        Plan::run(programs.iter().map(job).collect(), |outcomes| {
            Reply::Observation(format!("{outcomes:?}"))
        })
    }

    #[test]
    fn a_batch_is_one_call_and_equal_jobs_run_once() {
        let echo = Echo(RefCell::default());
        let now = Reply::Observation("now".to_owned());
        let plans = vec![plan(&["a", "b"]), Plan::Now(now.clone()), plan(&["b"]), plan(&["a"])];
        let replies = carry_out(&echo, plans);
        let said = |text: &str| Reply::Observation(text.to_owned());
        let (a, b) = (r#"Outcome::Syntax("a")"#, r#"Outcome::Syntax("b")"#);
        let expected =
            [said(&format!("[{a}, {b}]")), now, said(&format!("[{b}]")), said(&format!("[{a}]"))];
        assert_eq!(replies, expected);
        assert_eq!(*echo.0.borrow(), [2]);
    }

    #[test]
    fn no_jobs_no_call() {
        let echo = Echo(RefCell::default());
        carry_out(&echo, vec![Plan::Now(Reply::Observation(String::new()))]);
        assert!(echo.0.borrow().is_empty());
    }
}
