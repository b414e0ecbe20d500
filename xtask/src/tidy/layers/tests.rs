//! The layer table on made-up workspaces.

use super::super::Tree;
use super::super::tests::{check_places, crate_of, tree_of};
use super::super::tree::Crate;
use super::{crates_are_listed, edges_go_down, listed_edges_exist};

const PAGE: &str = "\
# A page

| layer | crate | purpose | may depend on |
|---|---|---|---|
| 0 | `nouns` | words | – |
| 1 | `left` · `right` | two of one layer | `nouns`, `roof` (tests) |
| 2 | `roof` | all | all below |
| dev | `testkit` | helpers | `nouns` |

| layer | crate | of another table |
";

#[track_caller]
fn check_edges(crates: Vec<Crate>, expected: &[&str]) {
    let mut tree = tree_of(&[("ARCHITECTURE.md", PAGE)]);
    tree.crates = crates;
    let findings: Vec<String> =
        edges_go_down(&tree).into_iter().map(|finding| finding.what).collect();
    assert_eq!(findings, expected);
}

#[test]
fn listed_edges_that_go_down_are_fine() {
    check_edges(
        vec![
            crate_of("nouns", &[], &["testkit"]),
            crate_of("left", &["nouns"], &["testkit", "roof"]),
            crate_of("roof", &["left", "right", "nouns"], &[]),
            crate_of("testkit", &["nouns"], &[]),
        ],
        &[],
    );
}

#[test]
fn an_edge_sideways_or_up_is_found() {
    check_edges(
        vec![crate_of("left", &["right"], &[]), crate_of("nouns", &["left"], &["roof"])],
        &[
            "edge left (layer 1) → right (layer 1) does not go strictly down",
            "edge nouns (layer 0) → left (layer 1) does not go strictly down",
            "edge nouns (layer 0) → roof (layer 2) does not go strictly down",
        ],
    );
}

#[test]
fn an_unlisted_edge_is_found() {
    check_edges(
        vec![crate_of("testkit", &["roof"], &[]), crate_of("left", &["testkit"], &[])],
        &[
            "edge testkit → roof is not in the layer table",
            "edge left (layer 1) → testkit (layer dev) does not go strictly down",
        ],
    );
}

#[test]
fn an_edge_for_tests_does_not_serve_code() {
    check_edges(
        vec![crate_of("left", &["roof"], &[])],
        &["edge left (layer 1) → roof (layer 2) does not go strictly down"],
    );
}

#[test]
fn the_edge_is_shown_where_it_is_written() {
    let manifest = "[package]\n\n[dependencies]\nquaero-right-hand.workspace = true\n\
                    quaero-right.workspace = true\n";
    let mut tree = tree_of(&[("ARCHITECTURE.md", PAGE), ("crates/left/Cargo.toml", manifest)]);
    tree.crates = vec![crate_of("left", &["right"], &[])];
    check_places(&edges_go_down(&tree), &["crates/left/Cargo.toml:5"]);
}

#[test]
fn crates_and_rows_match() {
    let mut tree = tree_of(&[("ARCHITECTURE.md", PAGE)]);
    tree.crates =
        ["nouns", "left", "roof", "testkit", "fresh"].map(|name| crate_of(name, &[], &[])).into();
    check_places(&crates_are_listed(&tree), &["crates/fresh/Cargo.toml:0", "ARCHITECTURE.md:6"]);
}

#[test]
fn a_broken_table_is_found() {
    let broken = |page: &str, place: &str| {
        check_places(&edges_go_down(&tree_of(&[("ARCHITECTURE.md", page)])), &[place]);
    };
    broken("no table\n", "ARCHITECTURE.md:0");
    broken(
        "| layer | crate | a | b |\n|---|---|---|---|\n| one | `a` | x | – |\n",
        "ARCHITECTURE.md:3",
    );
    broken("| layer | crate | a | b |\n| 1 | `a` | – |\n", "ARCHITECTURE.md:2");
    broken(
        "| layer | crate | a | b |\n| 1 | `a` | x | – |\n| 2 | `a` | x | – |\n",
        "ARCHITECTURE.md:3",
    );
}

#[test]
fn a_listed_edge_that_no_crate_has_is_found() {
    let mut tree = tree_of(&[("ARCHITECTURE.md", PAGE)]);
    let check = |tree: &mut Tree, crates: Vec<Crate>, expected: &[&str]| {
        tree.crates = crates;
        let remedies: Vec<_> = listed_edges_exist(tree).into_iter().map(|it| it.remedy).collect();
        assert_eq!(remedies, expected);
    };
    check(&mut tree, vec![crate_of("left", &["nouns"], &["roof"])], &[]);
    check(&mut tree, vec![crate_of("roof", &[], &[]), crate_of("gone", &[], &[])], &[]);
    check(
        &mut tree,
        vec![crate_of("left", &[], &["nouns"]), crate_of("right", &["nouns", "roof"], &[])],
        &[
            "write `nouns (tests)`, as the manifest has it",
            "take `roof` out of the row of left",
            "write `roof`, as the manifest has it",
        ],
    );
}
