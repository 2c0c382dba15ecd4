//! Samples records token by token, with a cache, among the tokens that the grammar allows.
//!
//! Each record has its own random stream, by its number, so that it does not matter which others it is drawn with.

use burn::tensor::Device;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Record;
use super::tokens::{Grammar, Token, Tokens};
use crate::nets::noise;
use crate::nets::transformer::{Cache, Frozen, Transformer, TransformerShape};
use crate::nets::weights::{Weights, to_host};
use crate::synth::SynthError;

/// Records that are drawn together.
const TOGETHER: usize = 256;
/// Streams of records; below lie those of the fit.
const STREAM: u64 = 1 << 40;
/// Streams of records that tell how long records are.
const ENDLESS: u64 = 1 << 41;

/// What sampling needs.
pub struct Sampler<'a> {
    pub shape: TransformerShape,
    pub lean: Lean,
    pub tokens: &'a Tokens,
    pub weights: &'a Weights,
    pub frozen: &'a Frozen,
    pub device: &'a Device,
}

/// What is added to the scores of the two marks on which lengths depend.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Lean {
    pub end_visit: f32,
    pub end_record: f32,
}

/// A record that goes on where it might have ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Endless {
    pub record: Record,
    /// At the end of each visit but the last one the odds of ending there, with the sampler's lean.
    pub odds: Vec<f64>,
}

/// A record that is being written.
struct Draft {
    at: usize,
    grammar: Grammar,
    sentence: Vec<u32>,
    rng: ChaCha8Rng,
    endless: Option<Odds>,
}

/// The odds of ending at each boundary so far, and minus the logarithm of the chance to come past them all.
#[derive(Default)]
struct Odds {
    all: Vec<f64>,
    cost: f64,
}

/// An endless record ends where it is reached with this chance (e to the minus 7, a thousandth) by one that ends by
/// its odds.
const FAR: f64 = 7.0;

impl Sampler<'_> {
    /// One sentence for each of `asked`, which name the level of a label or leave it open: the level is then taken
    /// whatever its probability, and the labels before it are drawn as if nothing had been asked. Record numbers count
    /// from `first`. [`SynthError::Corrupt`] when the device loses numbers.
    pub fn sentences(&self, asked: &[Vec<(usize, u32)>], first: usize, seed: u64) -> Result<Vec<Vec<u32>>, SynthError> {
        let mut out = vec![Vec::new(); asked.len()];
        for start in (0..asked.len()).step_by(TOGETHER) {
            let end = (start + TOGETHER).min(asked.len());
            let drafts = (start..end).map(|at| self.draft(at, STREAM + first as u64, seed)).collect();
            for draft in self.write(drafts, asked)? {
                if let Some(slot) = out.get_mut(draft.at) {
                    *slot = draft.sentence;
                }
            }
        }
        Ok(out)
    }

    /// `n` records that end only where their sentence is full, or where hardly any record would have come. A lean on
    /// the end of records does not change what such a record says, so that one set of them tells how long records are
    /// under any.
    pub fn endless(&self, n: usize, seed: u64) -> Result<Vec<Endless>, SynthError> {
        let mut out = Vec::with_capacity(n);
        for start in (0..n).step_by(TOGETHER) {
            let end = (start + TOGETHER).min(n);
            let drafts =
                (start..end).map(|at| Draft { endless: Some(Odds::default()), ..self.draft(at, ENDLESS, seed) });
            let mut found = self.write(drafts.collect(), &[])?;
            found.sort_by_key(|d| d.at);
            out.extend(
                found
                    .into_iter()
                    .map(|d| Endless { record: d.grammar.record(), odds: d.endless.map_or_else(Vec::new, |o| o.all) }),
            );
        }
        Ok(out)
    }

    fn draft(&self, at: usize, first: u64, seed: u64) -> Draft {
        Draft {
            at,
            grammar: Grammar::new(self.tokens, self.shape.context),
            sentence: Vec::new(),
            rng: noise::stream(seed, first + at as u64),
            endless: None,
        }
    }

    /// The same as records.
    pub fn records(&self, asked: &[Vec<(usize, u32)>], first: usize, seed: u64) -> Result<Vec<Record>, SynthError> {
        let sentences = self.sentences(asked, first, seed)?;
        let records: Vec<Record> = sentences.iter().filter_map(|s| self.tokens.record(s)).collect();
        // The grammar allows nothing else; this line keeps it so.
        if records.len() == sentences.len() { Ok(records) } else { Err(lost()) }
    }

    /// Writes all drafts to their ends; in the order in which they ended.
    fn write(&self, mut drafts: Vec<Draft>, asked: &[Vec<(usize, u32)>]) -> Result<Vec<Draft>, SynthError> {
        let net = Transformer::new(self.shape, &self.weights.values, self.frozen, self.device);
        let mut cache = Cache::default();
        let mut out = Vec::with_capacity(drafts.len());
        let start = self.tokens.number(Token::Start);
        for draft in &mut drafts {
            draft.take(self.tokens, start);
        }
        while !drafts.is_empty() {
            let last: Vec<u32> = drafts.iter().filter_map(|d| d.sentence.last().copied()).collect();
            let scores = to_host(net.scores(net.hidden(&last, 1, Some(&mut cache), None)));
            if scores.len() != drafts.len() * self.tokens.len() {
                return Err(lost());
            }
            for (draft, scores) in drafts.iter_mut().zip(scores.chunks(self.tokens.len())) {
                let wanted = asked.get(draft.at).map_or(&[][..], Vec::as_slice);
                let token = draft.next(self.tokens, scores, &self.lean, wanted).ok_or_else(lost)?;
                draft.take(self.tokens, token);
            }
            if drafts.iter().any(|d| d.grammar.over()) {
                let kept: Vec<u32> = (0..).zip(&drafts).filter(|(_, d)| !d.grammar.over()).map(|(i, _)| i).collect();
                let (over, open): (Vec<Draft>, Vec<Draft>) = drafts.into_iter().partition(|d| d.grammar.over());
                out.extend(over);
                drafts = open;
                if !drafts.is_empty() {
                    cache.keep(&kept, self.device);
                }
            }
        }
        Ok(out)
    }
}

