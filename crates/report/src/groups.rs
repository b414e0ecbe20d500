//! Runs that differ in nothing but their seed, taken together: mean and spread of what they
//! measured, and what parts one group from another.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::Run;
use crate::chart::Points;

/// Keys that make no other experiment: the seed, where it ran, and what was written of it.
const APART: [&str; 5] =
    ["run.seed", "run.device", "report.every", "checkpoint.every", "checkpoint.keep"];

/// Runs of one configuration.
#[derive(Clone, Debug)]
pub(crate) struct Group<'a> {
    /// What its runs' names have in common.
    pub(crate) name: String,
    /// Of the configuration but for [`APART`], 8 hex digits.
    pub(crate) digest: String,
    pub(crate) runs: Vec<&'a Run>,
}

/// Mean and sample standard deviation; the latter only of two values or more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) mean: f64,
    pub(crate) deviation: Option<f64>,
    pub(crate) n: usize,
}

impl Spread {
    /// `None` of no values.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let deviation = (n > 1).then(|| (squares / (n - 1) as f64).sqrt());
        Some(Self { mean, deviation, n })
    }
}

/// The groups in the order of their first runs.
pub(crate) fn groups(runs: &[Run]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for run in runs {
        let digest = digest(run);
        match groups.iter_mut().find(|group| group.digest == digest) {
            Some(group) => group.runs.push(run),
            None => groups.push(Group { name: String::new(), digest, runs: vec![run] }),
        }
    }
    let names: Vec<String> = groups.iter().map(|group| common(&group.runs)).collect();
    for (idx, group) in groups.iter_mut().enumerate() {
        let name = &names[idx];
        let is_taken = names.iter().filter(|other| *other == name).count() > 1;
        group.name = if is_taken { format!("{name} ({})", group.digest) } else { name.clone() };
    }
    groups
}

fn digest(run: &Run) -> String {
    // A configuration that does not read is like itself alone.
    let text = if run.settings.is_empty() {
        run.config.clone()
    } else {
        let told = run.settings.iter().filter(|(key, _)| !APART.contains(&key.as_str()));
        told.map(|(key, value)| format!("{key} = {value}\n")).collect()
    };
    Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// The beginning that names have in common, without what numbers them.
fn common(runs: &[&Run]) -> String {
    let first = runs[0].name.as_str();
    if runs.len() == 1 {
        return first.to_owned();
    }
    let alike = |other: &&Run| {
        let same = first.chars().zip(other.name.chars()).take_while(|(a, b)| a == b);
        same.map(|(c, _)| c.len_utf8()).sum::<usize>()
    };
    let len_bytes = runs.iter().map(alike).min().unwrap_or(0);
    let stem = first[..len_bytes].trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = stem.trim_end_matches(['-', '_', '.', ' ']);
    let stem = ["seed", "run", "s"].iter().fold(stem, |stem, word| {
        // Only a word of its own: `full-s`, not `classes`.
        let cut = stem.strip_suffix(word).filter(|cut| cut.ends_with(['-', '_', '.', ' ']));
        cut.map_or(stem, |cut| cut.trim_end_matches(['-', '_', '.', ' ']))
    });
    if stem.is_empty() { first.to_owned() } else { stem.to_owned() }
}

impl Group<'_> {
    /// The seeds of its runs, as the configurations have them.
    pub(crate) fn seeds(&self) -> Vec<String> {
        let seed = |run: &&Run| run.settings.get("run.seed").cloned().unwrap_or_default();
        self.runs.iter().map(seed).collect()
    }

    /// Whether two of its runs have the same seed: their spread says nothing then.
    pub(crate) fn repeats_a_seed(&self) -> bool {
        let seeds = self.seeds();
        seeds.iter().collect::<BTreeSet<_>>().len() < seeds.len()
    }

    /// The last values of a scalar.
    pub(crate) fn last(&self, scalar: &str) -> Option<Spread> {
        let last = |run: &&Run| run.scalars.get(scalar)?.last().map(|p| p.1);
        Spread::of(&self.runs.iter().filter_map(last).collect::<Vec<_>>())
    }

    /// A scalar at the steps that all runs have which measured it at all.
    pub(crate) fn curve(&self, scalar: &str) -> Vec<(f64, Spread)> {
        let of_runs: Vec<&Points> =
            self.runs.iter().filter_map(|run| run.scalars.get(scalar)).collect();
        let mut at: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for &(step, value) in of_runs.iter().flat_map(|points| points.iter()) {
            at.entry(step as u64).or_default().push(value);
        }
        at.into_iter()
            .filter(|(_, values)| values.len() == of_runs.len())
            .filter_map(|(step, values)| Some((step as f64, Spread::of(&values)?)))
            .collect()
    }

    /// What a scalar gained from its first to its last value, within each run.
    pub(crate) fn gain(&self, scalar: &str) -> Option<Spread> {
        let gain = |run: &&Run| {
            let points = run.scalars.get(scalar)?;
            (points.len() > 1).then(|| points[points.len() - 1].1 - points[0].1)
        };
        Spread::of(&self.runs.iter().filter_map(gain).collect::<Vec<_>>())
    }
}

