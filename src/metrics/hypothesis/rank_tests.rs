//! Rank tests against SciPy 1.17.1 and against counting.

use super::*;

fn near(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-12 * want.abs(), "{got} is not {want}");
}

const A: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
const B: [f64; 6] = [2.0, 1.0, 3.0, 6.0, 3.0, 9.0];

#[test]
fn exact_signed_ranks_with_ties_are_scipys() {
    let p = |zeros, alternative| wilcoxon(&A, &B, zeros, false, Method::Exact, alternative).unwrap().value;
    near(p(Zeros::Drop, Alternative::TwoSided), 0.625);
    near(p(Zeros::Drop, Alternative::Less), 0.3125);
    near(p(Zeros::Drop, Alternative::Greater), 0.78125);
    near(p(Zeros::Split, Alternative::TwoSided), 0.6875);
    near(p(Zeros::Split, Alternative::Less), 0.34375);
}

#[test]
fn pairs_that_do_not_differ_are_no_evidence() {
    let of = |zeros, method| wilcoxon(&A, &A, zeros, false, method, Alternative::TwoSided);
    for zeros in [Zeros::Drop, Zeros::Pratt, Zeros::Split] {
        for method in [Method::Exact, Method::Permutation, Method::Auto] {
            assert_eq!(of(zeros, method).unwrap().value, 1.0);
        }
    }
    assert!(of(Zeros::Drop, Method::Asymptotic).is_err());
}

/// Every choice of ranks, counted.
fn counted(m: usize, n: usize, u: usize) -> f64 {
    let (mut all, mut above) = (0_u32, 0_u32);
    for chosen in 0_u32..1 << (m + n) {
        if chosen.count_ones() as usize == m {
            let ranks: usize = (0..m + n).filter(|i| chosen >> i & 1 == 1).sum();
            all += 1;
            above += u32::from(ranks - m * (m - 1) / 2 >= u);
        }
    }
    f64::from(above) / f64::from(all)
}

#[test]
fn the_law_of_u_is_what_counting_gives() {
    for (m, n) in [(1, 1), (1, 5), (5, 1), (2, 3), (4, 4), (5, 7), (8, 3)] {
        for u in 0..=m * n {
            near(u_upper(m, n, u).unwrap(), counted(m, n, u));
        }
        assert_eq!(u_upper(m, n, m * n + 1).unwrap(), 0.0);
    }
}

#[test]
fn the_law_of_u_stays_exact_for_large_samples() {
    // Counted with whole numbers (Python): U of 200 against 200 values.
    near(2.0 * u_upper(200, 200, 22_284).unwrap(), 0.048_180_465_401_842_37);
    near(u_upper(151, 151, 11_400).unwrap() + u_upper(151, 151, 11_402).unwrap(), 1.0);
    let whole = u_below(240, 250, 30_000) + u_below(240, 250, 30_001);
    assert!((whole - 1.0).abs() < 1e-11, "{whole}");
    assert!(u_upper(600, 600, 180_000).is_err());
}
