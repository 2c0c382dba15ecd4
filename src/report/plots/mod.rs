//! Pictures as inline SVG: scales, ticks and the frame that every picture shares.
//!
//! A picture gets numbers and names and returns markup; it knows no results file and no page. Every
//! picture is drawn at most 360 units wide, so that its text stays readable on a phone, and takes its
//! colours from the page's style.

pub mod disparity;
pub mod distribution;
pub mod forest;
pub mod heat;
pub mod interval;
pub mod loss;
pub mod reliability;
pub mod shapes;

use super::format::tick;
use maud::{Markup, html};

/// A coordinate: one decimal is a tenth of a pixel. What is not finite is drawn at the edge.
pub fn c(value: f64) -> String {
    if !value.is_finite() {
        return "0".to_owned();
    }
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A linear scale from a domain to positions.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    pub lo: f64,
    pub hi: f64,
    from: f64,
    to: f64,
}

impl Scale {
    pub fn new((lo, hi): (f64, f64), from: f64, to: f64) -> Self {
        Scale { lo, hi, from, to }
    }

    /// The position of `value`, kept inside the picture.
    pub fn at(&self, value: f64) -> f64 {
        let share = (value - self.lo) / (self.hi - self.lo);
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        self.from + share * (self.to - self.from)
    }

    /// As many round values as their labels have room for, and the step between them.
    pub fn roomy_ticks(&self, most: usize, label: fn(f64, f64) -> String) -> (Vec<f64>, f64) {
        let needed = |ticks: &[f64], step| {
            let widest = ticks.iter().map(|t| label(*t, step).chars().count()).max().unwrap_or(0);
            widest as f64 * 6.5 + 10.0
        };
        let per_unit = (self.to - self.from).abs() / (self.hi - self.lo).abs();
        for fewer in (1..=most).rev() {
            let (ticks, step) = self.ticks(fewer);
            if ticks.len() >= 2 && per_unit * step >= needed(&ticks, step) {
                return (ticks, step);
            }
        }
        // No coarser round step has two values inside: every other of the fine ones, or every third.
        let (ticks, step) = self.ticks(most);
        let room = per_unit * step;
        let apart = (needed(&ticks, step) / room).ceil();
        let apart = if apart.is_finite() { (apart as usize).clamp(1, ticks.len().max(1)) } else { 1 };
        (ticks.into_iter().step_by(apart).collect(), step)
    }

    /// Round values inside the domain and the step between them.
    pub fn ticks(&self, most: usize) -> (Vec<f64>, f64) {
        let step = nice_step(self.lo, self.hi, most);
        let first = (self.lo / step - 1e-9).ceil();
        let mut out = Vec::new();
        for i in 0..=most * 2 {
            let value = (first + i as f64) * step;
            if value > self.hi + step * 1e-9 {
                break;
            }
            out.push(if value.abs() < step * 1e-9 { 0.0 } else { value });
        }
        (out, step)
    }
}

/// A step of 1, 2, 2.5 or 5 times a power of ten, with at most `most` steps in the domain.
fn nice_step(lo: f64, hi: f64, most: usize) -> f64 {
    let rough = (hi - lo).abs() / most.max(1) as f64;
    if rough <= 0.0 || !rough.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|f| f * power >= rough * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// The domain that holds all finite values, with a little air; never empty.
pub fn domain(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut lo, mut hi) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.filter(|v| v.is_finite()) {
        lo = lo.min(value);
        hi = hi.max(value);
    }
    if lo > hi {
        return (0.0, 1.0);
    }
    let spread = hi - lo;
    let air = if spread > 0.0 { spread * 0.06 } else { hi.abs().max(1e-6) * 0.1 };
    // Shares and gaps end at zero: the axis then starts there, not just below.
    let below = if lo >= 0.0 && lo - air < 0.0 { 0.0 } else { lo - air };
    (below, hi + air)
}

/// `domain` widened to whole steps, so that the axis ends on ticks.
pub fn nice_domain(values: impl Iterator<Item = f64>, most: usize) -> (f64, f64) {
    let (lo, hi) = domain(values);
    let step = nice_step(lo, hi, most);
    ((lo / step + 1e-9).floor() * step, (hi / step - 1e-9).ceil() * step)
}

/// The frame of a picture: its size, name and description for those who do not see it.
pub fn svg(width: f64, height: f64, title: &str, desc: &str, body: Markup) -> Markup {
    html! {
        svg class="plot" role="img" viewBox={ "0 0 " (c(width)) " " (c(height)) } width=(c(width)) height=(c(height)) {
            title { (title) }
            desc { (desc) }
            (body)
        }
    }
}

/// Several lines as one path: a page holds thousands of them.
pub fn lines(class: &str, all: impl Iterator<Item = [f64; 4]>) -> Markup {
    let mut path = String::new();
    for [x1, y1, x2, y2] in all {
        path.push_str(&format!("M{} {}", c(x1), c(y1)));
        match (c(x1) == c(x2), c(y1) == c(y2)) {
            (true, _) => path.push_str(&format!("V{}", c(y2))),
            (_, true) => path.push_str(&format!("H{}", c(x2))),
            _ => path.push_str(&format!("L{} {}", c(x2), c(y2))),
        }
    }
    html! { @if !path.is_empty() { path class=(class) d=(path) {} } }
}

pub fn line(class: &str, x1: f64, y1: f64, x2: f64, y2: f64) -> Markup {
    lines(class, std::iter::once([x1, y1, x2, y2]))
}

