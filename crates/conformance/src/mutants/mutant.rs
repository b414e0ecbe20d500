//! A planted bug, and the hunt for it.

use std::collections::BTreeMap;

use quaero_kernels::{Device, Error, SOURCES, SimtOptions};

/// A bug to plant.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// What is wrong.
    pub what: &'static str,
    /// The file that is changed.
    pub file: &'static str,
    /// The kernel file whose tests must catch it.
    pub tried: &'static str,
    /// What stands there; the first occurrence is changed.
    pub from: &'static str,
    /// What is planted.
    pub to: &'static str,
}

impl Mutant {
    /// The changed file.
    ///
    /// # Panics
    /// If the text to change is not there: the kernel has moved on, and the bug must follow.
    #[must_use]
    pub fn overlay(&self) -> BTreeMap<String, String> {
        let source = SOURCES.iter().find(|(path, _)| *path == self.file);
        let (_, text) = source.unwrap_or_else(|| panic!("there is no file {}", self.file));
        assert!(text.contains(self.from), "{}: `{}` is not there", self.file, self.from);
        BTreeMap::from([(self.file.to_owned(), text.replacen(self.from, self.to, 1))])
    }

    /// How the tests catch it; `None` if they do not. In order with late copies, and shuffled with
    /// early ones.
    ///
    /// # Errors
    /// If the changed file does not compile: then it is no test of the tests.
    pub fn hunt(&self, options: &SimtOptions, small: bool) -> Result<Option<String>, Error> {
        let options = SimtOptions { overlay: self.overlay(), ..options.clone() };
        let shuffled = SimtOptions { seed: 7, late_copies: false, ..options.clone() };
        let devices = [Device::simt(options)?, Device::simt(shuffled)?];
        for test in crate::all() {
            if test.file != self.tried || small && !test.small {
                continue;
            }
            if let Err(how) = crate::run(&test, &devices) {
                if how.contains("does not compile") {
                    return Err(Error::Compile { file: self.file.to_owned(), log: how });
                }
                return Ok(Some(format!("{}: {how}", test.name)));
            }
        }
        Ok(None)
    }
}
