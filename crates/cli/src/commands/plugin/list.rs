//! `quaero plugin list`. A file that is no family is a line with its reason, and hides no other.

use std::path::Path;

use quaero_terminal::print;
use serde_json::{Value, json};

use crate::args::PluginList;
use crate::world;

pub(super) fn run(plugins: &Path, args: &PluginList) -> anyhow::Result<()> {
    let configured = &args.configured;
    let resolved = quaero_config::load(configured.config.as_deref(), &configured.sets)?;
    let (host, refused) = world::host_each(&resolved, plugins, 0)?;
    if args.json.json {
        let loaded = host.families().map(|family| {
            let m = family.manifest();
            let kinds: Vec<&str> = m.kinds.iter().map(|kind| kind.name.as_str()).collect();
            json!({"name": m.name, "version": m.version, "license": m.license, "kinds": kinds,
                   "capabilities": m.capabilities, "granted": family.granted(),
                   "summary": m.summary, "digest": family.digest(), "source": family.source()})
        });
        let lame =
            refused.iter().map(|one| json!({"source": one.source, "error": one.error.to_string()}));
        let all: Vec<Value> = loaded.chain(lame).collect();
        print::line(&serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    let or_dash = |words: String| if words.is_empty() { "-".to_owned() } else { words };
    let rows: Vec<Vec<String>> = host
        .families()
        .map(|family| {
            let m = family.manifest();
            let kinds: Vec<&str> = m.kinds.iter().map(|kind| kind.name.as_str()).collect();
            vec![
                m.name.clone(),
                m.version.clone(),
                m.license.clone(),
                kinds.join(", "),
                or_dash(m.capabilities.join(", ")),
                or_dash(family.granted().join(", ")),
                family.digest().to_owned(),
                family.source().to_owned(),
            ]
        })
        .collect();
    let header = ["family", "version", "licence", "kinds", "asks", "granted", "digest", "file"];
    print::table(&header, &rows);
    for one in &refused {
        print::line(&format!("{} does not load: {}", one.source, one.error));
    }
    Ok(())
}
