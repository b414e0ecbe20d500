//! How a claim came out.

/// How a claim came out.
pub(super) enum Outcome {
    /// It holds; what was seen.
    Holds(String),
    /// It could not be put to the test; why.
    Untested(String),
    /// It does not hold; what was seen, and what to do.
    Fails(String),
}
