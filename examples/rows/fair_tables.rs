//! Open tables, splits and figures for the rows of the fair generators.

use dbf::data::frame::{Frame, FrameColumn, FrameKind};
use dbf::metrics::distance::quality::{Column, Thresholds, shapes, trends};
use dbf::metrics::ranking;
use dbf::models::{Fitted, boosted_trees, logistic};
use dbf::nets::device::cpu;
use dbf::nets::noise::stream;
use dbf::source::world::Silent;
use dbf::synth::{Asked, Fitting, Generator, NoCheckpoints, SynthError};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::path::Path;

/// A table with its roles.
pub struct Table {
    pub frame: Frame,
    pub label: String,
    /// The label's positive level.
    pub positive: usize,
    pub protected: String,
    /// Columns that a classifier must not see.
    pub hidden: Vec<String>,
}

/// Comma-separated text as a frame: `categories` by name, the rest numbers; empty, `NA` and `?` are missing.
pub fn parse(text: &str, categories: &[String]) -> Option<Frame> {
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let names: Vec<String> = lines.next()?.split(',').map(|s| s.trim().to_string()).collect();
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').map(str::trim).collect()).collect();
    let blank = |c: &str| c.is_empty() || c == "NA" || c == "?";
    let column = |(i, name): (usize, &String)| -> Option<FrameColumn> {
        let cells: Vec<&str> = rows.iter().map(|r| r.get(i).copied().unwrap_or("")).collect();
        let category = categories.contains(name);
        let mut levels: Vec<String> = cells.iter().filter(|c| category && !blank(c)).map(|c| c.to_string()).collect();
        levels.sort();
        levels.dedup();
        let value = |c: &&str| match (blank(c), category) {
            (true, _) => Some(f64::NAN),
            (_, true) => levels.iter().position(|l| l == c).map(|l| l as f64),
            _ => c.parse().ok(),
        };
        let values: Vec<f64> = cells.iter().map(value).collect::<Option<_>>()?;
        let integer = values.iter().all(|v| v.is_nan() || v.fract() == 0.0);
        let kind =
            if category { FrameKind::Category { levels } } else { FrameKind::Number { lo: None, hi: None, integer } };
        Some(FrameColumn { name: name.clone(), kind, nullable: values.iter().any(|v| v.is_nan()), values })
    };
    let columns = names.iter().enumerate().map(column).collect::<Option<Vec<_>>>()?;
    Some(Frame { columns, rows: rows.len() })
}

/// One of the bench tables with its card.
pub fn bench(data: &Path, name: &str) -> Option<Table> {
    let folder = data.join("tables");
    let card: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join(format!("{name}.json"))).ok()?).ok()?;
    let text = std::fs::read_to_string(folder.join(format!("{name}.csv"))).ok()?;
    let strings = |key: &str| -> Vec<String> {
        card[key].as_array().into_iter().flatten().filter_map(|x| x.as_str().map(String::from)).collect()
    };
    let frame = parse(&text, &strings("categorical"))?;
    let label = card["target"].as_str()?.to_string();
    let word = card["positive"].as_str().map_or_else(|| card["positive"].to_string(), String::from);
    let FrameKind::Category { levels } = &frame.column(&label)?.kind else { return None };
    let positive = levels.iter().position(|l| *l == word)?;
    let protected = card["protected"].as_str()?.to_string();
    Some(Table { label, positive, protected, hidden: strings("drop_from_ml"), frame })
}

/// UCI Adult; `rows` of it at most, evenly spaced.
pub fn adult(data: &Path) -> Option<Table> {
    let text = std::fs::read_to_string(data.join("adult/adult.csv")).ok()?;
    let categories = [
        "workclass",
        "education",
        "marital-status",
        "occupation",
        "relationship",
        "race",
        "sex",
        "native-country",
        "income",
    ];
    let mut frame = parse(&text, &categories.map(String::from))?;
    // A sampling weight of the census, and a number that says again what `education` says.
    frame.columns.retain(|c| c.name != "fnlwgt" && c.name != "education-num");
    Some(Table { label: "income".into(), positive: 1, protected: "sex".into(), hidden: Vec::new(), frame })
}

