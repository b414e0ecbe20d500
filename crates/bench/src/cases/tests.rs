//! Every case runs at a tiny shape on the emulated device, and every kernel has a case.

use std::path::Path;

use quaero_kernels::{Device, Registry, SimtOptions};

use super::*;
use crate::measure::{measure, written};
use crate::shapes::TINY;
use crate::source::{Numbers, Source};

fn device() -> Device {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/simt");
    Device::simt(SimtOptions::new(target)).unwrap()
}

#[test]
fn every_case_launches_and_writes_its_outputs() {
    let mut source = Source::new(&device(), &Numbers::new(5003)).unwrap();
    let with_warpgroups = device().with_warpgroups().unwrap();
    let with_warpgroups = Source::new(&with_warpgroups, &Numbers::new(5003)).unwrap();
    let mut n_outputs = 0;
    let mut look = |case: &Case, source: &Source| {
        let mut set = case.set(source).unwrap();
        assert_eq!(written(&mut set, source).unwrap(), 0, "{}", case.name);
        n_outputs += set.outputs.halves.len() + set.outputs.floats.len();
        set.launch().unwrap();
        assert!(case.work.bytes > 0.0, "{}", case.name);
    };
    for case in of(&TINY) {
        look(&case, &source);
        if case.warpgroups.is_some() {
            look(&case, &with_warpgroups);
        }
    }
    assert!(n_outputs > 20, "{n_outputs} outputs were looked at");
    // The emulation has no clock, and no case is timed on it.
    assert_eq!(measure(&of(&TINY)[0], &mut source).unwrap(), None);
}

#[test]
fn every_kernel_has_a_case() {
    let cases = all();
    let registry = Registry::embedded().unwrap();
    let lacking: Vec<&str> = registry
        .kernels()
        .map(|kernel| kernel.name.as_str())
        .filter(|name| !cases.iter().any(|case| launched(case).any(|have| have == name)))
        .collect();
    assert_eq!(lacking, [""; 0], "kernels without a case in crates/bench/src/cases");
    for case in &cases {
        let known = |name: &String| registry.kernels().any(|kernel| kernel.name == *name);
        assert!(launched(case).all(known), "{}: a kernel that is not", case.name);
    }
}

/// Every kernel that a case launches on one device or another.
fn launched(case: &Case) -> impl Iterator<Item = &String> {
    case.kernels.iter().chain(case.warpgroups.iter().map(|(_, kernel)| kernel))
}

#[test]
fn names_are_unique() {
    let mut names: Vec<String> = all().into_iter().map(|case| case.name).collect();
    let n = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), n);
}

#[test]
fn rows_of_emulated_products_have_the_same_bits() {
    let source = Source::new(&device(), &Numbers::new(5003)).unwrap();
    let outcome = crate::bits::rows_of_products(&source, 70, (72, 48)).unwrap();
    assert_eq!((outcome.n_compared, outcome.different.len()), (45, 0), "{outcome:?}");
}
