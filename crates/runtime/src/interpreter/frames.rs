//! What passes between this process and one that runs programs: frames, each a length (`u32`,
//! little-endian) and that many bytes of JSON. Neither side believes the other's length.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::InterpreterOptions;

/// Longest frame: more than the largest memory of a program can say.
pub(super) const FRAME_BYTES_MAX: usize = 1 << 30;

/// The first frame that a new process is sent; each one after it is a [`Job`](super::Job).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Setup {
    cache: PathBuf,
    memory_bytes_max: usize,
    deadline_ms_max: u32,
    value_bytes_max: u32,
    recursion: u32,
}

/// Its first reply.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Opened {
    /// It takes jobs; CPU time that it has had.
    Ready { cpu_us: u64 },
    /// It cannot.
    Failed(String),
}

/// Each further reply.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Reply {
    pub(super) outcome: Outcome,
    pub(super) memory_bytes_max: usize,
    /// CPU time that the process has had since it began.
    pub(super) cpu_us: u64,
}

impl Setup {
    /// What a process must know that runs programs under `options`.
    pub(super) fn new(options: &InterpreterOptions, cache: PathBuf) -> Self {
        let &InterpreterOptions {
            memory_bytes_max,
            deadline_ms_max,
            value_bytes_max,
            recursion,
            ..
        } = options;
        Self { cache, memory_bytes_max, deadline_ms_max, value_bytes_max, recursion }
    }

    /// The options that it was made of, for one worker.
    pub(super) fn options(self) -> (InterpreterOptions, PathBuf) {
        let Self { cache, memory_bytes_max, deadline_ms_max, value_bytes_max, recursion } = self;
        let options = InterpreterOptions {
            workers: 1,
            memory_bytes_max,
            deadline_ms_max,
            value_bytes_max,
            recursion,
            ..InterpreterOptions::default()
        };
        (options, cache)
    }
}

/// `value` as a frame.
///
/// # Errors
/// If it is longer than a frame may be.
pub(super) fn frame(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, value)?;
    let len = bytes.len() - 4;
    if len > FRAME_BYTES_MAX {
        return Err(io::Error::other(format!("a frame of {len} bytes")));
    }
    let len = u32::try_from(len).map_err(io::Error::other)?;
    bytes[..4].copy_from_slice(&len.to_le_bytes());
    Ok(bytes)
}

/// The value of the frame that `bytes` begins with; `None` while it is not whole.
///
/// # Errors
/// If it is too long, is followed by more, or is no such value.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<Option<T>> {
    let Some((len, rest)) = bytes.split_first_chunk() else { return Ok(None) };
    let len = u32::from_le_bytes(*len) as usize;
    if len > FRAME_BYTES_MAX || rest.len() > len {
        return Err(io::Error::other(format!("a frame of {len} bytes")));
    }
    if rest.len() < len {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(rest)?))
}

/// Writes `value` as a frame.
///
/// # Errors
/// If the other side is gone.
pub(super) fn send(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    to.write_all(&frame(value)?)?;
    to.flush()
}

/// Reads one frame; `None` at the end of the input.
///
/// # Errors
/// If it breaks off or is no such value.
pub(super) fn receive<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut bytes = Vec::new();
    if from.by_ref().take(4).read_to_end(&mut bytes)? == 0 {
        return Ok(None);
    }
    let len = bytes.first_chunk().map(|len| u32::from_le_bytes(*len));
    let len = len.ok_or(io::ErrorKind::UnexpectedEof)?;
    from.by_ref().take(len.into()).read_to_end(&mut bytes)?;
    parse(&bytes)?.map_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()), |value| Ok(Some(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_whole_or_not_at_all() {
        let value = Opened::Failed("why \u{e9}\n\0".into());
        let bytes = frame(&value).unwrap();
        for len in 0..bytes.len() {
            assert!(parse::<Opened>(&bytes[..len]).unwrap().is_none(), "{len}");
            let read = receive::<Opened>(&mut &bytes[..len]);
            assert!(if len == 0 { read.unwrap().is_none() } else { read.is_err() }, "{len}");
        }
        let same = |got: Opened| assert_eq!(format!("{got:?}"), format!("{value:?}"));
        same(parse(&bytes).unwrap().unwrap());
        same(receive(&mut bytes.as_slice()).unwrap().unwrap());
        assert!(parse::<Opened>(&[&bytes[..], b"x"].concat()).is_err(), "more follows");
        assert!(parse::<Reply>(&bytes).is_err(), "another message");
    }

    #[test]
    fn lengths_are_not_believed() {
        let bytes = [&u32::MAX.to_le_bytes()[..], b"{}"].concat();
        assert!(parse::<Opened>(&bytes).is_err());
        assert!(receive::<Opened>(&mut bytes.as_slice()).is_err());
    }
}
