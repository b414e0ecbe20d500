//! `quaero model`: what there is to fetch, and what a checkpoint is.

pub(crate) mod export;
pub(crate) mod fetch;

use std::path::Path;

use quaero_model::{ForwardOptions, Packed};
use quaero_terminal::print;
use serde_json::json;

use crate::args::Fetch;
use crate::{catalog, world};

/// The text whose log-prob is printed: a fixed point to compare builds and machines by.
const TEXT: &str = "def f(a):\n    return a + 1\n";

pub(crate) fn check(folder: &Path, as_json: bool) -> anyhow::Result<()> {
    let policy = world::policy(folder)?;
    let config = policy.model.config();
    let n_params = policy.model.params().n_elements();
    let tokens = policy.tokenizer.encode(TEXT)?;
    let packed = Packed::new([&tokens]);
    let options = ForwardOptions { recompute: false, temperature: 1.0 };
    let forward = policy.model.forward(&packed, &packed.next_tokens(), &options)?;
    let logp: f64 = forward.logp.iter().map(|&x| f64::from(x)).sum();
    let mib = |bytes_each: usize| (n_params * bytes_each) >> 20;
    let rows = [
        ("architecture", json!(format!("{:?}", config.architecture).to_lowercase())),
        ("parameters", json!(n_params)),
        ("layers", json!(config.n_layers)),
        ("hidden", json!(config.hidden_size)),
        ("heads", json!(format!("{}/{}", config.n_heads, config.n_kv_heads))),
        ("vocabulary", json!(config.vocab_size)),
        ("context", json!(config.max_position_embeddings)),
        ("weights MiB", json!(mib(4))),
        ("training MiB", json!(mib(16))),
        ("text tokens", json!(tokens.len())),
        ("text logprob", json!(logp)),
    ];
    if as_json {
        let object: serde_json::Map<_, _> =
            rows.into_iter().map(|(name, value)| (name.replace(' ', "_"), value)).collect();
        print::line(&serde_json::to_string_pretty(&object)?);
    } else {
        let show = |value: &serde_json::Value| value.to_string().replace('"', "");
        let rows: Vec<Vec<String>> =
            rows.iter().map(|(name, value)| vec![(*name).to_owned(), show(value)]).collect();
        print::table(&["", ""], &rows);
    }
    Ok(())
}

pub(crate) fn fetch(args: &Fetch) -> anyhow::Result<()> {
    let models = catalog::folder()?;
    let options = fetch::Options {
        models: &models,
        accept_licence: args.accept_licence,
        python: args.python.as_deref(),
    };
    print::line(&fetch::fetch(&args.name, &options)?.display().to_string());
    Ok(())
}

pub(crate) fn list(as_json: bool) -> anyhow::Result<()> {
    let models = catalog::folder()?;
    let all = catalog::all();
    let at = |entry: &catalog::Entry| {
        catalog::is_complete(entry, &models).then(|| models.join(entry.name))
    };
    if as_json {
        let list = all.iter().map(|entry| {
            json!({
                "name": entry.name, "title": entry.title, "licence": entry.licence,
                "terms": entry.terms, "download_mb": entry.download_mb,
                "folder_mb": entry.folder_mb, "source": entry.source(), "folder": at(entry),
            })
        });
        print::line(&serde_json::to_string_pretty(&list.collect::<Vec<_>>())?);
        return Ok(());
    }
    let rows = all.iter().map(|entry| {
        let size = format!("{} MB", entry.download_mb);
        let (name, title, licence) = (entry.name, entry.title, entry.licence);
        let place = at(entry).map_or_else(|| "–".to_owned(), |it| it.display().to_string());
        vec![name.to_owned(), title.to_owned(), size, licence.to_owned(), place]
    });
    print::table(&["name", "model", "to fetch", "licence", "folder"], &rows.collect::<Vec<_>>());
    Ok(())
}
