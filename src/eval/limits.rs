//! Limits on what one script may cost, and the meter that evaluators tick. Pure: the clock is handed in.

use super::value::Value;
use crate::source::{Code, Diagnostic, codes};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a script may cost at most. The defaults are far above what an honest script needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Evaluation steps: one an operation and row.
    pub fuel: u64,
    /// Rows of all datasets together.
    pub rows: u64,
    /// Bytes of all columns together, estimated.
    pub memory: u64,
    /// Wall time.
    pub seconds: f64,
    /// Bytes written or printed.
    pub output: u64,
    /// Diagnostics printed.
    pub diagnostics: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            fuel: 1_000_000_000_000_000,
            rows: 200_000_000,
            memory: 16 << 30,
            seconds: 24.0 * 3600.0,
            output: 1 << 30,
            diagnostics: 200,
        }
    }
}

/// The names of the limits, as `--limit` takes them.
pub const NAMES: [&str; 6] = ["fuel", "rows", "memory", "time", "output", "diagnostics"];

impl Limits {
    /// Sets one limit: `fuel=1e9`, `memory=2GiB`, `time=30s`.
    pub fn set(&mut self, text: &str) -> Result<(), String> {
        let (name, value) = text.split_once('=').ok_or(format!("`{text}` is not NAME=VALUE"))?;
        let wrong = || format!("`{}` is not a value of the limit `{}`", value.trim(), name.trim());
        let (number, unit) = parts(value.trim()).ok_or_else(wrong)?;
        let factor = match (name.trim(), unit) {
            (_, "") => 1.0,
            ("memory" | "output", "kB" | "KB") => 1e3,
            ("memory" | "output", "MB") => 1e6,
            ("memory" | "output", "GB") => 1e9,
            ("memory" | "output", "KiB") => 1024.0,
            ("memory" | "output", "MiB") => 1024.0 * 1024.0,
            ("memory" | "output", "GiB") => 1024.0 * 1024.0 * 1024.0,
            ("time", "ms") => 1e-3,
            ("time", "s") => 1.0,
            ("time", "min") => 60.0,
            ("time", "h") => 3600.0,
            _ => return Err(wrong()),
        };
        let value = number * factor;
        match name.trim() {
            "fuel" => self.fuel = value as u64,
            "rows" => self.rows = value as u64,
            "memory" => self.memory = value as u64,
            "time" => self.seconds = value,
            "output" => self.output = value as u64,
            "diagnostics" => self.diagnostics = value as usize,
            other => return Err(format!("there is no limit `{other}`; limits are {}", NAMES.join(", "))),
        }
        Ok(())
    }

    /// Refuses an output of so many bytes.
    pub fn allow_output(&self, bytes: usize) -> Result<(), Diagnostic> {
        if bytes as u64 <= self.output {
            return Ok(());
        }
        Err(Stop {
            code: codes::LIMIT_OUTPUT,
            name: "output",
            asked: grouped(bytes as u64),
            limit: grouped(self.output),
        }
        .told())
    }
}

/// A number that is not negative, and the unit after it.
fn parts(text: &str) -> Option<(f64, &str)> {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '_');
    let mut end = text.find(|c| !is_number(c)).unwrap_or(text.len());
    // `1e9` has an exponent; `1e` would not.
    if let Some(exponent) = text.get(end..)?.strip_prefix(['e', 'E']) {
        let digits = exponent.find(|c: char| !c.is_ascii_digit()).unwrap_or(exponent.len());
        if digits > 0 {
            end += 1 + digits;
        }
    }
    let number: f64 = text.get(..end)?.replace('_', "").parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some((number, text.get(end..)?.trim()))
}

/// `1_000_000`, as the language writes it.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('_');
        }
        out.push(c);
    }
    out
}

/// A limit that was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    code: &'static Code,
    /// As `--limit` takes it.
    name: &'static str,
    asked: String,
    limit: String,
}

impl Stop {
    pub fn told(&self) -> Diagnostic {
        let message = match self.name {
            "fuel" => format!("stopped after {} steps: the limit `fuel` is {}", self.asked, self.limit),
            "rows" => format!("the data has {} rows: the limit `rows` is {}", self.asked, self.limit),
            "memory" => format!("the data takes {} bytes: the limit `memory` is {}", self.asked, self.limit),
            "time" => format!("stopped: the limit `time` is {} seconds", self.limit),
            _ => format!("the output has {} bytes: the limit `output` is {}", self.asked, self.limit),
        };
        Diagnostic::new(self.code, message)
            .help(format!("raise the limit when you trust the script: `--limit {}=…`", self.name))
    }

    fn reason(&self) -> String {
        format!("the limit `{}` of {} was met", self.name, self.limit)
    }
}

type Clock = Box<dyn Fn() -> f64 + Send + Sync>;

