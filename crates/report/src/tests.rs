//! What stands on the page: every last value, nothing of the model's that runs, and clear words for
//! damage.

use std::path::Path;

use serde_json::Value;

use crate::{Budget, Experience, Run, page, side_by_side};

mod browser;
mod chromium;
mod hostile;

fn folder(metrics: &str, config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("metrics.jsonl"), metrics).unwrap();
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    folder
}

/// The data of the page's script: what stands between the element's tags, as a browser finds it.
fn embedded(html: &str, id: &str) -> Value {
    let begin = format!("<script type=\"application/json\" id=\"{id}\">");
    let at = html.find(&begin).expect("the page has the element") + begin.len();
    let end = html[at..].find("</script").expect("it ends");
    serde_json::from_str(&html[at..at + end]).expect("it is JSON")
}

const METRICS: &str = include_str!("tests/metrics.jsonl");

#[test]
fn rewards_over_time_have_their_charts() {
    let scalars = [
        ("f/propose/k/progress", "learning progress", 0.125),
        ("f/propose/k/newly_solved", "newly solved", 0.5),
        ("f/solve/k/reevaluation_change", "re-evaluated tasks", -0.25),
        ("policy/archive_drop", "forgetting", 0.0625),
    ];
    let values: Vec<String> =
        scalars.iter().map(|(name, _, value)| format!("\"{name}\":{value}")).collect();
    let folder = folder(&format!("{{\"step\":1,{}}}\n", values.join(",")), "");
    let html = page(&Run::load(folder.path()).unwrap(), Err("none"), false);
    for (name, title, value) in scalars {
        assert!(html.contains(&format!("<figcaption>{title}")), "{name}");
        assert!(html.contains(&format!("<data value=\"{value}\">")), "{name}");
    }
}

#[test]
fn every_curves_last_value_is_that_of_the_metrics() {
    // More steps than the page gives its script points, so that thinning is in it.
    let mut metrics = METRICS.to_owned();
    for step in 4..3000u32 {
        let noise = f64::from(step.wrapping_mul(2_654_435_761) % 1000) / 1000.0;
        metrics.push_str(&format!(
            "{{\"step\":{step},\"policy/entropy\":{noise},\"f/propose/k/reward\":{}}}\n",
            -noise
        ));
    }
    let folder = folder(&metrics, "");
    let run = Run::load(folder.path()).unwrap();
    let html = page(&run, Err("none"), false);
    let curves = embedded(&html, "curves");
    let mut last = std::collections::BTreeMap::new();
    for line in metrics.lines() {
        let object: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        let step = object["step"].as_f64().unwrap();
        for (name, value) in object.iter().filter(|(name, _)| *name != "step") {
            last.insert(name.clone(), (step, value.as_f64().unwrap()));
        }
    }
    let scalars = curves["scalars"].as_object().unwrap();
    assert_eq!(scalars.len(), last.len());
    for (name, (step, value)) in &last {
        let [steps, values] = [0, 1].map(|i| scalars[name][i].as_array().unwrap());
        let got = (steps.last().unwrap().as_f64(), values.last().unwrap().as_f64());
        assert_eq!(got, (Some(*step), Some(*value)), "{name}");
        assert!(steps.len() == values.len() && steps.len() <= 1000, "{name}");
    }
    // And in words: each line that is drawn stands in a legend.
    for figure in curves["figures"].as_array().unwrap() {
        for line in figure["lines"].as_array().unwrap() {
            let last = last[line["scalar"].as_str().unwrap()].1;
            assert!(html.contains(&format!("<data value=\"{last}\">")), "{line}");
        }
    }
    assert!(html.len() < 400_000, "{}", html.len());
}

#[test]
fn one_page_loads_nothing_and_says_what_it_saw() {
    let folder = folder(METRICS, "[run]\nsteps = 9\n");
    let run = Run::load(folder.path()).unwrap();
    let html = page(&run, Err("the run's folder has no experience.db"), false);
    let loads = ["src=", "url(", "@import", "http://", "https://", "srcset", "<link", "<iframe"];
    let w3 = html.replace("http://www.w3.org/2000/svg", "");
    assert!(loads.iter().all(|loads| !w3.contains(loads)));
    assert_eq!(html.matches("<polygon class=\"band").count(), 1);
    for words in [
        "It learns",
        "+50.0 points",
        "3 of 9 steps",
        "python/deduction, rejected",
        "Everything else",
        "quaero crossplay RUN",
        "No tasks to show: the run&#39;s folder has no experience.db.",
        "connect-src 'none'",
    ] {
        assert!(html.contains(words), "{words}");
    }
    let live = page(&run, Err(""), true);
    assert!(live.contains("connect-src 'self'") && live.contains("<html lang=\"en\" data-live>"));
}

