//! A loaded task family: a component that invents, poses and judges tasks. Calls take batches of
//! any size; they are cut into fixed chunks and spread over instances on all cores, and results
//! come in the order of the items. One guilty item costs only itself.
//!
//! Knows no family by name, and believes none: replies are checked before anyone sees them.
//!
//! # Layout
//! `bindings` the contract → `convert` its types and ours, checked → `instance` one instance →
//! `usage` what it cost → `load` from a file to a family.

mod bindings;
mod convert;
mod instance;
mod load;
mod usage;

use std::sync::{Mutex, PoisonError};

use quaero_types::{Episode, Fault, Manifest, Opening, Pair, Prompt, Proposed, Reply};
use wasmtime::Store;

use crate::threads;
use bindings::Family as Bound;
use bindings::quaero::family::vocabulary as wit;
use instance::{Instance, Maker, Refusal, State};
pub(crate) use load::Loader;
pub use usage::Usage;

/// Items of one call into an instance. Fixed, so that calls do not depend on the machine's cores.
const CHUNK_LEN: usize = 16;

/// A case that a family brings with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Golden {
    /// What it shows.
    pub name: String,
    /// The episode to be judged.
    pub episode: Episode,
    /// `task`, `rejected:<cause>` or a status.
    pub expect: String,
}

/// A loaded family.
pub struct Family {
    manifest: Manifest,
    golden: Vec<Golden>,
    source: String,
    digest: String,
    granted: Vec<String>,
    maker: Maker,
    idle: Mutex<Vec<Instance>>,
    usage: Mutex<Usage>,
    n_workers: usize,
}

impl Family {
    fn new(
        manifest: Manifest,
        golden: Vec<Golden>,
        granted: Vec<String>,
        maker: Maker,
        (source, wasm): (&str, &[u8]),
        n_workers: usize,
    ) -> Self {
        let digest = blake3::hash(wasm).to_hex()[..16].to_owned();
        let source = source.to_owned();
        let (idle, usage) = (Mutex::default(), Mutex::default());
        Self { manifest, golden, source, digest, granted, maker, idle, usage, n_workers }
    }

    /// What it says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its golden cases.
    #[must_use]
    pub fn golden(&self) -> &[Golden] {
        &self.golden
    }

    /// The file it came from, or the name under which it was embedded.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// BLAKE3 of the component, 16 hex digits.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The capabilities that it asks for and has.
    #[must_use]
    pub fn granted(&self) -> &[String] {
        &self.granted
    }

    /// What it cost since it was loaded, its golden cases included.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it may run programs.
    #[must_use]
    pub fn runs_programs(&self) -> bool {
        self.maker.interpreter.is_some()
    }

    /// The tasks that a run starts from.
    ///
    /// # Errors
    /// If the family fails, or one of its tasks breaks the contract.
    pub fn seeds(&self, kind: &str) -> Result<Vec<Proposed>, Fault> {
        let text_max = self.maker.limits.text_bytes_max;
        let call = |_: &()| {
            self.call(1, |bound, store| bound.quaero_family_play().call_seeds(store, kind))
        };
        let seeds = threads::map(1, &[()], call).remove(0)?;
        seeds.into_iter().map(|task| convert::proposed(task, text_max)).collect()
    }

    /// The hold-out key of each task of `kind`. The family's own refusal is a fault `family`.
    #[must_use]
    pub fn holdout(&self, kind: &str, tasks: &[Pair]) -> Vec<Result<String, Fault>> {
        let tasks: Vec<_> = tasks.iter().map(convert::pair).collect();
        let text_max = self.maker.limits.text_bytes_max;
        self.batch(
            "holdout",
            &tasks,
            |bound, store, chunk| bound.quaero_family_play().call_holdout(store, kind, chunk),
            |_, key| convert::checked_text("holdout key", key.map_err(convert::said)?, text_max),
        )
    }

