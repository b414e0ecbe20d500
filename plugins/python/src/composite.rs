//! Composite programs: a proposal that has to build on programs that the buffer holds (AZR's
//! option, arXiv 2505.03335, D.2; off in its runs, where `f` soon did no more than hand on).
//!
//! Which proposals are such, and on which of their references they build, follows from the seed of
//! the episode: its prompt and its judgement see the same. The references become `g_0`, `g_1`, …,
//! stand before the proposed program, and have to be called by it and nothing else.
//!
//! Left out: AZR's schedule, which makes composites likelier over the steps (a family knows no
//! steps). A reference that holds more than its one function, or is a composite itself, is not
//! built on: names of two could meet.

use quaero_sdk::{Opening, Role};

use crate::options::{Options, Style};
use crate::perturb::Rng;
use crate::propose::ENTRY;
use crate::source::Source;
use crate::task::{Kind, Reference};

/// The functions that a proposal has to build on; none for most.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    programs: Vec<String>,
}

impl Given {
    /// What the proposal that `opening` asks for has to build on.
    pub(crate) fn of(options: &Options, kind: Kind, opening: &Opening) -> Self {
        let composes = opening.role == Role::Propose && kind != Kind::Induction;
        let mut rng = Rng::new(&format!("composite {}", opening.seed));
        let chosen = rng.below(100) < options.composite_percent as usize;
        if !composes || !chosen || options.azr.style == Style::Compact {
            return Self::default();
        }
        let wanted = 1 + rng.below(options.composite_functions_max as usize);
        let programs = opening.references.iter().filter_map(|pair| {
            let program = Reference::parse(pair).ok()?.program;
            let source = Source::new(&program);
            let alone = source.n_functions() == 1 && source.n_keywords(&["class"]) == 0;
            (alone && source.has_parameter(ENTRY).is_some()).then_some(program)
        });
        let programs = programs.take(wanted).enumerate();
        let renamed = programs.map(|(idx, program)| Source::new(&program).with_entry(&name(idx)));
        Self { programs: renamed.collect() }
    }

    /// Their names.
    pub(crate) fn names(&self) -> Vec<String> {
        (0..self.programs.len()).map(name).collect()
    }

    /// Their text.
    pub(crate) fn text(&self) -> String {
        self.programs.iter().map(|program| program.trim_end()).collect::<Vec<_>>().join("\n\n")
    }

    /// Why `program` does not build on them: it must call each, and may do nothing else with their
    /// names.
    pub(crate) fn fault(&self, program: &str) -> Option<String> {
        let source = Source::new(program);
        self.names().into_iter().find_map(|name| match source.uses(&name) {
            (0, _) => Some(format!("`{name}` is not called")),
            (n_uses, n_calls) if n_calls < n_uses => {
                Some(format!("`{name}` is defined, assigned or passed on"))
            }
            _ => None,
        })
    }

    /// `program` with the functions before it.
    pub(crate) fn before(&self, program: String) -> String {
        if self.programs.is_empty() { program } else { format!("{}\n\n{program}", self.text()) }
    }
}

fn name(idx: usize) -> String {
    format!("g_{idx}")
}

#[cfg(test)]
mod tests {
    use quaero_sdk::Pair;

    use super::*;

    fn opening(seed: u64, programs: &[&str]) -> Opening {
        let pair = |program: &&str| Pair {
            public: serde_json::json!({"program": program, "input": "1"}).to_string(),
            secret: r#"{"output": "1"}"#.to_owned(),
        };
        Opening {
            kind: "deduction".to_owned(),
            role: Role::Propose,
            seed,
            public: String::new(),
            references: programs.iter().map(pair).collect(),
        }
    }

    fn options(text: &str) -> Options {
        Options::parse(text).unwrap()
    }

    const ALWAYS: &str =
        r#"{"style": "azr", "composite_percent": 100, "composite_functions_max": 1}"#;

    #[test]
    fn references_of_one_function_are_given_under_another_name() {
        let programs = [
            "def h(x):\n    return x\n\ndef f(a):\n    return h(a)",
            "class A:\n    pass\n\ndef f(a):\n    return a",
            "def f(n):\n    return 1 if n < 2 else n * f(n - 1)\n",
            "def f(b):\n    return b",
        ];
        let given = Given::of(&options(ALWAYS), Kind::Deduction, &opening(1, &programs));
        assert_eq!(given.names(), ["g_0"]);
        let text = "def g_0(n):\n    return 1 if n < 2 else n * g_0(n - 1)";
        assert_eq!(given.text(), text);
        let program = "def f(a):\n    return g_0(a) + 1".to_owned();
        assert_eq!(given.before(program.clone()), format!("{text}\n\n{program}"));
    }

    #[test]
    fn the_seed_decides_and_the_share_is_as_asked() {
        let half = options(r#"{"style": "azr", "composite_percent": 30}"#);
        let programs = ["def f(a):\n    return a", "def f(b):\n    return b"];
        let n = |seed| Given::of(&half, Kind::Abduction, &opening(seed, &programs)).names().len();
        let counts: Vec<usize> = (0..2000).map(n).collect();
        assert_eq!(counts, (0..2000).map(n).collect::<Vec<_>>());
        let share = counts.iter().filter(|&&n| n > 0).count();
        assert!((500..700).contains(&share), "{share} of 2000");
        assert!(counts.contains(&1) && counts.contains(&2));
        let off = options(r#"{"style": "azr"}"#);
        let none = Given::of(&off, Kind::Deduction, &opening(1, &programs));
        assert!(none.names().is_empty());
        assert_eq!(none.before("x".to_owned()), "x");
        let all = Given::of(&options(ALWAYS), Kind::Induction, &opening(1, &programs));
        assert!(all.names().is_empty(), "an induction proposal writes no program");
    }

    #[test]
    fn what_is_given_must_be_called_and_no_more() {
        let programs = ["def f(a):\n    return a"];
        let given = Given::of(&options(ALWAYS), Kind::Deduction, &opening(1, &programs));
        #[track_caller]
        fn check(given: &Given, program: &str, fault: Option<&str>) {
            assert_eq!(given.fault(program).as_deref(), fault, "{program}");
        }
        let misused = Some("`g_0` is defined, assigned or passed on");
        check(&given, "def f(a):\n    return g_0(a) * 2", None);
        check(&given, "def f(a):\n    return a.g_0(a) * 2", Some("`g_0` is not called"));
        check(&given, "def f(a):\n    return a * 2", Some("`g_0` is not called"));
        check(&given, "def f(a):\n    # g_0(a)\n    return 'g_0(a)'", Some("`g_0` is not called"));
        check(&given, "def g_0(a):\n    return 1\n\ndef f(a):\n    return g_0(a)", misused);
        check(&given, "g_0 = abs\ndef f(a):\n    return g_0(a)", misused);
        check(&given, "def f(a):\n    return list(map(g_0, a)) + [g_0(a)]", misused);
    }
}
