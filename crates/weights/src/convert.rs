//! Elements between their stored form and `f32`. Little-endian on every machine.

use half::{bf16, f16};
use quaero_shape::DType;

/// Decodes as many elements as `out` holds.
///
/// # Panics
/// If `bytes` is not exactly `out.len()` elements long.
pub(crate) fn decode(dtype: DType, bytes: &[u8], out: &mut [f32]) {
    assert_eq!(bytes.len(), out.len() * dtype.size_bytes(), "one element for each place");
    match dtype {
        DType::F32 => fill(bytes, out, f32::from_le_bytes),
        DType::BF16 => fill(bytes, out, |b| bf16::from_le_bytes(b).to_f32()),
        DType::F16 => fill(bytes, out, |b| f16::from_le_bytes(b).to_f32()),
    }
}

fn fill<const N: usize>(bytes: &[u8], out: &mut [f32], element: impl Fn([u8; N]) -> f32) {
    let (chunks, _) = bytes.as_chunks::<N>();
    for (to, from) in out.iter_mut().zip(chunks) {
        *to = element(*from);
    }
}

/// Appends the stored form of `values`, rounded to nearest even where the type is narrower.
pub(crate) fn encode(dtype: DType, values: &[f32], bytes: &mut Vec<u8>) {
    match dtype {
        DType::F32 => bytes.extend(values.iter().flat_map(|v| v.to_le_bytes())),
        DType::BF16 => bytes.extend(values.iter().flat_map(|&v| bf16::from_f32(v).to_le_bytes())),
        DType::F16 => bytes.extend(values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes())),
    }
}
