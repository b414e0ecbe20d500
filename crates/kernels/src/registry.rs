//! `kernels/kernels.toml`: which kernels there are, how they are called and what they may cost.
//!
//! A launch whose arguments differ from the registry's signature is a bug and panics; a test holds
//! the registry against the sources.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::Error;
use crate::sources::source;

/// A kernel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// Its function.
    pub name: String,
    /// Its file, in `kernels/`.
    pub file: String,
    /// One letter an argument: p pointer, i i32, l i64, u u64, f f32, t tensor map.
    pub args: String,
    /// The most threads of a block.
    pub threads: u32,
    /// The most registers of a thread, by architecture; more is a build error.
    pub registers: BTreeMap<String, u32>,
    /// Instructions that its code must hold (`"HMMA"`) or must not (`"!LDL"`).
    #[serde(default)]
    pub sass: Vec<String>,
    /// What must come before what in the loops of its code; `cargo xtask cubins` reads it.
    #[serde(default)]
    pub order: Vec<String>,
}

/// All kernels.
#[derive(Clone, Debug)]
pub struct Registry {
    kernels: BTreeMap<String, Arc<Kernel>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kernel: Vec<Kernel>,
}

impl Registry {
    /// Reads the embedded registry.
    ///
    /// # Errors
    /// If it does not parse.
    pub fn embedded() -> Result<Self, Error> {
        let text = source("kernels.toml").unwrap_or_default();
        let File { kernel } =
            toml::from_str(text).map_err(|error| Error::Registry(error.to_string()))?;
        let by_name = |kernel: Kernel| (kernel.name.clone(), Arc::new(kernel));
        let kernels = kernel.into_iter().map(by_name).collect();
        Ok(Self { kernels })
    }

    /// Every kernel, by name.
    pub fn kernels(&self) -> impl Iterator<Item = &Kernel> {
        self.kernels.values().map(|kernel| &**kernel)
    }

    /// The kernel `name`.
    ///
    /// # Panics
    /// If there is none: launchers name kernels that exist.
    #[must_use]
    pub fn kernel(&self, name: &str) -> &Arc<Kernel> {
        self.kernels.get(name).unwrap_or_else(|| panic!("kernels.toml lists no kernel `{name}`"))
    }

    /// The kernels of `file`.
    pub(crate) fn of_file<'a>(&'a self, file: &'a str) -> impl Iterator<Item = &'a Kernel> {
        self.kernels().filter(move |kernel| kernel.file == file)
    }
}

/// The letters of a parameter list of C++.
#[must_use]
pub fn signature(parameters: &str) -> String {
    parameters
        .split(',')
        .map(|parameter| match parameter.trim().trim_start_matches("const ") {
            pointer if pointer.contains('*') => 'p',
            map if map.starts_with("TENSOR_MAP ") => 't',
            number if number.starts_with("int64_t ") => 'l',
            number if number.starts_with("uint64_t ") => 'u',
            number if number.starts_with("int ") => 'i',
            number if number.starts_with("float ") => 'f',
            other => panic!("a kernel's parameter `{other}` has no letter"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SOURCES;

    /// Every `KERNEL …name(parameters)` of a source, macros' `##D` written out.
    fn declared(text: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let text = text.replace('\\', " ");
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in text.split("KERNEL __launch_bounds__(").skip(1) {
            let (_, part) = part.split_once(") ").expect("bounds end");
            let (name, rest) = part.split_once('(').expect("a list of parameters");
            let (parameters, _) = rest.split_once(')').expect("its end");
            let letters = signature(parameters);
            if name == "name" {
                // A macro: every use names a kernel.
                let head = text.split(&format!("{part:.40}")).next().unwrap_or_default();
                let at = head.rfind("#define ").expect("a macro is defined");
                let called = head[at + 8..].split('(').next().expect("a macro has parameters");
                for used in text.split(&format!("{called}(")).skip(2) {
                    let name = used.split(',').next().expect("its name");
                    found.push((name.trim().to_owned(), letters.clone()));
                }
            } else if let Some(stem) = name.strip_suffix("##D") {
                found.extend(["32", "64", "128"].map(|d| (format!("{stem}{d}"), letters.clone())));
            } else {
                found.push((name.to_owned(), letters));
            }
        }
        found
    }

    #[test]
    fn the_registry_says_what_the_sources_say() {
        let registry = Registry::embedded().unwrap();
        let mut expected = BTreeMap::new();
        for (path, text) in SOURCES {
            if path.ends_with(".cu") && !path.contains('/') {
                for (name, letters) in declared(text) {
                    expected.insert(name, ((*path).to_owned(), letters));
                }
            }
        }
        let got: BTreeMap<_, _> = registry
            .kernels()
            .map(|kernel| (kernel.name.clone(), (kernel.file.clone(), kernel.args.clone())))
            .collect();
        assert_eq!(got, expected);
    }
}
