//! What each setting may be.
//!
//! Reads every key before it gives up, so that all problems come together; where values come from stands in `layers`.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use base64::Engine as _;
use toml::Value;
use url::{Host, Url};

use super::layers::{Layers, Problems};
use super::{
    Config, Database, Encryption, Keys, Log, LogFormat, MasterKeySource, Metrics, Server, Sessions,
    SmtpConfig, Tokens,
};
use crate::kit::Secret;

const ADDRESS: &str = "an address and a port, like 127.0.0.1:8080 or [::1]:8080";

pub(super) fn check(mut layers: Layers) -> Result<Config, Problems> {
    let config = config(&mut layers);
    match config {
        Some(config) if layers.problems.is_empty() => Ok(config),
        _ => Err(Problems(layers.problems)),
    }
}

/// Each part is read to its end before `?` looks at the first one.
fn config(layers: &mut Layers) -> Option<Config> {
    let data_dir = layers.parsed("data_dir", "a folder", |text| {
        given(text).map(PathBuf::from)
    });
    let locale = layers.parsed("locale", "a language tag, like en", language);
    let server = server(layers);
    let database = database(layers, data_dir.as_ref());
    let keys = keys(layers, data_dir.as_ref());
    let mail = smtp(layers);
    let mail_from = layers.parsed(
        "mail.from",
        "a sender, like Usher <no-reply@company.example>",
        |text| {
            text.parse::<lettre::message::Mailbox>()
                .ok()
                .map(|_| text.to_owned())
        },
    );
    let log = log(layers);
    let tokens = tokens(layers);
    let lifetime_hours = layers.number("sessions.lifetime_hours", 1..=8760);
    let metrics = layers.parsed("metrics.listen", ADDRESS, |text| {
        optional(text, |text| text.parse().ok())
    });
    Some(Config {
        data_dir: data_dir?,
        locale: locale?,
        server: server?,
        database: database?,
        keys: keys?,
        mail: mail?,
        mail_from: mail_from?,
        log: log?,
        tokens: tokens?,
        sessions: Sessions {
            lifetime_hours: lifetime_hours?,
        },
        metrics: Metrics { listen: metrics? },
    })
}

fn server(layers: &mut Layers) -> Option<Server> {
    let listen = layers.parsed("server.listen", ADDRESS, |text| {
        text.parse::<SocketAddr>().ok()
    });
    let public_url = layers.parsed(
        "server.public_url",
        "https:// and a host (http:// only for localhost, 127.0.0.1 or [::1]), without path, user name or query",
        origin,
    );
    let networks = "networks like 10.0.0.0/8, or addresses";
    let trusted_proxies = layers.list("server.trusted_proxies", networks, |text| {
        let address = || text.parse::<std::net::IpAddr>().ok().map(Into::into);
        text.parse().ok().or_else(address)
    });
    Some(Server {
        listen: listen?,
        public_url: public_url?,
        trusted_proxies: trusted_proxies?,
    })
}

