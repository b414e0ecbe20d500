//! `quaero doctor`: checks this machine and tells how to fix what is missing.

use std::path::Path;

use quaero_ops::{Kind, Products};
use quaero_terminal::print;
use serde_json::json;

use crate::world;

/// One thing that was looked at.
struct Check {
    name: &'static str,
    found: String,
    /// What to do, where training cannot start.
    remedy: Option<String>,
}

pub(crate) fn run(plugins: &Path, as_json: bool) -> anyhow::Result<()> {
    let checks = [processor(), memory(), sandbox(plugins), model(), accelerator(plugins)];
    if as_json {
        let all: Vec<_> = checks
            .iter()
            .map(|c| json!({"name": c.name, "found": c.found, "remedy": c.remedy}))
            .collect();
        print::line(&serde_json::to_string_pretty(&all)?);
    } else {
        let rows: Vec<Vec<String>> = checks
            .iter()
            .map(|c| {
                let found = match &c.remedy {
                    Some(remedy) => format!("LACKS  {} → {remedy}", c.found),
                    None => c.found.clone(),
                };
                vec![format!("{:<12} {found}", c.name)]
            })
            .collect();
        print::table(&[""], &rows);
    }
    if checks.iter().any(|check| check.remedy.is_some()) {
        anyhow::bail!("training cannot start yet: see the remedies above");
    }
    Ok(())
}

fn processor() -> Check {
    let mut path = "portable scalar code";
    #[cfg(target_arch = "x86_64")]
    for (found, name) in [
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"), "AVX2 and FMA, f32"),
        (is_x86_feature_detected!("avx512f"), "AVX-512, f32"),
    ] {
        if found {
            path = name;
        }
    }
    let threads = rayon::current_num_threads();
    let found = format!("{threads} threads, {path} arithmetic over bf16 storage");
    Check { name: "processor", found, remedy: None }
}

fn memory() -> Check {
    let check = |found, remedy| Check { name: "memory", found, remedy };
    match world::available_bytes() {
        Some(bytes) => {
            let short = bytes < 2 << 30;
            let remedy = short.then(|| "free at least 2 GiB for the default run".to_owned());
            check(format!("{:.1} GiB available", bytes as f64 / f64::from(1 << 30)), remedy)
        }
        None => check("unknown on this system".to_owned(), None),
    }
}

fn sandbox(plugins: &Path) -> Check {
    let opened =
        quaero_config::load(None, &[]).map_err(Into::into).and_then(|c| world::host(&c, plugins));
    match opened {
        Ok(host) => {
            let names: Vec<&str> =
                host.families().map(|family| family.manifest().name.as_str()).collect();
            let found = format!("families {} load and pass their cases", names.join(", "));
            Check { name: "sandbox", found, remedy: None }
        }
        Err(error) => {
            let remedy = Some("cargo xtask plugin build".to_owned());
            Check { name: "sandbox", found: format!("{error:#}"), remedy }
        }
    }
}

fn model() -> Check {
    match world::policy(Path::new(world::SEED)) {
        Ok(policy) => {
            let millions = policy.model.params().n_elements() as f64 / 1e6;
            let found = format!("embedded seed model of {millions:.2} M parameters loads");
            Check { name: "seed model", found, remedy: None }
        }
        Err(error) => {
            let remedy = Some("rebuild: the embedded files are damaged".to_owned());
            Check { name: "seed model", found: format!("{error:#}"), remedy }
        }
    }
}

/// Training starts without a GPU, so that its absence is no failure.
fn accelerator(plugins: &Path) -> Check {
    let found = match world::device(plugins, Kind::Cuda(Products::Portable)) {
        Ok(device) => device.name(),
        Err(error) => format!("none: {error:#}"),
    };
    Check { name: "GPU", found, remedy: None }
}
