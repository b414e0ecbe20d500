//! JSON texts by content: what two writers of one task agree on.

use serde_json::Value as Json;

/// `text` with sorted keys and without white space: equal JSON gives equal texts.
///
/// # Errors
/// If `text` is no JSON.
pub fn canonical_json(text: &str) -> Result<String, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
    Ok(sorted(json).to_string())
}

fn sorted(json: Json) -> Json {
    match json {
        Json::Array(items) => items.into_iter().map(sorted).collect(),
        Json::Object(fields) => {
            let mut fields: Vec<_> =
                fields.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(fields.into_iter().collect())
        }
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_white_space_do_not_count() {
        let text = " {\"b\": [1, {\"d\": 1.50, \"c\": null}],\n \"a\": \"\\u0062\"}";
        let canonical = r#"{"a":"b","b":[1,{"c":null,"d":1.5}]}"#;
        assert_eq!(canonical_json(text).as_deref(), Ok(canonical));
        assert_eq!(canonical_json(canonical).as_deref(), Ok(canonical));
        assert!(canonical_json("{").unwrap_err().starts_with("no JSON"));
    }
}
