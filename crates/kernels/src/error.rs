//! Runtime failures of a device.

use std::path::PathBuf;

/// A device that cannot be had, or that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no CUDA driver on this machine.
    #[error(
        "no CUDA driver library (libcuda.so.1) on this machine; \
         remedy: install NVIDIA's driver 580 or newer, or choose another device"
    )]
    NoDriver,
    /// The driver sees no GPU.
    #[error("the CUDA driver sees no GPU; remedy: check `nvidia-smi`, or choose another device")]
    NoGpu,
    /// The driver is older than the cubins.
    #[error(
        "the driver supports CUDA {}.{}, the kernels need {}.{}; \
         remedy: install driver 580 or newer",
        got / 1000, got % 1000 / 10, need / 1000, need % 1000 / 10
    )]
    OldDriver {
        /// What the driver supports, as it counts versions (13000 is 13.0).
        got: i32,
        /// What the kernels need.
        need: i32,
    },
    /// A GPU that the kernels cannot run on.
    #[error(
        "this GPU has compute capability {major}.{minor}, the kernels need 8.0 (Ampere) or newer"
    )]
    Architecture {
        /// Of the capability.
        major: i32,
        /// Of the capability.
        minor: i32,
    },
    /// A device without warpgroups.
    #[error(
        "{device} has no warpgroups, which compute capability 9.0 alone has; \
         remedy: the device `cuda` instead of `cuda-wgmma`"
    )]
    NoWarpgroups {
        /// The device.
        device: String,
    },
    /// cuBLASLt is not there.
    #[error(
        "no libcublasLt.so.13 with the loader, in the wheels of python3, or in /usr/local/cuda; \
         remedy: pip install nvidia-cublas==13.1.0.3, or the device `cuda`"
    )]
    NoCublasLt,
    /// Neither a cubin nor a way to compile one.
    #[error(
        "kernel file {file} has no cubin for {arch} in this binary, and NVRTC was not found; \
         remedy: `cargo xtask cubins` before building, or pip install nvidia-cuda-nvrtc==13.0.88"
    )]
    NoCubin {
        /// The file.
        file: String,
        /// The architecture.
        arch: String,
    },
    /// The memory does not suffice.
    #[error("{device}: no memory for {n_bytes} bytes ({free_bytes} free); remedy: {remedy}")]
    Memory {
        /// The device.
        device: String,
        /// What was asked for.
        n_bytes: usize,
        /// What is left.
        free_bytes: usize,
        /// What helps.
        remedy: &'static str,
    },
    /// No C++ compiler for the emulation.
    #[error(
        "cannot start the C++ compiler `{compiler}`, which the emulated device needs; \
         remedy: apt install g++ (Debian, Ubuntu) · dnf install gcc-c++ (Fedora) · \
         xcode-select --install (macOS)"
    )]
    NoCompiler {
        /// The program.
        compiler: String,
        /// Why it did not start.
        #[source]
        source: std::io::Error,
    },
    /// A kernel does not compile.
    #[error("{file} does not compile:\n{log}")]
    Compile {
        /// The file.
        file: String,
        /// What the compiler said.
        log: String,
    },
    /// A kernel is not in the file that should hold it.
    #[error("kernel {kernel} of {file} cannot be loaded: {why}")]
    Load {
        /// The kernel.
        kernel: String,
        /// Its file.
        file: String,
        /// The reason.
        why: String,
    },
    /// A kernel failed under emulation: a bug in the kernel, found.
    #[error("kernel {kernel} failed under emulation: {message}")]
    Emulation {
        /// The kernel.
        kernel: String,
        /// What was found.
        message: String,
    },
    /// Something that a graph cannot hold.
    #[error("{what} cannot be recorded into a graph: bring its operands to the device before")]
    Recording {
        /// What was asked for.
        what: &'static str,
    },
    /// The driver refused something.
    #[error("CUDA: {op}: {message}")]
    Driver {
        /// What was asked.
        op: String,
        /// The driver's words.
        message: String,
    },
    /// The registry does not parse.
    #[error("kernels.toml: {0}")]
    Registry(String),
    /// A file of the cache.
    #[error("cannot use the kernel cache at {path}: {source}; remedy: choose a folder to write in")]
    Cache {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}
