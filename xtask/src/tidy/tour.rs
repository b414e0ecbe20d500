//! How much a newcomer reads. The table in `ARCHITECTURE.md` lists the files from the step to the
//! gradient; a row reads `| file | core | what it adds |`, and the files marked `core` are the tour
//! for somebody in a hurry.

use super::tree::numbered;
use super::{Finding, Tree};

const PAGE: &str = "ARCHITECTURE.md";
const HEAD: &str = "| file | core |";
const LINES_MAX: usize = 1500;
const CORE_LINES_MAX: usize = 650;

/// The files from the step to a gradient are there and few, by their lines outside tests.
pub(crate) fn the_tour_is_short(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.text(PAGE) else { return Vec::new() };
    let finding = |line, what: String, remedy: &str| Finding {
        path: PAGE.to_owned(),
        line,
        what,
        remedy: remedy.to_owned(),
    };
    let Some((head, _)) = numbered(page).find(|(_, words)| words.starts_with(HEAD)) else {
        let remedy = "list the files from the step to a gradient below that head";
        return vec![finding(0, format!("no table `{HEAD} …`"), remedy)];
    };
    let (mut findings, mut all, mut core) = (Vec::new(), 0, 0);
    let rows = numbered(page).skip(head + 1).take_while(|(_, words)| words.starts_with('|'));
    for (line, words) in rows {
        let cells: Vec<&str> = words.split('|').map(str::trim).collect();
        let (path, mark) = (cells[1].trim_matches('`'), cells.get(2).copied().unwrap_or_default());
        let Some(n) = n_lines(tree, path) else {
            findings.push(finding(line, format!("no source `{path}`"), "name the file as it is"));
            continue;
        };
        all += n;
        core += if mark == "core" { n } else { 0 };
    }
    for (what, n, max) in [("the path", all, LINES_MAX), ("its core", core, CORE_LINES_MAX)] {
        if n > max {
            let remedy = "shorten a file of the path; a file that is on it stays in the table";
            findings.push(finding(head, format!("{what} has {n} lines, at most {max}"), remedy));
        }
    }
    findings
}

/// The lines of `path` outside its tests.
fn n_lines(tree: &Tree, path: &str) -> Option<usize> {
    let (file, text) = tree.rust().find(|(file, _)| file.path == path)?;
    Some(file.lines_outside_tests(text).count())
}

#[cfg(test)]
mod tests;
