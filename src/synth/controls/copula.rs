//! Gaussian copula: each column keeps its own distribution, and pairs depend on each other as normal variables do
//! (Nelsen 2006; Patki, Wedge and Veeramachaneni 2016 for tables).
//!
//! A number is a normal variable by its rank; a category is one that is cut at the cumulative shares of its levels, in
//! the order of the schema, missing being the last; a number that may be missing has a second variable that says so.
//! Correlations are those of the expected normal scores, pair by pair over the rows that have both, corrected for the
//! cutting (see [`latent`]), and put right where they do not fit together. Numbers are drawn from the values seen, so
//! that ranges, whole numbers and heaps stay.
//!
//! Levels asked for are met exactly: the first variable is drawn within its bounds, the others of the request by
//! rejection. A request that fewer than one in [`MOST_TRIES`] draws meets is refused, with the rate.

use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};
use statrs::distribution::{ContinuousCDF, Normal};

use super::margin::Margin;
use super::shape::{Part, check, filled, parts};
use crate::data::frame::{Frame, FrameKind};
use crate::metrics::linear::Cholesky;
use crate::metrics::resampling::{Lane, Stream, stream, unit};
use crate::metrics::synthetic::eigen;
use crate::synth::{Given, SynthError};

pub const KIND: &str = "gaussian_copula";

/// Draws for one row before a request is given up.
pub const MOST_TRIES: usize = 100_000;
/// No two variables are the same one.
const CLOSEST: f64 = 0.995;

/// A variable: what it says of which column.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub column: usize,
    pub margin: Margin,
}

/// A fitted Gaussian copula.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianCopula {
    /// Columns without values.
    pub(super) shape: Frame,
    pub(super) axes: Vec<Axis>,
    /// Correlations of the axes, row after row.
    pub(super) correlation: Array2<f64>,
}

impl GaussianCopula {
    /// Refuses a table without rows or columns, infinite numbers, and more variables than [`eigen::WIDEST`].
    pub fn fit(frame: &Frame) -> Result<GaussianCopula, SynthError> {
        check(frame)?;
        let mut axes = Vec::new();
        let mut scores: Vec<Vec<f64>> = Vec::new();
        for (at, column) in frame.columns.iter().enumerate() {
            let margins = match &column.kind {
                FrameKind::Category { levels } => vec![Margin::category(&column.values, levels.len())],
                FrameKind::Number { .. } => Margin::number(&column.values),
            };
            for margin in margins {
                scores.push(margin.scores(&column.values));
                axes.push(Axis { column: at, margin });
            }
        }
        let width = axes.len();
        if width > eigen::WIDEST {
            let why = format!("{width} variables are more than the {} that a copula is fitted to", eigen::WIDEST);
            return Err(SynthError::Unsupported(why));
        }
        let spreads: Vec<f64> = scores.iter().map(|s| moment(s, s)).collect();
        let mut correlation = Array2::eye(width);
        for (i, a) in scores.iter().enumerate() {
            for (j, b) in scores.iter().enumerate().take(i) {
                let (va, vb) = (spreads.get(i).copied().unwrap_or(0.0), spreads.get(j).copied().unwrap_or(0.0));
                let r = latent(moment(a, b), va, vb);
                correlation[[i, j]] = r;
                correlation[[j, i]] = r;
            }
        }
        let shape = Frame { columns: frame.columns.iter().map(|c| c.clone_shape()).collect(), rows: 0 };
        Ok(GaussianCopula { shape, axes, correlation: together(correlation)? })
    }

    /// `n` rows: first those of `given`. Equal arguments give equal rows. Undefined levels and columns are refused, and
    /// so are requests that hardly any draw meets.
    pub fn draw(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        let mut columns: Vec<Vec<f64>> = self.shape.columns.iter().map(|_| Vec::with_capacity(n)).collect();
        for (number, part) in parts(&self.shape, given, n)?.iter().enumerate() {
            let mut rng = stream(seed, Lane::Draw, number);
            let plan = Plan::new(self, part)?;
            for _ in 0..part.rows {
                let z = plan.draw(&mut rng)?;
                let mut row = vec![f64::NAN; columns.len()];
                let mut gone = vec![false; columns.len()];
                for (axis, z) in plan.order.iter().filter_map(|&at| self.axes.get(at)).zip(z) {
                    let u = normal().cdf(z);
                    if let (Some(value), Some(cell)) = (axis.margin.value(u), row.get_mut(axis.column)) {
                        *cell = value;
                    }
                    if axis.margin.lacks(u) {
                        gone.get_mut(axis.column).into_iter().for_each(|g| *g = true);
                    }
                }
                for ((column, value), gone) in columns.iter_mut().zip(row).zip(gone) {
                    column.push(if gone { f64::NAN } else { value });
                }
            }
        }
        Ok(filled(&self.shape, columns, n))
    }
}

fn normal() -> Normal {
    Normal::standard()
}

