//! Gradient-boosted trees for the logistic loss on histograms (Friedman 2001; Ke et al. 2017).
//!
//! Missing cells learn their side at every fork and categories are split by sets of levels, so no
//! imputation or encoding is needed. One thread a fit; all chance comes from the seed.

use crate::data::frame::Frame;
use crate::metrics::inference;
use crate::metrics::resampling::{Lane, Stream, below, stream, unit};
use crate::models::fitted::{Fitted, ModelError, check_training, logistic, softplus};
use crate::models::histogram::{Binned, Binner, MOST_BINS};
use crate::models::tree::{Ground, Limits, Tree};

/// How boosted trees are fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Trees at the most.
    pub rounds: usize,
    /// How far each tree goes along its Newton step.
    pub learning_rate: f64,
    /// Leaves a tree at the most; the leaf that gains most is split first.
    pub leaves: usize,
    /// Forks from the root to a leaf at the most.
    pub depth: usize,
    /// Rows a leaf at the least.
    pub rows_per_leaf: usize,
    /// Second derivative of the loss, summed over a leaf, at the least.
    pub weight_per_leaf: f64,
    /// Penalty on the squared leaf values.
    pub ridge: f64,
    /// Further penalty where a category of more than four levels is split.
    pub level_ridge: f64,
    /// Bins a number at the most, up to 255.
    pub bins: usize,
    /// Share of the rows that each tree sees.
    pub row_share: f64,
    /// Share of the columns that each tree may use.
    pub column_share: f64,
    /// When set, a fifth of the rows of either outcome is held out, and boosting stops once their log
    /// loss has not improved for so many rounds; the trees up to the best round stay.
    pub patience: Option<usize>,
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            rounds: 300,
            learning_rate: 0.04,
            leaves: 8,
            depth: 8,
            rows_per_leaf: 20,
            weight_per_leaf: 1e-3,
            ridge: 1.0,
            level_ridge: 10.0,
            bins: MOST_BINS,
            row_share: 0.7,
            column_share: 0.5,
            patience: None,
            seed: 0,
        }
    }
}

impl Settings {
    fn check(&self) -> Result<(), ModelError> {
        let share = |x: f64| x > 0.0 && x <= 1.0;
        let not_negative = |x: f64| x >= 0.0 && x.is_finite();
        let rules = [
            ("rounds", self.rounds > 0, "1 or more"),
            ("learning_rate", share(self.learning_rate), "above 0 and at most 1"),
            ("leaves", self.leaves >= 2, "2 or more"),
            ("depth", self.depth > 0, "1 or more"),
            ("rows_per_leaf", self.rows_per_leaf > 0, "1 or more"),
            ("weight_per_leaf", not_negative(self.weight_per_leaf), "0 or more"),
            ("ridge", not_negative(self.ridge), "0 or more"),
            ("level_ridge", not_negative(self.level_ridge), "0 or more"),
            ("bins", (2..=MOST_BINS).contains(&self.bins), "from 2 to 255"),
            ("row_share", share(self.row_share), "above 0 and at most 1"),
            ("column_share", share(self.column_share), "above 0 and at most 1"),
            ("patience", self.patience != Some(0), "1 or more"),
        ];
        match rules.into_iter().find(|rule| !rule.1) {
            Some((setting, _, requirement)) => Err(ModelError::BadSetting { setting, requirement }),
            None => Ok(()),
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            leaves: self.leaves,
            depth: self.depth,
            rows_per_leaf: self.rows_per_leaf,
            weight_per_leaf: self.weight_per_leaf,
            ridge: self.ridge,
            level_ridge: self.level_ridge,
        }
    }
}

/// Fitted boosted trees.
#[derive(Debug, Clone, PartialEq)]
pub struct BoostedTrees {
    binner: Binner,
    /// Log odds of the training rows.
    start: f64,
    trees: Vec<Tree>,
}

impl BoostedTrees {
    /// How many trees were kept.
    pub fn rounds(&self) -> usize {
        self.trees.len()
    }
}

impl Fitted for BoostedTrees {
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>, ModelError> {
        let binned = self.binner.apply(frame)?;
        let mut scores = vec![self.start; binned.rows];
        for tree in &self.trees {
            add(tree, &binned, &mut scores);
        }
        Ok(scores.into_iter().map(logistic).collect())
    }
}

fn add(tree: &Tree, binned: &Binned, scores: &mut [f64]) {
    tree.walk(binned, |row, value| {
        if let Some(score) = scores.get_mut(row) {
            *score += value;
        }
    });
}

