//! What a family cost since it was loaded: so that an operator sees which one is slow, fat or ill.
//! Nothing is decided by it.

use std::collections::BTreeMap;
use std::time::Duration;

use quaero_types::Fault;

use crate::interpreter::Spent;

/// Cumulative cost of one family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls into an instance, one a chunk of items.
    pub calls: u64,
    /// Items (openings, episodes) of these calls.
    pub items: u64,
    /// CPU time of the family's own code, without its programs.
    pub cpu: Duration,
    /// The largest linear memory of any instance of it, in bytes.
    pub memory_bytes_max: usize,
    /// Programs it had run that were not remembered.
    pub programs: u64,
    /// CPU time of these programs, in the interpreter's threads.
    pub program_cpu: Duration,
    /// The largest linear memory of any of these programs, in bytes.
    pub program_memory_bytes_max: usize,
    /// Programs that ran past their deadline.
    pub program_timeouts: u64,
    /// Items that the family failed on, by cause.
    pub faults: BTreeMap<String, u64>,
}

/// What one call cost.
pub(super) struct Cost {
    pub(super) items: usize,
    pub(super) cpu: Duration,
    pub(super) memory_bytes: usize,
    pub(super) programs: Spent,
}

impl Usage {
    /// Adds one call.
    pub(super) fn add(&mut self, cost: &Cost) {
        let Cost { items, cpu, memory_bytes, programs } = *cost;
        self.calls += 1;
        self.items += items as u64;
        self.cpu += cpu;
        self.memory_bytes_max = self.memory_bytes_max.max(memory_bytes);
        self.programs += programs.programs;
        self.program_cpu += programs.cpu;
        self.program_memory_bytes_max =
            self.program_memory_bytes_max.max(programs.memory_bytes_max);
        self.program_timeouts += programs.timeouts;
    }

    /// Counts an item that failed.
    pub(super) fn fault(&mut self, fault: &Fault) {
        *self.faults.entry(fault.cause.clone()).or_default() += 1;
    }

    /// What was added since `earlier`; the largest memories are those of all time.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |cause: &String| earlier.faults.get(cause).copied().unwrap_or(0);
        let faults = self.faults.iter().map(|(cause, n)| (cause.clone(), n - before(cause)));
        Self {
            calls: self.calls - earlier.calls,
            items: self.items - earlier.items,
            cpu: self.cpu.saturating_sub(earlier.cpu),
            memory_bytes_max: self.memory_bytes_max,
            programs: self.programs - earlier.programs,
            program_cpu: self.program_cpu.saturating_sub(earlier.program_cpu),
            program_memory_bytes_max: self.program_memory_bytes_max,
            program_timeouts: self.program_timeouts - earlier.program_timeouts,
            faults: faults.filter(|(_, n)| *n > 0).collect(),
        }
    }
}
