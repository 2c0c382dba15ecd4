//! Pictures as inline SVG: scales, ticks and the frame that every picture shares.
//!
//! A picture gets numbers and names and returns markup; it knows no results file and no page. Every
//! picture is drawn at most 360 units wide, so that its text stays readable on a phone, and takes its
//! colours from the page's style.

pub mod distribution;
pub mod forest;
pub mod interval;
pub mod loss;
pub mod reliability;

use super::format::tick;
use maud::{Markup, html};

/// A coordinate: one decimal is a tenth of a pixel. What is not finite is drawn at the edge.
pub fn c(value: f64) -> String {
    if !value.is_finite() {
        return "0".to_owned();
    }
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
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
        for fewer in (1..=most).rev() {
            let (ticks, step) = self.ticks(fewer);
            let widest = ticks.iter().map(|t| label(*t, step).chars().count()).max().unwrap_or(0);
            let room = (self.to - self.from).abs() * step / (self.hi - self.lo).abs();
            if room >= widest as f64 * 6.5 + 10.0 || ticks.len() < 2 {
                return (ticks, step);
            }
        }
        self.ticks(1)
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
        svg class="plot" role="img" aria-label=(title) viewBox={ "0 0 " (c(width)) " " (c(height)) }
            width=(c(width)) height=(c(height)) {
            title { (title) }
            desc { (desc) }
            (body)
        }
    }
}

pub fn line(class: &str, x1: f64, y1: f64, x2: f64, y2: f64) -> Markup {
    html! { line class=(class) x1=(c(x1)) y1=(c(y1)) x2=(c(x2)) y2=(c(y2)) {} }
}

pub fn text(class: &str, x: f64, y: f64, anchor: &str, content: &str) -> Markup {
    html! { text class=(class) x=(c(x)) y=(c(y)) text-anchor=(anchor) { (content) } }
}

pub fn rect(class: &str, x: f64, y: f64, width: f64, height: f64) -> Markup {
    html! { rect class=(class) x=(c(x)) y=(c(y)) width=(c(width.max(0.0))) height=(c(height.max(0.0))) {} }
}

/// A horizontal axis with ticks and labels beneath, and thin grid lines up to `top`.
pub fn x_axis(scale: &Scale, most: usize, y: f64, top: f64) -> Markup {
    let (ticks, step) = scale.roomy_ticks(most, tick);
    html! {
        @for value in &ticks {
            @let x = scale.at(*value);
            (line("grid", x, top, x, y))
            (text("tick", x, y + 13.0, "middle", &tick(*value, step)))
        }
        (line("axis", scale.from, y, scale.to, y))
    }
}

/// A vertical axis with ticks and labels at the left, and thin grid lines to `right`.
pub fn y_axis(scale: &Scale, most: usize, x: f64, right: f64) -> Markup {
    let (ticks, step) = scale.ticks(most);
    html! {
        @for value in &ticks {
            @let y = scale.at(*value);
            (line("grid", x, y, right, y))
            (text("tick", x - 5.0, y + 3.5, "end", &tick(*value, step)))
        }
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
