//! What `bt_gan` and `sdg` can be told, and their defaults, each with its reason.
//!
//! Knows numbers and names of columns.

use serde::{Deserialize, Serialize};

use crate::synth::{Asked, Private, Roles, SynthError, bits};

/// Which relation of labels to groups is constrained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notion {
    /// I(Y;S): every group has the same share of each label.
    Parity,
    /// I(Y~;S|Y): among those who have the same label, every group has the same predictions.
    EqualizedOdds,
}

/// Settings of both kinds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FairSettings {
    pub epochs: usize,
    /// Rows a step.
    pub batch: usize,
    pub latent: usize,
    /// Units of the generator's and the discriminator's layers, and of the classifier's: it learns from the
    /// table alone and would learn single rows by heart if it were larger.
    pub hidden: usize,
    pub classifier: usize,
    #[serde(with = "bits::one")]
    pub learning_rate: f64,
    pub seed: u64,
    pub pack: usize,
    #[serde(with = "bits::one")]
    pub dropout: f64,
    #[serde(with = "bits::one")]
    pub penalty: f64,
    #[serde(with = "bits::one")]
    pub moments: f64,
    #[serde(with = "bits::one")]
    pub temperature: f64,
    #[serde(with = "bits::one")]
    pub average: f64,
    pub modes: usize,
    #[serde(with = "bits::one")]
    pub reveal: f64,
    pub calibrate: bool,
    /// Weight of labels by the classifier in the discriminator's game, and of drawn pairs in the classifier's loss.
    #[serde(with = "bits::one")]
    pub triple: f64,
    #[serde(with = "bits::one")]
    pub echo: f64,
    /// Weight of the information about groups in labels.
    #[serde(with = "bits::one")]
    pub information: f64,
    pub notion: Notion,
    /// Weight of the distance of means within groups (the proposal's fairness term as written).
    #[serde(with = "bits::one")]
    pub means: f64,
    /// Standard deviation of the noise on what the discriminator sees.
    #[serde(with = "bits::one")]
    pub blur: f64,
    /// Share of the steps before rows are weighed by score, and the multiple of the deviation; 1: they never are.
    #[serde(with = "bits::one")]
    pub first_phase: f64,
    #[serde(with = "bits::one")]
    pub deviations: f64,
    pub label: Option<String>,
    pub protected: Vec<String>,
    pub private: Option<Private>,
}

/// Steps after which quality hardly improves on tables of some thousand rows.
const ENOUGH_STEPS: usize = 1_500;

impl FairSettings {
    /// The settings of a declaration, for a table of `rows`.
    pub fn of(asked: &Asked, rows: usize, plain: FairSettings) -> FairSettings {
        let mut out = plain;
        out.seed = asked.seed;
        out.batch = asked.count("batch", out.batch);
        let a_pass = rows.div_ceil(out.batch.min(rows.max(1)).max(1)).max(1);
        out.epochs = asked.count("epochs", ENOUGH_STEPS.div_ceil(a_pass).max(10));
        out.latent = asked.count("latent", out.latent);
        out.hidden = asked.count("hidden", out.hidden);
        out.learning_rate = asked.number("learning_rate", out.learning_rate);
        out.penalty = asked.number("penalty", out.penalty);
        out.modes = asked.count("modes", out.modes);
        out.calibrate = asked.number("calibrate", f64::from(u8::from(out.calibrate))) != 0.0;
        out.moments = asked.number("moments", out.moments);
        if asked.word("notion", "parity") == "equalized_odds" {
            out.notion = Notion::EqualizedOdds;
        }
        let Roles { label, protected } = asked.roles.clone();
        (out.label, out.protected) = (label, protected);
        out.protected.retain(|p| out.label.as_ref() != Some(p));
        out.private = asked.private.clone();
        out
    }

    /// The settings that hold for a table of `rows`, or what is wrong with them.
    pub fn checked(&self, rows: usize) -> Result<FairSettings, SynthError> {
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
            ("lambda", self.information, 0.0, 1e6),
            ("lambda_fair", self.means, 0.0, 1e6),
            ("lambda_privacy", self.blur, 0.0, 100.0),
            ("deviations", self.deviations, 0.0, 1e3),
        ];
        for (name, value, least, most) in real {
            if !(least..=most).contains(&value) {
                return Err(SynthError::Unsupported(format!("{name} must be between {least} and {most}, not {value}")));
            }
        }
        let mut out = self.clone();
        out.pack = self.pack.min(rows.max(1));
        out.batch = self.batch.min(rows).max(out.pack) / out.pack * out.pack;
        Ok(out)
    }

    /// Steps a pass over the table.
    pub fn steps(&self, rows: usize) -> usize {
        rows.div_ceil(self.batch.max(1)).max(1)
    }
}
