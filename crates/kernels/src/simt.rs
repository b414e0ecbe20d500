//! The emulated device: `kernels/*.cu` compiled for the CPU and run block by block.
//!
//! Each kernel file becomes one shared object, compiled when first used and kept in a cache by a
//! digest of everything it is made of. Not fast, and not meant to be: it proves kernels where
//! there is no GPU.

mod build;
mod library;
pub(crate) mod options;

use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::{Arc, Mutex, PoisonError};

use libloading::Library;

use self::options::SimtOptions;
use crate::backend::{Backend, InUse, SimtStats};
use crate::step::{Arg, Step};
use crate::tensor_map::Packed;
use crate::{Error, Kernel, Registry};

/// `struct Shape` of simt/launch.h.
#[repr(C)]
struct Shape {
    grid: [u32; 3],
    block: [u32; 3],
    smem: u64,
}

type LaunchFn = unsafe extern "C" fn(
    *const c_char,
    *const Shape,
    u32,
    u32,
    *mut *mut c_void,
    c_int,
    *mut SimtStats,
    *mut c_char,
    u64,
) -> c_int;
type AllocFn = unsafe extern "C" fn(u64) -> *mut c_void;
type GuardsFn = unsafe extern "C" fn(*mut c_void, u64) -> c_int;
type FreeFn = unsafe extern "C" fn(*mut c_void, u64);

/// simt/memory.cpp, loaded.
struct Memory {
    alloc: AllocFn,
    guards: GuardsFn,
    free: FreeFn,
    /// Keeps the functions where they are.
    _library: Library,
}

#[derive(Default)]
struct State {
    /// A kernel file's library and its entry.
    files: BTreeMap<String, (LaunchFn, Library)>,
    /// Live allocations: address and bytes.
    live: BTreeMap<u64, usize>,
    in_use: InUse,
    stats: SimtStats,
}

/// The emulated device.
pub(crate) struct Simt {
    options: SimtOptions,
    registry: Arc<Registry>,
    memory: Memory,
    state: Mutex<State>,
}

impl Simt {
    pub(crate) fn open(options: SimtOptions, registry: Arc<Registry>) -> Result<Self, Error> {
        let path = build::memory(&options)?;
        let library = load(&path, "memory", "simt/memory.cpp")?;
        // SAFETY: simt/memory.cpp, which the library was compiled from, declares it so.
        let alloc = unsafe { symbol::<AllocFn>(&library, "simt_alloc")? };
        // SAFETY: as above.
        let guards = unsafe { symbol::<GuardsFn>(&library, "simt_guards")? };
        // SAFETY: as above.
        let free = unsafe { symbol::<FreeFn>(&library, "simt_free")? };
        let memory = Memory { alloc, guards, free, _library: library };
        Ok(Self { options, registry, memory, state: Mutex::default() })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entry of the library that holds `kernel`.
    fn entry(&self, kernel: &Kernel) -> Result<LaunchFn, Error> {
        let file = kernel.file.as_str();
        if let Some((entry, _)) = self.state().files.get(file) {
            return Ok(*entry);
        }
        let names: Vec<&str> =
            self.registry.of_file(file).map(|kernel| kernel.name.as_str()).collect();
        let path = build::kernel_file(&self.options, file, &names)?;
        let library = load(&path, &kernel.name, file)?;
        // SAFETY: simt/launch.h, which every kernel file is compiled with, declares it so.
        let entry = unsafe { symbol::<LaunchFn>(&library, "simt_launch")? };
        self.state().files.insert(file.to_owned(), (entry, library));
        Ok(entry)
    }

    /// What an out-of-bounds write broke.
    fn check_guards(&self, kernel: &Kernel) -> Result<(), Error> {
        for (&address, &n_bytes) in &self.state().live {
            // SAFETY: the address is live and came from `simt_alloc` with this size.
            let whole = unsafe { (self.memory.guards)(address as *mut c_void, n_bytes as u64) };
            if whole == 0 {
                let message = format!("wrote outside a buffer of {n_bytes} bytes");
                return Err(Error::Emulation { kernel: kernel.name.clone(), message });
            }
        }
        Ok(())
    }
}

fn load(path: &std::path::Path, kernel: &str, file: &str) -> Result<Library, Error> {
    // SAFETY: a library that `build` compiled from our sources; its initialisers only fill the
    // table of kernels.
    unsafe { Library::new(path) }.map_err(|error| Error::Load {
        kernel: kernel.to_owned(),
        file: file.to_owned(),
        why: error.to_string(),
    })
}

/// A function of a library.
///
/// # Safety
/// The symbol is of type `T`, and the library outlives its use.
unsafe fn symbol<T: Copy>(library: &Library, name: &str) -> Result<T, Error> {
    // SAFETY: handed on to the caller.
    let found = unsafe { library.get::<T>(name) };
    found.map(|symbol| *symbol).map_err(|error| Error::Load {
        kernel: name.to_owned(),
        file: "simt".to_owned(),
        why: error.to_string(),
    })
}

/// An argument where a kernel looks for it.
fn packed(arg: &Arg) -> Packed {
    match arg {
        Arg::Bits(bits) => {
            let mut words = [0; 16];
            words[0] = *bits;
            Packed(words)
        }
        Arg::Map(map) => map.emulated(),
    }
}

impl Backend for Simt {
    fn name(&self) -> String {
        let SimtOptions { seed, late_copies, sanitizer, .. } = &self.options;
        let copies = if *late_copies { "late" } else { "eager" };
        format!("simt (seed {seed}, {copies} copies, sanitizer {sanitizer:?})")
    }

