//! Error prediction: which exception does this program raise for this input, if any? AZR's
//! `code_e`, which its paper found of no gain and left out of its runs (arXiv 2505.03335, D.1).
//!
//! Parts from AZR's code: the exception must come from the call (a program that raises while it
//! loads has no input to depend on) and have a plain name; a value must be plain and within its
//! limit, or two runs could not be compared.

use quaero_sdk::{Answer, Cause, Outcome, Reply, Status, rejected};

use crate::propose::values;
use crate::solve::verdict;

/// The answer where nothing is raised.
pub(crate) const NO_ERROR: &str = "NoError";

/// What the program's one call comes to: the name of an exception's class, or [`NO_ERROR`].
pub(crate) fn gold(outcome: &Outcome) -> Result<String, Cause> {
    if let Outcome::Done(answers) = outcome
        && let [Answer::Raised((class, _))] = answers.as_slice()
    {
        let plain = |c: char| c.is_alphanumeric() || c == '_';
        if class.is_empty() || !class.chars().all(plain) || class.eq_ignore_ascii_case(NO_ERROR) {
            return Err(rejected("not_plain", format!("an exception called {class:?}")));
        }
        return Ok(class.clone());
    }
    values(outcome, 1).map(|_| NO_ERROR.to_owned())
}

/// Judges an answer: its first word up to a colon, whatever its case, as AZR compares.
pub(crate) fn judge(gold: &str, answer: &str, format: bool) -> Reply {
    let said = answer.split([' ', ':', '\n']).next().unwrap_or_default();
    let said = said.trim().trim_matches(['`', '\'', '"']);
    if said.is_empty() {
        return verdict(0.0, Status::Unparsable, "no name of an error", format);
    }
    if said.to_lowercase() == gold.to_lowercase() {
        return verdict(1.0, Status::Ok, "equal", format);
    }
    let said: String = said.chars().take(80).collect();
    verdict(0.0, Status::Wrong, format!("got {said}"), format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_compared_by_their_first_word() {
        #[track_caller]
        fn check(gold: &str, answer: &str, expect: &str) {
            assert_eq!(judge(gold, answer, true).word(), expect, "{answer:?}");
        }
        check("ValueError", "ValueError", "ok");
        check("ValueError", "valueerror: bad literal", "ok");
        check("ValueError", "`ValueError`", "ok");
        check("ValueError", "ValueError is raised", "ok");
        check("ValueError", "KeyError", "wrong");
        check("ValueError", "A ValueError", "wrong");
        check("NoError", "noerror\n", "ok");
        check("NoError", "", "unparsable");
        check("NoError", ": ValueError", "unparsable");
    }

    #[test]
    fn a_call_that_raises_or_returns_has_a_name() {
        let raised =
            |class: &str| Outcome::Done(vec![Answer::Raised((class.to_owned(), "why".to_owned()))]);
        let cause = |outcome: &Outcome| match gold(outcome) {
            Ok(name) => name,
            Err(Cause::Rejected(why)) => why.cause,
            Err(Cause::Fault(why)) => panic!("{why}"),
        };
        assert_eq!(cause(&raised("StopIteration")), "StopIteration");
        assert_eq!(cause(&raised("Überlauf")), "Überlauf");
        assert_eq!(cause(&raised("no error")), "not_plain");
        assert_eq!(cause(&raised("noerror")), "not_plain", "it would be read as none");
        assert_eq!(cause(&Outcome::Done(vec![Answer::Value("3".to_owned())])), "NoError");
        assert_eq!(cause(&Outcome::Done(vec![Answer::Nondeterministic])), "nondeterministic");
        assert_eq!(cause(&Outcome::Done(vec![Answer::TooLarge])), "too_large");
        assert_eq!(cause(&Outcome::Timeout), "timeout");
        let load = Outcome::LoadRaised(("KeyError".to_owned(), String::new()));
        assert_eq!(cause(&load), "error");
    }
}
