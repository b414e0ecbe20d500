//! What a run takes of memory, counted before any of it is taken, and what to change where it does
//! not fit. Knows shapes and options; the counts themselves are `model::memory`'s and the engine's.

use std::fmt;

use quaero_model::memory::{
    TrainBatch, derived_bytes, derived_bytes_lean, n_elements, train_bytes,
};
use quaero_model::{Config, Place};

use quaero_optim::{LEAN_BLOCK, StatePrecision};

use crate::Options;

/// Tokens of a completion below which the plan for a micro-batch does not hold: each has pages of
/// keys and values of its own, and short ones fill them badly.
const PIECE_TOKENS: usize = 32;

/// Bytes by what holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Held from the first step to the last.
    pub kept: Vec<(&'static str, usize)>,
    /// Held by one phase of a step: the largest counts.
    pub phases: Vec<(&'static str, usize)>,
}

impl Plan {
    /// Counts for a model of `config` at `place`.
    #[must_use]
    pub fn of(config: &Config, place: Place, options: &Options) -> Self {
        let n = n_elements(config);
        let update = &options.update;
        // 8-bit Adam: weights in bf16; a byte a moment, and a scale of each for a block.
        let (weights, derived, moments) = match update.adamw.state_precision {
            StatePrecision::F32 => (4 * n, derived_bytes(config, place), 8 * n),
            StatePrecision::EightBit => {
                (2 * n, derived_bytes_lean(config), 2 * n + 8 * n.div_ceil(LEAN_BLOCK))
            }
        };
        let mut kept = vec![
            ("weights", weights),
            ("weights as products read them", derived),
            ("gradients", 4 * n),
            ("moments of the optimiser", moments),
            ("key-value cache", options.engine.cache_bytes(place, config)),
        ];
        if update.objective.kl.is_some() {
            kept.push(("reference of the KL penalty", weights + derived));
        }
        // A row longer than a micro-batch stands alone.
        let n_tokens = update.micro_batch_tokens.max(longest_row(config, options));
        let n_pieces = n_tokens.div_ceil(PIECE_TOKENS);
        let batch = TrainBatch { n_tokens, n_pieces, recompute: update.recompute };
        let phases = vec![
            ("activations of a micro-batch", train_bytes(config, place, batch)),
            ("activations of generation", options.engine.step_bytes(place, config)),
        ];
        Self { kept, phases }
    }

    /// The most bytes at a time.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let kept: usize = self.kept.iter().map(|(_, bytes)| bytes).sum();
        kept + self.phases.iter().map(|&(_, bytes)| bytes).max().unwrap_or_default()
    }

    /// The plan in one line, beside the bytes that are free where that is known.
    #[must_use]
    pub fn summary(&self, free: Option<usize>) -> String {
        let of = free.map_or_else(String::new, |free| format!(" of {} free", Size(free)));
        format!("memory: at most {}{of} (--dry-run says for what)", Size(self.bytes()))
    }

    /// The plan, if it fits into `free` bytes.
    ///
    /// # Errors
    /// By how much it does not, and which keys to change to what.
    pub fn check(
        config: &Config,
        place: Place,
        options: &Options,
        free: usize,
    ) -> Result<Self, Misfit> {
        let plan = Self::of(config, place, options);
        if plan.bytes() <= free {
            return Ok(plan);
        }
        let advice = advise(config, place, options, free);
        Err(Misfit { plan, free, advice })
    }
}

/// One line a holder, and the sum.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, bytes) in &self.kept {
            writeln!(f, "{what:<32} {:>10}", Size(*bytes))?;
        }
        for (what, bytes) in &self.phases {
            writeln!(f, "{what:<32} {:>10}  at a time", Size(*bytes))?;
        }
        write!(f, "{:<32} {:>10}", "at most", Size(self.bytes()))
    }
}

