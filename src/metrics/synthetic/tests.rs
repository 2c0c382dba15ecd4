//! Properties and worked cases of the figures over synthetic rows.

use super::*;
use crate::metrics::resampling::{Lane, stream, unit};

/// Parts in blocks: training, hold-out, synthetic.
pub(super) fn blocks(train: usize, holdout: usize, synthetic: usize) -> Parts {
    Parts {
        train: (0..train).collect(),
        holdout: (train..train + holdout).collect(),
        synthetic: (train + holdout..train + holdout + synthetic).collect(),
    }
}

/// Rows of about normal numbers.
pub(super) fn normal(rows: usize, seed: u64) -> Vec<f64> {
    let mut rng = stream(seed, Lane::Draw, 77);
    (0..rows).map(|_| (0..12).map(|_| unit(&mut rng)).sum::<f64>() - 6.0).collect()
}

#[test]
fn parts_are_read_by_name() {
    let names: Vec<String> = ["synthetic", "train", "holdout"].map(String::from).to_vec();
    let parts = Parts::new(&[1, 0, 2, 1], &names).unwrap();
    assert_eq!((parts.train.len(), parts.holdout, parts.synthetic), (2, vec![2], vec![1]));
    let why = |codes: &[u32], names: &[&str]| {
        Parts::new(codes, &names.iter().map(|n| (*n).to_string()).collect::<Vec<_>>()).unwrap_err().reason
    };
    assert_eq!(why(&[0], &["train"]), "there are no synthetic rows");
    assert_eq!(why(&[0], &["synthetic"]), "there are no training rows");
    assert_eq!(why(&[0, 9], &["train"]), "row 2 belongs to no part");
    assert_eq!(why(&[0], &["test"]), "row 1 is `test`, and a part is one of train, holdout, synthetic");
}

#[test]
fn closest_records_in_one_dimension() {
    // Real rows 0 1 2 3 and 10 11 12 13; their standard deviation is the unit.
    let x = [0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 12.0, 13.0, 2.0, 2.4, 11.0, 20.0];
    let parts = blocks(4, 4, 4);
    let unit = crate::metrics::inference::variance(&x[..8]).unwrap().sqrt();
    let e = records::dcr(&[Mixed::Numbers(&x)], &parts, 0.95).unwrap();
    // Distances 0, 0.4, 8 and 17 to training rows.
    assert!((e.value - 4.2 / unit).abs() < 1e-12);
    assert_eq!(e.part("copies"), Some(0.25));
    assert_eq!(e.part("nearer_to_train"), Some(0.5));
    assert_eq!(e.part("expected_nearer"), Some(0.5));
    assert!((e.part("holdout_median").unwrap() - 8.5 / unit).abs() < 1e-12);
    let e = records::nndr(&[Mixed::Numbers(&x)], &parts, 0.95).unwrap();
    // 0/1, 0.4/0.6, 8/9, 17/18.
    assert!((e.value - (0.4 / 0.6 + 8.0 / 9.0) / 2.0).abs() < 1e-12);
    let e = records::dcr(&[Mixed::Numbers(&x[..8])], &blocks(4, 0, 4), 0.95).unwrap();
    assert_eq!((e.parts.len(), e.notes.len()), (2, 1));
}

#[test]
fn copies_are_seen_by_every_figure() {
    let real = normal(400, 1);
    let fresh = normal(200, 2);
    let honest: Vec<f64> = real.iter().chain(&fresh).copied().collect();
    let copied: Vec<f64> = real.iter().chain(&real[..200]).copied().collect();
    let parts = blocks(200, 200, 200);
    let (h, c) = ([Mixed::Numbers(&honest)], [Mixed::Numbers(&copied)]);
    let (a, b) = (records::dcr(&h, &parts, 0.95).unwrap(), records::dcr(&c, &parts, 0.95).unwrap());
    assert!(a.value > 0.0 && b.value == 0.0);
    assert_eq!((a.part("copies"), b.part("copies")), (Some(0.0), Some(1.0)));
    assert_eq!(b.part("nearer_to_train"), Some(1.0));
    let near = a.parts.iter().find(|p| p.group == "nearer_to_train").unwrap().interval.clone().unwrap();
    assert!(near.lo < 0.5 && near.hi > 0.5);
    let a = records::adversarial_accuracy(&h, &parts, (1, 0.95)).unwrap();
    let b = records::adversarial_accuracy(&c, &parts, (1, 0.95)).unwrap();
    assert!((a.value - 0.5).abs() < 0.08 && b.value == 0.0);
    assert!(a.part("privacy_loss").unwrap().abs() < 0.1 && b.part("privacy_loss").unwrap() > 0.4);
    let a = support::authenticity(&h, &parts, 0.95).unwrap();
    let b = support::authenticity(&c, &parts, 0.95).unwrap();
    // In one dimension a fresh row passes one time in three.
    assert!(a.value > 0.2 && b.value == 0.0);
    // A copy is precise all the same.
    assert!(support::alpha_precision(&c, &parts, None).unwrap().value > 0.8);
}

