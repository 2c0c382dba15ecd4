//! `stat_tests`, `mcnemar_proportions`, `multiple_testing`, `delong`, `bootstrap`.

use super::super::harness::{Answer, Ask, Got, call, call_for, categories, fields, levels, list, numbers, shown, text};
use super::unknown;
use dbf::eval::KernelArg;
use dbf::eval::estimate::{Estimate, Undefined};
use dbf::metrics::bootstrap::{self, Method};
use dbf::metrics::hypothesis::Alternative;
use dbf::metrics::resampling;
use std::collections::BTreeMap;

fn flag(v: bool) -> KernelArg {
    text(if v { "true" } else { "false" })
}

fn of(e: &Estimate, part: &str) -> Got {
    e.part(part).into()
}

pub fn tests(ask: &Ask) -> Answer {
    let (a, b) = (ask.numbers("a"), ask.numbers("b"));
    let alternative = text(ask.param("alternative"));
    let on = |key: &str| flag(ask.params[key] == true);
    let pair = || vec![KernelArg::Numbers(a.clone()), KernelArg::Numbers(b.clone())];
    let pool = || {
        let x = a.iter().chain(&b).copied().collect();
        let first = (0..a.len() + b.len()).map(|i| i < a.len()).collect();
        vec![KernelArg::Numbers(x), KernelArg::Bools(first)]
    };
    let with = |mut args: Vec<KernelArg>, more: Vec<KernelArg>| {
        args.extend(more);
        args
    };
    let t = |e: Estimate| {
        fields([
            ("statistic", of(&e, "statistic")),
            ("pvalue", e.value.into()),
            ("df", of(&e, "df")),
            ("ci_low", of(&e, "low")),
            ("ci_high", of(&e, "high")),
        ])
    };
    let plain = |e: Estimate| fields([("statistic", of(&e, "statistic")), ("pvalue", e.value.into())]);
    match ask.metric {
        "ttest_rel" => Ok(t(call("paired_t", with(pair(), vec![alternative]))?)),
        "ttest_ind" => {
            let name = if ask.params["equal_var"] == true { "student_t" } else { "welch_t" };
            Ok(t(call(name, with(pool(), vec![alternative]))?))
        }
        "wilcoxon" => {
            let more = vec![text(ask.param("zero_method")), on("correction"), text(ask.param("method")), alternative];
            Ok(plain(call("wilcoxon", with(pair(), more))?))
        }
        "mannwhitneyu" => {
            let more = vec![on("use_continuity"), text(ask.param("method")), alternative];
            Ok(plain(call("mann_whitney", with(pool(), more))?))
        }
        "permutation_test" => {
            let independent = ask.param("permutation_type") == "independent";
            let (name, args) = if independent { ("permutation", pool()) } else { ("permutation_pairs", pair()) };
            let e = call(name, with(args, vec![alternative]))?;
            let count = of(&e, "permutations");
            Ok(fields([("statistic", of(&e, "statistic")), ("pvalue", e.value.into()), ("n_permutations", count)]))
        }
        _ => unknown(ask),
    }
}

pub fn proportions(ask: &Ask) -> Answer {
    // Two flags, their four combinations weighted by the counts.
    let flags =
        || vec![KernelArg::Bools(vec![true, true, false, false]), KernelArg::Bools(vec![true, false, true, false])];
    let cells: Vec<f64> = list(&ask.input["table"]).iter().flat_map(numbers).collect();
    let weight = KernelArg::Numbers(cells);
    let on = |key: &str| flag(ask.params[key] == true);
    let with = |more: Vec<KernelArg>| {
        let mut args = flags();
        args.extend(more);
        args
    };
    match ask.metric {
        "mcnemar" => {
            let e = call("mcnemar", with(vec![on("exact"), on("correction"), weight]))?;
            Ok(fields([("statistic", of(&e, "statistic")), ("pvalue", e.value.into())]))
        }
        "chi2_contingency" => {
            let two = |codes| levels(codes, vec!["yes".into(), "no".into()]);
            let args = vec![two(vec![0, 0, 1, 1]), two(vec![0, 1, 0, 1]), on("correction"), weight, text("true")];
            let e = call("chi_square", args)?;
            let cell = |i: usize, j: usize| of(&e, &format!("expected {i} {j}"));
            let expected = Got::List((1..=2).map(|i| Got::List(vec![cell(i, 1), cell(i, 2)])).collect());
            Ok(fields([
                ("statistic", of(&e, "statistic")),
                ("pvalue", e.value.into()),
                ("dof", of(&e, "df")),
                ("expected", expected),
            ]))
        }
        "fisher_exact" => {
            let e = call("fisher", with(vec![text(ask.param("alternative")), weight]))?;
            Ok(fields([("odds_ratio", of(&e, "odds_ratio")), ("pvalue", e.value.into())]))
        }
        "proportion_confint" => {
            let (k, n) =
                (super::super::harness::number(&ask.input["count"]), super::super::harness::number(&ask.input["nobs"]));
            let method = if ask.param("method") == "beta" { "clopper_pearson" } else { ask.param("method") };
            let hit = KernelArg::Bools(vec![true, false]);
            let level = KernelArg::Number(1.0 - ask.param_number("alpha"));
            let e = call("proportion", vec![hit, text(method), level, KernelArg::Numbers(vec![k, n - k])])?;
            Ok(fields([("low", of(&e, "low")), ("high", of(&e, "high"))]))
        }
        "proportions_ztest" => {
            let (k, n) = (ask.numbers("counts"), ask.numbers("nobs"));
            let cells = vec![k[0], k[1], n[0] - k[0], n[1] - k[1]];
            let alternative = match ask.param("alternative") {
                "smaller" => "less",
                "larger" => "greater",
                other => other,
            };
            let e = call("two_proportions", with(vec![text(alternative), KernelArg::Numbers(cells)]))?;
            Ok(fields([("statistic", of(&e, "statistic")), ("pvalue", e.value.into())]))
        }
        _ => unknown(ask),
    }
}

