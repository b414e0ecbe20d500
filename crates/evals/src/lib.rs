//! Held-out suites with confidence intervals.
