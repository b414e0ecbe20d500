//! The propose step: the policy writes tasks.
//!
//! References and quotas in, [`Proposal`]s out. Knows no rewards, judges nothing, keeps nothing.
//! Prompts are the family's; what comes back is the model's words, still unread.

use quaero_engine::Engine;
use quaero_policy::{GenerateRequest, Limits, Policy};
use quaero_rng::Key;
use quaero_runtime::Host;
use quaero_types::{Fault, Kind, Opening, Pair, Proposal, Role, TaskId};

/// What can go wrong with the world.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Generation failed.
    #[error(transparent)]
    Policy(#[from] quaero_policy::Error),
    /// A configured kind has no family.
    #[error("no loaded family plays {0}: `quaero plugin list` shows what is loaded")]
    UnknownKind(Kind),
}

/// One proposal to be asked for: a kind and the solved tasks to show.
#[derive(Clone, Debug)]
pub struct Commission {
    /// What kind of task.
    pub kind: Kind,
    /// References, with their ids for lineage.
    pub references: Vec<(TaskId, Pair)>,
}

/// What the step made.
#[derive(Clone, Debug, Default)]
pub struct Proposals {
    /// What the policy wrote, in the order of the commissions.
    pub written: Vec<Proposal>,
    /// Prompts over the token limit: counted, not asked.
    pub prompts_too_long: usize,
    /// Families that failed to open an episode.
    pub faults: Vec<Fault>,
}

/// Asks the policy for one proposal per commission.
///
/// # Errors
/// When a kind has no family or the engine fails.
pub fn propose(
    policy: &Policy,
    engine: &mut Engine,
    host: &Host,
    commissions: &[Commission],
    limits: &Limits,
    key: Key,
    on_tokens: &mut dyn FnMut(u64),
) -> Result<Proposals, Error> {
    let mut out = Proposals::default();
    let (mut asks, mut opened) = (Vec::new(), Vec::new());
    for (idx, commission) in commissions.iter().enumerate() {
        let family = host
            .family(&commission.kind.family)
            .ok_or_else(|| Error::UnknownKind(commission.kind.clone()))?;
        let key = key.with(idx as u64);
        let opening = Opening {
            kind: commission.kind.clone(),
            role: Role::Propose,
            seed: key.seed(),
            public: String::new(),
            references: commission.references.iter().map(|(_, pair)| pair.clone()).collect(),
        };
        match family.open(std::slice::from_ref(&opening)).remove(0) {
            Ok(prompt) => {
                asks.push(GenerateRequest {
                    text: prompt.text,
                    n_samples: 1,
                    key: key.named("tokens"),
                });
                opened.push((opening, commission));
            }
            Err(fault) => out.faults.push(fault),
        }
    }
    let written = policy.generate(engine, &asks, limits, on_tokens)?;
    for ((opening, commission), written) in opened.into_iter().zip(written) {
        match written {
            Ok(traces) => {
                for trace in traces {
                    out.written.push(Proposal {
                        kind: commission.kind.clone(),
                        opening: opening.clone(),
                        parents: commission.references.iter().map(|(id, _)| *id).collect(),
                        trace,
                    });
                }
            }
            Err(_) => out.prompts_too_long += 1,
        }
    }
    Ok(out)
}