fn lost() -> SynthError {
    SynthError::Corrupt("its scores are no finite numbers".into())
}

impl Draft {
    fn take(&mut self, tokens: &Tokens, token: u32) {
        self.grammar.take(tokens, token);
        self.sentence.push(token);
    }

    /// The next token: the one asked for if its place has come, otherwise drawn by its score among those allowed.
    fn next(&mut self, tokens: &Tokens, scores: &[f32], lean: &Lean, asked: &[(usize, u32)]) -> Option<u32> {
        let wants = |label: usize| asked.iter().find(|a| a.0 == label);
        // A label that is asked for may be neither skipped nor drawn otherwise.
        let next = asked.iter().filter(|(label, _)| !self.grammar.said(*label)).map(|a| a.0).min();
        let barred = |token: u32| match (tokens.token(token), next) {
            (Token::Label(label, level), _) if wants(label).is_some_and(|a| a.1 != level) => true,
            (Token::Label(label, _), Some(next)) => label > next,
            (Token::EndLabel, Some(_)) => true,
            _ => false,
        };
        let (visit, record) = (tokens.number(Token::EndVisit), tokens.number(Token::EndRecord));
        let mut open: Vec<(u32, f32)> = Vec::with_capacity(scores.len());
        for (token, score) in (0..).zip(scores) {
            if self.grammar.may(tokens, token) && !barred(token) {
                let lean = match token {
                    _ if token == visit => lean.end_visit,
                    _ if token == record => lean.end_record,
                    _ => 0.0,
                };
                open.push((token, *score + lean));
            }
        }
        let most = open.iter().map(|o| o.1).fold(f32::NEG_INFINITY, f32::max);
        if !most.is_finite() || open.iter().any(|o| o.1.is_nan()) {
            return None;
        }
        let weight = |score: f32| f64::from((score - most).exp());
        if let (Some(odds), true) = (&mut self.endless, open.len() > 1)
            && let Some(end) = open.iter().position(|o| o.0 == record)
        {
            let end = open.remove(end);
            let now = weight(end.1) / open.iter().map(|o| weight(o.1)).sum::<f64>();
            odds.cost += now.ln_1p();
            if odds.cost > FAR {
                return Some(record);
            }
            odds.all.push(now);
        }
        let mut total = 0.0_f64;
        let upto: Vec<f64> = open
            .iter()
            .map(|o| {
                total += weight(o.1);
                total
            })
            .collect();
        let drawn = self.rng.random::<f64>() * total;
        let at = upto.partition_point(|x| *x <= drawn).min(open.len().saturating_sub(1));
        open.get(at).map(|o| o.0)
    }
}
