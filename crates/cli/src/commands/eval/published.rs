//! `quaero eval --suite humaneval --data FILE` and its like: a benchmark from its published file.

use std::path::Path;
use std::time::{Duration, Instant};

use quaero_engine::{Engine, Sampling};
use quaero_evals::published::{Benchmark, Item, SamplingParams, Text, judge, write};
use quaero_rng::Key;
use quaero_runtime::Host;
use serde_json::json;

use super::log::{Log, Sample};
use super::score::Score;
use crate::args::Eval;
use crate::world;
use quaero_terminal::{UsageError, print};

/// Answers that are written together: between two such batches results are kept and progress is told.
const BATCH: usize = 64;
/// Time between two words of progress within a batch.
const TELL_EVERY: Duration = Duration::from_secs(10);

pub(super) fn run(plugins: &Path, args: &Eval, benchmark: Benchmark) -> anyhow::Result<()> {
    let Some(data) = &args.data else {
        let name = &args.suite;
        let words = format!("{name} needs its published file: add --data FILE");
        return Err(UsageError(words).into());
    };
    let mut items = benchmark.read(data)?;
    if args.limit > 0 {
        items.truncate(args.limit);
    }
    let resolved = quaero_config::load(Some(&args.config), &[])?;
    let host = world::host(&resolved, plugins)?;
    let mut score = Score::default();
    if args.gold {
        gold(&host, &items, &mut score)?;
        return score.show(args);
    }
    let Some(model) = &args.model else { unreachable!("clap demands it") };
    let options = resolved.train(None)?;
    let params = params(args, benchmark);
    let mut log = Log::open(args.out.as_deref(), &header(args, &params, options.seed))?;
    let (done, todo): (Vec<_>, Vec<_>) = items.iter().partition(|item| log.has(&item.id));
    done.iter().for_each(|item| score.add(log.samples(&item.id)));
    if !done.is_empty() {
        print::note(&format!("{} of {} items are answered already", done.len(), items.len()));
    }
    if todo.is_empty() {
        return score.show(args);
    }
    let device = world::device(plugins, args.device)?;
    let policy = world::placed(world::policy(model)?, &device)?;
    let (mut engine, key) = (Engine::new(options.engine), Key::new(options.seed).named("eval"));
    let mut progress = Progress::new(&args.suite, done.len(), items.len());
    for batch in todo.chunks((BATCH / params.samples).max(1)) {
        let batch: Vec<Item> = batch.iter().map(|&item| item.clone()).collect();
        let mut told = |n| progress.tokens(n, &score);
        let texts = write(benchmark, &policy, &mut engine, &batch, &params, key, &mut told)?;
        for (item, samples) in batch.iter().zip(graded(&host, &batch, texts)?) {
            log.add(&item.id, samples)?;
            score.add(log.samples(&item.id));
        }
        progress.batch(batch.len(), &score);
    }
    score.show(args)
}

/// How answers are drawn: greedily unless `--samples` says otherwise.
fn params(args: &Eval, benchmark: Benchmark) -> SamplingParams {
    let plain = match args.samples {
        None => Sampling::greedy(),
        Some(_) => Sampling::plain(args.temperature),
    };
    SamplingParams {
        samples: args.samples.unwrap_or(1).max(1),
        sampling: Sampling { top_p: args.top_p, ..plain },
        tokens_max: args.max_tokens.unwrap_or(benchmark.tokens_max()),
    }
}

/// What a file of results belongs to: only the same goes on with it.
fn header(args: &Eval, params: &SamplingParams, seed: u64) -> serde_json::Value {
    let SamplingParams { samples, sampling, tokens_max } = *params;
    let model = args.model.as_deref().unwrap_or(Path::new("")).display().to_string();
    json!({"quaero_eval": 1, "suite": args.suite, "model": model, "samples": samples,
           "temperature": sampling.temperature, "top_p": sampling.top_p,
           "max_tokens": tokens_max, "seed": seed})
}

/// The verdicts on answers, item by item.
fn graded(host: &Host, items: &[Item], texts: Vec<Vec<Text>>) -> anyhow::Result<Vec<Vec<Sample>>> {
    let pairs: Vec<(&Item, &Text)> = items
        .iter()
        .zip(&texts)
        .flat_map(|(item, all)| all.iter().map(move |t| (item, t)))
        .collect();
    let mut verdicts = judge(host, &pairs)?.into_iter();
    let of_item = |all: Vec<Text>| {
        let verdicts = verdicts.by_ref().take(all.len());
        all.into_iter().zip(verdicts).map(|(text, verdict)| Sample::of(text, verdict)).collect()
    };
    Ok(texts.into_iter().map(of_item).collect())
}

/// Judges the published solutions: each must pass, or the sandbox is not what the benchmark needs.
fn gold(host: &Host, items: &[Item], score: &mut Score) -> anyhow::Result<()> {
    let text = |item: &Item| item.gold.clone().map(|text| Text { text, ..Text::default() });
    let texts: Vec<Vec<Text>> = items.iter().map(|item| text(item).into_iter().collect()).collect();
    for (item, samples) in items.iter().zip(graded(host, items, texts)?) {
        for sample in samples.iter().filter(|sample| !sample.is_right()) {
            print::note(&format!("{}: {}: {}", item.id, sample.status, sample.reason));
        }
        score.add(&samples);
    }
    Ok(())
}

/// What a person watches.
struct Progress<'a> {
    suite: &'a str,
    begun: Instant,
    told: Instant,
    /// Items answered before this process, now, and in all.
    before: usize,
    done: usize,
    n_items: usize,
    /// Tokens of the batches before this one, and of this one.
    tokens: u64,
    batch_tokens: u64,
}

impl<'a> Progress<'a> {
    fn new(suite: &'a str, before: usize, n_items: usize) -> Self {
        let now = Instant::now();
        let (done, tokens, batch_tokens) = (before, 0, 0);
        Self { suite, begun: now, told: now, before, done, n_items, tokens, batch_tokens }
    }

    fn tokens(&mut self, n: u64, score: &Score) {
        self.batch_tokens = n;
        if self.told.elapsed() >= TELL_EVERY {
            self.tell(score);
        }
    }

    fn batch(&mut self, n_items: usize, score: &Score) {
        self.done += n_items;
        self.tokens += std::mem::take(&mut self.batch_tokens);
        self.tell(score);
    }

    fn tell(&mut self, score: &Score) {
        self.told = Instant::now();
        let seconds = self.begun.elapsed().as_secs_f64();
        let rate = (self.tokens + self.batch_tokens) as f64 / seconds;
        let so_far = score.mean().map_or_else(String::new, |x| format!(" · {:.1} %", 100.0 * x));
        let now = self.done - self.before;
        let left = if now == 0 {
            String::new()
        } else {
            let left = seconds / now as f64 * (self.n_items - self.done) as f64;
            format!(" · {}:{:02} left", left as u64 / 60, left as u64 % 60)
        };
        let (suite, done, n_items) = (self.suite, self.done, self.n_items);
        print::note(&format!("{suite} {done}/{n_items}{so_far} · {rate:.0} tok/s{left}"));
    }
}
