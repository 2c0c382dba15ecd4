//! What synthetic rows tell about the people they were learned from, each figure beside people the generator never saw.
//!
//! Distances to the closest record are sanity checks: a generator can keep its distance and still give its training rows
//! away (Yao et al. 2025). Membership and attribute inference are attacks; none of them proves that there is no better
//! one.

use super::panel::{Entry, Tables};
use super::record::{Aim, Distances};
use super::tables::{Columns, at_most, parts};
use crate::data::frame::Frame;
use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::metrics::disclosure::attacks::{Score, attribute, membership};
use crate::metrics::disclosure::outliers;
use crate::metrics::features;
use crate::metrics::inference::{LEVEL, quantile};
use crate::metrics::neighbours::{Own, nearest};
use crate::metrics::synthetic::Parts;
use crate::metrics::synthetic::records::{adversarial_accuracy, dcr, nndr};
use rayon::prelude::*;

/// Rows of each table at the most: the attacks look at every pair.
pub const MOST_ROWS: usize = 20_000;
/// Share of the real rows that counts as outliers.
pub const OUTLIERS: f64 = 0.05;
/// Of a number, a guess within so many standard deviations is right.
const TOLERANCE: f64 = 0.1;
/// Secrets that are attacked when the data says of none that it is one.
const MOST_SECRETS: usize = 8;
/// Bars of the histogram of distances.
const BARS: usize = 24;

/// The three tables below each other, cut to [`MOST_ROWS`] rows each.
fn pooled(tables: &Tables) -> (Columns, Parts) {
    let cut = |frame: &Frame, lane| at_most(frame, MOST_ROWS, tables.seed, lane);
    let (train, holdout, synthetic) = (cut(tables.train, 21), cut(tables.holdout, 22), cut(tables.synthetic, 23));
    let parts = parts(train.rows, holdout.rows, synthetic.rows);
    (Columns::stacked(&[&train, &holdout, &synthetic]), parts)
}

pub fn figures(tables: &Tables) -> Vec<Entry> {
    let (held, parts) = pooled(tables);
    let columns = held.mixed();
    let asked = (tables.seed, LEVEL);
    let jobs: [&(dyn Fn() -> Measured + Sync); 6] = [
        &|| membership(&columns, &parts, Score::Nearest, asked),
        &|| membership(&columns, &parts, Score::Density, asked),
        &|| outliers::membership(&columns, &parts, OUTLIERS, Score::Nearest, asked),
        &|| dcr(&columns, &parts, LEVEL),
        &|| nndr(&columns, &parts, LEVEL),
        &|| adversarial_accuracy(&columns, &parts, asked),
    ];
    let found: Vec<Measured> = jobs.par_iter().map(|job| job()).collect();
    let mut found = found.into_iter();
    let mut next = || found.next().unwrap_or_else(|| Err(Undefined::new("not measured")));
    let (near, density, far, dcr, nndr, nnaa) = (next(), next(), next(), next(), next(), next());
    let tpr = |m: &Measured| part(m, "tpr_at_1_percent");
    let copies = part(&dcr, "copies");
    vec![
        Entry::new("membership_auc", "membership, nearest: AUC", Aim::Half, bare(near.clone())),
        Entry::new("membership_tpr_1", "… found at 1 % FPR", Aim::Lower, tpr(&near)),
        Entry::new("membership_density_auc", "membership, density: AUC", Aim::Half, bare(density.clone())),
        Entry::new("membership_density_tpr_1", "… found at 1 % FPR", Aim::Lower, tpr(&density)),
        Entry::new("outlier_membership_auc", "outliers, nearest: AUC", Aim::Half, bare(far.clone())),
        Entry::new("outlier_membership_tpr_1", "… found at 1 % FPR", Aim::Lower, tpr(&far)),
        Entry::new("attribute_gain", "attribute inference gain", Aim::Lower, secrets(&held, &parts, tables)),
        Entry::new("exact_copies", "rows equal to training rows", Aim::LikeReal, copies),
        Entry::new("dcr_median", "closest record, median", Aim::LikeReal, bare(dcr.clone())).sanity(),
        Entry::new("dcr_p5", "closest record, 5th pct.", Aim::LikeReal, part(&dcr, "p5")).sanity(),
        Entry::new("nearer_to_train", "nearer to training, excess", Aim::Lower, nearer(&dcr)).sanity(),
        Entry::new("nndr_median", "1st by 2nd nearest, median", Aim::LikeReal, bare(nndr)).sanity(),
        Entry::new("nnaa", "adversarial accuracy (NN)", Aim::Half, bare(nnaa.clone())).sanity(),
        Entry::new("nnaa_loss", "… privacy loss", Aim::Lower, part(&nnaa, "privacy_loss")).sanity(),
    ]
}

