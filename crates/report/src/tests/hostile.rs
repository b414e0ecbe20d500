//! Text that wants to be more than text, in every place where a model or a plugin may write.

use std::num::NonZeroUsize;
use std::path::Path;

use proptest::prelude::*;
use quaero_pool::{Options, Pool};
use quaero_types::{Kind, Origin, PolicyVersion, Proposed, Secret, Task, TaskId};
use rusqlite::Connection;

use super::{embedded, folder};
use crate::{Budget, Experience, Run, page, side_by_side, text};

pub(super) const HOSTILE: &str = "</script><script>alert(1)</script><!--<script>\u{2028}\u{2029}\
    \u{0}\u{1b}]]></pre></textarea></style><img src=x onerror=\"alert('1')\">&amp;&lt;\u{202e}\
    \u{feff}`${1}`";

/// A store in `folder` with `n` tasks, made by the store's own code.
pub(super) fn store(folder: &Path, n: usize) -> Connection {
    let path = folder.join("experience.db");
    let options = Options { capacity: NonZeroUsize::new(100_000).unwrap() };
    let mut pool = Pool::open(&path, options).unwrap();
    pool.begin(1, PolicyVersion(1)).unwrap();
    let kind = Kind::new("python", "deduction");
    for n in 0..n {
        let key = format!("key {n}");
        let task = Task {
            id: TaskId::of(&kind, &key),
            kind: kind.clone(),
            public: format!("{{\"program\": \"def f(x):\\n    return x + {n}\", \"input\": {n}}}"),
            parents: Vec::new(),
            origin: Origin::Proposed { step: 1, version: PolicyVersion(1) },
            metrics: std::collections::BTreeMap::from([("lines".to_owned(), 2.0)]),
        };
        let proposed = Proposed {
            public: task.public.clone(),
            secret: Secret::new(format!("{{\"output\": {}}}", 2 * n)),
            key,
            holdout_key: String::new(),
            format: true,
            metrics: Vec::new(),
        };
        assert_eq!(pool.add(&task, &proposed).unwrap(), Ok(()));
    }
    pool.commit().unwrap();
    drop(pool);
    Connection::open(path).unwrap()
}

/// As many `n` attempts on each task, a quarter of them right, with `text`.
pub(super) fn attempt(db: &Connection, n: usize, text: &str) {
    for sample in 0..n {
        let status = if sample % 4 == 0 { "ok" } else { "wrong" };
        db.execute(
            "INSERT INTO attempts (step, policy_version, task_id, sample_idx, status, score, format,
             reason, n_tokens, truncated, text)
             SELECT 1, 1, id, ?1, ?2, ?3, 1, ?4, 7, 0, ?4 || ?1 FROM tasks",
            rusqlite::params![sample, status, f64::from(u8::from(status == "ok")), text],
        )
        .unwrap();
    }
}

/// Nothing in the page is an element, a comment or a script but the page's own.
#[track_caller]
fn harmless(html: &str) {
    let (head, rest) = html.split_once("<body>").unwrap();
    // The page's own script comes last and holds no text of the run.
    let (body, _) = rest.rsplit_once("<script>").unwrap();
    for bad in ["<script>", "<img", "<!--", "<textarea", "onerror=\"alert", "</style", "]]><"] {
        assert!(!body.contains(bad), "{bad}");
    }
    assert_eq!(head.matches("<script").count(), 0);
    let data = body.matches("<script type=\"application/json\"").count();
    assert_eq!(body.matches("<script").count(), data);
    assert_eq!(body.matches("</script").count(), data);
    for c in ['\u{0}', '\u{1b}', '\u{2028}', '\u{2029}', '\u{202e}', '\u{feff}'] {
        assert!(!html.contains(c), "{:x}", c as u32);
    }
}

#[test]
fn text_stays_text_wherever_it_stands() {
    let key = serde_json::to_string(HOSTILE).unwrap();
    let metrics = format!(
        "{{\"step\":1,{key}:2,\"python/propose/deduction/rejected/x\":1}}\n\
         {{\"step\":2,\"eval/{0}/score\":0.5,\"eval/probe/{0}/score\":0.5,\"{0}/solve/{0}/{0}\":1,\
         \"{0}/propose/k/rejected/{0}\":1,\
         \"time/{0}\":1,\"pool/{0}\":3,\"policy/{0}\":4}}\n",
        &key[1..key.len() - 1]
    );
    let folder = folder(&metrics, HOSTILE);
    let db = store(folder.path(), 2);
    attempt(&db, 4, HOSTILE);
    let sql = "UPDATE tasks SET public = json_object(?1, ?1), secret = json_object(?1, ?1),
               kind = ?1, metrics = json_object(?1, 1.5), parents = json_array(?1), origin = ?1,
               id = id || ?1";
    db.execute(sql, [HOSTILE]).unwrap();
    db.execute("UPDATE attempts SET status = ?1, reason = ?1, task_id = task_id || ?1", [HOSTILE])
        .unwrap();
    let sql = "INSERT INTO proposals (step, policy_version, kind, outcome, cause, detail, n_tokens,
               truncated, parents, text)
               VALUES (1, 1, ?1, 'rejected', ?1, ?1, 3, 0, json_array(?1), ?1)";
    db.execute(sql, [HOSTILE]).unwrap();
    let matrix = serde_json::json!({"policies": [1], "periods": [[1, 2]], "kinds": [HOSTILE],
        "solve_rate": {HOSTILE: [[0.5]]}, "reading": [HOSTILE]});
    std::fs::write(folder.path().join("crossplay.json"), matrix.to_string()).unwrap();
    let run = Run::load(folder.path()).unwrap();
    let experience = Experience::read(folder.path(), &Budget::default()).unwrap();
    assert_eq!((experience.tasks.len(), experience.rejected.len()), (2, 1));
    let html = page(&run, Ok(&experience), false);
    harmless(&html);
    harmless(&page(&run, Err(HOSTILE), true));
    harmless(&side_by_side(&[run.clone(), run]));
    // What a reader sees is what was written, with the invisible made visible.
    let seen = embedded(&html, "experience")["rejected"][0]["text"].as_str().unwrap().to_owned();
    assert_eq!(seen, text::visible(HOSTILE));
    assert!(seen.starts_with("</script><script>alert(1)</script><!--<script>⟦U+2028⟧⟦U+2029⟧␀␛"));
}

