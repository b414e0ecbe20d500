//! Planted bugs: each is one change of a kernel's text that the tests of its file must catch.
//!
//! A bug may hang or crash the process it runs in, so whoever hunts it gives it one of its own.

mod mutant;
mod tables;

pub use mutant::Mutant;
pub use tables::MUTANTS;

#[cfg(test)]
mod tests {
    use quaero_kernels::SOURCES;

    use super::*;

    #[test]
    fn every_bug_changes_its_file_and_has_tests() {
        let tests = crate::all();
        assert!(MUTANTS.len() >= 40, "{} bugs", MUTANTS.len());
        for mutant in MUTANTS {
            let overlay = mutant.overlay();
            let (_, text) = SOURCES.iter().find(|(path, _)| *path == mutant.file).unwrap();
            assert_ne!(overlay[mutant.file], *text, "{}", mutant.what);
            assert!(tests.iter().any(|test| test.file == mutant.tried), "{}", mutant.tried);
        }
    }
}
