//! Which share of each group should have which label, between the table's own shares and parity.
//!
//! Knows a joint table and a weight; no rows.

use crate::nets::fair::information::Joint;

const ROUNDS: usize = 200;

/// The label shares of each group that weigh closeness to the table's against information:
/// the minimum over r of `KL(r | real) + weight * I(Y;S)`, labels within groups. At the minimum
/// `r(y|s)` is in proportion to `real(y|s)^(1/(1+w)) * r(y)^(w/(1+w))`, which is iterated. Weight 0 gives the table's
/// own shares, a large weight gives every group the same. Group by group, `labels` shares each; a group without
/// rows has the shares of all.
pub fn between(real: &Joint, weight: f64) -> Vec<Vec<f64>> {
    let shares = real.group_shares();
    let overall = real.label_shares();
    let own: Vec<Vec<f64>> = shares
        .iter()
        .enumerate()
        .map(|(s, share)| {
            let rate = |y: usize| real.p.get(y * real.groups + s).copied().unwrap_or(0.0) / share;
            if *share > 0.0 { (0..real.labels).map(rate).collect() } else { overall.clone() }
        })
        .collect();
    let part = weight.max(0.0) / (1.0 + weight.max(0.0));
    let mut all = overall;
    let mut out = own.clone();
    for _ in 0..ROUNDS {
        for (to, own) in out.iter_mut().zip(&own) {
            for ((to, own), all) in to.iter_mut().zip(own).zip(&all) {
                *to = if *all > 0.0 { own.max(1e-9).powf(1.0 - part) * all.powf(part) } else { 0.0 };
            }
            let total: f64 = to.iter().sum();
            to.iter_mut().for_each(|x| *x /= total.max(f64::MIN_POSITIVE));
        }
        for (y, all) in all.iter_mut().enumerate() {
            *all = out.iter().zip(&shares).map(|(r, share)| r[y] * share).sum();
        }
    }
    if part == 0.0 { own } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_shrinks_from_the_tables_own_to_none() {
        let real = Joint::new(2, 2, vec![0.3, 0.4, 0.25, 0.05]);
        let gap = |weight| {
            let r = between(&real, weight);
            (r[0][1] - r[1][1]).abs()
        };
        assert!((gap(0.0) - real.gap(1)).abs() < 1e-9);
        let gaps: Vec<f64> = [0.0, 0.5, 2.0, 10.0, 100.0].map(gap).to_vec();
        assert!(gaps.windows(2).all(|w| w[1] < w[0]) && gaps[4] < 0.01, "{gaps:?}");
    }

    #[test]
    fn it_is_the_minimum_it_says() {
        let real = Joint::new(2, 2, vec![0.3, 0.4, 0.25, 0.05]);
        let (shares, weight) = (real.group_shares(), 3.0);
        let own = between(&real, 0.0);
        let loss = |r: &[Vec<f64>]| {
            let joint = Joint::new(2, 2, (0..4).map(|i| r[i % 2][i / 2] * shares[i % 2]).collect());
            let far = |s: usize| (0..2).map(|y| r[s][y] * (r[s][y] / own[s][y]).ln()).sum::<f64>() * shares[s];
            far(0) + far(1) + weight * joint.information()
        };
        let best = between(&real, weight);
        for step in [-0.02, 0.02] {
            for s in 0..2 {
                let mut other = best.clone();
                other[s][0] += step;
                other[s][1] -= step;
                assert!(loss(&other) > loss(&best));
            }
        }
    }
}
