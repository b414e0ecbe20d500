//! What may be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use quaero_ops::Kind;

/// A language model teaches itself to reason: it poses tasks that a machine can check, solves them,
/// and learns from both.
#[derive(Debug, Parser)]
#[command(name = "quaero", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// Folder with the task families (.wasm); `cargo xtask` passes the one it built.
    #[arg(long, global = true, default_value = "target/plugins", value_name = "DIR")]
    pub(crate) plugins_dir: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Trains a model by self-play.
    Train(Train),
    /// Measures and compares.
    #[command(subcommand)]
    Bench(Bench),
    /// Task families: what is loaded, what they say.
    #[command(subcommand)]
    Plugin(Plugin),
    /// Checkpoints: what they are.
    #[command(subcommand)]
    Model(ModelCommand),
    /// Scores a model on a held-out suite.
    Eval(Eval),
    /// Lets the checkpoints of a run answer each other's tasks: does difficulty grow as the model
    /// does?
    Crossplay(CrossPlay),
    /// Draws a run as one HTML page; several runs side by side.
    Report(Report),
    /// What this machine has and lacks, each lack with its remedy.
    Doctor(Json),
    /// On a GPU: trials, bits, speed beside PyTorch's, training steps; writes a report.
    GpuCheck(GpuCheck),
    /// Makes the embedded seed model again from nothing.
    SeedModel(SeedModel),
    /// Runs untrusted programs for the process that started it.
    #[command(name = quaero_runtime::SERVE, hide = true)]
    ServePrograms,
}

#[derive(Debug, Args)]
pub(crate) struct Train {
    /// Overlay on configs/base.toml.
    #[arg(default_value = "configs/default.toml")]
    pub(crate) config: PathBuf,
    /// Sets one key, as in `--set optim.lr=1e-4`; may be given often.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// The run's folder [default: runs/<config>-<n>, the first that is free].
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
    /// Same as `--set run.steps=N`.
    #[arg(long)]
    pub(crate) steps: Option<u64>,
    /// Goes on from the newest whole checkpoint of the run.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Same as `--set run.device=…`: auto takes a GPU where there is one.
    #[arg(long, value_parser = device())]
    pub(crate) device: Option<Kind>,
    /// Serves the run's page live while it trains, to this machine alone [default: a free port];
    /// as `--dashboard=8000`, or `--dashboard=0.0.0.0:8000` for whoever reaches this machine.
    #[arg(
        long,
        value_name = "ADDR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "127.0.0.1:0",
        value_parser = address
    )]
    pub(crate) dashboard: Option<SocketAddr>,
    /// Prints the resolved configuration and the work of a step, and stops.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `PORT` and `localhost:PORT` on this machine alone, `IP:PORT` as it stands.
fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.parse().map_err(|_| "write it as PORT, or as IP:PORT, as in 127.0.0.1:8000".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct CrossPlay {
    /// The run's folder; train it with --set checkpoint.keep_every=N.
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// Tasks of each kind and period, out of those that were proposed in it.
    #[arg(long, default_value_t = 64, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) tasks: u32,
    /// Answers a task and policy, at the run's sampling law.
    #[arg(long, default_value_t = 4, value_name = "K",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) samples: u32,
    /// Where to compute.
    #[arg(long, value_parser = device(), default_value = "auto")]
    pub(crate) device: Kind,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Folders of runs, as runs/default-1.
    #[arg(required = true, value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,
    /// Where to write [default: report.html in the first run's folder].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// A kind of device by its name.
fn device() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(|(name, _)| name))
        .map(|name| Kind::named(&name).expect("clap lets known names pass"))
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Generation on the seed model: tokens a second, beside PyTorch's if it is there.
    Rollout(BenchArgs),
    /// A training step on the seed model: tokens a second, beside PyTorch's if it is there.
    Update(BenchArgs),
    /// Self-play's numeric work on a random model of a real shape: generation, then an update.
    Step(BenchStep),
    /// The sandbox: programs a second and core in fresh interpreters, and a step's verification,
    /// beside pyeryx and a pool of processes if they are there.
    Verify(BenchVerify),
    /// The gate of proposals: programs of known truth, what gets through and what is refused.
    Gate(BenchGate),
    /// The GPU's kernels: time against the floor, beside PyTorch's; without a GPU their trials.
    Kernels(BenchKernels),
}

