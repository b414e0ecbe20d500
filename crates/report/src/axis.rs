//! Where a chart's values stand, and the round numbers at its edges.

/// Room of every chart, in its own units: about a CSS pixel on a phone.
pub(crate) const WIDTH: f64 = 380.0;
pub(crate) const HEIGHT: f64 = 200.0;
pub(crate) const LEFT: f64 = 48.0;
pub(crate) const RIGHT: f64 = 12.0;
pub(crate) const TOP: f64 = 10.0;
pub(crate) const BOTTOM: f64 = 24.0;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Plain,
    /// Shares of 1, written as percentages.
    Percent,
    /// Whole numbers.
    Whole,
}

impl Format {
    pub(crate) fn value(self, value: f64) -> String {
        match self {
            Self::Percent => crate::text::percent(value),
            Self::Plain | Self::Whole => crate::text::number(value),
        }
    }
}

/// One direction of a chart: values from `low` to `high`, with round ticks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) ticks: Vec<f64>,
    step: f64,
    format: Format,
}

impl Axis {
    /// Round edges just outside `values`, and about `n_ticks` ticks between them.
    pub(crate) fn around(
        values: impl Iterator<Item = f64>,
        n_ticks: usize,
        format: Format,
    ) -> Self {
        let (mut low, mut high) = range(values);
        if format == Format::Percent && low >= 0.0 && high > 1.0 && low <= 1.0 {
            // One share, widened: there is nothing above the whole.
            (low, high) = (0.0, 1.0);
        }
        let mut step = round_step((high - low) / n_ticks as f64);
        if format == Format::Whole {
            step = step.max(1.0);
        }
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let n = (last - first).clamp(1.0, 50.0) as usize;
        let ticks: Vec<f64> = (0..=n).map(|i| (first + i as f64) * step).collect();
        Self { low: ticks[0], high: ticks[n], ticks, step, format }
    }

    /// The edges are the values themselves; ticks are the round numbers within.
    pub(crate) fn within(values: impl Iterator<Item = f64>, n_ticks: usize) -> Self {
        let (low, high) = range(values);
        let step = round_step((high - low) / n_ticks as f64).max(1.0);
        let ticks = (0..=2 * n_ticks)
            .map(|i| ((low / step).ceil() + i as f64) * step)
            .filter(|tick| *tick <= high)
            .collect();
        Self { low, high, ticks, step, format: Format::Whole }
    }

    /// 0 at the low edge, 1 at the high one.
    pub(crate) fn at(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// A tick in words: no more decimals than the ticks need.
    pub(crate) fn label(&self, tick: f64) -> String {
        let (tick, step, unit) = match self.format {
            Format::Percent => (100.0 * tick, 100.0 * self.step, "%"),
            Format::Plain | Format::Whole => (tick, self.step, ""),
        };
        if tick.abs() < step * 1e-6 {
            return format!("0{unit}");
        }
        let size = self.low.abs().max(self.high.abs());
        if !(1e-3..1e5).contains(&size) && self.format == Format::Plain {
            return crate::text::number(tick);
        }
        let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
        format!("{tick:.decimals$}{unit}")
    }
}

/// A coordinate along the width.
pub(crate) fn x(axis: &Axis, value: f64) -> f64 {
    LEFT + axis.at(value) * (WIDTH - LEFT - RIGHT)
}

/// A coordinate down the height.
pub(crate) fn y(axis: &Axis, value: f64) -> f64 {
    HEIGHT - BOTTOM - axis.at(value) * (HEIGHT - TOP - BOTTOM)
}

/// Lowest and highest finite value, a little apart where they are one.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|v| v.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return (0.0, 1.0);
    }
    // Halves: the span of the largest numbers would be infinite.
    let (low, high) = (low.max(f64::MIN / 4.0), high.min(f64::MAX / 4.0));
    let least = 1e-9 * low.abs().max(high.abs());
    if high - low > least {
        (low, high)
    } else if low == 0.0 {
        (0.0, 1.0)
    } else {
        (low - low.abs() / 2.0, high + high.abs() / 2.0)
    }
}

/// 1, 2 or 5 times a power of ten, the next above.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let lead = step / power;
    power * [1.0, 2.0, 5.0].into_iter().find(|round| lead <= round * 1.000_001).unwrap_or(10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[f64], format: Format, expect: &[&str]) {
        let axis = Axis::around(values.iter().copied(), 4, format);
        let labels: Vec<String> = axis.ticks.iter().map(|&tick| axis.label(tick)).collect();
        assert_eq!(labels, expect);
        assert!(values.iter().all(|v| (-1e-9..=1.0 + 1e-9).contains(&axis.at(*v))), "{axis:?}");
    }

    #[test]
    fn edges_are_round_and_hold_all_values() {
        check(&[0.38, 0.43], Format::Percent, &["38%", "40%", "42%", "44%"]);
        check(&[-0.5, 1.0], Format::Plain, &["-0.5", "0", "0.5", "1.0"]);
        check(&[3.0, 3.0], Format::Plain, &["1", "2", "3", "4", "5"]);
        check(&[0.0, 0.0], Format::Plain, &["0", "0.5", "1.0"]);
        check(&[0.0, 2.0], Format::Whole, &["0", "1", "2"]);
        check(&[1.0, 1.0], Format::Percent, &["0%", "50%", "100%"]);
        check(&[], Format::Percent, &["0%", "50%", "100%"]);
        check(&[1e-7, 3e-7], Format::Plain, &["1.0e-7", "1.5e-7", "2.0e-7", "2.5e-7", "3.0e-7"]);
    }

    #[test]
    fn odd_numbers_have_an_axis() {
        for values in [vec![f64::NAN, f64::INFINITY], vec![1e300, -1e300], vec![f64::MAX, 0.0]] {
            let axis = Axis::around(values.iter().copied(), 4, Format::Plain);
            assert!(axis.low < axis.high && axis.ticks.len() > 1, "{axis:?}");
            assert!(axis.ticks.iter().all(|tick| tick.is_finite()), "{axis:?}");
        }
    }
}
