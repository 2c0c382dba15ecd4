//! BLEU (Papineni et al. 2002) as sacreBLEU 2.6.0 computes it (Post 2018): corpus and sentence.

use super::tokenize::Tokenizer;
use super::vocabulary::Vocabulary;
use super::{Pairs, SACREBLEU, grams, mean};
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;

/// What is done about orders without a match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Smoothing {
    None,
    /// Each order without a match counts half of the one before (NIST).
    Exp,
    /// Such an order gets this many matches.
    Floor(f64),
    /// This much is added to matches and totals of the orders from 2 on.
    AddK(f64),
}

impl Smoothing {
    /// A negative `value` stands for sacreBLEU's default: 0.1 for "floor", 1 for "add-k".
    pub fn named(name: &str, value: f64) -> Result<Smoothing, Undefined> {
        if !value.is_finite() {
            return Err(Undefined::new("the smoothing value is not a number"));
        }
        let or = |default: f64| if value < 0.0 { default } else { value };
        checks::word(
            "the smoothing",
            name,
            &[
                ("exp", Smoothing::Exp),
                ("floor", Smoothing::Floor(or(0.1))),
                ("add-k", Smoothing::AddK(or(1.0))),
                ("none", Smoothing::None),
            ],
        )
    }

    fn signature(self) -> String {
        match self {
            Smoothing::None => "none".into(),
            Smoothing::Exp => "exp".into(),
            Smoothing::Floor(v) => format!("floor[{v:.2}]"),
            Smoothing::AddK(v) => format!("add-k[{v:.2}]"),
        }
    }
}

/// All settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    pub tokenizer: Tokenizer,
    pub lowercase: bool,
    pub smoothing: Smoothing,
    /// Whether orders longer than the text count; for sentences.
    pub effective_order: bool,
    pub max_order: usize,
}

/// Counts of one or more segments.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    pub matches: Vec<usize>,
    pub totals: Vec<usize>,
    pub length: usize,
    /// The closest reference length, the shorter of two equally close.
    pub reference_length: usize,
}

/// A score of 0 to 100 with what it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    pub score: f64,
    pub precisions: Vec<f64>,
    pub brevity_penalty: f64,
    /// Matches and totals after smoothing.
    pub matches: Vec<f64>,
    pub totals: Vec<f64>,
}

impl Settings {
    pub fn signature(&self, references: &str) -> String {
        format!(
            "nrefs:{references}|case:{}|eff:{}|tok:{}|smooth:{}|version:{SACREBLEU}",
            if self.lowercase { "lc" } else { "mixed" },
            if self.effective_order { "yes" } else { "no" },
            self.tokenizer.name(),
            self.smoothing.signature()
        )
    }

    fn tokens(&self, text: &str, vocabulary: &mut Vocabulary) -> Vec<u32> {
        match self.lowercase {
            true => self.tokenizer.encode(&text.to_lowercase(), vocabulary),
            false => self.tokenizer.encode(text, vocabulary),
        }
    }

    /// The counts of one segment.
    fn counts(&self, vocabulary: &mut Vocabulary, hypothesis: &str, references: &[&str]) -> Counts {
        let own = self.tokens(hypothesis, vocabulary);
        let others: Vec<Vec<u32>> = references.iter().map(|r| self.tokens(r, vocabulary)).collect();
        let closest = others.iter().map(Vec::len).min_by_key(|l| (l.abs_diff(own.len()), *l));
        Counts {
            matches: grams::shared(&own, &others.iter().map(Vec::as_slice).collect::<Vec<_>>(), self.max_order),
            totals: (1..=self.max_order).map(|n| (own.len() + 1).saturating_sub(n)).collect(),
            length: own.len(),
            reference_length: closest.unwrap_or(0),
        }
    }

    fn all_counts(&self, pairs: &Pairs) -> Vec<Counts> {
        pairs.each(|vocabulary, (), hypothesis, references| self.counts(vocabulary, hypothesis, references))
    }

