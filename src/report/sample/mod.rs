//! A made-up run for the tests of this room: every verdict, undefined figures, wide and tiny
//! intervals, long names and text that must be escaped. No figure here is a result.

mod policies;

use crate::eval::estimate::{Interval, Part};
use crate::suite::result::*;

const RACES: [(&str, usize); 5] = [("white", 7191), ("black", 1391), ("hispanic", 290), ("other", 112), ("asian", 79)];
const MODELS: [(&str, &str, usize, f64); 4] = [
    ("surv6m", "recorded(surv6m)", 0, 0.0),
    ("physician", "recorded(prg6m)", 0, -0.006),
    ("blend", "blend(surv6m, physician, alpha: 0.5)", 0, 0.034),
    (
        "logistic_all_features_except_protected",
        "logistic(features: all except { death_180, sex, race } where age >= 18 and \"a\" < \"b\")",
        31,
        0.011,
    ),
];
const METRICS: [(&str, f64, f64); 8] = [
    ("auroc", 0.7894, 0.0098),
    ("f1", 0.6921, 0.0112),
    ("brier", 0.18791, 0.0041),
    ("ece", 0.02364, 0.0051),
    ("dpd(by: race)", 0.1142, 0.0871),
    ("dpd(by: sex)", 0.01213, 0.0192),
    ("net_benefit(pt: 20%)", 0.3871, 0.0089),
    ("youden<j> & \"friends\"", 0.4312, 0.0000021),
];
const SCENARIOS: [(&str, usize, f64, f64); 3] = [
    ("base", 9105, 0.5314, 0.0),
    ("minority_heavy", 4000, 0.5000, -0.021),
    ("rare_disease_with_a_rather_long_name", 1500, 0.0500, 0.047),
];

/// A small fixed stream, so that the sample is the same everywhere.
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }

    fn around(&mut self, centre: f64, spread: f64) -> f64 {
        centre + spread * (self.next() + self.next() + self.next() - 1.5)
    }
}

fn interval(value: f64, half: f64, method: &str) -> Option<Interval> {
    Some(Interval { lo: value - half, hi: value + half, level: 0.95, method: method.into() })
}

/// The whole made-up run.
pub fn results() -> Results {
    let mut stream = Stream(2026);
    let (cells, by_group) = cells(&mut stream);
    let body = Body {
        tool: Tool { name: "dbf".into(), version: "0.1.0".into(), language: 1 },
        script: Script {
            path: "examples/support2.dbf".into(),
            sha256: "9f2c4be1a07d55e3b6c1d0fa4477e0c9b2d0a6bb1f5a4c9de3aa0b77c5d4e111".into(),
            module: Some("support2".into()),
            module_version: Some("0.3.0".into()),
            doc: Some(
                "Survival at six months in seriously ill adults: the SUPPORT model, the attending \
                 physician, and both together. <script>alert('no')</script> & other text.\n\n\
                 This is a made-up sample for testing the report."
                    .into(),
            ),
            uses: Vec::new(),
        },
        benchmark: BenchmarkInfo {
            name: "six_month_survival".into(),
            version: "1.0.0".into(),
            as_of: Some("2026-11-22".into()),
            folds: 5,
        },
        datasets: vec![DatasetInfo {
            name: "support2".into(),
            file: "data/support2.csv".into(),
            sha256: "0c1df2f7a3be44d09c18f1e57b9a6f2dd50a7c5a4e4ff0aa9b7e6d5c4b3a2910".into(),
            rows: 9105.into(),
            columns: 48,
            sensitivity: "deidentified".into(),
            license: Some("CC BY 4.0".into()),
            source: Some("Knaus et al. 1995; https://archive.ics.uci.edu/dataset/880/support2".into()),
        }],
        seed: 2026,
        device: "cpu (burn flex)".into(),
        generators: vec![generator(&mut stream)],
        scenarios: SCENARIOS.iter().map(|s| scenario(*s)).collect(),
        models: MODELS
            .iter()
            .map(|(name, definition, features, _)| ModelInfo {
                name: (*name).into(),
                definition: (*definition).into(),
                features: *features,
            })
            .collect(),
        figures: figures(),
        cells,
        policies: policies::policies(&mut stream),
        checks: Vec::new(),
        privacy: Vec::new(),
        plots: Plots { reliability: reliability(&mut stream), by_group, distributions: distributions(&mut stream) },
        synthetic: Vec::new(),
    };
    let timings = [("load", 0.412), ("train generators", 187.3), ("draw", 0.031), ("measure", 4.9), ("decide", 0.07)];
    Results {
        schema: SCHEMA.into(),
        digest: "sha256:5b0e7d1c9a3f".into(),
        body,
        receipt: Receipt {
            threads: 2,
            timings: timings.iter().map(|(s, t)| Timing { stage: (*s).into(), seconds: *t }).collect(),
            interrupted: false,
            cells_from_cache: 12,
            warnings: vec![
                "scenario `minority_heavy`: race == asian has 79 rows, 240 were asked for; drawn with replacement"
                    .into(),
                "policy `release_gate` was last verified on 2026-09-30, before the as-of date".into(),
            ],
        },
    }
}

