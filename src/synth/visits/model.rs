//! `hisgt`: fits the transformer to a long table, and draws long tables.

use serde::{Deserialize, Serialize};

use super::draw::{Lean, Sampler};
use super::fit::{Plan, Writer, shuffle};
use super::frame::{self, Columns};
use super::hierarchy::Hierarchy;
use super::lengths::{self, Lengths};
use super::semantic;
use super::tokens::{Token, Tokens};
use super::{Label, Record, Visits};
use crate::data::frame::Frame;
use crate::data::matrix::HostMatrix;
use crate::nets::device::Picked;
use crate::nets::noise;
use crate::nets::transformer::{Frozen, MOST_BLOCKS, TransformerShape};
use crate::nets::tree::{TreePlan, embed};
use crate::nets::weights::Weights;
use crate::synth::saved::Saved;
use crate::synth::training::train;
use crate::synth::{Asked, EpochLoss, Fitting, Generator, Given, SynthError};

/// Records drawn at once when rows are asked for.
const AT_ONCE: usize = 256;
/// Longest sentence unless the script says otherwise (the paper's context for MIMIC-III).
const LONGEST: usize = 768;

/// What is built and how it is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub width: usize,
    pub blocks: usize,
    pub heads: usize,
    /// Longest sentence; 0: as long as the longest record's, [`LONGEST`] at most.
    pub context: usize,
    pub dropout: f64,
    /// Whether codes carry their place in the hierarchy, if there is one.
    pub hierarchy: bool,
    /// Whether codes carry what their titles mean.
    pub semantic: bool,
    pub shared_head: bool,
    /// Whether records are drawn as long, on average, as those learned.
    pub lengths: bool,
    pub plan: Plan,
}

impl Settings {
    /// A small network that trains in minutes on a processor. The published one is 384 wide with 6 blocks, 8 heads,
    /// batches of 48 and a step size of 1e-4; on a few hundred records it is the number of steps that is wanting, and
    /// small batches make more of them. No record is held out: longer courses copy what often repeats itself, in the
    /// records they write, still more often, and an early stop leaves off while the rate is high.
    pub fn small() -> Settings {
        Settings {
            width: 64,
            blocks: 2,
            heads: 4,
            context: 0,
            dropout: 0.1,
            hierarchy: true,
            semantic: false,
            shared_head: true,
            lengths: true,
            plan: Plan {
                epochs: 20,
                batch: 8,
                rate: 2e-3,
                semantic: 0.5,
                hierarchy: 0.5,
                shift: false,
                patience: None,
                average: 0.99,
            },
        }
    }

    /// As a script asks for them.
    pub fn asked(asked: &Asked) -> Result<Settings, SynthError> {
        let base = Settings::small();
        let flag = |name: &str, default: bool| asked.number(name, f64::from(u8::from(default))) != 0.0;
        let patience = asked.count("patience", base.plan.patience.unwrap_or(0));
        let out = Settings {
            width: asked.count("width", base.width),
            blocks: asked.count("blocks", base.blocks),
            heads: asked.count("heads", base.heads),
            context: asked.count("context", base.context),
            dropout: asked.number("dropout", base.dropout),
            hierarchy: flag("hierarchy", base.hierarchy),
            semantic: flag("semantic", base.semantic),
            shared_head: flag("shared_head", base.shared_head),
            lengths: flag("lengths", base.lengths),
            plan: Plan {
                epochs: asked.count("epochs", base.plan.epochs),
                batch: asked.count("batch", base.plan.batch),
                rate: asked.number("learning_rate", base.plan.rate),
                semantic: asked.number("guide_semantic", base.plan.semantic),
                hierarchy: asked.number("guide_hierarchy", base.plan.hierarchy),
                shift: flag("shift", base.plan.shift),
                patience: (patience > 0).then_some(patience),
                average: asked.number("average", base.plan.average),
            },
        };
        if out.heads == 0 || out.width == 0 || !out.width.is_multiple_of(out.heads) {
            let why = format!("width = {} is no multiple of heads = {}", out.width, out.heads);
            return Err(SynthError::Unsupported(why));
        }
        if out.blocks > MOST_BLOCKS || out.plan.batch == 0 {
            let why = format!("blocks goes up to {MOST_BLOCKS}, and batch starts at 1");
            return Err(SynthError::Unsupported(why));
        }
        Ok(out)
    }
}