/// Fits boosted trees of `y` on the columns of `frame`.
///
/// Few rows leave the tree without a fork: the model then predicts the overall rate. Training rows that
/// all have the same outcome are refused.
pub fn fit(frame: &Frame, y: &[bool], settings: &Settings) -> Result<BoostedTrees, ModelError> {
    check_training(frame, y)?;
    settings.check()?;
    let binner = Binner::learn(frame, settings.bins)?;
    let binned = binner.apply(frame)?;
    let mut rng = stream(settings.seed, Lane::Bootstrap, 0);
    let held_out = match settings.patience {
        Some(_) => hold_out(y, &mut rng),
        None => vec![false; y.len()],
    };
    let training: Vec<u32> = (0_u32..).zip(&held_out).filter(|&(_, &out)| !out).map(|(row, _)| row).collect();
    let start = start(y, &held_out);
    let mut scores = vec![start; y.len()];
    let mut trees = Vec::new();
    let (mut best_loss, mut best_rounds) = (f64::INFINITY, 0);
    let everything = settings.row_share >= 1.0 && settings.column_share >= 1.0;
    for _ in 0..settings.rounds {
        let (gradients, weights): (Vec<f64>, Vec<f64>) = scores
            .iter()
            .zip(y)
            .map(|(&score, &y)| {
                let p = logistic(score);
                (p - f64::from(u8::from(y)), p * (1.0 - p))
            })
            .unzip();
        let rows = sample_rows(&training, settings.row_share, &mut rng);
        let columns = sample_columns(binned.columns.len(), settings.column_share, &mut rng);
        let ground = Ground {
            binned: &binned,
            columns: &columns,
            gradients: &gradients,
            weights: &weights,
            limits: settings.limits(),
        };
        let tree = ground.grow(rows, settings.learning_rate);
        if tree.leaves() == 1 {
            if everything {
                break; // the next round would see the same rows and columns
            }
            continue;
        }
        add(&tree, &binned, &mut scores);
        trees.push(tree);
        if let Some(patience) = settings.patience
            && let Some(loss) = held_out_loss(&scores, y, &held_out)
        {
            if loss < best_loss {
                (best_loss, best_rounds) = (loss, trees.len());
            } else if trees.len() - best_rounds >= patience {
                break;
            }
        }
    }
    if best_loss.is_finite() {
        trees.truncate(best_rounds);
    }
    Ok(BoostedTrees { binner, start, trees })
}

/// The log odds of the rows that are not held out.
fn start(y: &[bool], held_out: &[bool]) -> f64 {
    let kept = || y.iter().zip(held_out).filter(|&(_, &out)| !out).map(|(&y, _)| y);
    let positives = kept().filter(|&y| y).count() as f64;
    (positives / (kept().count() as f64 - positives)).ln()
}

/// A fifth of the rows of either outcome, rounded down, so that both outcomes stay in training.
fn hold_out(y: &[bool], rng: &mut Stream) -> Vec<bool> {
    let mut out = vec![false; y.len()];
    for class in [false, true] {
        let mut rows: Vec<usize> = y.iter().enumerate().filter(|&(_, &v)| v == class).map(|(row, _)| row).collect();
        let wanted = rows.len() / 5;
        for taken in 0..wanted {
            let other = taken + below(rng, rows.len() - taken);
            rows.swap(taken, other);
        }
        for &row in rows.iter().take(wanted) {
            if let Some(flag) = out.get_mut(row) {
                *flag = true;
            }
        }
    }
    out
}

/// The mean log loss of the held-out rows; nothing when there are none.
fn held_out_loss(scores: &[f64], y: &[bool], held_out: &[bool]) -> Option<f64> {
    let losses: Vec<f64> = scores
        .iter()
        .zip(y)
        .zip(held_out)
        .filter(|&(_, &out)| out)
        .map(|((&score, &y), _)| softplus(if y { -score } else { score }))
        .collect();
    inference::mean(&losses)
}

fn sample_rows(rows: &[u32], share: f64, rng: &mut Stream) -> Vec<u32> {
    if share >= 1.0 {
        return rows.to_vec();
    }
    rows.iter().copied().filter(|_| unit(rng) < share).collect()
}

