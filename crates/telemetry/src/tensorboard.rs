//! TensorBoard event files: TFRecord frames around hand-encoded `Event` protobufs.
//!
//! Frame: u64 length, masked CRC-32C of the length, data, masked CRC-32C of the data (TensorFlow,
//! `lib/io/record_writer.cc`). `Event { wall_time = 1 double, step = 2 int64, file_version = 3
//! string, summary = 5 { value = 1 { tag = 1 string, simple_value = 2 float } }, session_log = 7 {
//! status = 1 enum } }`.
//!
//! A file never changes once written, so a resumed run cannot take steps back. It begins a further
//! file, whose first scalars follow a session start at their step: TensorBoard then forgets what it
//! read of that step and later ones.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Metrics};

/// One event file. A resumed run writes a further one; TensorBoard reads them as one.
#[derive(Debug)]
pub struct TensorBoard {
    path: PathBuf,
    file: File,
    session_started: bool,
}

impl TensorBoard {
    /// Makes `events.out.tfevents.<wall_time>.quaero.<n>` in `folder`, with the first n that is
    /// free: TensorBoard reads files in the order of their names.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(folder: &Path, wall_time: f64) -> Result<Self, Error> {
        let (path, file) = new_file(folder, wall_time)?;
        let mut this = Self { path, file, session_started: false };
        this.frame(&event(wall_time, 0, 3, b"brain.Event:2"))?;
        Ok(this)
    }

    /// Writes one step's scalars.
    ///
    /// # Errors
    /// When there is no space or the file cannot be written.
    pub fn write(&mut self, wall_time: f64, step: u64, metrics: &Metrics) -> Result<(), Error> {
        if !self.session_started {
            let start = [0x08, 1];
            self.frame(&event(wall_time, step, 7, &start))?;
            self.session_started = true;
        }
        let mut summary = Vec::new();
        for (tag, value) in metrics.iter() {
            let mut scalar = Vec::new();
            bytes(&mut scalar, 1, tag.as_bytes());
            scalar.push(2 << 3 | 5);
            scalar.extend((value as f32).to_le_bytes());
            bytes(&mut summary, 1, &scalar);
        }
        self.frame(&event(wall_time, step, 5, &summary))
    }

    /// Writes a frame in one call, so that a kill tears at most the last.
    fn frame(&mut self, data: &[u8]) -> Result<(), Error> {
        let length = (data.len() as u64).to_le_bytes();
        let mut frame = Vec::with_capacity(data.len() + 16);
        frame.extend(length);
        frame.extend(masked_crc(&length).to_le_bytes());
        frame.extend(data);
        frame.extend(masked_crc(data).to_le_bytes());
        self.file.write_all(&frame).map_err(|source| Error::of("append to", &self.path, source))
    }
}

fn new_file(folder: &Path, wall_time: f64) -> Result<(PathBuf, File), Error> {
    let seconds = wall_time as u64;
    for turn in 0.. {
        let path = folder.join(format!("events.out.tfevents.{seconds:010}.quaero.{turn:03}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(source) if source.kind() == ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Error::of("create", &path, source)),
        }
    }
    unreachable!("a folder does not hold every number of files")
}

/// An `Event` with its `field` set to `content`. A step of 0 is protobuf's default and left out.
fn event(wall_time: f64, step: u64, field: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![1 << 3 | 1];
    out.extend(wall_time.to_le_bytes());
    if step != 0 {
        out.push(2 << 3);
        varint(&mut out, step);
    }
    bytes(&mut out, field, content);
    out
}

fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn bytes(out: &mut Vec<u8>, field: u8, data: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, data.len() as u64);
    out.extend(data);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(values: &[(&str, f64)]) -> Metrics {
        let mut metrics = Metrics::default();
        values.iter().for_each(|(name, value)| metrics.set(name, *value));
        metrics
    }

    /// Byte for byte what TensorBoard's own record writer and protobuf classes write: see
    /// `tests/fixtures/tensorboard.py`, which made the file with tensorboard 2.21.
    #[test]
    fn bytes_are_those_of_tensorboards_writer() {
        let folder = tempfile::tempdir().unwrap();
        let mut board = TensorBoard::create(folder.path(), 1_700_000_000.25).unwrap();
        let first = [("policy/entropy", 0.1), ("python/solve/deduction/reward", -0.5)];
        board.write(1_700_000_001.5, 1, &metrics(&first)).unwrap();
        let second = [("policy/entropy", 0.0), ("tokens/completion", 123_456.0)];
        board.write(1_700_000_002.5, 300, &metrics(&second)).unwrap();
        let expect: &[u8] = include_bytes!("../tests/fixtures/two_steps.tfevents");
        assert_eq!(std::fs::read(&board.path).unwrap(), expect);
    }

    #[test]
    fn a_resumed_run_keeps_the_files_before_and_sorts_last() {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<PathBuf> = [1_700_000_000.0, 1_700_000_000.5, 1_700_000_001.0]
            .map(|wall_time| TensorBoard::create(folder.path(), wall_time).unwrap().path)
            .into();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }
}
