//! The contract of `plugins/wit`, as wasmtime sees it. Generated at compile time.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated from plugins/wit, which is documented"
)]

wasmtime::component::bindgen!({
    path: "../../plugins/wit",
    world: "family",
    imports: { default: trappable },
});
