//! Products by cuBLASLt.

use std::ffi::c_void;
use std::mem::size_of_val;

use cudarc::cublaslt::result::{self, CublasError};
use cudarc::cublaslt::sys;
use cudarc::driver::CudaStream;

use super::libraries::CUBLASLT;
use crate::Error;
use crate::step::{Columns, Product};

/// NVIDIA's recommendation for Hopper: 32 MiB.
pub(super) const WORKSPACE_BYTES: usize = 32 << 20;

/// The library, opened for a context.
pub(super) struct CublasLt {
    handle: sys::cublasLtHandle_t,
    workspace: u64,
}

// SAFETY: the library's handles may be used from any thread whose context is theirs.
unsafe impl Send for CublasLt {}
// SAFETY: as above; the library locks what it changes in a handle.
unsafe impl Sync for CublasLt {}

fn failed(op: &'static str) -> impl Fn(CublasError) -> Error {
    move |error| Error::Driver { op: format!("cuBLASLt: {op}"), message: error.to_string() }
}

/// A description that is given back when it is no longer needed.
struct Owned<T: Copy>(T, unsafe fn(T) -> Result<(), CublasError>);

impl<T: Copy> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: it was made by the library, and is not used again.
        let _ = unsafe { (self.1)(self.0) };
    }
}

/// A number as the library reads it: its address and its size.
fn bytes<T>(value: &T) -> (*const c_void, usize) {
    (std::ptr::from_ref(value).cast(), size_of_val(value))
}

impl CublasLt {
    /// Opens it for the context that is bound; `workspace` is [`WORKSPACE_BYTES`] of its memory.
    pub(super) fn open(workspace: impl FnOnce() -> Result<u64, Error>) -> Result<Self, Error> {
        if !CUBLASLT.load() {
            return Err(Error::NoCublasLt);
        }
        let handle = result::create_handle().map_err(failed("opening it"))?;
        Ok(Self { handle, workspace: workspace()? })
    }

    /// Puts `product` into `stream`.
    ///
    /// # Safety
    /// Its matrices lie in live memory, and D apart from the others, when its turn comes.
    pub(super) unsafe fn run(&self, product: &Product, stream: &CudaStream) -> Result<(), Error> {
        let &Product { x, y, d, wide, accumulate, .. } = product;
        let half = sys::cudaDataType_t::CUDA_R_16BF;
        let float = sys::cudaDataType_t::CUDA_R_32F;
        let desc = describe(x.1, y.1)?;
        let (x_layout, y_layout) = (layout(x.0, half)?, layout(y.0, half)?);
        let d_layout = layout(d, if wide { float } else { half })?;
        let preference = preference()?;
        // SAFETY: all were made above.
        let found = unsafe {
            result::get_matmul_algo_heuristic(
                self.handle,
                desc.0,
                x_layout.0,
                y_layout.0,
                d_layout.0,
                d_layout.0,
                preference.0,
            )
        }
        .map_err(failed("choosing an algorithm"))?;
        let (alpha, beta) = (1.0_f32, if accumulate { 1.0_f32 } else { 0.0 });
        // SAFETY: the descriptions are of these matrices, which the caller vouches for; the two
        // factors are read before the call returns; the workspace is used in the stream's order.
        unsafe {
            result::matmul(
                self.handle,
                desc.0,
                bytes(&alpha).0,
                bytes(&beta).0,
                x.0.address as *const c_void,
                x_layout.0,
                y.0.address as *const c_void,
                y_layout.0,
                d.address as *const c_void,
                d_layout.0,
                d.address as *mut c_void,
                d_layout.0,
                &raw const found.algo,
                self.workspace as *mut c_void,
                WORKSPACE_BYTES,
                stream.cu_stream().cast(),
            )
        }
        .map_err(failed("a product"))
    }
}

fn layout(
    of: Columns,
    kind: sys::cudaDataType_t,
) -> Result<Owned<sys::cublasLtMatrixLayout_t>, Error> {
    let Columns { rows, columns, stride, .. } = of;
    result::create_matrix_layout(kind, rows as u64, columns as u64, stride as i64)
        .map(|made| Owned(made, result::destroy_matrix_layout))
        .map_err(failed("a matrix"))
}

/// Sums in f32; which operands are transposed.
fn describe(x: bool, y: bool) -> Result<Owned<sys::cublasLtMatmulDesc_t>, Error> {
    use sys::cublasLtMatmulDescAttributes_t as Attribute;
    let sums = sys::cublasComputeType_t::CUBLAS_COMPUTE_32F;
    let desc = result::create_matmul_desc(sums, sys::cudaDataType_t::CUDA_R_32F)
        .map(|made| Owned(made, result::destroy_matmul_desc))
        .map_err(failed("a product's description"))?;
    for (attribute, transposed) in
        [(Attribute::CUBLASLT_MATMUL_DESC_TRANSA, x), (Attribute::CUBLASLT_MATMUL_DESC_TRANSB, y)]
    {
        // cublasOperation_t: N, T.
        let (value, size) = (i32::from(transposed), size_of::<i32>());
        // SAFETY: the description was made above; the attribute is an i32, read at once.
        unsafe { result::set_matmul_desc_attribute(desc.0, attribute, bytes(&value).0, size) }
            .map_err(failed("a product's description"))?;
    }
    Ok(desc)
}

/// No sum in parts, within the workspace.
fn preference() -> Result<Owned<sys::cublasLtMatmulPreference_t>, Error> {
    use sys::cublasLtMatmulPreferenceAttributes_t as Attribute;
    let made = result::create_matmul_pref()
        .map(|made| Owned(made, result::destroy_matmul_pref))
        .map_err(failed("a preference"))?;
    let (none, most) = (0_u32, WORKSPACE_BYTES as u64);
    for (attribute, (value, size)) in [
        (Attribute::CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, bytes(&none)),
        (Attribute::CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, bytes(&most)),
    ] {
        // SAFETY: the preference was made above; the number is of the attribute's size (u32, u64).
        unsafe { result::set_matmul_pref_attribute(made.0, attribute, value, size) }
            .map_err(failed("a preference"))?;
    }
    Ok(made)
}
