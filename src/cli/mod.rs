//! The command line: one file a subcommand.
//!
//! Exit codes: 0 done; 1 the program has errors or could not finish; 2 wrong usage; 4 with `run --gate`
//! when a policy failed or stayed undecided; 130 interrupted (Ctrl-C).

mod ask;
mod asking;
mod check;
mod diff;
mod explain;
mod lock;
mod mutate;
mod run;
mod test;
mod why;
mod world;

use crate::eval::limits::{Limits, Meter};
use crate::report::Screen;
use crate::source::{Diagnostic, SourceMap, render};
use clap::{Parser, Subcommand, ValueEnum};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

pub use world::FsWorld;

/// Exit codes.
pub mod exit {
    pub const DONE: u8 = 0;
    pub const FAILED: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const GATE: u8 = 4;
    pub const INTERRUPTED: u8 = 130;
}

/// Benchmarks for generative AI in healthcare: scripts in, checked verdicts and a report out.
#[derive(Debug, Parser)]
#[command(
    name = "dbf",
    version,
    after_help = "Exit codes: 0 done; 1 errors, or could not finish; 2 wrong usage; \
4 with `run --gate` when a policy failed or stayed undecided; 130 interrupted."
)]
struct Args {
    #[command(subcommand)]
    command: Command,
    /// What a machine may read: diagnostics and values as JSON.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Colours; `auto` looks for a terminal and obeys NO_COLOR.
    #[arg(long, global = true, value_enum, default_value_t = When::Auto)]
    color: When,
    /// Refuse to go on unless everything is as in the lock file.
    #[arg(long, global = true)]
    locked: bool,
    /// What a script may cost: fuel, rows, memory, time, output, diagnostics.
    #[arg(long, global = true, value_name = "NAME=VALUE", value_delimiter = ',')]
    limit: Vec<String>,
    /// The folder that scripts may read [default: the script's].
    #[arg(long, global = true, value_name = "FOLDER")]
    root: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the benchmark of a file; writes results.json and report.html.
    Run {
        /// The script.
        file: PathBuf,
        /// Output folder [default: out/NAME].
        #[arg(long)]
        out: Option<PathBuf>,
        /// Seed in place of the benchmark's own.
        #[arg(long)]
        seed: Option<u64>,
        /// Worker threads; the results do not depend on it [default: all cores].
        #[arg(long)]
        threads: Option<usize>,
        /// Where networks run: auto, cpu, gpu or gpu:1.
        #[arg(long, default_value = "auto")]
        device: String,
        /// Exit with 4 unless every policy passed.
        #[arg(long)]
        gate: bool,
        /// Do not use finished work of earlier runs.
        #[arg(long)]
        fresh: bool,
    },
    /// Find mistakes without reading any data.
    Check {
        /// The script.
        file: PathBuf,
        /// Make the edits that the help lines name, and write the file back.
        #[arg(long)]
        fix: bool,
    },
    /// Evaluate one expression, over a file's data if given.
    Eval {
        /// For example 'P(died | sex == F)'.
        #[arg(allow_hyphen_values = true)]
        expression: String,
        /// The script whose data and definitions to use.
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Explore, entry by entry.
    Repl {
        /// The script whose data and definitions to use.
        file: Option<PathBuf>,
    },
    /// Run the tests and examples of a file, or of every script below a folder.
    Test {
        /// The script, or a folder of scripts.
        file: PathBuf,
        /// Also say which constraints and clauses no test has seen both ways.
        #[arg(long)]
        coverage: bool,
    },
    /// Break policies on purpose, and list what no test would notice.
    Mutate {
        /// The script, or a folder of scripts.
        file: PathBuf,
        /// Also list what was caught.
        #[arg(long)]
        all: bool,
    },
    /// What would change if a policy did, or on another day: verdicts, rows and groups.
    Diff {
        /// The script as it is.
        before: PathBuf,
        /// The script as it would be [default: the same, for two days].
        after: Option<PathBuf>,
        /// Only the checks on this data.
        #[arg(long)]
        on: Option<String>,
        /// One day for both, or two: 2026-01-01,2027-01-01.
        #[arg(long, value_name = "DATES", value_delimiter = ',')]
        as_of: Vec<String>,
    },
    /// Everything behind a verdict: the clauses, who shows it, what would change it.
    Why {
        /// The script.
        file: PathBuf,
        /// The constraint, for example `cells` or `policy.cells` [default: all that do not pass].
        constraint: Option<String>,
        /// The data of a `check`.
        #[arg(long)]
        on: Option<String>,
        /// The day to ask about, in place of the script's.
        #[arg(long, value_name = "DATE")]
        as_of: Option<String>,
        /// The benchmark's model [default: the first].
        #[arg(long)]
        model: Option<String>,
        /// The benchmark's scenario [default: the first].
        #[arg(long)]
        scenario: Option<String>,
        /// How many rows or groups to list.
        #[arg(long, default_value_t = crate::policy::decide::WITNESSES)]
        witnesses: usize,
    },
    /// Write down the content of everything a script uses.
    Lock {
        /// The script; its lock file stands beside it.
        file: PathBuf,
    },
    /// The page of a diagnostic code.
    Explain {
        /// For example DBF0101.
        code: String,
    },
}

/// How this command talks.
pub(crate) struct Voice {
    pub format: Format,
    /// Colours on standard output and on standard error.
    pub color_out: bool,
    pub color_err: bool,
    pub locked: bool,
    pub limits: Limits,
    root: Option<PathBuf>,
    start: Instant,
    /// Bytes printed so far, and whether the limit was met.
    printed: AtomicU64,
    silenced: AtomicBool,
}

impl Voice {
    /// What standard output is shown on.
    pub fn screen(&self) -> Screen {
        let terminal = std::io::stdout().is_terminal();
        let columns = terminal.then(|| console::Term::stdout().size_checked()).flatten();
        Screen::new(self.color_out, columns.map(|(_, columns)| usize::from(columns)))
    }

