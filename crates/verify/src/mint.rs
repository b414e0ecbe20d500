//! Tasks from what a family vouches for. Nobody else makes one of model output.

use quaero_types::{Kind, Origin, Proposed, Task, TaskId};

/// Mints the task that a family vouches for.
#[must_use]
pub fn mint(kind: &Kind, proposed: &Proposed, parents: Vec<TaskId>, origin: Origin) -> Task {
    Task {
        id: TaskId::of(kind, &proposed.key),
        kind: kind.clone(),
        public: proposed.public.clone(),
        parents,
        origin,
        metrics: proposed.metrics.iter().cloned().collect(),
    }
}

/// Both halves of a proposed task as one JSON object, for a person who asked for it.
#[must_use]
pub fn wire(proposed: &Proposed) -> String {
    // Both halves are JSON already: the runtime has checked them.
    format!("{{\"public\":{},\"secret\":{}}}", proposed.public, proposed.secret.reveal())
}