#[test]
fn a_cross_play_matrix_is_a_heat_map_and_a_damaged_one_says_so() {
    let folder = folder(METRICS, "");
    let at = folder.path().join("crossplay.json");
    let whole = r#"{"policies":[10,20],"periods":[[1,10],[11,20]],"kinds":["f/k"],
        "solve_rate":{"f/k":[[0.5,0.25],[1.0,null]]},"low":{"f/k":[[0.4,0.2],[0.9,null]]},
        "high":{"f/k":[[0.6,0.3],[1.0,null]]},"n":64}"#;
    std::fs::write(&at, whole).unwrap();
    let run = Run::load(folder.path()).unwrap();
    let html = page(&run, Err(""), false);
    assert_eq!(html.matches("class=\"cell\"").count(), 4);
    assert!(html.contains("policy at step 10: 25%, 95 % 20.0 % to 30.0 %"));
    for (damage, words) in [
        ("{", "crossplay.json does not read: EOF"),
        (
            &whole.replace("[[0.5,0.25],[1.0,null]]", "[[0.5]]"),
            "matrices of 2 policies by 2 periods",
        ),
    ] {
        std::fs::write(&at, damage).unwrap();
        assert!(page(&run, Err(""), false).contains(words), "{words}");
    }
}

#[test]
fn the_matrix_is_put_in_words_and_many_periods_have_room() {
    let folder = folder(METRICS, "");
    let n = 20;
    let rates = vec![vec![0.5; n]; n];
    let periods: Vec<[usize; 2]> = (0..n).map(|i| [1 + 10 * i, 10 + 10 * i]).collect();
    let matrix = serde_json::json!({"policies": (1..=n).collect::<Vec<_>>(), "periods": periods,
        "solve_rate": {"all": rates}, "reading": ["no clear difference", "a < b"]});
    std::fs::write(folder.path().join("crossplay.json"), matrix.to_string()).unwrap();
    let html = page(&Run::load(folder.path()).unwrap(), Err(""), false);
    assert!(html.contains("<p>no clear difference</p>\n<p>a &lt; b</p>"));
    assert_eq!(html.matches("class=\"cell\"").count(), n * n);
    let named = periods.iter().filter(|[from, to]| html.contains(&format!(">{from}–{to}<")));
    assert_eq!(named.count(), 7);
}

#[test]
fn the_probe_set_has_a_section_of_its_own() {
    let mut metrics = METRICS.to_owned();
    for (step, easy, hard) in [(4, 0.9, 0.1), (5, 0.8, 0.3)] {
        metrics.push_str(&format!(
            "{{\"step\":{step},\"eval/probe/easy/score\":{easy},\"eval/probe/easy/low\":0.7,\
             \"eval/probe/easy/high\":0.95,\"eval/probe/hard/score\":{hard}}}\n"
        ));
    }
    let folder = folder(&metrics, "");
    let html = page(&Run::load(folder.path()).unwrap(), Err(""), false);
    let (_, section) = html.split_once("<section id=\"probe\">").unwrap();
    let (section, _) = section.split_once("</section>").unwrap();
    assert!(section.contains("easy <data value=\"0.8\">") && section.contains("hard <data"));
    assert_eq!(section.matches("<polygon class=\"band").count(), 1);
    assert!(html.contains("<a href=\"#probe\">Probe set</a>"));
    // The headline speaks of suites: a level is none.
    assert!(html.contains("heldout tasks solved") && !html.contains("probe/easy solved"));
    assert!(!html.contains("eval: low"), "bounds are bands, no curves");
}

#[test]
fn several_runs_stand_side_by_side() {
    let one = folder("{\"step\":1,\"policy/loss\":1}\n", "");
    let two = folder("{\"step\":1,\"policy/loss\":4}\n", "");
    let load = |folder: &tempfile::TempDir| Run::load(folder.path()).unwrap();
    let html = side_by_side(&[load(&one), load(&two)]);
    // Mean 2.5; the sample deviation of 1 and 4 is 3/√2.
    assert!(html.contains("<td>1</td><td>4</td><td>2.5</td><td>2.121</td>"), "{html}");
}

#[test]
fn seeds_of_one_configuration_are_a_group_with_its_spread() {
    let at = |seed: u32, lr: &str, rise: f64| {
        let metrics = format!(
            "{{\"step\":0,\"eval/heldout/score\":0.25}}\n\
             {{\"step\":1,\"policy/loss\":{rise}}}\n\
             {{\"step\":2,\"policy/loss\":{rise},\"eval/heldout/score\":{}}}\n",
            0.25 + rise
        );
        folder(&metrics, &format!("[run]\nseed = {seed}\n[optim]\nlr = {lr}\n"))
    };
    let folders = [at(1, "0.5", 0.125), at(2, "0.5", 0.375), at(1, "0.25", 0.5)];
    let names = ["full-1", "full-2", "<b>slow"];
    let runs: Vec<Run> = folders.iter().map(|f| Run::load(f.path()).unwrap()).collect();
    let runs: Vec<Run> = runs
        .into_iter()
        .zip(names)
        .map(|(run, name)| Run { name: name.to_owned(), ..run })
        .collect();
    let html = side_by_side(&runs);
    // Rises of 12.5 and 37.5 points: mean 25, sample deviation 25/√2.
    for words in [
        "full</td><td class=\"words\">full-1, full-2</td><td>1, 2</td>",
        "<tr><td>optim.lr</td><td>0.5</td><td>0.25</td></tr>",
        "<td>50.0 % ± 17.7 %</td><td>+25.0 ± 17.7</td><td>75.0 %</td><td>+50.0</td>",
        "full (2)",
        "&lt;b&gt;slow",
    ] {
        assert!(html.contains(words), "{words}");
    }
    assert!(!html.contains("<td>run.seed</td>") && !html.contains("<b>slow"));
    // The mean's curve, and a band where there is a spread.
    let curves = embedded(&html, "curves");
    let mean = &curves["scalars"]["0 policy/loss"];
    assert_eq!(*mean, serde_json::json!([[1, 2], [0.25, 0.25]]));
    assert_eq!(html.matches("<polygon class=\"band").count(), 2);
    let same = side_by_side(&[runs[0].clone(), runs[0].clone()]);
    assert!(same.contains("have the same seed") && same.contains("Nothing but seeds"));
}

