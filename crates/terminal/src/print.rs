//! The one place that writes results to stdout and errors to stderr.

use std::io::{ErrorKind, Write};
use std::path::Path;

/// A line of result on stdout. A closed pipe (`| head`) ends the program quietly; any other failure
/// ends it with its reason, for a result that is lost is none.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            std::process::exit(i32::from(crate::DONE))
        }
        Err(error) => {
            note(&format!("error: cannot write to standard output: {error}"));
            std::process::exit(i32::from(crate::RUNTIME_FAILURE));
        }
    }
}

/// A path as a shell takes it: in quotes where it has a space or another sign with a meaning.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    // What cannot be quoted (a NUL byte) is no path either.
    shlex::try_quote(&text).map_or_else(|_| text.clone(), |quoted| quoted.into_owned())
}

/// A line for people on stderr.
pub fn note(text: &str) {
    // Nobody is left to be told when stderr is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// An error with its causes, each once.
pub fn error(error: &anyhow::Error) {
    let mut told = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !told.contains(&text) {
            told = if told.is_empty() { text } else { format!("{told}: {text}") };
        }
    }
    note(&format!("error: {told}"));
}

/// A table: the first column left-aligned, the others right-aligned.
pub fn table(header: &[&str], rows: &[Vec<String>]) {
    columns(header, rows).iter().for_each(|text| line(text));
}

/// The lines of [`table`].
#[must_use]
pub fn columns(header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let head: Vec<String> = header.iter().map(|&cell| cell.to_owned()).collect();
    let show = |cells: &Vec<String>| {
        let cells = cells.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    std::iter::once(&head).chain(rows).map(show).collect()
}
