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
    let e = records::dcr(&[Mixed::Numbers(&x)], &parts).unwrap();
    // Distances 0, 0.4, 8 and 17 to training rows.
    assert!((e.value - 4.2 / unit).abs() < 1e-12);
    assert_eq!(e.part("copies"), Some(0.25));
    assert_eq!(e.part("nearer_to_train"), Some(0.5));
    assert_eq!(e.part("expected_nearer"), Some(0.5));
    assert!((e.part("holdout_median").unwrap() - 8.5 / unit).abs() < 1e-12);
    let e = records::nndr(&[Mixed::Numbers(&x)], &parts).unwrap();
    // 0/1, 0.4/0.6, 8/9, 17/18.
    assert!((e.value - (0.4 / 0.6 + 8.0 / 9.0) / 2.0).abs() < 1e-12);
    let e = records::dcr(&[Mixed::Numbers(&x[..8])], &blocks(4, 0, 4)).unwrap();
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
    let (a, b) = (records::dcr(&h, &parts).unwrap(), records::dcr(&c, &parts).unwrap());
    assert!(a.value > 0.0 && b.value == 0.0);
    assert_eq!((a.part("copies"), b.part("copies")), (Some(0.0), Some(1.0)));
    assert_eq!(b.part("nearer_to_train"), Some(1.0));
    let near = a.parts.iter().find(|p| p.group == "nearer_to_train").unwrap().interval.clone().unwrap();
    assert!(near.lo < 0.5 && near.hi > 0.5);
    let a = records::adversarial_accuracy(&h, &parts, 1).unwrap();
    let b = records::adversarial_accuracy(&c, &parts, 1).unwrap();
    assert!((a.value - 0.5).abs() < 0.08 && b.value == 0.0);
    assert!(a.part("privacy_loss").unwrap().abs() < 0.1 && b.part("privacy_loss").unwrap() > 0.4);
    let a = support::authenticity(&h, &parts).unwrap();
    let b = support::authenticity(&c, &parts).unwrap();
    // In one dimension a fresh row passes one time in three.
    assert!(a.value > 0.2 && b.value == 0.0);
    // A copy is precise all the same.
    assert!(support::alpha_precision(&c, &parts, 1, false).unwrap().value > 0.8);
}

#[test]
fn precision_and_recall_fall_for_different_reasons() {
    let real = normal(600, 3);
    let parts = blocks(600, 0, 600);
    let with = |synthetic: Vec<f64>| real.iter().copied().chain(synthetic).collect::<Vec<f64>>();
    let same = with(normal(600, 4));
    let narrow = with(normal(600, 4).iter().map(|v| v * 0.05).collect());
    let wide = with(normal(600, 4).iter().map(|v| v * 5.0).collect());
    let precision = |x: &[f64]| support::alpha_precision(&[Mixed::Numbers(x)], &parts, 1, true).unwrap();
    let recall = |x: &[f64]| support::beta_recall(&[Mixed::Numbers(x)], &parts, 1, true).unwrap();
    let e = precision(&same);
    let i = e.interval.clone().unwrap();
    assert!(e.value > 0.9 && i.lo <= e.value && e.value <= i.hi + 0.02, "{e:?}");
    assert!(precision(&wide).part("never").unwrap() > 0.3 && precision(&wide).value < 0.5);
    assert!(recall(&narrow).value < recall(&same).value && precision(&narrow).part("never") == Some(0.0));
}

#[test]
fn larger_parts_are_cut_by_the_seed() {
    let x = normal(70, 5);
    let run = |seed| records::adversarial_accuracy(&[Mixed::Numbers(&x)], &blocks(40, 0, 30), seed).unwrap();
    assert_eq!(run(1), run(1));
    assert!(run(1).notes.iter().any(|n| n.starts_with("30 rows")));
    assert!(records::adversarial_accuracy(&[Mixed::Numbers(&x[..3])], &blocks(2, 0, 1), 1).is_err());
}
