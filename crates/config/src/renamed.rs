//! Keys that had another name once. An old one is an error that names the new one.

/// Old key, new key.
pub(crate) const RENAMED: &[(&str, &str)] = &[
    ("advantage.overlong_buffer", "advantage.overlong_buffer_tokens"),
    ("engine.max_batch", "engine.batch_max"),
    ("optim.memory", "optim.state_precision"),
    ("reward.powerplay_drop", "reward.powerplay_drop_max"),
    ("reward.retest_tasks", "reward.reevaluated_tasks"),
];

/// What `key` is called now, if it had another name once.
pub(crate) fn new_name(key: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(old, _)| *old == key).map(|(_, new)| *new)
}
