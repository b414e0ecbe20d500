//! Fuzzing without a nightly compiler: `cargo run --release -p quaero-runtime --example fuzz --
//! replies|proposals|answers FILE.wasm SECONDS [SEED]`. `replies` wants `plugins/hostile`, which
//! builds replies out of random bytes; the others want a family, whose parsers read mutated texts
//! of `fixtures/hostile` without an interpreter. What a guest says must be a reply that keeps the
//! contract or a fault; a trap, a late answer or a broken contract of a *real* family is a finding.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it runs for a time that is asked for and prints what it found"
)]

use std::error::Error;
use std::time::{Duration, Instant};

use quaero_runtime::{Embedded, Host, Limits, Options};
use quaero_types::{Episode, Fault, Kind, Opening, Reply, Role, Secret, Status};
use serde_json::Value;

const BATCH: usize = 64;
const TEXT_BYTES_MAX: usize = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [target, file, seconds, rest @ ..] = &args[..] else {
        return Err("usage: fuzz replies|proposals|answers FILE.wasm SECONDS [SEED]".into());
    };
    let seed = rest.first().map_or(Ok(1), |seed| seed.parse())?;
    let wasm: &'static [u8] = std::fs::read(file)?.leak();
    let options = Options {
        embedded: vec![Embedded { name: "fuzzed.wasm", wasm }],
        limits: Limits { deadline_ms: 2000, ..Limits::default() },
        ..Options::default()
    };
    let host = Host::open(options)?;
    let family = host.families().next().ok_or("no family")?;
    let (mut random, mut n, mut faults) = (Random(seed), 0_usize, 0_usize);
    let corpus = corpus(target)?;
    let end = Instant::now() + Duration::from_secs(seconds.parse()?);
    while Instant::now() < end {
        let episodes: Vec<Episode> = (0..BATCH)
            .map(|_| match target.as_str() {
                "replies" => random.bytes_for_replies(&family.manifest().name),
                _ => random.mutant(&family.manifest().name, &corpus),
            })
            .collect();
        for (episode, reply) in episodes.iter().zip(family.step(&episodes)) {
            faults += usize::from(reply.is_err());
            if let Some(finding) = finding(episode, &reply, target == "replies") {
                return Err(format!("seed {seed}, case {n}: {finding}: {episode:?}").into());
            }
            n += 1;
        }
    }
    println!("{n} cases, {faults} faults, no finding");
    Ok(())
}

/// What is wrong with a reply.
fn finding(episode: &Episode, reply: &Result<Reply, Fault>, lying: bool) -> Option<String> {
    match reply {
        Ok(Reply::Verdict(verdict)) => {
            let score = (0.0..=1.0).contains(&verdict.score);
            let known = verdict.status != Status::Fault;
            let earned = !lying && verdict.status == Status::Ok && episode.truncated;
            (!score || !known || earned).then(|| format!("{verdict:?}"))
        }
        Ok(Reply::Proposed(task)) => {
            let json = |text: &str| serde_json::from_str::<Value>(text).is_ok();
            let whole = json(&task.public) && json(task.secret.reveal()) && !task.key.is_empty();
            let finite = task.metrics.iter().all(|(_, value)| value.is_finite());
            (!whole || !finite).then(|| format!("{task:?}"))
        }
        Ok(Reply::Rejected(rejection)) => rejection.cause.is_empty().then(|| "no cause".into()),
        Ok(Reply::Observation(_)) => None,
        // Without an interpreter a family may say that it cannot judge; it may not fall.
        Err(fault) if lying || fault.cause == "family" => None,
        Err(fault) => Some(format!("{fault:?}")),
    }
}

/// Texts to start from: the hostile ones and what surrounds them.
fn corpus(target: &str) -> Result<Vec<(String, Value)>, Box<dyn Error>> {
    let text = match target {
        "replies" => return Ok(Vec::new()),
        "proposals" => include_str!("../fixtures/hostile/proposals.json"),
        "answers" => include_str!("../fixtures/hostile/answers.json"),
        other => return Err(format!("no target {other:?}").into()),
    };
    let cases: Vec<Value> = serde_json::from_str(text)?;
    let part = |part: &Value| match part {
        Value::String(text) => text.clone(),
        // Long repetitions would leave no time for anything else.
        other => other[0].as_str().unwrap_or_default().repeat(9),
    };
    Ok(cases
        .into_iter()
        .map(|case| {
            let text = match &case["completion"] {
                Value::Array(parts) => parts.iter().map(part).collect(),
                text => part(text),
            };
            (text, case)
        })
        .collect())
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// A completion that the hostile family reads as entropy.
    fn bytes_for_replies(&mut self, family: &str) -> Episode {
        let digits = (0..2 + self.below(60)).map(|_| format!("{:02x}", self.next() as u8));
        let text = format!("bytes {}", digits.collect::<String>());
        let role = if self.below(2) == 0 { Role::Solve } else { Role::Propose };
        episode(Kind::new(family, "misdeed"), role, &Value::Null, text, false)
    }

    /// A text of the corpus with a few changes.
    fn mutant(&mut self, family: &str, corpus: &[(String, Value)]) -> Episode {
        let (text, case) = &corpus[self.below(corpus.len())];
        let mut bytes = text.clone().into_bytes();
        for _ in 0..1 + self.below(6) {
            let at = self.below(bytes.len() + 1);
            match self.below(6) {
                0 => bytes.insert(at, self.next() as u8),
                1 => bytes.truncate(at),
                2 => {
                    let (other, _) = &corpus[self.below(corpus.len())];
                    let from = self.below(other.len());
                    let piece = &other.as_bytes()[from..];
                    let piece = &piece[..self.below(piece.len().min(200))];
                    bytes.splice(at..at, piece.iter().copied());
                }
                3 => {
                    const WORDS: [&str; 12] = [
                        "```", "\n", "(", "]", "'''", "\\", "f\"{", "def f(", "#", "0x", "1e999",
                        "\u{202e}",
                    ];
                    let word = WORDS[self.below(WORDS.len())].repeat(1 + self.below(40));
                    bytes.splice(at..at, word.bytes());
                }
                4 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => {
                    let end = (at + self.below(40)).min(bytes.len());
                    bytes.drain(at..end);
                }
            }
        }
        bytes.truncate(TEXT_BYTES_MAX);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let cut = self.below(8) == 0;
        match case["kind"].as_str() {
            Some(kind) => episode(Kind::new(family, kind), Role::Solve, case, text, cut),
            None => {
                let kind = ["deduction", "abduction", "induction"][self.below(3)];
                episode(Kind::new(family, kind), Role::Propose, case, text, cut)
            }
        }
    }
}

fn episode(kind: Kind, role: Role, case: &Value, completion: String, truncated: bool) -> Episode {
    let public = case["public"].to_string();
    let opening = Opening { kind, role, seed: 0, public, references: Vec::new() };
    let secret = (role == Role::Solve).then(|| Secret::new(case["secret"].to_string()));
    Episode { opening, secret, turns: Vec::new(), completion, truncated }
}
