//! What noisy counts of cells say: steps instead of spikes, nothing negative, and codes of like size.
//!
//! Works on released counts only, so that it costs nothing. Knows numbers.

use super::axis::Axis;

/// What one more step has to explain, in variances of the noise. Mallows' C_p (1973) takes 2 for steps at known places; here
/// the places are chosen as well.
const STEP: f64 = 4.0;

/// Piecewise constant densities for `counts` of cells of `widths` with noise of standard deviation `scale`: the partition
/// into runs of cells that minimises the squared error plus [`STEP`] variances a run, by dynamic programming. Nothing
/// below 0; a run whose total may well be noise is empty.
pub fn steps(counts: &[f64], widths: &[f64], scale: f64) -> Vec<f64> {
    let m = counts.len().min(widths.len());
    if scale <= 0.0 || m == 0 {
        return counts.iter().map(|c| c.max(0.0)).collect();
    }
    let sums = |f: &dyn Fn(usize) -> f64| {
        let mut out = vec![0.0];
        for i in 0..m {
            out.push(out[i] + f(i));
        }
        out
    };
    let plain = sums(&|i| counts[i]);
    let squares = sums(&|i| counts[i] * counts[i]);
    let cross = sums(&|i| counts[i] * widths[i]);
    let weights = sums(&|i| widths[i] * widths[i]);
    let density = |a: usize, b: usize| {
        let total = plain[b] - plain[a];
        if total < 2.0 * scale * ((b - a) as f64).sqrt() {
            return 0.0;
        }
        ((cross[b] - cross[a]) / (weights[b] - weights[a]).max(f64::MIN_POSITIVE)).max(0.0)
    };
    let error = |a: usize, b: usize| {
        let r = density(a, b);
        squares[b] - squares[a] - 2.0 * r * (cross[b] - cross[a]) + r * r * (weights[b] - weights[a])
    };
    let mut best = vec![(0.0, 0); m + 1];
    for b in 1..=m {
        let ends = (0..b).map(|a| (best[a].0 + error(a, b) + STEP * scale * scale, a));
        best[b] = ends.fold((f64::INFINITY, 0), |x, y| if y.0 < x.0 { y } else { x });
    }
    let mut out = vec![0.0; m];
    let mut b = m;
    while b > 0 {
        let a = best[b].1;
        let r = density(a, b);
        (a..b).for_each(|i| out[i] = r * widths[i]);
        b = a;
    }
    out
}

/// The nearest point at which nothing is negative and the sum is `total`: clipping at 0 alone would lift every
/// rare cell.
pub fn onto(counts: &[f64], total: f64) -> Vec<f64> {
    let mut sorted = counts.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut cut) = (0.0, f64::NEG_INFINITY);
    for (i, c) in sorted.iter().enumerate() {
        sum += c;
        let at = (sum - total) / (i + 1) as f64;
        if *c > at {
            cut = at;
        }
    }
    counts.iter().map(|c| (c - cut).max(0.0)).collect()
}

/// Gives the cells of `axis` codes of about equal rows, `most` for its numbers at the most, from `counts` of all cells with
/// noise `scale`. Levels keep a code each unless their rows may well be noise; those share one. Missing values have a code
/// of their own, or none where there may be none.
pub fn group(axis: &mut Axis, counts: &[f64], scale: f64, rows: f64, most: usize) {
    let present = axis.present();
    let (values, missing) = counts.split_at(present.min(counts.len()));
    let faint = |c: f64| c < 2.0 * scale || c <= 0.0;
    let missing: Vec<f64> = missing.iter().map(|c| if faint(*c) { 0.0 } else { *c }).collect();
    let rest = (rows - missing.iter().sum::<f64>()).max(1.0);
    let mut code;
    let weight: Vec<f64>;
    if axis.ordered() {
        let smooth = steps(values, &axis.widths(), scale);
        let total = smooth.iter().sum::<f64>();
        weight = if total > 0.0 { smooth.iter().map(|w| w * rest / total).collect() } else { axis.widths() };
        code = runs(&weight, most);
    } else {
        weight = onto(values, rest);
        let rare: Vec<bool> = values.iter().map(|c| faint(*c)).collect();
        let mut next = 0;
        code = Vec::with_capacity(present + 1);
        for rare in &rare {
            code.push(if *rare { usize::MAX } else { next });
            next += usize::from(!rare);
        }
        code.iter_mut().filter(|c| **c == usize::MAX).for_each(|c| *c = next);
    }
    let mut weight = weight;
    if let Some(m) = missing.first() {
        let next = code.iter().max().map_or(0, |c| c + 1);
        code.push(if *m > 0.0 { next } else { 0 });
        weight.push(*m);
    }
    axis.regroup(code, &weight);
}