#[test]
fn bytes_that_are_no_utf8_are_shown_as_such() {
    let folder = folder("{\"step\":1,\"x\":1}\n", "");
    let db = store(folder.path(), 1);
    attempt(&db, 2, "fine");
    db.execute_batch(
        "UPDATE tasks SET public = CAST(x'7b2261223a22ff227d' AS TEXT), secret = x'c328',
                metrics = 'nonsense', parents = '17';
         UPDATE attempts SET text = CAST(x'41ff00fe42' AS TEXT), reason = x'80', reward = 0.5;",
    )
    .unwrap();
    let experience = Experience::read(folder.path(), &Budget::default()).unwrap();
    let html = page(&Run::load(folder.path()).unwrap(), Ok(&experience), false);
    let task = &embedded(&html, "experience")["tasks"][0];
    assert_eq!(task["public"], serde_json::json!([["a", "\u{fffd}"]]));
    assert_eq!(task["secret"], serde_json::json!([["", "\u{fffd}("]]));
    assert_eq!(task["attempts"][0]["text"], "A\u{fffd}␀\u{fffd}B");
}

#[test]
fn a_large_store_gives_a_small_page_that_says_what_it_left_out() {
    let folder = folder("{\"step\":1,\"x\":1}\n", "");
    let db = store(folder.path(), 4000);
    attempt(&db, 8, &"a long answer ".repeat(40));
    let experience = Experience::read(folder.path(), &Budget::default()).unwrap();
    let html = page(&Run::load(folder.path()).unwrap(), Ok(&experience), false);
    assert!((1_500_000..5_000_000).contains(&html.len()), "{}", html.len());
    let shown = experience.tasks.len();
    assert!((100..4000).contains(&shown), "{shown}");
    let words = format!("{shown} of 4000 tasks with 32 k attempts in all");
    assert!(html.contains(&words), "{words}");
    assert_eq!(embedded(&html, "experience")["tasks"].as_array().unwrap().len(), shown);
}

#[test]
fn right_attempts_are_shown_however_late_they_came() {
    let folder = folder("{\"step\":1,\"x\":1}\n", "");
    let db = store(folder.path(), 1);
    attempt(&db, 100, "text ");
    // One of a hundred is right, the last but one.
    db.execute_batch("UPDATE attempts SET status = iif(sample_idx = 98, 'ok', 'wrong')").unwrap();
    let shown = |attempts: usize| {
        let budget = Budget { attempts, ..Budget::default() };
        let task = Experience::read(folder.path(), &budget).unwrap().tasks.remove(0);
        let texts = task["attempts"].as_array().unwrap().iter();
        let texts: Vec<String> = texts.map(|one| one["text"].as_str().unwrap().into()).collect();
        (texts, task["hidden"].as_u64().unwrap())
    };
    assert_eq!(shown(3), (vec!["text 0".into(), "text 1".into(), "text 98".into()], 97));
    assert_eq!((shown(100).0.len(), shown(100).1), (100, 0));
    db.execute_batch("UPDATE attempts SET status = 'ok'").unwrap();
    assert_eq!(shown(2), (vec!["text 0".into(), "text 1".into()], 98));
}

#[test]
fn a_text_without_end_is_cut_and_says_so() {
    let folder = folder("{\"step\":1,\"x\":1}\n", "");
    attempt(&store(folder.path(), 1), 1, &"é".repeat(1_000_000));
    let experience = Experience::read(folder.path(), &Budget::default()).unwrap();
    let text = experience.tasks[0]["attempts"][0]["text"].as_str().unwrap();
    assert!(text.ends_with("… (996001 more characters)"), "{}", &text[text.len() - 60..]);
}

proptest! {
    /// Whatever is written, the data is the same JSON and cannot end its element.
    #[test]
    fn any_text_survives_as_data(
        words in "[<>/!a-z&\\\\\"'\u{0}-\u{20}\u{2028}\u{2029}\u{10ffff}-]{0,60}",
    ) {
        let json = text::json(&words);
        let bad = ['<', '>', '&', '\u{2028}', '\u{2029}', '\n', '\u{0}'];
        prop_assert!(!json.contains(bad), "{json}");
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), words.clone());
        let html = text::html(&words);
        let bad = ['<', '>', '"', '\'', '\u{0}', '\u{2028}'];
        prop_assert!(!html.contains(bad), "{html}");
    }
}
