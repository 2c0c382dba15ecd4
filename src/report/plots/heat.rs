//! Pairs of columns as a triangle of squares: the darker, the further the dependence is from the real one.

use super::{c, svg, text};
use crate::report::format::{fit, fixed, plural};
use crate::suite::synthetic::record::PairTrend;
use maud::{Markup, html};

/// Shades; the last holds what lies beyond.
const SHADES: usize = 8;
/// The difference that has the darkest shade.
const DARKEST: f64 = 0.4;

/// The columns with the largest differences, at most so many, in their own order.
pub fn plot(pairs: &[PairTrend], most: usize) -> Markup {
    let mut names: Vec<&str> = Vec::new();
    for name in pairs.iter().flat_map(|p| [p.a.as_str(), p.b.as_str()]) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let far = |p: &PairTrend| p.trend.map(|t| 1.0 - t);
    let all = names.len();
    if all > most {
        let worst =
            |name: &str| pairs.iter().filter(|p| p.a == name || p.b == name).filter_map(far).fold(0.0, f64::max);
        let mut ranked: Vec<(f64, &str)> = names.iter().map(|n| (worst(n), *n)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let kept: Vec<&str> = ranked.iter().take(most).map(|r| r.1).collect();
        names.retain(|n| kept.contains(n));
    }
    let (width, left, top) = (300.0, 106.0, 4.0);
    let side = ((width - left - 4.0) / names.len().max(1) as f64).min(18.0);
    let bottom = top + side * names.len() as f64;
    let place = |name: &str| names.iter().position(|n| *n == name);
    let shade = |v: f64| ((v / DARKEST * SHADES as f64) as usize).min(SHADES - 1);
    let mut paths = vec![String::new(); SHADES + 1];
    for pair in pairs {
        let Some((i, j)) = place(&pair.a).zip(place(&pair.b)) else { continue };
        let (row, column) = (i.max(j), i.min(j));
        let (x, y) = (left + side * column as f64, top + side * row as f64);
        let own = far(pair).map_or(SHADES, shade);
        if let Some(path) = paths.get_mut(own) {
            path.push_str(&format!("M{} {}h{s}v{s}h-{s}z", c(x), c(y), s = c((side - 1.0).max(0.5))));
        }
    }
    let worst = pairs.iter().filter_map(|p| Some((p, far(p)?))).max_by(|a, b| a.1.total_cmp(&b.1));
    let desc = worst.map_or_else(
        || "no pair has a trend".to_owned(),
        |(p, v)| {
            format!("{}; the worst is {} with {}, {} from the real one", plural(all, "column"), p.a, p.b, fixed(v, 3))
        },
    );
    let legend = |i: usize| left + 18.0 * i as f64;
    // Names beside small squares stand on every other row.
    let step = ((11.0 / side).ceil() as usize).max(1);
    svg(
        width,
        bottom + 40.0,
        "Trends of pairs",
        &desc,
        html! {
            @for (i, path) in paths.iter().enumerate() {
                @if !path.is_empty() { path class={ "heat h" (i) } d=(path) {} }
            }
            @for (i, name) in names.iter().enumerate().step_by(step) {
                (text("name e", left - 6.0, top + side * (i as f64 + 0.5) + 4.0, &fit(name, 15)))
            }
            @for i in 0..SHADES {
                path class={ "heat h" (i) } d=(format!("M{} {}h17v9h-17z", c(legend(i)), c(bottom + 10.0))) {}
            }
            (text("", left, bottom + 32.0, "0"))
            (text("e", legend(SHADES), bottom + 32.0, &format!("{DARKEST} and more")))
        },
    )
}
