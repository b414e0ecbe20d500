//! The weights in the repository solve and propose what they were primed for: what their card says,
//! with room for the smaller sample.

use quaero_engine::{Engine, Sampling};
use quaero_evals::answer;
use quaero_play::{Player, ProposeRequest, propose};
use quaero_policy::Limits;
use quaero_rng::Key;
use quaero_types::{Judged, Kind};

use super::*;

#[test]
fn the_seed_model_does_what_it_was_primed_for() {
    let world = world();
    let suite = Suite::parse("heldout", &quaero_seed::suite::to_jsonl(&quaero_seed::suite()));
    let suite = suite.unwrap().limited(40);
    let mut engine = Engine::new(world.options.engine);
    let limits = Limits { sampling: Sampling::plain(1.0), ..world.options.solve.limits };
    let (policy, host) = (&world.policy, &world.host);
    let mut player = Player { policy, engine: &mut engine, host, limits, on_tokens: &mut |_| () };
    let scores = answer(&mut player, &suite.tasks, 1, Key::new(1)).unwrap().scores(&suite);
    for (name, least) in [("heldout.deduction", 0.25), ("heldout.abduction", 0.25)] {
        let score = scores.iter().find(|score| score.name == name).unwrap();
        assert_eq!(score.n_tasks, 40);
        assert!(score.interval.mean > least, "{score:?}");
    }
    let kind = Kind::new("python", "deduction");
    let asked = vec![ProposeRequest { kind, references: Vec::new() }; 40];
    player.limits = Limits { sampling: Sampling::plain(1.0), ..world.options.propose.limits };
    let (proposals, _) = propose(&mut player, &asked, Key::new(2)).unwrap();
    let judged = quaero_verify::proposals(host, &proposals, 0);
    let n_valid = judged.iter().filter(|one| matches!(one, Judged::Task(..))).count();
    assert!(n_valid > 24, "{n_valid} of 40 proposals are tasks");
}
