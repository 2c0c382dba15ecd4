//! Translation edit rate (Snover et al. 2006) with tercom's shifts, as sacreBLEU 2.6.0 computes it.

use super::{Pairs, SACREBLEU, tokenize, words};
use crate::eval::estimate::{Estimate, Measured, Undefined};
use std::cmp::Reverse;

/// All settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    pub case_sensitive: bool,
    /// Whether punctuation is set apart first.
    pub normalized: bool,
    /// Whether punctuation is removed.
    pub no_punctuation: bool,
}

/// The longest run of words that is shifted.
const SHIFT_SIZE: usize = 10;
/// How far it is shifted.
const SHIFT_DISTANCE: usize = 50;
/// How far from the diagonal edits are looked for.
const BEAM: usize = 25;
/// Shifts tried for one pair of texts.
const CANDIDATES: usize = 1000;

/// The most pairs of words that one alignment looks at.
pub const MOST_CELLS: usize = 25_000_000;

impl Settings {
    pub fn signature(&self, references: &str) -> String {
        format!(
            "nrefs:{references}|case:{}|tok:tercom|norm:{}|punct:{}|asian:no|version:{SACREBLEU}",
            if self.case_sensitive { "mixed" } else { "lc" },
            if self.normalized { "yes" } else { "no" },
            if self.no_punctuation { "no" } else { "yes" }
        )
    }

    fn tokens(&self, text: &str) -> Vec<String> {
        let text = text.trim_end_matches(super::is_space);
        let mut line = if self.case_sensitive { text.to_string() } else { text.to_lowercase() };
        if self.normalized {
            line = tokenize::entities(&line.replace("\n-", "").replace('\n', " "));
            line = tokenize::marks_apart(&format!(" {line} "));
            line = tokenize::separators(&possessives(&line));
        }
        if self.no_punctuation {
            line = line.chars().filter(|c| !matches!(c, '.' | ',' | '?' | ':' | ';' | '!' | '"' | '(' | ')')).collect();
        }
        words(&line).map(str::to_string).collect()
    }

    /// Fewest edits over the references, mean length of the references.
    fn edits(&self, hypothesis: &str, references: &[&str]) -> (usize, f64) {
        let own = self.tokens(hypothesis);
        let (mut best, mut lengths) = (usize::MAX, 0);
        for reference in references {
            let other = self.tokens(reference);
            best = best.min(edits(&own, &other));
            lengths += other.len();
        }
        (best, lengths as f64 / references.len() as f64)
    }
}

fn possessives(line: &str) -> String {
    line.replace("'s ", " 's ")
}

/// Corpus TER, in percent of the reference words: 100 when a reference is empty and the text is not. Parts
/// `edits`, `reference_length`; the signature is a note.
/// Undefined for texts too long to align (a product of lengths above [`MOST_CELLS`]).
pub fn corpus(pairs: &Pairs, settings: &Settings) -> Measured {
    let (mut edits, mut length) = (0_usize, 0.0);
    for (row, (hypothesis, references)) in pairs.items().enumerate() {
        let longest = references.iter().map(|r| words(r).count()).max().unwrap_or(0);
        if words(hypothesis).count().saturating_mul(longest) > MOST_CELLS {
            return Err(Undefined::new(format!("the texts in row {} are too long to align", row + 1)));
        }
        let (e, l) = settings.edits(hypothesis, references);
        edits += e;
        length += l;
    }
    let rate = match edits {
        _ if length > 0.0 => edits as f64 / length,
        0 => 0.0,
        _ => 1.0,
    };
    let out = Estimate::plain(100.0 * rate, pairs.hypotheses.len()).with("edits", edits as f64);
    let out = out.with("reference_length", length);
    Ok(out.note(settings.signature(&pairs.reference_count())))
}

/// What turns the text into the reference, seen from the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    Keep,
    Substitute,
    Insert,
    Delete,
    /// Outside of the beam.
    None,
}

/// Shifts and edits together.
fn edits(own: &[String], reference: &[String]) -> usize {
    if reference.is_empty() {
        return own.len();
    }
    // Words as numbers: comparing them is most of the work.
    let mut names: Vec<&String> = own.iter().chain(reference).collect();
    names.sort_unstable();
    names.dedup();
    let code = |w: &String| names.binary_search(&w).unwrap_or(0);
    let mut words: Vec<usize> = own.iter().map(code).collect();
    let reference: Vec<usize> = reference.iter().map(code).collect();
    let (mut shifts, mut tried) = (0, 0);
    loop {
        let (gain, shifted) = best_shift(&words, &reference, &mut tried);
        if tried >= CANDIDATES || gain <= 0 {
            break;
        }
        shifts += 1;
        words = shifted;
    }
    shifts + distance(&words, &reference).0
}

/// Edits saved, length of the run, its start, its target.
type Rank = (i64, usize, Reverse<usize>, Reverse<usize>);

