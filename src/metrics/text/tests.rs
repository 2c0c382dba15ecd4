//! Edges of the text metrics that no fixture holds.

use super::matching::{edit_distance, exact, f1, numbers_grounded, quantities};
use super::*;

#[test]
fn answers_are_compared_as_squad_does() {
    assert_eq!(exact(&["The ICU."], &["icu"], true).unwrap().value, 1.0);
    assert_eq!(exact(&["The ICU."], &["icu"], false).unwrap().value, 0.0);
    assert!((f1("acute renal failure", "renal failure") - 0.8).abs() < 1e-15);
    assert_eq!(f1("", ""), 1.0);
    assert_eq!(f1("", "x"), 0.0);
    assert!(exact(&[], &[], true).is_err());
}

#[test]
fn edits_are_counted_in_characters() {
    assert_eq!(edit_distance("kitten", "sitting"), 3);
    assert_eq!(edit_distance("", "abc"), 3);
    assert_eq!(edit_distance("naïve", "naive"), 1);
}

#[test]
fn numbers_carry_their_units() {
    let found = quantities("K 6.8 mmol/L, 1,000 mg then 5-6 days; B12; 38.5°C");
    let shown: Vec<(f64, &str)> = found.iter().map(|q| (q.value, q.unit.as_str())).collect();
    assert_eq!(shown, [(6.8, "mmol/l"), (1000.0, "mg"), (5.0, ""), (6.0, "days"), (38.5, "°c")]);
    let e = numbers_grounded(&["5 mg daily for 7 days"], &["give 5 mg for 10 days"]).unwrap();
    assert_eq!((e.part("numbers"), e.part("grounded")), (Some(2.0), Some(1.0)));
    assert!(numbers_grounded(&["none"], &["5"]).is_err());
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
        let recall = rouge::score(&a.join(" "), &b.join(" "), rouge::Kind::L, false).recall;
        let wanted = if a.is_empty() || b.is_empty() { 0.0 } else { table[a.len()][b.len()] as f64 / a.len() as f64 };
        assert_eq!(recall, wanted, "{a:?} {b:?}");
    }
}

#[test]
fn texts_too_long_to_align_are_refused() {
    let long = "word ".repeat(6_000);
    let pairs = Pairs::new(vec![&long], &[vec![Some(&long)]]).unwrap();
    assert!(ter::corpus(&pairs, &ter::Settings::default()).is_err());
}
