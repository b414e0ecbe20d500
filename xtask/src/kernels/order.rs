//! What must come before what in machine code: the compiler may move a wait over the work that it
//! was to overlap with, and says nothing.
//!
//! Rules stand in `kernels.toml`, and hold in every smallest loop that has their first instruction:
//! - `"WAIT1 .. 34 EX2 .. WAIT0"`: so many of the second lie between the first and the next of the
//!   third, the loop read around;
//! - `"HGMMA without MUFU.RCP"`: the loop holds none of the second (a division, say).
//!
//! An instruction is meant by its name and modifiers, others between them, and by operands that it
//! must have: `LDG.E.128`, `WARPGROUP.DEPBAR 0x1`. [`SHORT`] lists abbreviations.

use std::fmt;

use anyhow::{Result, bail};

/// What instructions are called for short: waits for all wgmma but the last N, exponentials.
const SHORT: &[(&str, &str)] =
    &[("WAIT0", "WARPGROUP.DEPBAR 0x0"), ("WAIT1", "WARPGROUP.DEPBAR 0x1"), ("EX2", "MUFU.EX2")];

/// A rule of one kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// `from .. n what .. to`
    Between { from: Pattern, n: usize, what: Pattern, to: Pattern },
    /// `about without banned`
    Without { about: Pattern, banned: Pattern },
}

/// An instruction with what it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    name: String,
    modifiers: Vec<String>,
    operands: Vec<String>,
}

/// An instruction of a disassembly.
#[derive(Clone, Debug)]
struct Instruction<'a> {
    address: u64,
    /// Without its address, as cuobjdump writes it.
    text: &'a str,
}

impl Pattern {
    fn parse(text: &str) -> Result<Self> {
        let long = SHORT.iter().find(|(short, _)| *short == text.trim()).map(|(_, long)| *long);
        let mut words = long.unwrap_or(text).split_whitespace();
        let Some(opcode) = words.next() else { bail!("an instruction is missing") };
        let mut parts = opcode.split('.').map(str::to_owned);
        let name = parts.next().unwrap_or_default();
        let operands = words.map(str::to_owned).collect();
        Ok(Self { name, modifiers: parts.collect(), operands })
    }

