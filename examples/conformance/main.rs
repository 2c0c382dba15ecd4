//! Runs conformance fixtures (schema `dbf.metric-fixture.v1`) through the public builtins and prints, for each
//! family, how many cases pass and every difference: `cargo run --release --example conformance -- DIR`.
//! Exit status 1 on any difference, 2 when DIR cannot be read.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example that prints what it finds")]

mod families;
mod harness;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: conformance DIR");
        return ExitCode::from(2);
    };
    let reports = match harness::run(&folder) {
        Ok(reports) => reports,
        Err(why) => {
            eprintln!("{}: {why}", folder.display());
            return ExitCode::from(2);
        }
    };
    let mut failed = reports.is_empty();
    for report in &reports {
        for difference in &report.differences {
            println!("{difference}");
        }
        println!("{} {}/{} cases, {} values", report.family, report.passed, report.cases, report.values);
        failed |= report.passed < report.cases;
    }
    if failed { ExitCode::from(1) } else { ExitCode::SUCCESS }
}
