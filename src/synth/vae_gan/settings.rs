//! What a fit of `vae_gan` or `discgan_plus` can be told, and the defaults.
//!
//! Knows numbers only.

use serde::{Deserialize, Serialize};

use super::super::condition::Conditions;
use super::super::encoder::Encoder;
use super::super::{Asked, FitSettings, SynthError, bits};
use crate::nets::hybrid::Plan;

/// Steps after which Adult hardly improved, and after which the discGAN table did.
const ENOUGH_STEPS: usize = 1_000;
const ENOUGH_DISCGAN: usize = 2_000;

/// Which halves there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    Vae,
    Gan,
    Hybrid,
}

/// Settings of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub mode: Mode,
    pub epochs: usize,
    pub batch: usize,
    pub latent: usize,
    pub hidden: usize,
    #[serde(with = "bits::one")]
    pub learning_rate: f64,
    /// Whether the learning rate falls to 0 along the course.
    pub anneal: bool,
    /// Weights of the critic's verdict and features where there are both halves.
    #[serde(with = "bits::one")]
    pub verdict: f64,
    #[serde(with = "bits::one")]
    pub features: f64,
    /// Weight of the distance of second moments; needs the adversary.
    #[serde(with = "bits::one")]
    pub moments: f64,
    /// Decay a step of the moving average of the decoder that is sampled.
    #[serde(with = "bits::one")]
    pub average: f64,
    /// Most modes of a numeric column.
    pub modes: usize,
    /// Share of training rows that are asked for by some of their own levels.
    #[serde(with = "bits::one")]
    pub reveal: f64,
    pub calibrate: bool,
    /// Share of rows that are not learned from, for early stopping, and epochs without a better figure.
    #[serde(with = "bits::one")]
    pub hold_out: f64,
    pub patience: usize,
    /// Parts that a batch's gradient is worked out in.
    pub shards: usize,
    pub seed: u64,
}

impl Settings {
    /// What a script asks of `vae_gan`, with the defaults for a table of `rows`.
    pub fn of(asked: &Asked, rows: usize) -> Result<Settings, SynthError> {
        let mode = match asked.word("mode", "hybrid") {
            "vae" => Mode::Vae,
            "gan" => Mode::Gan,
            _ => Mode::Hybrid,
        };
        let batch = asked.count("batch", 500).min(rows.max(1));
        let steps = rows.div_ceil(batch.max(1)).max(1);
        let enough = ENOUGH_STEPS.div_ceil(steps).max(20);
        let out = Settings {
            mode,
            epochs: asked.count("epochs", enough),
            batch,
            latent: asked.count("latent", 128),
            hidden: asked.count("hidden", 128),
            learning_rate: asked.number("learning_rate", 1e-3),
            anneal: asked.number("anneal", 1.0) != 0.0,
            verdict: asked.number("verdict", 1.0),
            features: asked.number("features", 1.0),
            moments: asked.number("moments", 1.0),
            average: asked.number("average", 0.99),
            modes: asked.count("modes", 5),
            reveal: asked.number("reveal", 0.5),
            calibrate: asked.number("calibrate", 1.0) != 0.0,
            hold_out: asked.number("hold_out", 0.0),
            patience: asked.count("patience", 20),
            shards: asked.count("shards", 1),
            seed: asked.seed,
        };
        out.checked()
    }

    /// What a script asks of `discgan_plus`.
    pub fn of_discgan(asked: &Asked, rows: usize) -> Result<Settings, SynthError> {
        let mut asked = asked.clone();
        asked.words.insert("mode".into(), vec!["gan".into()]);
        for (name, value) in [("latent", 64.0), ("batch", 250.0), ("average", 0.995)] {
            asked.numbers.entry(name.into()).or_insert(value);
        }
        let steps = rows.div_ceil(asked.count("batch", 250).clamp(1, rows.max(1))).max(1);
        asked.numbers.entry("epochs".into()).or_insert(ENOUGH_DISCGAN.div_ceil(steps).max(20) as f64);
        Settings::of(&asked, rows)
    }

    fn checked(self) -> Result<Settings, SynthError> {
        let whole = [
            ("epochs", self.epochs),
            ("batch", self.batch),
            ("latent", self.latent),
            ("hidden", self.hidden),
            ("modes", self.modes),
            ("shards", self.shards),
        ];
        match whole.into_iter().find(|(_, n)| *n == 0) {
            Some((name, _)) => Err(SynthError::Unsupported(format!("{name} must be at least 1, not 0"))),
            None => Ok(self),
        }
    }

    /// The networks for a fitted table.
    pub fn plan(&self, encoder: &Encoder, conditions: &Conditions) -> Plan {
        // Slots and values are those of the conditional GAN.
        let base = super::super::plan::plan(encoder, conditions, &FitSettings::default());
        Plan {
            heads: base.heads,
            values: base.values,
            barred: base.barred,
            latent: self.latent,
            condition: conditions.width,
            hidden: self.hidden,
            encoder: self.mode != Mode::Gan,
            adversary: self.mode != Mode::Vae,
            likelihood: 2.0,
            verdict: self.verdict,
            features: self.features,
            penalty: 10.0,
            moments: self.moments,
            temperature: 0.2,
            average: self.average,
            rate: self.learning_rate,
            decay: if self.mode == Mode::Gan { 0.0 } else { 1e-5 },
            shards: self.shards,
        }
    }
}
