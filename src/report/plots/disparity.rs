//! Groups by the log disparity of their share: bars to both sides of 0, with intervals.

use super::interval::whiskers;
use super::{Scale, dots, line, nice_domain, svg, text, x_axis};
use crate::report::format::{fold_name, plural, tick};
use crate::suite::synthetic::record::Subgroup;
use maud::{Markup, html};

/// Beyond this the picture is cut: ten times the odds and more.
const MOST: f64 = 3.0;

/// Levels without their columns where they say enough: `female, died = true`.
fn short(name: &str) -> String {
    let word = |part: &str| match part.split_once(" = ") {
        Some((_, level)) if !matches!(level, "true" | "false") => level.to_owned(),
        _ => part.to_owned(),
    };
    if name.contains(", ") { name.split(", ").map(word).collect::<Vec<_>>().join(", ") } else { name.to_owned() }
}

/// The groups in the order given; those without a figure are left out.
pub fn plot(groups: &[&Subgroup]) -> Markup {
    let shown: Vec<(&Subgroup, f64)> = groups.iter().filter_map(|g| Some((*g, g.log_disparity?))).collect();
    let (width, left, right, top, row) = (340.0, 150.0, 330.0, 6.0, 28.0);
    let bottom = top + row * shown.len() as f64 + 2.0;
    let ends = shown.iter().flat_map(|(g, v)| {
        let i = g.interval.as_ref();
        [*v, i.map_or(*v, |i| i.lo), i.map_or(*v, |i| i.hi)]
    });
    let reach = ends.map(f64::abs).fold(0.25, f64::max).min(MOST);
    let (_, reach) = nice_domain([0.0, reach].into_iter(), 2);
    let scale = Scale::new((-reach, reach), left, right);
    let at = |i: usize| top + row * (i as f64 + 0.5);
    let desc = format!("{}; the figures stand in the table beneath", plural(shown.len(), "group"));
    svg(
        width,
        bottom + 19.0,
        "Log disparity of groups",
        &desc,
        html! {
            (x_axis(&scale, 4, bottom, top, tick))
            (line("overall", scale.at(0.0), top, scale.at(0.0), bottom))
            @for (i, (group, _)) in shown.iter().enumerate() {
                @let folded = fold_name(&short(&group.name), 20);
                @match folded.split_once('\n') {
                    None => { (text("name e", left - 8.0, at(i) + 4.0, &folded)) }
                    Some((first, rest)) => {
                        (text("e", left - 8.0, at(i) - 1.5, first))
                        (text("e", left - 8.0, at(i) + 9.5, &crate::report::format::fit(&rest.replace('\n', " "), 24)))
                    }
                }
                @if group.lost { (text("note m", (left + right) / 2.0 + 40.0, at(i) + 4.0, "lost")) }
            }
            (whiskers("s1", shown.iter().enumerate().filter_map(|(i, (g, _))| {
                let v = g.interval.as_ref()?;
                Some((scale.at(v.lo), scale.at(v.hi), at(i), 4.0))
            })))
            (dots("dot s1", shown.iter().enumerate().map(|(i, (_, v))| (scale.at(*v), at(i)))))
        },
    )
}
