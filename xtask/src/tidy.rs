//! The rules of this code base, checked by `cargo xtask tidy` and by a test of this crate.
//!
//! A rule is a function from a [`Tree`] to [`Finding`]s; it reads no file and starts no program,
//! so each is tested on a made-up tree.
//!
//! # Layout
//! `tree` what is checked → `layers` which crate may depend on which → `circles` files that import
//! each other → `source` the shape of a source file → `documents` what documents claim →
//! `privilege` what only some crates may do → `tour` how much a newcomer reads → `repository` what
//! may be committed at all.

mod circles;
mod documents;
mod layers;
mod privilege;
mod repository;
mod source;
mod tour;
mod tree;

use anyhow::{Result, bail};

use crate::say::say;
pub(crate) use tree::{Finding, Tree};

type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: &[Rule] = &[
    layers::edges_go_down,
    layers::crates_are_listed,
    layers::listed_edges_exist,
    circles::files_form_no_circle,
    tour::the_tour_is_short,
    source::files_are_short,
    source::lines_are_short,
    source::modules_say_what_they_are,
    source::nothing_is_unfinished,
    source::kernels_carry_their_header,
    documents::paths_exist,
    documents::exit_codes_are_emitted,
    privilege::secrets_stay_with_the_judges,
    privilege::tasks_are_minted_by_verify,
    privilege::unsafe_code_is_proved,
    privilege::the_clock_has_few_readers,
    privilege::nothing_is_global,
    repository::no_paths_of_a_machine,
    repository::lockfiles_name_one_registry,
    repository::manifests_inherit,
    repository::no_big_files,
    repository::families_have_cases,
];

/// Checks the repository against every rule.
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
