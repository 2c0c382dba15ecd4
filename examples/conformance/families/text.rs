//! `bleu`, `chrf_ter`, `rouge`, `porter_stemmer`.

use super::super::harness::{Answer, Ask, Got, call, fields, list, text};
use super::unknown;
use dbf::eval::KernelArg;
use dbf::eval::estimate::{Estimate, Undefined};
use dbf::metrics::text::porter;
use serde_json::Value;

fn texts(v: &Value) -> KernelArg {
    KernelArg::Texts(list(v).iter().map(|t| t.as_str().map(str::to_string)).collect())
}

/// Hypotheses and reference columns; a sentence metric is asked about the first row.
fn pairs(ask: &Ask) -> Vec<KernelArg> {
    let only = |v: &Value| match list(v).first() {
        Some(first) if ask.metric.starts_with("sentence") => Value::Array(vec![first.clone()]),
        _ => v.clone(),
    };
    let references = list(&ask.input["references"]).iter().map(|r| texts(&only(r))).collect();
    vec![texts(&only(&ask.input["hypotheses"])), KernelArg::Columns(references)]
}

fn flag(ask: &Ask, key: &str, default: bool) -> KernelArg {
    text(if ask.params[key].as_bool().unwrap_or(default) { "true" } else { "false" })
}

fn number(ask: &Ask, key: &str, default: f64) -> KernelArg {
    KernelArg::Number(ask.params[key].as_f64().unwrap_or(default))
}

fn word(ask: &Ask, key: &str, default: &str) -> KernelArg {
    text(ask.params[key].as_str().unwrap_or(default))
}

fn signature(e: &Estimate) -> Got {
    e.notes.last().map_or_else(|| Got::Refused("no signature".into()), |n| Got::Text(n.clone()))
}

pub fn bleu(ask: &Ask) -> Answer {
    let mut args = pairs(ask);
    args.extend([
        word(ask, "tokenize", "13a"),
        flag(ask, "lowercase", false),
        word(ask, "smooth_method", "exp"),
        number(ask, "smooth_value", -1.0),
        flag(ask, "effective_order", false),
        number(ask, "max_ngram_order", 4.0),
    ]);
    let e = call("bleu", args)?;
    let of = |part: &str| Got::from(e.part(part));
    let row = |name: &str| -> Got {
        let parts = e.parts.iter().filter(|p| p.group.starts_with(&format!("{name} ")));
        parts.map(|p| p.value).collect::<Vec<_>>().into()
    };
    Ok(fields([
        ("score", e.value.into()),
        ("precisions", row("precision")),
        ("bp", of("brevity_penalty")),
        ("sys_len", of("length")),
        ("ref_len", of("reference_length")),
        ("counts", row("matches")),
        ("totals", row("totals")),
        ("signature", signature(&e)),
    ]))
}

pub fn chrf_ter(ask: &Ask) -> Answer {
    let mut args = pairs(ask);
    match ask.metric {
        "corpus_chrf" | "sentence_chrf" => {
            args.extend([
                number(ask, "char_order", 6.0),
                number(ask, "word_order", 0.0),
                number(ask, "beta", 2.0),
                flag(ask, "lowercase", false),
                flag(ask, "whitespace", false),
                flag(ask, "eps_smoothing", false),
            ]);
            let e = call("chrf", args)?;
            Ok(fields([("score", e.value.into()), ("signature", signature(&e))]))
        }
        "corpus_ter" | "sentence_ter" => {
            let settings =
                ["normalized", "no_punct", "case_sensitive", "asian_support"].map(|key| flag(ask, key, false));
            args.extend(settings);
            let e = call("ter", args)?;
            Ok(fields([
                ("score", e.value.into()),
                ("num_edits", e.part("edits").into()),
                ("ref_length", e.part("reference_length").into()),
                ("signature", signature(&e)),
            ]))
        }
        _ => unknown(ask),
    }
}

pub fn rouge(ask: &Ask) -> Answer {
    let one = |v: &Value| KernelArg::Texts(vec![v.as_str().map(str::to_string)]);
    let hypothesis = one(&ask.input["hypothesis"]);
    let references: Vec<KernelArg> = match ask.input["references"].as_array() {
        Some(all) => all.iter().map(one).collect(),
        None => vec![one(&ask.input["reference"])],
    };
    let score = |kind: &str| -> Answer {
        let args = vec![
            hypothesis.clone(),
            KernelArg::Columns(references.clone()),
            text(kind),
            flag(ask, "use_stemmer", false),
        ];
        let e = call("rouge", args)?;
        Ok(fields([
            ("precision", e.part("precision").into()),
            ("recall", e.part("recall").into()),
            ("fmeasure", e.value.into()),
        ]))
    };
    let kinds = [("rouge1", "1"), ("rouge2", "2"), ("rouge3", "3"), ("rougeL", "L"), ("rougeLsum", "Lsum")];
    Ok(fields(kinds.map(|(name, kind)| (name, Got::from(score(kind))))))
}

pub fn stems(ask: &Ask) -> Answer {
    if ask.metric != "stems" {
        return Err(Undefined::new("not a metric of stems"));
    }
    let stems = list(&ask.input["words"]).iter().filter_map(Value::as_str).map(|w| Got::Text(porter::stem(w)));
    Ok(Got::List(stems.collect()))
}
