//! Edges of the text metrics that no fixture holds.

use super::matching::{exact, f1};
use super::*;
use crate::eval::estimate::Measured;
use crate::metrics::inference::LEVEL;

#[test]
fn answers_are_compared_as_squad_does() {
    assert_eq!(exact(&["The ICU."], &["icu"], true, 0.95).unwrap().value, 1.0);
    assert_eq!(exact(&["The ICU."], &["icu"], false, 0.95).unwrap().value, 0.0);
    assert!((f1("acute renal failure", "renal failure") - 0.8).abs() < 1e-15);
    assert_eq!(f1("", ""), 1.0);
    assert_eq!(f1("", "x"), 0.0);
    assert!(exact(&[], &[], true, 0.95).is_err());
}

#[test]
fn a_text_without_reference_is_refused() {
    assert!(Pairs::new(vec!["a"], &[vec![None]]).is_err());
    assert!(Pairs::new(vec!["a"], &[vec![Some("b"), Some("c")]]).is_err());
    assert!(Pairs::new(vec![], &[vec![]]).is_err());
    assert_eq!(Pairs::new(vec!["a"], &[vec![None], vec![Some("b")]]).unwrap().references, vec![vec!["b"]]);
}

#[test]
fn a_single_token_and_a_very_long_text_end() {
    let long = "word ".repeat(20_000);
    let pairs = Pairs::new(vec![&long], &[vec![Some("word")]]).unwrap();
    let settings = bleu::Settings {
        tokenizer: tokenize::Tokenizer::V13a,
        lowercase: false,
        smoothing: bleu::Smoothing::Exp,
        effective_order: false,
        max_order: 4,
    };
    assert!(bleu::corpus(&pairs, &settings).unwrap().value < 1.0);
    assert!(rouge::corpus(&pairs, rouge::Kind::L, true).unwrap().value < 1e-3);
}

#[test]
fn subsequences_by_bits_are_those_of_the_table() {
    let mut seed = 7_u64;
    let mut next = |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    for _ in 0..60 {
        let mut text =
            |longest: u64| (0..next(longest)).map(|_| ["a", "b", "c", "d"][next(4) as usize]).collect::<Vec<_>>();
        let (a, b) = (text(150), text(150));
        let mut table = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
        for (i, x) in a.iter().enumerate() {
            for (j, y) in b.iter().enumerate() {
                table[i + 1][j + 1] = if x == y { table[i][j] + 1 } else { table[i][j + 1].max(table[i + 1][j]) };
            }
        }
        let (prediction, reference) = (b.join(" "), a.join(" "));
        let pairs = Pairs::new(vec![&prediction], &[vec![Some(&reference)]]).unwrap();
        let recall = rouge::corpus(&pairs, rouge::Kind::L, false).unwrap().part("recall").unwrap();
        let wanted = if a.is_empty() || b.is_empty() { 0.0 } else { table[a.len()][b.len()] as f64 / a.len() as f64 };
        assert_eq!(recall, wanted, "{a:?} {b:?}");
    }
}

#[test]
fn texts_too_long_to_align_are_refused() {
    let long = "word ".repeat(6_000);
    let pairs = Pairs::new(vec![&long], &[vec![Some(&long)]]).unwrap();
    let refused = ter::corpus_within(&pairs, &ter::Settings::default(), 100_000);
    assert_eq!(refused.unwrap_err().reason, "the texts in row 1 are too long to align");
    assert_eq!(ter::corpus(&pairs, &ter::Settings::default()).unwrap().value, 0.0);
}

#[test]
fn a_million_tokens_end() {
    let mut seed = 5_u64;
    let mut text = |words: usize| -> String {
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("w{} ", (seed >> 33) % 1000)
        };
        (0..words).map(|_| next()).collect()
    };
    let (a, b) = (text(100_000), text(90_000));
    let pairs = Pairs::new(vec![&a], &[vec![Some(&b)]]).unwrap();
    assert!(ter::corpus(&pairs, &ter::Settings::default()).unwrap().value > 90.0);
    let l = rouge::corpus(&pairs, rouge::Kind::L, false).unwrap().value;
    assert_eq!(rouge::corpus(&pairs, rouge::Kind::LSum, false).unwrap().value, l);
    assert!(l > 0.05 && l < 0.2, "{l}");
    let (two, other) = (format!("{a}\nx"), format!("{b}\ny"));
    let pairs = Pairs::new(vec![&two], &[vec![Some(&other)]]).unwrap();
    let refused = rouge::corpus(&pairs, rouge::Kind::LSum, false).unwrap_err().reason;
    assert_eq!(refused, "the lines in row 1 are too long to compare");
}

#[test]
fn intervals_are_those_of_resampled_texts() {
    use crate::metrics::resampling::{REPLICATES, bootstrap_rows};
    static TEXTS: [&str; 5] = ["a b c d e", "the patient was well", "k 5 mg", "", "the patient was not well today"];
    static REFERENCES: [&str; 5] = ["a b c e d", "the patient is well", "k 5 mg/L", "x", "the patient was well"];
    let pairs = |rows: &[u32], seed: Option<u64>| {
        let of = |t: &'static [&str]| rows.iter().map(|&r| t[r as usize]).collect::<Vec<&str>>();
        let (texts, references) = (of(&TEXTS), of(&REFERENCES));
        let references: Vec<Option<&str>> = references.into_iter().map(Some).collect();
        Pairs { seed: seed.map(|s| (s, LEVEL)), ..Pairs::new(texts, &[references]).unwrap() }
    };
    let settings = bleu::Settings {
        tokenizer: tokenize::Tokenizer::V13a,
        lowercase: false,
        smoothing: bleu::Smoothing::Exp,
        effective_order: true,
        max_order: 2,
    };
    let chrf =
        chrf::Settings { characters: 3, words: 2, beta: 2.0, lowercase: false, whitespace: false, epsilon: false };
    let figures: [&dyn Fn(&Pairs) -> Measured; 5] = [
        &|p| bleu::corpus(p, &settings),
        &|p| bleu::sentences(p, &settings),
        &|p| chrf::corpus(p, &chrf),
        &|p| ter::corpus(p, &ter::Settings::default()),
        &|p| rouge::corpus(p, rouge::Kind::L, true),
    ];
    for figure in figures {
        let rows: Vec<u32> = (0..5).collect();
        let whole = figure(&pairs(&rows, Some(3))).unwrap();
        let mut drawn = Vec::new();
        let draws = bootstrap_rows(5, REPLICATES, 3, |rows| f64::from(rows.iter().fold(0, |code, r| code * 5 + r)));
        for code in draws {
            let mut code = code as u32;
            let mut rows = vec![0; 5];
            rows.iter_mut().rev().for_each(|r| (*r, code) = (code % 5, code / 5));
            drawn.push(figure(&pairs(&rows, None)).unwrap().value);
        }
        assert_eq!(whole.interval, percentile_interval(&drawn, LEVEL));
        assert!(figure(&pairs(&[0], Some(3))).unwrap().interval.is_none());
    }
}
