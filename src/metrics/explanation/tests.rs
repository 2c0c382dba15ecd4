//! Properties that explanations must have.

use super::*;

#[test]
fn a_constant_model_has_full_fidelity_and_that_is_said() {
    let flat = [0.4; 5];
    let e = fidelity(&flat, &flat, Some(&flat)).unwrap();
    assert_eq!(e.value, 1.0);
    assert!(e.notes.iter().any(|n| n.contains("no better")));
    let e = fidelity(&[0.9, 0.8], &[0.2, 0.3], Some(&[0.9, 0.7])).unwrap();
    assert!((e.value - 0.4).abs() < 1e-12 && (e.part("control").unwrap() - 0.95).abs() < 1e-12);
    assert!(e.notes.is_empty());
}

#[test]
fn rationales_against_random_masks() {
    let e = comprehensiveness(&[0.9, 0.8], &[0.2, 0.3], Some(&[0.9, 0.7])).unwrap();
    assert!((e.value - 0.6).abs() < 1e-12 && e.notes.is_empty());
    let e = sufficiency(&[0.9, 0.8], &[0.9, 0.7], None).unwrap();
    assert!((e.value - 0.05).abs() < 1e-12);
    assert!(comprehensiveness(&[0.9], &[f64::NAN], None).is_err());
    assert!(fidelity(&[], &[], None).is_err());
}

#[test]
fn areas_and_concepts() {
    let e = path_area(&[&[1.0], &[0.5], &[0.0]]).unwrap();
    assert!((e.value - 0.5).abs() < 1e-12);
    assert!(path_area(&[&[1.0]]).is_err());
    assert_eq!(completeness(&[true, false, true, true]).unwrap().value, 0.75);
    assert!((concept_completeness(0.8, 0.9, 0.5).unwrap().value - 0.75).abs() < 1e-12);
    assert!(concept_completeness(0.5, 0.5, 0.5).is_err());
    let e = localisation(&[&[3.0, 0.1], &[-1.0, -2.0]], &[&[true, true], &[false, false]]).unwrap();
    assert_eq!(e.value, 0.5);
    assert!((e.part("mass").unwrap() - (0.75 + 0.1 / 2.1) / 2.0).abs() < 1e-12);
}

#[test]
fn shapley_values_add_up_and_ignore_what_the_model_ignores() {
    let model = |x: &[f64]| x[0] * x[1] + (2.0 * x[0]).sin();
    let background = vec![vec![0.1, 0.2, 9.0], vec![-1.0, 0.5, 3.0]];
    let e = shapley::exact(model, &[1.5, -0.5, 7.0], &background).unwrap();
    assert!((e.base + e.phi.iter().sum::<f64>() - e.answer).abs() < 1e-12);
    assert!(e.phi[2].abs() < 1e-15);
    assert!(shapley::exact(model, &[1.0; 30], &background).is_err());
    assert!(shapley::exact(model, &[1.0; 3], &[]).is_err());
}
