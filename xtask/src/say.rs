//! Talks to people, on stderr: stdout belongs to what a command prints for machines.

/// Prints one message and its newline.
pub(crate) fn say(message: &str) {
    eprintln!("{message}");
}

/// A duration in words short enough for a table: `0.4 s`, `75 s`, `12 min 05 s`.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round();
    if whole < 120.0 {
        return format!("{whole:.0} s");
    }
    format!("{:.0} min {:02.0} s", (whole / 60.0).floor(), whole % 60.0)
}

#[cfg(test)]
mod tests;
