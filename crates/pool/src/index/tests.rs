//! Draws are distinct, and as frequent as their order says.

use super::*;

fn index(sizes: &[(&str, usize)]) -> (Index, Vec<Kind>) {
    let mut index = Index::default();
    let mut seq = 0;
    let mut kinds = Vec::new();
    for &(name, size) in sizes {
        let kind = Kind::new("python", name);
        for step in 0..size {
            index.push(&kind, Entry { seq, step: step as u64 });
            seq += 1;
        }
        kinds.push(kind);
    }
    (index, kinds)
}

#[test]
fn draws_are_distinct_and_at_most_the_size() {
    let (index, kinds) = index(&[("deduction", 5), ("abduction", 3)]);
    for order in [Order::Uniform, Order::Recent] {
        for k in 0..10 {
            for seed in 0..20 {
                let mut drawn = index.draw(&kinds, k, order, Key::new(seed));
                assert_eq!(drawn, index.draw(&kinds, k, order, Key::new(seed)));
                assert_eq!(drawn.len(), k.min(8));
                drawn.sort_unstable();
                drawn.dedup();
                assert_eq!(drawn.len(), k.min(8));
            }
        }
    }
    assert!(index.draw(&[Kind::new("a", "b")], 3, Order::Uniform, Key::new(1)).is_empty());
}

#[test]
fn frequencies() {
    #[track_caller]
    fn check(order: Order, expect: [f64; 4]) {
        let (index, kinds) = index(&[("deduction", 3), ("abduction", 1)]);
        let mut counts = [0.0; 4];
        for seed in 0..20_000 {
            let drawn = index.draw(&kinds, 1, order, Key::new(seed));
            counts[drawn[0] as usize] += 1.0 / 20_000.0;
        }
        for (got, expect) in counts.iter().zip(expect) {
            assert!((got - expect).abs() < 0.02, "{order:?}: {counts:?}");
        }
    }
    check(Order::Uniform, [0.25; 4]);
    check(Order::Recent, [1.0 / 7.0, 2.0 / 7.0, 3.0 / 7.0, 1.0 / 7.0]);
}
