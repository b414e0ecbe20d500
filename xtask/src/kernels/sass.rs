//! What the registry promises of a kernel, and what nvcc's logs and machine code say.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::order::Rule;

/// No kernel may use local memory or atomics.
const NEVER: &[&str] = &["LDL", "STL", "ATOM", "ATOMG", "ATOMS", "RED"];

/// A kernel of `kernels.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its file.
    pub(super) file: String,
    /// The most registers, by architecture.
    pub(super) registers: BTreeMap<String, u32>,
    /// Instructions that must be there, or with `!` must not.
    pub(super) sass: Vec<String>,
    /// What must come before what: see [`order`](super::order).
    pub(super) order: Vec<String>,
}

/// Reads what is needed of the registry.
///
/// # Errors
/// When it cannot be read.
pub(super) fn registry(path: &Path) -> Result<BTreeMap<String, Entry>> {
    let text = std::fs::read_to_string(path).context("cannot read kernels/kernels.toml")?;
    Ok(parse(&text))
}

/// The registry is written with one field a line; the crate `kernels` holds it to its schema.
fn parse(text: &str) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    for part in text.split("[[kernel]]").skip(1) {
        let mut entry = Entry::default();
        let mut name = String::new();
        for line in part.lines() {
            let Some((field, value)) = line.split_once(" = ") else { continue };
            match field {
                "name" => name = value.trim_matches('"').to_owned(),
                "file" => entry.file = value.trim_matches('"').to_owned(),
                "sass" => entry.sass = quoted(value),
                "order" => entry.order = quoted(value),
                "registers" => {
                    for pair in value.trim_matches(['{', '}', ' ']).split(", ") {
                        if let Some((arch, n)) = pair.split_once(" = ") {
                            entry.registers.extend(n.parse().map(|n| (arch.to_owned(), n)));
                        }
                    }
                }
                _ => {}
            }
        }
        entries.insert(name, entry);
    }
    entries
}

impl Entry {
    /// Whether it is for warpgroups: built for sm_90a alone.
    fn is_for_warpgroups(&self) -> bool {
        !self.registers.contains_key("sm_80")
    }
}

/// Whether a kernel of `file` is built for `arch`.
pub(super) fn is_built(entries: &BTreeMap<String, Entry>, file: &str, arch: &str) -> bool {
    let mut of_file = entries.values().filter(|entry| entry.file == file);
    of_file.any(|entry| entry.registers.contains_key(arch))
}

/// What ptxas takes for no more than a loss of speed, and a kernel for warpgroups is written for.
pub(super) fn losses(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains("Potential Performance Loss")).collect()
}

