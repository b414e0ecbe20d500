//! `quaero crossplay`.

use std::path::Path;

use quaero_terminal::print;
use quaero_train::{Cross, CrossPlay, Error, Observer, checkpoints, crossplay};

use crate::args;
use crate::world;

pub(crate) fn run(plugins: &Path, args: &args::CrossPlay) -> anyhow::Result<()> {
    let folder = args.run.as_path();
    let config = folder.join("config.toml");
    if !config.is_file() {
        anyhow::bail!("no run at {}: it holds no config.toml", folder.display());
    }
    let resolved = quaero_config::load(Some(&config), &[])?;
    let options = resolved.train(None)?;
    let Some(first) = checkpoints(folder)?.into_iter().next() else {
        return Err(Error::FewCheckpoints { path: folder.display().to_string(), n: 0 }.into());
    };
    let host = world::host(&resolved, plugins)?;
    let device = world::device(plugins, args.device)?;
    let policy = world::placed(world::policy(&first.folder)?, &device)?;
    let cross = Cross { tasks_per_kind: args.tasks as usize, samples: args.samples as usize };
    let found = crossplay(folder, &options, cross, policy, &host, &mut Phases)?;
    found.write(folder)?;
    print::note(&format!("wrote {}", folder.join("crossplay.json").display()));
    if args.json.json {
        print::line(&found.to_json());
    } else {
        show(&found);
    }
    Ok(())
}

/// Says what is played.
struct Phases;

impl Observer for Phases {
    fn phase(&mut self, words: &str) {
        print::note(words);
    }
}

const HOW_TO_READ: &str = "\
Per cent of each period's tasks that each policy solves, 95 % intervals over tasks. A policy has
practised the tasks of the periods up to its own; what is new to it stands to the right of them.
A row: where it falls among the tasks that are new to the policy, later tasks are harder. A
column: where it rises among the policies to which it is new, the model grows.";

fn show(found: &CrossPlay) {
    for (kind, n_tasks) in &found.n_tasks {
        let mut header = vec![kind.clone()];
        header.extend(found.periods.iter().map(|&[from, to]| match (from, to) {
            (0, 0) => "seeding".to_owned(),
            (from, to) if from == to => format!("step {to}"),
            (from, to) => format!("steps {from}–{to}"),
        }));
        let mut rows = Vec::new();
        for (row, step) in found.policies.iter().enumerate() {
            let cell = |column| match found.cell(kind, row, column) {
                Some(interval) => interval.to_string(),
                None => "–".to_owned(),
            };
            let cells = (0..found.periods.len()).map(cell);
            rows.push(std::iter::once(format!("policy of step {step}")).chain(cells).collect());
        }
        let counts = n_tasks.iter().map(usize::to_string);
        rows.push(std::iter::once("tasks".to_owned()).chain(counts).collect());
        print::table(&header.iter().map(String::as_str).collect::<Vec<_>>(), &rows);
        print::line("");
    }
    print::line(HOW_TO_READ);
    print::line("");
    found.reading.iter().for_each(|words| print::line(words));
}
