//! Fixture families: from a case's input to the arguments of a builtin.

mod agreement;
mod calibration;
mod classification;
mod distance;
mod fairness;
mod inference;
mod text;

use super::harness::{Answer, Ask, Got};
use dbf::eval::estimate::Undefined;

/// Our answer to one expectation.
pub fn answer(ask: &Ask) -> Answer {
    match ask.family {
        "classification_binary" => classification::binary(ask),
        "classification_multiclass" => classification::multiclass(ask),
        "calibration" => calibration::answer(ask),
        "fairness" => fairness::answer(ask),
        "stat_tests" => inference::tests(ask),
        "mcnemar_proportions" => inference::proportions(ask),
        "multiple_testing" => inference::multiple(ask),
        "delong" => inference::delong(ask),
        "bootstrap" => inference::intervals(ask),
        "agreement" => agreement::answer(ask),
        "bleu" => text::bleu(ask),
        "chrf_ter" => text::chrf_ter(ask),
        "rouge" => text::rouge(ask),
        "porter_stemmer" => text::stems(ask),
        "distribution_distance" => distance::distances(ask),
        "privacy_anonymity" => distance::anonymity(ask),
        "synthetic_quality" => distance::quality(ask),
        "shapley_exact" => distance::explanations(ask),
        other => Err(Undefined::new(format!("the family `{other}` is not known"))),
    }
}

/// Fields that the fixtures call informative only.
pub fn informative(family: &str) -> &'static [&'static str] {
    match family {
        "distribution_distance" => &["location", "sign"],
        _ => &[],
    }
}

/// Whether a figure may stand where the peer breaks down: pyCANON's fixtures say so, unless the note asks for a
/// refusal.
pub fn may_answer(family: &str, note: &str) -> bool {
    family == "privacy_anonymity" && !note.contains("refuse")
}

/// Whether an answer other than the peer's is the one that a quirk's note accepts.
pub fn alternative(ask: &Ask, got: &Got, wrong: &[String]) -> bool {
    match ask.family {
        "calibration" => calibration::alternative(ask, got),
        "distribution_distance" => distance::alternative(ask, got) && wrong.iter().all(|w| w.starts_with(".pvalue")),
        _ => false,
    }
}

fn unknown(ask: &Ask) -> Answer {
    Err(Undefined::new(format!("the metric `{}` is not known", ask.metric)))
}
