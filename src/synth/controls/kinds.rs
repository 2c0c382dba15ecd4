//! The controls as generators: behind the trait, saved and read back.

use ndarray::Array2;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::bootstrap::{self, Bootstrap};
use super::copula::{self, Axis, GaussianCopula};
use super::independent::{self, Independent};
use super::margin::Margin;
use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::synth::fitting::Place;
use crate::synth::saved::Saved;
use crate::synth::{Asked, EpochLoss, Fitting, Generator, Given, SynthError, bits};

/// A frame as JSON: a number has bounds, a category levels.
#[derive(Serialize, Deserialize)]
struct Stored {
    rows: usize,
    columns: Vec<StoredColumn>,
}

#[derive(Serialize, Deserialize)]
struct StoredColumn {
    name: String,
    levels: Option<Vec<String>>,
    #[serde(with = "bits::maybe")]
    lo: Option<f64>,
    #[serde(with = "bits::maybe")]
    hi: Option<f64>,
    integer: bool,
    nullable: bool,
    #[serde(with = "bits::many")]
    values: Vec<f64>,
}

impl From<&Frame> for Stored {
    fn from(frame: &Frame) -> Stored {
        let column = |c: &FrameColumn| {
            let (levels, lo, hi, integer) = match &c.kind {
                FrameKind::Category { levels } => (Some(levels.clone()), None, None, false),
                FrameKind::Number { lo, hi, integer } => (None, *lo, *hi, *integer),
            };
            let (name, values) = (c.name.clone(), c.values.clone());
            StoredColumn { name, levels, lo, hi, integer, nullable: c.nullable, values }
        };
        Stored { rows: frame.rows, columns: frame.columns.iter().map(column).collect() }
    }
}

impl Stored {
    /// The frame; refuses one whose columns do not have its rows.
    fn frame(self) -> Result<Frame, SynthError> {
        let rows = self.rows;
        if self.columns.is_empty() || self.columns.iter().any(|c| c.values.len() != rows) {
            return Err(SynthError::Corrupt("its columns do not have its rows".into()));
        }
        let column = |c: StoredColumn| {
            let kind = match c.levels {
                Some(levels) => FrameKind::Category { levels },
                None => FrameKind::Number { lo: c.lo, hi: c.hi, integer: c.integer },
            };
            FrameColumn { name: c.name, kind, nullable: c.nullable, values: c.values }
        };
        Ok(Frame { columns: self.columns.into_iter().map(column).collect(), rows })
    }
}

fn about<T: DeserializeOwned>(saved: &Saved) -> Result<T, SynthError> {
    saved.about()
}

/// Fits [`Independent`].
pub fn fit_independent(frame: &Frame, _: &Asked, _: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    Ok(Box::new(Independent::fit(frame)?))
}

/// Reads [`Independent`] back.
pub fn load_independent(saved: Saved, _: &Place) -> Result<Box<dyn Generator>, SynthError> {
    Ok(Box::new(Independent::fit(&about::<Stored>(&saved)?.frame()?)?))
}

/// Fits [`Bootstrap`].
pub fn fit_bootstrap(frame: &Frame, _: &Asked, _: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    Ok(Box::new(Bootstrap::fit(frame)?))
}

/// Reads [`Bootstrap`] back.
pub fn load_bootstrap(saved: Saved, _: &Place) -> Result<Box<dyn Generator>, SynthError> {
    Ok(Box::new(Bootstrap::fit(&about::<Stored>(&saved)?.frame()?)?))
}

/// Fits [`GaussianCopula`].
pub fn fit_copula(frame: &Frame, _: &Asked, _: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    Ok(Box::new(GaussianCopula::fit(frame)?))
}

/// A copula as JSON.
#[derive(Serialize, Deserialize)]
struct StoredCopula {
    shape: Stored,
    margins: Vec<(usize, Margin)>,
    /// Row after row.
    #[serde(with = "bits::many")]
    correlation: Vec<f64>,
}

/// Reads [`GaussianCopula`] back.
pub fn load_copula(saved: Saved, _: &Place) -> Result<Box<dyn Generator>, SynthError> {
    let stored = about::<StoredCopula>(&saved)?;
    let corrupt = || SynthError::Corrupt("its correlations do not fit its columns".into());
    let shape = stored.shape.frame()?;
    let width = stored.margins.len();
    let axes: Vec<Axis> = stored.margins.into_iter().map(|(column, margin)| Axis { column, margin }).collect();
    let known = |a: &Axis| shape.columns.get(a.column).is_some_and(|c| a.margin.fits(&c.kind));
    if !axes.iter().all(known) {
        return Err(corrupt());
    }
    let correlation = Array2::from_shape_vec((width, width), stored.correlation).map_err(|_| corrupt())?;
    Ok(Box::new(GaussianCopula { shape, axes, correlation }))
}

