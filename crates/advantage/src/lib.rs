//! Reward terms and advantage estimators in plain f32, one file each.
