//! The solve step: the policy answers tasks.