/// Codes of runs of about equal weight, `most` at the most; a cell heavier than a fair share is a run of its own.
fn runs(weight: &[f64], most: usize) -> Vec<usize> {
    let mut left: f64 = weight.iter().sum();
    let mut runs_left = most.max(1);
    let mut out = Vec::with_capacity(weight.len());
    let (mut code, mut held) = (0, 0.0);
    for (i, w) in weight.iter().enumerate() {
        let fair = left / runs_left as f64;
        // A new run where this one is full, or would be fuller with this cell than it lacks without.
        if held > 0.0 && runs_left > 1 && held + 0.5 * w > fair {
            left -= held;
            runs_left -= 1;
            code += 1;
            held = 0.0;
        }
        held += w;
        out.push(code);
        if i + 1 == weight.len() && held <= 0.0 && code > 0 {
            // What ends in nothing belongs to the run before.
            let last = code;
            out.iter_mut().filter(|c| **c == last).for_each(|c| *c -= 1);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::axis::Axis;
    use super::*;
    use crate::synth::encoder::tests::clinic;

    #[test]
    fn steps_are_found_under_noise_and_noise_alone_is_nothing() {
        // A low and a high step, with noise of about 10 that alternates.
        let noise = |i: usize| if i.is_multiple_of(2) { 9.0 } else { -9.0 };
        let truth: Vec<f64> = (0..24).map(|i| if i < 10 { 40.0 } else { 200.0 }).collect();
        let counts: Vec<f64> = truth.iter().enumerate().map(|(i, t)| t + noise(i)).collect();
        let got = steps(&counts, &[1.0; 24], 10.0);
        let worst = got.iter().zip(&truth).map(|(g, t)| (g - t).abs()).fold(0.0, f64::max);
        assert!(worst < 3.0, "{got:?}");
        let empty: Vec<f64> = (0..24).map(noise).collect();
        assert_eq!(steps(&empty, &[1.0; 24], 10.0), vec![0.0; 24]);
        // Twice as wide cells of the same density hold twice as many.
        let wide = steps(&[20.0, 40.0, 20.0, 41.0], &[1.0, 2.0, 1.0, 2.0], 5.0);
        assert!((wide[1] / wide[0] - 2.0).abs() < 1e-9);
        assert_eq!(steps(&[3.0, -1.0], &[1.0, 1.0], 0.0), vec![3.0, 0.0], "without noise nothing is smoothed");
    }

    #[test]
    fn the_nearest_point_is_never_negative_and_has_its_total() {
        for counts in [vec![5.0, -3.0, 8.0], vec![-1.0, -2.0], vec![0.4], vec![100.0, 100.0, -400.0]] {
            let near = onto(&counts, 10.0);
            assert!(near.iter().all(|s| *s >= 0.0) && (near.iter().sum::<f64>() - 10.0).abs() < 1e-9, "{near:?}");
        }
    }

    #[test]
    fn codes_hold_about_equal_rows_and_rare_levels_share_one() {
        assert_eq!(runs(&[1.0, 1.0, 1.0, 1.0, 4.0, 1.0, 1.0, 1.0, 1.0], 3), [0, 0, 0, 0, 1, 2, 2, 2, 2]);
        assert_eq!(runs(&[0.0, 3.0, 0.0, 3.0, 0.0], 2), [0, 0, 0, 1, 1]);
        assert_eq!(runs(&[1.0, 0.0], 9), [0, 0]);
        let frame = clinic(1_000);
        let mut ward = Axis::declared(&frame.columns[3]);
        group(&mut ward, &[880.0, 12.0, 108.0], 10.0, 1_000.0, 16);
        assert_eq!((ward.codes(), ward.code_of(0.0), ward.code_of(1.0), ward.code_of(2.0)), (3, 0, 2, 1));
        let mut cost = Axis::declared(&frame.columns[1]);
        let counts = cost.count(&frame.columns[1].values);
        group(&mut cost, &counts, 5.0, 1_000.0, 6);
        assert!(cost.codes() <= 7 && cost.code_of(f64::NAN) == cost.codes() - 1, "missing has a code of its own");
    }
}
