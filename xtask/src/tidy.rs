//! The rules of the house, checked: `cargo xtask tidy`, and a test of this crate.
//!
//! A rule is a function from a [`Tree`] to [`Finding`]s; it reads no file and starts no program,
//! so each is tested on a made-up tree.
//!
//! # Layout
//! `tree` what is checked → `layers` who may depend on whom → `source` the shape of a source file
//! → `privilege` what only some crates may do → `repository` what may be committed at all.

mod layers;
mod privilege;
mod repository;
mod source;
mod tree;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::say::say;
use crate::{checks, shell};
pub(crate) use tree::{Finding, Tree};

type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: &[Rule] = &[
    layers::edges_go_down,
    layers::crates_are_listed,
    source::files_are_short,
    source::lines_are_short,
    source::modules_say_what_they_are,
    source::nothing_is_unfinished,
    source::kernels_carry_their_header,
    privilege::secrets_stay_with_the_judges,
    privilege::tasks_are_minted_by_verify,
    privilege::unsafe_code_is_proved,
    repository::no_paths_of_a_machine,
    repository::lockfiles_name_one_registry,
    repository::manifests_inherit,
    repository::no_big_files,
    repository::families_have_cases,
];

/// `cargo xtask tidy`: the rules, then formats and lints.
///
/// # Errors
/// When a rule, a format or a lint is broken.
pub(crate) fn run(options: &[&str]) -> Result<ExitCode> {
    if let [option, ..] = options {
        say(&format!("error: `tidy` takes no arguments, got `{option}`"));
        return Ok(ExitCode::from(shell::WRONG_WORDS));
    }
    rules()?;
    checks::formats()?;
    checks::host_lints()?;
    checks::family_lints()?;
    say("tidy");
    Ok(ExitCode::SUCCESS)
}

/// The rules alone.
///
/// # Errors
/// When one is broken; each finding has been said.
pub(crate) fn rules() -> Result<()> {
    let findings = check(&Tree::read()?);
    for finding in &findings {
        say(&finding.to_string());
    }
    if !findings.is_empty() {
        bail!("tidy: {} findings, listed above with their remedies", findings.len());
    }
    Ok(())
}

fn check(tree: &Tree) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(tree)).collect()
}

#[cfg(test)]
mod tests;
