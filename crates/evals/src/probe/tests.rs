//! Levels by hand and for any rates; the file, whole and damaged.

use proptest::prelude::*;

use super::*;

fn suite(n_per_kind: usize) -> Suite {
    let line = |kind: &str, n: usize| {
        format!("{{\"kind\":\"f/{kind}\",\"public\":{{\"n\":{n}}},\"secret\":{{}}}}\n")
    };
    let lines = ["a", "b"].map(|kind| (0..n_per_kind).map(|n| line(kind, n)).collect::<String>());
    Suite::parse("s", &lines.concat()).unwrap()
}

#[test]
fn levels_are_as_documented() {
    let of = |eighths: u32| Level::of(f64::from(eighths) / 8.0);
    for hard in 0..=2 {
        assert_eq!(of(hard), Level::Hard, "{hard} of 8");
    }
    for middle in 3..=5 {
        assert_eq!(of(middle), Level::Middle, "{middle} of 8");
    }
    for easy in 6..=8 {
        assert_eq!(of(easy), Level::Easy, "{easy} of 8");
    }
}

#[test]
fn scores_are_those_of_the_levels_tasks() {
    let suite = suite(4);
    // Graded: a is 1, 1, 1/2, 0 and b was not judged but for its last, which is 1/4.
    let grades = [(8.0, 8), (8.0, 8), (4.0, 8), (0.0, 8), (0.0, 0), (0.0, 0), (0.0, 0), (2.0, 8)];
    let probe = Probe::of("s", 8, &suite.tasks, &Rates::of(&grades));
    assert_eq!(probe.tasks.len(), 5);
    // Scored: the easy ones 1 of 2, the middle one was not judged, the hard ones 0 and 1.
    let answers = [(1.0, 1), (0.0, 1), (0.0, 0), (0.0, 1), (1.0, 1), (1.0, 1), (1.0, 1), (1.0, 1)];
    let scores = probe.scores(&suite, &Rates::of(&answers));
    let names: Vec<&str> = scores.iter().map(|score| score.name.as_str()).collect();
    assert_eq!(names, ["probe/easy", "probe/hard"]);
    assert_eq!(scores[0].interval, crate::wilson(1, 2));
    assert_eq!((scores[1].interval.mean, scores[1].n_tasks), (0.5, 2));
}

#[test]
fn a_subset_is_the_same_in_any_order() {
    let suite = suite(9);
    let ids = |suite: &Suite, n: usize| -> Vec<(Kind, TaskId)> {
        chosen(suite, n).iter().map(|one| (one.task.kind.clone(), one.task.id)).collect()
    };
    let few = ids(&suite, 3);
    assert_eq!(few.len(), 6);
    let mut turned = suite.clone();
    turned.tasks.reverse();
    assert_eq!(ids(&turned, 3), few);
    let whole = ids(&suite, 0);
    assert_eq!(whole.len(), 18);
    let smallest = whole.iter().filter(|(kind, _)| kind.name == "a").take(3);
    assert!(smallest.eq(&few[..3]) && few[0].1 < few[1].1);
}

/// A probe of `suite` where the first task is easy, the others hard.
fn probe(suite: &Suite) -> Probe {
    let n = suite.tasks.len();
    let grades: Vec<(f64, u64)> = (0..n).map(|idx| (if idx == 0 { 4.0 } else { 0.0 }, 4)).collect();
    Probe::of(&suite.name, 4, &suite.tasks, &Rates::of(&grades))
}

#[test]
fn a_file_reads_back_and_damage_says_what_to_do() {
    let (folder, suite) = (tempfile::tempdir().unwrap(), suite(2));
    let path = folder.path().join("probe.json");
    assert_eq!(Probe::read(&path, &suite).unwrap(), None);
    let probe = probe(&suite);
    std::fs::write(&path, probe.to_json()).unwrap();
    assert_eq!(Probe::read(&path, &suite).unwrap(), Some(probe.clone()));
    #[track_caller]
    fn check(path: &Path, text: &str, suite: &Suite, why: &str) {
        std::fs::write(path, text).unwrap();
        let got = Probe::read(path, suite).unwrap_err().to_string();
        assert!(got.contains(why) && got.contains("remove it"), "{got}");
    }
    let text = probe.to_json();
    check(&path, &text[..text.len() / 2], &suite, "EOF");
    check(&path, &text.replace("\"format\": 1", "\"format\": 2"), &suite, "has format 2");
    check(&path, &text.replace("\"easy\"", "\"hard\""), &suite, "rate 1 and is called hard");
    check(&path, &text.replace("\"rate\": 1.0", "\"rate\": 7.0"), &suite, "rate 7");
    check(&path, &text, &suite.limited(1), "2 of its tasks are not in the suite s");
    check(&path, "{\"format\": 1, \"tasks\": {}}", &suite, "missing field");
}

proptest! {
    /// A harder level never has the higher rate, and every judged task is in exactly one.
    #[test]
    fn levels_part_the_tasks_by_rate(right in proptest::collection::vec(0_u32..=8, 1..40)) {
        let suite = suite(20);
        let tasks = &suite.tasks[..right.len()];
        let grades: Vec<(f64, u64)> = right.iter().map(|&n| (f64::from(n), 8)).collect();
        let probe = Probe::of("s", 8, tasks, &Rates::of(&grades));
        prop_assert_eq!(probe.tasks.len(), tasks.len());
        for a in probe.tasks.values() {
            for b in probe.tasks.values() {
                prop_assert!(a.level >= b.level || a.rate > b.rate, "{a:?} {b:?}");
            }
        }
        let n_scored: usize =
            probe.scores(&suite, &Rates::of(&vec![(1.0, 1); 40])).iter().map(|s| s.n_tasks).sum();
        prop_assert_eq!(n_scored, tasks.len());
    }
}
