//! Lines of JSON, appended and made durable a step at a time, that can be rewound to a step.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use crate::Error;

/// An append-only file with one JSON object a line, each with a numeric `step`.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    file: File,
    pending: Vec<u8>,
}

impl JsonLines {
    /// Opens `path` for appending, made if need be, after removing every line whose `step` is above
    /// `last_step` and a torn last line, if any.
    ///
    /// # Errors
    /// When the file cannot be opened, read or cut.
    pub fn open(path: &Path, last_step: u64) -> Result<Self, Error> {
        let fail =
            |action| move |source| Error { action, path: path.display().to_string(), source };
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(fail("open"))?;
        let keep = kept_bytes(&file, last_step).map_err(fail("read"))?;
        file.set_len(keep).map_err(fail("cut"))?;
        Ok(Self { path: path.to_owned(), file, pending: Vec::new() })
    }

    /// Adds a line; it reaches the disk with the next [`JsonLines::commit`].
    pub fn push(&mut self, json: &str) {
        self.pending.extend_from_slice(json.as_bytes());
        self.pending.push(b'\n');
    }

    /// Writes all added lines and waits until they are on the disk.
    ///
    /// # Errors
    /// When there is no space or the file cannot be written.
    pub fn commit(&mut self) -> Result<(), Error> {
        let lines = std::mem::take(&mut self.pending);
        self.file.write_all(&lines).and_then(|()| self.file.sync_data()).map_err(|source| Error {
            action: "append to",
            path: self.path.display().to_string(),
            source,
        })
    }
}

/// Length of the prefix of whole lines whose step is at most `last_step`. Steps never decrease.
fn kept_bytes(file: &File, last_step: u64) -> std::io::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut keep, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let n = reader.read_until(b'\n', &mut line)?;
        let whole = line.last() == Some(&b'\n');
        let step = serde_json::from_slice::<serde_json::Value>(&line)
            .ok()
            .and_then(|value| value.get("step")?.as_u64());
        match step {
            Some(step) if whole && step <= last_step => keep += n as u64,
            _ => return Ok(keep),
        }
    }
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
    }
}
