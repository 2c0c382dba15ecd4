//! How alike each column is, as a bar; real rows against real rows as a mark on it.

use super::{Scale, c, line, rects, svg, text, x_axis};
use crate::report::format::{fit, fixed, plural, tick};
use crate::suite::synthetic::record::ColumnShape;
use maud::{Markup, html};

/// The worst columns, at most so many, worst first.
pub fn plot(columns: &[ColumnShape], most: usize) -> Markup {
    let mut shown: Vec<(&ColumnShape, f64)> = columns.iter().filter_map(|c| Some((c, c.shape?))).collect();
    shown.sort_by(|a, b| a.1.total_cmp(&b.1));
    let left_out = shown.len().saturating_sub(most);
    shown.truncate(most);
    let (width, left, right, top, row) = (300.0, 106.0, 256.0, 6.0, 16.0);
    let bottom = top + row * shown.len() as f64 + 2.0;
    let least = shown.iter().flat_map(|(c, s)| [*s, c.ceiling.unwrap_or(1.0)]).fold(0.9, f64::min);
    let scale = Scale::new(((least * 10.0).floor() / 10.0, 1.0), left, right);
    let at = |i: usize| top + row * i as f64;
    let height = bottom + if left_out > 0 { 34.0 } else { 19.0 };
    let desc = format!("{}, worst first", plural(shown.len(), "column"));
    svg(
        width,
        height,
        "Shapes of columns",
        &desc,
        html! {
            (x_axis(&scale, 4, bottom, top, tick))
            (rects("hist", shown.iter().enumerate().map(|(i, (_, s))| [left, at(i) + 2.0, scale.at(*s) - left, row - 5.0])))
            @for (i, (column, shape)) in shown.iter().enumerate() {
                (text("name e", left - 6.0, at(i) + 11.5, &fit(&column.column, 15)))
                (text("", right + 6.0, at(i) + 11.5, &fixed(*shape, 3)))
                @if let Some(real) = column.ceiling {
                    @let x = scale.at(real);
                    (line("limit", x, at(i) + 1.0, x, at(i) + row - 2.0))
                }
            }
            @if left_out > 0 {
                text class="note" x=(c(left)) y=(c(height - 4.0)) { (format!("and {} closer", plural(left_out, "more column"))) }
            }
        },
    )
}
