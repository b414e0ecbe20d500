//! Lines over steps as SVG: labelled axes, a band where there is an interval, the last value in
//! words beside each line's name.

use std::fmt::Write;

/// Characters that mean something to HTML, written so that they mean themselves; control characters
/// that HTML forbids become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// (step, value), by step.
pub(crate) type Points<'a> = &'a [(f64, f64)];

/// One line of a chart.
pub(crate) struct Line<'a> {
    pub(crate) name: String,
    /// Not empty.
    pub(crate) points: Points<'a>,
    /// Lower and upper bounds at the same steps.
    pub(crate) band: Option<(Points<'a>, Points<'a>)>,
}

/// Colours that stay apart for most eyes (Okabe and Ito), by class in the page's style.
const N_COLOURS: usize = 7;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 170.0;
const LEFT: f64 = 52.0;
const BOTTOM: f64 = 20.0;
const TOP: f64 = 8.0;
const RIGHT: f64 = 8.0;

/// A chart with its title and legend as one HTML figure.
pub(crate) fn figure(title: &str, lines: &[Line<'_>]) -> String {
    let all = || {
        lines.iter().flat_map(|line| {
            let (low, high) = line.band.unwrap_or_default();
            line.points.iter().chain(low).chain(high)
        })
    };
    let (x_low, x_high) = range(all().map(|p| p.0));
    let (y_low, y_high) = range(all().map(|p| p.1));
    let x = |step: f64| LEFT + (step - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT);
    let y = |v: f64| TOP + (y_high - v) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM);
    let path = |points: &mut dyn Iterator<Item = &(f64, f64)>| {
        let pairs: Vec<String> = points
            .filter(|p| p.1.is_finite())
            .map(|&(step, v)| format!("{:.1},{:.1}", x(step), y(v)))
            .collect();
        pairs.join(" ")
    };
    let title = escape(title);
    let mut svg = format!(
        "<figure><figcaption>{title}</figcaption>\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title} by step\">"
    );
    for value in [y_low, f64::midpoint(y_low, y_high), y_high] {
        let at = y(value);
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"y\" x=\"{}\" y=\"{:.1}\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 4.0,
            at + 3.0,
            tick(value)
        );
    }
    let base = HEIGHT - 5.0;
    let _ = write!(
        svg,
        "<text x=\"{LEFT}\" y=\"{base}\">step {}</text>\
         <text class=\"y\" x=\"{}\" y=\"{base}\">{}</text>",
        tick(x_low),
        WIDTH - RIGHT,
        tick(x_high)
    );
    for (idx, line) in lines.iter().enumerate() {
        let colour = idx % N_COLOURS;
        if let Some((low, high)) = line.band {
            let outline = path(&mut low.iter().chain(high.iter().rev()));
            let _ = write!(svg, "<polygon class=\"band c{colour}\" points=\"{outline}\"/>");
        }
        let points = path(&mut line.points.iter());
        let _ = match line.points {
            [(step, value)] if value.is_finite() => write!(
                svg,
                "<circle class=\"c{colour}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\"/>",
                x(*step),
                y(*value)
            ),
            _ => write!(svg, "<polyline class=\"c{colour}\" points=\"{points}\"/>"),
        };
    }
    svg.push_str("</svg>");
    svg.push_str(&legend(lines));
    svg.push_str("</figure>\n");
    svg
}

/// Each line's colour, name and last value.
fn legend(lines: &[Line<'_>]) -> String {
    let entry = |(idx, line): (usize, &Line<'_>)| {
        let last = line.points.last().map_or(f64::NAN, |p| p.1);
        format!(
            "<li><i class=\"c{}\"></i>{} <data value=\"{last}\">{}</data></li>",
            idx % N_COLOURS,
            escape(&line.name),
            tick(last)
        )
    };
    let entries: String = lines.iter().enumerate().map(entry).collect();
    format!("<ul>{entries}</ul>")
}

/// Lowest and highest finite value, a little apart where they are one.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|v| v.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return (0.0, 1.0);
    }
    if low == high { (low - 0.5, high + 0.5) } else { (low, high) }
}

/// A number in at most four significant digits.
pub(crate) fn tick(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    if !(1e-3..1e6).contains(&size) {
        return format!("{value:.1e}");
    }
    let decimals = (3 - size.log10().floor() as i32).clamp(0, 4) as usize;
    let text = format!("{value:.decimals$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}
