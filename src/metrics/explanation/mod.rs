//! Metrics of explanations: what masking does to a model's answers, how many concepts an explanation
//! covers, Shapley values.

pub mod coalitions;
pub mod concepts;
pub mod saliency;
pub mod shapley;

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::{mean_interval_t, sum, wilson};

fn mean_of(x: &[f64], level: f64) -> Estimate {
    let interval = mean_interval_t(x, level);
    Estimate { interval, ..Estimate::plain(sum(x) / x.len() as f64, x.len()) }
}

fn check(before: &[f64], after: &[f64]) -> Result<(), Undefined> {
    checks::same_length(("answers", before.len()), ("masked answers", after.len()))?;
    checks::not_empty(before.len())?;
    checks::finite("answer", before)?;
    checks::finite("masked answer", after)
}

/// The effect of a random mask beside that of the explanation, as part `control`, with a remark when the
/// explanation does no better.
fn beside(out: Estimate, control: Option<Estimate>, better: impl Fn(f64, f64) -> bool) -> Estimate {
    let Some(control) = control else {
        return out.note("no random mask is given to compare with");
    };
    let worse = !better(out.value, control.value);
    let out = out.with("control", control.value);
    if worse { out.note("no better than the random mask") } else { out }
}

/// The proposal's Fidelity, verbatim: 1 - mean |f(x) - f(x without its top features)|. A figure of stability,
/// not of faithfulness: a constant model scores 1, and so does an explanation that points at features the
/// model ignores. `control` holds the answers with as many random features masked.
pub fn fidelity(before: &[f64], masked: &[f64], control: Option<&[f64]>, level: f64) -> Measured {
    let of = |after: &[f64]| -> Measured {
        check(before, after)?;
        let kept: Vec<f64> = before.iter().zip(after).map(|(a, b)| 1.0 - (a - b).abs()).collect();
        Ok(mean_of(&kept, level))
    };
    let out = of(masked)?;
    let control = control.map(of).transpose()?;
    // Masking what matters must move the answer more than masking at random.
    Ok(beside(out, control, |own, random| own < random))
}

/// Comprehensiveness (DeYoung et al. 2020): by how much the answer falls without the rationale. Higher is
/// better; both columns hold the probability of the class that was predicted before masking.
pub fn comprehensiveness(before: &[f64], masked: &[f64], control: Option<&[f64]>, level: f64) -> Measured {
    let of = |after: &[f64]| drop_of(before, after, level);
    let (out, control) = (of(masked)?, control.map(of).transpose()?);
    Ok(beside(out, control, |own, random| own > random))
}

/// Sufficiency (DeYoung et al. 2020): by how much the answer falls with the rationale alone. Lower is better.
pub fn sufficiency(before: &[f64], kept: &[f64], control: Option<&[f64]>, level: f64) -> Measured {
    let of = |after: &[f64]| drop_of(before, after, level);
    let (out, control) = (of(kept)?, control.map(of).transpose()?);
    Ok(beside(out, control, |own, random| own < random))
}

fn drop_of(before: &[f64], after: &[f64], level: f64) -> Measured {
    check(before, after)?;
    Ok(mean_of(&before.iter().zip(after).map(|(a, b)| a - b).collect::<Vec<_>>(), level))
}

/// The area under the answers along equal steps of masking (or of adding), the first column before any step;
/// trapezoids over 0..1, averaged over rows (Petsiuk et al. 2018). Deletion: lower is better; insertion: higher.
pub fn path_area(steps: &[&[f64]], level: f64) -> Measured {
    let rows = steps.first().map_or(0, |s| s.len());
    if steps.len() < 2 {
        return Err(Undefined::new("an area needs the answers of two steps or more"));
    }
    for step in steps {
        checks::same_length(("answers of one step", step.len()), ("of another", rows))?;
        checks::finite("answer", step)?;
    }
    checks::not_empty(rows)?;
    let width = 1.0 / (steps.len() - 1) as f64;
    let area = |row: usize| steps.windows(2).map(|w| (w[0][row] + w[1][row]) / 2.0 * width).sum();
    Ok(mean_of(&(0..rows).map(area).collect::<Vec<f64>>(), level))
}

/// The proposal's Completeness: the share of human-interpretable concepts that the explanation covers, one
/// row a concept. Whether a concept is covered (a significant activation vector, or enough attribution in
/// its mask) is decided by the caller, who names the test.
pub fn completeness(covered: &[bool], level: f64) -> Measured {
    checks::not_empty(covered.len())?;
    let (k, n) = (covered.iter().filter(|c| **c).count(), covered.len());
    Ok(Estimate { interval: wilson(k as u64, n as u64, level), ..Estimate::plain(k as f64 / n as f64, n) })
}

/// Concept completeness (Yeh et al. 2020): what share of the accuracy above chance the concepts alone keep.
pub fn concept_completeness(by_concepts: f64, whole: f64, chance: f64) -> Measured {
    let value = (by_concepts - chance) / (whole - chance);
    if !value.is_finite() {
        return Err(Undefined::new("the model is no better than chance, so there is nothing to keep"));
    }
    Ok(Estimate::plain(value, 0))
}

/// The share of rows whose strongest feature lies in the planted mask (the pointing game), with the mean
/// share of absolute attribution inside it as part `mass`. One column of attributions and of mask a feature;
/// the first of equal attributions points.
pub fn localisation(attributions: &[&[f64]], mask: &[&[bool]], level: f64) -> Measured {
    let rows = attributions.first().map_or(0, |a| a.len());
    checks::same_length(("features", attributions.len()), ("masks", mask.len()))?;
    checks::not_empty(rows)?;
    for (a, m) in attributions.iter().zip(mask) {
        checks::same_length(("attributions", a.len()), ("rows", rows))?;
        checks::same_length(("mask", m.len()), ("rows", rows))?;
        checks::finite("attribution", a)?;
    }
    let (mut hits, mut mass) = (0_u64, Vec::new());
    for row in 0..rows {
        let sizes: Vec<f64> = attributions.iter().map(|a| a[row].abs()).collect();
        let top = sizes.iter().enumerate().fold(0, |best, (i, v)| if *v > sizes[best] { i } else { best });
        hits += u64::from(mask[top][row]);
        let total: f64 = sizes.iter().sum();
        let inside: f64 = sizes.iter().zip(mask).filter(|(_, m)| m[row]).map(|(v, _)| v).sum();
        if total > 0.0 {
            mass.push(inside / total);
        }
    }
    let out = Estimate::plain(hits as f64 / rows as f64, rows);
    let out = Estimate { interval: wilson(hits, rows as u64, level), ..out };
    Ok(if mass.is_empty() { out } else { out.with("mass", sum(&mass) / mass.len() as f64) })
}

#[cfg(test)]
mod tests;
