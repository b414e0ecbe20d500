//! `quaero plugin …`.
//!
//! # Layout
//! `lookup` families and kinds by name → `list` what is there → `new` from a template → `build` a
//! component → `check` the contract → `play` one task by hand → `grade` many from a pipe, which
//! `stream` cuts into lines.

mod build;
mod check;
mod grade;
mod list;
mod lookup;
mod new;
mod play;
mod stream;
mod templates;

use std::path::Path;

use quaero_types::Role;

use crate::args::Plugin;

pub(crate) fn run(plugins: &Path, command: &Plugin) -> anyhow::Result<()> {
    match command {
        Plugin::List(args) => list::run(plugins, args),
        Plugin::New(args) => new::run(args),
        Plugin::Build(args) => build::run(plugins, args),
        Plugin::Check(args) => check::run(plugins, args),
        Plugin::Try(args) => play::run(plugins, args),
        Plugin::Grade(args) => grade::run(plugins, args, Role::Solve),
        Plugin::Propose(args) => grade::run(plugins, args, Role::Propose),
    }
}