pub fn multiple(ask: &Ask) -> Answer {
    let p = ask.numbers("pvalues");
    let alpha = super::super::harness::number(&ask.input["alpha"]);
    let method = match ask.param("method") {
        "simes-hochberg" => "hochberg",
        "fdr_bh" => "bh",
        "fdr_by" => "by",
        other => other,
    };
    let e = call("adjusted_p", vec![KernelArg::Numbers(p.clone()), text(method), KernelArg::Number(alpha)])?;
    let adjusted: Vec<Option<f64>> = (1..=p.len()).map(|i| e.part(&format!("row {i}"))).collect();
    let decision = |i: usize| Got::Flag(e.part(&format!("rejected {i}")) == Some(1.0));
    let rejected = Got::List((1..=p.len()).map(decision).collect());
    Ok(fields([("adjusted", adjusted.into()), ("reject", rejected)]))
}

pub fn delong(ask: &Ask) -> Answer {
    let scores: Vec<KernelArg> = list(&ask.input["scores"]).iter().map(numbers).map(KernelArg::Numbers).collect();
    let y = KernelArg::Bools(ask.numbers("y_true").iter().map(|v| *v == 1.0).collect());
    match ask.metric {
        "delong_auc" => {
            let index = ask.param_number("score_index") as usize;
            let args = vec![scores[index].clone(), y.clone()];
            let auc: Got = call("auroc", vec![scores[index].clone(), y, KernelArg::Number(1.0)])?.into();
            // Without a variance there is still an AUROC.
            let e = call("auroc_delong", args).unwrap_or_else(|_| Estimate::plain(0.0, 0));
            let two = |a: &str, b: &str| Got::List(vec![of(&e, a), of(&e, b)]);
            Ok(fields([
                ("auc", auc),
                ("var", of(&e, "variance")),
                ("ci95", two("low", "high")),
                ("ci95_logit", two("logit_low", "logit_high")),
            ]))
        }
        "delong_compare" => {
            let e = call("auroc_difference", vec![scores[0].clone(), scores[1].clone(), y])?;
            Ok(fields([
                ("cov", of(&e, "covariance")),
                ("diff", e.value.into()),
                ("z", of(&e, "statistic")),
                ("pvalue", of(&e, "p")),
            ]))
        }
        _ => unknown(ask),
    }
}

/// The columns of a bootstrap case, read once.
struct Data<'a> {
    statistic: &'a str,
    columns: BTreeMap<&'a str, Vec<f64>>,
    groups: Vec<u32>,
    names: Vec<String>,
}

