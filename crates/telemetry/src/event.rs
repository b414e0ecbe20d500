//! What happened, one JSON object a line in `logs/events.jsonl`.

use serde::Serialize;

/// Version of the schema. A field never changes its meaning: a new meaning is a new field, and
/// raises the version when readers must know.
pub const EVENT_VERSION: u32 = 1;

/// One event. Fields that do not apply are absent.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Event<'a> {
    /// What happened, as in `proposal.rejected`, `attempt.judged`, `checkpoint.written`.
    pub event: &'a str,
    /// The step it belongs to.
    pub step: u64,
    /// Name of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<&'a str>,
    /// Updates behind the policy that acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_version: Option<u64>,
    /// `propose` or `solve`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Task, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// `family/kind`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The family alone, for events of a plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Which task of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_idx: Option<usize>,
    /// Which attempt or proposal of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_idx: Option<usize>,
    /// Status of a verdict, or `task`, `rejected`, `fault`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// Why, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it earned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reward: Option<f32>,
    /// Prompt length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_tokens_in: Option<usize>,
    /// Completion length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_tokens_out: Option<usize>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dur_us: Option<u64>,
    /// Seed of the episode or the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

impl Event<'_> {
    /// One line of JSON, schema version first.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Versioned<'a> {
            v: u32,
            #[serde(flatten)]
            event: &'a Event<'a>,
        }
        let line = Versioned { v: EVENT_VERSION, event: self };
        serde_json::to_string(&line).unwrap_or_else(|error| {
            // Strings and numbers always serialise; a line that says so beats a lost one.
            format!("{{\"v\":{EVENT_VERSION},\"event\":\"log.failed\",\"reason\":{error:?}}}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_fields_are_absent() {
        let event =
            Event { event: "proposal.rejected", step: 3, reward: Some(-1.0), ..Event::default() };
        let expect = r#"{"v":1,"event":"proposal.rejected","step":3,"reward":-1.0}"#;
        assert_eq!(event.to_json(), expect);
    }
}
