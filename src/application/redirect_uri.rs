//! Where a browser may be sent back to: registered once, compared as text (RFC 9700 section 4.1.3).
//!
//! Doesn't build responses.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

/// A registered address of a client. What a request asks for is only ever compared with it, never parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    reach: Reach,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Https,
    /// `http` on `localhost`: for development.
    Localhost,
    /// `http` on a loopback IP: for development and native applications, on any port (RFC 8252 section 7.3).
    LoopbackIp,
    /// `com.example.app:/callback`: native applications (RFC 8252 section 7.1).
    PrivateUse,
}

/// Why a text can't be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRedirectUri {
    #[error("This is not an absolute URI.")]
    Syntax,
    #[error("A redirect URI has no fragment (#…).")]
    Fragment,
    #[error("A redirect URI carries no user name, password or wildcard.")]
    Authority,
    #[error(
        "Use https. Plain http is possible on localhost, 127.0.0.1 and [::1] only; native applications may use a reversed domain name as scheme."
    )]
    Scheme,
}

const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

impl RedirectUri {
    pub fn parse(text: &str) -> Result<Self, BadRedirectUri> {
        if text.len() > 2000 || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(BadRedirectUri::Syntax);
        }
        let url = Url::parse(text).map_err(|_| BadRedirectUri::Syntax)?;
        if url.fragment().is_some() {
            return Err(BadRedirectUri::Fragment);
        }
        let host = url.host_str().unwrap_or_default();
        let reach = match (url.scheme(), host) {
            ("https", _) => Reach::Https,
            ("http", "localhost") => Reach::Localhost,
            ("http", "127.0.0.1" | "[::1]") => Reach::LoopbackIp,
            (scheme, _) if scheme.contains('.') => Reach::PrivateUse,
            _ => return Err(BadRedirectUri::Scheme),
        };
        let named = !url.username().is_empty() || url.password().is_some();
        if named || host.contains('*') || text.contains('\\') {
            return Err(BadRedirectUri::Authority);
        }
        // `http://127.1/` is a loopback address too, but only the usual spelling is one that ports can be compared in.
        if reach == Reach::LoopbackIp && loopback_parts(text).is_none() {
            return Err(BadRedirectUri::Syntax);
        }
        let text = text.to_owned();
        Ok(Self { text, reach })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the requested text is this one. Nothing is normalised; only the port of a loopback IP may differ.
    #[must_use]
    pub fn admits(&self, requested: &str) -> bool {
        if self.reach != Reach::LoopbackIp {
            return self.text == requested;
        }
        loopback_parts(requested).is_some_and(|parts| Some(parts) == loopback_parts(&self.text))
    }

    /// Whether only the client itself can receive what is sent there. Another program on the person's machine can listen on a
    /// loopback port or claim a private-use scheme (RFC 8252 section 8.6).
    #[must_use]
    pub fn proves_client(&self) -> bool {
        self.reach == Reach::Https
    }

    /// Whether only a native application can use it.
    #[must_use]
    pub fn is_private_use(&self) -> bool {
        self.reach == Reach::PrivateUse
    }
}

