//! Built-in metrics over millions of rows and their bootstraps, beside scikit-learn, Fairlearn and NumPy in the same run.
//!
//! Ours includes parsing and checking the expressions. The peers run when `DBF_PEERS` names a Python with `numpy`,
//! `scikit-learn` and `fairlearn`; what takes them minutes they do for a million rows.

use crate::columns::{Bench, Raw, all_rows, checked, peers, raw, timed, view};
use arrow_buffer::BooleanBuffer;
use dbf::eval::held::{GroupCodes, Scores};
use dbf::metrics::{counts, ranks};
use serde_json::{Map, Value, json};

/// Name, expressions asked together, bytes read of a row, what the peers call the same.
const QUESTIONS: &[(&str, &[&str], f64, &[&str])] = &[
    (
        "six metrics",
        &[
            "accuracy(yhat, y)",
            "f1(yhat, y, average: \"macro\")",
            "auroc(p, y)",
            "average_precision(p, y)",
            "brier(p, y)",
            "log_loss(p, y)",
        ],
        4.0 + 2.0 / 8.0,
        &["six/scikit-learn", "six/numpy"],
    ),
    ("ece", &["ece(p, y)"], 4.0 + 1.0 / 8.0, &["ece/numpy"]),
    (
        "parity, odds and all rates by group",
        &[
            "dpd(yhat, by: g)",
            "equalized_odds_difference(yhat, y, by: g)",
            "group_rates(yhat, y, by: g)",
            "group_rates(yhat, y, by: g, rate: \"true_positive_rate\")",
            "group_rates(yhat, y, by: g, rate: \"false_positive_rate\")",
            "group_rates(yhat, y, by: g, rate: \"precision\")",
        ],
        1.0 + 2.0 / 8.0,
        &["parity and odds/numpy"],
    ),
    ("auroc", &["auroc(p, y)"], 4.0 + 1.0 / 8.0, &["auroc/numpy"]),
    ("brier", &["brier(p, y)"], 4.0 + 1.0 / 8.0, &["brier/numpy"]),
    ("log loss", &["log_loss(p, y)"], 4.0 + 1.0 / 8.0, &["log loss/numpy"]),
    ("dpd", &["dpd(yhat, by: g)"], 1.0 + 1.0 / 8.0, &["dpd/numpy"]),
];

/// Bytes a second of a copy on two threads, each byte read and written.
fn copied() -> f64 {
    const BYTES: usize = 1 << 27;
    let from = [vec![1_u8; BYTES], vec![2_u8; BYTES]];
    let mut to = [vec![0_u8; BYTES], vec![0_u8; BYTES]];
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = std::time::Instant::now();
        let [a, b] = &mut to;
        rayon::join(|| a.copy_from_slice(&from[0]), || b.copy_from_slice(&from[1]));
        best = best.min(start.elapsed().as_secs_f64());
    }
    2.0 * BYTES as f64 / best
}

/// A thousand resamples of 100,000 rows.
fn bootstraps(theirs: &dyn Fn(&str) -> Option<f64>) -> Map<String, Value> {
    let raw = raw(100_000);
    let flags = |v: &[u8]| v.iter().map(|v| *v == 1).collect::<BooleanBuffer>();
    let (y, yhat) = (flags(&raw.y), raw.p.iter().map(|p| *p >= 0.5).collect::<BooleanBuffer>());
    let spread = |draws: Vec<f64>| {
        let mut draws = draws;
        draws.sort_by(f64::total_cmp);
        let at = |q: f64| draws.get((q * draws.len() as f64) as usize).copied().unwrap_or(f64::NAN);
        format!("{:.6} to {:.6}", at(0.025), at(0.975))
    };
    let auroc = |_: &mut ()| match ranks::Ranked::new(Scores::Narrow(&raw.p), &y) {
        Ok(ranked) => spread(ranked.replicates(1000, 1, |runs| Some(ranks::area(runs.iter().copied())))),
        Err(why) => why.reason,
    };
    let dpd = |_: &mut ()| match counts::by_group(&yhat, &yhat, GroupCodes::Bytes(&raw.g), 5) {
        Ok(cells) => spread(counts::replicates(&cells, 1000, 1, |cells| {
            let rates = cells.iter().map(|[tn, fp, fn_, tp]| (fp + tp) as f64 / (tn + fp + fn_ + tp) as f64);
            Some(rates.clone().fold(0.0, f64::max) - rates.fold(1.0, f64::min))
        })),
        Err(why) => why.reason,
    };
    let mut out = Map::new();
    let entry = |(best, median, value): (f64, f64, String), name: &str| {
        json!({ "ms": best * 1e3, "median_ms": median * 1e3, "value": value,
            "ratio to numpy": theirs(name).map(|t| best * 1e3 / t) })
    };
    out.insert("1,000 auroc, 100 k rows".into(), entry(timed(5, || (), auroc), "bootstrap auroc/numpy"));
    out.insert("1,000 dpd, 100 k rows".into(), entry(timed(5, || (), dpd), "bootstrap dpd/numpy"));
    out
}

