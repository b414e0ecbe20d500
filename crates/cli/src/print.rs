//! The one place that writes results to stdout and errors to stderr.

use std::io::{ErrorKind, Write};
use std::path::Path;

/// A line of result on stdout. A closed pipe (`| head`) ends the program quietly; any other failure
/// ends it with its reason, for a result that is lost is none.
pub(crate) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            note(&format!("error: cannot write to standard output: {error}"));
            std::process::exit(1);
        }
    }
}

/// A path as a shell takes it: in quotes where it has a space or another sign with a meaning.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    // What cannot be quoted (a NUL byte) is no path either.
    shlex::try_quote(&text).map_or_else(|_| text.clone(), |quoted| quoted.into_owned())
}

/// A line for people on stderr.
pub(crate) fn note(text: &str) {
    // Nobody is left to be told when stderr is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// An error with its causes, each once.
pub(crate) fn error(error: &anyhow::Error) {
    let mut told = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !told.contains(&text) {
            told = if told.is_empty() { text } else { format!("{told}: {text}") };
        }
    }
    note(&format!("error: {told}"));
}

/// A table with right-aligned numbers: the first column left, the others right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let show = |cells: &[String]| {
        let parts = cells.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        line(parts.collect::<Vec<_>>().join("  ").trim_end());
    };
    show(&header.iter().map(|&h| h.to_owned()).collect::<Vec<_>>());
    rows.iter().for_each(|row| show(row));
}
