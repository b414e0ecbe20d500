//! The driver's errors in words.

use cudarc::driver::DriverError;

use crate::Error;

/// What the driver said when it was asked for `op`.
pub(super) fn driver(op: &str) -> impl FnOnce(DriverError) -> Error {
    let op = op.to_owned();
    move |error| Error::Driver { op, message: error.to_string() }
}
