//! `quaero seed-model`.

use indicatif::{ProgressBar, ProgressStyle};
use quaero_terminal::print;

use crate::args::SeedModel;

pub(crate) fn run(args: &SeedModel) -> anyhow::Result<()> {
    let options = quaero_seed::Options::default();
    let bar = ProgressBar::new(options.n_steps());
    let style = "{bar:24} {pos}/{len} updates  {elapsed} gone, {eta} left  {wide_msg}";
    bar.set_style(ProgressStyle::with_template(style)?.progress_chars("━╸ "));
    print::note(&format!("priming the seed model from nothing into {}", args.out.display()));
    quaero_seed::make(&args.out, &options, &mut |progress| {
        bar.set_position(progress.step);
        bar.set_message(format!("loss {:.3}", progress.loss));
        if let Some(rates) = &progress.rates {
            bar.suspend(|| print::note(&format!("update {}: {rates:?}", progress.step)));
        }
    })?;
    bar.finish_and_clear();
    print::line(&format!("{}", args.out.display()));
    Ok(())
}