    fn new(format: Format, when: When, locked: bool, limits: Limits, root: Option<PathBuf>) -> Self {
        let auto = |choice: anstream::ColorChoice| match when {
            When::Always => true,
            When::Never => false,
            When::Auto => choice != anstream::ColorChoice::Never,
        };
        Voice {
            format,
            color_out: auto(anstream::AutoStream::choice(&std::io::stdout())),
            color_err: auto(anstream::AutoStream::choice(&std::io::stderr())),
            locked,
            limits,
            root,
            start: Instant::now(),
            printed: AtomicU64::new(0),
            silenced: AtomicBool::new(false),
        }
    }

    /// The files, clock and signals of a script.
    pub fn world(&self, script: Option<&Path>) -> FsWorld {
        FsWorld::of(script).within(self.root.as_deref()).held_to(&self.limits)
    }

    /// A meter whose clock started with this command.
    pub fn meter(&self) -> Meter {
        let start = self.start;
        Meter::new(self.limits.clone(), Some(Box::new(move || start.elapsed().as_secs_f64())))
    }

    /// Makes meters whose clocks start when they are made.
    pub fn meters(&self) -> Box<dyn Fn() -> Meter> {
        let limits = self.limits.clone();
        Box::new(move || {
            let start = Instant::now();
            Meter::new(limits.clone(), Some(Box::new(move || start.elapsed().as_secs_f64())))
        })
    }

    /// What a machine is told: as many diagnostics as the limit allows, and a last element that says how many there
    /// are beyond.
    fn listed(&self, found: &[Diagnostic], sources: &SourceMap) -> Vec<serde_json::Value> {
        let (first, rest) = found.split_at(found.len().min(self.limits.diagnostics));
        let first = render::to_json(first, sources);
        let mut out: Vec<_> = first.iter().filter_map(|d| serde_json::to_value(d).ok()).collect();
        if !rest.is_empty() {
            let message = format!("{} more: `--limit diagnostics={}` lists all", rest.len(), found.len());
            out.push(serde_json::json!({
                "code": null, "severity": "advice", "message": message, "labels": [], "notes": [], "help": null,
                "fixes": []
            }));
        }
        out
    }

    /// Diagnostics: text to standard error, JSON to standard output.
    pub fn tell(&self, found: &[Diagnostic], sources: &SourceMap) {
        let shown = found.get(..self.limits.diagnostics).unwrap_or(found);
        match self.format {
            Format::Json => self.json(&self.listed(found, sources)),
            Format::Text => {
                let mut text = render::all_to_text(shown, sources, self.color_err);
                if shown.len() < found.len() {
                    let more = found.len() - shown.len();
                    text.push_str(&format!("… and {more} more: `--limit diagnostics={}` shows all\n", found.len()));
                }
                let _ = std::io::stderr().write_all(text.as_bytes());
            }
        }
    }

    /// Diagnostics as JSON on standard error, where standard output carries the results.
    pub fn machine_error(&self, found: &[Diagnostic], sources: &SourceMap) {
        if !found.is_empty()
            && let Ok(text) = serde_json::to_string_pretty(&self.listed(found, sources))
        {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    pub fn json(&self, value: &impl serde::Serialize) {
        match serde_json::to_string_pretty(value) {
            Ok(text) => self.say(&text),
            Err(why) => self.say(&format!("{{\"error\": \"{why}\"}}")),
        }
    }

    /// To standard output; a closed pipe is not an error.
    pub fn say(&self, text: &str) {
        let bytes = text.len() as u64;
        let total = self.printed.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if let Err(d) = self.limits.allow_output(total as usize) {
            if !self.silenced.swap(true, Ordering::Relaxed) {
                let text = render::to_text(&d, &SourceMap::default(), self.color_err);
                let _ = std::io::stderr().write_all(text.as_bytes());
            }
            return;
        }
        let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
    }
}

/// Parses the arguments and runs the command; the exit code comes back.
pub fn main() -> u8 {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(why) => {
            let _ = why.print();
            return if why.use_stderr() { exit::USAGE } else { exit::DONE };
        }
    };
    let mut limits = Limits::default();
    for limit in &args.limit {
        if let Err(why) = limits.set(limit) {
            let _ = writeln!(std::io::stderr(), "error: --limit: {why}");
            return exit::USAGE;
        }
    }
    let voice = Voice::new(args.format, args.color, args.locked, limits, args.root);
    let code = command(&voice, args.command);
    if voice.silenced.load(Ordering::Relaxed) && code == exit::DONE { exit::FAILED } else { code }
}

fn command(voice: &Voice, command: Command) -> u8 {
    match command {
        Command::Run { file, out, seed, threads, device, gate, fresh } => {
            run::run(voice, &run::Request { file, out, seed, threads, device, gate, fresh })
        }
        Command::Check { file, fix } => check::run(voice, &file, fix),
        Command::Eval { expression, file } => ask::eval(voice, &expression, file.as_deref()),
        Command::Repl { file } => ask::repl(voice, file.as_deref()),
        Command::Test { file, coverage } => test::run(voice, &file, coverage),
        Command::Mutate { file, all } => mutate::run(voice, &file, all),
        Command::Diff { before, after, on, as_of } => diff::run(voice, &diff::Request { before, after, on, as_of }),
        Command::Why { file, constraint, on, as_of, model, scenario, witnesses } => {
            why::run(voice, &why::Request { file, constraint, on, as_of, model, scenario, witnesses })
        }
        Command::Lock { file } => lock::run(voice, &file),
        Command::Explain { code } => explain::run(voice, &code),
    }
}
