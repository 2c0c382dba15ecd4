//! A forest plot: one metric by group, each with its interval, and the overall value as a line.

use super::interval::whiskers;
use super::{Scale, dots, line, svg, text, x_axis};
use crate::eval::estimate::Part;
use crate::report::format::{count, fit, number, plural, tick};
use maud::{Markup, html};

pub fn groups(title: &str, parts: &[Part], overall: Option<f64>, domain: (f64, f64)) -> Markup {
    let (width, left, right) = (228.0, 62.0, 186.0);
    let (top, row) = (22.0, 20.0);
    let bottom = top + row * parts.len() as f64 + 2.0;
    let scale = Scale::new(domain, left, right);
    let at = |i: usize| top + row * (i as f64 + 0.5) + 1.0;
    let drawn = || parts.iter().enumerate().filter_map(|(i, p)| Some((i, p, p.value?)));
    let desc = format!("{}; the figures stand in the table of this section", plural(parts.len(), "group"));
    svg(
        width,
        bottom + 19.0,
        title,
        &desc,
        html! {
            (x_axis(&scale, 4, bottom, top, tick))
            (text("e", width - 2.0, top - 9.0, "n"))
            @if let Some(overall) = overall {
                @let x = scale.at(overall);
                (line("overall", x, top - 3.0, x, bottom))
                (text("note m", x, top - 9.0, &format!("all {}", number(overall))))
            }
            @for (i, part) in parts.iter().enumerate() {
                (text("name e", left - 6.0, at(i) + 4.0, &fit(&part.group, 9)))
                (text("e", width - 2.0, at(i) + 3.5, &count(part.n)))
                @if part.value.is_none() { (text("note", left + 6.0, at(i) + 3.5, "undefined")) }
            }
            (whiskers("s1", drawn().filter_map(|(i, p, _)| {
                p.interval.as_ref().map(|v| (scale.at(v.lo), scale.at(v.hi), at(i), 4.0))
            })))
            (dots("dot s1", drawn().map(|(i, _, value)| (scale.at(value), at(i)))))
        },
    )
}
