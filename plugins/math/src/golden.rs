//! Golden cases: `cases/accept` and `cases/reject`, played by the host when it loads the family.
//!
//! A case may hold for one style only, and names the options whose defaults it leans on: it is left
//! out where one of them was set.

use quaero_sdk::{Episode, Golden, Opening, Pair, Role};
use serde_json::Value as Json;

use crate::cases::FILES;
use crate::options::{Options, Style};

/// A case as it lies in its file.
struct Case {
    style: Option<String>,
    leans_on: Vec<String>,
    golden: Golden,
}

/// The cases that hold under `options`.
pub(crate) fn cases(options: &Options) -> Vec<Golden> {
    let style = if options.style == Style::Azr { "azr" } else { "compact" };
    let fits = |case: &Case| {
        case.style.as_deref().is_none_or(|wanted| wanted == style)
            && !options.given.iter().any(|key| case.leans_on.iter().any(|l| l == key))
    };
    FILES.iter().map(|(name, text)| read(name, text)).filter(fits).map(|case| case.golden).collect()
}

fn read(name: &str, text: &str) -> Case {
    // The files are part of the program: a test reads every one of them.
    let json: Json = serde_json::from_str(text).expect("a golden case is JSON");
    let word = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
    let half = |half: &Json| if half.is_object() { half.to_string() } else { String::new() };
    let pair = |pair: &Json| Pair { public: half(&pair["public"]), secret: half(&pair["secret"]) };
    let list = |key: &str| json[key].as_array().cloned().unwrap_or_default();
    let opening = Opening {
        kind: word("kind"),
        role: if word("role") == "propose" { Role::Propose } else { Role::Solve },
        seed: 0,
        public: half(&json["public"]),
        references: list("references").iter().map(pair).collect(),
    };
    let episode = Episode {
        opening,
        secret: half(&json["secret"]),
        turns: Vec::new(),
        completion: word("completion"),
        truncated: json["truncated"].as_bool().unwrap_or(false),
    };
    Case {
        style: json["style"].as_str().map(str::to_owned),
        leans_on: list("leans_on").iter().filter_map(|k| Some(k.as_str()?.to_owned())).collect(),
        golden: Golden { name: name.to_owned(), episode, expect: word("expect") },
    }
}
