//! `distribution_distance`, `synthetic_quality`, `privacy_anonymity`, `shapley_exact`.

use super::super::harness::{Answer, Ask, Got, call, categories, fields, levels, list, number, numbers, shown, text};
use super::unknown;
use dbf::eval::KernelArg;
use dbf::eval::estimate::{Estimate, Undefined};
use dbf::metrics::explanation::shapley;
use serde_json::Value;

pub fn distances(ask: &Ask) -> Answer {
    if ask.input["kind"] == "histograms" {
        return histograms(ask);
    }
    let (a, b) = (ask.numbers("a"), ask.numbers("b"));
    let x = KernelArg::Numbers(a.iter().chain(&b).copied().collect());
    let first = KernelArg::Bools((0..a.len() + b.len()).map(|i| i < a.len()).collect());
    let weighted = !ask.input["a_weights"].is_null() || !ask.input["b_weights"].is_null();
    let side = |key: &str, n: usize| if ask.input[key].is_null() { vec![1.0; n] } else { ask.numbers(key) };
    let weight = if weighted {
        KernelArg::Numbers(side("a_weights", a.len()).into_iter().chain(side("b_weights", b.len())).collect())
    } else {
        KernelArg::Number(1.0)
    };
    match ask.metric {
        "ks_2samp" => {
            let method = text(if ask.param("method") == "asymp" { "asymptotic" } else { ask.param("method") });
            let e = call("kolmogorov_smirnov", vec![x, first, method, text(ask.param("alternative"))])?;
            Ok(fields([("statistic", e.value.into()), ("pvalue", e.part("p").into())]))
        }
        "wasserstein" | "energy_distance" => Ok(call(ask.metric, vec![x, first, weight])?.into()),
        _ => unknown(ask),
    }
}

fn histograms(ask: &Ask) -> Answer {
    let (p, q) = (ask.numbers("p"), ask.numbers("q"));
    if p.len() != q.len() {
        return Err(Undefined::new("the histograms have different bins"));
    }
    let k = p.len();
    let names = (0..k).map(|i| i.to_string()).collect();
    let x = levels((0..p.len()).chain(0..q.len()).map(|i| i as u32).collect(), names);
    let first = KernelArg::Bools((0..p.len() + q.len()).map(|i| i < p.len()).collect());
    let weight = KernelArg::Numbers(p.into_iter().chain(q).collect());
    let based = |name: &str, base: f64| {
        Ok(call(name, vec![x.clone(), first.clone(), KernelArg::Number(base), weight.clone()])?.into())
    };
    match ask.metric {
        "jensenshannon" => based(
            "jensen_shannon",
            if ask.param("base") == "e" { std::f64::consts::E } else { ask.param_number("base") },
        ),
        "js_divergence_bits" => based("jensen_shannon_divergence", 2.0),
        "kl_nats_p_q" => based("kullback_leibler", std::f64::consts::E),
        "total_variation" => Ok(call("total_variation", vec![x, first, weight])?.into()),
        _ => unknown(ask),
    }
}

/// SciPy's asymptotic p of two single values is NaN; any value in 0..1 is accepted.
pub fn alternative(ask: &Ask, got: &Got) -> bool {
    let Got::Fields(fields) = got else { return false };
    let p = matches!(fields.get("pvalue"), Some(Got::Number(p)) if (0.0..=1.0).contains(p));
    ask.metric == "ks_2samp" && ask.param("method") == "asymp" && p
}

pub fn anonymity(ask: &Ask) -> Answer {
    let columns = |key: &str| {
        let of = |name: &Value| {
            let cells = list(&ask.input["columns"][name.as_str().unwrap_or("")]);
            if cells.iter().all(Value::is_number) && !cells.is_empty() {
                return KernelArg::Numbers(cells.iter().map(number).collect());
            }
            categories(&cells.iter().map(shown).collect::<Vec<_>>())
        };
        KernelArg::Columns(list(&ask.input[key]).iter().map(of).collect())
    };
    let (quasi, sensitive) = (columns("qi"), columns("sa"));
    // A missing group of people is a group; a missing sensitive value is unknown.
    let missing = |name: &Value| list(&ask.input["columns"][name.as_str().unwrap_or("")]).iter().any(Value::is_null);
    if !["k_anonymity", "class_sizes"].contains(&ask.metric) && list(&ask.input["sa"]).iter().any(missing) {
        return Err(Undefined::new("a sensitive value is missing"));
    }
    let sizes = || call("k_anonymity", vec![quasi.clone(), KernelArg::Number(3.0)]);
    let asked = |name: &str| call(name, vec![quasi.clone(), sensitive.clone()]);
    match ask.metric {
        "k_anonymity" => Ok(sizes()?.into()),
        "alpha_k_anonymity" => {
            Ok(fields([("alpha", asked("alpha_anonymity")?.value.into()), ("k", sizes()?.value.into())]))
        }
        "l_diversity" | "entropy_l_diversity" | "t_closeness" | "delta_disclosure" => Ok(asked(ask.metric)?.into()),
        "basic_beta_likeness" => Ok(asked("beta_likeness")?.into()),
        "class_sizes" => {
            let e = sizes()?;
            let of = |part: &str| Got::from(e.part(part));
            Ok(fields([
                ("classes", of("classes")),
                ("min", e.value.into()),
                ("max", of("largest")),
                ("mean", of("mean_size")),
                ("rows_in_classes_below_3", of("rows_below")),
                ("unique_rows", of("unique_rows")),
            ]))
        }
        _ => unknown(ask),
    }
}

