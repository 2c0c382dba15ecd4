//! Two small pictures for the inside of a row: an interval against its threshold, and the values of
//! the folds as a strip of dots.

use super::{Scale, dots, line, lines, rect, svg, x_axis};
use crate::report::format::{UNDEFINED, compared, number, tick};
use crate::report::view::Allowed;
use maud::{Markup, html};

/// One interval against a threshold.
pub struct Against<'a> {
    pub title: &'a str,
    pub value: Option<f64>,
    pub interval: Option<(f64, f64)>,
    /// A constant threshold, or else the value of the right side.
    pub limit: Option<f64>,
    pub limit_is_constant: bool,
    pub allowed: Option<Allowed>,
    /// The scale shared by all rows of the constraint.
    pub domain: (f64, f64),
    /// The style of the verdict.
    pub class: &'a str,
}

pub fn against(a: &Against<'_>) -> Markup {
    let (width, height, mid, base, pad) = (300.0, 54.0, 20.0, 36.0, 26.0);
    let scale = Scale::new(a.domain, pad, width - pad);
    let mut desc = match (a.value, a.interval) {
        (Some(value), Some((lo, hi))) => format!("value {}, interval {} to {}", number(value), number(lo), number(hi)),
        (Some(value), None) => format!("value {}", number(value)),
        _ => "no value".to_owned(),
    };
    if let Some(limit) = a.limit {
        let (_, limit) = compared(a.value.unwrap_or(f64::NAN), limit);
        desc.push_str(&format!("; compared with {limit}"));
    }
    svg(
        width,
        height,
        a.title,
        &desc,
        html! {
            @if let (Some(limit), Some(allowed)) = (a.limit, a.allowed) {
                @let x = scale.at(limit);
                @match allowed {
                    Allowed::AtMost => { (rect("zone", pad, 6.0, x - pad, base - 6.0)) }
                    Allowed::AtLeast => { (rect("zone", x, 6.0, width - pad - x, base - 6.0)) }
                }
            }
            (x_axis(&scale, 4, base, base, tick))
            @if let Some(limit) = a.limit {
                @let x = scale.at(limit);
                @let class = if a.limit_is_constant { "limit" } else { "limit other" };
                (line(class, x, 3.0, x, base))
            }
            @if let Some((lo, hi)) = a.interval {
                (whiskers(a.class, std::iter::once((scale.at(lo), scale.at(hi), mid, 5.0))))
            }
            (dots(&format!("dot {}", a.class), a.value.map(|v| (scale.at(v), mid)).into_iter()))
        },
    )
}

/// Horizontal intervals with end caps, as one path: from, to, height and half the cap of each.
pub fn whiskers(class: &str, all: impl Iterator<Item = (f64, f64, f64, f64)>) -> Markup {
    let strokes =
        all.flat_map(|(x1, x2, y, cap)| [[x1, y, x2, y], [x1, y - cap, x1, y + cap], [x2, y - cap, x2, y + cap]]);
    lines(&format!("bar {class}"), strokes)
}

/// The folds' values as dots over a line, the pooled value as a bar across it.
pub fn strip(title: &str, folds: &[(&str, Option<f64>)], pooled: Option<f64>, domain: (f64, f64)) -> Markup {
    let (width, height, mid) = (132.0, 18.0, 9.0);
    let scale = Scale::new(domain, 6.0, width - 6.0);
    let values: Vec<String> =
        folds.iter().map(|(fold, v)| format!("{fold}: {}", v.map_or_else(|| UNDEFINED.to_owned(), number))).collect();
    svg(
        width,
        height,
        title,
        &values.join("; "),
        html! {
            (line("axis", 2.0, mid, width - 2.0, mid))
            @if let Some(pooled) = pooled {
                @let x = scale.at(pooled);
                (line("pooled", x, 2.0, x, height - 2.0))
            }
            (dots("fold", folds.iter().filter_map(|(_, value)| Some((scale.at((*value)?), mid)))))
        },
    )
}
