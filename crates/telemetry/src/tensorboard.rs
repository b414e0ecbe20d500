//! TensorBoard event files: TFRecord frames around hand-encoded `Event` protobufs.
//!
//! Frame: u64 length, masked CRC-32C of the length, data, masked CRC-32C of the data (TensorFlow,
//! `lib/io/record_writer.cc`). `Event { wall_time = 1 double, step = 2 int64, file_version = 3
//! string, summary = 5 { value = 1 { tag = 1 string, simple_value = 2 float } } }`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Error, Metrics};

/// One event file. A resumed run writes a further one; TensorBoard reads them as one.
#[derive(Debug)]
pub struct TensorBoard {
    path: PathBuf,
    file: File,
}

impl TensorBoard {
    /// Makes `events.out.tfevents.<wall_time>.quaero` in `folder`.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(folder: &Path, wall_time: f64) -> Result<Self, Error> {
        let path = folder.join(format!("events.out.tfevents.{:010.0}.quaero", wall_time.floor()));
        let file = File::create(&path).map_err(|source| Error {
            action: "create",
            path: path.display().to_string(),
            source,
        })?;
        let mut this = Self { path, file };
        let mut event = Vec::new();
        double(&mut event, 1, wall_time);
        bytes(&mut event, 3, b"brain.Event:2");
        this.frame(&event)?;
        Ok(this)
    }

    /// Writes one step's scalars.
    ///
    /// # Errors
    /// When there is no space or the file cannot be written.
    pub fn write(&mut self, wall_time: f64, step: u64, metrics: &Metrics) -> Result<(), Error> {
        let mut summary = Vec::new();
        for (tag, value) in metrics.iter() {
            let mut scalar = Vec::new();
            bytes(&mut scalar, 1, tag.as_bytes());
            scalar.push(2 << 3 | 5);
            scalar.extend((value as f32).to_le_bytes());
            bytes(&mut summary, 1, &scalar);
        }
        let mut event = Vec::new();
        double(&mut event, 1, wall_time);
        event.push(2 << 3);
        varint(&mut event, step);
        bytes(&mut event, 5, &summary);
        self.frame(&event)
    }

    fn frame(&mut self, data: &[u8]) -> Result<(), Error> {
        let length = (data.len() as u64).to_le_bytes();
        let mut frame = Vec::with_capacity(data.len() + 16);
        frame.extend(length);
        frame.extend(masked_crc(&length).to_le_bytes());
        frame.extend(data);
        frame.extend(masked_crc(data).to_le_bytes());
        self.file.write_all(&frame).map_err(|source| Error {
            action: "append to",
            path: self.path.display().to_string(),
            source,
        })
    }
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

fn double(out: &mut Vec<u8>, field: u8, value: f64) {
    out.push(field << 3 | 1);
    out.extend(value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes are those of TensorBoard's own writer, but for the file version event (see
    /// `tests/fixtures/make_tensorboard.py`, which made the file with tensorboard 2.20).
    #[test]
    fn bytes_are_those_of_tensorboards_writer() {
        let folder = tempfile::tempdir().unwrap();
        let mut metrics = Metrics::default();
        metrics.set("policy/loss", 0.25);
        metrics.set("python/solve/deduction/reward", -1.5);
        let mut board = TensorBoard::create(folder.path(), 1_700_000_000.5).unwrap();
        board.write(1_700_000_001.25, 300, &metrics).unwrap();
        let got = std::fs::read(&board.path).unwrap();
        let expect = include_bytes!("../tests/fixtures/events.bin");
        assert_eq!(got, expect);
    }
}
