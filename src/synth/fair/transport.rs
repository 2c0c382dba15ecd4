//! Moves each group's label scores towards the distribution that lies between those of all groups.
//!
//! Shares of labels that agree on average still leave one group above a threshold more often than another. After Chzhen et al. 2020
//! ("Fair regression with Wasserstein barycenters"): in one dimension the barycentre's quantile function is the mean of the
//! groups', so a score at rank u of its group goes to that mean at u, and has the same distribution in every group. Part of
//! the way (Chzhen and Schreuder 2022) trades the distance from the group's own scores against what is left of the
//! difference. Knows numbers and groups; no rows.

use crate::synth::calibrate::{GRID, grid};
use crate::synth::number::remap;

/// The map of one group: matching quantiles, both ascending. Empty: scores stay.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transport {
    pub from: Vec<f64>,
    pub to: Vec<f64>,
}

impl Transport {
    /// The map of each group, from its scores; `part` (0 to 1) is how far scores go. The barycentre weighs groups by their
    /// numbers of scores; a group with fewer than `least` neither moves nor counts.
    pub fn between(groups: &[Vec<f64>], part: f64, least: usize) -> Vec<Transport> {
        let quantiles = |g: &Vec<f64>| {
            let mut sorted = g.clone();
            sorted.sort_by(f64::total_cmp);
            (g.len() >= least.max(1)).then(|| grid(&sorted))
        };
        let grids: Vec<Option<Vec<f64>>> = groups.iter().map(quantiles).collect();
        let mut middle = vec![0.0; GRID];
        let counted = groups.iter().zip(&grids).filter_map(|(g, grid)| Some((g.len() as f64, grid.as_ref()?)));
        let total: f64 = counted.clone().map(|(n, _)| n).sum();
        for (n, grid) in counted {
            middle.iter_mut().zip(grid).for_each(|(m, x)| *m += x * n / total);
        }
        let map = |from: Vec<f64>| {
            let to = from.iter().zip(&middle).map(|(own, middle)| own + part * (middle - own)).collect();
            Transport { from, to }
        };
        grids.into_iter().map(|grid| grid.map(map).unwrap_or_default()).collect()
    }

    /// Where a score goes; beyond the outermost quantile it goes where that one does.
    pub fn of(&self, score: f64) -> f64 {
        remap(score, &self.from, &self.to)
    }
}

/// Log scores of labels with the log odds of each label moved by its map: `log sigmoid(T(log odds))`. `scores` are log
/// probabilities that sum to one.
pub fn moved(scores: &[f64], maps: &[Transport]) -> Vec<f64> {
    let to = |(score, map): (&f64, &Transport)| -(-map.of(log_odds(*score))).exp().ln_1p();
    match scores.len() == maps.len() {
        true => scores.iter().zip(maps).map(to).collect(),
        false => scores.to_vec(),
    }
}

/// `log(p / (1 - p))` of `log p`, finite.
pub fn log_odds(score: f64) -> f64 {
    let p = score.exp();
    (p.max(1e-9) / (1.0 - p).max(1e-9)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn above(groups: &[Vec<f64>], maps: &[Transport], cut: f64) -> Vec<f64> {
        let share =
            |(g, m): (&Vec<f64>, &Transport)| g.iter().filter(|x| m.of(**x) > cut).count() as f64 / g.len() as f64;
        groups.iter().zip(maps).map(share).collect()
    }

    /// Two groups of different place and spread, and a tiny one.
    fn unequal() -> Vec<Vec<f64>> {
        let one = |n: usize, place: f64, spread: f64| -> Vec<f64> {
            (0..n).map(|i| place + spread * ((i as f64 + 0.5) / n as f64 - 0.5)).collect()
        };
        vec![one(3_000, -2.0, 2.0), one(1_000, 1.0, 6.0), vec![9.0, 9.5]]
    }

    #[test]
    fn all_the_way_no_threshold_tells_groups_apart() {
        let groups = unequal();
        let maps = Transport::between(&groups, 1.0, 20);
        for cut in [-2.5, -1.5, -1.0, 0.0] {
            let shares = above(&groups, &maps, cut);
            assert!((shares[0] - shares[1]).abs() < 0.01, "{cut}: {shares:?}");
        }
        // The barycentre of two uniforms has the mean of their places and spreads, weighed by rows.
        assert!((maps[0].of(-2.0) + 1.25).abs() < 0.01 && (maps[1].of(4.0) - 0.25).abs() < 0.01);
        assert_eq!((maps[2].of(9.2), &maps[2]), (9.2, &Transport::default()));
        assert!(maps[0].of(-50.0) <= maps[0].of(-3.0) && maps[0].of(50.0) >= maps[0].of(-1.0));
    }

    #[test]
    fn part_of_the_way_part_of_the_difference_stays() {
        let groups = unequal();
        let gap = |part| {
            let shares = above(&groups, &Transport::between(&groups, part, 20), -1.0);
            (shares[0] - shares[1]).abs()
        };
        let gaps = [0.0, 0.4, 0.8, 1.0].map(gap);
        assert!(gaps.windows(2).all(|w| w[1] < w[0]), "{gaps:?}");
        let still = Transport::between(&groups, 0.0, 20);
        assert!(groups[0].iter().all(|x| (still[0].of(*x) - x).abs() < 1e-9));
    }

    #[test]
    fn labels_keep_adding_up_and_two_labels_mirror_each_other() {
        let scores = |p: f64| [p.ln(), (1.0 - p).ln()];
        let groups: Vec<Vec<f64>> = [0.1, 0.5]
            .map(|low| (0..400).map(|i| log_odds((low + 0.4 * f64::from(i) / 400.0f64).ln())).collect())
            .to_vec();
        let mirrored: Vec<Vec<f64>> = groups.iter().map(|g| g.iter().map(|x| -x).collect()).collect();
        let [one, other] = [groups, mirrored].map(|g| Transport::between(&g, 0.9, 20));
        let maps = [one[0].clone(), other[0].clone()];
        for p in [0.12, 0.3, 0.47] {
            let total: f64 = moved(&scores(p), &maps).iter().map(|s| s.exp()).sum();
            assert!((total - 1.0).abs() < 1e-9, "{p}: {total}");
            let still = [Transport::default(), Transport::default()];
            assert!(moved(&scores(p), &still).iter().zip(scores(p)).all(|(a, b)| (a - b).abs() < 1e-9));
        }
    }
}
