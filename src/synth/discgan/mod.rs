//! discGAN: one number generated under copied combinations of categories.
//!
//! As published (Fuentes and McSpadden 2022; Fuentes et al., arXiv 2304.04290): the number is scaled to
//! [0, 1] by its least and largest value, a missing one is 0, every category is part of a one-hot
//! condition, and rows are drawn by copying the combinations of real rows and generating the number
//! beside each. So the categories are real rows' own, a release of quasi-identifiers; `discgan_plus`
//! generates them. Departures from the published run, all settings: learning rates of 2e-4 that fall to
//! 0 in hundreds of epochs in place of 1e-6 in 25,000; the sampled generator is a moving average; both
//! networks train in training mode (the published loop never sets it, see [`Shape::training_mode`]); and
//! whether the number is missing is part of the combination where the table has missing cells.

pub mod deck;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::saved::Saved;
use super::training::{Course, Learner, train};
use super::{Asked, EpochLoss, Fitting, Generator, Given, SynthError, bits};
use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::nets::device::Picked;
use crate::nets::discgan::{Duel, Fixed, Shape};
use crate::nets::noise;
use crate::nets::state::State;
use crate::nets::weights::{HostMatrix, to_host};
use deck::Deck;

/// Rows sent through the network at once.
const CHUNK: usize = 1_000;

/// Settings of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Settings {
    epochs: usize,
    batch: usize,
    latent: usize,
    hidden: usize,
    #[serde(with = "bits::one")]
    learning_rate: f64,
    /// Decay a step of the moving average that is sampled; 0: the last weights.
    #[serde(with = "bits::one")]
    average: f64,
    /// Whether learning rates fall to 0 along the course.
    anneal: bool,
    training_mode: bool,
    /// Share of rows that are not learned from, for early stopping.
    #[serde(with = "bits::one")]
    hold_out: f64,
    patience: usize,
    seed: u64,
}

impl Settings {
    fn of(asked: &Asked, rows: usize) -> Result<Settings, SynthError> {
        let out = Settings {
            epochs: asked.count("epochs", 600),
            batch: asked.count("batch", 64).min(rows),
            latent: asked.count("latent", 50),
            hidden: asked.count("hidden", 64),
            learning_rate: asked.number("learning_rate", 2e-4),
            average: asked.number("average", 0.999),
            anneal: asked.number("anneal", 1.0) != 0.0,
            training_mode: asked.number("training_mode", 1.0) != 0.0,
            hold_out: asked.number("hold_out", 0.0),
            patience: asked.count("patience", 100),
            seed: asked.seed,
        };
        for (name, value) in
            [("epochs", out.epochs), ("batch", out.batch), ("latent", out.latent), ("hidden", out.hidden)]
        {
            if value == 0 {
                return Err(SynthError::Unsupported(format!("{name} must be at least 1, not 0")));
            }
        }
        Ok(out)
    }

    fn shape(&self, condition: usize) -> Shape {
        let Settings { latent, hidden, training_mode, .. } = *self;
        Shape { condition, latent, hidden, dropout: 0.1, training_mode }
    }
}

/// The least and largest value seen, and what they scale to [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Scale {
    #[serde(with = "bits::one")]
    lo: f64,
    #[serde(with = "bits::one")]
    hi: f64,
}

impl Scale {
    fn of(values: &[f64]) -> Scale {
        let finite = || values.iter().copied().filter(|x| x.is_finite());
        let (lo, hi) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        if lo <= hi { Scale { lo, hi } } else { Scale { lo: 0.0, hi: 0.0 } }
    }

    /// In [0, 1]; 0 for a missing value and where all are equal.
    fn to(self, x: f64) -> f32 {
        if x.is_finite() && self.hi > self.lo { ((x - self.lo) / (self.hi - self.lo)) as f32 } else { 0.0 }
    }

    fn back(self, y: f32) -> f64 {
        (self.lo + (self.hi - self.lo) * f64::from(y)).clamp(self.lo, self.hi)
    }
}

/// The one number among the columns of `frame`, or why discGAN cannot learn them.
fn number(frame: &Frame) -> Result<&FrameColumn, SynthError> {
    let numbers: Vec<&FrameColumn> =
        frame.columns.iter().filter(|c| matches!(c.kind, FrameKind::Number { .. })).collect();
    let names = || numbers.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
    match numbers.as_slice() {
        [_] if frame.columns.len() == 1 => Err(SynthError::Unsupported(
            "discgan draws a number under categories, and the table has none; use discgan_plus".into(),
        )),
        [one] => Ok(one),
        [] => Err(SynthError::Unsupported(
            "discgan generates one number, and the table has none; use discgan_plus, which generates categories too"
                .into(),
        )),
        _ => Err(SynthError::Unsupported(format!(
            "discgan generates one number and the table has {} ({}); choose one with `columns`, or use discgan_plus, \
             which generates all columns",
            numbers.len(),
            names()
        ))),
    }
}