    fn is(&self, instruction: &Instruction<'_>) -> bool {
        let mut words = instruction.text.split([' ', ',', ';']).filter(|word| !word.is_empty());
        let predicated = instruction.text.starts_with('@');
        let opcode = words.nth(usize::from(predicated)).unwrap_or_default();
        let mut parts = opcode.split('.');
        let operands: Vec<&str> = words.collect();
        parts.next() == Some(&self.name)
            && self.modifiers.iter().all(|wanted| opcode.split('.').any(|have| have == wanted))
            && self.operands.iter().all(|wanted| operands.contains(&wanted.as_str()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, modifiers, operands } = self;
        let opcode = modifiers.iter().fold(name.clone(), |text, part| format!("{text}.{part}"));
        write!(f, "{}", operands.iter().fold(opcode, |text, operand| format!("{text} {operand}")))
    }
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// When it has neither form.
    pub(super) fn parse(text: &str) -> Result<Self> {
        if let Some((about, banned)) = text.split_once(" without ") {
            let (about, banned) = (Pattern::parse(about)?, Pattern::parse(banned)?);
            return Ok(Self::Without { about, banned });
        }
        let parts: Vec<&str> = text.split(" .. ").collect();
        if let [from, what, to] = parts[..]
            && let Some((n, what)) = what.trim().split_once(' ')
            && let Ok(n) = n.parse()
        {
            let (from, what, to) =
                (Pattern::parse(from)?, Pattern::parse(what)?, Pattern::parse(to)?);
            return Ok(Self::Between { from, n, what, to });
        }
        bail!("`{text}` is no rule: write `A .. 32 B .. C` or `A without B`");
    }

    /// What of `code` breaks the rule, with the lines; nothing if it holds.
    pub(super) fn findings(&self, code: &str) -> Vec<String> {
        let instructions = instructions(code);
        let about = match self {
            Self::Between { from, .. } => from,
            Self::Without { about, .. } => about,
        };
        let loops = smallest_loops(&instructions, about);
        if loops.is_empty() {
            return vec![format!("no loop holds {about}")];
        }
        loops.into_iter().flat_map(|body| self.in_loop(body)).collect()
    }

    fn in_loop(&self, body: &[Instruction<'_>]) -> Vec<String> {
        match self {
            Self::Without { banned, .. } => {
                let found = body.iter().filter(|instruction| banned.is(instruction));
                found.map(|found| format!("in a loop: {}", shown(found))).collect()
            }
            Self::Between { from, n, what, to } => {
                let starts = body.iter().enumerate().filter(|(_, it)| from.is(it));
                starts.filter_map(|(at, start)| around(body, at, (*n, what), to, start)).collect()
            }
        }
    }
}

/// How the way from `start`, at `at` of a loop, to the next `to` breaks a rule.
fn around(
    body: &[Instruction<'_>],
    at: usize,
    (n, what): (usize, &Pattern),
    to: &Pattern,
    start: &Instruction<'_>,
) -> Option<String> {
    let way: Vec<&Instruction<'_>> =
        body.iter().cycle().skip(at + 1).take(body.len()).take_while(|it| !to.is(it)).collect();
    if way.len() == body.len() {
        return Some(format!("no {to} follows {}", shown(start)));
    }
    let n_found = way.iter().filter(|instruction| what.is(instruction)).count();
    let end = &body[(at + 1 + way.len()) % body.len()];
    (n_found < n)
        .then(|| format!("{n_found} {what} of {n} between {} and {}", shown(start), shown(end)))
}

fn shown(instruction: &Instruction<'_>) -> String {
    format!("/*{:04x}*/ {}", instruction.address, instruction.text)
}

/// The instructions of a function: lines `/*0a40*/ TEXT ; /* encoding */`.
fn instructions(code: &str) -> Vec<Instruction<'_>> {
    let read = |line: &'_ str| -> Option<(u64, usize)> {
        let (address, _) = line.trim_start().strip_prefix("/*")?.split_once("*/")?;
        let offset = line.find("*/")? + 2;
        Some((u64::from_str_radix(address, 16).ok()?, offset))
    };
    let lines = code.lines().filter_map(|line| {
        let (address, offset) = read(line)?;
        let text = line[offset..].split(';').next()?.trim();
        // The second half of an encoding stands alone in its line.
        (!text.is_empty() && !text.starts_with("/*")).then_some(Instruction { address, text })
    });
    lines.collect()
}

/// The bodies of loops, from a branch's target back to the branch, that hold `about` and within
/// which no other loop does.
fn smallest_loops<'a, 'b>(
    all: &'a [Instruction<'b>],
    about: &Pattern,
) -> Vec<&'a [Instruction<'b>]> {
    let target = |instruction: &Instruction<'_>| {
        let is_branch = instruction.text.split(' ').any(|w| w == "BRA" || w.starts_with("BRA."));
        let word = instruction.text.split([' ', ',', '`', '(', ')']).rfind(|w| !w.is_empty())?;
        let address = u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()?;
        is_branch.then_some(address)
    };
    let mut loops: Vec<(usize, usize)> = Vec::new();
    for (end, instruction) in all.iter().enumerate() {
        let Some(address) = target(instruction).filter(|to| *to < instruction.address) else {
            continue;
        };
        if let Some(first) = all.iter().position(|other| other.address >= address)
            && all[first..=end].iter().any(|instruction| about.is(instruction))
        {
            loops.push((first, end + 1));
        }
    }
    let holds_another = |&(first, end): &(usize, usize)| {
        loops.iter().any(|&(a, b)| (a, b) != (first, end) && first <= a && b <= end)
    };
    loops.iter().filter(|it| !holds_another(it)).map(|&(first, end)| &all[first..end]).collect()
}

#[cfg(test)]
mod tests;
