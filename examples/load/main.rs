//! Puts load on a running server and writes what it did per second, and per second of the server's processor time, as JSON.
//!
//! `scripts/load` starts the servers, makes a client for this driver, and collects the answers. Sends only to the server it is
//! given, for the seconds it is given.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a driver that can't go on says so by panicking"
)]

mod agent;
mod measure;
mod raw;
mod sink;
mod stage;
mod work;

use std::time::Duration;

use clap::Parser;

/// Measures a running server.
#[derive(Debug, Parser)]
struct Options {
    /// The server's public address, on this machine
    #[arg(long)]
    issuer: url::Url,
    /// Credentials of a client of the management API, as `usher client create --json` prints them
    #[arg(long, env = "USHER_LOAD_CLIENT", hide_env_values = true)]
    client: String,
    /// The server's process, for its processor time
    #[arg(long)]
    pid: u32,
    /// The database's first process, where it has its own
    #[arg(long)]
    database_pid: Option<u32>,
    /// Where the server delivers its letters: the driver plays that mail server
    #[arg(long)]
    mail_port: u16,
    /// What the figures are called
    #[arg(long)]
    name: String,
    /// For how long each kind of work is done
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many connections are kept busy
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Only work whose name contains this
    #[arg(long, default_value = "")]
    only: String,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let host = options.issuer.host_str().unwrap_or_default();
    assert!(
        ["localhost", "127.0.0.1", "[::1]"].contains(&host),
        "load is put on servers of this machine only"
    );
    let meter = measure::Meter {
        server: options.pid,
        database: options.database_pid,
        span: Duration::from_secs(options.seconds),
        connections: options.connections,
    };
    let sink = sink::Sink::start(options.mail_port).await;
    let stage = stage::Stage::set(&options.issuer, &options.client, options.connections).await;
    let figures = work::all(&stage, &sink, &meter, &options.only).await;
    let report = serde_json::json!({ "name": options.name, "connections": options.connections, "figures": figures });
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
}
