//! Formats, ends, programs and estimates, without a model. That every published solution passes in
//! the sandbox is shown by `quaero eval --gold`.

use super::items::Check;
use super::*;

#[track_caller]
fn read(benchmark: Benchmark, lines: &str) -> Result<Vec<Item>, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines).unwrap();
    benchmark.read(file.path()).map_err(|error| error.to_string())
}

#[test]
fn published_lines_become_prompts() {
    let line =
        r#"{"code": "def f(a):\n    return {a}", "input": "'{output}'", "output": "1", "id": "s"}"#;
    let items = read(Benchmark::CruxevalOutput, line).unwrap();
    let end =
        "[PYTHON]\ndef f(a):\n    return {a}\nassert f('{output}') == ??\n[/PYTHON]\n[ANSWER]\n";
    assert!(items[0].prompt.ends_with(end), "{}", items[0].prompt);
    assert_eq!(items[0].id, "s");
    let items = read(Benchmark::CruxevalInput, line).unwrap();
    assert!(items[0].prompt.ends_with("assert f(??) == 1\n[/PYTHON]\n[ANSWER]\n"));
    let line = r##"{"question": "How many?", "answer": "so 1,234\n#### 1,234"}"##;
    let items = read(Benchmark::Gsm8k, line).unwrap();
    assert!(items[0].prompt.ends_with("\n\nQ: How many?\nA:"), "{}", items[0].prompt);
    assert_eq!(items[0].check, Check::Math { answer: "1234".to_owned() });
    assert_eq!(items[0].prompt.matches("The answer is").count(), 8);
    let line = r#"{"problem": "p", "answer": 7, "unique_id": "u"}"#;
    let items = read(Benchmark::Math, line).unwrap();
    assert!(items[0].prompt.ends_with("Problem:\np\n\nSolution:"), "{}", items[0].prompt);
    assert_eq!(items[0].prompt.matches("I hope it is correct.").count(), 4);
    let row = |id: u64| {
        format!(
            "{{\"task_id\": {id}, \"text\": \"T{id}.\", \"code\": \"C{id}\", \"test_list\": [\"a\", \"b\"]}}\n"
        )
    };
    let items =
        read(Benchmark::Mbpp, &(2..=5).chain(11..=11).map(row).collect::<String>()).unwrap();
    assert_eq!(items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["5", "11"]);
    let shot = "T2. Your code should pass these tests:\n\na\nb\n[BEGIN]\nC2\n[DONE]\n\n";
    assert!(items[1].prompt.contains(shot), "{}", items[1].prompt);
    assert!(
        items[1].prompt.ends_with("T11. Your code should pass these tests:\n\na\nb\n[BEGIN]\n")
    );
}

#[test]
fn a_line_that_lacks_a_field_is_named() {
    let error = read(Benchmark::Math, "\n{\"problem\": \"p\"}").unwrap_err();
    assert!(error.ends_with("line 2: it has no text `answer`"), "{error}");
    let error = read(Benchmark::Gsm8k, "{\"question\": \"q\", \"answer\": \"4\"}").unwrap_err();
    assert!(error.contains("no `#### number`"), "{error}");
    for benchmark in [Benchmark::HumanEval, Benchmark::Mbpp, Benchmark::CruxevalInput] {
        assert!(read(benchmark, "{}").unwrap_err().contains("line 1: it has no "));
        assert!(read(benchmark, "").unwrap_err().contains("holds no task"));
    }
}

/// Against the definition, C(n, k) in whole numbers.
#[test]
fn pass_at_k_is_the_share_of_draws_with_a_right_one() {
    fn choose(n: u128, k: u128) -> u128 {
        (0..k).fold(1, |product, i| product * (n - i) / (i + 1))
    }
    for n in 1..=20_usize {
        for (k, right) in (1..=n).flat_map(|k| (0..=n).map(move |right| (k, right))) {
            let none = if n - right < k { 0 } else { choose((n - right) as u128, k as u128) };
            let expected = 1.0 - none as f64 / choose(n as u128, k as u128) as f64;
            let got = pass_at(k, n, right);
            assert!((got - expected).abs() < 1e-12, "{k} {n} {right}: {got} {expected}");
        }
    }
    assert!((pass_at(100, 200, 1) - 0.5).abs() < 1e-12);
}

#[test]
fn benchmarks_are_found_by_their_names() {
    assert!(Benchmark::ALL.iter().all(|(name, one)| Benchmark::named(name) == Some(*one)));
    assert!(Benchmark::named("heldout").is_none());
}
