//! The command line: one file a subcommand.
//!
//! Exit codes: 0 done; 1 the program has errors or could not finish; 2 wrong usage; 4 with `run --gate`
//! when a policy failed or stayed undecided; 130 interrupted (Ctrl-C).

mod ask;
mod check;
mod explain;
mod run;
mod test;
mod world;

use crate::source::{Diagnostic, SourceMap, render};
use clap::{Parser, Subcommand, ValueEnum};
use std::io::Write;
use std::path::PathBuf;

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
    /// Run the tests and examples of a file.
    Test {
        /// The script.
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
}

impl Voice {
    fn new(format: Format, when: When) -> Self {
        let auto = |choice: anstream::ColorChoice| match when {
            When::Always => true,
            When::Never => false,
            When::Auto => choice != anstream::ColorChoice::Never,
        };
        Voice {
            format,
            color_out: auto(anstream::AutoStream::choice(&std::io::stdout())),
            color_err: auto(anstream::AutoStream::choice(&std::io::stderr())),
        }
    }

    /// Diagnostics: text to standard error, JSON to standard output.
    pub fn tell(&self, found: &[Diagnostic], sources: &SourceMap) {
        match self.format {
            Format::Json => self.json(&listed(found, sources)),
            Format::Text => {
                let text = render::all_to_text(found, sources, self.color_err);
                let _ = std::io::stderr().write_all(text.as_bytes());
            }
        }
    }

    /// Diagnostics as JSON on standard error, where standard output carries the results.
    pub fn machine_error(&self, found: &[Diagnostic], sources: &SourceMap) {
        if !found.is_empty()
            && let Ok(text) = serde_json::to_string_pretty(&listed(found, sources))
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
        let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
    }
}

/// Diagnostics that a machine is told of; a last element says how many there are beyond.
const MOST_LISTED: usize = 10_000;

fn listed(found: &[Diagnostic], sources: &SourceMap) -> Vec<serde_json::Value> {
    let (first, rest) = found.split_at(found.len().min(MOST_LISTED));
    let mut out: Vec<_> = render::to_json(first, sources).iter().filter_map(|d| serde_json::to_value(d).ok()).collect();
    if !rest.is_empty() {
        let message = format!("{} more are not listed", rest.len());
        out.push(serde_json::json!({
            "code": null, "severity": "advice", "message": message, "labels": [], "notes": [], "help": null, "fixes": []
        }));
    }
    out
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
    let voice = Voice::new(args.format, args.color);
    match args.command {
        Command::Run { file, out, seed, threads, device, gate, fresh } => {
            run::run(&voice, &run::Request { file, out, seed, threads, device, gate, fresh })
        }
        Command::Check { file, fix } => check::run(&voice, &file, fix),
        Command::Eval { expression, file } => ask::eval(&voice, &expression, file.as_deref()),
        Command::Repl { file } => ask::repl(&voice, file.as_deref()),
        Command::Test { file } => test::run(&voice, &file),
        Command::Explain { code } => explain::run(&voice, &code),
    }
}
