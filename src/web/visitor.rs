//! Who is asking, as far as HTTP tells: request id, languages, the address behind trusted proxies.
//!
//! Not who is signed in: that is the business of `app`.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::{HeaderMap, header, request::Parts};
use ipnet::IpNet;
use serde::{Serialize, Serializer};

use super::pages::{Brand, Shell};
use super::words::Locale;
use crate::kit::{Id, kinds};

/// Names one request in logs and on error pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub Id<kinds::Request>);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// What a page needs to know about its reader.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub request_id: RequestId,
    accept_language: String,
}

impl Visitor {
    /// The frame of a page, in the browser's language.
    #[must_use]
    pub fn shell(&self, brand: Brand) -> Shell {
        self.shell_in([], brand)
    }

    /// The frame of a page; `wanted` (an invitation's locale, `ui_locales`) comes before the browser's languages.
    #[must_use]
    pub fn shell_in<'a>(&self, wanted: impl IntoIterator<Item = &'a str>, brand: Brand) -> Shell {
        Shell {
            locale: Locale::negotiate(wanted, &self.accept_language),
            brand,
            request_id: self.request_id.to_string(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let request_id = parts.extensions.get::<RequestId>().copied();
        let accept_language = parts.headers.get(header::ACCEPT_LANGUAGE);
        Ok(Self {
            request_id: request_id.unwrap_or(RequestId(Id::from_uuid(uuid::Uuid::nil()))),
            accept_language: accept_language
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
        })
    }
}

/// The address that a request comes from: the connection's, or what the trusted proxies say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The right-most hop of `X-Forwarded-For` that is no trusted proxy; the header counts only when the connection
    /// itself comes from one.
    pub(super) fn find(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let peer = peer
            .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
            .to_canonical();
        let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
        let mut nearest = peer;
        if is_trusted(&peer) {
            let hops: Vec<&str> = headers
                .get_all("x-forwarded-for")
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .collect();
            for hop in hops.into_iter().rev() {
                let Some(address) = parse_hop(hop) else { break };
                nearest = address;
                if !is_trusted(&address) {
                    break;
                }
            }
        }
        Self(nearest)
    }

    /// What one customer has: an IPv4 address, or the /64 around an IPv6 one. Throttling counts by it.
    #[must_use]
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V6(address) => {
                let upper = address.to_bits() >> 64 << 64;
                IpAddr::V6(upper.into())
            }
            IpAddr::V4(_) => self.0,
        }
    }
}

/// An address, possibly with a port: proxies write both.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let address = hop.parse::<IpAddr>().ok();
    let address = address.or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let found = parts.extensions.get::<Self>().copied();
        Ok(found.unwrap_or_else(|| Self::find(peer(parts), &parts.headers, &[])))
    }
}

pub(super) fn peer(parts: &Parts) -> Option<IpAddr> {
    parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        ClientAddress::find(Some(peer.parse().unwrap()), &headers, &trusted)
            .0
            .to_string()
    }

    #[test]
    fn only_trusted_proxies_may_name_another_address() {
        assert_eq!(address("192.0.2.1", &["203.0.113.9"], &[]), "192.0.2.1");
        let proxies = &["10.0.0.0/8"];
        assert_eq!(
            address("10.0.0.1", &["203.0.113.9"], proxies),
            "203.0.113.9"
        );
        assert_eq!(
            address(
                "10.0.0.1",
                &["198.51.100.1, 203.0.113.9, 10.0.0.2"],
                proxies
            ),
            "203.0.113.9"
        );
        assert_eq!(
            address("10.0.0.1", &["198.51.100.1", "203.0.113.9:443"], proxies),
            "203.0.113.9"
        );
        assert_eq!(
            address("10.0.0.1", &["198.51.100.1, nonsense"], proxies),
            "10.0.0.1"
        );
        assert_eq!(
            address("::ffff:10.0.0.1", &["2001:db8::7"], proxies),
            "2001:db8::7"
        );
    }

    #[test]
    fn an_ipv6_customer_is_a_network() {
        let one = ClientAddress("2001:db8:1:2:aaaa::1".parse().unwrap());
        assert_eq!(one.network().to_string(), "2001:db8:1:2::");
    }
}
