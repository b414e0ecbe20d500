//! The page of a recorded check, and of one that found next to nothing.

use expect_test::expect;
use serde_json::{Value, json};

use super::page;

const RECORDED: &str = include_str!("../../fixtures/gpu-check.json");

fn recorded() -> Value {
    serde_json::from_str(RECORDED).unwrap()
}

#[test]
fn a_recorded_check_is_drawn() {
    let expected = expect![[r####"
        # GPU check: NVIDIA H100 80GB HBM3, 2026-11-26

        commit `1976c51`; driver 580.159.04; CUDA 13.0; PyTorch 2.11.0+cu130; clock of the multiprocessors at most (MHz) 1980; of the memory 2619; power limit (W) 700.00. Written by `quaero-lab gpu-check` in 214 s; the record lies beside this page.

        ## Steps

        | step | outcome | s | limit s | what came of it |
        |---|---|--:|--:|---|
        | machine | ok | 0.4 | 15 | driver 580.159.04 |
        | conformance | ok | 21.0 | 120 | 79 tests, 0 wrong; 101 of 143 outputs have the emulation's bits |
        | kernels | ok | 118.2 | 230 | 2 cases, 0 wrong |
        | step | ok | 61.9 | 120 | 22051 tokens/s generated, 40187 learned |
        | memcheck | skipped | 0.0 | 120 | compute-sanitizer is not on this machine |

        `memcheck` said:

        ```
        tried compute-sanitizer, /usr/local/cuda/bin/compute-sanitizer
        ```

        ## A training step

        32 prompts of 256 tokens, 4 completions of 256 tokens each, random weights.

        | | |
        |---|--:|
        | parameters | 494.0 M |
        | steps that were timed | 20 |
        | generated tokens/s | 22051 |
        | learned tokens/s | 40187 |
        | a step, s | 2.505 |
        | arithmetic of the update (6 N a token), TFLOP/s | 119.1 |
        | MFU of the update | 15.3 % of the 780 TFLOP/s of this run |
        | memory of the device, GiB | 8.04 |
        | log-probs of sampler and trainer differ by at most | 0.0 |

        ## Kernels

        µs, the spread of two series, the share of the roofline by this run's ceilings, PyTorch's µs, ours by PyTorch's (below 1 is faster).

        ```
        case                                                    shape      us  noise  GB/s  TFLOP/s  of roofline  PyTorch us  ours/its
        rms_norm_fwd 1.7b                              R 16384 C 2048    50.1    0 %  2682        –         89 %        51.8      0.97
        gemm_qkv 1.7b      M 16384 N 4096 K 2048 layout 0 f32 0 add 0  1383.7    0 %   158      199         25 %       367.2      3.77
        ceilings of this run: copy 3007 GB/s, bf16 product 780 TFLOP/s
        ```

        ## Where the bits are not the emulation's

        Within the budgets of their oracles, as the step `conformance` shows; `ex2.approx`, `lg2.approx` and the sums of tensor cores are not emulated to the last bit.

        ```
        attention_fwd ragged 1/2
        ```
    "####]];
    expected.assert_eq(&page(&recorded()));
}

/// A check that was cut short draws what it has and invents nothing.
#[test]
fn what_was_not_found_is_not_drawn() {
    let text = page(&json!({"device": "GPU", "date": "2026-01-02", "steps": [
        {"step": "machine", "outcome": "late", "limit_s": 10, "summary": "over its 10 s"}
    ]}));
    assert!(text.contains("| machine | late | – | 10 | over its 10 s |"), "{text}");
    for absent in ["## A training step", "## Kernels", "## Self-play", "## Where", "NaN"] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
    assert!(page(&Value::Null).starts_with("# GPU check: –, –"));
}

/// Every number of the record that people look for stands on the page.
#[test]
fn the_page_holds_what_the_record_says() {
    let mut record = recorded();
    let step = record["steps"].as_array_mut().unwrap();
    let step = step.iter_mut().find(|step| step["step"] == "step").unwrap();
    step["found"]["update_tok_s"] = json!(54_321.4);
    step["found"]["logp_gap_max"] = json!(0.25);
    let text = page(&record);
    assert!(text.contains("| learned tokens/s | 54321 |"), "{text}");
    assert!(text.contains("differ by at most | 0.25 |"), "{text}");
}

/// A bar in a message must not open a column.
#[test]
fn bars_are_escaped() {
    let text = page(&json!({"steps": [{"step": "x", "outcome": "failed", "summary": "a|b"}]}));
    assert!(text.contains("a\\|b"));
}