fn generator(stream: &mut Stream) -> GeneratorInfo {
    let epochs = 120;
    let decay = |i: usize| (-(i as f64) / 28.0).exp();
    GeneratorInfo {
        name: "g1".into(),
        kind: "bt_gan".into(),
        dataset: "support2".into(),
        sensitivity: "synthetic".into(),
        epochs,
        rows_sampled: 9105,
        generator_loss: (0..epochs).map(|i| stream.around(0.72 + 2.1 * decay(i), 0.08)).collect(),
        rules: Vec::new(),
        critic_loss: (0..epochs).map(|i| stream.around(-0.31 - 1.4 * decay(i), 0.06)).collect(),
        privacy: None,
        small_cells: None,
    }
}

fn scenario((name, rows, prevalence, _): (&str, usize, f64, f64)) -> ScenarioInfo {
    let total: usize = RACES.iter().map(|(_, n)| n).sum();
    let mut mix: Vec<MixEntry> = RACES
        .iter()
        .map(|(level, n)| {
            let share = *n as f64 / total as f64;
            let declared = (name == "minority_heavy").then_some(if *level == "white" { 0.4 } else { 0.15 });
            let drawn = declared.unwrap_or(share);
            MixEntry {
                column: "race".into(),
                level: (*level).into(),
                declared,
                drawn: Some(if *level == "asian" && declared.is_some() { drawn - 0.0201 } else { drawn }),
                n: ((drawn * rows as f64) as usize).into(),
                prevalence: None,
            }
        })
        .collect();
    mix.push(MixEntry {
        column: "sex".into(),
        level: "female".into(),
        declared: Some(0.5),
        drawn: Some(0.5),
        n: (rows / 2).into(),
        prevalence: None,
    });
    mix.push(MixEntry {
        column: "sex".into(),
        level: "male".into(),
        declared: Some(0.5),
        drawn: Some(0.5),
        n: (rows / 2).into(),
        prevalence: None,
    });
    ScenarioInfo { name: name.into(), rows: rows.into(), prevalence: Some(prevalence), mix }
}

