//! A mail server that keeps what it gets and answers as it is told, over real TCP and real TLS.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_util::task::AbortOnDropHandle;

/// For `localhost`, signed by itself, good for a hundred years and for nothing else.
const CERTIFICATE: &[u8] = include_bytes!("localhost.pem");
const KEY: &[u8] = include_bytes!("localhost.key");
/// The same as a file that a configuration can name.
pub(crate) const CERTIFICATE_FILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/post/localhost.pem");

/// What the server does with the next letter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mood {
    /// Answers the recipient with this.
    Says(&'static str),
    /// Never answers again.
    Hangs,
    /// Takes the letter and dies before it says so.
    DiesAfterwards,
    /// Hangs up instead of an answer.
    HangsUp,
    /// Takes a while.
    Slow,
}

/// How the server talks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    None,
    Starttls,
    Tls,
}

#[derive(Default)]
struct State {
    letters: Vec<Received>,
    moods: VecDeque<Mood>,
    always: Option<Mood>,
    credentials: Option<String>,
    connections: usize,
}

/// A letter as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) recipient: String,
    pub(crate) raw: String,
    pub(crate) encrypted: bool,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let (head, _) = self.raw.split_once("\r\n\r\n")?;
        let head = head.replace("\r\n ", " ");
        let mut lines = head
            .split("\r\n")
            .map(|line| line.split_once(": ").unwrap());
        lines.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
    }

    /// The body without the soft line breaks of quoted-printable (RFC 2045 section 6.7).
    pub(crate) fn body(&self) -> String {
        let (_, body) = self.raw.split_once("\r\n\r\n").unwrap();
        body.replace("=\r\n", "")
            .replace("=3D", "=")
            .replace("\r\n", "\n")
    }
}

#[derive(Clone)]
struct Shared {
    state: Arc<Mutex<State>>,
    protection: Protection,
    tls: TlsAcceptor,
}

pub(crate) struct SmtpServer {
    pub(crate) port: u16,
    shared: Shared,
    _listening: AbortOnDropHandle<()>,
}

impl SmtpServer {
    pub(crate) async fn start(protection: Protection) -> Self {
        let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
        let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
        let provider = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider();
        let tls = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let shared = Shared {
            state: Arc::default(),
            protection,
            tls: TlsAcceptor::from(Arc::new(tls)),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = shared.clone();
        let handle = tokio::runtime::Handle::current().spawn(async move {
            let mut conversations = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                conversations.spawn(served.clone().welcome(stream));
            }
        });
        Self {
            port,
            shared,
            _listening: AbortOnDropHandle::new(handle),
        }
    }

    pub(crate) fn next(&self, mood: Mood) {
        self.shared.state.lock().unwrap().moods.push_back(mood);
    }

    pub(crate) fn always(&self, mood: Option<Mood>) {
        self.shared.state.lock().unwrap().always = mood;
    }

    /// `user` and `password` as `AUTH PLAIN` sends them.
    pub(crate) fn wants(&self, credentials: &str) {
        self.shared.state.lock().unwrap().credentials = Some(credentials.to_owned());
    }

    pub(crate) fn letters(&self) -> Vec<Received> {
        self.shared.state.lock().unwrap().letters.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.state.lock().unwrap().connections
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// Why a conversation is over.
enum Over {
    Ended,
    Starttls,
}

impl Shared {
    async fn welcome(self, stream: TcpStream) {
        self.state.lock().unwrap().connections += 1;
        let mut talk = Talk {
            shared: self.clone(),
            stream: None,
            encrypted: false,
        };
        if self.protection == Protection::Tls {
            let Ok(stream) = self.tls.accept(stream).await else {
                return;
            };
            talk.encrypted = true;
            talk.converse(Box::new(stream), true).await;
            return;
        }
        if let Over::Starttls = talk.converse(Box::new(stream), true).await
            && let Some(stream) = talk.stream.take()
            && let Ok(stream) = self.tls.accept(stream).await
        {
            talk.encrypted = true;
            talk.converse(Box::new(stream), false).await;
        }
    }

    fn mood(&self) -> Option<Mood> {
        let mut state = self.state.lock().unwrap();
        state.moods.pop_front().or(state.always)
    }
}

struct Talk {
    shared: Shared,
    stream: Option<Box<dyn Stream>>,
    encrypted: bool,
}

impl Talk {
    async fn converse(&mut self, stream: Box<dyn Stream>, greet: bool) -> Over {
        let mut stream = BufReader::new(stream);
        if greet {
            say(&mut stream, "220 sink").await;
        }
        let (mut recipient, mut mood) = (String::new(), None);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return Over::Ended;
            }
            let line = line.trim_end();
            match line.split([' ', ':']).next().unwrap() {
                "EHLO" => say(&mut stream, &self.extensions()).await,
                "STARTTLS" => {
                    say(&mut stream, "220 go ahead").await;
                    self.stream = Some(stream.into_inner());
                    return Over::Starttls;
                }
                "AUTH" => say(&mut stream, self.lets_in(line)).await,
                "MAIL" => {
                    mood = self.shared.mood();
                    say(&mut stream, "250 ok").await;
                }
                "RCPT" => match mood {
                    Some(Mood::Hangs) => std::future::pending().await,
                    Some(Mood::HangsUp) => return Over::Ended,
                    Some(Mood::Says(answer)) => say(&mut stream, answer).await,
                    _ => {
                        if let Some(Mood::Slow) = mood {
                            tokio::time::sleep(Duration::from_millis(400)).await;
                        }
                        line.clone_into(&mut recipient);
                        say(&mut stream, "250 ok").await;
                    }
                },
                "DATA" => {
                    say(&mut stream, "354 go ahead").await;
                    self.keep(&recipient, data(&mut stream).await);
                    if let Some(Mood::DiesAfterwards) = mood {
                        return Over::Ended;
                    }
                    say(&mut stream, "250 2.0.0 taken").await;
                }
                "QUIT" => return Over::Ended,
                _ => say(&mut stream, "250 ok").await,
            }
        }
    }

    fn extensions(&self) -> String {
        let starttls = if self.shared.protection == Protection::Starttls && !self.encrypted {
            "250-STARTTLS\r\n"
        } else {
            ""
        };
        format!("250-sink\r\n{starttls}250-AUTH PLAIN LOGIN\r\n250 8BITMIME")
    }

    fn lets_in(&self, line: &str) -> &'static str {
        use base64::Engine as _;
        let said = line.rsplit(' ').next().unwrap();
        let said = base64::engine::general_purpose::STANDARD
            .decode(said)
            .unwrap();
        let wanted = self
            .shared
            .state
            .lock()
            .unwrap()
            .credentials
            .clone()
            .unwrap_or_default();
        if String::from_utf8(said).unwrap() == format!("\0{}", wanted.replace(' ', "\0")) {
            "235 welcome"
        } else {
            "535 5.7.8 who are you?"
        }
    }

    fn keep(&self, recipient: &str, raw: String) {
        let recipient = recipient.split(['<', '>']).nth(1).unwrap().to_owned();
        let received = Received {
            recipient,
            raw,
            encrypted: self.encrypted,
        };
        self.shared.state.lock().unwrap().letters.push(received);
    }
}

async fn data(stream: &mut BufReader<Box<dyn Stream>>) -> String {
    let mut letter = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 || line == ".\r\n" {
            return letter;
        }
        letter.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

async fn say(stream: &mut BufReader<Box<dyn Stream>>, line: &str) {
    drop(stream.write_all(format!("{line}\r\n").as_bytes()).await); // a client may be gone
    drop(stream.flush().await);
}
