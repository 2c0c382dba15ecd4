//! A reliability curve: observed share against mean predicted probability, with the number of rows
//! in each bin beneath.

use super::{Scale, c, dots, line, lines, rects, svg, text, x_axis, y_axis, y_label};
use crate::report::format::{count, percent, tick};
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
            (lines("grid", [0.0, 0.2, 0.4, 0.6, 0.8, 1.0].into_iter().map(|v| [x.at(v), top, x.at(v), bottom])))
            (line("diagonal", x.at(0.0), y.at(0.0), x.at(1.0), y.at(1.0)))
            (text("note e", right - 4.0, bottom - 6.0, "dashed: perfect"))
            polyline class="curve" points=(points.trim_end()) {}
            (lines("bar s1", bins.iter().map(|b| [x.at(b.mean_predicted), y.at(b.lo), x.at(b.mean_predicted), y.at(b.hi)])))
            (dots("dot s1", bins.iter().map(|b| (x.at(b.mean_predicted), y.at(b.observed)))))
            (rects("hist", bins.iter().map(|b| {
                let at = tall.at(b.n as f64);
                [x.at(b.mean_predicted) - 5.0, at, 10.0, hist_bottom - at]
            })))
            (x_axis(&x, 5, hist_bottom, hist_bottom, tick))
            (text("", left, hist_top - 5.0, &format!("rows per bin, at most {}", count(most))))
            (text("m", (left + right) / 2.0, height - 3.0, "mean predicted probability"))
            (y_label((top + bottom) / 2.0, "observed share"))
        },
    )
}

/// A bin in words, for the table that goes with the curves.
pub fn observed(bin: &ReliabilityBin) -> String {
    format!("{} [{}, {}]", percent(bin.observed), percent(bin.lo), percent(bin.hi))
}