fn cells(stream: &mut Stream) -> (Vec<Cell>, Vec<ByGroup>) {
    let (mut cells, mut groups) = (Vec::new(), Vec::new());
    for (scenario, rows, _, shift) in SCENARIOS {
        for task in ["diagnosis", "realism"] {
            for (model, definition, _, bonus) in MODELS {
                for (metric, centre, half) in METRICS {
                    if task == "realism" && !matches!(metric, "auroc" | "ece") {
                        continue;
                    }
                    let folds = ["1", "2", "3", "4", "5", "all"];
                    for fold in folds {
                        let pooled = fold == "all";
                        let n = if pooled { rows } else { rows / 5 };
                        let noise = if pooled { 0.0 } else { half * 1.4 };
                        let value = stream.around(centre + (bonus + shift) * centre, noise).max(0.0);
                        let mut cell = Cell {
                            scenario: scenario.into(),
                            model: model.into(),
                            task: task.into(),
                            fold: fold.into(),
                            metric: metric.into(),
                            signature: format!("{metric}|v1|average:macro|ties:half|conf:0.95|dbf:0.1.0"),
                            value: Some(value),
                            interval: interval(
                                value,
                                half * if pooled { 1.0 } else { 2.24 },
                                "bootstrap percentile (1000)",
                            ),
                            n: n.into(),
                            missing: if model == "physician" { n / 5 } else { usize::from(pooled) }.into(),
                            noise_floor: matches!(metric, "ece" | "dpd(by: race)").then_some(half * 1.7),
                            parts: Vec::new(),
                            undefined: None,
                        };
                        if pooled && metric.starts_with("dpd") && task == "diagnosis" {
                            cell.parts = parts(stream, metric, scenario, 0.47 + bonus);
                            let column = if metric.contains("race") { "race" } else { "sex" };
                            groups.push(ByGroup {
                                scenario: scenario.into(),
                                task: task.into(),
                                model: model.into(),
                                metric: "selection_rate".into(),
                                column: column.into(),
                                parts: cell.parts.clone(),
                            });
                            groups.push(ByGroup {
                                scenario: scenario.into(),
                                task: task.into(),
                                model: model.into(),
                                metric: "auroc".into(),
                                column: column.into(),
                                parts: parts(stream, metric, scenario, 0.78 + bonus),
                            });
                        }
                        if task == "realism" && definition.starts_with("recorded") {
                            undefine(&mut cell, &format!("`{definition}` does not take part in realism"));
                        } else if metric == "dpd(by: race)" && scenario.starts_with("rare") {
                            undefine(&mut cell, "no row has race == asian");
                        }
                        cells.push(cell);
                    }
                }
            }
        }
    }
    (cells, groups)
}

fn undefine(cell: &mut Cell, reason: &str) {
    cell.value = None;
    cell.interval = None;
    cell.noise_floor = None;
    cell.undefined = Some(reason.into());
}

fn parts(stream: &mut Stream, metric: &str, scenario: &str, centre: f64) -> Vec<Part> {
    if !metric.contains("race") {
        return ["female", "male"]
            .iter()
            .map(|g| {
                let value = stream.around(centre, 0.02);
                Part {
                    group: (*g).into(),
                    value: Some(value),
                    interval: interval(value, 0.016, "wilson"),
                    n: 4210.into(),
                }
            })
            .collect();
    }
    RACES
        .iter()
        .map(|(group, n)| {
            let absent = *group == "asian" && scenario.starts_with("rare");
            let value = stream.around(centre, 0.07);
            let half = 0.98 / (*n as f64).sqrt();
            Part {
                group: (*group).into(),
                value: (!absent).then_some(value),
                interval: if absent { None } else { interval(value, half, "wilson") },
                n: if absent { 0 } else { *n }.into(),
            }
        })
        .collect()
}

fn figures() -> Vec<Figure> {
    let figure = |name: &str, formula: &str, doc: Option<&str>, value: Option<f64>, half: f64| Figure {
        name: name.into(),
        formula: formula.into(),
        doc: doc.map(Into::into),
        value,
        interval: value.and_then(|v| interval(v, half, "normal")),
        n: 9104.into(),
        noise_floor: None,
        undefined: value.is_none().then(|| "no row has dzgroup == \"ARF/MOSF w/Sepsis\" and age > 100".into()),
    };
    vec![
        figure("mean_age", "mean(age)", Some("Mean age at entry, in years."), Some(62.6508), 0.32),
        figure("alive", "P(alive_180)", None, Some(0.531_42), 0.0102),
        figure(
            "tiny_gap",
            "P(a | sex == male) - P(a | sex == female)",
            Some("A very small gap."),
            Some(0.000_012_3),
            0.000_000_4,
        ),
        figure("oldest", "E[surv6m | age > 100 and dzgroup == \"ARF/MOSF w/Sepsis\"]", None, None, 0.0),
    ]
}