fn quoted(list: &str) -> Vec<String> {
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Registers and bytes of shared memory of each kernel, from ptxas's log.
pub(super) fn resources(log: &str) -> BTreeMap<String, (u32, u32)> {
    let mut found = BTreeMap::new();
    let mut kernel = String::new();
    for line in log.lines() {
        if let Some((_, rest)) = line.split_once("Compiling entry function '") {
            kernel = rest.split('\'').next().unwrap_or_default().to_owned();
        }
        if let Some((_, rest)) = line.split_once("Used ") {
            let before = |unit: &str| {
                let (head, _) = rest.split_once(unit)?;
                head.trim().rsplit(' ').next()?.parse::<u32>().ok()
            };
            let registers = before("registers").unwrap_or(u32::MAX);
            found.insert(kernel.clone(), (registers, before("bytes smem").unwrap_or(0)));
        }
    }
    found
}

/// The text of each function of a disassembly.
pub(super) fn functions(text: &str) -> BTreeMap<String, String> {
    let parts = text.split("Function : ").skip(1);
    let named = parts.filter_map(|part| part.split_once('\n'));
    named.map(|(name, code)| (name.trim().to_owned(), code.to_owned())).collect()
}

/// What is wrong with a kernel.
pub(super) fn findings(
    entry: Option<&Entry>,
    arch: &str,
    registers: u32,
    code: Option<&String>,
) -> Vec<String> {
    let Some(entry) = entry else {
        return vec!["not in kernels.toml".to_owned()];
    };
    let mut findings = Vec::new();
    match entry.registers.get(arch) {
        Some(&most) if registers <= most => {}
        Some(most) => findings.push(format!("{registers} registers, at most {most}")),
        None => findings.push(format!("kernels.toml has no ceiling for {arch}")),
    }
    if entry.is_for_warpgroups() && !entry.sass.iter().any(|rule| rule == "HGMMA") {
        findings.push("is for sm_90a alone, and its entry lists no HGMMA".to_owned());
    }
    let Some(code) = code else {
        findings.push("no machine code".to_owned());
        return findings;
    };
    let has = |instruction: &str| {
        code.split_whitespace().any(|word| {
            word == instruction
                || word.strip_prefix(instruction).is_some_and(|rest| rest.starts_with('.'))
        })
    };
    let never = NEVER.iter().map(|name| format!("!{name}"));
    for rule in entry.sass.iter().cloned().chain(never) {
        match rule.strip_prefix('!') {
            Some(banned) if has(banned) => findings.push(format!("holds {banned}")),
            None if !has_modified(code, &rule) => findings.push(format!("no {rule}")),
            _ => {}
        }
    }
    for rule in &entry.order {
        match Rule::parse(rule) {
            Ok(parsed) => {
                let broken = parsed.findings(code).into_iter();
                findings.extend(broken.map(|how| format!("`{rule}`: {how}")));
            }
            Err(error) => findings.push(error.to_string()),
        }
    }
    findings
}

/// Whether an instruction with all parts of `rule` (`LDG.E.128`) is there, others between them.
fn has_modified(code: &str, rule: &str) -> bool {
    let (name, modifiers) = rule.split_once('.').unwrap_or((rule, ""));
    code.split_whitespace().any(|word| {
        let mut parts = word.split('.');
        parts.next() == Some(name)
            && modifiers
                .split('.')
                .filter(|part| !part.is_empty())
                .all(|part| word.split('.').skip(1).any(|have| have == part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
ptxas info    : Compiling entry function 'cast' for 'sm_80'
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 24 registers, used 1 barriers, 128 bytes smem, 376 bytes cmem[0]";
    const CODE: &str = "\
\tFunction : cast
  LDG.E.128.CONSTANT R4, [R2.64] ;
  STG.E.128 [R6], R4 ;
";

    #[track_caller]
    fn check(sass: &str, expected: &[&str]) {
        let registry = format!(
            "[[kernel]]\nname = \"cast\"\nregisters = {{ sm_80 = 24, sm_90a = 20 }}\n\
             sass = {sass}\n"
        );
        let entries = parse(&registry);
        let (registers, shared) = resources(LOG)["cast"];
        assert_eq!((registers, shared), (24, 128));
        let got = findings(entries.get("cast"), "sm_80", registers, functions(CODE).get("cast"));
        assert_eq!(got, expected);
    }

    #[test]
    fn instructions_are_looked_for_and_banned() {
        check("[\"LDG.E.128\"]", &[]);
        check("[\"HMMA\", \"!STG\"]", &["no HMMA", "holds STG"]);
    }

    #[test]
    fn ceilings_and_strangers_are_found() {
        let registers = BTreeMap::from([("sm_80".into(), 16)]);
        let entry = Entry { registers, ..Entry::default() };
        let code = "ATOMG.E.ADD STL.64 STL".to_owned();
        let got = findings(Some(&entry), "sm_80", 24, Some(&code));
        assert_eq!(got, ["24 registers, at most 16", "holds STL", "holds ATOMG"]);
        assert_eq!(findings(None, "sm_80", 1, None), ["not in kernels.toml"]);
    }

    #[test]
    fn a_kernel_for_warpgroups_is_held_to_its_instructions() {
        let registry = "[[kernel]]\nname = \"g\"\nfile = \"g.cu\"\n\
                        registers = { sm_90a = 8 }\n";
        let bare = parse(registry);
        assert!(is_built(&bare, "g.cu", "sm_90a") && !is_built(&bare, "g.cu", "sm_80"));
        let code = "HMMA.16816.F32.BF16 R0".to_owned();
        let got = findings(bare.get("g"), "sm_90a", 8, Some(&code));
        assert_eq!(got, ["is for sm_90a alone, and its entry lists no HGMMA"]);
        let listed = parse(&format!("{registry}sass = [\"HGMMA\", \"UTMALDG\"]\n"));
        let got = findings(listed.get("g"), "sm_90a", 8, Some(&code));
        assert_eq!(got, ["no HGMMA", "no UTMALDG"]);
        let code = "HGMMA.64x256x16.F32.BF16 R24 UTMALDG.2D [UR8]".to_owned();
        assert!(findings(listed.get("g"), "sm_90a", 8, Some(&code)).is_empty());
    }

    #[test]
    fn the_order_of_instructions_is_held_to_the_registry() {
        let registry = "[[kernel]]\nname = \"cast\"\nregisters = { sm_80 = 8 }\n\
                        order = [\"LDG without STG\", \"LDG then STG\"]\n";
        let entries = parse(registry);
        let code = "/*0000*/ LDG R0, [R2] ;\n/*0010*/ STG [R2], R0 ;\n/*0020*/ BRA 0x0 ;";
        let got = findings(entries.get("cast"), "sm_80", 8, Some(&code.to_owned()));
        assert_eq!(got[0], "`LDG without STG`: in a loop: /*0010*/ STG [R2], R0");
        assert!(got[1].contains("`LDG then STG` is no rule"), "{got:?}");
    }

    #[test]
    fn serialized_products_are_a_loss() {
        let log = "ptxas info : (C7510) Potential Performance Loss: wgmma.mma_async instructions \
                   are serialized due to\nptxas info : Used 8 registers";
        assert_eq!(losses(log).len(), 1);
        assert!(losses(LOG).is_empty());
    }
}
