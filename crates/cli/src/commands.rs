//! One file a command.

pub(crate) mod bench;
pub(crate) mod crossplay;
pub(crate) mod doctor;
pub(crate) mod eval;
pub(crate) mod model;
pub(crate) mod plugin;
pub(crate) mod report;
pub(crate) mod seed;
pub(crate) mod train;
