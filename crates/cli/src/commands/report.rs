//! `quaero report`.

use std::path::Path;

use quaero_report::{Budget, Experience, Run, page, side_by_side};
use quaero_terminal::print;
use quaero_weights::write_atomic;

use crate::args::Report;

pub(crate) fn run(args: &Report) -> anyhow::Result<()> {
    let runs = args.runs.iter().map(|folder| Run::load(folder)).collect::<Result<Vec<_>, _>>()?;
    let html = match runs.as_slice() {
        [run] => of_one(run, &args.runs[0]),
        runs => side_by_side(runs),
    };
    let out = args.out.clone().unwrap_or_else(|| args.runs[0].join("report.html"));
    write_atomic(&out, html.len() as u64, &mut |file| file.write_all(html.as_bytes()))?;
    print::line(&out.display().to_string());
    Ok(())
}

fn of_one(run: &Run, folder: &Path) -> String {
    let experience = Experience::read(folder, &Budget::default());
    if let Err(why) = &experience {
        print::note(&format!("the page shows no tasks: {why}"));
    }
    page(run, experience.as_ref().map_err(String::as_str), false)
}
