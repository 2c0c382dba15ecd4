//! Translation edit rate (Snover et al. 2006) with tercom's shifts, as sacreBLEU 2.6.0 computes it.

use super::vocabulary::{Vocabulary, is_space, words};
use super::{Pairs, SACREBLEU, shifts, tokenize};
use crate::eval::estimate::{Estimate, Measured, Undefined};

/// All settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    pub case_sensitive: bool,
    /// Whether punctuation is set apart first.
    pub normalized: bool,
    /// Whether punctuation is removed.
    pub no_punctuation: bool,
    /// Whether `normalized` sets Chinese and Japanese characters apart too, and `no_punctuation` takes out Asian
    /// and full-width punctuation.
    pub asian: bool,
}

impl Settings {
    pub fn signature(&self, references: &str) -> String {
        format!(
            "nrefs:{references}|case:{}|tok:tercom|norm:{}|punct:{}|asian:{}|version:{SACREBLEU}",
            if self.case_sensitive { "mixed" } else { "lc" },
            if self.normalized { "yes" } else { "no" },
            if self.no_punctuation { "no" } else { "yes" },
            if self.asian { "yes" } else { "no" }
        )
    }

    /// The text in tokens with blanks between.
    fn tokenised(&self, text: &str) -> String {
        let text = text.trim_end_matches(is_space);
        let mut line = if self.case_sensitive { text.to_string() } else { text.to_lowercase() };
        if self.normalized {
            line = tokenize::entities(&line.replace("\n-", "").replace('\n', " "));
            line = tokenize::marks_apart(&format!(" {line} ")).replace("'s ", " 's ");
            line = tokenize::separators(&line);
            if self.asian {
                line = tokenize::apart(&line, |c| is_asian(c) || is_asian_mark(c));
            }
        }
        if self.no_punctuation {
            let mark = |c: char| matches!(c, '.' | ',' | '?' | ':' | ';' | '!' | '"' | '(' | ')');
            line.retain(|c| !mark(c) && !(self.asian && is_asian_mark(c)));
        }
        words(&line).collect::<Vec<_>>().join(" ")
    }

    /// Fewest edits over the references, mean length of the references; nothing for texts too long to align.
    fn edits(
        &self,
        vocabulary: &mut Vocabulary,
        hypothesis: &str,
        references: &[&str],
        limit: usize,
    ) -> Option<(usize, f64)> {
        let mut tokens = |text: String| words(&text).map(|word| vocabulary.number(word)).collect::<Vec<u32>>();
        let own = tokens(self.tokenised(hypothesis));
        let (mut best, mut lengths) = (usize::MAX, 0);
        for reference in references {
            // sacreBLEU tokenises references twice, which splits `it's,` further.
            let other = tokens(self.tokenised(&self.tokenised(reference)));
            if shifts::cells(own.len(), other.len()) > limit {
                return None;
            }
            best = best.min(shifts::edits(&own, &other));
            lengths += other.len();
        }
        Some((best, lengths as f64 / references.len() as f64))
    }
}

/// Chinese and Japanese characters, by the ranges of sacreBLEU, of which one is longer than its block.
fn is_asian(c: char) -> bool {
    matches!(u32::from(c),
        0x4e00..=0x9fff | 0x3400..=0x4dbf | 0x31c0..=0x31ef | 0x2e80..=0x2eff | 0x3300..=0x33ff | 0xf900..=0xfaff
        | 0xfe30..=0xfe4f | 0x3200..=0x3f22)
}

fn is_asian_mark(c: char) -> bool {
    matches!(u32::from(c),
        0x3001 | 0x3002 | 0x3008..=0x3011 | 0x3014..=0x301f | 0xff61..=0xff65 | 0x30fb
        | 0xff0e | 0xff0c | 0xff1f | 0xff1a | 0xff1b | 0xff01 | 0xff02 | 0xff08 | 0xff09)
}

/// The most cells of a table of edit distances: texts of 1.2 million words each.
pub const MOST_CELLS: usize = 1 << 26;

/// Corpus TER, in percent of the reference words: 100 when a reference is empty and the text is not. Parts
/// `edits`, `reference_length`; the signature is a note.
/// Undefined for texts too long to align (a table along the diagonal of more than [`MOST_CELLS`] cells).
pub fn corpus(pairs: &Pairs, settings: &Settings) -> Measured {
    corpus_within(pairs, settings, MOST_CELLS)
}

pub(super) fn corpus_within(pairs: &Pairs, settings: &Settings, limit: usize) -> Measured {
    let rows: Vec<Option<(usize, f64)>> =
        pairs.each(|vocabulary, (), h, references| settings.edits(vocabulary, h, references, limit));
    if let Some(row) = rows.iter().position(Option::is_none) {
        return Err(Undefined::new(format!("the texts in row {} are too long to align", row + 1)));
    }
    let rows: Vec<(usize, f64)> = rows.into_iter().flatten().collect();
    let total = |chosen: &mut dyn Iterator<Item = &(usize, f64)>| {
        chosen.fold((0, 0.0), |(edits, length), row| (edits + row.0, length + row.1))
    };
    let rate = |(edits, length): (usize, f64)| match edits {
        _ if length > 0.0 => 100.0 * (edits as f64 / length),
        0 => 0.0,
        _ => 100.0,
    };
    let all = total(&mut rows.iter());
    let interval = pairs.interval(|drawn| rate(total(&mut drawn.iter().filter_map(|&row| rows.get(row as usize)))));
    let out = Estimate { interval, ..Estimate::plain(rate(all), rows.len()) };
    let out = out.with("edits", all.0 as f64).with("reference_length", all.1);
    Ok(out.note(settings.signature(&pairs.reference_count())))
}
