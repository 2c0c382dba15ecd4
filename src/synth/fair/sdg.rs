//! `sdg`: the proposal's own objective for tables (section 2.2.2), with its loop (section 2.2.4).
//!
//! ```text
//! min over G, max over D:  E[log D(x)] + E[log(1 - D(G(z)))] + lambda_f L_fair + lambda_p L_priv
//! ```
//!
//! One turn of the loop is [`Players::step`](crate::nets::fair::players::Players::step): a batch of real rows and
//! their groups, z from a standard normal, x_fake = G(z); the discriminator goes up log D(x) + log(1 - D(x_fake)); the
//! generator goes down -log D(x_fake) + lambda_f L_fair + its further terms. `lambda_fair` weighs L_fair as written, the
//! distance of means within groups, which keeps each group like itself; as the label is one of the slots, it keeps the
//! label's gap. `lambda_parity` weighs the information about groups in labels, the term that can move the gap, and leaves
//! the label out of L_fair. L_priv is, with `privacy dp(…)`, DP-SGD on the discriminator, the only network that
//! then sees rows (`private.rs`); without it `lambda_privacy` is the standard deviation of noise on everything the discriminator is
//! shown (instance noise, Sønderby et al. 2017): a regulariser, and no promise.
//!
//! A hybrid, as the proposal asks: a classifier labels what the generator draws, second moments are
//! matched, and marginals corrected.

use super::making;
use super::private;
use super::settings::FairSettings;
use crate::data::frame::Frame;
use crate::synth::{Asked, Fitting, Generator, SynthError};

impl FairSettings {
    /// The defaults of `sdg`.
    pub fn sdg() -> FairSettings {
        FairSettings {
            information: 0.0,
            moments: 1.0,
            means: 1.0,
            blur: 0.02,
            triple: 0.0,
            echo: 0.0,
            first_phase: 1.0,
            ..FairSettings::bt()
        }
    }
}

/// Learns `frame` as asked.
pub fn fit(frame: &Frame, asked: &Asked, fitting: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    let mut settings = FairSettings::of(asked, frame.rows, FairSettings::sdg());
    settings.means = asked.number("lambda_fair", settings.means);
    settings.information = asked.number("lambda_parity", settings.information);
    settings.blur = asked.number("lambda_privacy", settings.blur);
    let settings = settings.checked(frame.rows)?;
    match settings.private.clone() {
        Some(promise) => private::fit(frame, settings, &promise, fitting),
        None => making::fit("sdg", frame, settings, fitting),
    }
}