/// The public URL is the issuer: a token's `iss` and every link begin with it (R134).
fn origin(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    (bare && safe).then_some(url)
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn database(layers: &mut Layers, data_dir: Option<&PathBuf>) -> Option<Database> {
    let url = layers.parsed("database.url", "sqlite:PATH or postgres://…", |text| {
        optional(text, |text| {
            let known = ["sqlite:", "postgres://", "postgresql://"];
            known
                .iter()
                .any(|scheme| text.starts_with(scheme))
                .then(|| text.to_owned())
        })
    })?;
    let url = url.or_else(|| Some(format!("sqlite:{}", data_dir?.join("usher.db").display())))?;
    Some(Database { url })
}

fn keys(layers: &mut Layers, data_dir: Option<&PathBuf>) -> Option<Keys> {
    let allowed = "32 bytes in base64url, and not together with keys.master_key_file";
    let file = layers.parsed("keys.master_key_file", "a file", |text| {
        Some(given(text).map(PathBuf::from))
    })?;
    let key = layers.parsed("keys.master_key", allowed, |text| {
        optional(text, |text| {
            let bytes =
                base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
            bytes
                .is_ok_and(|bytes| bytes.len() == 32)
                .then(|| Secret::new(text))
        })
        .filter(|key| key.is_none() || file.is_none())
    })?;
    let master_key = match (key, file) {
        (Some(key), _) => MasterKeySource::Given(key),
        (None, Some(file)) => MasterKeySource::File(file),
        (None, None) => MasterKeySource::File(data_dir?.join("master.key")),
    };
    Some(Keys { master_key })
}

#[expect(
    clippy::option_option,
    reason = "the outer says whether it is right, the inner whether it is set"
)]
fn smtp(layers: &mut Layers) -> Option<Option<SmtpConfig>> {
    let host = layers.parsed("mail.smtp.host", "a host name or an address", |text| {
        optional(text, |text| Host::parse(text).ok().map(|_| text.to_owned()))
    });
    let port = layers.number("mail.smtp.port", 1..=65535);
    let encryption =
        layers.parsed(
            "mail.smtp.encryption",
            "starttls, tls or none",
            |text| match text {
                "starttls" => Some(Encryption::Starttls),
                "tls" => Some(Encryption::Tls),
                "none" => Some(Encryption::None),
                _ => None,
            },
        );
    let username = layers.parsed("mail.smtp.username", "a text", |text| Some(given(text)))?;
    let both = "given together with mail.smtp.username, or not at all";
    let password = layers.parsed("mail.smtp.password", both, |text| {
        let password = given(text).map(Secret::new);
        (password.is_some() == username.is_some()).then_some(password)
    });
    let ca_file = layers.parsed("mail.smtp.ca_file", "a file", |text| {
        Some(given(text).map(PathBuf::from))
    });
    let (port, encryption, password) = (u16::try_from(port?).ok()?, encryption?, password?);
    let ca_file = ca_file?;
    Some(host?.map(|host| SmtpConfig {
        host,
        port,
        encryption,
        username,
        password,
        ca_file,
    }))
}

fn log(layers: &mut Layers) -> Option<Log> {
    let format = layers.parsed("log.format", "text or json", |text| match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    });
    let filter = layers.parsed(
        "log.filter",
        "a level, or targets with levels: info,usher::mail=debug",
        |text| {
            tracing_subscriber::EnvFilter::try_new(given(text)?)
                .ok()
                .map(|_| text.to_owned())
        },
    );
    Some(Log {
        format: format?,
        filter: filter?,
    })
}

fn tokens(layers: &mut Layers) -> Option<Tokens> {
    let access = layers.number("tokens.access_seconds", 60..=86_400);
    let id = layers.number("tokens.id_seconds", 60..=86_400);
    let code = layers.number("tokens.code_seconds", 10..=600);
    let idle = layers.number("tokens.refresh_idle_days", 1..=3650);
    let absolute = layers.number("tokens.refresh_absolute_days", 1..=3650);
    let grace = layers.number("tokens.refresh_grace_seconds", 0..=60);
    Some(Tokens {
        access_seconds: access?,
        id_seconds: id?,
        code_seconds: code?,
        refresh_idle_days: idle?,
        refresh_absolute_days: absolute?,
        refresh_grace_seconds: grace?,
    })
}

fn language(text: &str) -> Option<String> {
    let parts = text.split('-').all(|part| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    (parts && text.bytes().take(2).all(|b| b.is_ascii_lowercase())).then(|| text.to_owned())
}

/// The empty text means "not set".
fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Not set is fine; what is set must parse.
#[expect(
    clippy::option_option,
    reason = "the outer says whether it is right, the inner whether it is set"
)]
fn optional<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    match given(text) {
        None => Some(None),
        Some(text) => parse(&text).map(Some),
    }
}

impl Layers {
    fn parsed<T>(
        &mut self,
        key: &str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let parsed = self.value(key).and_then(Value::as_str).and_then(parse);
        if parsed.is_none() {
            self.refuse(key, allowed);
        }
        parsed
    }

    fn number(&mut self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let number = self
            .value(key)
            .and_then(Value::as_integer)
            .filter(|number| range.contains(number));
        if number.is_none() {
            self.refuse(key, &format!("{} to {}", range.start(), range.end()));
        }
        number
    }

    fn list<T>(
        &mut self,
        key: &str,
        allowed: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let list = self.value(key).and_then(Value::as_array);
        let parsed = list.and_then(|list| {
            list.iter()
                .map(|value| parse(value.as_str()?.trim()))
                .collect()
        });
        if parsed.is_none() {
            self.refuse(key, allowed);
        }
        parsed
    }
}