fn reliability(stream: &mut Stream) -> Vec<Reliability> {
    let mut out = Vec::new();
    for (scenario, rows, _, _) in SCENARIOS {
        for (model, ..) in MODELS {
            let bins = (0..10)
                .filter(|b| !(model == "physician" && *b == 7))
                .map(|b| {
                    let centre = b as f64 / 10.0 + 0.05;
                    let n = (rows as f64 * 0.04 * (1.0 + 3.0 * stream.next())) as usize;
                    let bend = if model == "physician" { 0.12 } else { 0.03 };
                    let observed = stream.around(centre + bend * (0.5 - centre), 0.02).clamp(0.0, 1.0);
                    let half = 0.98 / (n.max(1) as f64).sqrt();
                    ReliabilityBin {
                        mean_predicted: stream.around(centre, 0.02).clamp(0.0, 1.0),
                        observed,
                        lo: (observed - half).max(0.0),
                        hi: (observed + half).min(1.0),
                        n,
                    }
                })
                .collect();
            out.push(Reliability { scenario: scenario.into(), task: "diagnosis".into(), model: model.into(), bins });
        }
    }
    out
}

fn distributions(stream: &mut Stream) -> Vec<Distribution> {
    let mut out = Vec::new();
    let quantities = [
        ("age", Some("a"), 18.0, 102.0),
        ("creatinine", Some("mg/dL"), 0.0, 12.0),
        ("charges", Some("USD"), 0.0, 1_400_000.0),
        ("surv6m", None, 0.0, 1.0),
    ];
    for (column, unit, lo, hi) in quantities {
        let shape = |centre: f64, i: usize| (-((i as f64 - centre) / 4.6).powi(2)).exp();
        let mut share = |centre: f64| -> Vec<f64> {
            let raw: Vec<f64> = (0..20).map(|i| shape(centre, i) * (0.85 + 0.3 * stream.next())).collect();
            let total: f64 = raw.iter().sum();
            raw.iter().map(|v| v / total).collect()
        };
        out.push(Distribution {
            generator: "g1".into(),
            column: column.into(),
            unit: unit.map(Into::into),
            edges: (0..=20).map(|i| lo + (hi - lo) * f64::from(i) / 20.0).collect(),
            levels: Vec::new(),
            real: share(9.0),
            synthetic: share(10.2),
            real_missing: Some(if column == "creatinine" { 0.0074 } else { 0.0 }),
            synthetic_missing: if column == "creatinine" { 0.0061 } else { 0.0 },
            distance: 0.0712,
            distance_name: "Kolmogorov-Smirnov".into(),
        });
    }
    let category = |column: &str, levels: &[(&str, f64, f64)]| Distribution {
        generator: "g1".into(),
        column: column.into(),
        unit: None,
        edges: Vec::new(),
        levels: levels.iter().map(|l| l.0.into()).collect(),
        real: levels.iter().map(|l| l.1).collect(),
        synthetic: levels.iter().map(|l| l.2).collect(),
        real_missing: Some(0.0046),
        synthetic_missing: 0.0,
        distance: 0.031,
        distance_name: "total variation".into(),
    };
    out.push(category(
        "race",
        &[
            ("white", 0.794, 0.801),
            ("black", 0.153, 0.161),
            ("hispanic", 0.032, 0.027),
            ("other", 0.012, 0.009),
            ("asian", 0.009, 0.002),
        ],
    ));
    out.push(category(
        "dzgroup",
        &[
            ("ARF/MOSF w/Sepsis & <other causes>", 0.386, 0.402),
            ("CHF", 0.152, 0.149),
            ("COPD", 0.106, 0.099),
            ("Lung Cancer", 0.1, 0.104),
            ("MOSF w/Malig", 0.078, 0.071),
            ("Coma", 0.065, 0.07),
            ("Colon Cancer", 0.056, 0.051),
            ("Cirrhosis", 0.057, 0.054),
        ],
    ));
    out
}