/// Learns `frame`, which must have exactly one number and at least one category.
pub fn fit(frame: &Frame, asked: &Asked, fitting: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    if frame.rows == 0 || frame.columns.is_empty() {
        return Err(SynthError::Empty);
    }
    if asked.private.is_some() {
        return Err(SynthError::Unsupported(
            "discgan copies combinations of real rows, which no noise in training can hide; ask vae_gan or \
             conditional_gan for a private generator"
                .into(),
        ));
    }
    let column = number(frame)?;
    let settings = Settings::of(asked, frame.rows)?;
    let scale = Scale::of(&column.values);
    let holes = column.values.iter().any(|x| !x.is_finite());
    let (deck, cards) = Deck::of(frame, &column.name, holes)?;
    let x: Vec<f32> = column.values.iter().map(|x| scale.to(*x)).collect();

    let mut rng = noise::stream(settings.seed, 40);
    let mut order: Vec<usize> = (0..frame.rows).collect();
    order.shuffle(&mut rng);
    let aside = ((settings.hold_out * frame.rows as f64) as usize).min(frame.rows - 1);
    let held = order.split_off(frame.rows - aside);
    let steps = order.len().div_ceil(settings.batch);
    let duel = Duel::new(settings.shape(deck.width), settings.learning_rate, settings.seed, &fitting.device.device);
    let averaged = (duel.generator.clone(), duel.statistics.clone());
    let total = settings.epochs * steps;
    let mut learner = Run {
        duel,
        averaged,
        rng,
        order,
        held,
        at: 0,
        done: 0,
        total,
        x: &x,
        cards: &cards,
        deck: &deck,
        settings: &settings,
    };
    let patience = (aside > 0 && settings.patience > 0).then_some(settings.patience);
    let history = train(&mut learner, &Course { epochs: settings.epochs, steps, patience }, fitting)?;
    let (weights, statistics) = (learner.averaged.0.to_host(), learner.averaged.1.to_host());
    let about = About {
        columns: frame.columns.iter().map(Column::of).collect(),
        suits: deck.suits.iter().map(|s| (s.name.clone(), s.levels.clone(), s.entries)).collect(),
        scale,
        settings,
        history,
    };
    let made = DiscGan::new(about, deck.clone(), weights, statistics, fitting.device);
    Ok(Box::new(made.ok_or_else(|| SynthError::Corrupt("its weights do not have the shape of its networks".into()))?))
}

/// A training.
struct Run<'a> {
    duel: Duel,
    averaged: (crate::nets::weights::Weights, crate::nets::weights::Weights),
    rng: ChaCha8Rng,
    order: Vec<usize>,
    held: Vec<usize>,
    /// Rows of this pass that were used.
    at: usize,
    /// Steps done, of `total`.
    done: u32,
    total: usize,
    x: &'a [f32],
    cards: &'a [usize],
    deck: &'a Deck,
    settings: &'a Settings,
}

impl Run<'_> {
    fn conditions(&self, rows: &[usize]) -> Vec<f32> {
        let mut out = Vec::with_capacity(rows.len() * self.deck.width);
        for row in rows {
            self.deck.write(self.cards.get(*row).copied().unwrap_or(0), &mut out);
        }
        out
    }

    fn numbers(&self, rows: &[usize]) -> Vec<f32> {
        rows.iter().map(|r| self.x.get(*r).copied().unwrap_or(0.0)).collect()
    }
}

