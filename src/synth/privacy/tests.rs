//! The accountant against its fixture, at the edges, and budgets that are never overshot.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::accountant::{Accounting, Mechanism, epsilon};
use super::losses::Step;
use super::mechanisms::{gaussian_delta, gaussian_sigma};
use super::noise::{Meter, TOLERANCE, sigma_for, steps_for};
use super::pld::{self, Side};
use super::renyi::{Curve, ln_whole_moment, orders, subsampled_gaussian};
use super::{Budget, PrivacyError};

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/privacy/accountant.json")).unwrap()
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn near(got: f64, want: f64, relative: f64, what: &Value) {
    assert!((got / want - 1.0).abs() <= relative, "{got} is not {want} within {relative}: {what}");
}

fn steps(q: f64, sigma: f64, steps: u64) -> Mechanism {
    Mechanism::SampledGaussian { q, sigma, steps }
}

#[test]
fn renyi_divergences_are_those_of_40_digit_quadrature() {
    let fixture = fixture();
    let rows = fixture["rdp_exact"].as_array().unwrap();
    assert!(rows.len() > 80);
    for row in rows {
        let got = subsampled_gaussian(number(row, "q"), number(row, "sigma"), number(row, "alpha"));
        near(got, number(row, "rdp_exact"), 1e-12, row);
    }
}

#[test]
fn settings_agree_with_both_peers() {
    let fixture = fixture();
    let settings = fixture["settings"].as_array().unwrap();
    assert!(settings.len() >= 28);
    for s in settings {
        let (q, sigma, n, delta) =
            (number(s, "q"), number(s, "sigma"), s["steps"].as_u64().unwrap(), number(s, "delta"));
        let renyi = Curve::subsampled_gaussian(q, sigma).times(n).epsilon(delta).0;
        // The orders are more than the peer's, so that the minimum may be lower, never higher.
        assert!(renyi <= number(s, "eps_rdp_opacus") * (1.0 + 1e-8), "{renyi}: {s}");
        near(renyi, number(s, "eps_rdp_opacus"), 1e-4, s);
        let upper = pld::epsilon(&[(Step { q, sigma }, n)], delta, Side::Upper).unwrap();
        let lower = pld::epsilon(&[(Step { q, sigma }, n)], delta, Side::Lower).unwrap();
        assert!(lower <= upper && upper <= renyi, "{lower} {upper} {renyi}: {s}");
        near(lower, upper, 4e-4, s);
        // The peer's figure is pessimistic by its interval.
        near(upper, number(s, "eps_pld"), if s["tag"] == "tiny q" { 0.01 } else { 1e-3 }, s);
        if let Some(exact) = s["eps_exact_gaussian"].as_f64() {
            assert!(lower <= exact && exact <= upper, "{lower} {exact} {upper}");
            near(upper, exact, 1e-4, s);
        }
    }
}

#[test]
fn curves_over_steps_and_unlike_mechanisms_agree() {
    let fixture = fixture();
    let curve = &fixture["curve"];
    let mut before = 0.0;
    for point in curve["points"].as_array().unwrap() {
        let all = [steps(number(curve, "q"), number(curve, "sigma"), point["step"].as_u64().unwrap())];
        let renyi = epsilon(&all, number(curve, "delta"), Accounting::Renyi);
        let tight = epsilon(&all, number(curve, "delta"), Accounting::Tight);
        near(renyi, number(point, "eps_rdp"), 1e-4, point);
        near(tight, number(point, "eps_pld"), 1e-3, point);
        assert!(tight > before);
        before = tight;
    }
    for case in fixture["heterogeneous"].as_array().unwrap() {
        let history = case["history"].as_array().unwrap();
        let all: Vec<Mechanism> =
            history.iter().map(|h| steps(number(h, "q"), number(h, "sigma"), h["steps"].as_u64().unwrap())).collect();
        let delta = number(case, "delta");
        near(epsilon(&all, delta, Accounting::Renyi), number(case, "eps_rdp_opacus"), 1e-4, case);
        near(epsilon(&all, delta, Accounting::Tight), number(case, "eps_pld"), 1e-3, case);
    }
}

#[test]
fn noise_is_solved_as_the_peers_solve_it() {
    for case in fixture()["calibration"].as_array().unwrap() {
        let budget = Budget { epsilon: number(case, "target_eps"), delta: number(case, "delta") };
        let (q, n) = (number(case, "q"), case["steps"].as_u64().unwrap());
        for (accounting, key) in [(Accounting::Renyi, "sigma_rdp_opacus"), (Accounting::Tight, "sigma_pld")] {
            let sigma = sigma_for(budget, q, n, &[], accounting).unwrap();
            // The peers are pessimistic by their search and their interval, up to 0.4 %.
            assert!(sigma <= number(case, key) * (1.0 + 2.0 * TOLERANCE), "{sigma}: {case}");
            near(sigma, number(case, key), 5e-3, case);
            let at = |sigma: f64| epsilon(&[steps(q, sigma, n)], budget.delta, accounting);
            assert!(at(sigma) <= budget.epsilon, "the target is overshot");
            assert!(at(sigma / (1.0 + 2.0 * TOLERANCE)) > budget.epsilon, "there is more noise than needed");
        }
    }
}

