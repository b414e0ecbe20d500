//! Golden cases from JSON files, as they lie in a family's `cases/{accept,reject}`.

use serde_json::Value as Json;

use crate::{Episode, Golden, Opening, Pair, Role, Settings, Style};

/// The case `name` written in `text`, an object of `kind`, `role` (`propose` or `solve`),
/// `completion` and `expect` (`task`, `rejected:<cause>` or a status); where they matter `public`,
/// `secret`, `references` (a list of `public` and `secret`), `truncated`, `seed`. Other keys are
/// the family's own.
///
/// # Panics
/// If `text` is no such object: a case is part of the program.
#[must_use]
pub fn golden(name: &str, text: &str) -> Golden {
    let json: Json = match serde_json::from_str(text) {
        Ok(json @ Json::Object(_)) => json,
        Ok(_) => panic!("golden case {name}: no JSON object"),
        Err(error) => panic!("golden case {name}: no JSON: {error}"),
    };
    let word = |key: &str| json[key].as_str().map(str::to_owned);
    let must = |key: &str| word(key).unwrap_or_else(|| panic!("golden case {name}: no `{key}`"));
    let half = |half: &Json| if half.is_object() { half.to_string() } else { String::new() };
    let pair = |pair: &Json| Pair { public: half(&pair["public"]), secret: half(&pair["secret"]) };
    let role = match must("role").as_str() {
        "propose" => Role::Propose,
        "solve" => Role::Solve,
        other => panic!("golden case {name}: `role` is {other:?}, not propose or solve"),
    };
    let opening = Opening {
        kind: must("kind"),
        role,
        seed: json["seed"].as_u64().unwrap_or(0),
        public: half(&json["public"]),
        references: json["references"].as_array().into_iter().flatten().map(pair).collect(),
    };
    let episode = Episode {
        opening,
        secret: half(&json["secret"]),
        turns: Vec::new(),
        completion: must("completion"),
        truncated: json["truncated"].as_bool().unwrap_or(false),
    };
    Golden { name: name.to_owned(), episode, expect: must("expect") }
}

/// Of `files`, names and texts as for [`golden`], the cases that hold under `settings`: a case may
/// be for one `style` only, and is left out where one of the options was given whose defaults it
/// `leans_on`. Those that run into a deadline are `slow`: for tests alone, as loading a family
/// should not wait.
///
/// # Panics
/// As [`golden`].
#[must_use]
pub fn golden_cases(files: &[(&str, &str)], settings: &Settings, with_slow: bool) -> Vec<Golden> {
    let style = if settings.style == Style::Azr { "azr" } else { "compact" };
    let read = |(name, text): &(&str, &str)| {
        let case = golden(name, text);
        let json: Json = serde_json::from_str(text).unwrap_or_default();
        let given = |key: &Json| settings.given.iter().any(|given| key.as_str() == Some(given));
        let fits = json["style"].as_str().is_none_or(|wanted| wanted == style)
            && !json["leans_on"].as_array().is_some_and(|keys| keys.iter().any(given))
            && (with_slow || json["slow"] != true);
        fits.then_some(case)
    };
    files.iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read() {
        let text = r#"{"kind": "k", "role": "solve", "public": {"a": 1}, "secret": {"b": 2},
            "completion": "c", "truncated": true, "expect": "ok", "note": "ours"}"#;
        let case = golden("accept/one", text);
        assert_eq!((case.name.as_str(), case.expect.as_str()), ("accept/one", "ok"));
        let Episode { opening, secret, completion, truncated, .. } = case.episode;
        assert_eq!((opening.public.as_str(), opening.role), (r#"{"a":1}"#, Role::Solve));
        assert_eq!((secret.as_str(), completion.as_str(), truncated), (r#"{"b":2}"#, "c", true));
    }
}
