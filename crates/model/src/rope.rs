//! Rotary frequencies of a configuration.

use crate::config::Config;

/// θ^(−2i/D) for i in 0..D/2, stretched by Llama 3's rule if the configuration says so.
pub(crate) fn inv_freq(config: &Config) -> Vec<f32> {
    let d = config.head_dim;
    (0..d / 2)
        .map(|i| {
            let freq = config.rope_theta.powf(-((2 * i) as f64) / d as f64);
            let Some(scaling) = config.rope_scaling else { return freq as f32 };
            let original = scaling.original_max_position_embeddings as f64;
            let wavelength = std::f64::consts::TAU / freq;
            if wavelength < original / scaling.high_freq_factor {
                return freq as f32;
            }
            if wavelength > original / scaling.low_freq_factor {
                return (freq / scaling.factor) as f32;
            }
            let smooth = (original / wavelength - scaling.low_freq_factor)
                / (scaling.high_freq_factor - scaling.low_freq_factor);
            ((1.0 - smooth) * freq / scaling.factor + smooth * freq) as f32
        })
        .collect()
}