/// Rows for training and for testing, `share` of each label for the latter.
pub fn split(table: &Table, seed: u64, share: f64) -> (Frame, Frame) {
    let Some(label) = table.frame.column(&table.label) else { return Default::default() };
    let mut rng = stream(seed, 90);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for level in 0..2 {
        let mut own: Vec<usize> = (0..table.frame.rows).filter(|i| label.values[*i] == f64::from(level)).collect();
        shuffle(&mut own, &mut rng);
        let cut = (own.len() as f64 * share).round() as usize;
        test.extend_from_slice(&own[..cut]);
        train.extend_from_slice(&own[cut..]);
    }
    train.sort_unstable();
    test.sort_unstable();
    (table.frame.take(&train), table.frame.take(&test))
}

pub fn shuffle(rows: &mut [usize], rng: &mut ChaCha8Rng) {
    for i in (1..rows.len()).rev() {
        rows.swap(i, rng.random_range(0..=i));
    }
}

/// A generator fitted on the processor.
pub fn fitted(frame: &Frame, asked: &Asked) -> Result<Box<dyn Generator>, SynthError> {
    let (device, go) = (cpu(), || false);
    let fitting = Fitting { device: &device, stage: &Silent, cancelled: &go, checkpoints: &NoCheckpoints };
    dbf::synth::fit(frame, asked, &fitting)
}

/// Features without label and hidden columns, and which rows are positive.
fn features(frame: &Frame, table: &Table) -> (Frame, Vec<bool>) {
    let y = frame.column(&table.label).map(|c| c.values.iter().map(|v| *v == table.positive as f64).collect());
    let keep = |c: &&FrameColumn| c.name != table.label && !table.hidden.contains(&c.name);
    let columns = frame.columns.iter().filter(keep).cloned().collect();
    (Frame { columns, rows: frame.rows }, y.unwrap_or_default())
}

/// What a classifier trained on one table does on another.
#[derive(Debug, Clone, Copy, Default)]
pub struct Downstream {
    pub auroc: f64,
    pub accuracy: f64,
    /// Demographic parity difference at 0.5.
    pub parity: f64,
    /// Equal-opportunity gap at 0.5.
    pub opportunity: f64,
}

/// Logistic regression trained on `train`, tested on `test`.
pub fn downstream(train: &Frame, test: &Frame, table: &Table) -> Option<Downstream> {
    let ((x, y), (tx, ty)) = (features(train, table), features(test, table));
    let p = logistic::fit(&x, &y, &logistic::Settings::default()).ok()?.predict(&tx).ok()?;
    let groups = &test.column(&table.protected)?.values;
    let gap = |only: Option<bool>| {
        let mut counts: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
        for i in (0..p.len()).filter(|i| only.is_none_or(|o| ty[*i] == o)) {
            let own = counts.entry(groups[i].to_bits()).or_default();
            own.0 += f64::from(u8::from(p[i] >= 0.5));
            own.1 += 1.0;
        }
        spread(counts.values().map(|c| c.0 / c.1))
    };
    let right = p.iter().zip(&ty).filter(|(p, y)| (**p >= 0.5) == **y).count();
    Some(Downstream {
        auroc: ranking::auroc(&p, &ty).ok()?.value,
        accuracy: right as f64 / p.len() as f64,
        parity: gap(None),
        opportunity: gap(Some(true)),
    })
}

/// Boosted trees of scikit-learn's size; the area under the curve on `test`.
pub fn trees(train: &Frame, test: &Frame, table: &Table) -> Option<f64> {
    let ((x, y), (tx, ty)) = (features(train, table), features(test, table));
    let p = boosted_trees::fit(&x, &y, &size()).ok()?.predict(&tx).ok()?;
    Some(ranking::auroc(&p, &ty).ok()?.value)
}

