//! GGUF, llama.cpp's file format: metadata and quantised tensors in one file.
//!
//! Versions 2 and 3, little-endian. Every length that the file claims is held against the file's
//! own size before memory is taken for it. Knows nothing of models: names are strings.
//!
//! # Layout
//! this file the header → `dequantize` blocks of numbers as `f32`.

mod dequantize;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use quaero_shape::Shape;

use crate::Error;
use dequantize::Kind;

/// A value of the metadata.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Any unsigned integer.
    Unsigned(u64),
    /// Any signed integer.
    Signed(i64),
    /// A number of 32 or 64 bits.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Text; bytes that are no UTF-8 are refused.
    Text(String),
    /// Values of one type.
    List(Vec<Value>),
}

impl Value {
    /// A count, whatever its width and sign.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Unsigned(n) => Some(*n),
            Self::Signed(n) => u64::try_from(*n).ok(),
            _ => None,
        }
    }

    /// A number.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        if let Self::Float(x) = self { Some(*x) } else { None }
    }

    /// A text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }
}

/// An opened GGUF file.
#[derive(Debug)]
pub struct Gguf {
    path: PathBuf,
    file: File,
    metadata: BTreeMap<String, Value>,
    tensors: BTreeMap<String, Tensor>,
}

#[derive(Debug)]
struct Tensor {
    kind: Kind,
    shape: Shape,
    /// Where its bytes begin in the file.
    begin: u64,
}

/// Elements converted at a time: whole blocks of every kind.
const CHUNK: usize = 1 << 18;
/// Lists within lists that are believed.
const DEPTH_MAX: usize = 4;

impl Gguf {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// If it is missing, cut off, no GGUF, or holds tensors of a kind that is not known.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let file = File::open(&path).map_err(|e| Error::reading(&path, "open", e))?;
        let left = file.metadata().map_err(|e| Error::reading(&path, "measure", e))?.len();
        let reader = BufReader::with_capacity(1 << 20, &file);
        let mut header = Header { path: &path, reader, left, read: 0 };
        let (metadata, infos) = header.parse()?;
        let alignment = metadata.get("general.alignment").and_then(Value::as_u64).unwrap_or(32);
        if !alignment.is_power_of_two() {
            return Err(header.bad(format!("alignment {alignment} is no power of two")));
        }
        let data = header.read.next_multiple_of(alignment);
        let mut tensors = BTreeMap::new();
        for (name, info) in infos {
            let begin = data.saturating_add(info.begin);
            let bytes = info.kind.bytes(info.shape.n_elements()) as u64;
            let end = begin.saturating_add(bytes);
            if end > left {
                let (path, what) = (path.clone(), "a tensor");
                return Err(Error::Length { path, what, expected: end, got: left });
            }
            if tensors.insert(name.clone(), Tensor { begin, ..info }).is_some() {
                return Err(Error::Duplicate { path, name });
            }
        }
        Ok(Self { path, file, metadata, tensors })
    }

    /// The metadata, by key.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, Value> {
        &self.metadata
    }

    /// The metadata's value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.metadata.get(key)
    }

    /// Names and shapes of all tensors, outermost extent first, sorted by name.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &Shape)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), &tensor.shape))
    }

    /// One tensor as `f32`.
    ///
    /// # Errors
    /// If it is not there or cannot be read.
    pub fn read(&self, name: &str) -> Result<Vec<f32>, Error> {
        let tensor = self.tensors.get(name).ok_or_else(|| Error::MissingTensor {
            path: self.path.clone(),
            name: name.to_owned(),
            nearest: None,
        })?;
        let mut values = vec![0.0; tensor.shape.n_elements()];
        let (mut begin, mut bytes) = (tensor.begin, Vec::new());
        for out in values.chunks_mut(CHUNK) {
            bytes.resize(tensor.kind.bytes(out.len()), 0);
            let read = self.file.read_exact_at(&mut bytes, begin);
            read.map_err(|e| Error::reading(&self.path, "read a tensor", e))?;
            tensor.kind.dequantize(&bytes, out);
            begin += bytes.len() as u64;
        }
        Ok(values)
    }
}

/// A header on its way in.
struct Header<'a> {
    path: &'a Path,
    reader: BufReader<&'a File>,
    /// Bytes that are not read yet.
    left: u64,
    read: u64,
}

type Parsed = (BTreeMap<String, Value>, Vec<(String, Tensor)>);

