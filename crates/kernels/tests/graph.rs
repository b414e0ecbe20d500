//! Recorded work, on the emulated device.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use half::bf16;
use quaero_kernels::{Buffer, Device, Error, Graph, SimtOptions, cast};

fn device() -> Device {
    Device::simt(SimtOptions::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("simt"))).unwrap()
}

fn rounded(x: &[f32]) -> Vec<bf16> {
    x.iter().map(|&x| bf16::from_f32(x)).collect()
}

/// x → bf16, by way of a copy.
fn work(x: &Buffer<f32>) -> Result<Buffer<bf16>, Error> {
    let mut copy = x.device().zeros(x.len())?;
    copy.view_mut().copy_from(x.view())?;
    let mut y = x.device().alloc(x.len())?;
    cast::to_bf16(copy.view(), y.view_mut())?;
    Ok(y)
}

#[test]
fn what_is_recorded_runs_when_it_is_asked_to() {
    let device = device();
    let mut x = device.upload(&[1.0_f32; 8]).unwrap();
    let (graph, y) = Graph::record(&device, || work(&x)).unwrap();
    assert_eq!(graph.n_steps(), 3, "zeros, a copy and a kernel");
    for values in [[2.5_f32; 8], [-3.25; 8]] {
        x.view_mut().write(&values).unwrap();
        assert_ne!(y.to_vec().unwrap(), rounded(&values), "not yet");
        graph.run().unwrap();
        assert_eq!(y.to_vec().unwrap(), rounded(&values));
    }
}

#[test]
fn a_graph_outlives_the_buffers_it_was_recorded_with() {
    let device = device();
    let before = device.in_use().unwrap().bytes;
    let x = device.upload(&[1.5_f32; 64]).unwrap();
    let (graph, y) = Graph::record(&device, || work(&x)).unwrap();
    let all = device.in_use().unwrap().bytes - before;
    drop(x);
    assert_eq!(device.in_use().unwrap().bytes - before, all, "the graph holds its memory");
    // What others take meanwhile is other memory.
    let other = device.upload(&[9.0_f32; 64]).unwrap();
    graph.run().unwrap();
    assert_eq!(y.to_vec().unwrap(), rounded(&[1.5; 64]));
    assert_eq!(other.to_vec().unwrap(), [9.0; 64]);
    drop((graph, y, other));
    assert_eq!(device.in_use().unwrap().bytes, before, "and gives it back");
}

#[test]
fn dropped_buffers_are_taken_again_within_a_recording() {
    let device = device();
    let x = device.upload(&[0.5_f32; 64]).unwrap();
    let before = device.in_use().unwrap().bytes;
    let many = || -> Result<Vec<Buffer<bf16>>, Error> { (0..5).map(|_| work(&x)).collect() };
    let (graph, all) = Graph::record(&device, many).unwrap();
    // One copy in turn for all five, and five results.
    assert_eq!(device.in_use().unwrap().bytes - before, 64 * 4 + 5 * 64 * 2);
    graph.run().unwrap();
    assert!(all.iter().all(|y| y.to_vec().unwrap() == rounded(&[0.5; 64])));
}

#[test]
fn what_waits_or_copies_to_the_host_is_refused() {
    let (device, other) = (device(), device());
    let x = device.upload(&[1.0_f32; 8]).unwrap();
    let refused = |result: Result<(Graph, ()), Error>| {
        let message = result.map(|_| ()).unwrap_err().to_string();
        assert!(message.contains("cannot be recorded"), "{message}");
    };
    refused(Graph::record(&device, || x.to_vec().map(|_| ())));
    refused(Graph::record(&device, || device.upload(&[1.0_f32]).map(|_| ())));
    refused(Graph::record(&device, || device.synchronize()));
    let (inner, _) = Graph::record(&device, || work(&x)).unwrap();
    refused(Graph::record(&device, || inner.run()));
    // Another device is not recorded, nor what is done outside.
    let elsewhere = || other.upload(&[7.0_f32; 8])?.to_vec();
    assert_eq!(Graph::record(&device, elsewhere).unwrap().1, [7.0; 8]);
    let (graph, kept) = Graph::record(&device, || device.outside_recording(|| work(&x))).unwrap();
    assert_eq!((graph.n_steps(), kept.to_vec().unwrap()), (0, rounded(&[1.0; 8])));
    assert_eq!(x.to_vec().unwrap(), [1.0; 8], "nothing is being recorded any more");
}

#[test]
fn a_panic_ends_the_recording() {
    let device = device();
    let x = device.upload(&[1.0_f32; 8]).unwrap();
    let panics = || Graph::record(&device, || -> Result<(), Error> { panic!("in the work") });
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert_eq!(x.to_vec().unwrap(), [1.0; 8]);
    let nested = || Graph::record(&device, || Graph::record(&device, || work(&x)).map(|_| ()));
    assert!(catch_unwind(AssertUnwindSafe(nested)).is_err(), "a recording within a recording");
    assert_eq!(x.to_vec().unwrap(), [1.0; 8]);
}
