//! Days of the calendar: moving them, and the years between them. Total: a day outside the calendar is none.

use chrono::{Datelike, Months, NaiveDate, TimeDelta};

/// A day by its number since 1970-01-01.
fn date(days: i32) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(TimeDelta::try_days(i64::from(days))?)
}

fn number(date: NaiveDate) -> Option<i32> {
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// The day that holds the moment `by` days after the start of a day.
pub(super) fn shift(days: i32, by: f64) -> Option<i32> {
    let moved = (f64::from(days) + by).floor();
    if moved < f64::from(i32::MIN) || moved > f64::from(i32::MAX) || moved.is_nan() {
        return None;
    }
    let moved = moved as i32;
    date(moved).map(|_| moved)
}

/// `count` months later. Where the month has no such day: its last day, or with `up` the day after that.
pub(super) fn add_months(days: i32, count: f64, up: bool) -> Option<i32> {
    if count.fract() != 0.0 || count.abs() > 10_000_000.0 {
        return None;
    }
    let start = date(days)?;
    let months = Months::new(count.abs() as u32);
    let moved = if count < 0.0 { start.checked_sub_months(months) } else { start.checked_add_months(months) }?;
    let moved = if up && moved.day() < start.day() { moved.succ_opt()? } else { moved };
    number(moved)
}

/// Whole completed years; negative when `to` lies before `from`. Who is born on 29 February completes a year
/// on 1 March where there is no such day.
pub(super) fn years_between(from: i32, to: i32) -> Option<f64> {
    if to < from {
        return years_between(to, from).map(|y| -y);
    }
    let (a, b) = (date(from)?, date(to)?);
    let early = (b.month(), b.day()) < (a.month(), a.day());
    let years = i64::from(b.year()) - i64::from(a.year()) - i64::from(early);
    Some(years as f64)
}

#[cfg(test)]
mod tests {
    use super::{add_months, date, number, shift, years_between};

    fn day(text: &str) -> i32 {
        number(text.parse().unwrap()).unwrap()
    }

    fn shown(days: Option<i32>) -> String {
        days.and_then(date).map_or("none".into(), |d| d.to_string())
    }

    #[test]
    fn days_move() {
        assert_eq!(shown(shift(day("2024-02-28"), 2.0)), "2024-03-01");
        assert_eq!(shown(shift(day("2026-01-01"), 1.5)), "2026-01-02");
        assert_eq!(shown(shift(day("2026-01-01"), -0.5)), "2025-12-31");
        assert_eq!(shift(day("2026-01-01"), 1e300), None);
        assert_eq!(shift(day("2026-01-01"), f64::NAN), None);
        assert_eq!(shift(i32::MAX, 0.0), None);
    }

    #[test]
    fn months_say_how_they_round() {
        assert_eq!(shown(add_months(day("2026-01-31"), 1.0, false)), "2026-02-28");
        assert_eq!(shown(add_months(day("2026-01-31"), 1.0, true)), "2026-03-01");
        assert_eq!(shown(add_months(day("2024-02-29"), 12.0, false)), "2025-02-28");
        assert_eq!(shown(add_months(day("2024-02-29"), 12.0, true)), "2025-03-01");
        assert_eq!(shown(add_months(day("2026-03-31"), -1.0, false)), "2026-02-28");
        assert_eq!(shown(add_months(day("2026-03-15"), -3.0, true)), "2025-12-15");
        assert_eq!(add_months(day("2026-01-31"), 1e9, false), None);
        assert_eq!(add_months(day("2026-01-31"), 9_999_999.0, false), None);
    }

    #[test]
    fn years_are_completed() {
        let years = |a: &str, b: &str| years_between(day(a), day(b)).unwrap();
        assert_eq!(years("1980-06-15", "2026-06-14"), 45.0);
        assert_eq!(years("1980-06-15", "2026-06-15"), 46.0);
        assert_eq!(years("2008-02-29", "2026-02-28"), 17.0);
        assert_eq!(years("2008-02-29", "2026-03-01"), 18.0);
        assert_eq!(years("2026-01-01", "2020-01-02"), -5.0);
        assert_eq!(years("2026-01-01", "2026-01-01"), 0.0);
    }
}
