//! Who may depend on whom. The table in `ARCHITECTURE.md` is the rule, so it cannot go stale.
//!
//! A row reads `| layer | crate | purpose | may depend on |`. Several crates of one row are parted
//! by `·`. A dependency followed by `(tests)` is for tests alone and may lie in any layer;
//! `all below` stands for every crate of a lower layer. Layer `dev` is for crates that only tests
//! and developers run: nothing but tests may depend on them, and on `testkit` all tests may.

use std::collections::BTreeMap;

use super::tree::{Crate, Edge, numbered};
use super::{Finding, Tree};

const PAGE: &str = "ARCHITECTURE.md";
const HEAD: &str = "| layer | crate |";
const TESTKIT: &str = "testkit";
const ALL_BELOW: &str = "all below";
const FOR_TESTS: &str = "(tests)";

/// A crate as the table has it.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    line: usize,
    /// Absent for the layer `dev`.
    layer: Option<u32>,
    may: Vec<String>,
    may_in_tests: Vec<String>,
}

type Table = BTreeMap<String, Row>;

/// Every edge is listed in the table and goes strictly down.
pub(crate) fn edges_go_down(tree: &Tree) -> Vec<Finding> {
    let table = match table(tree) {
        Ok(table) => table,
        Err(finding) => return vec![finding],
    };
    let mut findings = Vec::new();
    for from in &tree.crates {
        let Some(row) = table.get(&from.name) else {
            continue;
        };
        for edge in &from.edges {
            if let Some((what, remedy)) = objection(&table, row, &from.name, edge) {
                let line = line_of(tree, from, &edge.to);
                findings.push(Finding { path: from.manifest.clone(), line, what, remedy });
            }
        }
    }
    findings
}

/// Every crate stands in the table, and the table names no crate that is gone.
pub(crate) fn crates_are_listed(tree: &Tree) -> Vec<Finding> {
    let Ok(table) = table(tree) else {
        // `edges_go_down` says what is wrong with the table.
        return Vec::new();
    };
    let mut findings = Vec::new();
    for member in &tree.crates {
        if !table.contains_key(&member.name) {
            findings.push(Finding {
                path: member.manifest.clone(),
                line: 0,
                what: format!("crate `{}` is not in the layer table", member.name),
                remedy: format!("add its row to {PAGE}, with its layer and what it may depend on"),
            });
        }
    }
    for (name, row) in &table {
        if !tree.crates.iter().any(|member| member.name == *name) {
            findings.push(Finding {
                path: PAGE.to_owned(),
                line: row.line,
                what: format!("the layer table names `{name}`, and there is no such crate"),
                remedy: "take it out of its row".to_owned(),
            });
        }
    }
    findings
}

/// Every edge that the table lists is one that a crate has, for code or for tests as it says.
pub(crate) fn listed_edges_exist(tree: &Tree) -> Vec<Finding> {
    let Ok(table) = table(tree) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (from, row) in &table {
        let Some(member) = tree.crates.iter().find(|member| member.name == *from) else {
            continue;
        };
        let listed = row.may.iter().map(|to| (to, false));
        for (to, dev) in listed.chain(row.may_in_tests.iter().map(|to| (to, true))) {
            let has = |dev| member.edges.iter().any(|edge| edge.to == *to && edge.dev == dev);
            if to == ALL_BELOW || has(dev) {
                continue;
            }
            let what =
                format!("the layer table lists {from} → {to}, and no manifest has that edge");
            let remedy = match (has(!dev), dev) {
                (false, _) => format!("take `{to}` out of the row of {from}"),
                (true, false) => format!("write `{to} {FOR_TESTS}`, as the manifest has it"),
                (true, true) => format!("write `{to}`, as the manifest has it"),
            };
            findings.push(Finding { path: PAGE.to_owned(), line: row.line, what, remedy });
        }
    }
    findings
}

