//! `antiphon`: the commands of a host, an auditor, and of somebody who wants to see it all work.
//!
//! Each command is a file of [`commands`]: its words for clap and what it does. [`demo`] lives
//! through a month of a network of three nodes. Exit codes: 1 it was refused, 2 it was asked in
//! words nobody knows, 3 what was to be verified does not verify.

mod commands;
mod demo;
mod progress;

use std::process::ExitCode;

use clap::Parser;
use commands::Command;

/// Music that a region shares and pays for: each node hosts one territory's artists and members,
/// and every month each play becomes a payment.
#[derive(Debug, Parser)]
#[command(
    name = "antiphon",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "`antiphon demo` shows all of it on this machine. `antiphon COMMAND --help` tells \
                  more of each command."
)]
struct Antiphon {
    #[command(subcommand)]
    command: Command,
}

// Documents are made of many small pieces: a sixth of the time of an import was spent on getting and
// giving back memory.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let antiphon = Antiphon::parse();
    match antiphon.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("antiphon: {}", commands::sentence(&error));
            match error.downcast_ref::<commands::verify::DoesNotVerify>() {
                Some(_) => ExitCode::from(3),
                None => ExitCode::FAILURE,
            }
        }
    }
}
