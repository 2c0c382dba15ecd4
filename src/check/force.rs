//! Whether a rule is in force on a day.

use crate::syntax::ast::{Period, Standing};

/// Later than any day that a script may name: without a day, what is known last counts.
const LAST: &str = "9999-12-31";

fn holds(period: &Period, day: &str) -> bool {
    period.from.as_str() <= day && period.to.as_ref().is_none_or(|to| day <= to.as_str())
}

/// Nothing when the rule asks for something on `day` (`2026-11-22`; none takes the latest state), else the reason why
/// not, as part of a sentence: `not on 2026-01-01: effective from 2026-08-02`.
///
/// A rule struck down or suspended does not hold, whatever else is said of it. A rule that names no day holds always.
pub fn out_of_force(periods: &[Period], day: Option<&str>) -> Option<String> {
    let on = day.map_or(String::new(), |d| format!(" on {d}"));
    let day = day.unwrap_or(LAST);
    let of = |standing| periods.iter().filter(move |p| p.standing == standing);
    if let Some(p) = of(Standing::Vacated).find(|p| holds(p, day)) {
        return Some(format!("not in force{on}: vacated on {}", p.from));
    }
    if let Some(p) = of(Standing::Stayed).find(|p| holds(p, day)) {
        let until = p.to.as_ref().map_or(String::new(), |to| format!(" until {to}"));
        return Some(format!("not in force{on}: stayed from {}{until}", p.from));
    }
    let first = |standing| of(standing).map(|p| p.from.as_str()).min();
    if let Some(from) = first(Standing::Enacted).filter(|from| day < *from) {
        return Some(format!("not in force{on}: enacted only on {from}"));
    }
    for (standing, before) in
        [(Standing::Effective, "not in force"), (Standing::Applies, "in force, but its duties do not apply")]
    {
        let Some(start) = first(standing) else { continue };
        if of(standing).any(|p| holds(p, day)) {
            continue;
        }
        // Between two stretches, the one to come is what a reader wants to know.
        let next = of(standing).map(|p| p.from.as_str()).filter(|from| day < *from).min();
        let word = if standing == Standing::Effective { "effective" } else { "apply" };
        return Some(match next {
            Some(next) if next == start => format!("{before}{on}: {word} from {next}"),
            Some(next) => format!("{before}{on}: {word} again from {next}"),
            None => {
                let end = of(standing).filter_map(|p| p.to.as_deref()).max().unwrap_or(start);
                format!("{before}{on}: ended on {end}")
            }
        });
    }
    let firm = [Standing::Enacted, Standing::Effective, Standing::Applies];
    match of(Standing::Proposed).next() {
        Some(p) if !periods.iter().any(|p| firm.contains(&p.standing)) => {
            Some(format!("not in force{on}: only proposed, on {}", p.from))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn period(standing: Standing, from: &str, to: Option<&str>) -> Period {
        let span = Span::new(SourceId::default(), 0, 0);
        Period { standing, from: from.into(), to: to.map(String::from), span }
    }

    #[test]
    fn a_chain_of_stays_and_a_repeal() {
        let chain = [
            period(Standing::Enacted, "2024-05-17", None),
            period(Standing::Effective, "2026-06-30", Some("2026-12-31")),
            period(Standing::Stayed, "2026-04-27", Some("2026-07-31")),
        ];
        let at = |day| out_of_force(&chain, Some(day));
        assert_eq!(at("2024-01-01").as_deref(), Some("not in force on 2024-01-01: enacted only on 2024-05-17"));
        assert_eq!(at("2026-03-01").as_deref(), Some("not in force on 2026-03-01: effective from 2026-06-30"));
        assert_eq!(
            at("2026-07-01").as_deref(),
            Some("not in force on 2026-07-01: stayed from 2026-04-27 until 2026-07-31")
        );
        assert_eq!(at("2026-08-01"), None);
        assert_eq!(at("2026-12-31"), None);
        assert_eq!(at("2027-01-01").as_deref(), Some("not in force on 2027-01-01: ended on 2026-12-31"));
    }

    #[test]
    fn vacated_and_proposed_rules_ask_nothing() {
        let vacated = [period(Standing::Effective, "2024-12-23", None), period(Standing::Vacated, "2025-06-18", None)];
        assert_eq!(out_of_force(&vacated, Some("2025-06-17")), None);
        assert_eq!(
            out_of_force(&vacated, Some("2025-06-18")).as_deref(),
            Some("not in force on 2025-06-18: vacated on 2025-06-18")
        );
        assert_eq!(out_of_force(&vacated, None).as_deref(), Some("not in force: vacated on 2025-06-18"));
        let draft = [period(Standing::Proposed, "2025-12-29", None)];
        assert!(out_of_force(&draft, Some("2026-01-01")).is_some_and(|w| w.contains("only proposed")));
        assert_eq!(out_of_force(&[], Some("1900-01-01")), None);
    }

    #[test]
    fn duties_may_apply_later_than_the_rule_is_in_force() {
        let act = [period(Standing::Effective, "2024-08-01", None), period(Standing::Applies, "2027-12-02", None)];
        assert_eq!(
            out_of_force(&act, Some("2026-01-01")).as_deref(),
            Some("in force, but its duties do not apply on 2026-01-01: apply from 2027-12-02")
        );
        assert_eq!(out_of_force(&act, Some("2027-12-02")), None);
    }
}
