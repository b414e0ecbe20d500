//! The wasmtime host: discovers, compiles, caches and runs task families.
