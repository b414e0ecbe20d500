//! Times every kernel at the shapes of real models, on a GPU, against the least time that its work
//! can take there.
//!
//! A [`Case`] is a launcher at a shape, with the fewest bytes and operations that it must move and
//! do. Its inputs are random (zeros draw less power, and run faster), rotate through more memory
//! than the L2 cache holds, and its outputs are poisoned first and looked at afterwards. The two
//! [`Ceilings`] are measured in the same run. Knows no clock but the device's, no PyTorch (the
//! command line runs the baseline and hands in what it said), and no correctness beyond bits: that
//! is `conformance`.
//!
//! # Layout
//! [`shapes`] whose shapes → [`work`] rooflines and ceilings → [`source`] random data on the device
//! → [`cases`] one launcher a case → [`measure`] → [`bits`] rows of products over M and tiles →
//! [`table`] rows of results → [`report`] what a GPU check found, as a page

pub mod bits;
pub mod cases;
pub mod measure;
pub mod report;
pub mod shapes;
pub mod source;
pub mod table;
pub mod work;

pub use cases::{Case, all};
pub use measure::{Timing, ceilings, measure};
pub use source::Source;
pub use work::{Ceilings, Work};