/// A run that does not fit.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "the run needs {} of memory and {} are free: {}\n{plan}",
    Size(self.plan.bytes()), Size(self.free), remedy(&self.advice)
)]
pub struct Misfit {
    /// What it would take.
    pub plan: Plan,
    /// Bytes that are free.
    pub free: usize,
    /// Keys and values with which it would fit; none if no value helps.
    pub advice: Vec<(&'static str, String)>,
}

fn remedy(advice: &[(&'static str, String)]) -> String {
    if advice.is_empty() {
        return "no key makes it fit; take a smaller model or a device with more memory".to_owned();
    }
    let set: Vec<String> = advice.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("set {}", set.join(" and "))
}

/// Bytes for people.
struct Size(usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = self.0 as f64 / f64::from(1 << 20);
        let text =
            if mib < 1024.0 { format!("{mib:.1} MiB") } else { format!("{:.2} GiB", mib / 1024.0) };
        f.pad(&text)
    }
}

/// The most tokens that a prompt and its completion have together.
fn longest_row(config: &Config, options: &Options) -> usize {
    let of =
        |limits: &quaero_policy::Limits| limits.prompt_tokens_max + limits.completion_tokens_max;
    let longest = of(&options.propose.limits).max(of(&options.solve.limits));
    longest.min(config.max_position_embeddings)
}

/// A key that trades memory for time, from what costs least: it makes one step down, or none where
/// it is at its least already.
type Lever = (&'static str, fn(&Config, Place, &mut Options) -> bool, fn(&Options) -> String);

const LEVERS: &[Lever] = &[
    ("update.micro_batch_tokens", fewer_tokens, |o| o.update.micro_batch_tokens.to_string()),
    ("engine.batch_max", smaller_batch, |o| o.engine.batch_max.to_string()),
    ("engine.cache_mib", smaller_cache, |o| o.engine.cache_mib.to_string()),
    ("update.recompute", recomputed, |o| o.update.recompute.to_string()),
    ("optim.state_precision", eight_bit, |o| {
        let eight_bit = o.update.adamw.state_precision == StatePrecision::EightBit;
        (if eight_bit { "\"8bit\"" } else { "\"f32\"" }).to_owned()
    }),
];

fn fewer_tokens(config: &Config, _: Place, options: &mut Options) -> bool {
    let tokens = &mut options.update.micro_batch_tokens;
    let less = *tokens / 2;
    *tokens = less;
    // Below a single row nothing is gained.
    2 * less > longest_row(config, options)
}

fn smaller_batch(_: &Config, _: Place, options: &mut Options) -> bool {
    options.engine.batch_max /= 2;
    options.engine.batch_max >= 8
}

fn smaller_cache(config: &Config, place: Place, options: &mut Options) -> bool {
    options.engine.cache_mib /= 2;
    let (page_len, page_bytes) = options.engine.page(place, config);
    // Four of the longest rows at once.
    let least = 4 * longest_row(config, options).div_ceil(page_len) * page_bytes;
    options.engine.cache_mib << 20 >= least
}

fn recomputed(_: &Config, _: Place, options: &mut Options) -> bool {
    !std::mem::replace(&mut options.update.recompute, true)
}

fn eight_bit(_: &Config, place: Place, options: &mut Options) -> bool {
    let before =
        std::mem::replace(&mut options.update.adamw.state_precision, StatePrecision::EightBit);
    place == Place::Device && before == StatePrecision::F32
}

/// The first single key that helps, else several together; empty if all of them do not.
fn advise(
    config: &Config,
    place: Place,
    options: &Options,
    free: usize,
) -> Vec<(&'static str, String)> {
    let fits = |options: &Options| Plan::of(config, place, options).bytes() <= free;
    // Steps down until it fits, or back to where no further step is one.
    let pull = |(_, step, _): &Lever, options: &mut Options| {
        let mut next = options.clone();
        while !fits(options) && step(config, place, &mut next) {
            options.clone_from(&next);
        }
    };
    let said = |changed: &Options| -> Vec<(&'static str, String)> {
        let values = LEVERS.iter().map(|(key, _, value)| (*key, value(options), value(changed)));
        values.filter(|(_, old, new)| old != new).map(|(key, _, new)| (key, new)).collect()
    };
    for lever in LEVERS {
        let mut changed = options.clone();
        pull(lever, &mut changed);
        if fits(&changed) {
            return said(&changed);
        }
    }
    let mut changed = options.clone();
    for lever in LEVERS {
        pull(lever, &mut changed);
    }
    if fits(&changed) { said(&changed) } else { Vec::new() }
}
