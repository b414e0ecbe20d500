//! One step's scalars.

use std::collections::BTreeMap;

/// Scalars by name, in name order. A value that is not finite is not kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Sets a scalar; NaN and infinities count as not measured.
    pub fn set(&mut self, key: &str, value: f64) {
        if value.is_finite() {
            self.0.insert(key.to_owned(), value);
        }
    }

    /// A scalar, if it was measured.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<f64> {
        self.0.get(key).copied()
    }

    /// All scalars in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(key, value)| (key.as_str(), *value))
    }

    /// One JSON object, `step` first; integers print without a fraction.
    #[must_use]
    pub fn to_json(&self, step: u64) -> String {
        let mut object = serde_json::Map::new();
        object.insert("step".to_owned(), step.into());
        for (key, value) in &self.0 {
            object.insert(key.clone(), number(*value));
        }
        serde_json::Value::Object(object).to_string()
    }
}

fn number(value: f64) -> serde_json::Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { (value as i64).into() } else { value.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_absent() {
        let mut metrics = Metrics::default();
        metrics.set("b", 0.25);
        metrics.set("a", 3.0);
        metrics.set("nan", f64::NAN);
        metrics.set("inf", f64::INFINITY);
        assert_eq!(metrics.to_json(7), r#"{"step":7,"a":3,"b":0.25}"#);
        assert_eq!(metrics.get("nan"), None);
    }
}
