//! The program: parse, run, tell the error, exit.

use std::process::ExitCode;

use clap::Parser;
use nomspark::cli::Cli;
use nomspark::{commands, report};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return report::usage_error(&error).into(),
    };
    let format = cli.global.format;
    match commands::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            report::print_error(&error, format);
            error.exit().into()
        }
    }
}
