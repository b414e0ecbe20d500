//! Programs that people wrote, with their published inputs and outputs, through both judges.

use super::*;

/// The first items of the development half of CRUXEval (facebookresearch/cruxeval, MIT licence),
/// and one whose function takes no argument.
const SUITE: &str = include_str!("suite.jsonl");

/// Items whose published input is more than plain values: a global of the program, a lambda, a
/// method. They cannot be answered so; another input still can.
const BEYOND: [&str; 3] = ["sample_258", "sample_364", "sample_770"];

#[test]
fn published_answers_are_right_and_others_wrong() {
    if !cpython::is_there("published_answers_are_right_and_others_wrong") {
        return;
    }
    let mut episodes = Vec::new();
    for line in SUITE.lines() {
        let item = json(line);
        let program = serde_json::json!({"program": item["code"], "input": item["input"]});
        let output = serde_json::json!({"output": item["output"]});
        let backwards = serde_json::json!({"program": item["code"], "output": item["output"]});
        let text = |field: &str| item[field].as_str().unwrap().to_owned();
        let (public, secret, backwards) =
            (program.to_string(), output.to_string(), backwards.to_string());
        let right = format!("{}\n```", text("output"));
        episodes.push((answer("deduction", &public, &secret, &right), "ok"));
        let wrong = format!("[{}]\n```", text("output"));
        episodes.push((answer("deduction", &public, &secret, &wrong), "wrong"));
        let input = format!("{}\n```", text("input"));
        let beyond = BEYOND.contains(&text("id").as_str());
        let expected = if beyond { "unparsable" } else { "ok" };
        episodes.push((answer("abduction", &backwards, "{}", &input), expected));
    }
    let interpreter = CPython::default();
    let played: Vec<Episode> = episodes.iter().map(|(episode, _)| episode.clone()).collect();
    let replies = family("{}").step(&interpreter, &played);
    let failed: Vec<String> = episodes
        .iter()
        .zip(&replies)
        .filter(|((_, expected), reply)| reply.word() != *expected)
        .map(|((episode, expected), reply)| {
            format!(
                "{} for {}: not {expected}: {reply:?}",
                episode.completion, episode.opening.public
            )
        })
        .collect();
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
    assert!(episodes.len() >= 300, "{} episodes", episodes.len());
    assert_eq!(interpreter.n_calls.get(), 1);
}