impl Generator for Independent {
    fn kind(&self) -> &'static str {
        independent::KIND
    }

    fn sample(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        self.draw(n, given, seed)
    }

    fn history(&self) -> &[EpochLoss] {
        &[]
    }

    fn describe(&self) -> Vec<(String, String)> {
        said(&[("learns", "each column alone"), ("privacy", "none: values are those of training rows")], &self.columns)
    }

    fn save(&self) -> Saved {
        Saved::new(self.kind(), &Stored::from(&self.columns), Vec::new())
    }
}

impl Generator for Bootstrap {
    fn kind(&self) -> &'static str {
        bootstrap::KIND
    }

    fn sample(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        self.draw(n, given, seed)
    }

    fn history(&self) -> &[EpochLoss] {
        &[]
    }

    fn describe(&self) -> Vec<(String, String)> {
        said(&[("learns", "whole rows"), ("privacy", "none: its rows are training rows")], &self.rows)
    }

    fn save(&self) -> Saved {
        Saved::new(self.kind(), &Stored::from(&self.rows), Vec::new())
    }
}

impl Generator for GaussianCopula {
    fn kind(&self) -> &'static str {
        copula::KIND
    }

    fn sample(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        self.draw(n, given, seed)
    }

    fn history(&self) -> &[EpochLoss] {
        &[]
    }

    fn describe(&self) -> Vec<(String, String)> {
        let mut out = said(
            &[
                ("learns", "each column, and the correlation of each pair"),
                ("privacy", "none: values are those of training rows"),
            ],
            &self.shape,
        );
        out.push(("variables".into(), self.axes.len().to_string()));
        out
    }

    fn save(&self) -> Saved {
        let stored = StoredCopula {
            shape: Stored::from(&self.shape),
            margins: self.axes.iter().map(|a| (a.column, a.margin.clone())).collect(),
            correlation: self.correlation.iter().copied().collect(),
        };
        Saved::new(self.kind(), &stored, Vec::new())
    }
}

fn said(words: &[(&str, &str)], frame: &Frame) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = words.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
    out.push(("columns".into(), frame.columns.len().to_string()));
    out
}

#[cfg(test)]
mod tests {
    use super::super::shape::tests::table;
    use super::*;
    use crate::synth::kinds::KINDS;

    #[test]
    fn what_is_read_back_draws_the_same_rows() {
        let frame = table(200);
        let made: [(Box<dyn Generator>, &str); 3] = [
            (Box::new(Independent::fit(&frame).unwrap()), independent::KIND),
            (Box::new(Bootstrap::fit(&frame).unwrap()), bootstrap::KIND),
            (Box::new(GaussianCopula::fit(&frame).unwrap()), copula::KIND),
        ];
        let given = Given::nothing().and(&[("sex", 1)], 20);
        for (generator, kind) in made {
            assert!(KINDS.iter().any(|k| k.0 == kind) && generator.kind() == kind);
            let saved = Saved::from_bytes(&generator.save().to_bytes()).unwrap();
            let again = match kind {
                independent::KIND => load_independent(saved, &place()),
                bootstrap::KIND => load_bootstrap(saved, &place()),
                _ => load_copula(saved, &place()),
            };
            let bits =
                |f: Frame| f.columns.iter().flat_map(|c| c.values.iter().map(|v| v.to_bits())).collect::<Vec<_>>();
            let (a, b) = (generator.sample(60, &given, 3).unwrap(), again.unwrap().sample(60, &given, 3).unwrap());
            assert_eq!(bits(a), bits(b), "{kind}");
        }
    }

    #[test]
    fn a_file_of_another_kind_is_refused() {
        let saved = GaussianCopula::fit(&table(50)).unwrap().save();
        assert!(matches!(load_bootstrap(saved, &place()), Err(SynthError::Corrupt(_))));
        let mut saved = GaussianCopula::fit(&table(50)).unwrap().save();
        saved.about["correlation"].as_array_mut().unwrap().pop();
        assert!(matches!(load_copula(saved, &place()), Err(SynthError::Corrupt(_))));
    }

    #[cfg(feature = "nets")]
    fn place() -> Place {
        crate::nets::device::pick("cpu".parse().unwrap()).unwrap()
    }

    #[cfg(not(feature = "nets"))]
    fn place() -> Place {
        Place
    }
}
