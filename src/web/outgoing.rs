//! The one HTTP client for addresses that other people choose: webhooks, key sets of clients.
//!
//! Knows nothing of what is sent. Never follows a redirect, never reaches into private networks, never reads without end.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use http::{HeaderMap, Request, StatusCode};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::kit::Internal;

/// In all: connecting, sending, and reading the answer.
const PATIENCE: Duration = Duration::from_secs(15);
const CONNECTING: Duration = Duration::from_secs(5);

/// Whether addresses on this machine may be reached: only where Usher itself is reached from this machine only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loopback {
    Allowed,
    Refused,
}

impl Loopback {
    /// Whether anything is sent to this address.
    #[must_use]
    pub fn admits(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::Allowed && address.to_canonical().is_loopback())
    }
}

/// Sends requests to public addresses. Cheap to clone.
#[derive(Clone)]
pub struct Outgoing {
    client: reqwest::Client,
    loopback: Loopback,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// As much as was asked for.
    pub body: Vec<u8>,
    /// Whether there was more.
    pub cut: bool,
}

impl Answer {
    /// Its status and what it says, on one line: for the one who looks for the mistake.
    #[must_use]
    pub fn in_words(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let words = text.split(|c: char| c.is_whitespace() || c.is_control());
        let status = self.status.as_u16().to_string();
        let words: Vec<&str> = [status.as_str()]
            .into_iter()
            .chain(words.filter(|word| !word.is_empty()))
            .collect();
        words.join(" ")
    }
}

/// An address that nothing is sent to, in words for the person who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    #[error("Write a complete address that begins with https://.")]
    Scheme,
    #[error("Leave out user name, password and everything after #.")]
    Parts,
    #[error("This address is in a private network or on this machine. Choose one that is public.")]
    Private,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error("{0}")]
    Failed(String),
}

impl Outgoing {
    pub fn new(loopback: Loopback) -> Result<Self, Internal> {
        let client = match builder(loopback).build() {
            Ok(client) => client,
            Err(error) => {
                tracing::warn!(%error, "This system's certificates can't be used; Mozilla's are.");
                builder(loopback).tls_certs_only(bundled_roots()?).build()?
            }
        };
        Ok(Self { client, loopback })
    }

    /// Whether anything would be sent there, as far as the address itself tells; what its name resolves to is checked when it is used.
    pub fn check(&self, url: &Url) -> Result<(), Forbidden> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None, // the resolver looks at it
            None => return Err(Forbidden::Scheme),
        };
        if address.is_some_and(|address| !self.loopback.admits(address)) {
            return Err(Forbidden::Private);
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(Forbidden::Parts);
        }
        match (url.scheme(), self.loopback) {
            ("https", _) | ("http", Loopback::Allowed) => Ok(()),
            _ => Err(Forbidden::Scheme),
        }
    }

    /// Sends and reads at most `longest` bytes of the answer.
    pub async fn send(
        &self,
        request: Request<Vec<u8>>,
        longest: usize,
    ) -> Result<Answer, Unanswered> {
        let request = reqwest::Request::try_from(request).map_err(|error| failed(&error))?;
        self.check(request.url())?;
        let answer = self.client.execute(request).await;
        let mut answer = answer.map_err(|error| failed(&error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failed(&error))? {
            let room = longest - body.len();
            if chunk.len() > room {
                body.extend(chunk.iter().take(room));
                return Ok(Answer {
                    status,
                    headers,
                    body,
                    cut: true,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            headers,
            body,
            cut: false,
        })
    }
}

fn builder(loopback: Loopback) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .timeout(PATIENCE)
        .connect_timeout(CONNECTING)
        .user_agent(concat!("Usher/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Guarded(loopback))
}

/// A bare container has no certificates of its own, and must start all the same.
fn bundled_roots() -> Result<Vec<reqwest::Certificate>, Internal> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let roots: Result<_, _> = roots
        .map(|root| reqwest::Certificate::from_der(root))
        .collect();
    Ok(roots?)
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("loopback", &self.loopback)
            .finish_non_exhaustive()
    }
}

/// The innermost cause says most; the URL, which may hold a secret, stays out.
fn failed(error: &reqwest::Error) -> Unanswered {
    use std::error::Error as _;
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the request failed"
    };
    Unanswered::Failed(cause.map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}")))
}

/// Resolves names and hands out only addresses that may be reached: the connection uses exactly these, so no second look-up
/// can point elsewhere.
struct Guarded(Loopback);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let loopback = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let admitted: Vec<SocketAddr> = found
                .filter(|address| loopback.admits(address.ip()))
                .collect();
            if admitted.is_empty() {
                return Err(Forbidden::Private.into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

/// Whether an address belongs to the public internet (the IANA special-purpose registries, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        [100, second, ..] => (64..128).contains(&second), // shared between carrier and customer
        [172, second, ..] => (16..32).contains(&second),
        [192, 0, third, _] => third == 0 || third == 2,
        [0 | 10 | 127, ..]
        | [169, 254, ..]
        | [192, 168, ..]
        | [192, 88, 99, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => true,
        [198, second, ..] => second == 18 || second == 19,
        [first, ..] => first >= 224, // multicast and reserved
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // NAT64 (RFC 6052) and 6to4 lead to the IPv4 address inside.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        [0x2001, second, ..] => second >= 0x200 && second != 0xdb8, // Teredo, ORCHID, documentation
        [0x3fff, second, ..] => second >= 0x1000,                   // documentation, RFC 9637
        [first, ..] => (0x2000..0x4000).contains(&first),           // global unicast
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in [
            "1.1.1.1",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.0.8",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2001::1",
            "2001:db8::1",
            "fec0::1",
            "3fff::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn addresses_are_checked_before_anything_is_sent() {
        let outgoing = Outgoing::new(Loopback::Refused).unwrap();
        let check = |text: &str| outgoing.check(&text.parse().unwrap());
        assert_eq!(check("https://hooks.company.example/in?key=1"), Ok(()));
        assert_eq!(
            check("http://hooks.company.example/"),
            Err(Forbidden::Scheme)
        );
        assert_eq!(
            check("ftp://hooks.company.example/"),
            Err(Forbidden::Scheme)
        );
        assert_eq!(
            check("https://user@hooks.company.example/"),
            Err(Forbidden::Parts)
        );
        for literal in [
            "127.0.0.1",
            "0x7f.1",
            "2130706433",
            "[::1]",
            "[::ffff:7f00:1]",
            "10.0.0.1",
        ] {
            assert_eq!(
                check(&format!("https://{literal}/")),
                Err(Forbidden::Private),
                "{literal}"
            );
        }
        let local = Outgoing::new(Loopback::Allowed).unwrap();
        assert_eq!(local.check(&"http://127.0.0.1:9/".parse().unwrap()), Ok(()));
        assert_eq!(
            local.check(&"http://10.0.0.1/".parse().unwrap()),
            Err(Forbidden::Private)
        );
    }

    #[test]
    fn a_system_without_certificates_will_do() {
        let roots = bundled_roots().unwrap();
        builder(Loopback::Refused)
            .tls_certs_only(roots)
            .build()
            .unwrap();
    }

    #[tokio::test]
    async fn a_name_that_points_inside_is_not_reached() {
        let outgoing = Outgoing::new(Loopback::Refused).unwrap();
        let request = Request::get("https://localhost:9/")
            .body(Vec::new())
            .unwrap();
        let unanswered = outgoing.send(request, 10).await.unwrap_err();
        assert!(
            unanswered.to_string().contains("private network"),
            "{unanswered}"
        );
    }
}
