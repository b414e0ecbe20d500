//! Versioned weights: the value that goes round the loop.
