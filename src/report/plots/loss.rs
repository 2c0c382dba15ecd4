//! Losses of a generator and its critic over the epochs.

use super::{Scale, c, nice_domain, svg, text, x_axis, y_axis, y_label};
use crate::report::format::{number, tick};
use crate::suite::result::GeneratorInfo;
use maud::{Markup, html};

pub fn curves(g: &GeneratorInfo) -> Markup {
    let (width, height, left, right, top, bottom) = (300.0, 182.0, 42.0, 210.0, 10.0, 136.0);
    let settled = settled(g);
    let epochs = g.generator_loss.len().max(g.critic_loss.len()).max(2);
    let x = Scale::new((1.0, epochs as f64), left, right);
    let y = Scale::new(nice_domain(from(g, settled), 5), bottom, top);
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
                    polyline class={ "curve " (class) } points=(points(losses, settled, &x, &y)) {}
                    text class={ "series " (class) } x=(c(right + 6.0)) y=(c(at + 4.0)) { (name) " " (last(losses)) }
                }
            }
            (x_axis(&x, 4, bottom, bottom, tick))
            (text("m", (left + right) / 2.0, height - 8.0, "epoch"))
            (y_label((top + bottom) / 2.0, "mean loss"))
            @if let Some(text_of) = off_scale(g, settled) { (text("note e", right, top + 10.0, &text_of)) }
        },
    )
}

/// How many first epochs lie so far out that they would press the rest flat; at most a tenth of them.
fn settled(g: &GeneratorInfo) -> usize {
    let spread = |start: usize| {
        let ends = |(lo, hi): (f64, f64), v: f64| (lo.min(v), hi.max(v));
        let (lo, hi) = from(g, start).filter(|v| v.is_finite()).fold((f64::INFINITY, f64::NEG_INFINITY), ends);
        hi - lo
    };
    let most = g.generator_loss.len().max(g.critic_loss.len()) / 10;
    (0..=most).find(|start| *start == most || spread(*start) < 3.0 * spread(start + 1)).unwrap_or(0)
}

/// All losses from an epoch on.
fn from(g: &GeneratorInfo, epoch: usize) -> impl Iterator<Item = f64> {
    [&g.generator_loss, &g.critic_loss].into_iter().flat_map(move |l| l.iter().skip(epoch).copied())
}

/// What the scale leaves out, in words.
fn off_scale(g: &GeneratorInfo, settled: usize) -> Option<String> {
    let first = g.generator_loss.first().or(g.critic_loss.first()).filter(|_| settled > 0)?;
    Some(format!("not drawn: epoch 1, {}", number(*first)))
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

fn points(losses: &[f64], from: usize, x: &Scale, y: &Scale) -> String {
    let mut out = String::new();
    for (i, loss) in losses.iter().enumerate().skip(from).filter(|(_, loss)| loss.is_finite()) {
        out.push_str(&format!("{},{} ", c(x.at(i as f64 + 1.0)), c(y.at(*loss))));
    }
    out.trim_end().to_owned()
}
