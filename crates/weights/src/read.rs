//! Opened weight files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use quaero_shape::{DType, Shape};
use safetensors::tensor::{Dtype as Stored, Metadata};

use crate::{Error, convert};

/// The name of an unsharded weight file inside a model folder.
pub const SINGLE_FILE: &str = "model.safetensors";
/// The name of the shard index inside a model folder.
pub const INDEX_FILE: &str = "model.safetensors.index.json";

/// Longest header that is believed; a real one has about 100 bytes a tensor.
const HEADER_BYTES_MAX: u64 = 100_000_000;
/// Bytes converted at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// The tensors of one file or of all shards of a folder, open for reading.
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    shards: Vec<Shard>,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Shard {
    path: PathBuf,
    file: File,
}

#[derive(Debug)]
struct Entry {
    shard_idx: usize,
    /// `Err` holds the name of a type we cannot read; it matters only if the tensor is asked for.
    dtype: Result<DType, String>,
    shape: Shape,
    /// Where its bytes begin in the file.
    begin: u64,
}

impl Weights {
    /// Opens a `.safetensors` file, or a folder that holds [`SINGLE_FILE`] or [`INDEX_FILE`].
    ///
    /// # Errors
    /// If something is missing, cut off or malformed. The data themselves are not read yet.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        if !path.is_dir() {
            return Self::open_shards(path, vec![path.to_owned()]);
        }
        let single = path.join(SINGLE_FILE);
        let index = path.join(INDEX_FILE);
        if single.exists() || !index.exists() {
            return Self::open_shards(path, vec![single]);
        }
        Self::open_indexed(path, &index, &read_index(&index)?)
    }

    /// The shards that `map` names. Where several hold a tensor, the index says which one counts:
    /// that is how an overlay shard replaces tensors of the shards below it.
    fn open_indexed(
        path: &Path,
        index: &Path,
        map: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let files: BTreeSet<&String> = map.values().collect();
        let mut weights =
            Self { path: path.to_owned(), shards: Vec::new(), entries: BTreeMap::new() };
        for file in files {
            let counts = |name: &str| map.get(name).is_none_or(|mapped| mapped == file);
            weights.add_shard(path.join(file), counts)?;
        }
        match map.iter().find(|(name, _)| !weights.contains(name)) {
            None => Ok(weights),
            Some((name, file)) => {
                let reason = format!("`{name}` should lie in {file}, which does not have it");
                Err(Error::Index { path: index.to_owned(), reason })
            }
        }
    }

    fn open_shards(path: &Path, files: Vec<PathBuf>) -> Result<Self, Error> {
        let mut weights =
            Self { path: path.to_owned(), shards: Vec::new(), entries: BTreeMap::new() };
        for file in files {
            weights.add_shard(file, |_| true)?;
        }
        Ok(weights)
    }

    /// Adds those tensors of a file that `counts` lets pass.
    fn add_shard(&mut self, path: PathBuf, counts: impl Fn(&str) -> bool) -> Result<(), Error> {
        let mut file = File::open(&path).map_err(|e| Error::reading(&path, "open", e))?;
        let (metadata, data_begin) = read_header(&path, &mut file)?;
        let shard_idx = self.shards.len();
        let tensors: BTreeMap<_, _> = metadata.tensors().into_iter().collect();
        for (name, info) in tensors.into_iter().filter(|(name, _)| counts(name)) {
            let entry = Entry {
                shard_idx,
                dtype: readable(info.dtype),
                shape: Shape::from(info.shape.as_slice()),
                begin: data_begin + info.data_offsets.0 as u64,
            };
            if self.entries.insert(name.clone(), entry).is_some() {
                return Err(Error::Duplicate { path, name });
            }
        }
        self.shards.push(Shard { path, file });
        Ok(())
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether there is a tensor of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The shape of a tensor, if there is one of this name.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&Shape> {
        self.entries.get(name).map(|entry| &entry.shape)
    }

    /// Checks that no tensor is here but those `expected`.
    ///
    /// # Errors
    /// At the first one that is not expected.
    pub fn check_names<'a>(
        &self,
        expected: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Error> {
        let expected: BTreeSet<&str> = expected.into_iter().collect();
        match self.names().find(|name| !expected.contains(name)) {
            None => Ok(()),
            Some(name) => Err(Error::UnexpectedTensor {
                path: self.path.clone(),
                name: name.to_owned(),
                nearest: nearest(name, expected.into_iter()),
            }),
        }
    }

    /// Reads one tensor as `f32`.
    ///
    /// # Errors
    /// If it is missing, has another shape, is stored in an unsupported type or cannot be read.
    pub fn read(&self, name: &str, shape: &Shape) -> Result<Vec<f32>, Error> {
        let mut values = vec![0.0; self.checked(name, shape)?.shape.n_elements()];
        self.read_into(name, shape, &mut values)?;
        Ok(values)
    }

    /// Reads one tensor as `f32` into memory that exists already.
    ///
    /// # Errors
    /// As [`Weights::read`].
    ///
    /// # Panics
    /// If `values` is not as long as `shape` says.
    pub fn read_into(&self, name: &str, shape: &Shape, values: &mut [f32]) -> Result<(), Error> {
        assert_eq!(values.len(), shape.n_elements(), "room for `{name}` {shape}");
        let entry = self.checked(name, shape)?;
        let dtype = entry.dtype.as_ref().map_err(|dtype| Error::DType {
            path: self.path.clone(),
            name: name.to_owned(),
            dtype: dtype.clone(),
        })?;
        let shard = &self.shards[entry.shard_idx];
        let per_chunk = CHUNK_BYTES / dtype.size_bytes();
        let mut bytes = vec![0_u8; CHUNK_BYTES.min(values.len() * dtype.size_bytes())];
        let mut begin = entry.begin;
        for out in values.chunks_mut(per_chunk) {
            let bytes = &mut bytes[..out.len() * dtype.size_bytes()];
            let read = shard.file.read_exact_at(bytes, begin);
            read.map_err(|e| Error::reading(&shard.path, "read a tensor", e))?;
            convert::decode(*dtype, bytes, out);
            begin += bytes.len() as u64;
        }
        Ok(())
    }

    fn entry(&self, name: &str) -> Result<&Entry, Error> {
        self.entries.get(name).ok_or_else(|| Error::MissingTensor {
            path: self.path.clone(),
            name: name.to_owned(),
            nearest: nearest(name, self.names()),
        })
    }

    fn checked(&self, name: &str, shape: &Shape) -> Result<&Entry, Error> {
        let entry = self.entry(name)?;
        let met = entry.shape.expect(&format!("tensor `{name}`"), shape);
        met.map_err(|source| Error::Shape { path: self.path.clone(), source })?;
        Ok(entry)
    }
}

