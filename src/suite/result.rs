//! The records of a run: what `results.json` holds and the report draws.
//!
//! Schema `dbf.results/1`, described in `docs/results-schema.md`. Everything under `body` is covered by
//! `digest` and holds no path and no clock value; `receipt` holds the rest.

pub use crate::eval::count::Count;
use crate::eval::estimate::{Interval, Part};
pub use crate::policy::outcome::{ConstraintResult, Verdict};
pub use crate::suite::synthetic::record::SyntheticReport;
use serde::{Deserialize, Serialize};

/// The version of this schema; a reader refuses another major number.
pub const SCHEMA: &str = "dbf.results/1";

/// A whole `results.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    pub schema: String,
    /// `sha256:` over the canonical JSON of `body`.
    pub digest: String,
    pub body: Body,
    pub receipt: Receipt,
}

/// The reproducible part of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Body {
    pub tool: Tool,
    pub script: Script,
    pub benchmark: BenchmarkInfo,
    pub datasets: Vec<DatasetInfo>,
    pub seed: u64,
    /// `cpu (burn flex)`, `gpu …` or `none (built without nets)`.
    pub device: String,
    pub generators: Vec<GeneratorInfo>,
    /// What several generators have spent on one dataset together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub privacy: Vec<SpentInfo>,
    pub scenarios: Vec<ScenarioInfo>,
    pub models: Vec<ModelInfo>,
    /// Cohort-level `let`s of the script, in source order.
    pub figures: Vec<Figure>,
    pub cells: Vec<Cell>,
    pub policies: Vec<PolicyResult>,
    /// What the script checks without a benchmark: `scenario` names the data, `model` and `task` are empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<PolicyResult>,
    pub plots: Plots,
    /// Reports on generators, in the order of the script.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synthetic: Vec<SyntheticReport>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    pub name: String,
    pub version: String,
    /// The language edition, apart from the tool's version.
    pub language: u32,
}

impl Tool {
    /// This build.
    pub fn this() -> Tool {
        Tool {
            name: "dbf".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            language: crate::check::items::EDITION as u32,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// The path as given when relative, else the file name: never absolute.
    pub path: String,
    pub sha256: String,
    pub module: Option<String>,
    pub module_version: Option<String>,
    /// The script's own `//!` text.
    pub doc: Option<String>,
    /// The files it uses, in the order of their paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<UsedFile>,
}

/// A script that the script uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsedFile {
    /// From the script's folder.
    pub path: String,
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkInfo {
    pub name: String,
    pub version: String,
    pub as_of: Option<String>,
    pub folds: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetInfo {
    pub name: String,
    pub file: String,
    pub sha256: String,
    pub rows: Count,
    pub columns: usize,
    pub sensitivity: String,
    pub license: Option<String>,
    pub source: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GeneratorInfo {
    pub name: String,
    pub kind: String,
    pub dataset: String,
    /// Label of what it makes.
    #[serde(default)]
    pub sensitivity: String,
    pub epochs: usize,
    pub rows_sampled: usize,
    /// Mean losses of each epoch.
    pub generator_loss: Vec<f64>,
    pub critic_loss: Vec<f64>,
    /// Rules that its rows keep to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleInfo>,
    /// What the training promises about single people; none for no promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<PrivacyInfo>,
    /// Disclosure control of the rows it draws, if the script asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub small_cells: Option<SmallCells>,
}

/// A rule of a generator. No row that it drew breaks it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleInfo {
    pub rule: String,
    /// Rows of the data that break it; withheld for a private generator, whose promise would not cover it.
    pub broken_in_data: Count,
    /// Drawn rows that broke it and were drawn again.
    pub drawn_again: usize,
}

/// Differential privacy of a generator. It covers what the generator makes; figures that compare it
/// with real rows are not covered. The noise follows the run's seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrivacyInfo {
    /// Spent, in nats: an upper bound.
    pub epsilon: f64,
    pub delta: f64,
    /// What the script allows.
    pub budget: f64,
    /// Whose presence is hidden: `person` or `record`.
    pub unit: String,
    /// Private steps taken.
    pub steps: u64,
    /// Noise of a step over what one row may add to it.
    pub sigma: f64,
    /// Chance of each row to be in a step.
    pub rate: f64,
    /// Each mechanism in words, in order.
    pub mechanisms: Vec<String>,
}

/// Small cells that were kept out of the rows drawn: disclosure control, not differential privacy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SmallCells {
    /// Rows that each cell has at least.
    pub k: usize,
    /// The columns whose values make a cell.
    pub quasi: Vec<String>,
    /// Drawn rows that were suppressed and drawn again.
    pub suppressed: usize,
}

impl SmallCells {
    /// One line for people.
    pub fn line(&self) -> String {
        format!(
            "at least {} rows in each cell of {}, {} rows suppressed and drawn again (HIPAA-style, not differential privacy)",
            self.k,
            self.quasi.join(", "),
            self.suppressed
        )
    }
}

/// What whoever releases the rows of a private generator must know.
pub const SEED_IS_SECRET: &str = "the noise follows the run's seed, and whoever knows the seed can take it off: publish the rows or the seed, not both";

/// What was spent on a dataset by all generators that learned from it privately.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpentInfo {
    pub dataset: String,
    /// Whose presence is hidden; promises of different units are told apart.
    pub unit: String,
    pub generators: Vec<String>,
    /// Of all together, in nats: an upper bound at `delta`.
    pub epsilon: f64,
    pub delta: f64,
    /// What a plain sum would be.
    pub plain_sum: f64,
    /// What the dataset declares, if it does.
    pub budget: Option<f64>,
}

