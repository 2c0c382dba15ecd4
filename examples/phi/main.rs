//! How well the detector of protected health information does: `cargo run --release --example phi`.
//!
//! Without files, on planted notes: recall and precision with Wilson 95 % intervals, by kind, for names and places that its
//! dictionaries hold and that they do not, with and without words around them that tell, on forms that were at hand while
//! the rules were written and on forms held out. With files, on their text: findings per 1,000 words by rule
//! (`--show` lists them).
#![expect(clippy::print_stdout, reason = "an example program prints what it measured")]

mod lists;
mod measure;
mod notes;

use dbf::metrics::inference::{LEVEL, wilson};
use dbf::phi::{Kind, scan};
use measure::{Precision, Recall, Tally, around, tally};
use notes::{Note, Planted, notes};
use std::collections::BTreeMap;
use std::time::Instant;

/// Notes measured, and the seed that draws them.
const NOTES: usize = 1_000;
const SEED: u64 = 164_514;

/// Which of the planted identifiers count.
type Choice = fn(&Planted) -> bool;

fn main() -> std::io::Result<()> {
    let mut files: Vec<String> = std::env::args().skip(1).collect();
    let show = files.iter().any(|f| f == "--show");
    files.retain(|f| f != "--show");
    if files.is_empty() {
        planted(show);
    }
    for file in files {
        real(&file, show)?;
    }
    Ok(())
}

fn rate(k: u64, n: u64) -> String {
    match wilson(k, n, LEVEL) {
        Some(i) => format!("{:.4} [{:.4}, {:.4}]", k as f64 / n as f64, i.lo, i.hi),
        None => "-".into(),
    }
}

fn recall_line(name: &str, r: Recall) {
    println!(
        "{name:<34}{:>8}{:>8}  {:<26}{:<26}{}",
        r.planted,
        r.touched,
        rate(r.touched, r.planted),
        rate(r.exact, r.planted),
        rate(r.covered, r.planted)
    );
}

fn precision_line(name: &str, p: Precision) {
    println!("{name:<34}{:>8}{:>8}  {}", p.flagged, p.planted, rate(p.planted, p.flagged));
}

/// The heading of a table of recalls.
fn recall_heading(title: &str) {
    let (overlap, exact) = ("overlap, same kind", "exact, same kind");
    println!("\n{title:<34}{:>8}{:>8}  {overlap:<26}{exact:<26}nothing leaks", "planted", "found");
}

fn by_kind(tally: &Tally) {
    recall_heading("recall");
    for kind in Kind::ALL {
        recall_line(kind.word(), tally.recall[kind as usize]);
    }
    recall_line("all", tally.all_recall());
    println!("\n{:<34}{:>8}{:>8}  precision", "precision", "flagged", "planted");
    for kind in Kind::ALL {
        precision_line(kind.word(), tally.precision[kind as usize]);
    }
    precision_line("all", tally.all_precision());
    println!("traps {}, flagged {}", tally.traps, tally.traps_flagged.len());
}

fn planted(show: bool) {
    let all = notes(SEED, NOTES);
    let spans: usize = all.iter().map(|n| n.planted.len()).sum();
    println!("{NOTES} notes, {spans} identifiers planted, seed {SEED}");
    for (title, held_out) in [("forms at hand", false), ("forms held out", true)] {
        let some: Vec<&Note> = all.iter().filter(|n| n.held_out == held_out).collect();
        println!("\n== {title}: {} notes; identifiers that words or their form tell", some.len());
        let told = tally(&some, |p| p.told);
        by_kind(&told);
        recall_heading("form");
        for form in ["discharge", "nursing", "radiology", "portal", "referral"] {
            let notes: Vec<&Note> = some.iter().copied().filter(|n| n.form == form).collect();
            recall_line(form, tally(&notes, |p| p.told).all_recall());
        }
        recall_heading("names and places");
        for kind in ["names", "geography"] {
            let groups: [(&str, Choice); 4] = [
                ("told, in the dictionaries", |p| p.told && !p.unseen),
                ("told, in none", |p| p.told && p.unseen),
                ("not told, in the dictionaries", |p| !p.told && !p.unseen),
                ("not told, in none", |p| !p.told && p.unseen),
            ];
            for (name, group) in groups {
                recall_line(&format!("{kind}: {name}"), tally(&some, |p| p.kind == kind && group(p)).all_recall());
            }
        }
        if show {
            let every = tally(&some, |_| true);
            let shown = |lines: Vec<String>| {
                let mut counts: BTreeMap<String, u64> = BTreeMap::new();
                for line in lines {
                    *counts.entry(line).or_default() += 1;
                }
                counts.iter().for_each(|(line, n)| println!("  {n:>4} {line}"));
            };
            println!("\nmissed");
            shown(every.missed.into_iter().map(|(kind, text)| format!("{kind}: {text}")).collect());
            println!("found in part");
            shown(every.inexact.into_iter().map(|(planted, flagged)| format!("{planted:?}: {flagged:?}")).collect());
            println!("flagged, not planted");
            shown(
                every.wrong.into_iter().map(|(flagged, text, rule)| format!("{rule}: {flagged:?} in {text}")).collect(),
            );
            println!("traps flagged");
            shown(
                every
                    .traps_flagged
                    .into_iter()
                    .map(|(trap, flagged, rule)| format!("{rule}: {flagged:?} of {trap:?}"))
                    .collect(),
            );
        }
    }
    let text: String = all.iter().map(|n| n.text.as_str()).collect::<Vec<_>>().join("\n");
    let text = text.repeat(20_000_000 / text.len() + 1);
    let start = Instant::now();
    let found = scan(&text).len();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "\nspeed: {:.1} MB in {seconds:.2} s, {:.1} MB/s on one core, {found} spans",
        text.len() as f64 / 1e6,
        text.len() as f64 / 1e6 / seconds
    );
}

fn real(file: &str, show: bool) -> std::io::Result<()> {
    let text = std::fs::read_to_string(file)?;
    let words = text.split_whitespace().count();
    let spans = scan(&text);
    println!(
        "{file}: {words} words, {} spans, {:.2} per 1,000 words",
        spans.len(),
        1e3 * spans.len() as f64 / words.max(1) as f64
    );
    let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
    for span in &spans {
        *rules.entry(span.rule).or_default() += 1;
        if show {
            println!("  {}\t{:?}\t{}", span.rule, &text[span.start..span.end], around(&text, span.start, span.end));
        }
    }
    for (rule, n) in rules {
        println!("  {rule:<24}{n:>6}  {:.3}", 1e3 * n as f64 / words.max(1) as f64);
    }
    Ok(())
}