/// Counts what an evaluation costs. Shared by all threads of a run.
pub struct Meter {
    limits: Limits,
    used: AtomicU64,
    ticks: AtomicU64,
    rows: AtomicU64,
    memory: AtomicU64,
    stop: OnceLock<Stop>,
    clock: Option<Clock>,
}

impl Default for Meter {
    fn default() -> Self {
        Meter::new(Limits::default(), None)
    }
}

impl Meter {
    /// A meter with nothing used yet; `clock` gives the seconds since its start.
    pub fn new(limits: Limits, clock: Option<Clock>) -> Meter {
        let zero = || AtomicU64::new(0);
        Meter { limits, used: zero(), ticks: zero(), rows: zero(), memory: zero(), stop: OnceLock::new(), clock }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// `n` steps are about to be made. Once a limit is met, every call says so.
    pub fn tick(&self, n: u64) -> Result<(), Value> {
        let before = self.used.fetch_add(n, Ordering::Relaxed);
        if before.saturating_add(n) > self.limits.fuel {
            let asked = grouped(before.min(self.limits.fuel));
            self.stop_at(codes::LIMIT_FUEL, "fuel", asked, grouped(self.limits.fuel));
        }
        // The clock is asked now and then: before long columns, and every few short ones.
        if n >= 4096 || self.ticks.fetch_add(1, Ordering::Relaxed).is_multiple_of(64) {
            self.look_at_clock();
        }
        match self.stop.get() {
            Some(stop) => Err(Value::undefined(stop.reason())),
            None => Ok(()),
        }
    }

    /// Stops the evaluation when its time is over.
    pub fn look_at_clock(&self) {
        if let Some(clock) = &self.clock {
            let now = clock();
            if now > self.limits.seconds {
                let round = |s: f64| format!("{}", (s * 100.0).round() / 100.0);
                self.stop_at(codes::LIMIT_TIME, "time", round(now), round(self.limits.seconds));
            }
        }
    }

    /// A table was loaded.
    pub fn load(&self, rows: u64, bytes: u64) -> Result<(), Diagnostic> {
        let rows = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        let bytes = self.memory.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if rows > self.limits.rows {
            self.stop_at(codes::LIMIT_ROWS, "rows", grouped(rows), grouped(self.limits.rows));
        } else if bytes > self.limits.memory {
            self.stop_at(codes::LIMIT_MEMORY, "memory", grouped(bytes), grouped(self.limits.memory));
        }
        self.stop.get().map_or(Ok(()), |stop| Err(stop.told()))
    }

    /// What ended the evaluation, if a limit did.
    pub fn stopped(&self) -> Option<Diagnostic> {
        self.stop.get().map(Stop::told)
    }

    fn stop_at(&self, code: &'static Code, name: &'static str, asked: String, limit: String) {
        // The first limit that was met is the one to tell.
        let _ = self.stop.set(Stop { code, name, asked, limit });
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, Meter, Value};

    #[test]
    fn limits_are_read_with_their_units() {
        let mut limits = Limits::default();
        for text in ["fuel=1e6", "rows=2_000", "memory=2GiB", "time=1.5min", "output=3kB", "diagnostics=7"] {
            limits.set(text).unwrap();
        }
        let wanted =
            Limits { fuel: 1_000_000, rows: 2000, memory: 2 << 30, seconds: 90.0, output: 3000, diagnostics: 7 };
        assert_eq!(limits, wanted);
        for bad in ["fuel", "fuel=", "fuel=-1", "fuel=1GiB", "time=1e", "time=nan", "memory=1kg", "petrol=1"] {
            assert!(limits.set(bad).is_err(), "{bad}");
        }
        assert_eq!(limits, wanted);
    }

    #[test]
    fn a_meter_that_stopped_stays_stopped() {
        let meter = Meter::new(Limits { fuel: 10, ..Limits::default() }, None);
        assert_eq!(meter.tick(10), Ok(()));
        assert!(meter.stopped().is_none());
        assert_eq!(meter.tick(1), Err(Value::undefined("the limit `fuel` of 10 was met")));
        assert_eq!(meter.tick(0), Err(Value::undefined("the limit `fuel` of 10 was met")));
        assert_eq!(meter.stopped().unwrap().code.id, "DBF0810");
        let late = Meter::new(Limits { seconds: 1.0, ..Limits::default() }, Some(Box::new(|| 2.0)));
        assert!(late.tick(1).is_err());
        assert_eq!(late.stopped().unwrap().code.id, "DBF0813");
        let full = Meter::new(Limits { rows: 5, ..Limits::default() }, None);
        assert!(full.load(3, 10).is_ok());
        assert_eq!(full.load(3, 10).unwrap_err().code.id, "DBF0811");
    }
}
