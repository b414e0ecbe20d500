//! Makes the pre-initialised CPython module and tries it.
//!
//! `make RAW.wasm OUT.wasm LIB GUEST` runs `init` under WASI and keeps the heap as it then is;
//! `run MODULE CASES.toml` checks cases; `bench PROGRAMS.toml ROUNDS MODULE...` measures rates;
//! `pages MODULE PROGRAMS.toml` lists the pages that programs write.

mod bench;
mod cases;
mod closed;
mod make;
mod pages;
mod protocol;

use wasmtime::Result;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["make", raw, out, lib, guest] => make::make(raw, out, lib, guest),
        ["run", module, files @ ..] if !files.is_empty() => cases::run(module, files),
        ["bench", programs, rounds, modules @ ..] if !modules.is_empty() => {
            bench::bench(programs, rounds.parse()?, modules)
        }
        ["pages", module, programs] => pages::pages(module, programs),
        _ => Err(wasmtime::format_err!(
            "usage: make RAW OUT LIB GUEST | run MODULE CASES... | bench PROGRAMS ROUNDS MODULE... \
             | pages MODULE PROGRAMS"
        )),
    }
}
