//! Command-line arguments.

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
    /// Test kernels against their oracles; plant bugs and count those that the tests catch.
    #[command(subcommand)]
    Conformance(Conformance),
    /// Measure speed, next to PyTorch's.
    #[command(subcommand)]
    Bench(Bench),
    /// On a GPU: conformance, bits, speed next to PyTorch's, training steps; write a report.
    GpuCheck(GpuCheck),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Conformance {
    /// Run the tests, emulated or on a GPU.
    Run(Run),
    /// Print a digest of every output under emulation, for `run --bits` on a GPU.
    Bits(Cache),
    /// Plant every bug in turn and count those that the tests catch.
    Mutants {
        /// Plant only bug N.
        #[arg(long, value_name = "N")]
        only: Option<usize>,
        #[command(flatten)]
        cache: Cache,
    },
    /// Plant bug N; exit with 3 if it is caught.
    #[command(hide = true)]
    Mutant {
        n: usize,
        #[command(flatten)]
        run: Run,
    },
    /// Print the digest of what a kernel file is compiled from.
    Digest {
        /// For example rms_norm_fwd.cu.
        file: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Cache {
    /// Folder of compiled kernels.
    #[arg(long = "cache", value_name = "DIR", default_value_os_t = place::cache())]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Run only the tests of this kernel file.
    #[arg(long, value_name = "FILE.cu")]
    pub(crate) file: Option<String>,
    /// Replace FILE.cu by a kernel of your own; repeatable.
    #[arg(long, value_name = "FILE.cu=PATH")]
    pub(crate) variant: Vec<String>,
    /// Run only the small tests, for the slowest sanitizer.
    #[arg(long)]
    pub(crate) small: bool,
    /// Compile emulated kernels with a sanitizer.
    #[arg(long, value_enum)]
    pub(crate) sanitizer: Option<Sanitizer>,
    /// Run on the first GPU instead of the emulated device.
    #[arg(long)]
    pub(crate) gpu: bool,
    /// Compare outputs with what `conformance bits` printed on another machine.
    #[arg(long, value_name = "FILE")]
    pub(crate) bits: Option<PathBuf>,
    /// Run all tests in this process, for a tool that watches one.
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
    /// Time each GPU kernel against its roofline, next to PyTorch's; without a GPU, run the
    /// conformance tests.
    Kernels(BenchKernels),
    /// Generation and an update with a random model of a published shape.
    Step(BenchStep),
    /// Generation with the seed model's shape: tokens per second, next to PyTorch's.
    Rollout(BenchThroughput),
    /// A training step with the seed model's shape: tokens per second, next to PyTorch's.
    Update(BenchThroughput),
}

#[derive(Debug, Args)]
pub(crate) struct BenchKernels {
    /// A kernel, its file or an operation, for example rms_norm_fwd [default: all].
    pub(crate) name: Option<String>,
    /// A kernel of your own, tested and timed in place of the one with the same name and
    /// arguments.
    #[arg(long, value_name = "FILE.cu")]
    pub(crate) variant: Option<PathBuf>,
    /// Device to run on.
    #[arg(long, value_parser = device(), default_value = "auto")]
    pub(crate) device: Kind,
    /// A Python with torch to compare with.
    #[arg(long, value_name = "EXE")]
    pub(crate) python: Option<PathBuf>,
    /// Do not compare with PyTorch.
    #[arg(long)]
    pub(crate) no_torch: bool,
    /// Check instead that rows of products have the same bits for any number of rows and any tile.
    #[arg(long)]
    pub(crate) bits: bool,
    /// Run the tests with AddressSanitizer loaded; used by the benchmark itself.
    #[arg(long, hide = true)]
    pub(crate) sanitized: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct GpuCheck {
    /// Folder for the page (Markdown) and the record (JSON), named gpu-<name>-<date>.
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Run only this step; repeatable [default: all].
    #[arg(long, value_name = "STEP")]
    pub(crate) only: Vec<String>,
    /// Skip this step; repeatable.
    #[arg(long, value_name = "STEP")]
    pub(crate) skip: Vec<String>,
    /// A Python with torch to compare with.
    #[arg(long, value_name = "EXE")]
    pub(crate) python: Option<PathBuf>,
    /// Time limit of all steps together, in seconds; each also has its own.
    #[arg(long, default_value_t = 560, value_name = "N")]
    pub(crate) seconds: u64,
    /// Print the page of an earlier check's record instead; needs no GPU.
    #[arg(long, value_name = "FILE.json")]
    pub(crate) draw: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchStep {
    /// Device to compute on.
    #[arg(long, value_parser = device(), default_value = "auto")]
    pub(crate) device: Kind,
    /// The model's shape.
    #[arg(long, value_enum, default_value_t = Shape::Toy)]
    pub(crate) shape: Shape,
    /// Steps; the first is a warm-up and is not counted.
    #[arg(long, default_value_t = 5)]
    pub(crate) steps: usize,
    /// Prompts per step.
    #[arg(long, default_value_t = 32)]
    pub(crate) prompts: usize,
    /// Completions per prompt.
    #[arg(long, default_value_t = 4)]
    pub(crate) samples: usize,
    /// Tokens per prompt.
    #[arg(long, default_value_t = 256)]
    pub(crate) prompt_tokens: usize,
    /// Tokens per completion.
    #[arg(long, default_value_t = 256)]
    pub(crate) completion_tokens: usize,
    /// Tokens per micro-batch of the update.
    #[arg(long, default_value_t = 16384)]
    pub(crate) micro_batch_tokens: usize,
    /// Decode with recorded steps: CUDA graphs on a GPU.
    #[arg(long)]
    pub(crate) graphs: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Shapes of published models, for random weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// Two layers of 128 channels, for emulated devices.
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
    /// Repetitions; the best is reported.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Threads of both sides [default: all cores].
    #[arg(long)]
    pub(crate) threads: Option<usize>,
    /// Model whose shape both sides use: `seed` or a checkpoint's folder.
    #[arg(long, default_value = "seed", value_name = "DIR")]
    pub(crate) model: PathBuf,
    /// A Python with torch to compare with.
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
