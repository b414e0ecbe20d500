//! A GPU, through the CUDA driver, which is looked for when a device is opened and not before.
//!
//! Kernels come as cubins embedded in this binary; for an architecture without one, and for a
//! kernel of the user's own, nvcc or NVRTC compiles the sources, where one is at hand, and a cache
//! on disk keeps the result.
//!
//! Memory is taken and given back in the order of the one stream, so that neither waits for the
//! device. Several threads may use it: what a thread asks for is done in its order.

mod captured;
mod clock;
mod code;
mod cublaslt;
mod failure;
mod libraries;

use std::collections::BTreeMap;
use std::ffi::{CString, c_void};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::{CudaContext, CudaStream, DriverError, result, sys};

use self::cublaslt::CublasLt;
use self::failure::driver;
use crate::backend::{Backend, Facts, Instance};
use crate::step::{Arg, Step};
use crate::tensor_map::{BOX_COLUMNS, Packed, TensorMap};
use crate::{Error, Kernel};

/// The CUDA version that the kernels are compiled with.
const CUDA_VERSION: i32 = 13000;

/// How a GPU is opened.
#[derive(Clone, Debug)]
pub struct CudaOptions {
    /// Which GPU, as the driver counts them.
    pub ordinal: usize,
    /// Where kernels that were compiled on this machine are kept.
    pub cache: PathBuf,
    /// Texts that stand in for embedded kernel files, by name: a kernel of one's own, say.
    pub overlay: BTreeMap<String, String>,
}

impl CudaOptions {
    /// The first GPU, with the embedded kernels.
    #[must_use]
    pub fn new(cache: PathBuf) -> Self {
        Self { ordinal: 0, cache, overlay: BTreeMap::new() }
    }
}

/// Handles of the driver. They are numbers that the driver checks, and it may be called from any
/// thread that has bound the context.
#[derive(Clone, Copy)]
struct Function(sys::CUfunction);

// SAFETY: a function handle belongs to the context, not to a thread.
unsafe impl Send for Function {}

/// The driver's own pool of a device.
#[derive(Clone, Copy)]
struct Pool(sys::CUmemoryPool);

// SAFETY: a pool belongs to the device, not to a thread.
unsafe impl Send for Pool {}
// SAFETY: as above; the driver guards its pools.
unsafe impl Sync for Pool {}

/// The device's pool, told to keep what is given back for the next allocation.
fn keep_memory(device: sys::CUdevice) -> Result<Pool, DriverError> {
    // SAFETY: the device was opened.
    let pool = unsafe { result::device::get_default_mem_pool(device) }?;
    let mut most = u64::MAX;
    let attribute = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
    // SAFETY: the attribute takes one number, which is read before the call returns.
    unsafe { sys::cuMemPoolSetAttribute(pool, attribute, (&raw mut most).cast()) }.result()?;
    Ok(Pool(pool))
}

/// A GPU.
pub(crate) struct Cuda {
    ctx: Arc<CudaContext>,
    stream: Arc<CudaStream>,
    name: String,
    /// Where allocations come from, in the order of the stream.
    pool: Pool,
    /// Compute capability.
    capability: (i32, i32),
    cache: PathBuf,
    overlay: BTreeMap<String, String>,
    functions: Mutex<BTreeMap<String, Function>>,
    /// Opened when first asked for.
    library: Mutex<Option<Arc<CublasLt>>>,
}

impl Cuda {
    pub(crate) fn open(options: CudaOptions) -> Result<Self, Error> {
        // SAFETY: only looks for the library and loads it.
        if !unsafe { sys::is_culib_present() } {
            return Err(Error::NoDriver);
        }
        let mut version = 0;
        // SAFETY: writes one number to the place given.
        unsafe { sys::cuDriverGetVersion(&raw mut version) }
            .result()
            .map_err(driver("cuDriverGetVersion"))?;
        if version < CUDA_VERSION {
            return Err(Error::OldDriver { got: version, need: CUDA_VERSION });
        }
        let n_devices = CudaContext::device_count().unwrap_or(0);
        if n_devices <= 0 {
            return Err(Error::NoGpu);
        }
        let ctx = CudaContext::new(options.ordinal).map_err(driver("opening the GPU"))?;
        let (major, minor) = ctx.compute_capability().map_err(driver("compute capability"))?;
        if major < 8 {
            return Err(Error::Architecture { major, minor });
        }
        let stream = ctx.new_stream().map_err(driver("a stream"))?;
        let pool = keep_memory(ctx.cu_device()).map_err(driver("the memory pool"))?;
        let name = ctx.name().map_err(driver("its name"))?;
        Ok(Self {
            stream,
            name,
            pool,
            capability: (major, minor),
            ctx,
            cache: options.cache,
            overlay: options.overlay,
            functions: Mutex::default(),
            library: Mutex::default(),
        })
    }

