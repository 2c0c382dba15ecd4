//! What a code's title means, without a language model: a stand-in.
//!
//! HiSGT takes the mean hidden state of ClinicalBERT. Here titles are hashed runs of three letters, weighed by term and
//! inverse document frequency (Salton and Buckley 1988) and projected at random to a fixed width (Achlioptas 2003), so
//! that titles with words in common lie near each other and nothing else is known. Results name it a stand-in.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

use crate::data::matrix::HostMatrix;

/// Width of the stand-in.
pub const WIDTH: usize = 128;
/// How it is called in results.
pub const NAME: &str = "stand-in: hashed character trigrams, tf-idf, random projection";
/// Buckets that trigrams are hashed into.
const BUCKETS: u32 = 1 << 16;

/// One row of length 1 a title, [`WIDTH`] wide; zeros for a title without letters or digits.
pub fn stand_in(titles: &[String], seed: u64) -> HostMatrix {
    let terms: Vec<BTreeMap<u32, f64>> = titles.iter().map(|t| trigrams(t)).collect();
    let mut seen: BTreeMap<u32, usize> = BTreeMap::new();
    for bucket in terms.iter().flat_map(BTreeMap::keys) {
        *seen.entry(*bucket).or_default() += 1;
    }
    let mut values = Vec::with_capacity(titles.len() * WIDTH);
    for terms in &terms {
        let mut row = vec![0.0_f64; WIDTH];
        for (bucket, count) in terms {
            let documents = seen.get(bucket).copied().unwrap_or(1);
            let weight = (1.0 + count.ln()) * (1.0 + titles.len() as f64 / documents as f64).ln();
            let mut signs = ChaCha8Rng::seed_from_u64(seed);
            signs.set_stream(u64::from(*bucket) + 1);
            for chunk in row.chunks_mut(64) {
                let bits: u64 = signs.random();
                for (i, x) in chunk.iter_mut().enumerate() {
                    *x += if bits >> i & 1 == 1 { weight } else { -weight };
                }
            }
        }
        let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        values.extend(row.iter().map(|x| if length > 0.0 { (x / length) as f32 } else { 0.0 }));
    }
    HostMatrix { rows: titles.len(), columns: WIDTH, values }
}

/// Runs of three characters of each word with its ends marked, by bucket, with how often they occur.
fn trigrams(title: &str) -> BTreeMap<u32, f64> {
    let mut out = BTreeMap::new();
    let lower = title.to_lowercase();
    let words: BTreeSet<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    for word in words {
        let marked: Vec<char> = std::iter::once(' ').chain(word.chars()).chain(std::iter::once(' ')).collect();
        for run in marked.windows(3) {
            // FNV-1a over the characters.
            let hash = run.iter().fold(0x811c_9dc5_u32, |h, c| (h ^ *c as u32).wrapping_mul(0x0100_0193));
            *out.entry(hash % BUCKETS).or_default() += 1.0;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_with_words_in_common_lie_near_each_other() {
        let titles = [
            "Acute viral pharyngitis",
            "Acute bacterial pharyngitis",
            "Fracture of forearm",
            "…",
            "Fracture of forearm",
        ];
        let titles: Vec<String> = titles.iter().map(|t| t.to_string()).collect();
        let m = stand_in(&titles, 7);
        let cos =
            |a: usize, b: usize| -> f32 { (0..WIDTH).map(|i| m.values[a * WIDTH + i] * m.values[b * WIDTH + i]).sum() };
        assert!(
            (cos(0, 0) - 1.0).abs() < 1e-5 && cos(0, 1) > 0.4 && cos(0, 2).abs() < 0.3,
            "{} {}",
            cos(0, 1),
            cos(0, 2)
        );
        assert_eq!(cos(3, 3), 0.0);
        assert!((cos(2, 4) - 1.0).abs() < 1e-5);
        assert_eq!(stand_in(&titles, 7), m);
        assert_ne!(stand_in(&titles, 8), m);
    }
}