impl Header<'_> {
    fn bad(&self, reason: String) -> Error {
        Error::Gguf { path: self.path.to_owned(), reason }
    }

    fn parse(&mut self) -> Result<Parsed, Error> {
        if &self.bytes(4)?[..] != b"GGUF" {
            return Err(self.bad("it does not begin with GGUF".to_owned()));
        }
        let version = self.u32()?;
        if ![2, 3].contains(&version) {
            return Err(self.bad(format!("version {version}, known are 2 and 3")));
        }
        let (n_tensors, n_values) = (self.u64()?, self.u64()?);
        let mut metadata = BTreeMap::new();
        for _ in 0..n_values {
            let key = self.text()?;
            let kind = self.u32()?;
            let value = self.value(kind, 0)?;
            metadata.insert(key, value);
        }
        let mut infos = Vec::new();
        for _ in 0..n_tensors {
            infos.push(self.info()?);
        }
        Ok((metadata, infos))
    }

    fn info(&mut self) -> Result<(String, Tensor), Error> {
        let name = self.text()?;
        let n_axes = self.u32()?;
        if n_axes > 4 {
            return Err(self.bad(format!("tensor `{name}` has {n_axes} axes, at most 4 are known")));
        }
        // The innermost extent comes first.
        let mut extents = Vec::new();
        for _ in 0..n_axes {
            extents.push(self.u64()? as usize);
        }
        extents.reverse();
        let overflow = extents.iter().try_fold(1_usize, |n, &e| n.checked_mul(e));
        let id = self.u32()?;
        let kind = Kind::of(id);
        let begin = self.u64()?;
        let (Some(n), Some(kind)) = (overflow, kind) else {
            let reason = format!("tensor `{name}` of shape {extents:?} and type {id} is not known");
            return Err(self.bad(reason));
        };
        let row = extents.last().copied().unwrap_or(1);
        if n > 0 && !row.is_multiple_of(kind.block()) {
            let reason = format!("rows of tensor `{name}`, {extents:?}, are not in whole blocks");
            return Err(self.bad(reason));
        }
        Ok((name, Tensor { kind, shape: Shape::new(extents), begin }))
    }

    fn bytes(&mut self, n: u64) -> Result<Vec<u8>, Error> {
        if n > self.left {
            let (path, what) = (self.path.to_owned(), "the header");
            let (expected, got) = (self.read + n, self.read + self.left);
            return Err(Error::Length { path, what, expected, got });
        }
        let mut bytes = vec![0; n as usize];
        let read = self.reader.read_exact(&mut bytes);
        read.map_err(|e| Error::reading(self.path, "read the header", e))?;
        self.left -= n;
        self.read += n;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let bytes = self.bytes(N as u64)?;
        Ok(*bytes.first_chunk().expect("so many were asked for"))
    }

    fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn text(&mut self) -> Result<String, Error> {
        let n = self.u64()?;
        let bytes = self.bytes(n)?;
        String::from_utf8(bytes).map_err(|_| self.bad("a text is not UTF-8".to_owned()))
    }

    fn value(&mut self, kind: u32, depth: usize) -> Result<Value, Error> {
        Ok(match kind {
            0 => Value::Unsigned(u64::from(u8::from_le_bytes(self.array()?))),
            1 => Value::Signed(i64::from(i8::from_le_bytes(self.array()?))),
            2 => Value::Unsigned(u64::from(u16::from_le_bytes(self.array()?))),
            3 => Value::Signed(i64::from(i16::from_le_bytes(self.array()?))),
            4 => Value::Unsigned(u64::from(self.u32()?)),
            5 => Value::Signed(i64::from(i32::from_le_bytes(self.array()?))),
            6 => Value::Float(f64::from(f32::from_le_bytes(self.array()?))),
            7 => Value::Bool(self.array::<1>()? != [0]),
            8 => Value::Text(self.text()?),
            9 if depth < DEPTH_MAX => {
                let (kind, n) = (self.u32()?, self.u64()?);
                let mut list = Vec::new();
                for _ in 0..n {
                    list.push(self.value(kind, depth + 1)?);
                }
                Value::List(list)
            }
            10 => Value::Unsigned(self.u64()?),
            11 => Value::Signed(i64::from_le_bytes(self.array()?)),
            12 => Value::Float(f64::from_le_bytes(self.array()?)),
            _ => return Err(self.bad(format!("a value of type {kind} is not known"))),
        })
    }
}

#[cfg(test)]
mod tests;
