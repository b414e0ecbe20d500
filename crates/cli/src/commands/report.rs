//! `quaero report`.

use quaero_report::{Run, page};
use quaero_weights::write_atomic;

use crate::args::Report;
use crate::print;

pub(crate) fn run(args: &Report) -> anyhow::Result<()> {
    let runs = args.runs.iter().map(|folder| Run::load(folder)).collect::<Result<Vec<_>, _>>()?;
    let html = page(&runs);
    let out = args.out.clone().unwrap_or_else(|| args.runs[0].join("report.html"));
    write_atomic(&out, html.len() as u64, &mut |file| file.write_all(html.as_bytes()))?;
    print::line(&out.display().to_string());
    Ok(())
}
