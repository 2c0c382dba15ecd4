//! Properties that explanations must have.

use super::*;

#[test]
fn a_constant_model_has_full_fidelity_and_that_is_said() {
    let flat = [0.4; 5];
    let e = fidelity(&flat, &flat, Some(&flat), 0.95).unwrap();
    assert_eq!(e.value, 1.0);
    assert!(e.notes.iter().any(|n| n.contains("no better")));
    let e = fidelity(&[0.9, 0.8], &[0.2, 0.3], Some(&[0.9, 0.7]), 0.95).unwrap();
    assert!((e.value - 0.4).abs() < 1e-12 && (e.part("control").unwrap() - 0.95).abs() < 1e-12);
    assert!(e.notes.is_empty());
}

#[test]
fn rationales_against_random_masks() {
    let e = comprehensiveness(&[0.9, 0.8], &[0.2, 0.3], Some(&[0.9, 0.7]), 0.95).unwrap();
    assert!((e.value - 0.6).abs() < 1e-12 && e.notes.is_empty());
    let e = sufficiency(&[0.9, 0.8], &[0.9, 0.7], None, 0.95).unwrap();
    assert!((e.value - 0.05).abs() < 1e-12);
    assert!(comprehensiveness(&[0.9], &[f64::NAN], None, 0.95).is_err());
    assert!(fidelity(&[], &[], None, 0.95).is_err());
}

