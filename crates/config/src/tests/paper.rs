//! The tables "paper, key, file" of docs/self-play.md, against what there is.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The value of a dotted key, whose parts may stand in quotes.
fn value<'a>(base: &'a toml::Table, key: &str) -> Option<&'a toml::Value> {
    let (table, key) = key.split_once('.')?;
    base.get(table)?.get(key.trim_matches('"'))
}

/// What is wrong with a row: a key that is none, another default, a file that is not there.
fn fault(base: &toml::Table, options: &str, row: &[&str]) -> Option<String> {
    let [paper, _, key, default, file] = row else {
        return Some("it has not five cells".to_owned());
    };
    let plain = |cell: &str| cell.trim_matches('`').to_owned();
    let (key, default, file) = (plain(key), plain(default), plain(file));
    if paper.is_empty() || !root().join(&file).is_file() {
        return Some(format!("no such file: {file}"));
    }
    if key == "–" {
        return (default != "–").then(|| "a default without a key".to_owned());
    }
    if let Some(option) = key.strip_prefix("families.python.")
        && default.starts_with('[')
    {
        let known = options.contains(&format!("\"{option}\""));
        return (!known).then(|| format!("the family knows no {option}"));
    }
    let found = match key.strip_prefix("families.python.") {
        Some(option) => base["families"]["python"].get(option),
        None => value(base, &key),
    };
    let Some(found) = found else { return Some(format!("base.toml has no {key}")) };
    let expect: toml::Table = format!("x = {default}").parse().ok()?;
    (expect["x"] != *found).then(|| format!("{key} is {found}, not {default}"))
}

#[test]
fn every_row_of_the_papers_tables_is_true() {
    let base: toml::Table = read("configs/base.toml").parse().unwrap();
    let options = ["python/src/options.rs", "sdk/src/style.rs", "sdk/src/azr/settings.rs"]
        .map(|file| read(&format!("plugins/{file}")))
        .concat();
    let page = read("docs/self-play.md");
    let (mut n_rows, mut inside) = (0, false);
    for line in page.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        inside =
            line.starts_with('|') && (inside || cells.first() == Some(&"in the paper or its code"));
        let is_head =
            cells.first() == Some(&"in the paper or its code") || line.starts_with("|---");
        if inside && !is_head {
            n_rows += 1;
            assert_eq!(fault(&base, &options, &cells), None, "{line}");
        }
    }
    assert!(n_rows > 80, "{n_rows}");
    for (row, expect) in [
        ("x | 1 | `run.seed` | `2` | `README.md`", "run.seed is 1, not 2"),
        ("x | 1 | `optim.rate` | `1` | `README.md`", "base.toml has no optim.rate"),
        ("x | 1 | `families.python.n_in` | `[1]` | `README.md`", "the family knows no n_in"),
        ("x | 1 | – | – | `nowhere.rs`", "no such file: nowhere.rs"),
    ] {
        let cells: Vec<&str> = row.split(" | ").collect();
        assert_eq!(fault(&base, &options, &cells).as_deref(), Some(expect));
    }
}
