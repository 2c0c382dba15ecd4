//! The bootstrap over units against what is known about its spread.

use super::*;

/// Numbers that look random, the same everywhere.
fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = resampling::stream(seed, Lane::NoiseFloor, 0);
    (0..n).map(|_| (0..12).map(|_| resampling::unit(&mut rng)).sum::<f64>() - 6.0).collect()
}

fn settings(draw: &str, ends: &str) -> Settings {
    let (draw, ends) = Settings::named(draw, ends).unwrap();
    Settings { draw, ends, resamples: 4000, level: 0.95, seed: 5, interval: true }
}

fn error(e: &Estimate) -> f64 {
    e.part("standard_error").unwrap()
}

fn close(got: f64, want: f64, share: f64) {
    assert!((got / want - 1.0).abs() < share, "{got} is not {want}");
}

#[test]
fn rows_spread_as_their_mean_does() {
    let x = noise(120, 1);
    let units = Units::new(120, &[], &[]).unwrap();
    let m = sum(&x) / 120.0;
    let known = (x.iter().map(|v| (v - m).powi(2)).sum::<f64>()).sqrt() / 120.0;
    for draw in ["replace", "poisson"] {
        for ends in ["percentile", "basic", "bca", "studentised"] {
            let e = mean(&x, &units, &settings(draw, ends)).unwrap();
            assert_eq!(e.value, m);
            close(error(&e), known, 0.05);
            let i = e.interval.unwrap();
            close(i.hi - i.lo, 2.0 * 1.96 * known, 0.08);
            assert!(i.lo < m && m < i.hi && i.method.contains(ends));
        }
    }
}

#[test]
fn patients_own_their_rows() {
    // 40 patients with 5 equal rows each: 200 rows tell as much as 40.
    let own = noise(40, 2);
    let x: Vec<f64> = (0..200).map(|i| own[i / 5]).collect();
    let patient: Vec<u32> = (0..200).map(|i| i / 5).collect();
    let few = mean(&own, &Units::new(40, &[], &[]).unwrap(), &settings("replace", "percentile")).unwrap();
    let clusters = Units::new(200, &[&patient], &[]).unwrap();
    let rows = Units::new(200, &[], &[]).unwrap();
    let clustered = mean(&x, &clusters, &settings("replace", "percentile")).unwrap();
    close(error(&clustered), error(&few), 1e-9);
    assert_eq!(clustered.part("units"), Some(40.0));
    let naive = mean(&x, &rows, &settings("replace", "percentile")).unwrap();
    close(error(&clustered) / error(&naive), 5.0_f64.sqrt(), 0.1);
    // The linearised error of clusters is what the studentised interval stands on.
    let t = mean(&x, &clusters, &settings("replace", "studentised")).unwrap().interval.unwrap();
    close(t.hi - t.lo, 2.0 * 2.02 * error(&few), 0.1);
}

#[test]
fn strata_do_not_vary_between() {
    // Two strata that differ by 100: drawn within them, that difference is no uncertainty.
    let x: Vec<f64> = noise(100, 3).iter().enumerate().map(|(i, v)| v + if i < 50 { 100.0 } else { 0.0 }).collect();
    let stratum: Vec<u32> = (0..100).map(|i| u32::from(i >= 50)).collect();
    let within = |half: &[f64]| {
        let m = sum(half) / 50.0;
        half.iter().map(|v| (v - m).powi(2)).sum::<f64>() / 50.0
    };
    let known = ((within(&x[..50]) + within(&x[50..])) / 200.0).sqrt();
    let units = Units::new(100, &[], &[&stratum]).unwrap();
    close(error(&mean(&x, &units, &settings("replace", "percentile")).unwrap()), known, 0.05);
    let studentised = mean(&x, &units, &settings("replace", "studentised")).unwrap().interval.unwrap();
    close(studentised.hi - studentised.lo, 2.0 * 1.98 * known, 0.08);
    let single = Units::new(3, &[], &[&[0, 0, 1]]).unwrap();
    let e = mean(&[1.0, 2.0, 9.0], &single, &settings("replace", "percentile")).unwrap();
    assert!(e.notes[0].contains("never vary"));
}

#[test]
fn an_auroc_spreads_as_delong_says() {
    let y: Vec<bool> = (0..150).map(|i| i % 3 == 0).collect();
    let p: Vec<f64> =
        noise(150, 4).iter().zip(&y).map(|(v, y)| (v + if *y { 1.0 } else { 0.0 }).round() / 2.0).collect();
    let units = Units::new(150, &[], &[]).unwrap();
    let known = crate::metrics::ranking::delong(&p, &y).unwrap();
    for (draw, ends) in [("replace", "percentile"), ("poisson", "basic"), ("replace", "bca")] {
        let e = auroc(&p, &y, &units, &settings(draw, ends)).unwrap();
        close(e.value, known.auc, 1e-12);
        close(error(&e), known.variance.unwrap().sqrt(), 0.08);
    }
    assert!(auroc(&p, &y, &units, &settings("replace", "studentised")).is_err());
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    let x = noise(50, 6);
    let units = Units::new(50, &[], &[]).unwrap();
    let run = || mean(&x, &units, &settings("poisson", "bca")).unwrap();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(run);
    let many = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap().install(run);
    assert_eq!(one, many);
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let reason = |n, clusters: &[&[u32]], strata: &[&[u32]]| Units::new(n, clusters, strata).err().unwrap().reason;
    assert!(reason(0, &[], &[]).contains("no rows"));
    assert!(reason(1, &[], &[]).contains("two units"));
    assert!(reason(4, &[&[0, 0, 0, 0]], &[]).contains("two units"));
    assert!(reason(4, &[&[0, 0, 1, 1]], &[&[0, 1, 0, 0]]).contains("two strata"));
    assert!(reason(4, &[&[0, 0]], &[]).contains("4 rows"));
    let units = Units::new(2, &[], &[]).unwrap();
    let with =
        |resamples, level| mean(&[1.0, 2.0], &units, &Settings { resamples, level, ..settings("replace", "basic") });
    assert!(with(1, 0.95).is_err() && with(1_000_000, 0.95).is_err() && with(100, 1.0).is_err());
    assert!(mean(&[1.0, f64::NAN], &units, &settings("replace", "basic")).is_err());
    assert!(mean(&[1.0], &units, &settings("replace", "basic")).is_err());
    assert!(auroc(&[0.1, 0.2], &[true, true], &units, &settings("replace", "basic")).is_err());
}
