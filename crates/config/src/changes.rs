//! How two configurations differ, key by key.

use std::collections::BTreeMap;
use std::fmt;

use crate::Resolved;

/// A key that has another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As in `optim.lr`.
    pub key: String,
    /// Its value as TOML; `None` where the key is absent.
    pub before: Option<String>,
    /// Its value now.
    pub now: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".to_owned());
        write!(f, "{} = {} (before: {})", self.key, word(&self.now), word(&self.before))
    }
}

impl Resolved {
    /// What differs from `before`, by key.
    #[must_use]
    pub fn changes(&self, before: &Self) -> Vec<Change> {
        let (old, new) = (values(&before.text), values(&self.text));
        let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        keys.into_iter()
            .filter(|key| old.get(*key) != new.get(*key))
            .map(|key| Change {
                key: key.clone(),
                before: old.get(key).cloned(),
                now: new.get(key).cloned(),
            })
            .collect()
    }
}

/// Every value of a resolved configuration by its dotted key.
fn values(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        flatten("", table, &mut found);
    }
    found
}

fn flatten(prefix: &str, table: toml::Table, found: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(table) => flatten(&key, table, found),
            value => drop(found.insert(key, value.to_string())),
        }
    }
}