/// The mean of products over the rows that have both, less the product of means there.
fn moment(a: &[f64], b: &[f64]) -> f64 {
    let both = || a.iter().zip(b).filter(|(x, y)| !x.is_nan() && !y.is_nan());
    let (n, x, y) = both().fold((0.0, 0.0, 0.0), |(n, x, y), (a, b)| (n + 1.0, x + a, y + b));
    if n < 2.0 {
        return 0.0;
    }
    both().map(|(a, b)| (a - x / n) * (b - y / n)).sum::<f64>() / n
}

/// The correlation of two normal variables from the covariance of their scores and the variances of those.
///
/// The scores are expected values within each cut. To first order their covariance is ρ times both variances; at ρ = 1
/// scores of equal cuts have correlation 1. Between the two, correlation = s ρ + (1 - s) ρ⁵ with s the geometric mean of
/// the variances: exact without cuts, within 0.03 of the arcsine law for two medians up to ρ = 0.7 and below it beyond.
pub fn latent(covariance: f64, first: f64, second: f64) -> f64 {
    let scale = (first * second).sqrt();
    if scale < 1e-9 {
        return 0.0;
    }
    let (wanted, slope) = ((covariance / scale).abs(), scale.min(1.0));
    let curve = |r: f64| slope * r + (1.0 - slope) * r.powi(5);
    let (mut lo, mut hi) = (0.0, CLOSEST);
    for _ in 0..50 {
        let middle = (lo + hi) / 2.0;
        if curve(middle) < wanted { lo = middle } else { hi = middle }
    }
    lo.copysign(covariance)
}

/// The nearest table of correlations that some variables have: negative eigenvalues are raised (Higham 2002, first
/// step) and the diagonal brought back to 1.
fn together(correlation: Array2<f64>) -> Result<Array2<f64>, SynthError> {
    if Cholesky::of(correlation.clone()).is_some() {
        return Ok(correlation);
    }
    let unfit = |why: String| SynthError::Unsupported(format!("the correlations do not fit together: {why}"));
    let (values, vectors) = eigen::symmetric(correlation).map_err(|u| unfit(u.reason))?;
    let mut scaled = vectors.clone();
    for (mut column, value) in scaled.columns_mut().into_iter().zip(&values) {
        column.mapv_inplace(|v| v * value.max(1e-6));
    }
    let whole = scaled.dot(&vectors.t());
    let roots: Vec<f64> = whole.diag().iter().map(|d| d.sqrt()).collect();
    let put = |(i, j): (usize, usize)| {
        let sizes = roots.get(i).zip(roots.get(j)).map_or(1.0, |(a, b)| a * b);
        if i == j { 1.0 } else { (whole[[i, j]] + whole[[j, i]]) / 2.0 / sizes }
    };
    Ok(Array2::from_shape_fn(whole.dim(), put))
}

/// How the rows of one part are drawn.
struct Plan {
    /// Axes, those of the request first.
    order: Vec<usize>,
    factor: Cholesky,
    /// The factor of the request's own axes.
    asked: Cholesky,
    /// Bounds of those axes, as normal scores.
    bounds: Vec<(f64, f64)>,
    /// Shares below both ends of the first.
    first: Option<(f64, f64)>,
}

impl Plan {
    fn new(copula: &GaussianCopula, part: &Part) -> Result<Plan, SynthError> {
        let mut order = Vec::new();
        let mut shares = Vec::new();
        for (column, level) in &part.levels {
            let found = copula.axes.iter().position(|a| a.column == *column);
            let bounds = found.and_then(|at| copula.axes.get(at)).and_then(|a| a.margin.bounds(*level));
            let Some((at, bounds)) = found.zip(bounds.filter(|(lo, hi)| lo < hi)) else {
                let name = copula.shape.columns.get(*column).map_or("", |c| c.name.as_str());
                let why = format!("no row was learned that has level number {level} of {name}");
                return Err(SynthError::Unsupported(why));
            };
            order.push(at);
            shares.push(bounds);
        }
        order.extend((0..copula.axes.len()).filter(|at| !part.levels.iter().any(|l| copula.axes[*at].column == l.0)));
        let pick = |(i, j): (usize, usize)| match (order.get(i), order.get(j)) {
            (Some(a), Some(b)) => copula.correlation[[*a, *b]],
            _ => 0.0,
        };
        let factor = Cholesky::of(Array2::from_shape_fn((order.len(), order.len()), pick))
            .ok_or_else(|| SynthError::Unsupported("the correlations do not fit together".into()))?;
        let score = |share: f64| normal().inverse_cdf(share);
        Ok(Plan {
            asked: factor.first(shares.len()),
            factor,
            bounds: shares.iter().map(|(lo, hi)| (score(*lo), score(*hi))).collect(),
            first: shares.first().copied(),
            order,
        })
    }

