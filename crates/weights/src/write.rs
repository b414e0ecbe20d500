//! Weight files written so that a crash leaves the old file or the new one, never a torn one.

use std::borrow::Cow;
use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use quaero_shape::{DType, Shape};
use safetensors::tensor::{Dtype as Stored, Metadata, TensorInfo};

use crate::{Error, convert};

/// Elements converted at a time.
const CHUNK_ELEMENTS: usize = 1 << 18;

/// A tensor to be written.
#[derive(Clone, Debug)]
pub struct Named<'a> {
    /// Its name in the file.
    pub name: &'a str,
    /// Its shape.
    pub shape: Shape,
    /// Its elements, row-major.
    pub values: &'a [f32],
}

/// Writes `tensors` to one safetensors file and returns its size in bytes. The same tensors give
/// the same bytes, in whatever order they come.
///
/// # Errors
/// If a name comes twice, or the file cannot be written; then the old file, if any, still stands.
///
/// # Panics
/// If a tensor has another number of values than its shape says.
pub fn write(path: impl AsRef<Path>, tensors: &[Named<'_>], dtype: DType) -> Result<u64, Error> {
    let specs: Vec<_> = tensors.iter().map(|it| (it.name, it.shape.clone())).collect();
    write_each(path, &specs, dtype, |idx| Ok(Cow::Borrowed(tensors[idx].values)))
}

/// [`write()`] of tensors that are made one after the other: `values` gives those of `specs[idx]`.
///
/// # Errors
/// As [`write()`], and when `values` fails.
///
/// # Panics
/// If a tensor has another number of values than its shape says.
pub fn write_each<'v>(
    path: impl AsRef<Path>,
    specs: &[(&str, Shape)],
    dtype: DType,
    mut values: impl FnMut(usize) -> Result<Cow<'v, [f32]>, Error>,
) -> Result<u64, Error> {
    let path = path.as_ref();
    let mut order: Vec<usize> = (0..specs.len()).collect();
    order.sort_by_key(|&idx| specs[idx].0);
    let sorted: Vec<&(&str, Shape)> = order.iter().map(|&idx| &specs[idx]).collect();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(Error::Duplicate { path: path.to_owned(), name: pair[0].0.to_owned() });
    }
    let (header, data_bytes) = header(path, &sorted, dtype)?;
    let needed = 8 + header.len() as u64 + data_bytes;
    let mut failed = None;
    let written = write_atomic(path, needed, &mut |out| {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        let mut bytes = Vec::new();
        for &idx in &order {
            let values = values(idx).map_err(|error| {
                failed = Some(error);
                io::Error::other("a tensor could not be made")
            })?;
            let (name, shape) = &specs[idx];
            assert_eq!(values.len(), shape.n_elements(), "values of `{name}` {shape}");
            for values in values.chunks(CHUNK_ELEMENTS) {
                bytes.clear();
                convert::encode(dtype, values, &mut bytes);
                out.write_all(&bytes)?;
            }
        }
        Ok(())
    });
    failed.map_or(written.map(|()| needed), Err)
}

/// Writes a file of `needed` bytes by `fill`: under a temporary name in the same folder, flushed to
/// the disk, renamed, and the rename flushed too.
///
/// # Errors
/// If any of that fails; then nothing is left behind and an old file of that name still stands.
pub fn write_atomic(
    path: &Path,
    needed: u64,
    fill: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let folder: PathBuf = match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut attempt = || -> io::Result<()> {
        // Readable like any file that a program makes; the default of temporary files is 0600.
        let mut temporary = tempfile::Builder::new()
            .prefix(".quaero-")
            .suffix(".tmp")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(&folder)?;
        let mut out = BufWriter::with_capacity(1 << 20, temporary.as_file_mut());
        fill(&mut out)?;
        out.flush()?;
        drop(out);
        temporary.as_file().sync_all()?;
        temporary.persist(path).map_err(|error| error.error)?;
        File::open(&folder)?.sync_all()
    };
    attempt().map_err(|source| Error::writing(path, needed, source))
}

/// The header's bytes, padded to a multiple of eight, and the size of the data after it.
fn header(path: &Path, sorted: &[&(&str, Shape)], dtype: DType) -> Result<(Vec<u8>, u64), Error> {
    let stored = match dtype {
        DType::F32 => Stored::F32,
        DType::BF16 => Stored::BF16,
        DType::F16 => Stored::F16,
    };
    let mut end = 0;
    let mut infos = Vec::with_capacity(sorted.len());
    for (name, shape) in sorted {
        let begin = end;
        end += shape.n_elements() * dtype.size_bytes();
        let info = TensorInfo {
            dtype: stored,
            shape: shape.extents().to_vec(),
            data_offsets: (begin, end),
        };
        infos.push(((*name).to_owned(), info));
    }
    // One entry only: the order of several would depend on the hash map's seed.
    let marks = std::iter::once(("format".to_owned(), "pt".to_owned())).collect();
    let malformed = |reason: String| Error::Header { path: path.to_owned(), reason };
    let metadata = Metadata::new(Some(marks), infos).map_err(|e| malformed(e.to_string()))?;
    let mut text = serde_json::to_vec(&metadata).map_err(|e| malformed(e.to_string()))?;
    text.resize(text.len().next_multiple_of(8), b' ');
    Ok((text, end as u64))
}