impl Learner for Run<'_> {
    fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError> {
        if self.at == 0 {
            self.order.shuffle(&mut self.rng);
        }
        let rows: Vec<usize> = self.order.iter().skip(self.at).take(self.settings.batch).copied().collect();
        self.at = if self.at + rows.len() >= self.order.len() { 0 } else { self.at + rows.len() };
        if self.settings.anneal {
            let left = 1.0 - f64::from(self.done) / self.total.max(1) as f64;
            self.duel.set_rate(self.settings.learning_rate * left);
        }
        let loss = self.duel.step(rows.len(), self.numbers(&rows), self.conditions(&rows));
        self.done = self.done.saturating_add(1);
        // A young average would remember the random start: it may not be older than the fit.
        let young = f64::from(self.done) / (f64::from(self.done) + 9.0);
        let decay = self.settings.average.min(young);
        self.averaged.0.follow(&self.duel.generator, decay);
        self.averaged.1.follow(&self.duel.statistics, decay);
        Ok(vec![("discriminator", loss.discriminator), ("generator", loss.generator)])
    }

    /// The Kolmogorov-Smirnov distance of numbers drawn under the conditions of rows held out from theirs.
    fn held_out(&mut self) -> Option<f64> {
        if self.held.is_empty() {
            return None;
        }
        let settings = self.settings;
        let shape = settings.shape(self.deck.width);
        let device = self.duel.device().clone();
        let fixed = shape.restore(&self.averaged.0.to_host(), &self.averaged.1.to_host(), &device)?;
        let mut rng = noise::stream(settings.seed, 41);
        let cards: Vec<usize> = self.held.iter().filter_map(|r| self.cards.get(*r).copied()).collect();
        let drawn = draw(&fixed, self.deck, settings.latent, &cards, &mut rng, &device);
        Some(kolmogorov(&drawn, &self.numbers(&self.held)))
    }

    fn put(&self, state: &mut State) {
        self.duel.put(state);
        self.averaged.0.put("averaged", state);
        self.averaged.1.put("averaged_statistics", state);
        state.stream("rows", &self.rng);
        state.note("order", &(&self.order, self.at, self.done));
    }

    fn take(&mut self, state: &State) -> Option<()> {
        let device = self.duel.device().clone();
        self.duel.take(state)?;
        self.averaged.0.take("averaged", state, &device)?;
        self.averaged.1.take("averaged_statistics", state, &device)?;
        self.rng = state.streamed("rows")?;
        (self.order, self.at, self.done) = state.noted("order")?;
        Some(())
    }
}

/// Numbers in [0, 1] under the conditions of `cards`.
fn draw(
    fixed: &Fixed,
    deck: &Deck,
    latent: usize,
    cards: &[usize],
    rng: &mut ChaCha8Rng,
    device: &burn::tensor::Device,
) -> Vec<f32> {
    let mut out = Vec::with_capacity(cards.len());
    for chunk in cards.chunks(CHUNK) {
        let mut input = Vec::with_capacity(chunk.len() * (latent + deck.width));
        for card in chunk {
            input.extend(noise::normal(1, latent, rng));
            deck.write(*card, &mut input);
        }
        out.extend(to_host(fixed.draw(noise::matrix(input, chunk.len(), latent + deck.width, device))));
    }
    out
}

/// The largest difference of two empirical distribution functions.
fn kolmogorov(a: &[f32], b: &[f32]) -> f64 {
    let sorted = |x: &[f32]| {
        let mut x = x.to_vec();
        x.sort_by(f32::total_cmp);
        x
    };
    let (a, b) = (sorted(a), sorted(b));
    let share = |x: &[f32], at: f32| x.partition_point(|v| *v <= at) as f64 / x.len().max(1) as f64;
    a.iter().chain(&b).map(|x| (share(&a, *x) - share(&b, *x)).abs()).fold(0.0, f64::max)
}

/// A column as the table has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Column {
    name: String,
    nullable: bool,
    /// None for the number.
    levels: Option<Vec<String>>,
    #[serde(with = "bits::maybe")]
    lo: Option<f64>,
    #[serde(with = "bits::maybe")]
    hi: Option<f64>,
    integer: bool,
}

impl Column {
    fn of(column: &FrameColumn) -> Column {
        let (name, nullable) = (column.name.clone(), column.nullable);
        match &column.kind {
            FrameKind::Category { levels } => {
                Column { name, nullable, levels: Some(levels.clone()), lo: None, hi: None, integer: false }
            }
            FrameKind::Number { lo, hi, integer } => {
                Column { name, nullable, levels: None, lo: *lo, hi: *hi, integer: *integer }
            }
        }
    }

    fn kind(&self) -> FrameKind {
        match &self.levels {
            Some(levels) => FrameKind::Category { levels: levels.clone() },
            None => FrameKind::Number { lo: self.lo, hi: self.hi, integer: self.integer },
        }
    }
}

/// What is saved beside the matrices.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct About {
    columns: Vec<Column>,
    suits: Vec<(String, Vec<String>, usize)>,
    scale: Scale,
    settings: Settings,
    history: Vec<EpochLoss>,
}

/// A fitted discGAN.
struct DiscGan {
    about: About,
    deck: Deck,
    weights: Vec<HostMatrix>,
    statistics: Vec<HostMatrix>,
    fixed: Fixed,
    device: burn::tensor::Device,
}

