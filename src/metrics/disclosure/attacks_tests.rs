//! Attacks on an honest generator, on one that copies, and on one that copies with noise.

use super::*;
use crate::metrics::resampling::unit;

fn numbers(rows: usize, seed: u64) -> Vec<f64> {
    let mut rng = stream(seed, Lane::Draw, 5);
    (0..rows).map(|_| (0..12).map(|_| unit(&mut rng)).sum::<f64>() - 6.0).collect()
}

fn blocks(n: usize) -> Parts {
    Parts { train: (0..n).collect(), holdout: (n..2 * n).collect(), synthetic: (2 * n..3 * n).collect() }
}

/// Four columns: three of noise, the last their sum with noise of its own, which only a copy repeats.
fn table(n: usize, copies: bool) -> Vec<Vec<f64>> {
    let mut columns: Vec<Vec<f64>> = (0..3).map(|c| numbers(3 * n, c)).collect();
    let own = numbers(3 * n, 9);
    columns.push((0..3 * n).map(|r| columns.iter().map(|c| c[r]).sum::<f64>() + own[r]).collect());
    if copies {
        let noise = numbers(4 * n, 11);
        for (c, column) in columns.iter_mut().enumerate() {
            for r in 0..n {
                column[2 * n + r] = column[r] + 0.02 * noise[c * n + r];
            }
        }
    }
    columns
}

fn mixed(columns: &[Vec<f64>]) -> Vec<Mixed<'_>> {
    columns.iter().map(|c| Mixed::Numbers(c)).collect()
}

#[test]
fn copies_lose_and_honest_rows_do_not() {
    let n = 300;
    let (honest, copied) = (table(n, false), table(n, true));
    let (h, c) = (mixed(&honest), mixed(&copied));
    let parts = blocks(n);
    type Attack<'a> = (&'a str, Box<dyn Fn(&[Mixed]) -> Measured + 'a>);
    let attacks: [Attack; 3] = [
        ("singling out", Box::new(|t: &[Mixed]| singling_out(t, &parts, 0.5, 0.95))),
        ("attribute", Box::new(|t: &[Mixed]| attribute(&t[..3], &t[3..], &parts, 0.1, (1, 0.95)))),
        ("membership", Box::new(|t: &[Mixed]| membership(t, &parts, Score::Nearest, (1, 0.95)))),
    ];
    for (name, attack) in attacks {
        let (a, b) = (attack(&h).unwrap(), attack(&c).unwrap());
        let null = if name == "membership" { 0.5 } else { 0.0 };
        let (i, j) = (a.interval.clone().unwrap(), b.interval.clone().unwrap());
        assert!(i.lo <= null && null <= i.hi, "{name}, honest: {a:?}");
        assert!(j.lo > null + 0.2, "{name}, copied: {b:?}");
    }
    let (a, b) = (
        membership(&h, &parts, Score::Density, (1, 0.95)).unwrap(),
        membership(&c, &parts, Score::Density, (1, 0.95)).unwrap(),
    );
    assert!((a.value - 0.5).abs() < 0.08 && b.value > a.value, "{a:?} {b:?}");
    assert_eq!(membership(&c, &parts, Score::Nearest, (1, 0.95)).unwrap().part("tpr_at_0.1_percent"), Some(1.0));
}

#[test]
fn regressions_infer_what_a_hold_out_row_gives_away_as_well() {
    let n = 200;
    let t = table(n, true);
    let t = mixed(&t);
    let e = inference(&t[..3], &t[3..], &blocks(n), 0.5, 0.95).unwrap();
    assert!(e.part("attack").unwrap() > 0.3 && e.interval.clone().unwrap().lo < 0.1, "{e:?}");
    let e = linkability(&t[..3], &t[3..], &blocks(n), (1, 0.95)).unwrap();
    // The sum tells little about who it is; both rates are above one in two hundred.
    assert!(e.part("attack").unwrap() > 0.005 && e.value.abs() < 0.1, "{e:?}");
}

#[test]
fn an_over_fitted_regression_is_caught() {
    // More inputs than rows: the regression on copies knows each secret by heart.
    let n = 40;
    let columns: Vec<Vec<f64>> = (0..60)
        .map(|c| {
            let mut x = numbers(3 * n, 100 + c);
            let (own, synthetic) = x.split_at_mut(2 * n);
            synthetic.copy_from_slice(&own[..n]);
            x
        })
        .collect();
    let t = mixed(&columns);
    let e = inference(&t[..59], &t[59..], &blocks(n), 0.2, 0.95).unwrap();
    assert!(e.interval.clone().unwrap().lo > 0.2, "{e:?}");
    let e = linkability(&t[..50], &t[50..], &blocks(n), (1, 0.95)).unwrap();
    assert!(e.interval.clone().unwrap().lo > 0.2, "{e:?}");
}

#[test]
fn categories_are_secrets_too() {
    let n = 100;
    let x = numbers(3 * n, 1);
    let codes: Vec<u32> = x.iter().map(|v| if *v > 0.5 { 2 } else { u32::from(*v > -0.5) }).collect();
    let e = inference(&[Mixed::Numbers(&x)], &[Mixed::Levels(&codes, 3)], &blocks(n), 0.1, 0.95).unwrap();
    assert!(e.part("control").unwrap() > 0.6, "{e:?}");
    let flags: Vec<bool> = x.iter().map(|v| *v > 0.0).collect();
    let e = attribute(&[Mixed::Numbers(&x)], &[Mixed::Flags(&flags)], &blocks(n), 0.1, (3, 0.95)).unwrap();
    assert!(e.part("attack").unwrap() > 0.9, "{e:?}");
}

#[test]
fn refusals_are_plain() {
    let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let t = [Mixed::Numbers(&x)];
    let parts = blocks(2);
    let none = Parts { holdout: Vec::new(), train: (0..4).collect(), ..parts.clone() };
    let why = |m: Measured| m.unwrap_err().reason;
    assert_eq!(why(singling_out(&t, &none, 0.5, 0.95)), "there are no hold-out rows, which singling out needs");
    assert_eq!(why(singling_out(&t, &parts, 1.0, 0.95)), "the ratio is 1, not between 0 and 1");
    assert_eq!(why(inference(&t, &[], &parts, 0.1, 0.95)), "there is no secret column");
    assert_eq!(why(inference(&t, &t, &parts, -1.0, 0.95)), "the tolerance is -1, not 0 or more");
    let missing = [f64::NAN; 6];
    assert!(inference(&t, &[Mixed::Numbers(&missing)], &parts, 0.1, 0.95).is_err());
    assert!(attribute(&t, &[Mixed::Numbers(&missing)], &parts, 0.1, (1, 0.95)).is_err());
    let few = Parts { holdout: vec![2], ..parts.clone() };
    assert!(membership(&t[..1], &few, Score::Density, (1, 0.95)).is_err());
    assert!(linkability(&t, &[], &parts, (1, 0.95)).is_err());
    assert!(Score::named("shadow").is_err());
}
