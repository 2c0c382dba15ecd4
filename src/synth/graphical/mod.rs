//! `marginal`: a graphical model of small tables, private or not.
//!
//! The strong choice at small ε. Each column is cut into a few codes (`axis.rs`, `smooth.rs`); tables of one, two or three
//! columns are chosen and measured with noise (`select.rs`) or read off the rows (`grow.rs`); a junction tree
//! (`junction.rs`, `estimate.rs`) joins them into one distribution, from which rows are drawn exactly, with any levels given
//! (`draw.rs`). A fit takes well under a second for ten columns. In private mode bounds, levels and codes come from the schema
//! and from what was paid for; the number of rows is taken as known. Needs no network.

pub mod axis;
pub mod draw;
pub mod estimate;
pub mod grow;
pub mod junction;
pub mod select;
pub mod smooth;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::fitting::Place;
use super::privacy::accountant::Mechanism;
use super::privacy::noise::{Meter, Trained, rho_for};
use super::privacy::{Budget, PrivacyError};
use super::saved::Saved;
use super::{Asked, EpochLoss, Fitting, Generator, Given, Private, SynthError};
use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::data::matrix::HostMatrix;
use axis::Axis;
use estimate::Estimate;
use junction::{Junction, cells};
use select::Limits;

const KIND: &str = "marginal";
/// Codes of a number, and columns of a table, unless the script says otherwise.
const CODES: usize = 16;
const TOGETHER: usize = 3;
/// Cells of all cliques at the most: 4 MB of tables.
const MOST_CELLS: f64 = 500_000.0;
/// The same while private tables are chosen, where every round fits them again.
const MOST_CELLS_PRIVATE: f64 = 60_000.0;

/// A fitted graphical model.
struct Graphical {
    axes: Vec<Axis>,
    junction: Junction,
    /// Probabilities of the cells of each clique, in single precision, as they are saved.
    tables: Vec<Vec<f64>>,
    privacy: Option<Trained>,
}

/// What is saved beside the tables.
#[derive(Serialize, Deserialize)]
struct Header {
    axes: Vec<Axis>,
    cliques: Vec<Vec<usize>>,
    privacy: Option<Trained>,
}

/// Learns `frame`. Settings: `bins`, codes of a number at most (16); `width`, columns of a table at most (3).
pub fn fit(frame: &Frame, asked: &Asked, fitting: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    let limits = Limits {
        codes: asked.count("bins", CODES).clamp(2, 64),
        together: asked.count("width", TOGETHER).clamp(1, 4),
        cells: if asked.private.is_some() { MOST_CELLS_PRIVATE } else { MOST_CELLS },
    };
    if (fitting.cancelled)() {
        return Err(SynthError::Cancelled { epoch: 1 });
    }
    let label = asked.roles.label.as_ref().and_then(|l| frame.columns.iter().position(|c| c.name == *l));
    let made = match &asked.private {
        None => {
            let (axes, model) = grow::open(frame, limits, label)?;
            Graphical::of(axes, model, None)
        }
        Some(private) => {
            let (axes, model, privacy) = hidden(frame, private, limits, label, asked.seed, fitting)?;
            Graphical::of(axes, model, Some(privacy))
        }
    };
    Ok(Box::new(made.ok_or_else(contradiction)?))
}

/// Within `private`'s budget.
fn hidden(
    frame: &Frame,
    private: &Private,
    limits: Limits,
    label: Option<usize>,
    seed: u64,
    fitting: &Fitting,
) -> Result<(Vec<Axis>, Estimate, Trained), SynthError> {
    let budget = Budget::checked(private.epsilon, private.delta, frame.rows).map_err(SynthError::Private)?;
    let (axes, model, spent, sigma) = measured(frame, budget, limits, label, seed, fitting)?;
    let meter = Meter::of_releases(budget, spent, sigma).map_err(SynthError::Private)?;
    Ok((axes, model, Trained { meter, unit: private.unit.clone(), norm: 1.0 }))
}

/// A model within `budget`, what it cost, and the noise of its one-way tables.
fn measured(
    frame: &Frame,
    budget: Budget,
    limits: Limits,
    label: Option<usize>,
    seed: u64,
    fitting: &Fitting,
) -> Result<(Vec<Axis>, Estimate, Vec<Mechanism>, f64), SynthError> {
    ranged(frame)?;
    let rho = rho_for(budget);
    if rho <= 0.0 {
        return Err(SynthError::Private(PrivacyError::OutOfReach { epsilon: budget.epsilon, steps: 1 }));
    }
    let sigma = select::first_noise(frame.columns.len(), rho);
    if sigma > frame.rows as f64 {
        return Err(SynthError::Hopeless { epsilon: budget.epsilon, sigma, batch: frame.rows });
    }
    fitting.stage.note(&format!(
        "private: ρ = {rho:.4} for ε = {}, δ = {:e}; noise of {sigma:.1} rows in one-way tables",
        budget.epsilon, budget.delta
    ));
    let told = |_share: f64| !(fitting.cancelled)();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (axes, model, spent) = select::private(frame, rho, limits, label, &mut rng, &told)?;
    let spent = spent.iter().filter(|r| **r > 0.0).map(|rho| Mechanism::Concentrated { rho: *rho }).collect();
    Ok((axes, model, spent, sigma))
}

