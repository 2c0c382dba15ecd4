//! A reliability curve: observed share against mean predicted probability, with the number of rows
//! in each bin beneath.

use super::{Scale, c, line, rect, svg, text, x_axis, y_axis};
use crate::report::format::{count, number, percent};
use crate::suite::result::ReliabilityBin;
use maud::{Markup, html};

pub fn curve(title: &str, bins: &[ReliabilityBin]) -> Markup {
    let (width, left, right) = (228.0, 36.0, 220.0);
    let (top, bottom) = (10.0, 194.0);
    let (hist_top, hist_bottom, height) = (214.0, 252.0, 286.0);
    let x = Scale::new((0.0, 1.0), left, right);
    let y = Scale::new((0.0, 1.0), bottom, top);
    let most = bins.iter().map(|b| b.n).max().unwrap_or(0);
    let tall = Scale::new((0.0, most.max(1) as f64), hist_bottom, hist_top);
    let mut points = String::new();
    for bin in bins {
        points.push_str(&format!("{},{} ", c(x.at(bin.mean_predicted)), c(y.at(bin.observed))));
    }
    let total: usize = bins.iter().map(|b| b.n).sum();
    let desc = format!("{} bins over {} rows; see the table below the curves", bins.len(), count(total));
    svg(
        width,
        height,
        title,
        &desc,
        html! {
            (y_axis(&y, 5, left, right))
            @for value in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
                (line("grid", x.at(value), top, x.at(value), bottom))
            }
            (line("diagonal", x.at(0.0), y.at(0.0), x.at(1.0), y.at(1.0)))
            (text("note", right - 4.0, bottom - 6.0, "end", "dashed: perfect"))
            polyline class="curve" points=(points.trim_end()) {}
            @for bin in bins {
                @let px = x.at(bin.mean_predicted);
                (line("bar s1", px, y.at(bin.lo), px, y.at(bin.hi)))
                circle class="dot s1" cx=(c(px)) cy=(c(y.at(bin.observed))) r="3.6" {
                    title {
                        "predicted " (number(bin.mean_predicted)) ", observed " (number(bin.observed))
                        " [" (number(bin.lo)) ", " (number(bin.hi)) "], n " (count(bin.n))
                    }
                }
            }
            @for bin in bins {
                @let at = tall.at(bin.n as f64);
                (rect("hist", x.at(bin.mean_predicted) - 5.0, at, 10.0, hist_bottom - at))
            }
            (x_axis(&x, 5, hist_bottom, hist_bottom))
            (text("tick", left, hist_top - 5.0, "start", &format!("rows per bin, at most {}", count(most))))
            (text("label", (left + right) / 2.0, height - 5.0, "middle", "mean predicted probability"))
            text class="label" x="11" y=(c((top + bottom) / 2.0)) text-anchor="middle"
                transform={ "rotate(-90 11 " (c((top + bottom) / 2.0)) ")" } { "observed share" }
        },
    )
}

/// A bin in words, for the table that goes with the curves.
pub fn observed(bin: &ReliabilityBin) -> String {
    format!("{} [{}, {}]", percent(bin.observed), percent(bin.lo), percent(bin.hi))
}