    /// The prompt of each opening. The family's own refusal is a fault `family`.
    ///
    /// # Panics
    /// If an opening's kind is another family's.
    #[must_use]
    pub fn open<'a>(
        &self,
        openings: impl IntoIterator<Item = &'a Opening>,
    ) -> Vec<Result<Prompt, Fault>> {
        let ours = openings.into_iter().inspect(|opening| self.assert_ours(opening));
        let openings: Vec<_> = ours.map(convert::opening).collect();
        let text_max = self.maker.limits.text_bytes_max;
        self.batch(
            "open",
            &openings,
            |bound, store, chunk| bound.quaero_family_play().call_open(store, chunk),
            |_, prompt| {
                let text = prompt.map_err(convert::said)?;
                Ok(Prompt { text: convert::checked_text("prompt", text, text_max)? })
            },
        )
    }

    /// Judges the completion of each episode.
    ///
    /// # Panics
    /// If an episode's kind is another family's.
    #[must_use]
    pub fn step<'a>(
        &self,
        episodes: impl IntoIterator<Item = &'a Episode>,
    ) -> Vec<Result<Reply, Fault>> {
        let ours = episodes.into_iter().inspect(|episode| self.assert_ours(&episode.opening));
        self.play(&ours.map(convert::episode).collect::<Vec<_>>())
    }

    fn play(&self, episodes: &[wit::Episode]) -> Vec<Result<Reply, Fault>> {
        let text_max = self.maker.limits.text_bytes_max;
        self.batch(
            "step",
            episodes,
            |bound, store, chunk| bound.quaero_family_play().call_step(store, chunk),
            |episode, reply| convert::reply(reply, episode.opening.role, text_max),
        )
    }

    fn assert_ours(&self, opening: &Opening) {
        let (ours, theirs) = (&self.manifest.name, &opening.kind.family);
        assert_eq!(theirs, ours, "an opening of another family");
    }

    /// `call` on chunks of `items` on all cores, each reply through `check`.
    fn batch<T: Sync, W, R: Send>(
        &self,
        name: &str,
        items: &[T],
        call: impl Fn(&Bound, &mut Store<State>, &[T]) -> wasmtime::Result<Vec<W>> + Sync,
        check: impl Fn(&T, W) -> Result<R, Fault> + Sync,
    ) -> Vec<Result<R, Fault>> {
        let counted = |chunk: &[T]| {
            self.call(chunk.len(), |bound, store| {
                let replies = call(bound, store, chunk)?;
                if replies.len() == chunk.len() {
                    return Ok(replies);
                }
                Err(load::wrong_count(name, replies.len(), chunk.len()))
            })
        };
        let one = |item: &T| {
            let mut replies = counted(std::slice::from_ref(item))?;
            check(item, replies.remove(0))
        };
        let chunks: Vec<&[T]> = items.chunks(CHUNK_LEN).collect();
        let done = threads::map(self.n_workers, &chunks, |chunk| match counted(chunk) {
            Ok(replies) => {
                chunk.iter().zip(replies).map(|(item, reply)| check(item, reply)).collect()
            }
            // One of them is guilty: each alone, so that the others are judged.
            Err(_) if chunk.len() > 1 => chunk.iter().map(one).collect(),
            Err(fault) => vec![Err(fault)],
        });
        let done: Vec<Result<R, Fault>> = done.into_iter().flatten().collect();
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        done.iter().filter_map(|result| result.as_ref().err()).for_each(|fault| usage.fault(fault));
        drop(usage);
        done
    }

    /// `call` on an idle or a fresh instance, which is kept if it may be used again.
    fn call<R>(
        &self,
        n_items: usize,
        call: impl FnOnce(&Bound, &mut Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R, Fault> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let instance = match kept.map_or_else(|| self.maker.make(), Ok) {
            Ok(instance) => instance,
            Err(Refusal::Fault(fault)) => return Err(fault),
            Err(Refusal::Options(words)) => {
                let detail = format!("it refuses options that it took before: {words}");
                return Err(Fault { cause: "contract".into(), detail });
            }
        };
        let (result, cost, kept) = self.maker.call(instance, n_items, call);
        self.usage.lock().unwrap_or_else(PoisonError::into_inner).add(&cost);
        idle().extend(kept);
        result
    }
}
