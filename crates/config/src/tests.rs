//! Layers, unknown keys, ranges.

use std::path::Path;

use expect_test::expect;
use quaero_advantage::{LearningProgress, PowerPlay, Signal, Worth};

use crate::{Error, load};

mod numbers;
mod paper;

fn overlay(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

#[track_caller]
fn error(text: &str, sets: &[&str]) -> String {
    let (_folder, path) = overlay(text);
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    load(Some(&path), &sets).and_then(|resolved| resolved.train(None)).unwrap_err().to_string()
}

#[test]
fn later_layers_win() {
    let (_folder, path) = overlay("[optim]\nlr = 0.5\n[run]\nsteps = 7\n");
    let sets = ["optim.lr=0.25".to_owned(), "mix.python/deduction=3".to_owned()];
    let resolved = load(Some(&path), &sets).unwrap();
    assert_eq!((resolved.raw.optim.lr, resolved.raw.run.steps), (0.25, 7));
    assert_eq!(resolved.raw.mix["python/deduction"], 3);
    assert_eq!(resolved.raw.optim.eps, 1e-8, "base.toml stands below");
}

#[test]
fn an_overlay_lies_on_what_it_extends() {
    let (folder, path) = overlay("extends = \"sub/middle.toml\"\n[run]\nsteps = 3\n");
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    let middle = "extends = \"../first.toml\"\n[run]\nsteps = 2\nseed = 9\n";
    std::fs::write(folder.path().join("sub/middle.toml"), middle).unwrap();
    let first = "[run]\nsteps = 1\nseed = 1\n[plugins]\npaths = [\"mine.wasm\"]\n";
    std::fs::write(folder.path().join("first.toml"), first).unwrap();
    let raw = load(Some(&path), &[]).unwrap().raw;
    assert_eq!((raw.run.steps, raw.run.seed), (3, 9));
    let mine = std::path::absolute(folder.path().join("sub/../mine.wasm")).unwrap();
    assert_eq!(raw.plugins.paths, [mine.display().to_string()], "seen from the file that names it");
}

#[test]
fn what_cannot_be_extended_is_named() {
    let got = error("extends = \"nowhere.toml\"\n", &[]);
    assert!(got.contains("nowhere.toml"), "{got}");
    let got = error("extends = \"o.toml\"\n", &[]);
    assert!(got.contains("extend each other"), "{got}");
    assert!(error("extends = 3\n", &[]).contains("extends"));
    assert!(error("", &["extends=3"]).contains("unknown key `extends`"));
}

#[test]
fn what_was_resolved_resolves_to_itself() {
    let first = load(None, &["run.seed=5".to_owned()]).unwrap();
    let (_folder, path) = overlay(&first.text);
    let second = load(Some(&path), &[]).unwrap();
    assert_eq!((first.text, first.hash), (second.text, second.hash));
}

#[test]
fn unknown_key_names_the_nearest() {
    let got = error("[optim]\nlearning_rate = 1\n", &[]);
    assert!(got.contains("`optim.learning_rate`") && got.contains("o.toml"), "{got}");
    let got = error("[solve]\nsampels = 4\n", &[]);
    assert!(got.contains("did you mean `solve.samples`"), "{got}");
    let got = error("", &["sovle.samples=4"]);
    assert!(got.contains("did you mean `solve.samples`"), "{got}");
    let got = error("lr = 1\n", &[]);
    assert!(got.contains("did you mean `optim.lr`"), "{got}");
}

#[test]
fn an_old_key_names_the_new_one() {
    let base: toml::Table = load(None, &[]).unwrap().text.parse().unwrap();
    for (old, new) in crate::renamed::RENAMED {
        let (table, key) = new.split_once('.').unwrap();
        assert!(base[table].get(key).is_some(), "base.toml has no {new}");
        let got = error("", &[&format!("{old}=1")]);
        let expected = format!("`{old}` (from --set) is now called `{new}`");
        assert!(got.contains(&expected), "{got}");
    }
    let got = error("[engine]\nmax_batch = 4\n", &[]);
    assert!(got.contains("`engine.batch_max`") && got.contains("o.toml"), "{got}");
}

#[test]
fn what_was_typed_is_called_by_its_name() {
    let got = error("", &["optim.learning=1"]);
    assert!(got.contains("(from --set)") && !got.contains("TOML"), "{got}");
    let got = error("", &["optim.lr=fast"]);
    assert!(
        got.contains("optim.lr") && got.contains("--set") && !got.contains("default."),
        "{got}"
    );
}

#[test]
fn plugin_paths_are_seen_from_the_file_that_names_them() {
    let (folder, path) = overlay("[plugins]\npaths = [\"mine.wasm\", \"/else/where\"]\n");
    let paths = load(Some(&path), &[]).unwrap().raw.plugins.paths;
    let mine = folder.path().join("mine.wasm").display().to_string();
    assert_eq!(paths, [mine, "/else/where".to_owned()]);
    let typed = load(Some(&path), &["plugins.paths=[\"here\"]".to_owned()]).unwrap();
    let here = std::env::current_dir().unwrap().join("here").display().to_string();
    assert_eq!(typed.raw.plugins.paths, [here]);
}

#[test]
fn wrong_types_and_ranges_name_the_key() {
    assert!(error("[optim]\nlr = \"fast\"\n", &[]).contains("optim.lr"));
    assert!(error("", &["optim.lr=-1"]).contains("`optim.lr` = -1: must be above 0"));
    assert!(error("", &["solve.samples=0"]).contains("solve.samples"));
    assert!(error("", &["solve.temperature=0"]).contains("teach nothing"));
    assert!(error("", &["advantage.estimator=ppo"]).contains("trr++, grpo"));
    assert!(error("", &["reward.proposer=novelty"]).contains("uncertainty, variance"));
    assert!(error("", &["reward.proposer=novelty"]).contains("learning_progress or powerplay"));
    for (set, says) in [
        ("reward.reevaluated_tasks=0", "`reward.reevaluated_tasks` = 0: must be at least 1"),
        ("reward.progress_neighbours=0", "must be at least 1"),
        ("reward.progress_steps=0", "must be at least 1"),
        ("reward.progress_window=31", "`reward.progress_window` = 31: must be at least progress_n"),
        ("reward.powerplay_solved=0", "`reward.powerplay_solved` = 0: must be in (0, 1]"),
        ("reward.powerplay_drop_max=-0.1", "`reward.powerplay_drop_max` = -0.1: must be in [0, 1]"),
        ("reward.powerplay_cost=-1", "`reward.powerplay_cost` = -1: must be 0 or above"),
    ] {
        assert!(error("", &[set]).contains(says), "{set}: {}", error("", &[set]));
    }
    assert!(error("", &["reward.terms_combine=mean"]).contains("sum, multiply"));
    let unfinished = "reward.terms=[{measure=\"complexity\", coef=1.0}]";
    assert!(error("", &[unfinished]).contains("max"));
    assert!(error("", &["optim.state_precision=lean"]).contains("f32 or 8bit"));
    assert!(error("", &["objective.aggregation=token"]).contains("task_role_mean, token_mean"));
    assert!(error("", &["objective.kl_estimator=k4"]).contains("k1, k2 or k3"));
    assert!(error("", &["objective.kl_coef=-1"]).contains("objective.kl_coef"));
    assert!(error("", &["objective.tis_cap=nan"]).contains("0 = off"));
    assert!(error("", &["advantage.overlong_buffer_tokens=9000"]).contains("at most"));
    assert!(error("", &["mix.python=3"]).contains("family/kind"));
    assert!(error("", &["optim.lr"]).contains("table.key=value"));
    assert!(error("not toml", &[]).contains("o.toml") || !error("not toml", &[]).is_empty());
}

#[test]
fn terms_of_the_loss_are_switched_by_their_factor() {
    let of = |sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        load(None, &sets).unwrap().train(None).unwrap()
    };
    let off = of(&["objective.kl_estimator=k1"]).update.objective;
    assert_eq!((off.kl, off.tis_cap), (None, None));
    let on = of(&["objective.kl_coef=0.25", "objective.tis_cap=2", "objective.kl_estimator=k2"]);
    let on = on.update.objective;
    let kl = quaero_objective::Kl { estimator: quaero_objective::KlEstimator::K2, coef: 0.25 };
    assert_eq!((on.kl, on.tis_cap), (Some(kl), Some(2.0)));
}

