//! The command line: a command per file, each calling the same use cases as the management API, on the database directly.
//!
//! Owns no rule of the product. What a command made is printed once on standard output, for people or (`--json`) for programs;
//! everything else goes to standard error.

mod application;
mod client;
mod connection;
mod demo;
mod desk;
mod doctor;
mod find;
mod group;
mod init;
mod invite;
mod keys;
mod logging;
mod output;
mod serve;
mod store;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use output::{Failure, Output};

/// Usher: an invitation-first identity broker and OpenID provider.
#[derive(Debug, Parser)]
#[command(name = "usher", version, about, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Debug, Args)]
struct Globals {
    /// The settings file; config/usher.toml if that exists
    #[arg(long, global = true, env = "USHER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Overrides one setting, like server.listen=0.0.0.0:8080; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Prints results as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the product until it is told to stop
    Serve,
    /// Makes the console and invites the first administrator
    Init(init::Init),
    /// Applications that people sign in to
    #[command(subcommand)]
    Application(application::Application),
    /// Clients, those of the management API included
    #[command(subcommand)]
    Client(client::Client),
    /// Connections to identity providers
    #[command(subcommand)]
    Connection(connection::Connection),
    /// Groups of people
    #[command(subcommand)]
    Group(group::Group),
    /// Identity stores
    #[command(subcommand)]
    Store(store::Store),
    /// Invites somebody into an application
    Invite(invite::Invite),
    /// Signing keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Checks settings, database, keys, mail server, clock and public URL, and says what to do
    Doctor,
    /// Starts everything for trying it out: the provider, a sample application, a mailbox, an invitation
    Demo(demo::Demo),
}

/// Runs the command and tells the operating system how it went.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let output = Output::new(cli.globals.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return output.failed(&Failure::from(error)),
    };
    match runtime.block_on(run_command(cli, output)) {
        Ok(code) => code,
        Err(failure) => output.failed(&failure),
    }
}

async fn run_command(cli: Cli, output: Output) -> Result<ExitCode, Failure> {
    let globals = &cli.globals;
    match cli.command {
        Command::Serve => serve::run(globals).await?,
        Command::Init(command) => command.run(globals, output).await?,
        Command::Application(command) => command.run(globals, output).await?,
        Command::Client(command) => command.run(globals, output).await?,
        Command::Connection(command) => command.run(globals, output).await?,
        Command::Group(command) => command.run(globals, output).await?,
        Command::Store(command) => command.run(globals, output).await?,
        Command::Invite(command) => command.run(globals, output).await?,
        Command::Keys(command) => command.run(globals, output).await?,
        Command::Doctor => return Ok(doctor::run(globals, output).await),
        Command::Demo(command) => Box::pin(command.run(output)).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `NAME=VALUE`.
fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}
