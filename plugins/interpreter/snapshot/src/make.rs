//! The snapshot itself, through wasmtime-wizer.

use wasmtime::{Config, Engine, Instance, Linker, Module, Result, Store, Val};
use wasmtime_wasi::p1::{WasiP1Ctx, add_to_linker_async};
use wasmtime_wasi::{FsPerms, WasiCtx};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

/// The instance as wizer reads it.
struct Snap<'a> {
    store: &'a mut Store<WasiP1Ctx>,
    instance: Instance,
}

impl InstanceState for Snap<'_> {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut *self.store, name);
        match global.expect("wizer names an exported global").get(&mut *self.store) {
            Val::I32(x) => SnapshotVal::I32(x),
            Val::I64(x) => SnapshotVal::I64(x),
            Val::F32(x) => SnapshotVal::F32(x),
            Val::F64(x) => SnapshotVal::F64(x),
            other => unreachable!("CPython has no global of type {other:?}"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut *self.store, name);
        contents(memory.expect("wizer names an exported memory").data(&*self.store));
    }
}

/// Runs `init` of the module `raw` with `/lib` and `/guest` mounted, and writes the module with
/// that heap.
pub fn make(raw: &str, out: &str, lib: &str, guest: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let mut config = Config::new();
        config.max_wasm_stack(8 << 20).async_stack_size(16 << 20);
        let engine = Engine::new(&config)?;
        let mut linker: Linker<WasiP1Ctx> = Linker::new(&engine);
        add_to_linker_async(&mut linker, |ctx| ctx)?;
        let mut wasi = WasiCtx::builder();
        wasi.inherit_stdout().inherit_stderr();
        wasi.preopened_dir(lib, "/lib", FsPerms::ReadOnly)?;
        wasi.preopened_dir(guest, "/guest", FsPerms::ReadOnly)?;
        let mut store = Store::new(&engine, wasi.build_p1());

        let wasm = std::fs::read(raw)?;
        let mut wizer = Wizer::new();
        wizer.init_func("init");
        let (context, instrumented) = wizer.instrument(&wasm)?;
        let module = Module::new(&engine, &instrumented)?;
        let instance = linker.instantiate_async(&mut store, &module).await?;
        for name in ["_initialize", "init"] {
            let function = instance.get_typed_func::<(), ()>(&mut store, name)?;
            function.call_async(&mut store, ()).await?;
        }
        let snapshot = wizer.snapshot(&context, &mut Snap { store: &mut store, instance }).await?;
        std::fs::write(out, &snapshot)?;
        println!("{raw}: {} bytes -> {out}: {} bytes", wasm.len(), snapshot.len());
        Ok(())
    })
}
