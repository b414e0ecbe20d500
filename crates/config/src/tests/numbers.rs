//! Every number of base.toml at its worst: an error that names the key, or a value that works.

use std::panic::catch_unwind;

use expect_test::expect_file;

use crate::load;

/// Dotted keys of the numbers in `table`, with the number each stands for.
fn numbers(prefix: &str, table: &toml::Table, out: &mut Vec<(String, toml::Value)>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => numbers(&path, inner, out),
            toml::Value::Integer(_) | toml::Value::Float(_) => out.push((path, value.clone())),
            toml::Value::Array(items) if items.iter().any(toml::Value::is_float) => {
                out.push((path, value.clone()));
            }
            _ => {}
        }
    }
}

#[test]
fn issue_20_no_number_passes_that_panics_later() {
    let base: toml::Table = include_str!("../../../../configs/base.toml").parse().unwrap();
    let mut keys = Vec::new();
    numbers("", &base, &mut keys);
    assert!(keys.len() > 60, "{}", keys.len());
    let mut accepted = Vec::new();
    for (key, value) in &keys {
        let mut takes = Vec::new();
        for worst in ["0", "-1", "9223372036854775807", "-0.5", "1e300", "nan", "inf", "-inf"] {
            let typed = if value.is_array() { format!("[{worst}, 0.9]") } else { worst.to_owned() };
            let sets = [format!("{key}={typed}")];
            let resolve =
                || load(None, &sets).and_then(|resolved| resolved.train(None).map(|_| ()));
            match catch_unwind(resolve) {
                Err(_) => panic!("{} panics", sets[0]),
                Ok(Ok(())) => takes.push(worst),
                // A kind's number is an error of the whole mix.
                Ok(Err(error)) => {
                    let named = if key.starts_with("mix.") { "mix" } else { key.as_str() };
                    assert!(error.to_string().contains(named), "{}: {error}", sets[0]);
                }
            }
        }
        accepted.push(format!("{key}: {}\n", takes.join(" ")));
    }
    expect_file!["numbers.txt"].assert_eq(&accepted.concat());
}
