//! What holds for every report, checked on the made-up run and on an empty one.

use super::format::width;
use super::{Screen, page, render, sample, written};
use crate::eval::estimate::Interval;
use crate::suite::result::{Plots, PrivacyInfo, Results, Verdict};

/// A run that was stopped before anything was finished.
fn empty() -> Results {
    let mut results = sample::results();
    let body = &mut results.body;
    body.datasets.clear();
    body.generators.clear();
    body.scenarios.clear();
    body.models.clear();
    body.figures.clear();
    body.cells.clear();
    body.policies.clear();
    body.plots = Plots::default();
    body.script.doc = None;
    results.receipt.interrupted = true;
    results.receipt.timings.clear();
    results
}

/// A run whose numbers are as awkward as numbers get.
fn awkward() -> Results {
    let mut results = sample::results();
    let strange = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e300, -1e-300];
    for (i, cell) in results.body.cells.iter_mut().enumerate() {
        cell.value = strange.get(i % 9).copied();
        if let Some(interval) = &mut cell.interval {
            interval.lo = strange.get(i % 8).copied().unwrap_or(0.5);
        }
    }
    for (i, c) in results.body.policies.iter_mut().flat_map(|p| &mut p.constraints).enumerate() {
        c.left = strange.get(i % 8).copied();
        c.name = "名前のとても長い制約".repeat(1 + i % 5);
    }
    for (i, r) in results.body.plots.reliability.iter_mut().enumerate() {
        r.bins.iter_mut().for_each(|b| b.lo = strange.get(i % 7).copied().unwrap_or(0.0));
    }
    for (i, d) in results.body.plots.distributions.iter_mut().enumerate() {
        d.real.truncate(i);
        d.synthetic.iter_mut().for_each(|v| *v = strange.get(i % 7).copied().unwrap_or(0.0));
        d.distance = f64::NAN;
    }
    for g in &mut results.body.generators {
        g.generator_loss = strange.to_vec();
        g.critic_loss.clear();
    }
    results.body.benchmark.name = "wide \u{1b}[31m\u{202E} name".repeat(12);
    results.body.scenarios[1].prevalence = Some(f64::NAN);
    results
}

fn every() -> [Results; 3] {
    [sample::results(), empty(), awkward()]
}

/// Tags open and close in order; returns what is wrong.
fn unbalanced(markup: &str) -> Option<String> {
    const VOID: [&str; 4] = ["meta", "link", "wbr", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = markup;
    while let Some(start) = rest.find('<') {
        let tag_and_rest = &rest[start + 1..];
        let Some(end) = tag_and_rest.find('>') else {
            return Some("a tag has no end".into());
        };
        let tag = &tag_and_rest[..end];
        rest = &tag_and_rest[end + 1..];
        if !tag.matches('"').count().is_multiple_of(2) {
            return Some(format!("quotes in <{tag}>"));
        }
        let name = tag.trim_start_matches('/').split_whitespace().next().unwrap_or("");
        if VOID.contains(&name) {
            continue;
        }
        if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return Some(format!("</{name}> closes another tag"));
            }
        } else {
            open.push(name);
        }
    }
    open.pop().map(|name| format!("<{name}> stays open"))
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    for results in every() {
        let html = page(&results);
        for forbidden in
            ["src=", "<script", "@import", "url(", "href=\"http", "<iframe", "javascript:", "<base", "onload="]
        {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        assert!(html.contains("default-src 'none'"));
    }
}

#[test]
fn text_of_the_script_is_escaped() {
    let html = page(&sample::results());
    assert!(html.contains("&lt;script&gt;alert"));
    assert!(html.contains("youden&lt;j&gt; &amp; &quot;friends&quot;") && !html.contains("youden<j>"));
    assert!(html.contains("Naeini et al. 2015 &lt;ECE&gt; &amp; binning"));
    let html = page(&awkward());
    assert!(!html.contains('\u{1b}') && !html.contains('\u{202E}'));
}

#[test]
fn every_picture_and_the_page_are_well_formed() {
    for results in every() {
        let html = page(&results);
        assert_eq!(unbalanced(&html), None);
        let mut pictures = 0;
        for picture in html.split("<svg").skip(1) {
            let (picture, _) = picture.split_once("</svg>").expect("a picture ends");
            let picture = format!("<svg{picture}</svg>");
            assert_eq!(unbalanced(&picture), None, "{picture}");
            assert!(picture.contains("role=\"img\"") && picture.contains("<title>") && picture.contains("<desc>"));
            pictures += 1;
        }
        assert!(pictures > 100 || results.body.cells.is_empty());
    }
}

#[test]
fn ids_are_unique_and_every_inner_link_leads_somewhere() {
    let html = page(&sample::results());
    let ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|s| s.split('"').next()).collect();
    for (i, id) in ids.iter().enumerate() {
        assert!(!ids[..i].contains(id), "{id}");
    }
    for target in html.split("href=\"#").skip(1).filter_map(|s| s.split('"').next()) {
        assert!(ids.contains(&target), "{target}");
    }
}

#[test]
fn no_reader_sees_a_number_that_is_none() {
    for results in every() {
        for text in [page(&results), render(&results, Screen::new(true, None))] {
            let words = text.split(|c: char| !c.is_alphanumeric());
            for word in words {
                assert!(!["NaN", "nan", "inf", "Infinity", "null"].contains(&word), "{word}");
            }
        }
    }
}

