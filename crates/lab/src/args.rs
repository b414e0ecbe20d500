//! What may be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use quaero_ops::Kind;
use quaero_terminal::args::{Json, device};

use crate::place;

/// Kernels: conformance tests, benchmarks, and the check on a GPU.
#[derive(Debug, Parser)]
#[command(name = "quaero-lab", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tests kernels against their oracles; plants bugs and counts those that are caught.
    #[command(subcommand)]
    Conformance(Conformance),
    /// Measures speed, beside PyTorch's.
    #[command(subcommand)]
    Bench(Bench),
    /// On a GPU: conformance, bits, speed beside PyTorch's, training steps; writes a report.
    GpuCheck(GpuCheck),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Conformance {
    /// Runs the tests, emulated or on a GPU.
    Run(Run),
    /// Prints a digest of every output under emulation, for `run --bits` on a GPU.
    Bits(Cache),
    /// Plants every bug in turn and counts those that the tests catch.
    Mutants {
        /// Plants bug N alone.
        #[arg(long, value_name = "N")]
        only: Option<usize>,
        #[command(flatten)]
        cache: Cache,
    },
    /// Plants bug N: exits with 3 if it is caught.
    #[command(hide = true)]
    Mutant {
        n: usize,
        #[command(flatten)]
        run: Run,
    },
    /// Prints the digest of what a kernel file is compiled from.
    Digest {
        /// As rms_norm_fwd.cu.
        file: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Cache {
    /// Where compiled kernels are kept.
    #[arg(long = "cache", value_name = "DIR", default_value_os_t = place::cache())]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Tests of this kernel file alone.
    #[arg(long, value_name = "FILE.cu")]
    pub(crate) file: Option<String>,
    /// Puts a kernel of your own in the place of FILE.cu; may be given often.
    #[arg(long, value_name = "FILE.cu=PATH")]
    pub(crate) variant: Vec<String>,
    /// The small tests alone: what the slowest sanitizer can bear.
    #[arg(long)]
    pub(crate) small: bool,
    /// Compiles emulated kernels with a sanitizer.
    #[arg(long, value_enum)]
    pub(crate) sanitizer: Option<Sanitizer>,
    /// On the first GPU instead of the emulated device.
    #[arg(long)]
    pub(crate) gpu: bool,
    /// Compares outputs with what `conformance bits` printed on another machine.
    #[arg(long, value_name = "FILE")]
    pub(crate) bits: Option<PathBuf>,
    /// Runs all tests in this process: for a tool that watches one.
    #[arg(long)]
    pub(crate) one_process: bool,
    /// The sanitizer's runtime is loaded already.
    #[arg(long, hide = true)]
    pub(crate) loaded: bool,
    #[command(flatten)]
    pub(crate) cache: Cache,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sanitizer {
    /// Memory and undefined behaviour.
    Address,
    /// Races between the threads of a kernel.
    Thread,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// The GPU's kernels: time against the roofline, beside PyTorch's; without a GPU their
    /// conformance tests.
    Kernels(BenchKernels),
    /// Self-play's numeric work on a random model of a real shape: generation, then an update.
    Step(BenchStep),
    /// Generation on the seed model's shape: tokens a second, beside PyTorch's.
    Rollout(BenchThroughput),
    /// A training step on the seed model's shape: tokens a second, beside PyTorch's.
    Update(BenchThroughput),
}

#[derive(Debug, Args)]
pub(crate) struct BenchKernels {
    /// A kernel, its file or an operation, as rms_norm_fwd; absent: all.
    pub(crate) name: Option<String>,
    /// A kernel of your own: takes the place of the one whose name and arguments it has, through
    /// the same tests and the same clock.
    #[arg(long, value_name = "FILE.cu")]
    pub(crate) variant: Option<PathBuf>,
    /// Where to run.
    #[arg(long, value_parser = device(), default_value = "auto")]
    pub(crate) device: Kind,
    /// A Python with torch, for the baseline's column.
    #[arg(long, value_name = "EXE")]
    pub(crate) python: Option<PathBuf>,
    /// Leaves the baseline's column empty.
    #[arg(long)]
    pub(crate) no_torch: bool,
    /// Instead: whether rows of products have the same bits for any number of rows and any tile.
    #[arg(long)]
    pub(crate) bits: bool,
    /// Runs the tests with AddressSanitizer loaded; for the benchmark itself.
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
    /// A Python with torch, for the baseline's times.
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
pub(crate) struct BenchThroughput {
    /// Repetitions; the best is reported, for both sides.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Threads for both sides [default: all cores].
    #[arg(long)]
    pub(crate) threads: Option<usize>,
    /// The model whose shape both sides take: `seed` or a checkpoint's folder.
    #[arg(long, default_value = "seed", value_name = "DIR")]
    pub(crate) model: PathBuf,
    /// A Python with torch; without one the baseline's column is empty.
    #[arg(long, value_name = "EXE")]
    pub(crate) python: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[cfg(test)]
impl BenchKernels {
    /// What `bench kernels [NAME]` means.
    pub(crate) fn of(name: Option<&str>) -> Self {
        let words = ["quaero-lab", "bench", "kernels"].into_iter().chain(name);
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
        let words = ["quaero-lab", "gpu-check"].iter().chain(words);
        match Cli::parse_from(words).command {
            Command::GpuCheck(args) => args,
            other => panic!("{other:?}"),
        }
    }
}