fn ask(bench: &Bench, threads: usize, texts: &[&str]) -> (f64, f64, String) {
    bench.time(threads, &texts.iter().map(|t| (*t).to_string()).collect::<Vec<_>>())
}

/// The figures of this file; with `only`, some questions by name, without peers.
pub fn figures(only: &[String]) -> Value {
    let program = match checked() {
        Ok(program) => program,
        Err(why) => return why,
    };
    let rows = all_rows();
    let raw: Raw = raw(rows);
    let peers = if only.is_empty() { peers(&raw, "peers_kernels.py") } else { Err("some questions only".into()) };
    let theirs = |name: &str| peers.as_ref().ok().and_then(|p| p.get(name)).and_then(|p| p.get("best_ms")?.as_f64());
    let bench = Bench { program: program.clone(), view: view(&raw) };
    let copy = copied();
    let mut out = Map::new();
    for (name, texts, bytes, others) in QUESTIONS.iter().filter(|q| only.is_empty() || only.iter().any(|o| o == q.0)) {
        let (one, _, _) = ask(&bench, 1, texts);
        let (two, median, value) = ask(&bench, 2, texts);
        let read = rows as f64 * bytes / two;
        let mut entry = json!({
            "value": value, "two_threads_ms": two * 1e3, "two_threads_median_ms": median * 1e3,
            "one_thread_ms": one * 1e3, "two_over_one": one / two,
            "bytes_read_a_second": read, "share_of_copy_bandwidth": read / copy,
        });
        for other in *others {
            entry[format!("ratio to {other}")] = json!(theirs(other).map(|t| two * 1e3 / t));
        }
        out.insert((*name).to_string(), entry);
    }
    out.insert("copy bandwidth, bytes a second".into(), json!(copy));
    if !only.is_empty() {
        return Value::Object(out);
    }
    out.extend(bootstraps(&theirs));
    let million = Bench { program: program.clone(), view: view(&crate::columns::raw(1_000_000)) };
    let (ours, _, _) = ask(&million, 2, &["dpd(yhat, by: g)", "equalized_odds_difference(yhat, y, by: g)"]);
    let fairlearn = theirs("dpd, 1 M rows/fairlearn").zip(theirs("odds, 1 M rows/fairlearn"));
    out.insert(
        "parity and odds, 1 M rows".into(),
        json!({ "two_threads_ms": ours * 1e3, "ratio to fairlearn": fairlearn.map(|(a, b)| ours * 1e3 / (a + b)) }),
    );
    drop(bench);
    // Twice the rows, and five times: time by row, as a share of that of ten million.
    let mut scaling = Map::new();
    let mut before: Option<f64> = None;
    for millions in [10, 20, 50] {
        let bench = Bench { program: program.clone(), view: view(&crate::columns::raw(millions * 1_000_000)) };
        let (two, _, _) = ask(&bench, 2, QUESTIONS[0].1);
        let a_row = two * 1e9 / (millions as f64 * 1e6);
        scaling
            .insert(format!("{millions} M rows"), json!({ "ns_a_row": a_row, "to 10 M": before.map(|b| a_row / b) }));
        before = before.or(Some(a_row));
    }
    out.insert("six metrics, more rows".into(), Value::Object(scaling));
    out.insert("peers".into(), peers.map_or_else(|why| json!({ "not run": why }), Value::Object));
    Value::Object(out)
}
