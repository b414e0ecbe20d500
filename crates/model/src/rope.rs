//! Rotary frequencies of a layer, as transformers computes them.

use std::f64::consts::TAU;

use crate::config::{Llama3Scaling, Rope, RopeScaling, YarnScaling};

/// The inverse frequencies of a head of `d` channels, and what cosines and sines are multiplied by.
pub(crate) fn inv_freq(rope: Rope, d: usize) -> (Vec<f32>, f32) {
    let plain = (0..d / 2).map(|i| rope.theta.powf(-((2 * i) as f64) / d as f64));
    let (freqs, scale): (Vec<f64>, _) = match rope.scaling {
        None => (plain.collect(), 1.0),
        Some(RopeScaling::Linear(factor)) => (plain.map(|freq| freq / factor).collect(), 1.0),
        Some(RopeScaling::Llama3(scaling)) => {
            (plain.map(|freq| llama3(scaling, freq)).collect(), 1.0)
        }
        Some(RopeScaling::Yarn(scaling)) => {
            let ramp = yarn_ramp(scaling, rope.theta, d);
            let blend = |(i, freq): (usize, f64)| {
                let stretched = ramp(i);
                freq / scaling.factor * stretched + freq * (1.0 - stretched)
            };
            (plain.enumerate().map(blend).collect(), scaling.attention_factor)
        }
    };
    (freqs.into_iter().map(|freq| freq as f32).collect(), scale as f32)
}

/// Short wavelengths are left alone, long ones stretched, with a ramp between.
fn llama3(scaling: Llama3Scaling, freq: f64) -> f64 {
    let original = scaling.original_max_position_embeddings as f64;
    let wavelength = TAU / freq;
    if wavelength < original / scaling.high_freq_factor {
        return freq;
    }
    if wavelength > original / scaling.low_freq_factor {
        return freq / scaling.factor;
    }
    let smooth = (original / wavelength - scaling.low_freq_factor)
        / (scaling.high_freq_factor - scaling.low_freq_factor);
    (1.0 - smooth) * freq / scaling.factor + smooth * freq
}

/// How far the frequency of pair `i` is stretched, from 0 to 1: equations 17 to 19 of the paper,
/// with the ends of the ramp where a frequency turns β times within the context of pretraining.
fn yarn_ramp(scaling: YarnScaling, theta: f64, d: usize) -> impl Fn(usize) -> f64 {
    let context = scaling.original_max_position_embeddings as f64;
    let pair = |turns: f64| d as f64 * (context / (turns * TAU)).ln() / (2.0 * theta.ln());
    let (mut low, mut high) = (pair(scaling.beta_fast), pair(scaling.beta_slow));
    if scaling.truncate {
        (low, high) = (low.floor(), high.ceil());
    }
    let (low, mut high) = (low.max(0.0), high.min(d as f64 - 1.0));
    if low == high {
        high += 0.001;
    }
    move |i| ((i as f64 - low) / (high - low)).clamp(0.0, 1.0)
}