/// A column of the real table with that of the synthetic one below it.
fn pooled(kind: &str, real: &Value, synthetic: &Value) -> KernelArg {
    let cells = || list(real).iter().chain(list(synthetic));
    if kind == "numerical" {
        return KernelArg::Numbers(cells().map(|v| if v.is_null() { f64::NAN } else { number(v) }).collect());
    }
    KernelArg::Texts(cells().map(|v| (!v.is_null()).then(|| shown(v))).collect())
}

pub fn quality(ask: &Ask) -> Answer {
    let (real, synthetic) = (list(&ask.input["real"]), list(&ask.input["synthetic"]));
    let kinds = list(&ask.input["kinds"]).iter().filter_map(Value::as_str);
    let columns: Vec<KernelArg> = kinds.zip(real).zip(synthetic).map(|((k, r), s)| pooled(k, r, s)).collect();
    let (m, n) = (real.first().map_or(0, |c| list(c).len()), synthetic.first().map_or(0, |c| list(c).len()));
    let first = KernelArg::Bools((0..m + n).map(|row| row < m).collect());
    let thresholds = ["real_correlation_threshold", "real_association_threshold"];
    let related = |name: &str| {
        let mut args = vec![KernelArg::Columns(columns.clone()), first.clone()];
        args.extend(thresholds.map(|t| KernelArg::Number(ask.param_number(t))));
        call(name, args)
    };
    let scored = |found: Result<Estimate, Undefined>, part: &str, parts: usize| {
        let details = found.as_ref().map(|e| e.parts.iter().filter(|p| p.group.starts_with(part)).map(|p| p.value));
        let details: Vec<Option<f64>> = details.map_or_else(|_| vec![None; parts], Iterator::collect);
        fields([("score", found.map(Got::from).into()), ("details", details.into())])
    };
    match ask.metric {
        "column_shapes" => {
            let found = call("column_shapes", vec![KernelArg::Columns(columns.clone()), first.clone()]);
            Ok(scored(found, "column ", columns.len()))
        }
        "column_pair_trends" => {
            Ok(scored(related("column_pair_trends"), "pair ", columns.len() * (columns.len() - 1) / 2))
        }
        "quality" => Ok(related("synthetic_quality")?.into()),
        "cs_test" => {
            let at = ask.params["column"].as_u64().unwrap_or(0) as usize;
            let cells: Vec<String> = list(&real[at]).iter().chain(list(&synthetic[at])).map(shown).collect();
            Ok(call("chi_square_proportions", vec![categories(&cells), first])?.into())
        }
        _ => unknown(ask),
    }
}

/// The small models of the fixture.
fn model(m: &Value, x: &[f64]) -> f64 {
    let linear = || numbers(&m["w"]).iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + number(&m["b"]);
    match m["kind"].as_str().unwrap_or("") {
        "linear" => linear(),
        "logistic" => 1.0 / (1.0 + (-linear()).exp()),
        "product" => x.iter().product(),
        "max" => x.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "and_or" => f64::from(u8::from((x[0] > 0.0 && x[1] > 0.0) || x[2] > 0.0)),
        "tree" => {
            let mut node = &m["root"];
            while node["value"].is_null() {
                let feature = node["feature"].as_u64().unwrap_or(0) as usize;
                node = &node[if x[feature] <= number(&node["threshold"]) { "left" } else { "right" }];
            }
            number(&node["value"])
        }
        _ => f64::NAN,
    }
}

pub fn explanations(ask: &Ask) -> Answer {
    let f = |x: &[f64]| model(&ask.input["model"], x);
    let rows: Vec<Vec<f64>> = list(&ask.input["x"]).iter().map(numbers).collect();
    let background: Vec<Vec<f64>> = list(&ask.input["background"]).iter().map(numbers).collect();
    let explained: Result<Vec<_>, _> = rows.iter().map(|x| shapley::exact(f, x, &background)).collect();
    let explained = explained?;
    match ask.metric {
        "shapley" => Ok(fields([
            ("base", explained[0].base.into()),
            ("phi", Got::List(explained.iter().map(|e| e.phi.clone().into()).collect())),
            ("f_x", explained.iter().map(|e| e.answer).collect::<Vec<_>>().into()),
        ])),
        "fidelity" => {
            let k = ask.param_number("top_k") as usize;
            let mean = |i: usize| background.iter().map(|b| b[i]).sum::<f64>() / background.len() as f64;
            let masked = |(x, e): (&Vec<f64>, &shapley::Explanation)| {
                let mut x = x.clone();
                shapley::top(&e.phi, k).into_iter().for_each(|i| x[i] = mean(i));
                f(&x)
            };
            let after = KernelArg::Numbers(rows.iter().zip(&explained).map(masked).collect());
            let before = KernelArg::Numbers(explained.iter().map(|e| e.answer).collect());
            Ok(call("fidelity", vec![before, after, KernelArg::Columns(Vec::new())])?.into())
        }
        _ => unknown(ask),
    }
}