    /// The score of summed counts.
    pub fn score(&self, counts: &Counts) -> Score {
        let (length, reference) = (counts.length as f64, counts.reference_length as f64);
        let brevity_penalty = match counts.length {
            0 if counts.reference_length > 0 => 0.0,
            l if l < counts.reference_length => (1.0 - reference / length).exp(),
            _ => 1.0,
        };
        let mut out = Score {
            score: 0.0,
            precisions: vec![0.0; self.max_order],
            brevity_penalty,
            matches: counts.matches.iter().map(|v| *v as f64).collect(),
            totals: counts.totals.iter().map(|v| *v as f64).collect(),
        };
        if counts.matches.iter().all(|m| *m == 0) {
            return out;
        }
        let (mut halving, mut order) = (1.0, self.max_order);
        for n in 0..self.max_order {
            if let (Smoothing::AddK(k), true) = (self.smoothing, n > 0) {
                out.matches[n] += k;
                out.totals[n] += k;
            }
            let (hits, total) = (out.matches[n], out.totals[n]);
            if total == 0.0 {
                break;
            }
            if self.effective_order {
                order = n + 1;
            }
            out.precisions[n] = match self.smoothing {
                _ if hits != 0.0 => 100.0 * hits / total,
                Smoothing::Exp => {
                    halving *= 2.0;
                    100.0 / (halving * total)
                }
                Smoothing::Floor(v) => 100.0 * v / total,
                _ => 0.0,
            };
        }
        // An order without matches makes the product 0; so does this logarithm.
        let log = |p: &f64| if *p == 0.0 { -9_999_999_999.0 } else { p.ln() };
        let logs: f64 = out.precisions.iter().take(order).map(log).fold(0.0, |a, b| a + b);
        out.score = brevity_penalty * (logs / order as f64).exp();
        out
    }
}

impl Counts {
    fn none(orders: usize) -> Counts {
        Counts { matches: vec![0; orders], totals: vec![0; orders], ..Counts::default() }
    }

    fn add(&mut self, other: &Counts) {
        self.matches.iter_mut().zip(&other.matches).for_each(|(a, b)| *a += b);
        self.totals.iter_mut().zip(&other.totals).for_each(|(a, b)| *a += b);
        self.length += other.length;
        self.reference_length += other.reference_length;
    }
}

fn check(settings: &Settings) -> Result<(), Undefined> {
    if (1..=20).contains(&settings.max_order) {
        return Ok(());
    }
    Err(Undefined::new(format!("the longest n-gram is {}, not 1 to 20", settings.max_order)))
}

/// Corpus BLEU, 0 to 100. Parts: `precision 1` …, `matches 1` …, `totals 1` …, `brevity_penalty`, `length`,
/// `reference_length`; the signature is a note.
pub fn corpus(pairs: &Pairs, settings: &Settings) -> Measured {
    check(settings)?;
    let rows = settings.all_counts(pairs);
    let total = |chosen: &mut dyn Iterator<Item = &Counts>| {
        chosen.fold(Counts::none(settings.max_order), |mut sum, row| {
            sum.add(row);
            sum
        })
    };
    let counts = total(&mut rows.iter());
    let found = settings.score(&counts);
    let interval = pairs
        .interval(|drawn| settings.score(&total(&mut drawn.iter().filter_map(|&row| rows.get(row as usize)))).score);
    let mut out = Estimate { interval, ..Estimate::plain(found.score, rows.len()) };
    let lists = [("precision", &found.precisions), ("matches", &found.matches), ("totals", &found.totals)];
    for (name, list) in lists {
        for (n, value) in list.iter().enumerate() {
            out = out.with(format!("{name} {}", n + 1), *value);
        }
    }
    let out = out.with("brevity_penalty", found.brevity_penalty).with("length", counts.length as f64);
    let out = out.with("reference_length", counts.reference_length as f64);
    Ok(out.note(settings.signature(&pairs.reference_count())))
}

/// The mean of the sentence scores, 0 to 100.
pub fn sentences(pairs: &Pairs, settings: &Settings) -> Measured {
    check(settings)?;
    let scores: Vec<f64> = settings.all_counts(pairs).iter().map(|c| settings.score(c).score).collect();
    Ok(mean(&scores, pairs.seed).note(settings.signature(&pairs.reference_count())))
}