/// Column numbers in ascending order, one at the least.
fn sample_columns(columns: usize, share: f64, rng: &mut Stream) -> Vec<usize> {
    let mut all: Vec<usize> = (0..columns).collect();
    let wanted = ((columns as f64 * share).ceil() as usize).clamp(1, columns.max(1));
    if wanted >= columns {
        return all;
    }
    for taken in 0..wanted {
        all.swap(taken, taken + below(rng, columns - taken));
    }
    all.truncate(wanted);
    all.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::ranking::delong;
    use crate::models::tests_support::{bell, category, frame, number, rng};

    /// A cohort whose risk depends on a product, a threshold, a category and on what is missing.
    fn cohort(n: usize, seed: u64) -> (Frame, Vec<bool>) {
        let mut rng = rng(seed);
        let mut columns = vec![Vec::new(); 5];
        let mut y = Vec::new();
        for _ in 0..n {
            let (a, b, noise) = (bell(&mut rng), bell(&mut rng), bell(&mut rng));
            let level = below(&mut rng, 6) as f64;
            let missing = unit(&mut rng) < 0.2;
            let odds = 1.5 * a * b
                + if a > 0.5 { 1.0 } else { 0.0 }
                + if [1.0, 4.0].contains(&level) { 1.0 } else { -0.5 }
                + if missing { 1.0 } else { 0.0 };
            y.push(unit(&mut rng) < logistic(odds));
            let cells = [a, b, noise, level, if missing { f64::NAN } else { bell(&mut rng) }];
            columns.iter_mut().zip(cells).for_each(|(c, v)| c.push(v));
        }
        let levels = ["p", "q", "r", "s", "t", "u"];
        let table = frame(vec![
            number("a", &columns[0]),
            number("b", &columns[1]),
            number("noise", &columns[2]),
            category("level", &levels, &columns[3]),
            number("lab", &columns[4]),
        ]);
        (table, y)
    }

    #[test]
    fn trees_learn_what_a_line_cannot() {
        let ((train, y), (test, truth)) = (cohort(3000, 1), cohort(3000, 2));
        let auc = |model: &dyn Fitted| delong(&model.predict(&test).unwrap(), &truth).unwrap().auc;
        let trees = auc(&fit(&train, &y, &Settings::default()).unwrap());
        let line = auc(&crate::models::logistic::fit(&train, &y, &Default::default()).unwrap());
        assert!(trees > 0.78 && trees > line + 0.08, "{trees} {line}");
    }

    #[test]
    fn a_fit_repeats_and_follows_its_seed() {
        let (train, y) = cohort(500, 3);
        let short = Settings { rounds: 20, ..Settings::default() };
        let first = fit(&train, &y, &short).unwrap();
        assert_eq!(first, fit(&train, &y, &short).unwrap());
        assert_ne!(first, fit(&train, &y, &Settings { seed: 1, ..short }).unwrap());
    }

    #[test]
    fn patience_stops_before_noise_is_learned() {
        let mut rng = rng(5);
        let noise: Vec<f64> = (0..600).map(|_| bell(&mut rng)).collect();
        let y: Vec<bool> = (0..600).map(|_| unit(&mut rng) < 0.3).collect();
        let table = frame(vec![number("noise", &noise)]);
        let patient = Settings { patience: Some(10), ..Settings::default() };
        assert!(fit(&table, &y, &patient).unwrap().rounds() < 60);
        let held = hold_out(&y, &mut rng);
        let share = held.iter().filter(|&&h| h).count();
        assert!((118..=120).contains(&share), "{share}");
    }

    #[test]
    fn few_rows_give_the_overall_rate() {
        let table = frame(vec![number("x", &[1.0, 2.0, 3.0, 4.0])]);
        let model = fit(&table, &[true, false, false, false], &Settings::default()).unwrap();
        let p = model.predict(&table).unwrap();
        assert!(p.iter().all(|p| (p - 0.25).abs() < 1e-12), "{p:?}");
    }

    #[test]
    fn refusals_are_plain() {
        let (train, y) = cohort(50, 1);
        let bad = Settings { row_share: 0.0, ..Settings::default() };
        let reason = fit(&train, &y, &bad).unwrap_err().to_string();
        assert_eq!(reason, "the setting `row_share` must be above 0 and at most 1");
        let same = fit(&train, &[false; 50], &Settings::default()).unwrap_err().to_string();
        assert!(same.starts_with("all 50 training rows lack the outcome"));
        assert_eq!(fit(&Frame::default(), &[], &Settings::default()), Err(ModelError::NoFeatures));
    }
}