/// Whether every number has a declared range, without which its cells would have to be read off the data.
fn ranged(frame: &Frame) -> Result<(), SynthError> {
    for column in &frame.columns {
        if let FrameKind::Number { lo, hi, .. } = column.kind
            && !matches!((lo, hi), (Some(lo), Some(hi)) if lo <= hi && (hi - lo).is_finite())
        {
            return Err(SynthError::NoRange { column: column.name.clone() });
        }
    }
    Ok(())
}

/// ε of a stand-in alone, as a share of the whole budget. Costs add up nearly as squares, so that this leaves three fifths
/// for a network.
const STAND_IN: f64 = 0.8;

/// A table like `frame`, of as many rows, that is free to be looked at, and what it cost: rows of a private model within a
/// share of `budget`. `label` is the outcome's name.
pub fn stand_in(
    frame: &Frame,
    budget: Budget,
    label: Option<&str>,
    seed: u64,
    fitting: &Fitting,
) -> Result<(Frame, Vec<Mechanism>), SynthError> {
    let limits = Limits { codes: CODES, together: TOGETHER, cells: MOST_CELLS_PRIVATE };
    let label = label.and_then(|l| frame.columns.iter().position(|c| c.name == l));
    let part = Budget { epsilon: STAND_IN * budget.epsilon, delta: budget.delta };
    let (axes, model, spent, _) = measured(frame, part, limits, label, seed, fitting).map_err(|e| match e {
        // Whoever reads this asked for the whole.
        SynthError::Hopeless { sigma, batch, .. } => SynthError::Hopeless { epsilon: budget.epsilon, sigma, batch },
        other => other,
    })?;
    let model = Graphical::of(axes, model, None).ok_or_else(contradiction)?;
    Ok((model.sample(frame.rows, &Given::nothing(), seed)?, spent))
}

fn contradiction() -> SynthError {
    SynthError::Unsupported("the columns' tables contradict each other".into())
}

/// Reads a generator that [`Generator::save`] wrote.
pub fn load(saved: Saved, _device: &Place) -> Result<Box<dyn Generator>, SynthError> {
    let header: Header = saved.about()?;
    let strange = || SynthError::Corrupt("its header contradicts itself".to_string());
    let d = header.axes.len();
    let sound = d > 0
        && header.axes.iter().all(Axis::coherent)
        && header.cliques.iter().all(|c| c.windows(2).all(|w| w[0] < w[1]) && c.iter().all(|i| *i < d));
    if !sound {
        return Err(strange());
    }
    let table =
        |i: usize| Some(saved.tensor(&format!("clique/{i:03}"))?.values.iter().map(|x| f64::from(*x)).collect());
    let tables = (0..header.cliques.len()).map(table).collect::<Option<Vec<Vec<f64>>>>().ok_or_else(strange)?;
    let made = Graphical::joined(header.axes, header.cliques, tables, header.privacy).ok_or_else(strange)?;
    Ok(Box::new(made))
}

impl Graphical {
    fn of(axes: Vec<Axis>, model: Estimate, privacy: Option<Trained>) -> Option<Graphical> {
        let single = |t: Vec<f64>| t.into_iter().map(|x| f64::from(x as f32)).collect();
        let mut pairs: Vec<(Vec<usize>, Vec<f64>)> =
            model.junction.cliques.into_iter().zip(model.tables.into_iter().map(single)).collect();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        let (cliques, tables) = pairs.into_iter().unzip();
        Graphical::joined(axes, cliques, tables, privacy)
    }

    /// The model of these cliques and their marginals; none where the cliques are not those of a junction tree.
    fn joined(
        axes: Vec<Axis>,
        cliques: Vec<Vec<usize>>,
        tables: Vec<Vec<f64>>,
        privacy: Option<Trained>,
    ) -> Option<Graphical> {
        let sizes: Vec<usize> = axes.iter().map(Axis::codes).collect();
        let junction = Junction::over(&cliques, &sizes);
        let of = |c: &Vec<usize>| {
            let table = tables.get(cliques.iter().position(|saved| saved == c)?)?;
            let sound = table.len() == cells(c, &sizes) && table.iter().all(|p| *p >= 0.0 && p.is_finite());
            (sound && table.iter().sum::<f64>() > 0.0).then(|| table.clone())
        };
        let tables = junction.cliques.iter().map(of).collect::<Option<Vec<_>>>()?;
        Some(Graphical { axes, junction, tables, privacy })
    }

