//! Primes a seed model and writes it to a folder, with a copy and the run's state every thousand
//! updates; resumes from the state that it finds there. `quaero eval --model` scores the copy.
//!
//! Usage: prime FOLDER [name=value]…, with the names of `seed::Options`.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]
#![expect(clippy::disallowed_methods, reason = "an example measures its own speed")]

use std::path::PathBuf;
use std::time::Instant;

use quaero_seed::{Options, Run, load_run, make_from, save_run, write_folder};

fn options() -> Options {
    let mut options = Options::default();
    for word in std::env::args().skip(2) {
        let (name, value) = word.split_once('=').expect("name=value");
        let number: f64 = value.parse().expect("a number");
        match name {
            "seed" => options.seed = number as u64,
            "hidden_size" => options.hidden_size = number as usize,
            "n_layers" => options.n_layers = number as usize,
            "n_heads" => options.n_heads = number as usize,
            "n_kv_heads" => options.n_kv_heads = number as usize,
            _ => panic!("no option is called {name}"),
        }
    }
    options
}

fn main() -> Result<(), quaero_seed::Error> {
    let folder = PathBuf::from(std::env::args().nth(1).expect("the folder to write to"));
    let options = options();
    println!("{}", serde_json::json!(options));
    let start = Instant::now();
    let (mut smooth, mut failure) = (None, None);
    let run = match load_run(&options, &folder.join("run"))? {
        Some(run) => run,
        None => Run::new(&options)?,
    };
    let first = run.n_tokens;
    make_from(run, &folder, &options, &mut |progress| {
        let old = smooth.unwrap_or(progress.loss);
        smooth = Some(0.98 * old + 0.02 * progress.loss);
        if progress.step % 25 == 0 {
            let seconds = start.elapsed().as_secs_f64();
            println!(
                "{seconds:.0} s, step {}, {:.2} M tokens, {:.0} tok/s, loss {:.3}, |g| {:.2}",
                progress.step,
                progress.n_tokens as f64 / 1e6,
                (progress.n_tokens - first) as f64 / seconds,
                smooth.unwrap_or(0.0),
                progress.grad_norm,
            );
        }
        if progress.step % 1000 == 0 {
            let written = write_folder(&progress.run.model, &folder.join("interim"))
                .and_then(|()| save_run(progress.run, &folder.join("run")));
            failure = written.err().or(failure.take());
        }
    })?;
    failure.map_or(Ok(()), Err)
}