impl DiscGan {
    fn new(
        about: About,
        deck: Deck,
        weights: Vec<HostMatrix>,
        statistics: Vec<HostMatrix>,
        device: &Picked,
    ) -> Option<DiscGan> {
        let device = device.device.clone().without_autodiff();
        let fixed = about.settings.shape(deck.width).restore(&weights, &statistics, &device)?;
        Some(DiscGan { about, deck, weights, statistics, fixed, device })
    }
}

impl Generator for DiscGan {
    fn kind(&self) -> &'static str {
        "discgan"
    }

    fn sample(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        let mut rng = noise::stream(seed, 20);
        let cards = self.deck.deal(n, given, &mut rng)?;
        let drawn = draw(&self.fixed, &self.deck, self.about.settings.latent, &cards, &mut rng, &self.device);
        let entry = |card: usize, suit: usize| self.deck.cards.get(card).and_then(|c| c.get(suit)).copied();
        let columns = self.about.columns.iter().map(|column| {
            let suit = self.deck.suits.iter().position(|s| s.name == column.name);
            let values = match &column.levels {
                Some(levels) => cards
                    .iter()
                    .map(|card| match suit.and_then(|s| entry(*card, s)) {
                        Some(e) if e < levels.len() => e as f64,
                        _ => f64::NAN,
                    })
                    .collect(),
                None => {
                    let cell = |(y, card): (&f32, &usize)| match suit.and_then(|s| entry(*card, s)) {
                        Some(1) => f64::NAN,
                        _ => legal(self.about.scale.back(*y), column),
                    };
                    drawn.iter().zip(&cards).map(cell).collect()
                }
            };
            FrameColumn { name: column.name.clone(), kind: column.kind(), nullable: column.nullable, values }
        });
        Ok(Frame { columns: columns.collect(), rows: n })
    }

    fn history(&self) -> &[EpochLoss] {
        &self.about.history
    }

    fn describe(&self) -> Vec<(String, String)> {
        let (generator, statistics, discriminator) = self.about.settings.shape(self.deck.width).parameters();
        let number = self.about.columns.iter().find(|c| c.levels.is_none()).map_or("", |c| c.name.as_str());
        let told = [
            ("generates", number.to_string()),
            (
                "copies",
                format!(
                    "the categories of real rows: {} combinations, {} of them of one row alone; a release of \
                     quasi-identifiers, not protection",
                    self.deck.cards.len(),
                    self.deck.singletons()
                ),
            ),
            ("weights", format!("generator {generator} (and {statistics} statistics), discriminator {discriminator}")),
            ("epochs", self.about.history.len().to_string()),
        ];
        told.into_iter().map(|(k, v)| (k.to_string(), v)).collect()
    }

    fn save(&self) -> Saved {
        let named = |what: &str, all: &[HostMatrix]| -> Vec<(String, HostMatrix)> {
            all.iter().enumerate().map(|(i, m)| (format!("{what}/{i:02}"), m.clone())).collect()
        };
        let cards = vec![("cards".to_string(), self.deck.matrix())];
        Saved::new(
            "discgan",
            &self.about,
            [named("generator", &self.weights), named("statistics", &self.statistics), cards].concat(),
        )
    }
}

/// `x` rounded where only whole numbers are allowed, and within the declared bounds.
fn legal(x: f64, column: &Column) -> f64 {
    let (mut lo, mut hi) = (column.lo.unwrap_or(f64::NEG_INFINITY), column.hi.unwrap_or(f64::INFINITY));
    let mut x = x;
    if column.integer {
        (x, lo, hi) = (x.round(), lo.ceil(), hi.floor());
    }
    x.max(lo).min(hi) + 0.0
}

/// Reads a generator that [`Generator::save`] wrote.
pub fn load(saved: Saved, device: &Picked) -> Result<Box<dyn Generator>, SynthError> {
    let about: About = saved.about()?;
    let strange = || SynthError::Corrupt("its parts contradict each other".to_string());
    let cards = saved.tensor("cards").ok_or_else(strange)?;
    let deck = Deck::restore(about.suits.clone(), cards).ok_or_else(strange)?;
    let read = |what: &str| -> Vec<HostMatrix> {
        (0..100).map_while(|i| saved.tensor(&format!("{what}/{i:02}")).cloned()).collect()
    };
    let (weights, statistics) = (read("generator"), read("statistics"));
    Ok(Box::new(DiscGan::new(about, deck, weights, statistics, device).ok_or_else(strange)?))
}

#[cfg(test)]
mod tests;