impl SpentInfo {
    /// One line for people: `g1, g2 together (ε = 2.98, δ = 1e-5) per person, within the budget of ε = 3`.
    pub fn line(&self) -> String {
        // Rounded up: a promise must not look better than it is.
        let epsilon = (self.epsilon * 100.0).ceil() / 100.0;
        let budget = match self.budget {
            Some(budget) if self.epsilon <= budget => format!(", within the budget of ε = {budget}"),
            Some(budget) => format!(", BEYOND the budget of ε = {budget}"),
            None => String::new(),
        };
        let names = self.generators.join(", ");
        format!("{names} together (ε = {epsilon:.2}, δ = {:e}) per {}{budget}", self.delta, self.unit)
    }
}

impl PrivacyInfo {
    /// One line for people: `(ε = 2.98, δ = 1e-5) per person, 1,240 steps, σ = 1.10`.
    pub fn line(&self) -> String {
        // Rounded up: a promise must not look better than it is.
        let epsilon = (self.epsilon * 100.0).ceil() / 100.0;
        let how = match self.steps {
            0 => format!("noise of {:.1} rows and more in every table", self.sigma),
            steps => format!("{steps} steps, σ = {:.2}", self.sigma),
        };
        format!("(ε = {epsilon:.2}, δ = {:e}) per {}, {how}", self.delta, self.unit)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioInfo {
    pub name: String,
    pub rows: Count,
    /// Label share of the drawn test set; none where it would tell a small count of patients.
    pub prevalence: Option<f64>,
    /// What was asked for and what was drawn, one entry a declared level.
    pub mix: Vec<MixEntry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MixEntry {
    pub column: String,
    pub level: String,
    pub declared: Option<f64>,
    /// None where it would tell a small count of patients.
    pub drawn: Option<f64>,
    pub n: Count,
    /// Label share among the level's rows; none without a label, and none in a column where one of them would tell a small
    /// count of patients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prevalence: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    pub name: String,
    /// The expression that made it, as in the script.
    pub definition: String,
    pub features: usize,
}

/// A cohort-level `let` of the script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub name: String,
    /// Source text of the formula.
    pub formula: String,
    pub doc: Option<String>,
    pub value: Option<f64>,
    pub interval: Option<Interval>,
    pub n: Count,
    pub noise_floor: Option<f64>,
    /// Set when there is no value.
    pub undefined: Option<String>,
}

/// One metric of one cell of the scenario × model × task × fold matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    pub scenario: String,
    pub model: String,
    pub task: String,
    /// `1` … `folds`, or `all`: the out-of-fold predictions together.
    pub fold: String,
    /// The metric as the script asked for it, e.g. `dpd(by: race)`.
    pub metric: String,
    /// Name, parameters, conventions and version: figures with different signatures are not comparable.
    pub signature: String,
    pub value: Option<f64>,
    pub interval: Option<Interval>,
    pub n: Count,
    /// Rows left out because the model gave no prediction for them.
    pub missing: Count,
    pub noise_floor: Option<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// Set when there is no value: why (`recorded(surv6m) does not take part in realism` …).
    pub undefined: Option<String>,
}

/// A policy decided over one model's predictions in one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyResult {
    pub name: String,
    pub model: String,
    pub scenario: String,
    pub task: String,
    pub as_of: Option<String>,
    /// 1 − fails / decided; none when nothing was decided.
    pub compliance: Option<f64>,
    /// As `compliance`, with inconclusive and unknown counted as violations.
    pub strict: Option<f64>,
    /// decided / applicable.
    pub coverage: Option<f64>,
    pub constraints: Vec<ConstraintResult>,
}

/// Data behind the report's pictures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Plots {
    pub reliability: Vec<Reliability>,
    pub by_group: Vec<ByGroup>,
    pub distributions: Vec<Distribution>,
}

/// A reliability curve of one model (pooled folds of a scenario).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    pub scenario: String,
    pub task: String,
    pub model: String,
    pub bins: Vec<ReliabilityBin>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    pub mean_predicted: f64,
    pub observed: f64,
    /// Wilson 95 % interval of `observed`.
    pub lo: f64,
    pub hi: f64,
    pub n: usize,
}

/// A metric by the levels of a protected column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ByGroup {
    pub scenario: String,
    pub task: String,
    pub model: String,
    pub metric: String,
    pub column: String,
    pub parts: Vec<Part>,
}

/// One column, real beside synthetic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    pub generator: String,
    pub column: String,
    pub unit: Option<String>,
    /// For a quantity: edges of equal-width bins, one more than shares. Empty for a category.
    pub edges: Vec<f64>,
    /// For a category: its levels. Empty for a quantity.
    pub levels: Vec<String>,
    /// Shares of the present values.
    pub real: Vec<f64>,
    pub synthetic: Vec<f64>,
    /// None where it would tell a small count of patients.
    pub real_missing: Option<f64>,
    pub synthetic_missing: f64,
    /// Kolmogorov-Smirnov statistic (quantity) or total variation distance (category).
    pub distance: f64,
    pub distance_name: String,
}

/// What a digest must not cover: when, where and how fast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    pub threads: usize,
    /// Seconds of each stage, in order.
    pub timings: Vec<Timing>,
    /// True when the run was stopped before the end; what was finished is here.
    pub interrupted: bool,
    pub cells_from_cache: usize,
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    pub stage: String,
    pub seconds: f64,
}
