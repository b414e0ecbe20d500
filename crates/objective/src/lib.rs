//! Policy-gradient losses and their per-token gradients in plain f32.