#[test]
fn areas_and_concepts() {
    let e = path_area(&[&[1.0], &[0.5], &[0.0]], 0.95).unwrap();
    assert!((e.value - 0.5).abs() < 1e-12);
    assert!(path_area(&[&[1.0]], 0.95).is_err());
    assert_eq!(completeness(&[true, false, true, true], 0.95).unwrap().value, 0.75);
    assert!((concept_completeness(0.8, 0.9, 0.5).unwrap().value - 0.75).abs() < 1e-12);
    assert!(concept_completeness(0.5, 0.5, 0.5).is_err());
    let e = localisation(&[&[3.0, 0.1], &[-1.0, -2.0]], &[&[true, true], &[false, false]], 0.95).unwrap();
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

fn crossed(x: &[f64]) -> f64 {
    x[0] * x[1] + (2.0 * x[2]).sin() - x[3].abs() * x[0]
}

fn background(rows: usize, width: usize) -> Vec<Vec<f64>> {
    (0..rows).map(|r| (0..width).map(|c| ((r * 7 + c * 3) % 11) as f64 / 5.0 - 1.0).collect()).collect()
}

#[test]
fn sampled_values_meet_the_exact_ones() {
    let (x, others) = ([1.5, -0.5, 0.7, 2.0], background(5, 4));
    let exact = shapley::exact(crossed, &x, &others).unwrap();
    let value = coalitions::masked(crossed, &x, &others).unwrap();
    let whole = coalitions::kernel(4, &value, 100, 1).unwrap();
    assert_eq!((whole.evaluations, whole.errors.clone()), (16, None));
    for (a, b) in whole.explanation.phi.iter().zip(&exact.phi) {
        assert!((a - b).abs() < 1e-12, "{whole:?} {exact:?}");
    }
    let drawn = coalitions::permutation(4, &value, 400, 1).unwrap();
    let errors = drawn.errors.clone().unwrap();
    for ((a, b), e) in drawn.explanation.phi.iter().zip(&exact.phi).zip(&errors) {
        assert!((a - b).abs() < 4.0 * e + 1e-12, "{drawn:?} {exact:?}");
    }
    assert!((drawn.explanation.base + drawn.explanation.phi.iter().sum::<f64>() - exact.answer).abs() < 1e-12);
    assert_eq!(drawn, coalitions::permutation(4, &value, 400, 1).unwrap());
}

#[test]
fn sampled_kernel_values_come_near_and_add_up() {
    let m = 14_u32;
    let x: Vec<f64> = (0..m).map(|i| f64::from(i) / 7.0).collect();
    let others = background(3, m as usize);
    let model = |x: &[f64]| x[0] * x[1] + x.iter().zip(1..).map(|(v, i)| v / f64::from(i)).sum::<f64>();
    let exact = shapley::exact(model, &x, &others).unwrap();
    let value = coalitions::masked(model, &x, &others).unwrap();
    let drawn = coalitions::kernel(x.len(), &value, 4000, 3).unwrap();
    for (a, b) in drawn.explanation.phi.iter().zip(&exact.phi) {
        assert!((a - b).abs() < 0.05, "{a} {b}");
    }
    let sum: f64 = drawn.explanation.phi.iter().sum();
    assert!((drawn.explanation.base + sum - drawn.explanation.answer).abs() < 1e-10);
    let why = |r: Result<coalitions::Sampled, Undefined>| r.unwrap_err().reason;
    assert_eq!(why(coalitions::kernel(40, |_| 1.0, 4, 1)), "4 coalitions do not tell 40 features apart");
    assert!(coalitions::kernel(3, |_| f64::NAN, 10, 1).is_err() && coalitions::kernel(0, |_| 1.0, 10, 1).is_err());
    assert!(coalitions::permutation(3, |_| 1.0, 0, 1).is_err());
    assert_eq!(coalitions::kernel(1, |s| f64::from(u8::from(s[0])), 0, 1).unwrap().explanation.phi, [1.0]);
    // Additive games have their own worth, in whatever way they are asked.
    let add = |s: &[bool]| s.iter().zip(1..).map(|(s, i)| if *s { f64::from(i) } else { 0.0 }).sum::<f64>();
    for phi in [coalitions::kernel(30, add, 400, 2).unwrap(), coalitions::permutation(30, add, 2, 2).unwrap()] {
        assert!(phi.explanation.phi.iter().zip(1..).all(|(v, i)| (v - f64::from(i)).abs() < 1e-8), "{phi:?}");
    }
}

#[test]
fn values_from_a_table_of_answers() {
    // Nothing, feature 1, feature 2, both.
    let e = shapley::of_answers(&[&[0.0, 1.0], &[2.0, 1.0], &[1.0, 1.0], &[5.0, 2.0]]).unwrap();
    assert_eq!(e.value, 3.0);
    assert_eq!((e.part("feature 1"), e.part("feature 2")), (Some(1.75), Some(1.25)));
    assert!(shapley::of_answers(&[&[0.0], &[1.0], &[1.0]]).is_err());
    assert!(shapley::of_answers(&[&[0.0], &[f64::NAN]]).is_err());
    assert!(shapley::of_answers(&[]).is_err());
}

#[test]
fn saliency_of_a_linear_model_is_its_weights() {
    let model = |x: &[f64]| 2.0 * x[0] - 3.0 * x[1] + 0.5 * x[2];
    let (x, zero) = ([1.0, 1000.0, -4.0], [0.0; 3]);
    let drop = saliency::occlusion(model, &x, &zero, &saliency::singly(3)).unwrap();
    assert_eq!(drop, [2.0, -3000.0, -2.0]);
    assert_eq!(saliency::occlusion(model, &x, &zero, &[vec![0, 2]]).unwrap(), [0.0]);
    let g = saliency::gradient(model, &x, 1e-5).unwrap();
    assert!(g.iter().zip([2.0, -3.0, 0.5]).all(|(a, b)| (a - b).abs() < 1e-6), "{g:?}");
    let bent = |x: &[f64]| x[0] * x[0] * x[1];
    let ig = saliency::integrated_gradients(bent, &[2.0, 3.0], &[0.0, 1.0], 200).unwrap();
    assert!((ig.iter().sum::<f64>() - 12.0).abs() < 1e-3, "{ig:?}");
    let m = saliency::mask_beside_random(model, (&x, &zero), &drop, 1, 50, 1).unwrap();
    assert_eq!((m.before, m.masked), (-3000.0, 0.0));
    assert!(m.control < m.masked && m.control > m.before);
    assert!(saliency::occlusion(model, &x, &zero, &[vec![3]]).is_err());
    assert!(saliency::gradient(|_| f64::NAN, &x, 1e-5).is_err() && saliency::gradient(model, &x, 0.0).is_err());
    assert!(saliency::mask_beside_random(model, (&x, &zero), &drop, 4, 50, 1).is_err());
    assert!(saliency::integrated_gradients(model, &x, &zero, 0).is_err());
}

#[test]
fn a_planted_concept_is_found_and_a_random_one_is_not() {
    use crate::metrics::neighbours::Points;
    use crate::metrics::resampling::{Lane, stream, unit};
    let noise = |rows: usize, seed: u64, shift: f64| {
        let mut rng = stream(seed, Lane::Draw, 0);
        Points::new((0..rows * 4).map(|i| unit(&mut rng) + if i % 4 == 2 { shift } else { 0.0 }).collect(), 4).unwrap()
    };
    // The answer rises with the third activation in 80 % of the rows.
    let gradients: Vec<f64> = (0..50).flat_map(|r| [0.1, -0.1, if r % 5 == 0 { -1.0 } else { 1.0 }, 0.0]).collect();
    let gradients = Points::new(gradients, 4).unwrap();
    let (mut scores, mut flags) = (Vec::new(), Vec::new());
    for seed in 0..20 {
        let own = concepts::activation_vector(&noise(40, seed, 1.0), &noise(40, 100 + seed, 0.0)).unwrap();
        scores.push(concepts::tcav(&gradients, &own, 0.95).unwrap().value);
        let random = concepts::activation_vector(&noise(40, 200 + seed, 0.0), &noise(40, 300 + seed, 0.0)).unwrap();
        scores.push(concepts::tcav(&gradients, &random, 0.95).unwrap().value);
        flags.extend([true, false]);
    }
    let e = concepts::significance(&scores, &flags, 5).unwrap();
    assert!(e.value < 0.05 && e.part("concept") == Some(0.8), "{e:?}");
    assert!((e.part("uncorrected").unwrap() * 5.0 - e.value).abs() < 1e-15);
    // Random against random.
    let halves: Vec<bool> = (0..20).map(|i| i % 2 == 0).collect();
    let random: Vec<f64> = scores.iter().skip(1).step_by(2).copied().collect();
    assert!(concepts::significance(&random, &halves, 1).unwrap().value > 0.05);
    assert!(concepts::significance(&[0.5, 0.5, 0.5, 0.5], &[true, true, false, false], 1).is_err());
    assert!(concepts::significance(&[0.5, 1.5], &[true, false], 1).is_err());
    let one = noise(1, 1, 0.0);
    assert!(concepts::tcav(&one, &[1.0], 0.95).is_err());
    assert!(concepts::activation_vector(&one, &one).is_err());
}
