//! All that a program's instance sees of the world: nothing. Every import of WASI preview 1 answers
//! "bad descriptor", except `proc_exit`, which ends the instance, and `fd_write`, whose bytes are
//! kept up to a bound for the text of a crash.

use wasmtime::{Caller, Engine, ExternType, Linker, Module, Store, Val, ValType};

use crate::room::Room;

/// The one module that imports may come from.
const WASI: &str = "wasi_snapshot_preview1";
/// WASI's `badf`.
const BAD_DESCRIPTOR: i32 = 8;
/// What of a program's last words is kept.
const LAST_WORDS_BYTES_MAX: usize = 400;

/// What the host keeps of an instance.
pub(super) struct World {
    /// Its memory.
    pub(super) room: Room,
    /// The first bytes written to standard output and error.
    pub(super) last_words: Vec<u8>,
}

/// The program ended its instance (`os._exit`).
#[derive(Debug, thiserror::Error)]
#[error("exit {0}")]
pub(super) struct Exit(pub(super) i32);

/// Answers every import of `module`.
///
/// # Errors
/// Names imports that are not functions of WASI preview 1.
pub(super) fn linker(engine: &Engine, module: &Module) -> Result<Linker<World>, String> {
    let mut linker = Linker::new(engine);
    let foreign: Vec<String> = module
        .imports()
        .filter(|import| import.module() != WASI || !matches!(import.ty(), ExternType::Func(_)))
        .map(|import| format!("{}.{}", import.module(), import.name()))
        .collect();
    if !foreign.is_empty() {
        return Err(format!("it imports {}", foreign.join(", ")));
    }
    for import in module.imports() {
        let name = import.name();
        let ExternType::Func(ty) = import.ty() else { continue };
        let defined = match name {
            "proc_exit" => linker.func_wrap(WASI, name, exit).map(drop),
            "fd_write" => linker.func_wrap(WASI, name, write).map(drop),
            _ => {
                let answers = ty.results().all(|result| matches!(result, ValType::I32));
                if !answers {
                    return Err(format!("{WASI}.{name} has a type that WASI does not know"));
                }
                let closed = |_: Caller<'_, World>, _: &[Val], results: &mut [Val]| {
                    results.fill(Val::I32(BAD_DESCRIPTOR));
                    Ok(())
                };
                linker.func_new(WASI, name, ty, closed).map(drop)
            }
        };
        defined.map_err(|error| format!("{WASI}.{name}: {error:#}"))?;
    }
    Ok(linker)
}

/// A store for one program.
pub(super) fn store(engine: &Engine, memory_bytes_max: usize) -> Store<World> {
    let mut store =
        Store::new(engine, World { room: Room::new(memory_bytes_max), last_words: Vec::new() });
    store.limiter(|world| &mut world.room);
    store
}

fn exit(_: Caller<'_, World>, code: i32) -> wasmtime::Result<()> {
    Err(Exit(code).into())
}

/// Keeps what fits and says that all was written; the guest's own lengths are not believed.
fn write(mut caller: Caller<'_, World>, _fd: i32, list: u32, n: u32, written: u32) -> i32 {
    let Some(memory) = caller.get_export("memory").and_then(wasmtime::Extern::into_memory) else {
        return BAD_DESCRIPTOR;
    };
    let (bytes, world) = memory.data_and_store_mut(&mut caller);
    let number = |at: usize| -> Option<u32> {
        Some(u32::from_le_bytes(bytes.get(at..)?.first_chunk().copied()?))
    };
    // A program may name four billion pieces: only what can hold our bound is looked at.
    let mut total = 0_u32;
    for piece in 0..n.min(64) {
        let at = list as usize + 8 * piece as usize;
        let (Some(from), Some(len)) = (number(at), number(at + 4)) else { return BAD_DESCRIPTOR };
        let from = from as usize;
        let room = LAST_WORDS_BYTES_MAX.saturating_sub(world.last_words.len()).min(len as usize);
        let Some(piece) = bytes.get(from..from + room) else { return BAD_DESCRIPTOR };
        world.last_words.extend_from_slice(piece);
        total = total.saturating_add(len);
    }
    match bytes.get_mut(written as usize..).and_then(<[u8]>::first_chunk_mut) {
        Some(out) => *out = total.to_le_bytes(),
        None => return BAD_DESCRIPTOR,
    }
    0
}