#[test]
fn whole_orders_agree_with_the_binomial_sum_and_small_noise_stays_below_the_whole_table() {
    for (q, sigma) in [(0.3, 0.25), (1e-5, 0.7), (0.01, 3.0), (0.999, 1.0), (1e-9, 1.0)] {
        for order in [2.0, 3.0, 17.0, 64.0, 512.0] {
            let (got, want) = (subsampled_gaussian(q, sigma, order), ln_whole_moment(q, sigma, order) / (order - 1.0));
            // The sum cancels where the divergence is near the rounding of 1.
            assert!((got - want).abs() <= 1e-9 * want + 1e-13, "{q} {sigma} {order}: {got} {want}");
        }
    }
    for order in orders() {
        for (q, sigma) in [(0.01, 0.2), (0.5, 0.1), (1e-6, 0.05)] {
            let r = subsampled_gaussian(q, sigma, order);
            assert!(r > 0.0 && r <= order / (2.0 * sigma * sigma), "{q} {sigma} {order}: {r}");
        }
    }
}

#[test]
fn edges_have_documented_values_and_never_nan() {
    let of = |q, sigma, n, delta| epsilon(&[steps(q, sigma, n)], delta, Accounting::Tight);
    assert_eq!(of(0.0, 1.0, 100, 1e-5), 0.0, "nobody is sampled");
    assert_eq!(of(0.1, f64::INFINITY, 100, 1e-5), 0.0, "infinite noise");
    assert_eq!(of(0.1, 1.0, 0, 1e-5), 0.0, "no step");
    assert_eq!(of(0.1, 0.0, 1, 1e-5), f64::INFINITY, "no noise");
    assert_eq!(of(0.1, 1.0, 1, 0.0), f64::INFINITY, "no curve promises anything at δ = 0");
    assert_eq!(epsilon(&[], 1e-5, Accounting::Tight), 0.0);
    assert_eq!(of(f64::NAN, 1.0, 1, 1e-5), f64::INFINITY);
    assert_eq!(of(0.01, 5.0, 10, 0.5), 0.0, "a δ that covers everything");
    assert!(of(1e-12, 1.0, 1, 1e-5) < 1e-6);
    assert!(of(0.01, 1e6, 1, 1e-5) < 1e-3);
    for sigma in [1e-3, 0.01, 0.06, 0.3] {
        let (sampled, whole) = (of(0.01, sigma, 1, 1e-5), of(1.0, sigma, 1, 1e-5));
        assert!(sampled.is_finite() && sampled <= whole, "{sigma}: {sampled} {whole}");
    }
    assert!(of(0.01, 1.0, u64::MAX, 1e-5) > 1e6);
    for delta in [1e-30, 1e-20, 1e-12, 1e-8, 1e-2] {
        let all = [steps(0.02, 1.2, 2_000)];
        let (tight, renyi) = (epsilon(&all, delta, Accounting::Tight), epsilon(&all, delta, Accounting::Renyi));
        assert!(tight > 0.0 && tight <= renyi, "{delta}: {tight} {renyi}");
    }
}

#[test]
fn pure_and_concentrated_mechanisms_have_their_textbook_prices() {
    let at = |m: Mechanism| epsilon(&[m], 1e-5, Accounting::Tight);
    assert_eq!(at(Mechanism::Pure { epsilon: 0.7 }), 0.7);
    assert_eq!(at(Mechanism::Laplace { epsilon: 0.7 }), 0.7);
    let gaussian = Mechanism::Gaussian { sigma: 2.0 };
    let (rho, exact) = (Mechanism::Concentrated { rho: 0.125 }, at(gaussian));
    assert!(at(rho) > exact, "concentration forgets what the loss distribution knows");
    assert!((gaussian_delta(exact, 2.0) / 1e-5 - 1.0).abs() < 5e-3);
    assert_eq!(at(Mechanism::Approximate { epsilon: 1.5, delta: 1e-6 }), 1.5);
    assert_eq!(at(Mechanism::Approximate { epsilon: 1.5, delta: 1e-4 }), f64::INFINITY, "its δ is beyond the budget");
    let many = vec![Mechanism::Pure { epsilon: 0.1 }; 100];
    let together = epsilon(&many, 1e-5, Accounting::Tight);
    assert!(together < 6.0, "a hundred small ones cost {together}, less than 10");
    for sigma in [gaussian_sigma(1.0, 1e-5).unwrap(), gaussian_sigma(80.0, 1e-300).unwrap()] {
        assert!(sigma.is_finite() && sigma > 0.0);
    }
    // Balle and Wang 2018: the classical bound is sqrt(2 ln(1.25/δ))/ε = 4.8448.
    assert!((gaussian_sigma(1.0, 1e-5).unwrap() - 3.730_631_634_816).abs() < 1e-9);
}