    fn bind(&self) -> Result<(), Error> {
        self.ctx.bind_to_thread().map_err(driver("binding the context"))
    }

    /// Bytes that the pool holds and nobody uses.
    fn idle_bytes(&self) -> usize {
        let read = |attribute| {
            let mut n = 0_u64;
            // SAFETY: the attribute gives one number to the place given.
            let done =
                unsafe { sys::cuMemPoolGetAttribute(self.pool.0, attribute, (&raw mut n).cast()) };
            done.result().map_or(0, |()| n as usize)
        };
        use sys::CUmemPool_attribute as Attribute;
        let reserved = read(Attribute::CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT);
        reserved.saturating_sub(read(Attribute::CU_MEMPOOL_ATTR_USED_MEM_CURRENT))
    }

    /// The vendor's library, which keeps its workspace from then on.
    fn library(&self) -> Result<Arc<CublasLt>, Error> {
        let mut library = self.library.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = &*library {
            return Ok(library.clone());
        }
        let opened = Arc::new(CublasLt::open(|| self.alloc(cublaslt::WORKSPACE_BYTES))?);
        Ok(library.insert(opened).clone())
    }

    /// The function of a kernel, loaded when first used.
    fn function(&self, kernel: &Kernel) -> Result<Function, Error> {
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(function) = functions.get(&kernel.name) {
            return Ok(*function);
        }
        let image = code::image(&kernel.file, self.capability, &self.cache, &self.overlay)?;
        // SAFETY: `image` is a cubin or NUL-terminated PTX, and lives until the call returns.
        let module = unsafe { result::module::load_data(image.as_ptr().cast()) }
            .map_err(driver(&format!("loading {}", kernel.file)))?;
        let name = CString::new(kernel.name.as_str()).expect("names of kernels hold no NUL");
        // SAFETY: the module was loaded above and is never unloaded.
        let function = unsafe { result::module::get_function(module, name) }
            .map_err(driver(&format!("finding {}", kernel.name)))?;
        let most = sys::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN;
        let most = self.ctx.attribute(most).map_err(driver("shared memory"))?;
        let attribute =
            sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        let mut fixed = 0;
        // SAFETY: writes one number to the place given, about a function that is loaded.
        unsafe {
            sys::cuFuncGetAttribute(
                &raw mut fixed,
                sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES,
                function,
            )
        }
        .result()
        .map_err(driver("shared memory"))?;
        // SAFETY: the function is loaded, and the bound is the device's own.
        unsafe { result::function::set_function_attribute(function, attribute, most - fixed) }
            .map_err(driver("shared memory"))?;
        functions.insert(kernel.name.clone(), Function(function));
        Ok(Function(function))
    }

    /// Puts `step` into the stream `of`.
    ///
    /// # Safety
    /// The step may be done when its turn comes.
    unsafe fn step_on(&self, of: &CudaStream, step: &Step) -> Result<(), Error> {
        let stream = of.cu_stream();
        match step {
            Step::Copy { n_bytes: 0, .. } | Step::Zero { n_bytes: 0, .. } => Ok(()),
            &Step::Copy { from, to, n_bytes } => {
                // SAFETY: the caller vouches for both.
                unsafe { result::memcpy_dtod_async(to, from, n_bytes, stream) }
                    .map_err(driver("copy"))
            }
            &Step::Zero { at, n_bytes } => {
                // SAFETY: the caller vouches for the stretch.
                unsafe { result::memset_d8_async(at, 0, n_bytes, stream) }.map_err(driver("zero"))
            }
            Step::Product(product) => {
                let library = self.library()?;
                // SAFETY: handed on to the caller.
                unsafe { library.run(product, of) }
            }
            Step::Launch { kernel, launch } => {
                let Function(function) = self.function(kernel)?;
                let args: Result<Vec<Packed>, Error> = launch.args.iter().map(packed).collect();
                let mut args = args?;
                let mut pointers: Vec<*mut c_void> =
                    args.iter_mut().map(|arg| std::ptr::from_mut(arg).cast()).collect();
                let (grid, threads) = (launch.grid.into(), (launch.threads, 1, 1));
                // SAFETY: the arguments live until the driver has copied them, and the caller
                // vouches for what they are.
                unsafe {
                    result::launch_kernel(
                        function,
                        grid,
                        threads,
                        launch.smem,
                        stream,
                        &mut pointers,
                    )
                }
                .map_err(driver(&format!("launching {}", kernel.name)))
            }
        }
    }
}

/// An argument as the driver takes it.
fn packed(arg: &Arg) -> Result<Packed, Error> {
    match arg {
        Arg::Bits(bits) => {
            let mut words = [0; 16];
            words[0] = *bits;
            Ok(Packed(words))
        }
        Arg::Map(map) => encoded(map),
    }
}

