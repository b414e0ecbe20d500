//! What one file defines, imports and names.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{Token, is_name, tokens};

/// The parts of a path: `crate::a::B` is `["crate", "a", "B"]`.
pub(crate) type Path = Vec<String>;

/// A file, read for its names.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Items that stand in the file itself.
    pub(crate) defines: BTreeSet<String>,
    /// What each name that a `use` brings in stands for.
    pub(crate) binds: BTreeMap<String, Path>,
    /// Paths before a `::*`.
    pub(crate) globs: Vec<Path>,
    /// Every path that the file uses, with its line. A `pub use` is not among them.
    pub(crate) uses: Vec<(Path, usize)>,
}

const ITEMS: [&str; 8] = ["fn", "struct", "enum", "trait", "const", "static", "type", "union"];

impl Module {
    pub(crate) fn read(source: &str) -> Self {
        let tokens = tokens(source);
        let mut module = Self::default();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let before = at.checked_sub(1).map(|at| tokens[at].text);
            let starts_path = token.text.starts_with(is_name) && before != Some("::");
            if token.text == "use" {
                let public = matches!(before, Some("pub" | ")"));
                at += 1;
                module.take_use(&tokens, &mut at, Path::new(), public);
            } else if starts_path && text(&tokens, at + 1) == "::" {
                let path = path(&tokens, &mut at);
                module.uses.push((path, token.line));
            } else {
                let name = match token.text {
                    "macro_rules" => text(&tokens, at + 2),
                    item if ITEMS.contains(&item) => text(&tokens, at + 1),
                    _ => "",
                };
                if !name.is_empty() {
                    module.defines.insert(name.to_owned());
                }
                at += 1;
            }
        }
        module
    }

    /// Reads one branch of a `use` tree, and stops behind it.
    fn take_use(&mut self, tokens: &[Token<'_>], at: &mut usize, mut path: Path, public: bool) {
        while let Some(token) = tokens.get(*at) {
            *at += 1;
            match token.text {
                "::" => (),
                "{" => {
                    while !matches!(text(tokens, *at), "}" | "") {
                        self.take_use(tokens, at, path.clone(), public);
                        if text(tokens, *at) == "," {
                            *at += 1;
                        }
                    }
                    *at += 1;
                    return;
                }
                "*" => {
                    self.globs.push(path.clone());
                    self.note(path, token.line, public);
                    return;
                }
                name if name.starts_with(is_name) => {
                    path.push(name.to_owned());
                    if text(tokens, *at) == "::" {
                        continue;
                    }
                    if name == "self" && path.len() > 1 {
                        path.pop();
                    }
                    let mut alias = path[path.len() - 1].clone();
                    if text(tokens, *at) == "as" {
                        text(tokens, *at + 1).clone_into(&mut alias);
                        *at += 2;
                    }
                    self.binds.insert(alias, path.clone());
                    self.note(path, token.line, public);
                    return;
                }
                _ => return,
            }
        }
    }

    fn note(&mut self, path: Path, line: usize, public: bool) {
        if !public {
            self.uses.push((path, line));
        }
    }
}

/// The path that starts at `at`, which then stands behind it.
fn path(tokens: &[Token<'_>], at: &mut usize) -> Path {
    let mut path = vec![tokens[*at].text.to_owned()];
    *at += 1;
    while text(tokens, *at) == "::" && text(tokens, *at + 1).starts_with(is_name) {
        path.push(tokens[*at + 1].text.to_owned());
        *at += 2;
    }
    path
}

/// The token at `at`, or nothing behind the last.
fn text<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.text)
}