/// Host and path of a loopback URI without its port; nothing for any other text.
fn loopback_parts(text: &str) -> Option<(&'static str, &str)> {
    let host = LOOPBACK.into_iter().find(|host| text.starts_with(host))?;
    let rest = text.strip_prefix(host)?;
    let path = match rest.strip_prefix(':') {
        None => rest,
        Some(rest) => {
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            let (port, path) = rest.split_at(end);
            port.parse::<u16>().ok().filter(|port| *port > 0)?;
            path
        }
    };
    let begins = path.is_empty() || path.starts_with('/') || path.starts_with('?');
    begins.then_some((host, path))
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for RedirectUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for RedirectUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn uri(text: &str) -> RedirectUri {
        RedirectUri::parse(text).unwrap()
    }

    /// OA-04, NA-01.
    #[test]
    fn what_can_be_registered() {
        for text in [
            "https://app.example/callback",
            "https://app.example/callback?tenant=1",
            "http://localhost:8081/callback",
            "http://127.0.0.1/callback",
            "http://[::1]:4711/callback",
            "com.example.app:/callback",
            "com.example.app://callback",
        ] {
            assert_eq!(uri(text).as_str(), text);
        }
    }

    #[test]
    fn what_can_not_be_registered() {
        use BadRedirectUri::{Authority, Fragment, Scheme, Syntax};
        for (text, why) in [
            ("", Syntax),
            ("/callback", Syntax),
            ("https://", Syntax),
            ("https://app.example/a b", Syntax),
            ("https://app.example/\n", Syntax),
            ("https://müller.example/", Syntax),
            ("https://app.example/#", Fragment),
            ("https://app.example/#x", Fragment),
            ("https://me:pw@app.example/", Authority),
            ("https://*.app.example/", Authority),
            ("https:\\\\app.example/", Authority),
            ("http://app.example/", Scheme),
            ("http://localhost.evil.example/", Scheme),
            ("http://127.1/callback", Syntax),
            ("javascript:alert(1)", Scheme),
            ("data:text/html,x", Scheme),
            ("file:///etc/passwd", Scheme),
            ("myapp:/callback", Scheme),
        ] {
            assert_eq!(RedirectUri::parse(text), Err(why), "{text}");
        }
    }

    /// OA-04: only the port of a loopback IP may vary.
    #[test]
    fn a_request_names_a_registered_uri_or_nothing() {
        let loopback = uri("http://127.0.0.1/callback");
        assert!(loopback.admits("http://127.0.0.1/callback"));
        assert!(loopback.admits("http://127.0.0.1:65535/callback"));
        for text in [
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:80@evil.example/callback",
            "http://127.0.0.1.evil.example/callback",
            "http://127.0.0.1:80.evil.example/callback",
            "http://[::1]/callback",
            "https://127.0.0.1/callback",
            "http://127.0.0.1/callback/",
            "http://127.0.0.1/callback?x=1",
            "http://localhost/callback",
        ] {
            assert!(!loopback.admits(text), "{text}");
        }
        assert!(!uri("http://localhost:1/a").admits("http://localhost:2/a"));
        assert!(!uri("https://a.example/").admits("https://a.example"));
        assert!(!uri("https://a.example/").admits("HTTPS://a.example/"));
        assert!(!uri("https://127.0.0.1:1/a").admits("https://127.0.0.1:2/a"));
        assert!(!uri("http://127.0.0.1").admits("http://127.0.0.1@evil.example"));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_parses_admits_itself(text in "\\PC{0,60}") {
            if let Ok(uri) = RedirectUri::parse(&text) {
                prop_assert!(uri.admits(&text));
            }
        }

        #[test]
        fn another_https_text_never_matches(
            path in "[a-z/?&=.%@:#\\\\]{0,20}",
            other in "(https?://|com\\.a:)?[a-z/?&=.%@:#\\\\]{0,30}",
        ) {
            let Ok(uri) = RedirectUri::parse(&format!("https://app.example/{path}")) else { return Ok(()) };
            prop_assert_eq!(uri.admits(&other), other == uri.as_str());
        }

        #[test]
        fn a_loopback_match_stays_on_the_same_host_and_path(tail in "[0-9a-z/?.@:\\[\\]#]{0,30}") {
            let registered = uri("http://127.0.0.1/callback");
            let requested = format!("http://127.0.0.1{tail}");
            if registered.admits(&requested) {
                let url = Url::parse(&requested).unwrap();
                prop_assert_eq!(url.host_str(), Some("127.0.0.1"));
                prop_assert_eq!(url.path(), "/callback");
                prop_assert_eq!((url.query(), url.username()), (None, ""));
            }
        }
    }
}
