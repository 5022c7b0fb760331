//! The mail server: a few connections kept open, and what its answers mean.
//!
//! Does not know what it sends.
//!
//! lettre's own pool takes a connection back in the middle of a conversation when its caller gives up waiting, and the next
//! letter then reads the answers of the last one. Here a connection that did not end in order is closed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters,
};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, response::Response};
use tokio::time::timeout;

use crate::config::{Encryption, SmtpConfig};
use crate::job::Verdict;
use crate::kit::Internal;

/// Generous: a server that takes a letter only to be cut off sends it twice (RFC 5321 section 4.5.3.2.6).
const PATIENCE: Duration = Duration::from_mins(2);
const CONNECTING: Duration = Duration::from_secs(15);
/// For saying goodbye.
const PARTING: Duration = Duration::from_secs(1);
/// A connection that nobody used for this long is closed.
const IDLE: Duration = Duration::from_secs(30);

/// A mail server, and the connections to it that wait for the next letter.
pub struct Smtp {
    config: SmtpConfig,
    tls: Option<TlsParameters>,
    hello: ClientId,
    parked: Mutex<Vec<Parked>>,
}

struct Parked {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Smtp {
    /// Connects to nothing yet. Trusts Mozilla's roots and the configured file of certificates.
    pub fn new(config: &SmtpConfig) -> Result<Self, Internal> {
        let tls = match config.encryption {
            Encryption::Starttls | Encryption::Tls => Some(tls(config)?),
            Encryption::None => None,
        };
        Ok(Self {
            config: config.clone(),
            tls,
            hello: ClientId::default(),
            parked: Mutex::new(Vec::new()),
        })
    }

    /// Whether the server lets us in: connects, encrypts, authenticates, and says goodbye.
    pub async fn check(&self) -> Result<(), String> {
        let mut connection = match timeout(CONNECTING, self.connect()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(words(&error)),
            Err(_) => return Err(no_answer(CONNECTING)),
        };
        drop(timeout(PARTING, connection.quit()).await);
        Ok(())
    }

    /// Sends one letter and says what the answer means.
    pub(super) async fn send(&self, envelope: &Envelope, letter: &[u8]) -> Verdict {
        match timeout(PATIENCE, self.converse(envelope, letter)).await {
            Ok(Ok(response)) => Verdict::Done(said(&response)),
            Ok(Err(error)) => meaning(&error, envelope),
            Err(_) => Verdict::Again(no_answer(PATIENCE)),
        }
    }

    async fn converse(&self, envelope: &Envelope, letter: &[u8]) -> Result<Response, Error> {
        if let Some(connection) = self.take_parked().await {
            match self.hand_over(connection, envelope, letter).await {
                // The server closes a connection that has carried its share; a new one has not.
                Err(error) if code_of(&error) == Some(421) => {}
                result => return result,
            }
        }
        let connection = self.connect().await?;
        self.hand_over(connection, envelope, letter).await
    }

    async fn hand_over(
        &self,
        mut connection: AsyncSmtpConnection,
        envelope: &Envelope,
        letter: &[u8],
    ) -> Result<Response, Error> {
        let response = connection.send(envelope, letter).await?;
        let since = Instant::now();
        self.lock().push(Parked { connection, since });
        Ok(response)
    }

    /// The connection that was used last, so that those of a busy hour are closed afterwards.
    async fn take_parked(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut parked = self.lock().pop()?;
            if parked.since.elapsed() < IDLE && parked.connection.test_connected().await {
                return Some(parked.connection);
            }
        }
    }

    /// Says goodbye on connections that nobody has used for a while.
    pub(super) async fn close_idle(&self) {
        let idle: Vec<Parked> = self
            .lock()
            .extract_if(.., |parked| parked.since.elapsed() >= IDLE)
            .collect();
        for mut parked in idle {
            drop(timeout(PARTING, parked.connection.quit()).await);
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let SmtpConfig {
            host,
            port,
            encryption,
            ..
        } = &self.config;
        let wrapped = self.tls.clone().filter(|_| *encryption == Encryption::Tls);
        let (server, patience) = ((host.as_str(), *port), Some(CONNECTING));
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, patience, &self.hello, wrapped, None)
                .await?;
        if let (Encryption::Starttls, Some(tls)) = (encryption, &self.tls) {
            connection.starttls(tls.clone(), &self.hello).await?; // refused by the server: an error, never in clear
        }
        if let (Some(username), Some(password)) = (&self.config.username, &self.config.password) {
            let credentials = Credentials::new(username.clone(), password.reveal().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Parked>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tls(config: &SmtpConfig) -> Result<TlsParameters, Internal> {
    let mut builder = TlsParameters::builder(config.host.clone())
        .certificate_store(CertificateStore::WebpkiRoots);
    if let Some(file) = &config.ca_file {
        builder = builder.add_root_certificate(Certificate::from_pem(&std::fs::read(file)?)?);
    }
    Ok(builder.build()?)
}

/// 4xx and a broken connection: again. 5xx: never, unless it is about us and not about the letter, which an operator can mend.
fn meaning(error: &Error, envelope: &Envelope) -> Verdict {
    let about_us = matches!(code_of(error), Some(421 | 454 | 530 | 534 | 535 | 538));
    let impossible = error.is_client() && !envelope.to().iter().all(is_ascii);
    if impossible || (error.is_permanent() && !about_us) {
        Verdict::Never(words(error))
    } else {
        Verdict::Again(words(error))
    }
}

fn code_of(error: &Error) -> Option<u16> {
    error.status().map(u16::from)
}

fn is_ascii(address: &Address) -> bool {
    address.to_string().is_ascii()
}

/// `550 5.1.1 No such user`, as the server said it; otherwise the whole chain of what went wrong.
fn words(error: &Error) -> String {
    use std::error::Error as _;
    let mut text = error
        .status()
        .map_or_else(|| error.to_string(), |code| code.to_string());
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text} {cause_text}");
        }
        next = cause.source();
    }
    text
}

fn said(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), lines.join(" "))
}

fn no_answer(after: Duration) -> String {
    format!(
        "The mail server did not answer within {} seconds.",
        after.as_secs()
    )
}
