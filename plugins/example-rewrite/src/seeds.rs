//! The tasks that a run starts from: small ones, drawn once and for all.

use crate::options::Options;
use crate::system::System;
use crate::task::Task;

const N_SEEDS: usize = 64;

/// The seed tasks, all different.
pub(crate) fn tasks(options: &Options) -> Vec<Task> {
    let mut draw = Draw(1);
    let mut tasks: Vec<Task> = Vec::new();
    // Most draws are tasks; the bound is for options under which few are.
    for _ in 0..100 * N_SEEDS {
        if tasks.len() == N_SEEDS {
            break;
        }
        let rules: Vec<String> = (0..draw.below(2) + 1)
            .map(|_| format!("{}>{}", draw.word(1, 2, options), draw.word(1, 1, options)))
            .collect();
        let word = draw.word(2, 4, options);
        let Ok(system) = System::parse(rules.iter().map(String::as_str), options) else { continue };
        let Some(end) = system.run(&word, options) else { continue };
        let task = Task { system, word, end };
        let known = tasks.iter().any(|other| other.key() == task.key());
        if task.end.n_steps > 0 && options.is_word(&task.word) && !known {
            tasks.push(task);
        }
    }
    tasks
}

/// Numbers without a clock: Knuth's linear congruential generator.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn word(&mut self, min: u64, max: u64, options: &Options) -> String {
        let len = min + self.below(max - min + 1);
        let mut letter =
            || b'a' + u8::try_from(self.below(u64::from(options.n_letters))).unwrap_or(0);
        (0..len).map(|_| char::from(letter())).collect()
    }
}
