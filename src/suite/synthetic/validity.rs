//! Does every synthetic row keep the schema's rules (ranges, whole numbers, levels, no missing cell where none may be) and
//! those that the script requires.
//!
//! Anything below 100 % is a defect of the generator, not a matter of degree.

use super::groups::share;
use super::panel::{Entry, Rules, Tables};
use super::record::{Aim, RuleResult};
use crate::data::frame::{Frame, FrameColumn, FrameKind};

/// Slack of a bound, by its size: a bound that was computed is not missed by rounding.
const SLACK: f64 = 1e-9;

pub fn figures(tables: &Tables) -> Vec<Entry> {
    let mut bad = vec![false; tables.synthetic.rows];
    for (_, broken) in rules(tables.synthetic, tables.rules) {
        broken.iter().for_each(|r| bad.get_mut(*r).into_iter().for_each(|b| *b = true));
    }
    let valid = bad.iter().filter(|b| !**b).count();
    vec![Entry::new("valid_rows", "rows that keep every rule", Aim::Higher, share(valid, tables.synthetic.rows))]
}

/// Each rule and the rows that break it.
fn rules(frame: &Frame, more: Rules) -> Vec<(String, Vec<usize>)> {
    frame.columns.iter().flat_map(of_column).chain(more(frame)).collect()
}

fn of_column(column: &FrameColumn) -> Vec<(String, Vec<usize>)> {
    let broken = |breaks: &dyn Fn(f64) -> bool| {
        column.values.iter().enumerate().filter(|(_, v)| breaks(**v)).map(|(r, _)| r).collect::<Vec<_>>()
    };
    let name = &column.name;
    let mut out = Vec::new();
    match &column.kind {
        FrameKind::Number { lo, hi, integer } => {
            if lo.is_some() || hi.is_some() {
                let (least, most) = (lo.unwrap_or(f64::NEG_INFINITY), hi.unwrap_or(f64::INFINITY));
                let slack = |b: f64| if b.is_finite() { b.abs() * SLACK } else { 0.0 };
                let outside = |v: f64| v < least - slack(least) || v > most + slack(most);
                out.push((format!("`{name}` within its range"), broken(&outside)));
            }
            if *integer {
                out.push((format!("`{name}` a whole number"), broken(&|v| !v.is_nan() && v.fract() != 0.0)));
            }
            out.push((format!("`{name}` finite"), broken(&f64::is_infinite)));
        }
        FrameKind::Category { levels } => {
            let known = |v: f64| v.is_nan() || (v >= 0.0 && v.fract() == 0.0 && v < levels.len() as f64);
            out.push((format!("`{name}` one of its levels"), broken(&|v| !known(v))));
        }
    }
    if !column.nullable {
        out.push((format!("`{name}` never missing"), broken(&f64::is_nan)));
    }
    out
}

/// Every rule with the number of synthetic rows that break it, broken ones first.
pub fn details(synthetic: &Frame, more: Rules) -> Vec<RuleResult> {
    let mut out: Vec<RuleResult> =
        rules(synthetic, more).into_iter().map(|(rule, rows)| RuleResult { rule, broken: rows.len() }).collect();
    out.sort_by_key(|r| std::cmp::Reverse(r.broken));
    out
}

#[cfg(test)]
mod tests {
    use super::super::panel::no_rules;
    use super::super::tests::{roles, table, tables};
    use super::*;

    #[test]
    fn each_kind_of_rule_is_seen() {
        let (train, roles) = (table(50, 1), roles());
        let valid = |synthetic: &Frame| {
            let tables = tables([&train, &train, synthetic], &roles);
            figures(&tables).remove(0).measured.unwrap().value
        };
        assert_eq!(valid(&train), 1.0);
        assert!(details(&train, &no_rules).iter().all(|r| r.broken == 0));
        for (column, value, rule) in [
            ("age", 300.0, "`age` within its range"),
            ("age", 40.5, "`age` a whole number"),
            ("age", f64::NAN, "`age` never missing"),
            ("sex", 7.0, "`sex` one of its levels"),
        ] {
            let mut bad = train.clone();
            let at = bad.columns.iter().position(|c| c.name == column).unwrap();
            bad.columns[at].values[3] = value;
            assert_eq!(valid(&bad), 0.98, "{rule}");
            assert_eq!(details(&bad, &no_rules)[0], RuleResult { rule: rule.into(), broken: 1 });
        }
    }

    #[test]
    fn rules_of_the_script_count_too() {
        let (train, roles) = (table(50, 1), roles());
        let old = |frame: &Frame| {
            let ages = &frame.columns[1].values;
            vec![("age < 80".to_string(), (0..frame.rows).filter(|r| ages[*r] >= 80.0).collect::<Vec<_>>())]
        };
        let broken = old(&train)[0].1.len();
        assert!(broken > 0 && broken < 50);
        let tables = Tables {
            train: &train,
            holdout: &train,
            synthetic: &train,
            roles: &roles,
            records: None,
            rules: &old,
            seed: 1,
        };
        assert_eq!(figures(&tables).remove(0).measured.unwrap().value, 1.0 - broken as f64 / 50.0);
        assert_eq!(details(&train, &old)[0], RuleResult { rule: "age < 80".into(), broken });
    }
}