    /// A request as (column, level, code).
    fn resolve(&self, levels: &[(String, usize)]) -> Result<Vec<(usize, usize, usize)>, SynthError> {
        let mut out: Vec<(usize, usize, usize)> = Vec::new();
        for (name, level) in levels {
            let column = self.axes.iter().position(|a| a.name == *name);
            let Some((column, axis)) = column.and_then(|c| Some((c, self.axes.get(c)?))) else {
                return Err(SynthError::Unsupported(format!("the generator has no column {name}")));
            };
            let Some(cell) = axis.level(*level) else {
                let why =
                    if axis.ordered() { "it is a number".to_string() } else { format!("it has no level {level}") };
                return Err(SynthError::Unsupported(format!("rows cannot be asked for by column {name}: {why}")));
            };
            let new = (column, *level, axis.code_of_cell(cell));
            if out.iter().any(|o| o.0 == column && o.1 != *level) {
                return Err(SynthError::Unsupported(
                    "one row cannot have two levels of the same column; ask for them in two parts".into(),
                ));
            }
            if !out.contains(&new) {
                out.push(new);
            }
        }
        Ok(out)
    }

    /// How the cliques read: `age, death`.
    fn names(&self, clique: &[usize]) -> String {
        let names: Vec<&str> = clique.iter().filter_map(|c| Some(self.axes.get(*c)?.name.as_str())).collect();
        names.join(", ")
    }
}

impl Generator for Graphical {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn sample(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        if given.rows() > n {
            return Err(SynthError::Unsupported(format!(
                "the parts ask for more than the {n} rows of the sample; ask for more rows"
            )));
        }
        let mut columns: Vec<FrameColumn> = self.axes.iter().map(Axis::shape).collect();
        let cells: Vec<Vec<Vec<(f64, usize)>>> = self.axes.iter().map(Axis::cells_of_codes).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let free = (Vec::new(), n - given.rows());
        let parts = given.parts.iter().map(|p| (p.levels.clone(), p.rows)).chain([free]);
        for (levels, rows) in parts.filter(|p| p.1 > 0) {
            let asked = self.resolve(&levels)?;
            let codes: Vec<(usize, usize)> = asked.iter().map(|a| (a.0, a.2)).collect();
            let drawn = draw::rows(&self.junction, &self.tables, rows, &codes, &mut rng).ok_or_else(|| {
                SynthError::Unsupported("no row can have all the levels that are asked for".to_string())
            })?;
            for (at, (column, codes)) in columns.iter_mut().zip(drawn).enumerate() {
                let axis = &self.axes[at];
                match asked.iter().find(|a| a.0 == at) {
                    Some((_, level, _)) => column.values.extend(std::iter::repeat_n(*level as f64, rows)),
                    None => column.values.extend(codes.iter().map(|c| axis.value(&cells[at][*c as usize], &mut rng))),
                }
            }
        }
        Ok(Frame { columns, rows: n })
    }

    fn privacy(&self) -> Option<&Trained> {
        self.privacy.as_ref()
    }

    fn history(&self) -> &[EpochLoss] {
        &[]
    }

    fn describe(&self) -> Vec<(String, String)> {
        let cliques: Vec<String> = self.junction.cliques.iter().map(|c| self.names(c)).collect();
        let codes: Vec<String> = self.axes.iter().map(|a| format!("{} {}", a.name, a.codes())).collect();
        let total: usize = self.tables.iter().map(Vec::len).sum();
        vec![
            ("tables".into(), cliques.join("; ")),
            ("codes".into(), codes.join(", ")),
            ("cells".into(), total.to_string()),
        ]
    }

    fn save(&self) -> Saved {
        let header =
            Header { axes: self.axes.clone(), cliques: self.junction.cliques.clone(), privacy: self.privacy.clone() };
        let matrix =
            |t: &Vec<f64>| HostMatrix { rows: 1, columns: t.len(), values: t.iter().map(|x| *x as f32).collect() };
        let tensors = self.tables.iter().enumerate().map(|(i, t)| (format!("clique/{i:03}"), matrix(t))).collect();
        Saved::new(KIND, &header, tensors)
    }
}

#[cfg(test)]
mod tests;
