//! Golden cases: `cases/accept` and `cases/reject`, played by the host when it loads the family.
//!
//! A case may hold for one style only, and names the options whose defaults it leans on: it is left
//! out where one of them was set.

use quaero_sdk::Golden;
use serde_json::Value as Json;

use crate::cases::FILES;
use crate::options::{Options, Style};

/// A case as it lies in its file.
struct Case {
    style: Option<String>,
    leans_on: Vec<String>,
    /// Cases that run into a deadline are for tests alone: loading the family should not wait.
    slow: bool,
    golden: Golden,
}

/// The cases that hold under `options` and need no deadline.
pub(crate) fn cases(options: &Options) -> Vec<Golden> {
    all(options, false)
}

/// The cases that hold under `options`, with or without those that run into a deadline.
pub(crate) fn all(options: &Options, with_slow: bool) -> Vec<Golden> {
    let style = if options.style == Style::Azr { "azr" } else { "compact" };
    let fits = |case: &Case| {
        case.style.as_deref().is_none_or(|wanted| wanted == style)
            && !options.given.iter().any(|key| case.leans_on.iter().any(|l| l == key))
            && (with_slow || !case.slow)
    };
    FILES.iter().map(|(name, text)| read(name, text)).filter(fits).map(|case| case.golden).collect()
}

fn read(name: &str, text: &str) -> Case {
    // The files are part of the program: a test reads every one of them.
    let json: Json = serde_json::from_str(text).expect("a golden case is JSON");
    let list = |key: &str| json[key].as_array().cloned().unwrap_or_default();
    Case {
        style: json["style"].as_str().map(str::to_owned),
        leans_on: list("leans_on").iter().filter_map(|k| Some(k.as_str()?.to_owned())).collect(),
        slow: json["slow"].as_bool().unwrap_or(false),
        golden: quaero_sdk::golden(name, text),
    }
}