/// The header of one file and where its data begin.
fn read_header(path: &Path, file: &mut File) -> Result<(Metadata, u64), Error> {
    let length = |what, expected, got| Error::Length { path: path.to_owned(), what, expected, got };
    let header = |reason: String| Error::Header { path: path.to_owned(), reason };
    let io = |e| Error::reading(path, "read the header", e);
    let file_bytes = file.metadata().map_err(io)?.len();
    if file_bytes < 8 {
        return Err(length("the header's length", 8, file_bytes));
    }
    let mut prefix = [0_u8; 8];
    file.read_exact(&mut prefix).map_err(io)?;
    let header_bytes = u64::from_le_bytes(prefix);
    if header_bytes > HEADER_BYTES_MAX {
        let reason =
            format!("it claims {header_bytes} bytes, at most {HEADER_BYTES_MAX} make sense");
        return Err(header(reason));
    }
    let data_begin = 8 + header_bytes;
    if data_begin > file_bytes {
        return Err(length("the header", data_begin, file_bytes));
    }
    let mut text = vec![0_u8; header_bytes as usize];
    file.read_exact(&mut text).map_err(io)?;
    let metadata: Metadata =
        serde_json::from_slice(&text).map_err(|error| header(error.to_string()))?;
    let end = data_begin.checked_add(metadata.data_len() as u64);
    let end = end.ok_or_else(|| header("its offsets overflow".to_owned()))?;
    if end != file_bytes {
        return Err(length("the tensor data", end, file_bytes));
    }
    Ok((metadata, data_begin))
}

/// Tensor name → file name.
fn read_index(path: &Path) -> Result<BTreeMap<String, String>, Error> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let index = |reason: String| Error::Index { path: path.to_owned(), reason };
    let text = std::fs::read(path).map_err(|e| Error::reading(path, "read", e))?;
    let parsed: Index = serde_json::from_slice(&text).map_err(|error| index(error.to_string()))?;
    if parsed.weight_map.is_empty() {
        return Err(index("it lists no tensor".to_owned()));
    }
    for file in parsed.weight_map.values() {
        // A shard lies beside its index; a path that leads elsewhere is an attack or an accident.
        if Path::new(file).file_name().is_none_or(|name| name != file.as_str()) {
            return Err(index(format!("`{file}` is not a plain file name")));
        }
    }
    Ok(parsed.weight_map)
}

fn readable(stored: Stored) -> Result<DType, String> {
    match stored {
        Stored::F32 => Ok(DType::F32),
        Stored::BF16 => Ok(DType::BF16),
        Stored::F16 => Ok(DType::F16),
        other => Err(format!("{other:?}")),
    }
}

/// The most similar of `names`, if it is similar at all.
fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    names
        .map(|other| (strsim::normalized_damerau_levenshtein(name, other), other))
        .filter(|(similarity, _)| *similarity > 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, other)| other.to_owned())
}
