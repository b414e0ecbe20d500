//! `quaero report`.

use std::path::Path;

use anyhow::Context;
use quaero_report::{Budget, Experience, Run, page, side_by_side};
use quaero_terminal::print;
use quaero_weights::write_atomic;

use crate::args::Report;

pub(crate) fn run(args: &Report) -> anyhow::Result<()> {
    let runs = args.runs.iter().map(|folder| Run::load(folder)).collect::<Result<Vec<_>, _>>()?;
    let mut lost = None;
    let html = match runs.as_slice() {
        [run] => of_one(run, &args.runs[0], &mut lost),
        runs => side_by_side(runs),
    };
    let out = args.out.clone().unwrap_or_else(|| args.runs[0].join("report.html"));
    let written =
        write_atomic(&out, html.len() as u64, &mut |file| file.write_all(html.as_bytes()));
    if args.out.is_none() {
        written.context("the page goes into the run's folder unless --out FILE names another")?;
    } else {
        written?;
    }
    print::line(&out.display().to_string());
    match lost {
        Some(why) => Err(anyhow::anyhow!("the page shows no tasks: {why}")),
        None => Ok(()),
    }
}

/// The page of one run. A run without a store has no tasks to show; where there is one that does not
/// read, they are `lost`.
fn of_one(run: &Run, folder: &Path, lost: &mut Option<String>) -> String {
    let experience = Experience::read(folder, &Budget::default());
    if let Err(why) = &experience {
        if folder.join("experience.db").exists() {
            *lost = Some(why.clone());
        } else {
            print::note(&format!("the page shows no tasks: {why}"));
        }
    }
    page(run, experience.as_ref().map_err(String::as_str), false)
}