/// Points as one path of round strokes.
pub fn dots(class: &str, all: impl Iterator<Item = (f64, f64)>) -> Markup {
    let path: String = all.map(|(x, y)| format!("M{} {}h0", c(x), c(y))).collect();
    html! { @if !path.is_empty() { path class=(class) d=(path) {} } }
}

/// Bars as one path; each is `[x, y, width, height]`.
pub fn rects(class: &str, all: impl Iterator<Item = [f64; 4]>) -> Markup {
    let bar =
        |[x, y, w, h]: [f64; 4]| format!("M{} {}h{}v{}h{}z", c(x), c(y), c(w.max(0.0)), c(h.max(0.0)), c(-w.max(0.0)));
    let path: String = all.map(bar).collect();
    html! { @if !path.is_empty() { path class=(class) d=(path) {} } }
}

pub fn rect(class: &str, x: f64, y: f64, width: f64, height: f64) -> Markup {
    rects(class, std::iter::once([x, y, width, height]))
}

/// A text; `class` may hold `m` (centred on x) or `e` (ending at x).
pub fn text(class: &str, x: f64, y: f64, content: &str) -> Markup {
    html! { text class=[(!class.is_empty()).then_some(class)] x=(c(x)) y=(c(y)) { (content) } }
}

/// The label of a vertical axis, read upwards at the left edge.
pub fn y_label(middle: f64, content: &str) -> Markup {
    html! { text class="m" x="11" y=(c(middle)) transform={ "rotate(-90 11 " (c(middle)) ")" } { (content) } }
}

/// A horizontal axis with ticks and labels beneath, and thin grid lines up to `top`.
pub fn x_axis(scale: &Scale, most: usize, y: f64, top: f64, label: fn(f64, f64) -> String) -> Markup {
    let (ticks, step) = scale.roomy_ticks(most, label);
    html! {
        (lines("grid", ticks.iter().map(|v| [scale.at(*v), top, scale.at(*v), y])))
        @if top == y { (lines("axis", ticks.iter().map(|v| [scale.at(*v), y, scale.at(*v), y + 3.0]))) }
        g class="m" { @for v in &ticks { (text("", scale.at(*v), y + 14.0, &label(*v, step))) } }
        (line("axis", scale.from, y, scale.to, y))
    }
}

/// A vertical axis with ticks and labels at the left, and thin grid lines to `right`.
pub fn y_axis(scale: &Scale, most: usize, x: f64, right: f64) -> Markup {
    let (ticks, step) = scale.ticks(most);
    html! {
        (lines("grid", ticks.iter().map(|v| [x, scale.at(*v), right, scale.at(*v)])))
        g class="e" { @for v in &ticks { (text("", x - 5.0, scale.at(*v) + 3.5, &tick(*v, step))) } }
        (line("axis", x, scale.from, x, scale.to))
    }
}

/// Short labels for large values: `1.4M`, `200k`.
pub fn compact(value: f64, step: f64) -> String {
    let size = value.abs();
    if size >= 1e6 && step >= 1e5 {
        format!("{}M", tick(value / 1e6, step / 1e6))
    } else if size >= 1e4 && step >= 1e3 {
        format!("{}k", tick(value / 1e3, step / 1e3))
    } else {
        tick(value, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let (ticks, step) = Scale::new((0.0, 1.0), 0.0, 100.0).ticks(5);
        assert_eq!(step, 0.2);
        assert_eq!(ticks.len(), 6);
        let (ticks, _) = Scale::new((-0.013, 0.0371), 0.0, 100.0).ticks(4);
        assert!(ticks.contains(&0.0) && ticks.iter().all(|t| (-0.013..=0.0371).contains(t)));
    }

    #[test]
    fn an_axis_has_two_labels_or_no_room() {
        let (ticks, _) = Scale::new((0.66, 0.74), 0.0, 124.0).roomy_ticks(4, tick);
        assert!(ticks.len() >= 2, "{ticks:?}");
        let (ticks, _) = Scale::new((1.0, 1.0), 0.0, 100.0).roomy_ticks(4, tick);
        assert!(ticks.len() <= 5);
    }

    #[test]
    fn lines_and_bars_are_one_path_each() {
        let path = lines("a", [[0.0, 1.0, 0.0, 5.0], [0.0, 1.04, 3.0, 1.0]].into_iter()).into_string();
        assert_eq!(path, "<path class=\"a\" d=\"M0 1V5M0 1H3\"></path>");
        assert_eq!(
            rects("b", [[1.0, 2.0, -3.0, 4.0]].into_iter()).into_string(),
            "<path class=\"b\" d=\"M1 2h0v4h0z\"></path>"
        );
        assert_eq!(lines("a", std::iter::empty()).into_string(), "");
    }

    #[test]
    fn an_empty_or_single_domain_still_has_width() {
        assert_eq!(domain([].into_iter()), (0.0, 1.0));
        for values in [vec![0.0], vec![5.0, 5.0], vec![-3.0], vec![f64::NAN, 2.0]] {
            let (lo, hi) = nice_domain(values.into_iter(), 4);
            assert!(lo < hi, "{lo} {hi}");
        }
    }

    #[test]
    fn positions_are_always_finite() {
        let scale = Scale::new((1.0, 1.0), 10.0, 90.0);
        assert!(scale.at(f64::NAN).is_finite() && scale.at(1.0).is_finite());
        assert_eq!(c(f64::INFINITY), "0");
        assert_eq!(c(3.04), "3");
    }
}
