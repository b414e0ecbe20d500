//! What stands on the page: every last value, nothing that runs, and clear words for damage.

use std::path::Path;

use crate::{Run, page};

fn folder(metrics: &str, config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("metrics.jsonl"), metrics).unwrap();
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    folder
}

const METRICS: &str = r#"{"step":0,"eval/heldout/score":0.25,"eval/heldout/low":0.125,"eval/heldout/high":0.5}
{"step":1,"python/solve/deduction/reward":-0.375,"python/propose/deduction/rejected/parse":3,"policy/loss":1e-9}
{"step":2,"python/solve/deduction/reward":0.3125,"time/solve":1.75,"pool/python/deduction/size":41}
"#;

#[test]
fn every_last_value_is_on_the_page() {
    let folder = folder(METRICS, "");
    let run = Run::load(folder.path()).unwrap();
    let html = page(std::slice::from_ref(&run));
    for (name, points) in &run.scalars {
        let last = points.last().unwrap().1;
        let bound = name.ends_with("/low") || name.ends_with("/high");
        assert!(bound || html.contains(&format!("<data value=\"{last}\">")), "{name}: {last}");
    }
    assert!(
        html.contains("solve: reward") && html.contains("python/deduction: proposals by cause")
    );
    assert!(["src=", "url(", "://", "@import"].iter().all(|loads| !html.contains(loads)));
    assert_eq!(html.matches("<polygon class=\"band").count(), 1);
}

#[test]
fn text_stays_text() {
    let hostile =
        "</pre><script>alert(1)</script>\u{0}\u{1b}<img src=x onerror=\"alert('1')\">&amp;";
    let key = "</figcaption><script>alert(2)</script>";
    let metrics = format!("{{\"step\":1,\"{key}\":2}}\n");
    let folder = folder(&metrics, hostile);
    let run = Run::load(folder.path()).unwrap();
    for html in [page(std::slice::from_ref(&run)), page(&[run.clone(), run.clone()])] {
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(!html.contains('\u{0}') && !html.contains('\u{1b}'));
        assert!(html.contains("&lt;script&gt;alert(1)") && html.contains("&amp;amp;"));
    }
}

#[test]
fn several_runs_stand_side_by_side() {
    let one = folder("{\"step\":1,\"policy/loss\":1}\n", "");
    let two = folder("{\"step\":1,\"policy/loss\":4}\n", "");
    let load = |folder: &tempfile::TempDir| Run::load(folder.path()).unwrap();
    let html = page(&[load(&one), load(&two)]);
    // Mean 2.5; the sample deviation of 1 and 4 is 3/√2.
    assert!(html.contains("<td>1</td><td>4</td><td>2.5</td><td>2.121</td>"), "{html}");
}

#[test]
fn odd_numbers_draw() {
    let folder = folder(
        "{\"step\":1,\"a/b\":0}\n{\"step\":2,\"a/b\":1e300}\n{\"step\":3,\"a/b\":null}\n",
        "",
    );
    let html = page(&[Run::load(folder.path()).unwrap()]);
    assert!(!html.contains("NaN") && html.contains("1.0e300"), "{html}");
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