#[derive(Debug, Args)]
pub(crate) struct BenchKernels {
    /// A kernel, its file or an operation, as rms_norm_fwd; absent: all.
    pub(crate) name: Option<String>,
    /// A kernel of your own: takes the place of the one whose name and arguments it has, through
    /// the same trials and the same clock.
    #[arg(long, value_name = "FILE.cu")]
    pub(crate) variant: Option<PathBuf>,
    /// Where to run.
    #[arg(long, value_parser = device(), default_value = "auto")]
    pub(crate) device: Kind,
    /// A Python with torch, for the peer's column.
    #[arg(long, value_name = "EXE")]
    pub(crate) python: Option<PathBuf>,
    /// Leaves the peer's column empty.
    #[arg(long)]
    pub(crate) no_torch: bool,
    /// Instead: whether rows of products have the same bits for any number of rows and any tile.
    #[arg(long)]
    pub(crate) bits: bool,
    /// Runs the trials with AddressSanitizer loaded; for the benchmark itself.
    #[arg(long, hide = true)]
    pub(crate) sanitized: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct GpuCheck {
    /// Where the page (Markdown) and the record (JSON) are written, as gpu-<name>-<date>.
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Runs this step alone; may be given often [default: all].
    #[arg(long, value_name = "STEP")]
    pub(crate) only: Vec<String>,
    /// Leaves this step out; may be given often.
    #[arg(long, value_name = "STEP")]
    pub(crate) skip: Vec<String>,
    /// A Python with torch, for the peer's times.
    #[arg(long, value_name = "EXE")]
    pub(crate) python: Option<PathBuf>,
    /// Seconds that all steps may take together; each has a limit of its own besides.
    #[arg(long, default_value_t = 560, value_name = "N")]
    pub(crate) seconds: u64,
    /// Instead: prints the page of an earlier check's record. Needs no GPU.
    #[arg(long, value_name = "FILE.json")]
    pub(crate) draw: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchStep {
    /// Where to compute.
    #[arg(long, value_parser = device(), default_value = "auto")]
    pub(crate) device: Kind,
    /// The model's shape.
    #[arg(long, value_enum, default_value_t = Shape::Toy)]
    pub(crate) shape: Shape,
    /// Steps; the first is a warm-up and not counted.
    #[arg(long, default_value_t = 5)]
    pub(crate) steps: usize,
    /// Prompts of a step.
    #[arg(long, default_value_t = 32)]
    pub(crate) prompts: usize,
    /// Completions of a prompt.
    #[arg(long, default_value_t = 4)]
    pub(crate) samples: usize,
    /// Tokens of a prompt.
    #[arg(long, default_value_t = 256)]
    pub(crate) prompt_tokens: usize,
    /// Tokens of a completion.
    #[arg(long, default_value_t = 256)]
    pub(crate) completion_tokens: usize,
    /// Tokens that go through the model at once in the update.
    #[arg(long, default_value_t = 16384)]
    pub(crate) micro_batch_tokens: usize,
    /// Decode by recorded steps: CUDA graphs on a GPU.
    #[arg(long)]
    pub(crate) graphs: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Shapes of published models, for random weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// Two layers of 128 channels: what an emulated device can bear.
    Toy,
    /// Qwen2.5-0.5B.
    #[value(name = "qwen2.5-0.5b")]
    Qwen25Half,
    /// Qwen3-0.6B.
    #[value(name = "qwen3-0.6b")]
    Qwen3Small,
    /// Qwen2.5-1.5B.
    #[value(name = "qwen2.5-1.5b")]
    Qwen25,
}

#[derive(Debug, Args)]
pub(crate) struct BenchVerify {
    /// Interleaved rounds; medians are reported.
    #[arg(long, default_value_t = 7)]
    pub(crate) rounds: usize,
    /// A Python with pebble (and pyeryx, from 3.12 on); without one the rivals are left out.
    #[arg(long, value_name = "EXE")]
    pub(crate) python: Option<PathBuf>,
    /// A Python with pyeryx, if it is another one.
    #[arg(long, value_name = "EXE")]
    pub(crate) python_eryx: Option<PathBuf>,
    /// Installs the rivals from PyPI into target/verify-peers first.
    #[arg(long)]
    pub(crate) install_peers: bool,
    /// Serves as one side with so many workers; for the benchmark itself.
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
    /// Shows so many of the cases that were judged wrong.
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub(crate) show: usize,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Repetitions; the best is reported, for both sides.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Threads for both sides [default: all cores].
    #[arg(long)]
    pub(crate) threads: Option<usize>,
    /// The model whose shape both sides take: `seed` or a checkpoint's folder.
    #[arg(long, default_value = "seed", value_name = "DIR")]
    pub(crate) model: PathBuf,
    /// A Python with torch; without one the peer's column is empty.
    #[arg(long, value_name = "EXE")]
    pub(crate) python: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct Json {
    /// Machine-readable output.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// What lies in the plugin folder: version, licence, kinds, capabilities, digest.
    List(PluginList),
    /// Writes a new family from a template: builds, passes its checks, can be trained on.
    New(PluginNew),
    /// Builds the family in a folder, in Rust or Python, into <DIR>/<name>.wasm.
    Build(PluginBuild),
    /// Tests whether a component keeps the contract.
    Check(PluginCheck),
    /// One task played by hand in the terminal.
    Try(PluginTry),
    /// Grades completions: JSON lines in, one verdict a line out.
    Grade(Grade),
    /// Validates proposals: JSON lines in, a task or a rejection a line out.
    Propose(Grade),
}

/// Which configuration applies.
#[derive(Debug, Args)]
pub(crate) struct Configured {
    /// Overlay on configs/base.toml: options, grants and plugin paths come from it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Sets one key, as in `--set families.python.style=azr`; may be given often.
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
    /// Its name: lower-case letters, digits, `-` and `_`.
    pub(crate) name: String,
    /// What it is written in.
    #[arg(long, value_enum, default_value_t = Lang::Rust)]
    pub(crate) lang: Lang,
    /// Where to write it [default: a folder of its name].
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
    /// The family's folder: one with a Cargo.toml, or with an app.py.
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PluginCheck {
    /// The component.
    pub(crate) file: PathBuf,
    /// Root of the randomness of shuffled batches and fuzzed completions.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Fuzzed completions.
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
    /// The kind of task [default: the family's first].
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Which of the family's seed tasks, and the seed of the episode.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Play the proposer.
    #[arg(long)]
    pub(crate) propose: bool,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct Grade {
    /// The family.
    pub(crate) family: String,
    /// The kind of task.
    #[arg(long)]
    pub(crate) kind: String,
    /// Whether answers stand in think/answer tags [default: plain].
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
    /// Loads a checkpoint, prints its shape, memory and the log-prob of a fixed text.
    Check {
        /// The model's folder, or `seed`.
        dir: PathBuf,
        #[command(flatten)]
        json: Json,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// The model's folder, or `seed`.
    #[arg(long, value_name = "DIR")]
    pub(crate) model: PathBuf,
    /// `heldout`, or the name for the tasks in --data.
    #[arg(long, default_value = "heldout")]
    pub(crate) suite: String,
    /// Tasks as JSON lines: {"kind": …, "public": {…}, "secret": {…}}.
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,
    /// At most so many tasks a kind.
    #[arg(long, default_value_t = 0)]
    pub(crate) limit: usize,
    /// Answers a task at temperature 1; without it one greedy answer.
    #[arg(long)]
    pub(crate) samples: Option<usize>,
    /// Where to compute.
    #[arg(long, value_parser = device(), default_value = "auto")]
    pub(crate) device: Kind,
    /// The configuration whose prompts and limits apply.
    #[arg(long, default_value = "configs/default.toml")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct SeedModel {
    /// Where to write it.
    #[arg(long, default_value = "target/seed-model", value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[cfg(test)]
impl BenchKernels {
    /// What `bench kernels [NAME]` means.
    pub(crate) fn of(name: Option<&str>) -> Self {
        let words = ["quaero", "bench", "kernels"].into_iter().chain(name);
        match Cli::parse_from(words).command {
            Command::Bench(Bench::Kernels(args)) => args,
            other => panic!("{other:?}"),
        }
    }
}

#[cfg(test)]
impl GpuCheck {
    /// What `gpu-check` with `words` means.
    pub(crate) fn of(words: &[&str]) -> Self {
        let words = ["quaero", "gpu-check"].iter().chain(words);
        match Cli::parse_from(words).command {
            Command::GpuCheck(args) => args,
            other => panic!("{other:?}"),
        }
    }
}
