//! The `tarquet` command: maps what happened to an exit code, and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(tarquet::main(std::env::args_os()).code())
}
