//! Bt-GAN: a Triple-GAN whose rows are weighed by score and whose labels are held to know little
//! about the groups (Ramachandranpillai et al. 2024).
//!
//! Four fifths of the steps train the three players evenly; the discriminator's scores of every row
//! are then averaged, rows under-represented among the drawn ones come more often, and the weight
//! of the information constraint rises. Widths, weights and schedules are ours: the paper has
//! no code, and its appendix was not at hand.

use super::making;
use super::settings::{FairSettings, Notion};
use crate::data::frame::Frame;
use crate::synth::{Asked, Fitting, Generator, SynthError};

impl FairSettings {
    /// Bt-GAN's defaults.
    pub fn bt() -> FairSettings {
        FairSettings {
            epochs: 0,
            batch: 250,
            latent: 64,
            hidden: 128,
            classifier: 64,
            learning_rate: 1e-3,
            seed: 0,
            pack: 1,
            dropout: 0.0,
            penalty: 0.02,
            // Features that go with a group in the table must do so in drawn rows: a lighter weight loosens them, and
            // parity among drawn rows is then none among real ones.
            moments: 10.0,
            temperature: 0.2,
            average: 0.99,
            modes: 3,
            reveal: 0.5,
            calibrate: true,
            triple: 0.5,
            echo: 0.1,
            information: 20.0,
            notion: Notion::Parity,
            means: 0.0,
            blur: 0.0,
            first_phase: 0.8,
            deviations: 1.0,
            label: None,
            protected: Vec::new(),
            private: None,
        }
    }
}

/// Learns `frame` as asked. `lambda_fair` weighs the constraint, `notion` names it; `deviations` is the
/// multiple of the scores' spread in the rows' weights, `weighted` whether rows are weighed at all.
pub fn fit(frame: &Frame, asked: &Asked, fitting: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    if asked.private.is_some() {
        return Err(SynthError::Unsupported(
            "bt_gan scores every row of the table and trains a classifier on it, and promises no privacy; use sdg or \
             conditional_gan with privacy"
                .into(),
        ));
    }
    let mut settings = FairSettings::of(asked, frame.rows, FairSettings::bt());
    settings.information = asked.number("lambda_fair", settings.information);
    settings.deviations = asked.number("deviations", settings.deviations);
    if asked.number("weighted", 1.0) == 0.0 {
        settings.first_phase = 1.0;
    }
    making::fit("bt_gan", frame, settings.checked(frame.rows)?, fitting)
}