/// The keys in which groups differ, each with its value in every group.
pub(crate) fn differences(groups: &[Group<'_>]) -> Vec<(String, Vec<Option<String>>)> {
    let keys: BTreeSet<&String> =
        groups.iter().flat_map(|group| group.runs[0].settings.keys()).collect();
    let mut rows = Vec::new();
    for key in keys.into_iter().filter(|key| !APART.contains(&key.as_str())) {
        let value = |group: &Group<'_>| group.runs[0].settings.get(key).cloned();
        let values: Vec<Option<String>> = groups.iter().map(value).collect();
        if values.iter().any(|value| *value != values[0]) {
            rows.push((key.clone(), values));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, config: &str, values: &[f64]) -> Run {
        let points = (0..).zip(values).map(|(step, value)| (f64::from(step), *value)).collect();
        Run {
            name: name.to_owned(),
            folder: std::path::PathBuf::new(),
            scalars: BTreeMap::from([("x".to_owned(), points)]),
            steps: Vec::new(),
            config: config.to_owned(),
            settings: crate::run::settings(config),
        }
    }

    #[test]
    fn runs_that_differ_in_their_seed_are_one_group() {
        let runs = [
            run("full-1", "[run]\nseed = 1\ndevice = \"cpu\"\n[a]\nb = 1", &[0.0, 1.0]),
            run("other", "[run]\nseed = 1\n[a]\nb = 2", &[5.0, 7.0]),
            run("full-2", "[run]\nseed = 2\n[a]\nb = 1", &[0.5, 3.0, 9.0]),
        ];
        let groups = groups(&runs);
        let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["full", "other"]);
        assert_eq!(groups[0].seeds(), ["1", "2"]);
        assert!(!groups[0].repeats_a_seed());
        // 1 and 3 have mean 2 and deviation √2; step 2 was reached by one alone.
        let curve = groups[0].curve("x");
        assert_eq!(curve.len(), 2);
        assert_eq!((curve[1].0, curve[1].1.mean), (1.0, 2.0));
        assert!((curve[1].1.deviation.unwrap() - 2f64.sqrt()).abs() < 1e-12);
        // Gains of 1 and 8.5.
        assert_eq!(groups[0].gain("x").unwrap().mean, 4.75);
        assert_eq!(groups[1].last("x"), Some(Spread { mean: 7.0, deviation: None, n: 1 }));
        let expect = [("a.b".to_owned(), vec![Some("1".to_owned()), Some("2".to_owned())])];
        assert_eq!(differences(&groups), expect);
    }

    #[test]
    fn groups_have_names_of_their_own() {
        #[track_caller]
        fn check(names: &[&str], expect: &str) {
            let runs: Vec<Run> = names.iter().map(|name| run(name, "", &[0.0])).collect();
            assert_eq!(groups(&runs)[0].name, expect);
        }
        check(&["azr-fixed-12", "azr-fixed-13"], "azr-fixed");
        check(&["full-seed1", "full-seed2"], "full");
        check(&["full_s1", "full_s2"], "full");
        check(&["classes1", "classes2"], "classes");
        check(&["a", "b"], "a");
        check(&["é1", "è2"], "é1");
        let runs = [run("same", "[a]\nb = 1", &[0.0]), run("same", "[a]\nb = 2", &[0.0])];
        let groups = groups(&runs);
        assert!(groups[0].name.starts_with("same (") && groups[0].name != groups[1].name);
    }
}