/// Everything but matrices.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct About {
    shape: TransformerShape,
    tokens: Tokens,
    codes: Vec<String>,
    labels: Vec<Label>,
    columns: Columns,
    /// Records that were learned.
    records: usize,
    history: Vec<EpochLoss>,
    /// Added to the scores of the marks that end visits and records.
    #[serde(default)]
    lean: Lean,
}

/// A fitted transformer over visits.
pub struct Hisgt {
    about: About,
    weights: Weights,
    frozen: Frozen,
    device: Picked,
}

/// What else is known of codes.
#[derive(Default)]
pub struct Known {
    /// A title a code; without any, the code itself.
    pub titles: Option<Vec<String>>,
    /// The tree above the codes; without any, what their prefixes say.
    pub hierarchy: Option<Hierarchy>,
}

/// Learns records. `columns` are what they are called when they are drawn as a table. Equal arguments give equal
/// generators on the processor.
pub fn learn(
    visits: &Visits,
    known: &Known,
    columns: Columns,
    settings: &Settings,
    seed: u64,
    fitting: &Fitting,
) -> Result<Hisgt, SynthError> {
    let tokens = Tokens::new(visits.codes.len(), &visits.labels);
    let longest = visits.records.iter().map(|r| tokens.length(r)).max().unwrap_or(0);
    let context = if settings.context == 0 { longest.min(LONGEST) } else { settings.context };
    if context < tokens.shortest() {
        let least = tokens.shortest();
        return Err(SynthError::Unsupported(format!("context = {context} holds no record; {least} is the least")));
    }
    let mut sentences: Vec<Vec<u32>> = visits.records.iter().filter_map(|r| tokens.sentence(r, context)).collect();
    shuffle(&mut sentences, &mut noise::stream(seed, 2));
    let records = sentences.len();
    let learned = Lengths::of(&tokens, &sentences).filter(|_| settings.lengths);
    let hierarchy =
        if settings.hierarchy { placed(visits, known, &tokens, settings.width, seed, fitting)? } else { None };
    let semantic = settings.semantic.then(|| meant(visits, known, &tokens, seed));
    let shape = TransformerShape {
        vocabulary: tokens.len(),
        context,
        width: settings.width,
        blocks: settings.blocks,
        heads: settings.heads,
        semantic: semantic.as_ref().map_or(0, |s| s.columns),
        hierarchy: hierarchy.is_some(),
        shared_head: settings.shared_head && hierarchy.is_some(),
        dropout: settings.dropout,
    };
    let device = fitting.device.device.clone().without_autodiff();
    let frozen = Frozen { semantic: semantic.map(|m| m.on(&device)), hierarchy: hierarchy.map(|m| m.on(&device)) };
    let mut writer = Writer::new(shape, settings.plan, &tokens, sentences, frozen, seed, &device)?;
    let course = writer.course();
    let history = train(&mut writer, &course, fitting)?;
    let (weights, frozen) = writer.finish();
    let (codes, labels, lean) = (visits.codes.clone(), visits.labels.clone(), Lean::default());
    let about = About { shape, tokens, codes, labels, columns, records, history, lean };
    let mut made = Hisgt { about, weights, frozen, device: fitting.device.clone() };
    if let Some(learned) = learned {
        made.about.lean = lengths::fitted(&made.sampler(), learned, seed, fitting.cancelled)?;
    }
    Ok(made)
}

/// Each token's place in the hierarchy: zeros for labels and marks. None where no code has a parent.
fn placed(
    visits: &Visits,
    known: &Known,
    tokens: &Tokens,
    width: usize,
    seed: u64,
    fitting: &Fitting,
) -> Result<Option<HostMatrix>, SynthError> {
    let own = || Hierarchy::of_prefixes(&visits.codes);
    let tree = known.hierarchy.clone().unwrap_or_else(own);
    if tree.is_flat() {
        return Ok(None);
    }
    let (stop, device) = (fitting.cancelled, &fitting.device.device);
    let Some(mut made) = embed(tree.names.len(), &tree.edges, &TreePlan::new(width), seed, device, stop) else {
        return Err(if stop() {
            SynthError::Cancelled { epoch: 0 }
        } else {
            SynthError::Unsupported("the hierarchy of the codes could not be embedded; write hierarchy: false".into())
        });
    };
    made.values.truncate(visits.codes.len() * width);
    made.values.resize(tokens.len() * width, 0.0);
    made.rows = tokens.len();
    Ok(Some(made))
}