/// What is wrong with `edge`, and what would mend it.
fn objection(table: &Table, row: &Row, from: &str, edge: &Edge) -> Option<(String, String)> {
    let to = edge.to.as_str();
    if edge.dev && (to == TESTKIT || row.may_in_tests.iter().any(|name| name == to)) {
        return None;
    }
    // A crate missing in the table is the other rule's business.
    let target = table.get(to)?;
    let down = match (row.layer, target.layer) {
        (Some(upper), Some(lower)) => lower < upper,
        (None, _) => true,
        (Some(_), None) => false,
    };
    if !down {
        let (upper, lower) = (layer_name(row), layer_name(target));
        let what =
            format!("edge {from} (layer {upper}) → {to} (layer {lower}) does not go strictly down");
        let mut remedy = "move the shared part into a lower crate".to_owned();
        if edge.dev {
            remedy = format!("for tests alone, list `{to} {FOR_TESTS}` in the row of {from}");
        }
        return Some((what, remedy));
    }
    let listed = row.may.iter().any(|name| name == to || name == ALL_BELOW);
    (!listed).then(|| {
        let what = format!("edge {from} → {to} is not in the layer table");
        let mark = if edge.dev { format!("`{to} {FOR_TESTS}`") } else { format!("`{to}`") };
        (what, format!("do without it, or add {mark} to the row of {from} in {PAGE}, and say why"))
    })
}

fn layer_name(row: &Row) -> String {
    row.layer.map_or("dev".to_owned(), |layer| layer.to_string())
}

/// The line of `from`'s manifest that names the crate `to`.
fn line_of(tree: &Tree, from: &Crate, to: &str) -> usize {
    let text = tree.text(&from.manifest).unwrap_or_default();
    let start = format!("quaero-{to}");
    let hit = numbered(text).find(|(_, line)| {
        line.strip_prefix(&start).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
    });
    hit.map_or(0, |(line, _)| line)
}

/// Reads the table.
fn table(tree: &Tree) -> Result<Table, Finding> {
    let wrong = |line: usize, what: String| Finding {
        path: PAGE.to_owned(),
        line,
        what,
        remedy: "rows read `| layer | crate | purpose | may depend on |`".to_owned(),
    };
    let text = tree.text(PAGE).unwrap_or_default();
    let mut table = Table::new();
    let mut inside = false;
    for (line, row) in numbered(text) {
        if row.starts_with(HEAD) {
            inside = true;
            continue;
        }
        if !inside || row.starts_with("|---") {
            continue;
        }
        if !row.starts_with('|') {
            break;
        }
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let &[layer, crates, _, may] = cells.as_slice() else {
            return Err(wrong(line, format!("a row of {} cells, not 4", cells.len())));
        };
        let layer =
            match layer {
                "dev" => None,
                number => Some(number.parse().map_err(|_| {
                    wrong(line, format!("`{number}` is no layer (a number, or dev)"))
                })?),
            };
        for name in crates.split('·').map(bare) {
            let (may, may_in_tests) = dependencies(may);
            let fresh = Row { line, layer, may, may_in_tests };
            if table.insert(name.clone(), fresh).is_some() {
                return Err(wrong(line, format!("crate `{name}` stands in the table twice")));
            }
        }
    }
    if table.is_empty() {
        return Err(wrong(0, format!("no layer table (a table that starts `{HEAD}`)")));
    }
    Ok(table)
}

/// The last cell of a row: what the crate may depend on, and what its tests may on top.
fn dependencies(cell: &str) -> (Vec<String>, Vec<String>) {
    let (mut may, mut may_in_tests) = (Vec::new(), Vec::new());
    for name in cell.split(',').map(str::trim).filter(|name| !matches!(*name, "" | "–")) {
        match name.strip_suffix(FOR_TESTS) {
            Some(name) => may_in_tests.push(bare(name)),
            None => may.push(bare(name)),
        }
    }
    (may, may_in_tests)
}

fn bare(name: &str) -> String {
    name.trim().trim_matches('`').to_owned()
}

#[cfg(test)]
mod tests;