#[test]
fn bad_budgets_are_named() {
    assert!(matches!(Budget::checked(0.0, 1e-5, 10), Err(PrivacyError::BadEpsilon(_))));
    assert!(matches!(Budget::checked(1.0, f64::NAN, 10), Err(PrivacyError::BadDelta(_))));
    let error = Budget::checked(1.0, 1e-3, 1_000).unwrap_err();
    assert!(error.to_string().contains("below 1/1000 = 1.00e-3"), "{error}");
    assert!(Budget::checked(1.0, 9.9e-4, 1_000).is_ok());
    let tiny = Budget { epsilon: 1e-9, delta: 1e-12 };
    assert!(matches!(sigma_for(tiny, 0.5, 1_000_000, &[], Accounting::Tight), Err(PrivacyError::OutOfReach { .. })));
}

#[test]
fn a_budget_is_never_overshot_in_a_thousand_trials() {
    let mut rng = ChaCha8Rng::seed_from_u64(20_261_124);
    let mut stopped = 0;
    for trial in 0..1_000 {
        let draw = |rng: &mut ChaCha8Rng, lo: f64, hi: f64| (lo.ln() + rng.random::<f64>() * (hi / lo).ln()).exp();
        let (q, sigma) = (draw(&mut rng, 1e-4, 1.0), draw(&mut rng, 0.3, 20.0));
        let budget = Budget { epsilon: draw(&mut rng, 0.05, 30.0), delta: draw(&mut rng, 1e-9, 1e-3) };
        // One trial in 250 takes the slower road too.
        let accounting = if trial % 250 == 0 { Accounting::Tight } else { Accounting::Renyi };
        let before = if trial % 3 == 0 { vec![Mechanism::Gaussian { sigma: 8.0 }] } else { Vec::new() };
        let mut meter = Meter::with_noise(budget, q, sigma, before.clone(), accounting);
        let allowed = meter.steps().1;
        for _ in 0..allowed.min(50) {
            meter.take(1).unwrap();
        }
        meter.take(allowed - meter.steps().0).unwrap();
        assert_eq!(meter.steps().0, allowed);
        if allowed > 0 {
            assert!(meter.spent() <= budget.epsilon, "{} of {budget:?} after {allowed}", meter.spent());
        }
        if allowed < 1_000_000_000 {
            stopped += 1;
            let kept = meter.clone();
            let refused = meter.take(1);
            assert!(matches!(&refused, Err(PrivacyError::Overspent { would_be, .. }) if *would_be > budget.epsilon));
            assert_eq!(meter, kept, "a refused step is not counted");
        }
    }
    assert!(stopped > 900, "{stopped} trials came to their end");
}

#[test]
fn a_saved_meter_goes_on_with_the_same_bits() {
    let budget = Budget { epsilon: 2.0, delta: 1e-5 };
    let before = vec![Mechanism::Gaussian { sigma: 7.3 }];
    let mut meter = Meter::solve(budget, 0.05, 300, before, Accounting::Tight).unwrap();
    meter.take(117).unwrap();
    let text = serde_json::to_string(&meter).unwrap();
    let mut again: Meter = serde_json::from_str(&text).unwrap();
    assert_eq!(again, meter);
    for m in [&mut meter, &mut again] {
        m.take(100).unwrap();
    }
    assert_eq!(again.spent().to_bits(), meter.spent().to_bits());
    assert_eq!(again.sigma().to_bits(), meter.sigma().to_bits());
    assert!(meter.take(84).is_err() && meter.take(83).is_ok());
    assert!(meter.spent() <= 2.0 && meter.spent() > 1.99, "{}", meter.spent());
    assert_eq!(steps_for(budget, 0.05, 1e-2, &[], Accounting::Tight), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn more_of_anything_costs_more(q in 1e-4..0.9_f64, sigma in 0.4..10.0_f64, n in 1..5_000_u64, delta in 1e-9..1e-3_f64) {
        let of = |q: f64, sigma: f64, n: u64, delta: f64| epsilon(&[steps(q, sigma, n)], delta, Accounting::Tight);
        let here = of(q, sigma, n, delta);
        let slack = 1.0 + 1e-3;
        prop_assert!(here.is_finite() && here >= 0.0);
        prop_assert!(of(q, sigma * 1.1, n, delta) <= here * slack);
        prop_assert!(of(q, sigma, n + n / 10 + 1, delta) * slack >= here);
        prop_assert!(of((q * 1.1).min(1.0), sigma, n, delta) * slack >= here);
        prop_assert!(of(q, sigma, n, delta * 1.5) <= here * slack);
        let lower = pld::epsilon(&[(Step { q, sigma }, n)], delta, Side::Lower);
        prop_assert!(lower.is_none_or(|l| l <= here * (1.0 + 1e-12)), "{lower:?} {here}");
    }
}
