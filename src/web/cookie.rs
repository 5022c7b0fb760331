//! Our cookies: their names, what protects them, reading and writing them.
//!
//! What they stand for (a session, a browser) is known elsewhere; here they are random tokens.

use axum::http::{HeaderMap, HeaderValue};
use axum_extra::extract::cookie::CookieJar;
use chrono::TimeDelta;

use super::links::Links;
use crate::kit::{Internal, Moment, Secret};

/// The cookies that we set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A signed-in browser.
    Session,
    /// A browser, signed in or not: a flow begun in one can't go on in another.
    Browser,
    /// The accounts that have signed in in this browser, sealed: nobody else uses up their attempts.
    Known,
    /// The connection that was chosen last: its button comes first.
    Provider,
}

impl Name {
    /// `__Host-` binds a cookie to this very host over TLS (RFC 6265bis section 4.1.3.2); a loopback server without TLS
    /// can't have that.
    const fn text(self, links: &Links) -> &'static str {
        match (self, links.is_secure()) {
            (Self::Session, true) => "__Host-usher-session",
            (Self::Session, false) => "usher-session",
            (Self::Browser, true) => "__Host-usher-browser",
            (Self::Browser, false) => "usher-browser",
            (Self::Known, true) => "__Host-usher-known",
            (Self::Known, false) => "usher-known",
            (Self::Provider, true) => "__Host-usher-provider",
            (Self::Provider, false) => "usher-provider",
        }
    }
}

/// What the browser sent under this name.
#[must_use]
pub fn read(headers: &HeaderMap, links: &Links, name: Name) -> Option<Secret> {
    let jar = CookieJar::from_headers(headers);
    jar.get(name.text(links))
        .map(|cookie| Secret::new(cookie.value()))
}

/// A `Set-Cookie` value. Without a lifetime the cookie ends with the browser.
///
/// `SameSite=Lax`, not `Strict`: the applications send people here by links and redirects.
pub fn write(
    links: &Links,
    name: Name,
    token: &Secret,
    lifetime: Option<TimeDelta>,
) -> Result<HeaderValue, Internal> {
    let secure = if links.is_secure() { "; Secure" } else { "" };
    let age = lifetime.map_or_else(String::new, |age| {
        format!("; Max-Age={}", age.num_seconds())
    });
    let text = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Lax{secure}{age}",
        name.text(links),
        token.reveal()
    );
    let mut value = HeaderValue::from_str(&text)?;
    value.set_sensitive(true);
    Ok(value)
}

/// A `Set-Cookie` value that makes the browser forget.
pub fn forget(links: &Links, name: Name) -> Result<HeaderValue, Internal> {
    write(links, name, &Secret::new(""), Some(TimeDelta::zero()))
}

/// The browser that asks, known or new.
pub struct Browser {
    /// Its digest goes into flows.
    pub token: Secret,
    /// For an answer to a new browser.
    pub set_cookie: Option<HeaderValue>,
}

/// Recognises the browser, or gives it a cookie.
pub fn browser(headers: &HeaderMap, links: &Links, moment: &Moment) -> Result<Browser, Internal> {
    if let Some(token) =
        read(headers, links, Name::Browser).filter(|token| token.reveal().len() == 43)
    {
        return Ok(Browser {
            token,
            set_cookie: None,
        });
    }
    let token = moment.token();
    let set_cookie = Some(write(
        links,
        Name::Browser,
        &token,
        Some(TimeDelta::days(400)),
    )?);
    Ok(Browser { token, set_cookie })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;

    fn links(url: &str) -> Links {
        Links::new(&url.parse().unwrap())
    }

    #[test]
    fn over_tls_cookies_are_bound_to_the_host() {
        let links = links("https://id.northwind.example");
        let cookie = write(&links, Name::Session, &Secret::new("abc"), None).unwrap();
        assert_eq!(
            cookie,
            "__Host-usher-session=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        let gone = forget(&links, Name::Browser).unwrap();
        assert_eq!(
            gone,
            "__Host-usher-browser=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
        );
    }

    #[test]
    fn what_is_written_can_be_read() {
        let links = links("http://localhost:8080");
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=b; usher-session=abc".parse().unwrap());
        assert_eq!(
            read(&headers, &links, Name::Session).unwrap().reveal(),
            "abc"
        );
        assert!(read(&headers, &links, Name::Browser).is_none());
    }
}
