//! What is worst, in a sentence a section.

use super::record::{Aim, Figure, Line, Section, SyntheticReport};
use crate::synth::controls::{CONTROLS, copula};

/// AUC on copies of the training rows below which an attack cannot be said to have failed on a generator.
const POWERLESS: f64 = 0.6;

/// R² of real records against real ones below which the figure says nothing about a generator.
const SAYS_LITTLE: f64 = 0.3;

/// Writes the sentence of every section.
pub fn say(report: &mut SyntheticReport) {
    let says: Vec<String> = report.sections.iter().map(|s| sentence(s, report)).collect();
    for (section, text) in report.sections.iter_mut().zip(says) {
        section.says = text;
    }
}

fn sentence(section: &Section, report: &SyntheticReport) -> String {
    let line = |name: &str| section.lines.iter().find(|l| l.figure == name);
    let own = |name: &str| line(name).map(|l| &l.own);
    let value = |name: &str| own(name).and_then(|f| f.value);
    let noted = |name: &str| own(name).and_then(|f| f.notes.first()).cloned().unwrap_or_default();
    let parts: Vec<String> = match section.name.as_str() {
        "fidelity" => records(section).into_iter().chain(fidelity(report, value("two_sample_auc"))).collect(),
        "utility" => ["logistic", "boosted_trees"].iter().filter_map(|m| lost(m, section)).collect(),
        "privacy" => privacy(section),
        "fairness" => fairness(section, report),
        "coverage" => {
            let mut out = Vec::new();
            match report.subgroups.iter().filter(|g| g.lost).count() {
                0 if report.subgroups.is_empty() => {}
                0 => out.push("no group of the real rows is lost".to_string()),
                _ => out.push(format!("groups of the real rows are lost ({})", noted("categories_kept"))),
            }
            let strong = [("worst_cell", "among protected cells"), ("worst_category", "among categories")];
            for (name, place) in strong {
                if let Some(v) = value(name).filter(|_| !noted(name).is_empty()) {
                    out.push(format!("{place} {}: odds off by a factor of {}", noted(name), short(v.exp())));
                }
            }
            out
        }
        "missingness" => {
            let mut out = Vec::new();
            for (name, what) in [("missing_rate_gap", "rates"), ("missing_together_gap", "missing together")] {
                let note = noted(name);
                if !note.is_empty() {
                    out.push(format!("{what}: worst is {note}"));
                }
            }
            out
        }
        _ => match report.rules.first() {
            Some(worst) if worst.broken > 0 => {
                vec![format!("{} breaks in {} of {} rows", worst.rule, worst.broken, report.synthetic_rows)]
            }
            Some(_) => vec![format!("every row keeps all {} rules", report.rules.len())],
            None => Vec::new(),
        },
    };
    let mut parts = parts;
    if ["fidelity", "utility", "fairness", "coverage"].contains(&section.name.as_str())
        && report.kind != copula::KIND
        && let Some(text) = beside_copula(section)
    {
        parts.push(text);
    }
    if parts.is_empty() {
        let why = section.lines.iter().find_map(|l| l.own.undefined.clone());
        return why.map_or_else(|| "Nothing to compare.".into(), |w| sentence_of(&w));
    }
    sentence_of(&parts.join("; "))
}

/// On how many figures the Gaussian copula, two seconds of linear algebra, does better.
fn beside_copula(section: &Section) -> Option<String> {
    let at = CONTROLS.iter().position(|c| *c == copula::KIND)?;
    let compared: Vec<bool> = section.lines.iter().filter_map(|l| no_worse(l, &l.own, l.floors.get(at)?)).collect();
    let better = compared.iter().filter(|own| !**own).count();
    (better > 0).then(|| format!("the Gaussian copula does better in {better} of {} figures", compared.len()))
}