/// Whoever releases the rows of a private generator is told not to publish the seed, on the page and at the terminal.
#[test]
fn the_seed_of_a_private_release_is_told_to_be_secret() {
    let mut results = sample::results();
    let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [page(&results), render(&results, Screen::new(false, None))] {
        assert!(!flat(text).contains("publish the rows or the seed, not both"));
    }
    results.body.generators[0].privacy = Some(PrivacyInfo {
        epsilon: 2.9,
        delta: 1e-5,
        budget: 3.0,
        unit: "person".into(),
        steps: 1240,
        sigma: 1.1,
        rate: 0.01,
        mechanisms: Vec::new(),
    });
    for text in [page(&results), render(&results, Screen::new(false, None))] {
        assert!(flat(text).contains("publish the rows or the seed, not both"));
    }
}

#[test]
fn all_verdicts_figures_and_reasons_are_on_the_page() {
    let results = sample::results();
    let html = page(&results);
    for verdict in super::view::VERDICTS {
        let found = results.body.policies.iter().flat_map(|p| &p.constraints).any(|c| c.verdict == verdict);
        assert!(found, "the sample lacks {verdict:?}");
        assert!(html.contains(super::view::word(verdict)));
    }
    assert!(results.body.policies.iter().flat_map(|p| &p.constraints).any(|c| c.verdict == Verdict::Fail));
    for needed in [
        "no row has race == asian",
        "does not take part in realism",
        "noise floor",
        "Nothing here is legal advice",
        "CC BY 4.0",
    ] {
        assert!(html.contains(needed), "{needed}");
    }
}

#[test]
fn terminal_lines_fit_and_carry_no_escape_without_colour() {
    for results in every() {
        let plain = render(&results, Screen::new(false, None));
        assert!(!plain.contains('\u{1b}'));
        for line in plain.lines() {
            assert!(width(line) <= 100, "{} columns: {line}", width(line));
        }
        assert_eq!(strip(&render(&results, Screen::new(true, None))), plain);
    }
    assert!(render(&sample::results(), Screen::new(true, None)).contains("\u{1b}[1;31m✗F"));
    assert_eq!(written(&[("page", "out/report.html")], Screen::new(false, None)), "page     out/report.html\n");
}

#[test]
fn the_summary_is_short_and_says_who_fails_what() {
    let results = sample::results();
    let text = render(&results, Screen::new(false, None));
    assert!(text.lines().count() <= 140, "{} lines", text.lines().count());
    for needed in
        ["failed or left open in scenario base", "n    ", "noise floor", "compliance %", "on the page", "surv6m"]
    {
        assert!(text.contains(needed), "{needed}");
    }
    // Every constraint that fails in the first scenario has its line.
    let base = &results.body.scenarios[0].name;
    let (_, open) = text.split_once("failed or left open").unwrap();
    for c in results.body.policies.iter().filter(|p| p.scenario == *base).flat_map(|p| &p.constraints) {
        let name = super::format::fit(&super::format::clean(&c.name), 24);
        assert!(c.verdict != Verdict::Fail || open.contains(&name), "{name}");
    }
}

#[test]
fn a_verdict_on_the_value_alone_is_marked() {
    let mut results = sample::results();
    let c = &mut results.body.policies[0].constraints[0];
    c.verdict = Verdict::Fail;
    c.confidence = None;
    (c.left, c.threshold) = (Some(0.1011), Some(0.1));
    c.left_interval = Some(Interval { lo: 0.0, hi: 0.2, level: 0.95, method: "wilson".into() });
    assert!(super::view::by_value_alone(c));
    let text = render(&results, Screen::new(false, None));
    assert!(text.contains("0.1011 [0.00, 0.20]") && text.contains("0.1*"), "{text}");
    assert!(page(&results).contains("decided on the value alone"));
    results.body.policies[0].constraints[0].confidence = Some(0.95);
    assert!(!super::view::by_value_alone(&results.body.policies[0].constraints[0]));
}

#[test]
fn the_page_keeps_every_group_of_every_scenario() {
    let results = sample::results();
    let html = page(&results);
    let (_, groups) = html.split_once("<section id=\"groups\"").unwrap();
    let (groups, _) = groups.split_once("</section>").unwrap();
    for scenario in &results.body.scenarios {
        if results.body.plots.by_group.iter().any(|g| g.scenario == scenario.name) {
            assert!(groups.contains(&format!("Metrics by group in scenario {}", scenario.name)));
        }
    }
    assert!(groups.contains("asian") && groups.contains("n\u{a0}79"));
}

/// Text without colour.
fn strip(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('\u{1b}');
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        out.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    out
}

#[test]
fn a_narrow_terminal_has_narrow_lines() {
    for columns in [80, 90, 100] {
        let text = render(&sample::results(), Screen::new(false, Some(columns)));
        let long: Vec<&str> = text.lines().filter(|l| width(l) > columns).collect();
        assert!(long.is_empty(), "{columns}: {long:#?}");
    }
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let results = sample::results();
    assert_eq!(page(&results), page(&results.clone()));
    assert_eq!(render(&results, Screen::new(false, None)), render(&results.clone(), Screen::new(false, None)));
}
