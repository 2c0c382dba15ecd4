//! Losses of a generator and its critic over the epochs.

use super::{Scale, c, line, nice_domain, svg, text, y_axis};
use crate::report::format::{number, tick};
use crate::suite::result::GeneratorInfo;
use maud::{Markup, html};

pub fn curves(g: &GeneratorInfo) -> Markup {
    let (width, height, left, right, top, bottom) = (300.0, 182.0, 42.0, 210.0, 10.0, 136.0);
    let all = g.generator_loss.iter().chain(&g.critic_loss).copied();
    let epochs = g.generator_loss.len().max(g.critic_loss.len()).max(2);
    let x = Scale::new((1.0, epochs as f64), left, right);
    let y = Scale::new(nice_domain(all, 5), bottom, top);
    let (ticks, step) = x.roomy_ticks(4, tick);
    let ends = [("generator", &g.generator_loss, "s1"), ("critic", &g.critic_loss, "s2")];
    let heights = apart(ends.map(|(_, losses, _)| losses.last().map_or(bottom, |v| y.at(*v))));
    let last = |losses: &[f64]| losses.last().map_or_else(|| "undefined".to_owned(), |v| number(*v));
    let desc = format!("after {epochs} epochs: generator {}, critic {}", last(&g.generator_loss), last(&g.critic_loss));
    svg(
        width,
        height,
        &format!("Losses of generator {}", g.name),
        &desc,
        html! {
            (y_axis(&y, 5, left, right))
            @for ((name, losses, class), at) in ends.iter().zip(heights) {
                @if !losses.is_empty() {
                    polyline class={ "curve " (class) } points=(points(losses, &x, &y)) {}
                    text class={ "series " (class) } x=(c(right + 6.0)) y=(c(at + 4.0)) { (name) " " (last(losses)) }
                }
            }
            (line("axis", left, bottom, right, bottom))
            @for value in &ticks {
                (line("axis", x.at(*value), bottom, x.at(*value), bottom + 3.0))
                (text("tick", x.at(*value), bottom + 15.0, "middle", &tick(*value, step)))
            }
            (text("label", (left + right) / 2.0, height - 8.0, "middle", "epoch"))
            text class="label" x="11" y=(c((top + bottom) / 2.0)) text-anchor="middle"
                transform={ "rotate(-90 11 " (c((top + bottom) / 2.0)) ")" } { "mean loss" }
        },
    )
}

/// The labels at the ends of two lines, moved apart when they would touch.
fn apart([a, b]: [f64; 2]) -> [f64; 2] {
    let gap = 13.0 - (a - b).abs();
    if gap <= 0.0 {
        return [a, b];
    }
    let half = gap / 2.0;
    if a <= b { [a - half, b + half] } else { [a + half, b - half] }
}

fn points(losses: &[f64], x: &Scale, y: &Scale) -> String {
    let mut out = String::new();
    for (i, loss) in losses.iter().enumerate().filter(|(_, loss)| loss.is_finite()) {
        out.push_str(&format!("{},{} ", c(x.at(i as f64 + 1.0)), c(y.at(*loss))));
    }
    out.trim_end().to_owned()
}