/// The share nearer to a training than to a hold-out row, less what it is when nothing was memorised: the share of
/// training rows among the real ones.
fn nearer(dcr: &Measured) -> Measured {
    let (out, expected) = (part(dcr, "nearer_to_train")?, part(dcr, "expected_nearer")?.value);
    let interval = out.interval.map(|i| Interval { lo: i.lo - expected, hi: i.hi - expected, ..i });
    Ok(Estimate { interval, ..Estimate::plain(out.value - expected, out.n) })
}

fn bare(measured: Measured) -> Measured {
    measured.map(|e| Estimate { parts: Vec::new(), ..e })
}

/// A part of a figure as a figure of its own.
fn part(measured: &Measured, name: &str) -> Measured {
    let e = measured.as_ref().map_err(Clone::clone)?;
    let part = e.parts.iter().find(|p| p.group == name);
    let (part, value) = part.and_then(|p| Some((p, p.value?))).ok_or_else(|| Undefined::new("it has no value"))?;
    Ok(Estimate { interval: part.interval.clone(), ..Estimate::plain(value, part.n.shown().unwrap_or(e.n)) })
}

/// Attribute inference of the worst secret: the label and the protected columns, else the first columns.
fn secrets(held: &Columns, parts: &Parts, tables: &Tables) -> Measured {
    let mut names: Vec<&String> = tables.roles.label.iter().chain(&tables.roles.protected).collect();
    if names.is_empty() {
        names = tables.train.columns.iter().map(|c| &c.name).take(MOST_SECRETS).collect();
    }
    let found: Vec<(&String, Measured)> = names
        .into_par_iter()
        .filter_map(|name| {
            let (secret, known) = held.apart(name)?;
            Some((name, attribute(&known, &[secret], parts, TOLERANCE, (tables.seed, LEVEL))))
        })
        .collect();
    let mut worst: Option<Estimate> = None;
    let mut why = Undefined::new("the generator makes no column that is a secret");
    for (name, measured) in found {
        match measured {
            Ok(e) if worst.as_ref().is_none_or(|w| e.value > w.value) => {
                let note = format!("the worst is `{name}`");
                worst = Some(Estimate { parts: Vec::new(), ..e }.note(note));
            }
            Ok(_) => {}
            Err(u) => why = u,
        }
    }
    worst.ok_or(why)
}

/// How far synthetic rows, and rows that the generator never saw, lie from the closest training record.
pub fn distances(tables: &Tables) -> Option<Distances> {
    let (held, parts) = pooled(tables);
    let columns = held.mixed();
    let real = parts.train.len() + parts.holdout.len();
    let points = features::points(&columns, |row| row < real).ok()?;
    let train = points.pick(&parts.train);
    let far = |rows: &[usize]| -> Option<Vec<f64>> {
        Some(nearest(&points.pick(rows), &train, 1, Own::May).ok()?.iter().map(|n| n.distance).collect())
    };
    let (own, new) = (far(&parts.synthetic)?, far(&parts.holdout)?);
    let mut all: Vec<f64> = own.iter().chain(&new).copied().collect();
    all.sort_unstable_by(f64::total_cmp);
    let end = quantile(&all, 0.98).filter(|v| *v > 0.0).unwrap_or(1.0);
    let shares = |distances: &[f64]| -> Vec<f64> {
        let mut counts = [0_usize; BARS];
        for d in distances {
            let at = ((d / end * BARS as f64) as usize).min(BARS - 1);
            counts.get_mut(at).into_iter().for_each(|n| *n += 1);
        }
        counts.iter().map(|n| *n as f64 / distances.len().max(1) as f64).collect()
    };
    let edges = (0..=BARS).map(|i| end * i as f64 / BARS as f64).collect();
    Some(Distances { edges, synthetic: shares(&own), holdout: shares(&new) })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{roles, table, tables};
    use super::*;

    fn value(synthetic: &Frame, name: &str) -> f64 {
        let (train, holdout, roles) = (table(500, 1), table(250, 2), roles());
        let tables = Tables { seed: 3, ..tables([&train, &holdout, synthetic], &roles) };
        figures(&tables).into_iter().find(|e| e.figure == name).unwrap().measured.unwrap().value
    }

    #[test]
    fn copies_are_found_and_new_rows_are_not() {
        let (copy, new) = (table(500, 1), table(500, 4));
        for name in ["membership_auc", "outlier_membership_auc", "exact_copies", "nearer_to_train"] {
            assert!(value(&copy, name) > value(&new, name) + 0.2, "{name}");
        }
        assert!((value(&new, "membership_auc") - 0.5).abs() < 0.06);
        assert!(value(&copy, "dcr_median") == 0.0 && value(&new, "dcr_median") > 0.0);
    }

    #[test]
    fn distances_are_shares_of_both_sides() {
        let (train, holdout, synthetic, roles) = (table(300, 1), table(100, 2), table(300, 3), roles());
        let d = distances(&tables([&train, &holdout, &synthetic], &roles));
        let d = d.unwrap();
        assert_eq!(d.edges.len(), d.synthetic.len() + 1);
        for shares in [&d.synthetic, &d.holdout] {
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}