/// What each token means, by the stand-in; labels and marks by a written phrase.
fn meant(visits: &Visits, known: &Known, tokens: &Tokens, seed: u64) -> HostMatrix {
    let titles = known.titles.as_ref().unwrap_or(&visits.codes);
    let phrase = |number: u32| match tokens.token(number) {
        Token::Code(code) => titles.get(code as usize).cloned().unwrap_or_default(),
        Token::Label(label, level) => visits.labels.get(label).map_or_else(String::new, |l| {
            format!("{} {}", l.name, l.levels.get(level as usize).map_or("", String::as_str))
        }),
        Token::Start => "start of the record".into(),
        Token::EndLabel => "end of the labels".into(),
        Token::EndVisit => "end of the visit".into(),
        Token::EndRecord => "end of the record".into(),
        Token::Pad => String::new(),
    };
    let titles: Vec<String> = (0..tokens.len() as u32).map(phrase).collect();
    semantic::stand_in(&titles, seed)
}

impl Hisgt {
    /// `n` records, as records are.
    pub fn records(&self, n: usize, seed: u64) -> Result<Visits, SynthError> {
        self.drawn(self.sampler().records(&vec![Vec::new(); n], 0, seed)?)
    }

    fn drawn(&self, records: Vec<Record>) -> Result<Visits, SynthError> {
        Ok(Visits { codes: self.about.codes.clone(), labels: self.about.labels.clone(), records })
    }

    fn sampler(&self) -> Sampler<'_> {
        Sampler {
            shape: self.about.shape,
            lean: self.about.lean,
            tokens: &self.about.tokens,
            weights: &self.weights,
            frozen: &self.frozen,
            device: &self.device.device,
        }
    }

    /// The vocabulary, which also reads sentences as records and refuses what is none.
    pub fn tokens(&self) -> &Tokens {
        &self.about.tokens
    }

    /// Sentences as they were drawn, before they are read as records.
    pub fn sentences(&self, n: usize, seed: u64) -> Result<Vec<Vec<u32>>, SynthError> {
        self.sampler().sentences(&vec![Vec::new(); n], 0, seed)
    }

    /// The cost of every token of each record after the first, in nats; records that do not fit are cut as in training.
    pub fn costs(&self, records: &[Record]) -> Vec<Vec<f64>> {
        let shape = self.about.shape;
        let sentences: Vec<Vec<u32>> =
            records.iter().map(|r| self.about.tokens.sentence(r, shape.context).unwrap_or_default()).collect();
        let pad = self.about.tokens.number(Token::Pad);
        super::fit::costs(shape, &self.weights, &self.frozen, pad, &sentences, &self.device.device)
    }

    /// Labels and levels that a request names.
    fn levels(&self, levels: &[(String, usize)]) -> Result<Vec<(usize, u32)>, SynthError> {
        let find = |(name, level): &(String, usize)| {
            let label = self.about.labels.iter().position(|l| l.name == *name);
            match label.and_then(|at| Some((at, self.about.labels.get(at)?))) {
                Some((at, label)) if *level < label.levels.len() => Ok((at, *level as u32)),
                Some((_, label)) => {
                    let (name, n) = (&label.name, label.levels.len());
                    Err(SynthError::Unsupported(format!("{name} has {n} levels, and number {level} is none of them")))
                }
                None => {
                    let known: Vec<&str> = self.about.labels.iter().map(|l| l.name.as_str()).collect();
                    let known = if known.is_empty() { "none".to_string() } else { known.join(", ") };
                    Err(SynthError::Unsupported(format!(
                        "records can be asked for by label, and {name} is none; labels: {known}"
                    )))
                }
            }
        };
        levels.iter().map(find).collect()
    }
}

