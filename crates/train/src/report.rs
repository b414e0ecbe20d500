//! The run's `report.html`, written while the run goes on.
//!
//! A page is for people: what keeps it from being written is told, and never stops the run.

use std::path::Path;

use quaero_report::{Budget, Experience, Run, page};
use quaero_weights::write_atomic;

/// Draws the run in `folder` as it stands and puts the page in place of the one before.
pub(crate) fn write(folder: &Path) -> Result<(), String> {
    let run = Run::load(folder).map_err(|error| error.to_string())?;
    let experience = Experience::read(folder, &Budget::default());
    let html = page(&run, experience.as_ref().map_err(String::as_str), false);
    let path = folder.join("report.html");
    write_atomic(&path, html.len() as u64, &mut |file| file.write_all(html.as_bytes()))
        .map_err(|error| error.to_string())
}