#[test]
fn precision_and_recall_fall_for_different_reasons() {
    let real = normal(600, 3);
    let parts = blocks(600, 0, 600);
    let with = |synthetic: Vec<f64>| real.iter().copied().chain(synthetic).collect::<Vec<f64>>();
    let same = with(normal(600, 4));
    let narrow = with(normal(600, 4).iter().map(|v| v * 0.05).collect());
    let wide = with(normal(600, 4).iter().map(|v| v * 5.0).collect());
    let precision = |x: &[f64]| support::alpha_precision(&[Mixed::Numbers(x)], &parts, Some((1, 0.95))).unwrap();
    let recall = |x: &[f64]| support::beta_recall(&[Mixed::Numbers(x)], &parts, Some((1, 0.95))).unwrap();
    let e = precision(&same);
    let i = e.interval.clone().unwrap();
    assert!(e.value > 0.9 && i.lo <= e.value && e.value <= i.hi + 0.02, "{e:?}");
    assert!(precision(&wide).part("never").unwrap() > 0.3 && precision(&wide).value < 0.5);
    assert!(recall(&narrow).value < recall(&same).value && precision(&narrow).part("never") == Some(0.0));
}

/// Two samples of two normal columns, the second moved by `shift` and stretched by `scale`.
fn samples(n: usize, shift: f64, scale: f64, seed: u64) -> (Vec<Vec<f64>>, Vec<bool>) {
    let first: Vec<bool> = (0..2 * n).map(|r| r < n).collect();
    let column = |c: u64| -> Vec<f64> {
        let x = normal(2 * n, seed * 10 + c);
        x.iter().zip(&first).map(|(v, f)| if *f { *v } else { v * scale + shift }).collect()
    };
    (vec![column(0), column(1)], first)
}

fn mixed(columns: &[Vec<f64>]) -> Vec<Mixed<'_>> {
    columns.iter().map(|c| Mixed::Numbers(c)).collect()
}

#[test]
fn a_classifier_tells_what_it_can_see() {
    let score = |shift, scale, order| {
        let (x, first) = samples(300, shift, scale, 1);
        classifier::discriminative_score(&mixed(&x), &first, order, (1, 0.95)).unwrap()
    };
    let same = score(0.0, 1.0, 1);
    assert!(same.value < 0.06 && same.interval.clone().unwrap().lo == 0.0, "{same:?}");
    let moved = score(1.5, 1.0, 1);
    assert!(moved.value > 0.25 && moved.part("auroc").unwrap() > 0.9, "{moved:?}");
    // A difference of spread alone needs squares.
    assert!(score(0.0, 3.0, 1).value < 0.1 && score(0.0, 3.0, 2).value > 0.2);
    let (x, first) = samples(3, 0.0, 1.0, 1);
    assert!(classifier::discriminative_score(&mixed(&x), &first, 1, (1, 0.95)).is_err());
    assert!(classifier::discriminative_score(&mixed(&x), &[true; 6], 1, (1, 0.95)).is_err());
    assert!(classifier::discriminative_score(&mixed(&x), &first, 3, (1, 0.95)).is_err());
}

#[test]
fn the_propensity_error_has_its_expectation() {
    // Two independent samples of one law: twice what rows of the fitted model would have.
    let ratios: Vec<f64> = (0..60)
        .map(|seed| {
            let (x, first) = samples(150, 0.0, 1.0, seed);
            classifier::pmse(&mixed(&x), &first, 2).unwrap().part("ratio").unwrap()
        })
        .collect();
    let mean = ratios.iter().sum::<f64>() / 60.0;
    assert!((mean - 2.0).abs() < 0.5, "{mean}");
    let (x, first) = samples(100, 50.0, 1.0, 1);
    // All is told: c (1 - c).
    assert!((classifier::pmse(&mixed(&x), &first, 1).unwrap().value - 0.25).abs() < 1e-4);
    // The levels of a category are one input less than there are.
    let codes: Vec<u32> = (0..90).map(|i| i % 3).collect();
    let first: Vec<bool> = (0..90).map(|i| i % 2 == 0).collect();
    let e = classifier::pmse(&[Mixed::Levels(&codes, 3)], &first, 1).unwrap();
    assert!((e.part("expected").unwrap() - 2.0 * 0.125 / 90.0).abs() < 1e-15, "{e:?}");
    assert!(classifier::pmse(&[Mixed::Numbers(&[1.0; 10])], &first[..10], 1).is_err());
}

