//! Project commands: `cargo xtask train`, `cargo xtask test` and friends.
//!
//! Thin on purpose. It prepares what a command needs (wasm target, task families, the release
//! binary) and hands the words over to the binary `quaero` or `quaero-lab`; only `test`, `tidy`,
//! `plugin build`, `interpreter` and the work on the GPU's kernels end here. It knows nothing of
//! tasks, models or training.
//!
//! # Layout
//! `launch` hands a command over → `prepare` builds what it needs → `checks` formats and lints →
//! `suite` all tests → `python` private Pythons for fixtures and nvcc → `kernels` the GPU's kernels
//! → `gpu` the check on a GPU → `interpreter` the sandbox's Python → `tidy` the rules of the house
//! → `shell` runs programs and times them → `say` talks to people.

mod checks;
#[path = "../../crates/terminal/src/exit.rs"]
#[expect(unreachable_pub, reason = "the file belongs to a library")]
mod exit;
mod gpu;
mod interpreter;
mod kernels;
mod launch;
mod prepare;
mod python;
mod say;
mod shell;
mod suite;
mod tidy;

use std::process::ExitCode;

use crate::say::say;

const USAGE: &str = "\
usage: cargo xtask <COMMAND> [ARGUMENTS]

  train [CONFIG]         train by self-play on this machine
  test [--quick]         run all tests; --quick: tidy, formats and host tests, without Python
  tidy                   check the layer table, imports, documents, formats and lints
  kernels                run the GPU kernels' conformance tests, emulated, under sanitizers
  mutants-kernels        plant bugs in the GPU kernels and count those that the tests catch
  cubins                 compile the GPU kernels; check registers, spills and instructions
  gpu-check              check kernels and training on this machine's GPU and write a report into
                         docs/measurements; --bundle DIR: make a folder that does so elsewhere
  plugin build           build the task families into target/plugins
  interpreter            rebuild the Python interpreter from source and compare it with the
                         committed one (20 minutes; Debian, as root)
  plugin list|new|build DIR|check|try|grade|propose, bench verify, eval, model, doctor, seed-model,
  report, crossplay      run the binary `quaero`: see `cargo xtask train --help` and so on
  bench kernels|step|rollout|update
                         run the binary `quaero-lab`

Builds what the command needs first. For the full list: cargo xtask --help-all";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let given: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match given.as_slice() {
        [] => {
            say(USAGE);
            return ExitCode::from(exit::USAGE_ERROR);
        }
        ["help" | "-h" | "--help"] => {
            say(USAGE);
            Ok(ExitCode::from(exit::DONE))
        }
        ["--help-all"] => launch::binary(&["--help".to_owned()]),
        ["test", options @ ..] => suite::run(options),
        ["tidy", options @ ..] => suite::tidy(options),
        ["kernels", options @ ..] => kernels::sanitized(options),
        ["mutants-kernels", options @ ..] => kernels::mutants(options),
        ["cubins", options @ ..] => kernels::cubins(options),
        ["gpu-check", options @ ..] => gpu::run(options),
        ["plugin", "build"] => prepare::plugin_build(),
        ["bench", "kernels" | "step" | "rollout" | "update", ..] => launch::lab(&words),
        ["interpreter", options @ ..] => interpreter::run(options),
        _ => launch::binary(&words),
    };
    outcome.unwrap_or_else(|error| {
        say(&format!("error: {error:#}"));
        error
            .downcast_ref::<shell::Stopped>()
            .map_or(ExitCode::from(exit::RUNTIME_FAILURE), |stopped| stopped.exit())
    })
}
