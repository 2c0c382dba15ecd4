//! What a fit can be told, and the defaults, each with its reason.
//!
//! Knows numbers only.

use serde::{Deserialize, Serialize};

use super::asked::{Asked, Private};
use super::{SynthError, bits};

/// Steps after which SUPPORT2 hardly improved.
const ENOUGH_STEPS: usize = 1_000;

/// Settings of a [conditional GAN](super::gan::fit_settings). Defaults were chosen by
/// measuring quality per second on SUPPORT2 (9,105 rows, 48 columns: 25 s) on one core.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitSettings {
    /// Passes over the table; [`for_rows`](Self::for_rows) gives small tables more of them.
    pub epochs: usize,
    /// Rows a step; rounded down to a multiple of `pack`, and to the table's size.
    pub batch: usize,
    /// Length of the noise vector.
    pub latent: usize,
    /// Width of each hidden layer of both networks (Xu et al. 2019, section 4.4: 256; half
    /// of it learned SUPPORT2 as well in half the time).
    pub hidden: usize,
    /// Step size of Adam for the generator and the critic.
    #[serde(with = "bits::one")]
    pub learning_rate: f64,
    /// Seed of every random choice of the fit.
    pub seed: u64,
    /// Rows the critic judges together, against mode collapse (PacGAN, Lin et al. 2018; Xu
    /// et al. use 10). Single rows learned SUPPORT2 faster, and no row was drawn twice.
    pub pack: usize,
    /// Share of the critic's hidden units that are dropped in each step.
    #[serde(with = "bits::one")]
    pub dropout: f64,
    /// Weight of the gradient penalty (Gulrajani et al. 2017: 10).
    #[serde(with = "bits::one")]
    pub penalty: f64,
    /// Weight of the distance of second moments between real and generated rows (an information
    /// loss, after table-GAN, Park et al. 2018); 0 leaves it out.
    #[serde(with = "bits::one")]
    pub moments: f64,
    /// Temperature of the Gumbel softmax (Jang et al. 2017); Xu et al. use 0.2.
    #[serde(with = "bits::one")]
    pub temperature: f64,
    /// Decay a step of the moving average of the generator's weights that sampling uses.
    #[serde(with = "bits::one")]
    pub average: f64,
    /// Most modes of a numeric column.
    pub modes: usize,
    /// Share of training rows that reveal one or two more of their levels, so that combinations
    /// can be asked for.
    #[serde(with = "bits::one")]
    pub reveal: f64,
    /// Whether the marginal distributions are corrected after the fit (see `calibrate.rs`).
    pub calibrate: bool,
    /// Differential privacy of the fit; none: no promise.
    #[serde(default)]
    pub private: Option<Private>,
    /// The outcome among the columns; a private fit takes more care of its associations.
    #[serde(default)]
    pub label: Option<String>,
}

impl Default for FitSettings {
    fn default() -> FitSettings {
        FitSettings {
            epochs: 30,
            batch: 250,
            latent: 64,
            hidden: 128,
            learning_rate: 1e-3,
            seed: 0,
            pack: 1,
            dropout: 0.0,
            penalty: 10.0,
            moments: 1.0,
            temperature: 0.2,
            average: 0.99,
            modes: 3,
            reveal: 0.5,
            calibrate: true,
            private: None,
            label: None,
        }
    }
}

impl FitSettings {
    /// The defaults for a table of `rows`: a small table needs about as many steps as a large one,
    /// and each costs less, so it gets more epochs.
    pub fn for_rows(rows: usize) -> FitSettings {
        let mut out = FitSettings::default();
        let batch = out.batch.min(rows.max(1));
        out.epochs = out.epochs.max(ENOUGH_STEPS.div_ceil(rows.div_ceil(batch).max(1)));
        out
    }

    /// What a script asks for, with the defaults for a table of `rows` where it says nothing.
    pub fn of(asked: &Asked, rows: usize) -> FitSettings {
        let mut out = FitSettings::for_rows(rows);
        out.seed = asked.seed;
        out.epochs = asked.count("epochs", out.epochs);
        out.batch = asked.count("batch", out.batch);
        out.latent = asked.count("latent", out.latent);
        out.hidden = asked.count("hidden", out.hidden);
        out.learning_rate = asked.number("learning_rate", out.learning_rate);
        out.private = asked.private.clone();
        out.label = asked.roles.label.clone();
        out
    }

    /// The settings that hold for a table of `rows`, or what is wrong with them.
    pub fn checked(&self, rows: usize) -> Result<FitSettings, SynthError> {
        let whole = [
            ("epochs", self.epochs, 100_000),
            ("batch", self.batch, 100_000),
            ("latent", self.latent, 4_096),
            ("hidden", self.hidden, 4_096),
            ("pack", self.pack, 100),
            ("modes", self.modes, 32),
        ];
        for (name, value, most) in whole {
            if value == 0 || value > most {
                return Err(SynthError::Unsupported(format!("{name} must be between 1 and {most}, not {value}")));
            }
        }
        let real = [
            ("learning_rate", self.learning_rate, f64::MIN_POSITIVE, f64::MAX),
            ("dropout", self.dropout, 0.0, 0.95),
            ("penalty", self.penalty, 0.0, 1e6),
            ("moments", self.moments, 0.0, 1e6),
            ("temperature", self.temperature, 0.01, 100.0),
            ("average", self.average, 0.0, 0.999_99),
            ("reveal", self.reveal, 0.0, 1.0),
        ];
        for (name, value, least, most) in real {
            if !(least..=most).contains(&value) {
                return Err(SynthError::Unsupported(format!("{name} must be between {least} and {most}, not {value}")));
            }
        }
        if let Some(norm) = self.private.as_ref().map(|p| p.norm).filter(|n| !(1e-6..=1e6).contains(n)) {
            return Err(SynthError::Unsupported(format!("norm must be between 1e-6 and 1e6, not {norm}")));
        }
        let mut out = self.clone();
        out.pack = self.pack.min(rows.max(1));
        out.batch = self.batch.min(rows).max(out.pack) / out.pack * out.pack;
        Ok(out)
    }

    /// Generator steps an epoch, for settings that are [`checked`](Self::checked).
    pub fn steps(&self, rows: usize) -> usize {
        rows.div_ceil(self.batch.max(1)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tables_get_enough_steps_and_whole_packs() {
        let s = FitSettings::for_rows(97).checked(97).unwrap_or_default();
        assert!(s.batch == 97 && s.epochs * s.steps(97) >= ENOUGH_STEPS);
        assert_eq!(FitSettings::for_rows(1_000_000), FitSettings::default());
        let packed = FitSettings { pack: 10, ..FitSettings::default() };
        assert!(packed.checked(3).is_ok_and(|s| s.batch == 3 && s.pack == 3));
        assert!(packed.checked(97).is_ok_and(|s| s.batch == 90));
    }

    #[test]
    fn a_bad_setting_is_named() {
        let s = FitSettings { dropout: f64::NAN, ..FitSettings::default() };
        assert!(s.checked(100).err().is_some_and(|e| e.to_string().contains("dropout")));
    }
}