#[test]
fn discrepancy_and_frechet_against_their_formulas() {
    let x = [0.0, 2.0, 4.0, 1.0, 5.0];
    let first = [true, true, true, false, false];
    let e = kernel::mmd(&[Mixed::Numbers(&x)], &first, 100, 1).unwrap();
    // The standard deviation of 0 2 4 is 2. Squared distances of pairs, sorted: .25 .25 .25 1 1 2.25 4 4 4 6.25; the sixth.
    let k = |a: f64, b: f64| (-(a - b) * (a - b) / 4.0 / 4.5).exp();
    let want = (k(0.0, 2.0) + k(0.0, 4.0) + k(2.0, 4.0)) / 3.0 + k(1.0, 5.0)
        - 2.0 / 6.0 * (0..3).flat_map(|i| (3..5).map(move |j| (i, j))).map(|(i, j)| k(x[i], x[j])).sum::<f64>();
    assert!((e.value - want).abs() < 1e-12, "{} {want}", e.value);
    assert!((e.part("bandwidth").unwrap() - 1.5).abs() < 1e-12);
    // Both orders of the samples are as likely: of ten splits a share is as far.
    assert!(e.part("p").unwrap() > 0.05);
    let (a, first) = samples(200, 0.0, 1.0, 2);
    assert!(kernel::mmd(&mixed(&a), &first, 200, 1).unwrap().part("p").unwrap() > 0.01);
    let (b, first) = samples(200, 0.8, 1.0, 2);
    let e = kernel::mmd(&mixed(&b), &first, 150, 1).unwrap();
    assert!(e.part("p").unwrap() <= 0.002 && e.notes.len() == 1);
    assert_eq!(e, kernel::mmd(&mixed(&b), &first, 150, 1).unwrap());
    assert!(kernel::mmd(&[Mixed::Numbers(&[1.0; 4])], &[true, true, false, false], 10, 1).is_err());
    // One column: (m - m')² + (s - s')².
    let x = [0.0, 2.0, 4.0, 1.0, 5.0, 9.0];
    let e = kernel::frechet(&[Mixed::Numbers(&x)], &[true, true, true, false, false, false]).unwrap();
    assert!((e.value - (1.5 * 1.5 + 1.0)).abs() < 1e-9, "{e:?}");
    // Perfect correlation against none.
    let (u, v) = ([-1.0, 1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0]);
    let half: Vec<bool> = (0..8).map(|r| r < 4).collect();
    let e = kernel::frechet(&[Mixed::Numbers(&u), Mixed::Numbers(&v)], &half).unwrap();
    // S = [1 1; 1 1], S' = I: tr = 2 + 2 - 2 sqrt 2.
    assert!((e.value - (4.0 - 2.0 * 2.0_f64.sqrt())).abs() < 1e-9, "{e:?}");
    assert!(kernel::frechet(&[Mixed::Numbers(&x[..3])], &[true, true, false]).is_err());
}

#[test]
fn code_probabilities_by_hand() {
    use codes::{Long, Of, code_r2};
    // Real: person 0 has a b, then a; person 1 has b b. Synthetic: person 2 has a b c, person 3 a then b.
    let long = Long {
        code: &[0, 1, 0, 1, 1, 0, 1, 2, 0, 1],
        record: &[0, 0, 0, 1, 1, 2, 2, 2, 3, 3],
        visit: &[1.0, 1.0, 2.0, 0.0, -0.0, 1.0, 1.0, 1.0, 1.0, 2.0],
        first: &[true, true, true, true, true, false, false, false, false, false],
    };
    // Real a 1/2, b 1/2, c 0; synthetic 2/5, 2/5, 1/5.
    let e = code_r2(&long, Of::Unigram, 1).unwrap();
    let spread: f64 = [0.5_f64, 0.5, 0.0].iter().map(|p| (p - 1.0 / 3.0).powi(2)).sum();
    assert!((e.value - (1.0 - 0.06 / spread)).abs() < 1e-12, "{e:?}");
    // One pair a-b against three pairs.
    let e = code_r2(&long, Of::SameVisit, 1).unwrap();
    assert!((e.value - (1.0 - (4.0 + 1.0 + 1.0) / 9.0 / (2.0 / 3.0))).abs() < 1e-12, "{e:?}");
    // a-a and b-a against a-b.
    assert!(code_r2(&long, Of::Sequential, 1).unwrap().value < 0.0);
    let one = Long { code: &[0, 0], record: &[0, 1], visit: &[0.0, 0.0], first: &[true, false] };
    assert!(code_r2(&one, Of::Unigram, 1).unwrap_err().reason.contains("nothing to explain"));
    assert!(code_r2(&one, Of::Sequential, 1).unwrap_err().reason.contains("two visits"));
    assert!(code_r2(&Long { first: &[true, true], ..one }, Of::Unigram, 1).is_err());
    assert!(code_r2(&Long { visit: &[0.0, f64::NAN], ..one }, Of::Unigram, 1).is_err());
}

#[test]
fn larger_parts_are_cut_by_the_seed() {
    let x = normal(70, 5);
    let run = |seed| records::adversarial_accuracy(&[Mixed::Numbers(&x)], &blocks(40, 0, 30), (seed, 0.95)).unwrap();
    assert_eq!(run(1), run(1));
    assert!(run(1).notes.iter().any(|n| n.starts_with("30 rows")));
    assert!(records::adversarial_accuracy(&[Mixed::Numbers(&x[..3])], &blocks(2, 0, 1), (1, 0.95)).is_err());
}