impl Generator for Hisgt {
    fn kind(&self) -> &'static str {
        "hisgt"
    }

    /// Whole records until their rows are `n`, the last one cut there; those of each part of `given` likewise.
    fn sample(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        if given.rows() > n {
            let rows = given.rows();
            return Err(SynthError::Unsupported(format!("{rows} rows are asked for, more than the {n} rows in all")));
        }
        let free = n - given.rows();
        let parts = given.parts.iter().map(|p| Ok((self.levels(&p.levels)?, p.rows)));
        let parts: Vec<(Vec<(usize, u32)>, usize)> =
            parts.chain([Ok((Vec::new(), free))]).collect::<Result<_, SynthError>>()?;
        let mut records: Vec<Record> = Vec::new();
        let mut number = 0;
        for (levels, rows) in parts {
            let mut left = rows;
            while left > 0 {
                // A record has a row or more, so no more records than rows are needed.
                let asked = vec![levels.clone(); left.min(AT_ONCE)];
                let drawn = self.sampler().records(&asked, number, seed)?;
                number += asked.len();
                for mut record in drawn {
                    if left == 0 {
                        break;
                    }
                    for visit in &mut record.visits {
                        visit.truncate(left);
                        left -= visit.len();
                    }
                    record.visits.retain(|v| !v.is_empty());
                    records.push(record);
                }
            }
        }
        Ok(frame::frame(&self.drawn(records)?, &self.about.columns, n))
    }

    fn history(&self) -> &[EpochLoss] {
        &self.about.history
    }

    fn describe(&self) -> Vec<(String, String)> {
        let s = &self.about.shape;
        let line = |name: &str, value: String| (name.to_string(), value);
        vec![
            line("records learned", self.about.records.to_string()),
            line("codes", self.about.codes.len().to_string()),
            line("weights", s.parameters().to_string()),
            line("blocks", format!("{} of width {}, {} heads", s.blocks, s.width, s.heads)),
            line("longest sentence", s.context.to_string()),
            line("hierarchy", if s.hierarchy { "graph autoencoder, frozen" } else { "none" }.to_string()),
            line(
                "end of visits and records",
                format!("{:+.2} and {:+.2} nats", self.about.lean.end_visit, self.about.lean.end_record),
            ),
            line("semantic", if s.semantic > 0 { semantic::NAME } else { "none" }.to_string()),
        ]
    }

    fn save(&self) -> Saved {
        let mut tensors = self.weights.named("writer");
        let frozen = [("semantic", &self.frozen.semantic), ("hierarchy", &self.frozen.hierarchy)];
        tensors.extend(frozen.iter().filter_map(|(n, t)| Some((format!("frozen/{n}"), HostMatrix::of(t.as_ref()?)))));
        Saved::new("hisgt", &self.about, tensors)
    }
}

/// Fits a long table whose columns the words `subject`, `visit`, `code` and `labels` name.
pub fn fit(frame: &Frame, asked: &Asked, fitting: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    if asked.private.is_some() {
        return Err(SynthError::Unsupported(
            "hisgt makes no promise of differential privacy: a person is a whole record here; leave privacy out, and \
             see what the privacy figures say"
                .into(),
        ));
    }
    let settings = Settings::asked(asked)?;
    let columns = Columns::asked(asked)?;
    let visits = frame::visits(frame, &columns)?;
    Ok(Box::new(learn(&visits, &Known::default(), columns, &settings, asked.seed, fitting)?))
}

/// Reads a saved generator.
pub fn load(saved: Saved, device: &Picked) -> Result<Box<dyn Generator>, SynthError> {
    let about: About = saved.about()?;
    let strange = || SynthError::Corrupt("its weights do not have its shape".into());
    let place = device.device.clone().without_autodiff();
    let ours = about.shape.names().map(|name| saved.tensor(&format!("writer/{name}")).cloned());
    let ours = ours.collect::<Option<Vec<HostMatrix>>>().ok_or_else(strange)?;
    let weights = about.shape.restore(&ours, &place).ok_or_else(strange)?;
    let frozen = |name: &str, columns: usize| -> Result<Option<_>, SynthError> {
        match saved.tensor(&format!("frozen/{name}")) {
            None if columns == 0 => Ok(None),
            Some(m) if m.columns == columns && m.rows == about.tokens.len() => Ok(Some(m.clone().on(&place))),
            _ => Err(strange()),
        }
    };
    let width = if about.shape.hierarchy { about.shape.width } else { 0 };
    let frozen = Frozen { semantic: frozen("semantic", about.shape.semantic)?, hierarchy: frozen("hierarchy", width)? };
    if about.shape.vocabulary != about.tokens.len() || about.tokens.codes as usize != about.codes.len() {
        return Err(strange());
    }
    Ok(Box::new(Hisgt { about, weights, frozen, device: device.clone() }))
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