#[test]
fn terms_of_the_proposers_reward_are_a_list() {
    let sets = ["reward.terms=[{measure=\"halstead\", coef=0.5, max=0.25}]".to_owned()];
    let options = load(None, &sets).unwrap().train(None).unwrap();
    let terms = options.advantage.rewards.proposer.terms;
    assert_eq!(terms.combine, quaero_advantage::Combine::Sum);
    let [term] = terms.terms.as_slice() else { panic!("{terms:?}") };
    assert_eq!((term.measure.as_str(), term.coef, term.max), ("halstead", 0.5, 0.25));
    assert!(load(None, &[]).unwrap().raw.reward.terms.is_empty());
}

#[test]
fn rewards_over_time_are_chosen_by_name() {
    let options = |sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        load(None, &sets).and_then(|resolved| resolved.train(None)).unwrap()
    };
    assert!(options(&[]).reevaluation.is_none(), "the others answer no old tasks again");
    let sets = ["reward.proposer=learning_progress", "reward.progress_steps=7"];
    let progress = options(&sets);
    let reevaluation = progress.reevaluation.unwrap();
    assert_eq!(
        (reevaluation.tasks_per_kind, reevaluation.steps_max, reevaluation.window),
        (8, 7, 128)
    );
    let neighbours = LearningProgress { neighbours: 32 };
    let signal = progress.advantage.rewards.proposer.signal;
    assert_eq!(signal, Signal::LearningProgress(neighbours));
    let powerplay = options(&["reward.proposer=powerplay", "reward.powerplay_cost=0.25"]);
    assert_eq!(powerplay.reevaluation.unwrap().steps_max, u64::MAX, "old tasks of any age");
    let gate = PowerPlay { solved: 0.5, drop_max: 0.05, cost: 0.25 };
    assert_eq!(powerplay.advantage.rewards.proposer.signal, Signal::PowerPlay(gate));
}

