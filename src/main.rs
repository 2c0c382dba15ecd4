//! The `dbf` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Expressions are walked recursively: a stack that holds the deepest one the parser accepts.
    let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(dbf::cli::main);
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::from(dbf::cli::exit::FAILED),
    }
}