/// With a capital and a stop.
fn sentence_of(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

fn short(v: f64) -> String {
    if v.abs() >= 100.0 {
        format!("{v:.0}")
    } else if v.abs() >= 10.0 {
        format!("{v:.1}")
    } else {
        format!("{v:.2}")
    }
}

/// What there is to say of whole records.
fn records(section: &Section) -> Option<String> {
    let value = |name: &str| {
        let line = section.lines.iter().find(|l| l.figure == name)?;
        Some((line.own.value?, line.ceiling.value?))
    };
    let (worst, (own, real)) = [("same_visit_r2", "codes in a visit"), ("sequential_r2", "codes of successive visits")]
        .into_iter()
        .filter_map(|(name, what)| Some((what, value(name)?)))
        .max_by(|a, b| (a.1.1 - a.1.0).total_cmp(&(b.1.1 - b.1.0)))?;
    let mut out = format!("{worst} go together less than in real records: R² {own:.3}, real against real {real:.3}");
    if real < SAYS_LITTLE {
        out = format!(
            "codes are spread too evenly, or people too few, for R² to say how codes go together (real against real {real:.3})"
        );
    } else if own >= real {
        out = format!("codes go together as in real records: R² of {worst} {own:.3}, real against real {real:.3}");
    }
    if let Some((own, real)) = value("visits_mean") {
        let percent = 100.0 * (own / real - 1.0);
        out += &format!("; records have {own:.1} visits where real ones have {real:.1} ({percent:+.0} %)");
    }
    Some(out)
}

fn fidelity(report: &SyntheticReport, told: Option<f64>) -> Vec<String> {
    let mut out = Vec::new();
    let least = |a: f64, b: f64| a.total_cmp(&b);
    let column = report.columns.iter().filter_map(|c| Some((c, c.shape?))).min_by(|a, b| least(a.1, b.1));
    if let Some((c, shape)) = column {
        let real = c.ceiling.map(|r| format!(" (real against real {r:.3})")).unwrap_or_default();
        out.push(format!("the worst column is `{}`, shape {shape:.3}{real}", c.column));
    }
    let pair = report.pairs.iter().filter_map(|p| Some((p, p.trend?))).min_by(|a, b| least(a.1, b.1));
    if let Some((p, trend)) = pair {
        out.push(format!("the worst pair is `{}` with `{}`, trend {trend:.3}", p.a, p.b));
    }
    if let Some(auc) = told {
        out.push(match auc {
            v if v > 0.9 => format!("a classifier tells nearly every synthetic row ({v:.3})"),
            v if v > 0.7 => format!("a classifier tells synthetic rows well ({v:.3})"),
            v if v > 0.6 => format!("a classifier tells synthetic rows somewhat ({v:.3})"),
            v => format!("a classifier hardly tells synthetic rows ({v:.3})"),
        });
    }
    out
}

fn lost(model: &str, section: &Section) -> Option<String> {
    let line = section.lines.iter().find(|l| l.figure == format!("auroc_lost_{model}"))?;
    let v = line.own.value?;
    let (name, s) = if model == "logistic" { ("a logistic regression", "s") } else { ("boosted trees", "") };
    let side = line.own.interval.as_ref();
    Some(match side {
        Some(i) if i.lo > 0.0 => format!("{name} trained on it lose{s} {v:.3} AUROC, more than chance"),
        Some(i) if i.hi < 0.0 => format!("{name} trained on it gain{s} {:.3} AUROC", -v),
        _ => format!("{name} trained on it lose{s} no AUROC that can be told from chance ({v:.3})"),
    })
}

fn privacy(section: &Section) -> Vec<String> {
    let mut out = Vec::new();
    let is_of_records = section.lines.iter().any(|l| l.figure == "membership_hamming_auc");
    let attacks = [
        ("membership_auc", "membership by nearest row"),
        ("membership_density_auc", "membership by density"),
        ("outlier_membership_auc", "membership of outliers"),
        ("membership_hamming_auc", "membership by the nearest record's codes"),
    ];
    for (name, what) in attacks {
        let Some(line) = section.lines.iter().find(|l| l.figure == name) else { continue };
        if let (Some(v), Some(i)) = (line.own.value, &line.own.interval)
            && i.lo > 0.5
        {
            out.push(format!("{what} works: AUC {v:.3}, beyond chance"));
        }
    }
    let more = |name: &str, floor: f64| {
        section
            .lines
            .iter()
            .find(|l| l.figure == name)
            .filter(|l| l.own.interval.as_ref().is_some_and(|i| i.lo > floor))
    };
    if let Some(line) = more("attribute_gain", 0.0) {
        let note = line.own.notes.first().map(|n| format!(" ({n})")).unwrap_or_default();
        out.push(format!("secrets of training rows can be told better than by other people's rows{note}"));
    }
    let copies = section.lines.iter().find(|l| l.figure == "exact_copies");
    let (what, one) = if is_of_records { ("records", "record") } else { ("rows", "row") };
    if let Some((line, own, real)) = copies.and_then(|l| Some((l, l.own.value?, l.ceiling.value?)))
        && line.own.interval.as_ref().is_some_and(|i| i.lo > real)
    {
        out.push(format!(
            "{:.1} % of its {what} equal a training {one}, against {:.1} % of real ones",
            own * 100.0,
            real * 100.0
        ));
    }
    if out.is_empty() {
        out.push(format!("no attack of this list tells training {what} from hold-out {what}"));
    }
    let first = if is_of_records { "membership_hamming_auc" } else { "membership_auc" };
    let power = section.lines.iter().find(|l| l.figure == first).and_then(|l| l.floors.get(1)?.value);
    match power {
        Some(v) if v < POWERLESS => out.push(format!(
            "the first attack has no power here: even on copies of the training {what} it reaches {v:.3} only, since \
             hold-out {what} equal or nearly equal training {what}"
        )),
        Some(v) => out.push(format!("on copies of the training {what} the first attack reaches {v:.3}")),
        None => {}
    }
    out.push("that attacks fail proves nothing about better ones".into());
    out
}

fn fairness(section: &Section, report: &SyntheticReport) -> Vec<String> {
    let mut out = Vec::new();
    for column in &report.protected {
        let figures = |kind: &str| {
            let line = section.lines.iter().find(|l| l.figure == format!("{kind}({column})"))?;
            Some((line.own.value?, line.ceiling.value?))
        };
        if let Some((own, real)) = figures("label_gap") {
            let word = if own > real { "wider" } else { "narrower" };
            out.push(format!("the label gap by `{column}` is {own:.3}, {word} than the real {real:.3}"));
        }
        if let Some((own, real)) = figures("dpd") {
            out.push(format!("a classifier trained on it has parity difference {own:.3}, on real rows {real:.3}"));
        }
    }
    if out.is_empty() && report.protected.is_empty() {
        out.push("the data has no protected column that the generator makes".into());
    }
    out
}

/// Whether a figure lies at least as well as another, by its aim; nothing where one has no value.
fn no_worse(line: &Line, own: &Figure, other: &Figure) -> Option<bool> {
    let (a, b) = (own.value?, other.value?);
    let real = line.ceiling.value;
    Some(match line.aim {
        Aim::Higher => a >= b,
        Aim::Lower => a <= b,
        Aim::Half => (a - 0.5).abs() <= (b - 0.5).abs(),
        Aim::LikeReal => (a - real?).abs() <= (b - real?).abs(),
    })
}