#[test]
fn a_reward_can_be_an_expression() {
    let of = |source: &str| {
        let sets = [format!("reward.proposer={source}")];
        let options = load(None, &sets).and_then(|resolved| resolved.train(None));
        options.map(|options| options.advantage.rewards.proposer.signal)
    };
    let worth = Worth::new("1 - 2 * abs(s - 0.5)").unwrap();
    assert_eq!(of("1 - 2 * abs(s - 0.5)").unwrap(), Signal::Expression(worth));
    expect![[r#"
        `reward.proposer`: unknown name `p`; known here: s, n
          1 - p
              ^"#]]
    .assert_eq(&of("1 - p").unwrap_err().to_string());
    let preset = of("learnabilty").unwrap_err().to_string();
    assert!(preset.contains("must be learnability, inverse"), "{preset}");
}

#[test]
fn a_missing_file_is_named() {
    let got = load(Some(Path::new("nowhere.toml")), &[]).unwrap_err();
    assert!(matches!(got, Error::Missing { .. }) && got.to_string().contains("nowhere.toml"));
}

#[test]
fn every_shipped_overlay_resolves() {
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let mut n = 0;
    for folder in ["", "ci", "examples", "ablations"].map(|name| configs.join(name)) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "toml") {
                load(Some(&path), &[]).and_then(|r| r.train(None)).unwrap();
                n += 1;
            }
        }
    }
    assert!(n >= 3);
}
