//! Real beside synthetic: outlined histograms for quantities, paired bars for categories, and the
//! drawn mix of a scenario beside the declared one.

use super::{Scale, c, compact, line, nice_domain, rect, rects, svg, text, x_axis, y_axis, y_label};
use crate::report::format::{constant, fit, fold_name, percent};
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
            (x_axis(&x, 5, bottom, bottom, compact))
            (text("m", (left + right) / 2.0, height - 8.0, &fit(&unit, 44)))
            (y_label((top + bottom) / 2.0, "% of rows"))
        },
    )
}

/// The outline of a histogram; closed when it is filled.
fn steps(d: &Distribution, shares: &[f64], x: &Scale, y: &Scale, closed: bool) -> String {
    let mut path = String::new();
    let base = c(y.at(0.0));
    for ((from, to), share) in d.edges.iter().zip(d.edges.iter().skip(1)).zip(shares) {
        if path.is_empty() {
            path.push_str(&format!("M{} {base}", c(x.at(*from))));
        }
        path.push_str(&format!("V{}H{}", c(y.at(share * 100.0)), c(x.at(*to))));
    }
    match (path.is_empty(), closed) {
        (true, _) => "M0 0".to_owned(),
        (false, true) => format!("{path}V{base}Z"),
        (false, false) => format!("{path}V{base}"),
    }
}

fn bars(d: &Distribution, title: &str, desc: &str) -> Markup {
    let (width, left, right, row) = (300.0, 112.0, 252.0, 26.0);
    let height = 8.0 + row * d.levels.len() as f64;
    let most = d.real.iter().chain(&d.synthetic).copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let x = Scale::new((0.0, if most > 0.0 { most } else { 1.0 }), left, right);
    let at = |i: usize| 6.0 + row * i as f64;
    svg(
        width,
        height,
        title,
        desc,
        html! {
            @for (i, ((level, real), synthetic)) in d.levels.iter().zip(&d.real).zip(&d.synthetic).enumerate() {
                @let folded = fold_name(level, 15);
                @match folded.split_once('\n') {
                    None => { (text("name e", left - 8.0, at(i) + 13.5, &folded)) }
                    Some((first, rest)) => {
                        (text("e", left - 8.0, at(i) + 8.5, first))
                        (text("e", left - 8.0, at(i) + 19.5, &fit(&rest.replace('\n', " "), 15)))
                    }
                }
                (text("", x.at(*real) + 5.0, at(i) + 8.0, &percent(*real)))
                (text("", x.at(*synthetic) + 5.0, at(i) + 18.5, &percent(*synthetic)))
            }
            (rects("fill real", d.real.iter().enumerate().map(|(i, v)| [left, at(i), x.at(*v) - left, 9.0])))
            (rects("fill synthetic", d.synthetic.iter().enumerate().map(|(i, v)| [left, at(i) + 10.0, x.at(*v) - left, 9.0])))
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
