//! Lines of JSON, appended and made durable a step at a time, that can be rewound to a step.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::Error;

/// An append-only file with one JSON object a line, each with a numeric `step`.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    len: u64,
    pending: Vec<u8>,
}

impl JsonLines {
    /// Opens `path` for appending, made if need be, after removing every line whose `step` is above
    /// `last_step` and a torn last line, if any.
    ///
    /// # Errors
    /// When the file cannot be opened, read or cut, or a line before one to be kept is no JSON
    /// object with a step; nothing is removed then.
    pub fn open(path: &Path, last_step: u64) -> Result<Self, Error> {
        let fail = |action| move |source| Error::of(action, path, source);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(fail("open"))?;
        let len = kept_bytes(&file, last_step).map_err(fail("read"))?;
        file.set_len(len).map_err(fail("cut"))?;
        Ok(Self { path: path.to_owned(), file, len, pending: Vec::new() })
    }

    /// Adds a line; it reaches the disk with the next [`JsonLines::commit`].
    pub fn push(&mut self, json: &str) {
        self.pending.extend_from_slice(json.as_bytes());
        self.pending.push(b'\n');
    }

    /// Writes all added lines and waits until they are on the disk. If that fails, none of them
    /// stays in the file and all of them wait for the next call.
    ///
    /// # Errors
    /// When there is no space or the file cannot be written.
    pub fn commit(&mut self) -> Result<(), Error> {
        let done = self.file.write_all(&self.pending).and_then(|()| self.file.sync_data());
        if let Err(source) = done {
            // The first error is the one to tell; opening the file cuts a torn line as well.
            let _ = self.file.set_len(self.len);
            return Err(Error::of("append to", &self.path, source));
        }
        self.len += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}

/// Length of the prefix of whole lines whose step is at most `last_step`. Steps never decrease. A
/// line that does not read was being written when the process died, and goes with all that follows;
/// but if a line to be kept follows it, something else broke it, and that is an error.
fn kept_bytes(file: &File, last_step: u64) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut keep, mut line, mut broken) = (0, Vec::new(), None);
    for line_number in 1.. {
        line.clear();
        let n_bytes = reader.read_until(b'\n', &mut line)?;
        if n_bytes == 0 {
            break;
        }
        let step = step_of(&line).filter(|_| line.ends_with(b"\n"));
        match (step, broken) {
            (Some(step), _) if step > last_step => break,
            (Some(_), None) => keep += n_bytes as u64,
            (Some(_), Some(line_number)) => {
                let what = format!("line {line_number} is no JSON object with a step");
                return Err(io::Error::new(ErrorKind::InvalidData, what));
            }
            (None, _) => broken = broken.or(Some(line_number)),
        }
    }
    Ok(keep)
}

fn step_of(line: &[u8]) -> Option<u64> {
    serde_json::from_slice::<serde_json::Value>(line).ok()?.get("step")?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, last_step: u64, after: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.jsonl");
        std::fs::write(&path, before).unwrap();
        let mut lines = JsonLines::open(&path, last_step).unwrap();
        lines.push(r#"{"step":9}"#);
        lines.commit().unwrap();
        let got = std::fs::read_to_string(&path).unwrap();
        assert_eq!(got, format!("{after}{{\"step\":9}}\n"));
    }

    #[test]
    fn opening_rewinds_to_a_step_and_drops_a_torn_line() {
        let two = "{\"step\":1,\"a\":1}\n{\"step\":2}\n";
        check("", 5, "");
        check(two, 5, two);
        check(two, 1, "{\"step\":1,\"a\":1}\n");
        check(two, 0, "");
        check(&format!("{two}{{\"step\":3"), 5, two);
        check(&format!("{two}{{\"step\":3}}"), 5, two);
        check(&format!("{two}\u{0}\u{0}\n"), 5, two);
        // Blocks of the last write may reach the disk out of order.
        check(&format!("{two}\u{0}\u{0}\n\u{0}\n{{\"step\":3}}\n"), 2, two);
    }

    #[test]
    fn a_broken_line_in_the_middle_is_an_error_and_nothing_is_cut() {
        for broken in ["nonsense", "{\"a\":1}", ""] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("m.jsonl");
            let before = format!("{{\"step\":1}}\n{broken}\n{{\"step\":3}}\n");
            std::fs::write(&path, &before).unwrap();
            let error = JsonLines::open(&path, 9).unwrap_err().to_string();
            let expect = format!(
                "cannot read {}: line 2 is no JSON object with a step; something else changed the \
                 file: remove that line",
                path.display()
            );
            assert_eq!(error, expect);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
        }
    }

    /// `/dev/full` refuses every write as a disk without space does.
    #[test]
    fn a_full_disk_is_named_and_the_lines_wait() {
        let path = Path::new("/dev/full");
        if path.exists() {
            let file = OpenOptions::new().append(true).open(path).unwrap();
            let mut lines = JsonLines { path: path.to_owned(), file, len: 0, pending: Vec::new() };
            lines.push("{\"step\":1}");
            let expect = "cannot append to /dev/full: No space left on device (os error 28); free \
                          some space, then resume with --resume: nothing before this step is lost";
            assert_eq!(lines.commit().unwrap_err().to_string(), expect);
            assert_eq!(lines.pending, b"{\"step\":1}\n");
        }
    }
}