    /// Normal scores in the plan's order.
    fn draw(&self, rng: &mut Stream) -> Result<Vec<f64>, SynthError> {
        let mut independent = vec![0.0; self.order.len()];
        for _ in 0..MOST_TRIES {
            for slot in independent.iter_mut().take(self.bounds.len()) {
                *slot = StandardNormal.sample(rng);
            }
            if let (Some((lo, hi)), Some(slot)) = (self.first, independent.first_mut()) {
                *slot = normal().inverse_cdf((lo + (hi - lo) * unit(rng)).clamp(1e-15, 1.0 - 1e-15));
            }
            let asked = self.asked.times(independent.get(..self.bounds.len()).unwrap_or(&[]));
            // The first one lies within its bounds as drawn.
            let fits = asked.iter().zip(&self.bounds).skip(1).all(|(z, (lo, hi))| lo <= z && z < hi);
            if fits {
                for slot in independent.iter_mut().skip(self.bounds.len()) {
                    *slot = StandardNormal.sample(rng);
                }
                return Ok(self.factor.times(&independent));
            }
        }
        Err(SynthError::Unsupported(format!(
            "a Gaussian copula meets the levels that are asked for together in fewer than 1 of {MOST_TRIES} draws; ask \
             for fewer of them at once"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::tests::{share, table};
    use super::*;

    #[test]
    fn cut_variables_get_their_correlation_back() {
        // Two medians: scores ±√(2/π), covariance (2/π) (2/π) asin(ρ).
        let v = 2.0 / std::f64::consts::PI;
        for rho in [0.1, 0.3, 0.5, 0.7f64] {
            let found = latent(v * v * rho.asin(), v, v);
            assert!((found - rho).abs() < 0.03, "{rho}: {found}");
            assert!((latent(-rho, 1.0, 1.0) + rho).abs() < 1e-9);
        }
        assert_eq!(latent(0.0, 0.0, 1.0), 0.0);
    }

    #[test]
    fn margins_pairs_and_missing_patterns_are_kept() {
        let table = table(6_000);
        let made = GaussianCopula::fit(&table).unwrap().draw(12_000, &Given::nothing(), 4).unwrap();
        for at in 0..2 {
            assert!((share(&made, |r| r[at] == 1.0) - share(&table, |r| r[at] == 1.0)).abs() < 0.02);
        }
        let ill_of = |f: &Frame, sex: f64| share(f, |r| r[0] == sex && r[1] == 1.0) / share(f, |r| r[0] == sex);
        for sex in [0.0, 1.0] {
            assert!((ill_of(&made, sex) - ill_of(&table, sex)).abs() < 0.04, "{sex}");
        }
        let mean_age = |f: &Frame, ill: f64| {
            let own: Vec<f64> =
                (0..f.rows).filter(|r| f.columns[1].values[*r] == ill).map(|r| f.columns[2].values[r]).collect();
            own.iter().sum::<f64>() / own.len() as f64
        };
        let gap = |f: &Frame| mean_age(f, 1.0) - mean_age(f, 0.0);
        assert!((gap(&made) - gap(&table)).abs() < 3.0, "{} {}", gap(&made), gap(&table));
        assert!(made.columns[2].values.iter().all(|v| table.columns[2].values.contains(v)));
        let gone = share(&made, |r| r[3].is_nan());
        assert!((gone - 0.2).abs() < 0.02);
        assert!(share(&made, |r| r[3].is_nan() && r[4].is_nan()) / gone > 0.9);
    }

    #[test]
    fn requests_are_met_exactly_and_follow_the_dependence() {
        let table = table(4_000);
        let generator = GaussianCopula::fit(&table).unwrap();
        let asked = Given::nothing().and(&[("sex", 1)], 4_000).and(&[("ill", 1), ("sex", 0)], 500);
        let made = generator.draw(5_000, &asked, 9).unwrap();
        assert!((0..4_000).all(|r| made.columns[0].values[r] == 1.0));
        assert!((4_000..4_500).all(|r| made.columns[0].values[r] == 0.0 && made.columns[1].values[r] == 1.0));
        let ill = (0..4_000).filter(|r| made.columns[1].values[*r] == 1.0).count() as f64 / 4_000.0;
        let real = share(&table, |r| r[0] == 1.0 && r[1] == 1.0) / share(&table, |r| r[0] == 1.0);
        assert!((ill - real).abs() < 0.04, "{ill} {real}");
        let again = generator.draw(5_000, &asked, 9).unwrap();
        assert!(
            made.columns
                .iter()
                .zip(&again.columns)
                .all(|(a, b)| { a.values.iter().zip(&b.values).all(|(x, y)| x.to_bits() == y.to_bits()) })
        );
    }

    #[test]
    fn odd_tables_are_fitted_too() {
        let mut table = table(40);
        table.columns[3].values = vec![f64::NAN; 40];
        table.columns[2].values = vec![5.0; 40];
        table.columns[1].values = table.columns[0].values.clone();
        let made = GaussianCopula::fit(&table).unwrap().draw(100, &Given::nothing(), 0).unwrap();
        assert!(made.columns[3].values.iter().all(|v| v.is_nan()));
        assert!(made.columns[2].values.iter().all(|v| *v == 5.0));
        let one = table.take(&[0]);
        assert_eq!(GaussianCopula::fit(&one).unwrap().draw(3, &Given::nothing(), 0).unwrap().rows, 3);
    }
}