/// The driver's 128 bytes for a map.
fn encoded(map: &TensorMap) -> Result<Packed, Error> {
    let mut out = Packed([0; 16]);
    let dims = [map.columns as u64, map.rows as u64];
    let (strides, one) = ([map.stride_bytes()], [1_u32; 2]);
    let extent = [BOX_COLUMNS as u32, map.box_rows as u32];
    // SAFETY: the arrays have the two dimensions (strides: one less) that the call is told of, and
    // `out` is a map's 128 bytes, aligned to 64.
    unsafe {
        sys::cuTensorMapEncodeTiled(
            (&raw mut out).cast(),
            sys::CUtensorMapDataType::CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
            2,
            map.address as *mut c_void,
            dims.as_ptr(),
            strides.as_ptr(),
            extent.as_ptr(),
            one.as_ptr(),
            sys::CUtensorMapInterleave::CU_TENSOR_MAP_INTERLEAVE_NONE,
            sys::CUtensorMapSwizzle::CU_TENSOR_MAP_SWIZZLE_128B,
            sys::CUtensorMapL2promotion::CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
            sys::CUtensorMapFloatOOBfill::CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE,
        )
    }
    .result()
    .map_err(driver("a tensor map"))?;
    Ok(out)
}

impl Backend for Cuda {
    fn name(&self) -> String {
        let (major, minor) = self.capability;
        format!("{} (compute capability {major}.{minor})", self.name)
    }

    fn alloc(&self, n_bytes: usize) -> Result<u64, Error> {
        self.bind()?;
        // SAFETY: takes any size above 0; what goes through the stream later may use it.
        let taken = unsafe { result::malloc_async(self.stream.cu_stream(), n_bytes.max(16)) };
        taken.map_err(|error| match error.0 {
            sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY => Error::Memory {
                device: self.name(),
                n_bytes,
                free_bytes: self.free_bytes().unwrap_or(0),
                remedy: "a smaller batch or model, recomputed activations, or the lean optimiser",
            },
            _ => driver("taking memory")(error),
        })
    }

    fn free_bytes(&self) -> Option<usize> {
        self.bind().ok()?;
        let (free, _) = result::mem_get_info().ok()?;
        Some(free + self.idle_bytes())
    }

    fn has_warpgroups(&self) -> bool {
        self.capability == (9, 0)
    }

    fn open_library(&self) -> Result<(), Error> {
        self.bind()?;
        self.library().map(|_| ())
    }

    fn trim(&self) -> Result<(), Error> {
        self.synchronize()?;
        // SAFETY: the pool is the device's.
        unsafe { result::mem_pool::trim_to(self.pool.0, 0) }.map_err(driver("giving memory back"))
    }

    unsafe fn free(&self, address: u64, _n_bytes: usize) {
        // A driver that fails here has failed before, and said so there.
        if self.bind().is_ok() {
            // SAFETY: the caller vouches for the address; it is given back in the stream's order,
            // behind whatever still uses it.
            let _ = unsafe { result::free_async(address, self.stream.cu_stream()) };
        }
    }

    unsafe fn upload(&self, to: u64, bytes: &[u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.bind()?;
        // SAFETY: the caller vouches for the target. Pageable memory is staged before the call
        // returns, so that the source may go.
        unsafe { result::memcpy_htod_async(to, bytes, self.stream.cu_stream()) }
            .map_err(driver("upload"))
    }

    unsafe fn download(&self, from: u64, bytes: &mut [u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.bind()?;
        // SAFETY: the caller vouches for the source, and the last line waits for the copy.
        unsafe { result::memcpy_dtoh_async(bytes, from, self.stream.cu_stream()) }
            .map_err(driver("download"))?;
        self.synchronize()
    }

    unsafe fn step(&self, step: &Step) -> Result<(), Error> {
        self.bind()?;
        // SAFETY: handed on to the caller.
        unsafe { self.step_on(&self.stream, step) }
    }

    unsafe fn instantiate(&self, steps: &[Step]) -> Result<Option<Box<dyn Instance>>, Error> {
        self.bind()?;
        // SAFETY: handed on to the caller.
        let captured = unsafe { self.captured(steps) }?;
        Ok(Some(Box::new(captured)))
    }

    fn synchronize(&self) -> Result<(), Error> {
        self.bind()?;
        self.stream.synchronize().map_err(driver("a kernel before this"))
    }

    fn facts(&self) -> Option<Facts> {
        clock::facts(&self.ctx).ok()
    }

    fn timed(
        &self,
        n: usize,
        work: &mut dyn FnMut(usize) -> Result<(), Error>,
    ) -> Result<Option<Vec<f64>>, Error> {
        self.bind()?;
        clock::timed(self.stream.cu_stream(), n, work).map(Some)
    }
}