/// The shift that saves most edits; the longest run, the earliest start and the earliest target win ties.
fn best_shift(words: &[usize], reference: &[usize], tried: &mut usize) -> (i64, Vec<usize>) {
    let (before, trace) = distance(words, reference);
    let Alignment { target, own_wrong, reference_wrong } = align(&trace);
    let mut best: Option<(Rank, Vec<usize>)> = None;
    'search: for start in 0..words.len() {
        for at in start.saturating_sub(SHIFT_DISTANCE)..reference.len().min(start + SHIFT_DISTANCE + 1) {
            for length in 1..=SHIFT_SIZE {
                let (Some(a), Some(b)) = (words.get(start + length - 1), reference.get(at + length - 1)) else { break };
                if a != b {
                    break;
                }
                let any = |x: &[bool], from: usize| x.iter().skip(from).take(length).any(|w| *w);
                if !any(&own_wrong, start) || !any(&reference_wrong, at) {
                    continue;
                }
                let here = target.get(at).copied().unwrap_or(-1);
                if here >= start as i64 && here < (start + length) as i64 {
                    continue;
                }
                let mut last = None;
                for offset in -1..length as i64 {
                    let position = at as i64 + offset;
                    let index = if position == -1 {
                        0
                    } else {
                        match usize::try_from(position).ok().and_then(|p| target.get(p)) {
                            Some(t) => usize::try_from(t + 1).unwrap_or(0),
                            None => break,
                        }
                    };
                    if last == Some(index) {
                        continue;
                    }
                    last = Some(index);
                    let moved = shift(words, start, length, index);
                    let gain = before as i64 - distance(&moved, reference).0 as i64;
                    let rank = (gain, length, Reverse(start), Reverse(index));
                    *tried += 1;
                    if best.as_ref().is_none_or(|b| rank > b.0) {
                        best = Some((rank, moved));
                    }
                }
            }
            if *tried >= CANDIDATES {
                break 'search;
            }
        }
    }
    best.map_or_else(|| (0, words.to_vec()), |b| (b.0.0, b.1))
}

/// Moves `length` words from `start` before the word that is at `target`.
fn shift(words: &[usize], start: usize, length: usize, target: usize) -> Vec<usize> {
    let run = &words[start..start + length];
    let mut rest: Vec<usize> = [&words[..start], &words[start + length..]].concat();
    let at = if target < start {
        target
    } else if target > start + length {
        target - length
    } else {
        // Within the run: as many words after it move before it.
        target.min(rest.len())
    };
    rest.splice(at..at, run.iter().copied());
    rest
}

struct Alignment {
    /// For every reference word the place in the text after which it belongs; -1 before all.
    target: Vec<i64>,
    own_wrong: Vec<bool>,
    reference_wrong: Vec<bool>,
}

fn align(trace: &[Edit]) -> Alignment {
    let mut out = Alignment { target: Vec::new(), own_wrong: Vec::new(), reference_wrong: Vec::new() };
    let mut place = -1;
    for edit in trace {
        match edit {
            Edit::Keep | Edit::Substitute => {
                place += 1;
                out.target.push(place);
                out.own_wrong.push(*edit == Edit::Substitute);
                out.reference_wrong.push(*edit == Edit::Substitute);
            }
            Edit::Delete => {
                place += 1;
                out.own_wrong.push(true);
            }
            Edit::Insert => {
                out.target.push(place);
                out.reference_wrong.push(true);
            }
            Edit::None => {}
        }
    }
    out
}

/// Levenshtein distance within the beam and the edits from text to reference.
fn distance(words: &[usize], reference: &[usize]) -> (usize, Vec<Edit>) {
    let (n, m) = (words.len(), reference.len());
    let width = m + 1;
    let mut cells = vec![(usize::MAX, Edit::None); (n + 1) * width];
    for (j, cell) in cells.iter_mut().take(width).enumerate() {
        *cell = (j, Edit::Insert);
    }
    let ratio = if n == 0 { 1.0 } else { m as f64 / n as f64 };
    let beam = if (BEAM as f64) < ratio / 2.0 { (ratio / 2.0 + BEAM as f64).ceil() as usize } else { BEAM };
    for i in 1..=n {
        let diagonal = (i as f64 * ratio).floor() as usize;
        let from = diagonal.saturating_sub(beam);
        let to = if i == n { width } else { width.min(diagonal + beam) };
        for j in from..to {
            let up = cells[(i - 1) * width + j].0.saturating_add(1);
            if j == 0 {
                cells[i * width] = (up, Edit::Delete);
                continue;
            }
            let same = words[i - 1] == reference[j - 1];
            let across = cells[(i - 1) * width + j - 1].0.saturating_add(usize::from(!same));
            let left = cells[i * width + j - 1].0.saturating_add(1);
            let mut best = (usize::MAX, Edit::None);
            let ways =
                [(across, if same { Edit::Keep } else { Edit::Substitute }), (up, Edit::Delete), (left, Edit::Insert)];
            for way in ways {
                if way.0 < best.0 {
                    best = way;
                }
            }
            cells[i * width + j] = best;
        }
    }
    let (mut i, mut j, mut trace) = (n, m, Vec::new());
    while i > 0 || j > 0 {
        let edit = cells[i * width + j].1;
        trace.push(edit);
        match edit {
            Edit::Keep | Edit::Substitute => (i, j) = (i - 1, j - 1),
            Edit::Insert => j -= 1,
            Edit::Delete => i -= 1,
            Edit::None => break,
        }
    }
    trace.reverse();
    (cells[n * width + m].0, trace)
}
