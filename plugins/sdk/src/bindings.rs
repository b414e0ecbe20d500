//! Generated from `plugins/wit`.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
wit_bindgen::generate!({
    path: "../wit",
    world: "family",
    pub_export_macro: true,
    export_macro_name: "export_world",
    default_bindings_module: "quaero_sdk::bindings",
    additional_derives: [PartialEq],
});
