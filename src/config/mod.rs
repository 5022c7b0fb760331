//! The settings, as the rest of the program uses them: parsed, checked, complete.
//!
//! `config/usher.toml` is compiled in and holds every key with its default and its explanation; there is no second list.
//! How file, environment and flags lie over each other stands in `layers`, what is allowed in `read`.

mod layers;
mod read;

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use url::Url;

use crate::kit::Secret;

pub use layers::{Problem, Problems, Sources};

/// The documented file.
pub const DOCUMENTED: &str = include_str!("../../config/usher.toml");

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    pub data_dir: PathBuf,
    pub locale: String,
    pub server: Server,
    pub database: Database,
    pub keys: Keys,
    /// The mail server; without one, letters land in the mailbox page.
    pub mail: Option<SmtpConfig>,
    /// `Name <address>`, checked.
    pub mail_from: String,
    pub log: Log,
    pub tokens: Tokens,
    pub sessions: Sessions,
    pub metrics: Metrics,
}

#[derive(Debug, Clone)]
pub struct Server {
    pub listen: SocketAddr,
    /// https, or http on loopback; an origin without path.
    pub public_url: Url,
    pub trusted_proxies: Vec<IpNet>,
}

impl Server {
    /// Whether Usher is reached from this machine only: a developer's.
    #[must_use]
    pub fn is_local(&self) -> bool {
        read::is_loopback(&self.public_url)
    }
}

#[derive(Clone)]
pub struct Database {
    /// May hold a password.
    pub url: String,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = self.url.split(':').next().unwrap_or_default();
        write!(f, "Database({kind}:…)")
    }
}

#[derive(Debug, Clone)]
pub struct Keys {
    pub master_key: MasterKeySource,
}

/// Where the master key comes from.
#[derive(Debug, Clone)]
pub enum MasterKeySource {
    /// Made at the first start if it is missing.
    File(PathBuf),
    /// 32 bytes in base64url.
    Given(Secret),
}

#[derive(Debug, Clone)]
pub struct SmtpConfig {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// Certificates that are trusted beside Mozilla's roots, in PEM.
    pub ca_file: Option<PathBuf>,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// The connection must turn to TLS before anything is sent.
    Starttls,
    /// TLS from the first byte on.
    Tls,
    None,
}

#[derive(Debug, Clone)]
pub struct Log {
    pub format: LogFormat,
    pub filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// How long what we issue is valid.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access_seconds: i64,
    pub id_seconds: i64,
    pub code_seconds: i64,
    pub refresh_idle_days: i64,
    pub refresh_absolute_days: i64,
    pub refresh_grace_seconds: i64,
}

#[derive(Debug, Clone)]
pub struct Sessions {
    pub lifetime_hours: i64,
}

#[derive(Debug, Clone)]
pub struct Metrics {
    pub listen: Option<SocketAddr>,
}

impl Config {
    /// Lays the sources over the defaults and checks the result; all problems come together.
    pub fn load(sources: &Sources) -> Result<Self, Problems> {
        read::check(layers::merge(sources)?)
    }
}

#[cfg(test)]
mod tests;
