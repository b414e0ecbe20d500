//! Rows of the corpus: keyed, in the family's form, without held-out programs.

use super::*;

/// As many rows of each kind.
pub(crate) const MIX: Mix = Mix { propose: [1; 3], solve: [1; 3] };

fn corpus() -> Corpus {
    Corpus::new(crate::suite::excluded())
}

#[test]
fn a_row_depends_on_its_key_alone() {
    let corpus = corpus();
    let batch = corpus.batch(Key::new(1), &MIX, 8);
    assert_eq!(batch[5], corpus.row(Key::new(1).with(5), &MIX));
    assert_ne!(batch, corpus.batch(Key::new(2), &MIX, 8));
}

/// Every row opens with a prompt, and each answer ends as a completion must.
#[test]
fn rows_hold_episodes_in_the_form_of_test_time() {
    let corpus = corpus();
    let eos = corpus.vocabulary.id(EOS);
    for row in corpus.batch(Key::new(3), &MIX, 300) {
        assert_eq!(row.tokens.len(), row.weights.len());
        assert_eq!(row.tokens.last(), Some(&eos));
        assert!(row.tokens.len() < 400, "{} tokens", row.tokens.len());
        let end = corpus.vocabulary.id(prompt::END);
        for (i, _) in row.tokens.iter().enumerate().filter(|(_, token)| **token == eos) {
            assert_eq!(row.tokens[i - 1], end);
            assert!(row.weights[i] > 0.0);
        }
    }
}

#[test]
fn held_out_programs_never_occur() {
    let exercise = &crate::suite::programs()[0];
    let all_but: Corpus = corpus();
    assert!(all_but.excluded.contains(&canonical(&exercise.program)));
    for idx in 0..2_000 {
        let drawn = all_but.exercise(Key::new(9).with(idx), 1);
        assert!(!all_but.excluded.contains(&canonical(&drawn.program)));
    }
}

#[test]
fn the_prompts_read_as_the_family_writes_them() {
    let case = Case { input: "3, 'a'".into(), output: "4".into() };
    assert_eq!(
        prompt::solve_deduction("P", "3"),
        "<|solve-deduction|>```python\nP\n```\n```input\n3\n```\n```output\n"
    );
    assert_eq!(
        prompt::solve_abduction("P", "3"),
        "<|solve-abduction|>```python\nP\n```\n```output\n3\n```\n```input\n"
    );
    assert_eq!(
        prompt::solve_induction(std::slice::from_ref(&case)),
        "<|solve-induction|>```input\n3, 'a'\n```\n```output\n4\n```\n```python\n"
    );
    assert_eq!(
        prompt::reference("P", &case),
        "```python\nP\n```\n```input\n3, 'a'\n```\n```output\n4\n```\n"
    );
    assert_eq!(prompt::propose("abduction"), "<|propose-abduction|>```python\n");
    assert_eq!(
        prompt::propose_induction("P"),
        "<|propose-induction|>```python\nP\n```\n```input\n"
    );
}
