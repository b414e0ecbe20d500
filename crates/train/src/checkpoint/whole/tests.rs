//! What a run goes on from when its newest checkpoint is damaged.

use std::path::PathBuf;

use quaero_shape::{DType, Shape};
use quaero_weights::Named;

use super::super::{STATE_FILE, State};
use super::*;

/// A run with whole checkpoints of steps 1 and 2.
fn run(format: u32) -> tempfile::TempDir {
    let run = tempfile::tempdir().unwrap();
    for step in [1, 2] {
        let folder = step_folder(run.path(), step);
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["model.safetensors", TRAINER_FILE] {
            let tensor = Named { name: "w", shape: Shape::from([2]), values: &[1.0, step as f32] };
            quaero_weights::write(folder.join(name), &[tensor], DType::F32).unwrap();
        }
        for name in ["config.json", "generation_config.json", "tokenizer.json", "held.json"] {
            std::fs::write(folder.join(name), "{\"a\": 1}").unwrap();
        }
        let files = stamps(&folder).unwrap();
        let state = State { format, step, policy_version: step, optimizer_steps: step, files };
        let mut json = serde_json::to_value(&state).unwrap();
        if format == 1 {
            json.as_object_mut().unwrap().remove("files");
        }
        std::fs::write(folder.join(STATE_FILE), json.to_string()).unwrap();
    }
    run
}

fn step_folder(run: &Path, step: u64) -> PathBuf {
    run.join(format!("checkpoints/step-{step:06}"))
}

fn cut(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

/// After `damage` to the newest checkpoint the run goes on from the one before, and says `why`.
#[track_caller]
fn check(format: u32, why: &str, damage: impl Fn(&Path)) {
    let run = run(format);
    let newest_folder = step_folder(run.path(), 2);
    damage(&newest_folder);
    let mut warnings = Vec::new();
    let found = newest_whole(run.path(), &mut |words| warnings.push(words.to_owned()));
    assert_eq!(found.unwrap().unwrap().step, 1);
    let [warning] = &warnings[..] else { panic!("one warning: {warnings:?}") };
    assert!(warning.contains(why) && warning.contains("from step 1 instead"), "{warning}");
    assert!(!newest_folder.exists(), "the run writes step 2 again");
    assert!(newest_folder.with_extension("damaged").exists(), "nothing is thrown away");
    assert_eq!(checkpoints(run.path()).unwrap().len(), 1);
    damage(&step_folder(run.path(), 1));
    let error = newest_whole(run.path(), &mut |_| ()).unwrap_err().to_string();
    assert!(error.contains("is whole (step 1: ") && error.contains(why), "{error}");
    assert!(step_folder(run.path(), 1).exists(), "where none is whole all stay");
}

#[test]
fn resume_falls_back_from_a_damaged_newest_checkpoint() {
    for format in [1, 2] {
        check(format, "state.json: EOF", |at| std::fs::write(at.join(STATE_FILE), "").unwrap());
        check(format, "state.json is missing", |at| {
            std::fs::remove_file(at.join(STATE_FILE)).unwrap();
        });
        check(format, TRAINER_FILE, |at| std::fs::remove_file(at.join(TRAINER_FILE)).unwrap());
        check(format, TRAINER_FILE, |at| cut(&at.join(TRAINER_FILE)));
        check(format, "model.safetensors", |at| cut(&at.join("model.safetensors")));
        check(format, "model.safetensors", |at| {
            std::fs::remove_file(at.join("model.safetensors")).unwrap();
        });
        check(format, "config.json", |at| cut(&at.join("config.json")));
        check(format, "tokenizer.json", |at| {
            std::fs::write(at.join("tokenizer.json"), "").unwrap()
        });
        check(format, "state.json is missing", |at| {
            std::fs::remove_dir_all(at).unwrap();
            std::fs::create_dir(at).unwrap();
        });
    }
    check(2, "held.json is missing", |at| std::fs::remove_file(at.join("held.json")).unwrap());
    check(2, "trainer.safetensors was changed", |at| {
        let mut bytes = std::fs::read(at.join(TRAINER_FILE)).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(at.join(TRAINER_FILE), bytes).unwrap();
    });
}

#[test]
fn a_checkpoint_of_a_newer_build_is_not_passed_over() {
    let run = run(2);
    let path = step_folder(run.path(), 2).join(STATE_FILE);
    std::fs::write(&path, "{\"format\": 3, \"news\": []}").unwrap();
    let error = newest_whole(run.path(), &mut |_| ()).unwrap_err().to_string();
    assert!(error.contains("has format 3, this build reads up to 2"), "{error}");
    assert_eq!(newest(self::run(2).path()).unwrap().unwrap().step, 2);
    assert!(newest(tempfile::tempdir().unwrap().path()).unwrap().is_none());
}