impl<'a> Data<'a> {
    fn of(ask: &Ask<'a>) -> Data<'a> {
        let data = ask.input["data"].as_object();
        let columns = data.into_iter().flatten().map(|(k, v)| (k.as_str(), numbers(v))).collect();
        let groups: Vec<String> = list(&ask.input["data"]["group"]).iter().map(shown).collect();
        let by = categories(&groups);
        let (groups, names) = match by.levels() {
            Ok((codes, names)) => (codes.to_vec(), names.to_vec()),
            Err(_) => (Vec::new(), Vec::new()),
        };
        Data { statistic: ask.input["statistic"].as_str().unwrap_or(""), columns, groups, names }
    }

    fn rows(&self) -> usize {
        self.columns.values().next().map_or(0, Vec::len)
    }

    /// The builtin that bootstraps this statistic, where there is one.
    fn bootstrap(&self) -> Option<(&'static str, Vec<KernelArg>)> {
        let column = |key: &str| self.columns.get(key).cloned().unwrap_or_default();
        let flags = |key: &str| KernelArg::Bools(column(key).into_iter().map(|v| v == 1.0).collect());
        match self.statistic {
            "mean" => Some(("bootstrap_mean", vec![KernelArg::Numbers(column("x"))])),
            "mean_diff" => {
                let d = column("a").iter().zip(column("b")).map(|(a, b)| a - b).collect();
                Some(("bootstrap_mean", vec![KernelArg::Numbers(d)]))
            }
            "accuracy" => {
                let right = column("y").iter().zip(column("y_pred")).map(|(a, b)| *a == b).collect();
                Some(("bootstrap_rate", vec![KernelArg::Bools(right)]))
            }
            "auroc" => Some(("bootstrap_auroc", vec![KernelArg::Numbers(column("score")), flags("y")])),
            _ => None,
        }
    }

    /// The statistic over chosen rows, through the builtins where there is one.
    fn statistic(&self, rows: &[usize]) -> Result<f64, Undefined> {
        let take = |key: &str| -> Vec<f64> {
            self.columns.get(key).map_or_else(Vec::new, |x| rows.iter().filter_map(|&r| x.get(r).copied()).collect())
        };
        let flags = |key: &str| KernelArg::Bools(take(key).into_iter().map(|v| v == 1.0).collect());
        let one = KernelArg::Number(1.0);
        let none = || Undefined::new("there are no rows");
        let mean = |x: Vec<f64>| dbf::eval::aggregate::mean(&x).ok_or_else(none);
        match self.statistic {
            "mean" => mean(take("x")),
            "median" => {
                let mut x = take("x");
                x.sort_by(f64::total_cmp);
                dbf::eval::aggregate::quantile(&x, 0.5).ok_or_else(none)
            }
            "mean_diff" => mean(take("a").iter().zip(take("b")).map(|(a, b)| a - b).collect()),
            "auroc" => Ok(call("auroc", vec![KernelArg::Numbers(take("score")), flags("y"), one])?.value),
            "accuracy" => Ok(call("accuracy", vec![flags("y_pred"), flags("y"), one])?.value),
            "dpd" => {
                let own = rows.iter().filter_map(|&r| self.groups.get(r).copied()).collect();
                let by = levels(own, self.names.clone());
                let args = vec![flags("y_pred"), by, text("between_groups"), text("keep"), one];
                Ok(call("demographic_parity_difference", args)?.value)
            }
            other => Err(Undefined::new(format!("the statistic `{other}` is not known"))),
        }
    }
}

pub fn intervals(ask: &Ask) -> Answer {
    let data = Data::of(ask);
    let n = data.rows();
    let all: Vec<usize> = (0..n).collect();
    let distribution = ask.numbers("bootstrap_distribution");
    let two = |(lo, hi): (f64, f64)| fields([("low", lo.into()), ("high", hi.into())]);
    match ask.metric {
        "estimate" => Ok(data.statistic(&all)?.into()),
        "standard_error" => Ok(bootstrap::standard_error(&distribution)?.into()),
        "ci" => {
            let method = match ask.param("method") {
                "percentile" => Method::Percentile,
                "basic" => Method::Basic,
                _ => Method::Bca,
            };
            let without = |left: usize| -> Vec<usize> { all.iter().copied().filter(|r| *r != left).collect() };
            let jackknife = if method == Method::Bca {
                all.iter().map(|&r| data.statistic(&without(r))).collect::<Result<Vec<f64>, _>>()?
            } else {
                vec![0.0; n]
            };
            let alternative = Alternative::named(ask.param("alternative"))?;
            let level = ask.param_number("confidence_level");
            let value = data.statistic(&all)?;
            Ok(two(bootstrap::interval(&distribution, value, &jackknife, method, level, alternative)?))
        }
        "ci_mc" => {
            if let Some((name, mut args)) = data.bootstrap() {
                let none = || KernelArg::Columns(Vec::new());
                args.extend([none(), none(), text("percentile"), text("replace")]);
                args.extend([KernelArg::Number(20_000.0), KernelArg::Number(ask.param_number("confidence_level"))]);
                let e = call_for(name, args, true)?;
                return Ok(fields([("low", of(&e, "low")), ("high", of(&e, "high"))]));
            }
            let draws = resampling::bootstrap_rows(n, 20_000, 7, |rows| {
                let rows: Vec<usize> = rows.iter().map(|&r| r as usize).collect();
                data.statistic(&rows).unwrap_or(f64::NAN)
            });
            let draws: Vec<f64> = draws.into_iter().filter(|v| v.is_finite()).collect();
            let level = ask.param_number("confidence_level");
            let (lo, hi) =
                bootstrap::interval(&draws, 0.0, &[0.0, 0.0], Method::Percentile, level, Alternative::TwoSided)?;
            Ok(two((lo, hi)))
        }
        _ => unknown(ask),
    }
}