    fn alloc(&self, n_bytes: usize) -> Result<u64, Error> {
        // SAFETY: takes any size.
        let memory = unsafe { (self.memory.alloc)(n_bytes as u64) };
        if memory.is_null() {
            return Err(Error::Memory {
                device: "simt".to_owned(),
                n_bytes,
                free_bytes: 0,
                remedy: "a smaller model or batch",
            });
        }
        let mut state = self.state();
        state.live.insert(memory as u64, n_bytes);
        state.in_use.bytes += n_bytes;
        state.in_use.bytes_max = state.in_use.bytes_max.max(state.in_use.bytes);
        Ok(memory as u64)
    }

    fn free_bytes(&self) -> Option<usize> {
        None
    }

    fn has_warpgroups(&self) -> bool {
        true
    }

    unsafe fn free(&self, address: u64, n_bytes: usize) {
        let mut state = self.state();
        state.live.remove(&address);
        state.in_use.bytes -= n_bytes;
        drop(state);
        // SAFETY: the caller vouches for the address and its size.
        unsafe { (self.memory.free)(address as *mut c_void, n_bytes as u64) };
    }

    unsafe fn upload(&self, to: u64, bytes: &[u8]) -> Result<(), Error> {
        // SAFETY: the caller vouches for the target; host slices do not overlap device memory.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to as *mut u8, bytes.len()) };
        Ok(())
    }

    unsafe fn download(&self, from: u64, bytes: &mut [u8]) -> Result<(), Error> {
        let to = bytes.as_mut_ptr();
        // SAFETY: the caller vouches for the source; host slices do not overlap device memory.
        unsafe { std::ptr::copy_nonoverlapping(from as *const u8, to, bytes.len()) };
        Ok(())
    }

    unsafe fn step(&self, step: &Step) -> Result<(), Error> {
        let (kernel, launch) = match step {
            &Step::Copy { from, to, n_bytes } => {
                // SAFETY: the caller vouches for both, and that they do not overlap.
                unsafe { std::ptr::copy_nonoverlapping(from as *const u8, to as *mut u8, n_bytes) };
                return Ok(());
            }
            &Step::Zero { at, n_bytes } => {
                // SAFETY: the caller vouches for the stretch.
                unsafe { std::ptr::write_bytes(at as *mut u8, 0, n_bytes) };
                return Ok(());
            }
            Step::Product(product) => {
                // SAFETY: handed on to the caller.
                unsafe { library::run(product) };
                return Ok(());
            }
            Step::Launch { kernel, launch } => (kernel, launch),
        };
        let entry = self.entry(kernel)?;
        let name = CString::new(kernel.name.as_str()).expect("names of kernels hold no NUL");
        let shape = Shape {
            grid: launch.grid,
            block: [launch.threads, 1, 1],
            smem: u64::from(launch.smem),
        };
        let mut args: Vec<Packed> = launch.args.iter().map(packed).collect();
        let mut pointers: Vec<*mut c_void> =
            args.iter_mut().map(|arg| std::ptr::from_mut(arg).cast()).collect();
        let mut stats = SimtStats::default();
        let mut message = [0_u8; 512];
        // SAFETY: every pointer is to a live local; the number of arguments goes along, and the
        // caller vouches for what they are.
        let code = unsafe {
            entry(
                name.as_ptr(),
                &raw const shape,
                self.options.seed,
                u32::from(self.options.late_copies),
                pointers.as_mut_ptr(),
                pointers.len() as c_int,
                &raw mut stats,
                message.as_mut_ptr().cast(),
                message.len() as u64,
            )
        };
        self.state().stats.add(stats);
        if code != 0 {
            let end = message.iter().position(|&byte| byte == 0).unwrap_or(message.len());
            let message = String::from_utf8_lossy(&message[..end]).into_owned();
            return Err(Error::Emulation { kernel: kernel.name.clone(), message });
        }
        self.check_guards(kernel)
    }

    fn synchronize(&self) -> Result<(), Error> {
        Ok(())
    }

    fn stats(&self) -> Option<SimtStats> {
        Some(self.state().stats)
    }

    fn in_use(&self) -> Option<InUse> {
        Some(self.state().in_use)
    }

    fn forget_peak(&self) {
        let in_use = &mut self.state().in_use;
        in_use.bytes_max = in_use.bytes;
    }
}
