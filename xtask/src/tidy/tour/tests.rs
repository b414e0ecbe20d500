//! A table of made-up files.

use super::super::tests::check_rule;
use super::the_tour_is_short;

fn page(rows: &str) -> String {
    format!("# A\n\n| file | core | what it adds |\n|---|---|---|\n{rows}\nafter\n")
}

#[track_caller]
fn check(rows: &str, lines: usize, expected: &[&str]) {
    let (page, source) = (page(rows), "x\n".repeat(lines));
    let tested = format!("{source}#[cfg(test)]\nmod tests {{\n{}}}\n", "y\n".repeat(900));
    let files = [("ARCHITECTURE.md", &*page), ("crates/a/a.rs", &source), ("b.rs", &tested)];
    check_rule(the_tour_is_short, &files, expected);
}

#[test]
fn lines_outside_tests_are_counted() {
    let both = "| `crates/a/a.rs` | core | a |\n| `b.rs` | | b |\n";
    check(both, 650, &[]);
    check(both, 651, &["ARCHITECTURE.md:3"]);
    check(both, 751, &["ARCHITECTURE.md:3", "ARCHITECTURE.md:3"]);
    check("| `b.rs` | | b |\n", 1500, &[]);
    check("| `b.rs` | core | b |\n| `gone.rs` | | c |\n", 600, &["ARCHITECTURE.md:6"]);
    check_rule(the_tour_is_short, &[("ARCHITECTURE.md", "# A\n")], &["ARCHITECTURE.md:0"]);
}
