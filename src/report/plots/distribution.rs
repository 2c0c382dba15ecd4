//! Real beside synthetic: outlined histograms for quantities, paired bars for categories, and the
//! drawn mix of a scenario beside the declared one.

use super::{Scale, c, compact, line, nice_domain, rect, svg, text, y_axis};
use crate::report::format::{constant, fit, percent};
use crate::suite::result::Distribution;
use maud::{Markup, html};

pub fn plot(d: &Distribution) -> Markup {
    let title = format!("{}: real and synthetic", d.column);
    let desc = format!("{} distance {}", d.distance_name, constant(d.distance));
    if d.edges.len() >= 2 { histogram(d, &title, &desc) } else { bars(d, &title, &desc) }
}

fn histogram(d: &Distribution, title: &str, desc: &str) -> Markup {
    let (width, height, left, right, top, bottom) = (300.0, 182.0, 40.0, 290.0, 10.0, 136.0);
    let lo = d.edges.first().copied().unwrap_or(0.0);
    let hi = d.edges.last().copied().unwrap_or(1.0);
    let x = Scale::new((lo, hi), left, right);
    let shares = d.real.iter().chain(&d.synthetic).map(|v| v * 100.0).chain([0.0]);
    let y = Scale::new(nice_domain(shares, 4), bottom, top);
    let (ticks, step) = x.roomy_ticks(5, compact);
    let unit = d.unit.as_deref().map_or_else(|| d.column.clone(), |unit| format!("{} in {unit}", d.column));
    svg(
        width,
        height,
        title,
        desc,
        html! {
            (y_axis(&y, 4, left, right))
            path class="area real" d=(steps(d, &d.real, &x, &y, true)) {}
            path class="outline synthetic" d=(steps(d, &d.synthetic, &x, &y, false)) {}
            (line("axis", left, bottom, right, bottom))
            @for value in &ticks {
                (line("axis", x.at(*value), bottom, x.at(*value), bottom + 3.0))
                (text("tick", x.at(*value), bottom + 15.0, "middle", &compact(*value, step)))
            }
            (text("label", (left + right) / 2.0, height - 8.0, "middle", &fit(&unit, 44)))
            text class="label" x="11" y=(c((top + bottom) / 2.0)) text-anchor="middle"
                transform={ "rotate(-90 11 " (c((top + bottom) / 2.0)) ")" } { "% of rows" }
        },
    )
}

/// The outline of a histogram; closed when it is filled.
fn steps(d: &Distribution, shares: &[f64], x: &Scale, y: &Scale, closed: bool) -> String {
    let mut path = String::new();
    let base = y.at(0.0);
    let pairs = d.edges.iter().zip(d.edges.iter().skip(1));
    for (i, ((from, to), share)) in pairs.zip(shares).enumerate() {
        let (x1, x2, top) = (c(x.at(*from)), c(x.at(*to)), c(y.at(share * 100.0)));
        if i == 0 {
            path.push_str(&format!("M{x1},{}", c(base)));
        }
        path.push_str(&format!("L{x1},{top}L{x2},{top}"));
        if i + 1 == shares.len() {
            path.push_str(&format!("L{x2},{}", c(base)));
        }
    }
    if path.is_empty() {
        path.push_str("M0,0");
    }
    if closed {
        path.push('Z');
    }
    path
}

fn bars(d: &Distribution, title: &str, desc: &str) -> Markup {
    let (width, left, right, row) = (300.0, 112.0, 252.0, 26.0);
    let height = 8.0 + row * d.levels.len() as f64;
    let most = d.real.iter().chain(&d.synthetic).copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let x = Scale::new((0.0, if most > 0.0 { most } else { 1.0 }), left, right);
    svg(
        width,
        height,
        title,
        desc,
        html! {
            @for (i, ((level, real), synthetic)) in d.levels.iter().zip(&d.real).zip(&d.synthetic).enumerate() {
                @let y = 6.0 + row * i as f64;
                text class="name" x=(c(left - 8.0)) y=(c(y + 13.5)) text-anchor="end" {
                    (fit(level, 14)) title { (level) }
                }
                (rect("fill real", left, y, x.at(*real) - left, 9.0))
                (text("tick", x.at(*real) + 5.0, y + 8.0, "start", &percent(*real)))
                (rect("fill synthetic", left, y + 10.0, x.at(*synthetic) - left, 9.0))
                (text("tick", x.at(*synthetic) + 5.0, y + 18.5, "start", &percent(*synthetic)))
            }
            (line("axis", left, 2.0, left, height))
        },
    )
}

/// A drawn share as a bar, the declared one as a mark on it.
pub fn share(title: &str, drawn: f64, declared: Option<f64>) -> Markup {
    let (width, height) = (150.0, 16.0);
    let x = Scale::new((0.0, 1.0), 1.0, width - 1.0);
    let desc = match declared {
        Some(declared) => format!("drawn {}, declared {}", percent(drawn), percent(declared)),
        None => format!("drawn {}", percent(drawn)),
    };
    svg(
        width,
        height,
        title,
        &desc,
        html! {
            (rect("track", 1.0, 4.0, width - 2.0, 8.0))
            (rect("fill real", 1.0, 4.0, x.at(drawn) - 1.0, 8.0))
            @if let Some(declared) = declared {
                (line("limit", x.at(declared), 1.0, x.at(declared), height - 1.0))
            }
        },
    )
}