#[test]
fn what_came_after_a_step_is_one_line_of_json() {
    let folder = folder("{\"step\":1,\"x\":1}\n", "");
    let db = hostile::store(folder.path(), 3);
    hostile::attempt(&db, 2, "line\nend \u{2028}");
    let sql = "INSERT INTO steps VALUES (2, 2);
               INSERT INTO attempts SELECT seq + 100, 2, 2, task_id, 0, status, score, format,
                   reason, reward, n_tokens, truncated, text FROM attempts WHERE seq = 1;
               INSERT INTO proposals (step, policy_version, kind, outcome, cause, detail, n_tokens,
                   truncated, parents, text) VALUES (1, 1, 'k', 'rejected', 'parse', '', 1, 0,
                   '[]', 'old'), (2, 1, 'k', 'rejected', 'parse', '', 1, 0, '[]', '</script>')";
    db.execute_batch(sql).unwrap();
    let after = |step: u64| {
        let text = crate::news(folder.path(), step, &Budget::default()).unwrap();
        assert!(!text.contains(['\n', '<', '\u{2028}']), "{text}");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let news = after(1);
    assert_eq!((news["step"].as_u64(), news["tasks"].as_array().unwrap().len()), (Some(2), 1));
    assert_eq!(news["tasks"][0]["n"], 3, "its earlier attempts count as well");
    assert_eq!(news["rejected"].as_array().unwrap().len(), 1);
    assert_eq!(news["rejected"][0]["text"], "</script>");
    assert_eq!(news["totals"], serde_json::json!([3, 7, 2]));
    assert_eq!(after(0)["tasks"].as_array().unwrap().len(), 3);
    assert_eq!(after(2)["tasks"].as_array().unwrap().len(), 0);
    // What has no room is left out, the oldest first.
    let budget = Budget { task_bytes: 700, rejected_bytes: 200, ..Budget::default() };
    let news: Value =
        serde_json::from_str(&crate::news(folder.path(), 0, &budget).unwrap()).unwrap();
    assert_eq!(news["rejected"].as_array().unwrap().len(), 1);
    assert_eq!(news["rejected"][0]["step"], 2);
}

#[test]
fn odd_numbers_draw() {
    let folder = folder(
        "{\"step\":1,\"a/b\":0}\n{\"step\":2,\"a/b\":1e300}\n{\"step\":3,\"a/b\":null}\n",
        "",
    );
    let html = page(&Run::load(folder.path()).unwrap(), Err(""), false);
    let svg = &html[html.find("<svg viewBox").unwrap()..html.find("id=\"curves\"").unwrap()];
    assert!(!svg.contains("NaN") && !svg.contains("inf") && html.contains("1.0e300"), "{svg}");
}

#[test]
fn damage_is_named() {
    #[track_caller]
    fn check(metrics: &str, expect: &str) {
        let got = Run::load(folder(metrics, "").path()).unwrap_err().to_string();
        assert!(got.contains(expect), "{got}");
    }
    check("", "holds no step yet");
    check("{\"step\":1,\"x\":1}\nnonsense\n{\"step\":2,\"x\":1}\n", "line 2 is no JSON object");
    let got = Run::load(Path::new("nowhere")).unwrap_err().to_string();
    assert!(got.contains("metrics.jsonl") && got.contains("is nowhere a run's folder?"), "{got}");
    let torn = folder("{\"step\":1,\"x\":1}\n{\"step\":2,\"x\":", "");
    assert_eq!(Run::load(torn.path()).unwrap().scalars["x"], [(1.0, 1.0)]);
}

#[test]
fn a_store_that_does_not_read_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let read = || Experience::read(folder.path(), &Budget::default()).unwrap_err();
    assert_eq!(read(), "the run's folder has no experience.db");
    let path = folder.path().join("experience.db");
    std::fs::write(&path, "this is no database, and it is long enough to be looked at").unwrap();
    assert!(read().starts_with("experience.db does not read: "), "{}", read());
    std::fs::remove_file(&path).unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(read().contains("has version 99, this build reads version 1"), "{}", read());
}
