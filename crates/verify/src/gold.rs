//! The gold answers of the tasks in play.

use std::collections::BTreeMap;

use quaero_types::{Secret, TaskId};

/// Gold answers by task. `play` and `engine` have no way to reach one.
#[derive(Clone, Debug, Default)]
pub struct Gold {
    secrets: BTreeMap<TaskId, Secret>,
}

impl Gold {
    /// Keeps the gold answer of a task.
    pub fn insert(&mut self, id: TaskId, secret: Secret) {
        self.secrets.insert(id, secret);
    }

    pub(crate) fn get(&self, id: TaskId) -> Option<&Secret> {
        self.secrets.get(&id)
    }
}