fn size() -> boosted_trees::Settings {
    boosted_trees::Settings {
        rounds: 100,
        learning_rate: 0.1,
        leaves: 31,
        row_share: 1.0,
        column_share: 1.0,
        ..boosted_trees::Settings::default()
    }
}

/// How well boosted trees tell real rows from drawn ones: three folds, at most 6,000 rows of each.
pub fn told_apart(real: &Frame, drawn: &Frame) -> Option<f64> {
    let n = real.rows.min(drawn.rows).min(6_000);
    let mut rng = stream(0, 91);
    let mut some = |rows: usize| {
        let mut all: Vec<usize> = (0..rows).collect();
        shuffle(&mut all, &mut rng);
        all.truncate(n);
        all
    };
    let both = real.take(&some(real.rows)).stack(&drawn.take(&some(drawn.rows)));
    let y: Vec<bool> = (0..2 * n).map(|i| i < n).collect();
    let mut p = vec![0.0; 2 * n];
    for fold in 0..3 {
        let (out, own): (Vec<usize>, Vec<usize>) = (0..2 * n).partition(|i| i % 3 == fold);
        let labels: Vec<bool> = own.iter().map(|i| y[*i]).collect();
        let model = boosted_trees::fit(&both.take(&own), &labels, &size()).ok()?;
        out.iter().zip(model.predict(&both.take(&out)).ok()?).for_each(|(i, v)| p[*i] = v);
    }
    Some(ranking::auroc(&p, &y).ok()?.value)
}

/// SDMetrics' overall quality: the mean of column shapes and pair trends.
pub fn quality(real: &Frame, drawn: &Frame) -> Option<f64> {
    let both = real.stack(drawn);
    let first: Vec<bool> = (0..both.rows).map(|i| i < real.rows).collect();
    let code = |v: &f64| (!v.is_nan()).then_some(*v as u32);
    let column = |c: &'_ FrameColumn| match &c.kind {
        FrameKind::Number { .. } => None,
        FrameKind::Category { .. } => Some(c.values.iter().map(code).collect::<Vec<_>>()),
    };
    let codes: Vec<Option<Vec<Option<u32>>>> = both.columns.iter().map(column).collect();
    let columns: Vec<Column> = both
        .columns
        .iter()
        .zip(codes)
        .map(|(c, codes)| codes.map_or(Column::Numbers(&c.values), Column::Categories))
        .collect();
    let limits = Thresholds { correlation: 0.5, association: 0.3 };
    Some((shapes(&columns, &first).ok()?.value + trends(&columns, &first, limits).ok()?.value) / 2.0)
}

/// Largest difference between groups in the share of positive labels.
pub fn label_gap(frame: &Frame, table: &Table) -> Option<f64> {
    let (y, groups) = (frame.column(&table.label)?, frame.column(&table.protected)?);
    let mut counts: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for (y, g) in y.values.iter().zip(&groups.values) {
        let own = counts.entry(g.to_bits()).or_default();
        own.0 += f64::from(u8::from(*y == table.positive as f64));
        own.1 += 1.0;
    }
    Some(spread(counts.values().map(|c| c.0 / c.1)))
}

fn spread(rates: impl Iterator<Item = f64>) -> f64 {
    let (lo, hi) = rates.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), r| (lo.min(r), hi.max(r)));
    hi - lo
}

pub fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len().max(1) as f64
}

pub fn median(x: &[f64]) -> f64 {
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.get(sorted.len().saturating_sub(1) / 2), sorted.get(sorted.len() / 2)) {
        (Some(a), Some(b)) => (a + b) / 2.0,
        _ => f64::NAN,
    }
}

/// To three decimals, for printing.
pub fn short(x: f64) -> f64 {
    (x * 1e3).round() / 1e3
}
