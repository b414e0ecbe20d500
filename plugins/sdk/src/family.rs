//! The trait that a family implements, and the macro that makes it a component.
//!
//! A family is a pure function of its options and its arguments: it keeps nothing between calls,
//! and the order of a batch never matters. Model output is data: it ends in a [`Reply`], never in
//! an error. Knows no wasm; the glue is in [`export!`] alone.

use crate::{Episode, Job, Manifest, Opening, Outcome, Proposed, Reply, canonical_json};

/// Runs untrusted Python: a capability of the host. Tests bring their own.
pub trait Interpreter {
    /// Runs all jobs; outcomes in the jobs' order.
    fn run(&self, jobs: &[Job]) -> Vec<Outcome>;
}

/// A task family.
pub trait Family: Sized {
    /// The family under these options, a JSON object (`{}` for all defaults).
    ///
    /// # Errors
    /// Names the unknown or ill-typed key and what would do.
    fn configure(options: &str) -> Result<Self, String>;

    /// Who it is.
    fn manifest(&self) -> Manifest;

    /// The tasks that a run of `kind` starts from.
    fn seeds(&self, kind: &str) -> Vec<Proposed>;

    /// What of a task must not leak from a held-out suite: the `holdout_key` that the family gives
    /// such a task when it is proposed. Unless a family says otherwise, the canonical public half.
    ///
    /// # Errors
    /// Says why it is no task of `kind`.
    fn holdout(&self, _kind: &str, public: &str, _secret: &str) -> Result<String, String> {
        canonical_json(public)
    }

    /// The prompt of an episode.
    ///
    /// # Errors
    /// Says why the episode cannot be opened (an unknown kind, a task of another family).
    fn open(&self, opening: &Opening) -> Result<String, String>;

    /// Judges the completion of one episode. All that most families need: those that run programs
    /// leave it out and judge batches in [`Self::step`].
    fn reply(&self, _episode: &Episode) -> Reply {
        Reply::Fault("the family implements neither `reply` nor `step`".to_owned())
    }

    /// Judges each episode's completion: one reply an episode, in their order. Families that run
    /// programs collect the jobs of all episodes and call the interpreter once.
    fn step(&self, _interpreter: &dyn Interpreter, episodes: &[Episode]) -> Vec<Reply> {
        episodes.iter().map(|episode| self.reply(episode)).collect()
    }
}

/// Writes a line to the host's log (bounded there). Says nothing outside a component.
pub fn log(text: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::bindings::quaero::family::log::info(text);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = text;
}

/// The glue behind [`export!`].
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component {
    use std::cell::RefCell;

    use super::{Family, Interpreter, Job, Outcome};

    /// The host's interpreter.
    pub struct Host;

    impl Interpreter for Host {
        fn run(&self, jobs: &[Job]) -> Vec<Outcome> {
            crate::bindings::quaero::family::interpreter::run(jobs)
        }
    }

    /// Sets the family of this instance.
    ///
    /// # Errors
    /// As [`Family::configure`].
    pub fn configure<F: Family>(slot: &RefCell<Option<F>>, options: &str) -> Result<(), String> {
        *slot.borrow_mut() = Some(F::configure(options)?);
        Ok(())
    }

    /// Calls `call` with the family; an instance that was not configured has all defaults.
    ///
    /// # Panics
    /// If the family refuses `{}`.
    pub fn with<F: Family, T>(slot: &RefCell<Option<F>>, call: impl FnOnce(&F) -> T) -> T {
        let mut slot = slot.borrow_mut();
        let family =
            slot.get_or_insert_with(|| F::configure("{}").expect("a family has default options"));
        call(family)
    }
}

/// Makes the [`Family`] named the component's. Call it once, in the crate built as `cdylib`.
/// Elsewhere than on wasm it expands to nothing, so that the same crate is a library for tests.
#[macro_export]
macro_rules! export {
    ($family:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::quaero::family::vocabulary as words;

            ::std::thread_local! {
                static FAMILY: ::std::cell::RefCell<Option<$family>> =
                    const { ::std::cell::RefCell::new(None) };
            }

            struct Component;

            impl $crate::bindings::exports::quaero::family::play::Guest for Component {
                fn configure(options: String) -> Result<(), String> {
                    FAMILY.with(|slot| $crate::component::configure(slot, &options))
                }

                fn describe() -> words::Manifest {
                    FAMILY
                        .with(|slot| $crate::component::with(slot, |f| $crate::Family::manifest(f)))
                }

                fn seeds(kind: String) -> Vec<words::Proposed> {
                    FAMILY.with(|slot| {
                        $crate::component::with(slot, |f| $crate::Family::seeds(f, &kind))
                    })
                }

                fn holdout(kind: String, tasks: Vec<words::Pair>) -> Vec<Result<String, String>> {
                    FAMILY.with(|slot| {
                        $crate::component::with(slot, |f| {
                            let key = |t: &words::Pair| {
                                $crate::Family::holdout(f, &kind, &t.public, &t.secret)
                            };
                            tasks.iter().map(key).collect()
                        })
                    })
                }

                fn open(openings: Vec<words::Opening>) -> Vec<Result<String, String>> {
                    FAMILY.with(|slot| {
                        $crate::component::with(slot, |f| {
                            openings.iter().map(|o| $crate::Family::open(f, o)).collect()
                        })
                    })
                }

                fn step(episodes: Vec<words::Episode>) -> Vec<words::Reply> {
                    FAMILY.with(|slot| {
                        $crate::component::with(slot, |f| {
                            $crate::Family::step(f, &$crate::component::Host, &episodes)
                        })
                    })
                }
            }

    $crate::bindings::export_world!(Component with_types_in $crate::bindings);
        };
    };
}
