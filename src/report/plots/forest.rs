//! A forest plot: one metric by group, each with its interval, and the overall value as a line.

use super::interval::whisker;
use super::{Scale, c, line, svg, text, x_axis};
use crate::eval::estimate::Part;
use crate::report::format::{count, fit, number};
use maud::{Markup, html};

pub fn groups(title: &str, parts: &[Part], overall: Option<f64>, domain: (f64, f64)) -> Markup {
    let (width, left, right) = (300.0, 86.0, 252.0);
    let top = 26.0;
    let row = 22.0;
    let bottom = top + row * parts.len() as f64 + 4.0;
    let scale = Scale::new(domain, left, right);
    let mut desc = String::new();
    for part in parts {
        let value = part.value.map_or_else(|| "undefined".to_owned(), number);
        desc.push_str(&format!("{}: {value}, n {}; ", part.group, count(part.n)));
    }
    svg(
        width,
        bottom + 20.0,
        title,
        desc.trim_end_matches("; "),
        html! {
            (x_axis(&scale, 4, bottom, top))
            (text("tick", width - 2.0, top - 10.0, "end", "n"))
            @if let Some(overall) = overall {
                @let x = scale.at(overall);
                (line("overall", x, top - 4.0, x, bottom))
                (text("note", x, top - 9.0, "middle", &format!("overall {}", number(overall))))
            }
            @for (i, part) in parts.iter().enumerate() {
                @let y = top + row * (i as f64 + 0.5) + 2.0;
                text class="name" x=(c(left - 8.0)) y=(c(y + 4.0)) text-anchor="end" {
                    (fit(&part.group, 13)) title { (part.group) }
                }
                (text("tick", width - 2.0, y + 3.5, "end", &count(part.n)))
                @match part.value {
                    Some(value) => {
                        @if let Some(interval) = &part.interval {
                            (whisker("s1", &scale, interval.lo, interval.hi, y, 4.0))
                        }
                        circle class="dot s1" cx=(c(scale.at(value))) cy=(c(y)) r="4" {
                            title { (part.group) ": " (number(value)) }
                        }
                    }
                    None => { (text("note", left + 6.0, y + 3.5, "start", "undefined")) }
                }
            }
        },
    )
}
