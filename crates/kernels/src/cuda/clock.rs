//! Time by the device's own clock, and what the device is.

use cudarc::driver::{CudaContext, DriverError, result, sys};

use super::failure::driver;
use crate::Error;
use crate::backend::Facts;

/// A mark in a stream.
struct Event(sys::CUevent);

impl Event {
    fn new() -> Result<Self, Error> {
        let event = result::event::create(sys::CUevent_flags::CU_EVENT_DEFAULT);
        event.map(Self).map_err(driver("an event"))
    }

    /// Marks what has been asked of `stream` so far.
    fn record(&self, stream: sys::CUstream) -> Result<(), Error> {
        // SAFETY: the event is live, and the stream belongs to the context that is bound.
        unsafe { result::event::record(self.0, stream) }.map_err(driver("marking a time"))
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: the event was made by `new` and is not used again.
        let _ = unsafe { result::event::destroy(self.0) };
    }
}

/// Microseconds that each of `n` calls of `work` took on `stream`; the context is bound.
pub(super) fn timed(
    stream: sys::CUstream,
    n: usize,
    work: &mut dyn FnMut(usize) -> Result<(), Error>,
) -> Result<Vec<f64>, Error> {
    let pair = |_| Ok((Event::new()?, Event::new()?));
    let events = (0..n).map(pair).collect::<Result<Vec<_>, Error>>()?;
    for (i, (before, after)) in events.iter().enumerate() {
        before.record(stream)?;
        work(i)?;
        after.record(stream)?;
    }
    let wait = |event: &Event| {
        // SAFETY: the event is live.
        unsafe { result::event::synchronize(event.0) }.map_err(driver("a timed kernel"))
    };
    events.last().map_or(Ok(()), |(_, last)| wait(last))?;
    let elapsed = |(before, after): &(Event, Event)| {
        // SAFETY: both are live and were recorded on one stream, and the last has come.
        let ms = unsafe { result::event::elapsed(before.0, after.0) };
        ms.map(|ms| f64::from(ms) * 1e3).map_err(driver("the time of a kernel"))
    };
    events.iter().map(elapsed).collect()
}

/// What the device of `ctx` is.
pub(super) fn facts(ctx: &CudaContext) -> Result<Facts, DriverError> {
    use sys::CUdevice_attribute as Attribute;
    let ask = |what| ctx.attribute(what).map(|n| n as usize);
    let mut version = 0;
    // SAFETY: writes one number to the place given.
    unsafe { sys::cuDriverGetVersion(&raw mut version) }.result()?;
    // SAFETY: the device is the context's own.
    let memory_bytes = unsafe { result::device::total_mem(ctx.cu_device()) }?;
    Ok(Facts {
        name: ctx.name()?,
        capability: ctx.compute_capability()?,
        n_multiprocessors: ask(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?,
        l2_bytes: ask(Attribute::CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE)?,
        memory_bytes,
        shared_bytes_max: ask(Attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)?,
        cuda: format!("{}.{}", version / 1000, version % 1000 / 10),
    })
}
