//! One careful way of asking a provider's API with a person's token.
//!
//! Knows no provider. Nothing is asked of another host than the one given, and nothing endless is read.

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, HeaderName, RETRY_AFTER};
use http::{Request, StatusCode};
use serde_json::Value;
use url::Url;

use super::super::connector::UpstreamError;
use super::{How, Remedy, Unproven};
use crate::kit::Secret;
use crate::web::{Answer, Outgoing};

const LONGEST: usize = 64 * 1024;
/// Pages of one list; nobody holds more roles or licences.
const MOST_PAGES: usize = 20;
/// A provider that asks for more patience than this is broken.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// Where and as whom to ask.
#[derive(Clone, Copy)]
pub(super) struct Api<'a> {
    pub(super) outgoing: &'a Outgoing,
    /// Scheme, host and port, without a slash at the end.
    pub(super) base: &'a str,
    pub(super) token: &'a Secret,
}

/// Why an API gave no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Refused {
        status: StatusCode,
        error: UpstreamError,
    },
    Busy(Option<Duration>),
    /// No answer in time, or one that can't be read.
    Unreadable(String),
}

/// Where a list continues.
pub(super) type NextPage = fn(&Value) -> Option<&str>;

impl Api<'_> {
    /// `path` begins with a slash.
    pub(super) async fn get(
        &self,
        path: &str,
        headers: &[(HeaderName, &'static str)],
    ) -> Result<Value, Trouble> {
        let mut request = Request::get(format!("{}{path}", self.base))
            .header(AUTHORIZATION, format!("Bearer {}", self.token.reveal()))
            .header(ACCEPT, "application/json");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(Vec::new());
        let request = request.map_err(|error| Trouble::Unreadable(error.to_string()))?;
        let answer = self.outgoing.send(request, LONGEST).await;
        read(&answer.map_err(|error| Trouble::Unreadable(error.to_string()))?)
    }

    /// All items of a list: `items` of every page.
    pub(super) async fn list(
        &self,
        path: &str,
        headers: &[(HeaderName, &'static str)],
        (items, next): (&str, NextPage),
    ) -> Result<Vec<Value>, Trouble> {
        let mut all = Vec::new();
        let mut path = path.to_owned();
        for _ in 0..MOST_PAGES {
            let page = self.get(&path, headers).await?;
            let found = page.get(items).and_then(Value::as_array);
            all.extend(found.ok_or_else(unexpected)?.iter().cloned());
            match next(&page) {
                None => return Ok(all),
                Some(next) => path = self.path_of(next).ok_or_else(unexpected)?,
            }
        }
        Err(Trouble::Unreadable("the list doesn't end".to_owned()))
    }

    /// The path of an address at the same place; the token goes nowhere else.
    fn path_of(&self, next: &str) -> Option<String> {
        let base: Url = self.base.parse().ok()?;
        let next = base.join(next).ok()?;
        let below = next.as_str().strip_prefix(self.base)?;
        (next.origin() == base.origin() && below.starts_with('/')).then(|| below.to_owned())
    }
}

fn unexpected() -> Trouble {
    Trouble::Unreadable("the answer has another form than expected".to_owned())
}

/// Decides by status first; the body may be anything.
fn read(answer: &Answer) -> Result<Value, Trouble> {
    let status = answer.status;
    let after = || {
        let seconds = answer.headers.get(RETRY_AFTER)?.to_str().ok()?;
        let after = Duration::from_secs(seconds.trim().parse().ok()?);
        Some(after.min(LONGEST_PAUSE))
    };
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
        return Err(Trouble::Busy(after()));
    }
    if status.is_client_error() {
        let error = UpstreamError::from_body(&answer.body);
        return Err(Trouble::Refused { status, error });
    }
    if status != StatusCode::OK || answer.cut {
        return Err(Trouble::Unreadable(format!("status {}", status.as_u16())));
    }
    serde_json::from_slice(&answer.body).map_err(|_| unexpected())
}

impl Trouble {
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The error's code and Google's reason, which tell more than the status.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Refused { error, .. } => error.subcode.as_deref().unwrap_or(&error.error),
            _ => "",
        }
    }

    /// What every API means by it; `forbidden` is what this one means by 403.
    pub(super) fn unproven(self, call: &'static str, forbidden: Remedy) -> Unproven {
        let (remedy, detail) = match self {
            Self::Busy(after) => (Remedy::TryLater { after }, "the API is busy".to_owned()),
            Self::Unreadable(why) => (Remedy::TryLater { after: None }, why),
            Self::Refused { status, .. } => {
                let remedy = match status {
                    StatusCode::UNAUTHORIZED => Remedy::SignInAgain,
                    StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => forbidden,
                    _ => Remedy::TryLater { after: None },
                };
                (remedy, format!("the API answers {}", status.as_u16()))
            }
        };
        tracing::info!(
            call,
            ?remedy,
            detail,
            "a check at a provider proves nothing"
        );
        Unproven {
            how: How::Api { call },
            remedy,
            detail,
        }
    }
}

/// What stands in the way when there is no token to ask with.
pub(super) fn no_token(call: &'static str) -> Unproven {
    Unproven {
        how: How::Api { call },
        remedy: Remedy::SignInAgain,
        detail: "there is no access token to ask with".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Loopback;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
            cut: false,
        }
    }

    #[test]
    fn the_status_decides_before_the_body() {
        let busy = |headers: &[_]| read(&answer(429, headers, "<html>")).unwrap_err();
        assert_eq!(
            busy(&[("retry-after", "7")]),
            Trouble::Busy(Some(Duration::from_secs(7)))
        );
        assert_eq!(
            busy(&[("retry-after", "99999999")]),
            Trouble::Busy(Some(LONGEST_PAUSE))
        );
        assert_eq!(busy(&[("retry-after", "soon")]), Trouble::Busy(None));
        assert_eq!(
            read(&answer(503, &[], "")).unwrap_err(),
            Trouble::Busy(None)
        );
        let refused = read(&answer(
            403,
            &[],
            r#"[{"errorCode": "API_DISABLED_FOR_ORG"}]"#,
        ));
        assert_eq!(refused.unwrap_err().code(), "API_DISABLED_FOR_ORG");
        let google = r#"{"error": {"code": 403, "status": "PERMISSION_DENIED", "errors": [{"reason": "accessNotConfigured"}]}}"#;
        assert_eq!(
            read(&answer(403, &[], google)).unwrap_err().code(),
            "accessNotConfigured"
        );
        for (status, body) in [
            (200, "<html>"),
            (200, ""),
            (302, "{}"),
            (500, "{}"),
            (204, "{}"),
        ] {
            let unreadable = read(&answer(status, &[], body));
            assert!(
                matches!(unreadable, Err(Trouble::Unreadable(_))),
                "{status} {body}"
            );
        }
        let mut cut = answer(200, &[], "{}");
        cut.cut = true;
        assert!(matches!(read(&cut), Err(Trouble::Unreadable(_))));
        assert!(read(&answer(200, &[], "{}")).is_ok());
    }

    #[test]
    fn a_list_continues_at_the_same_place_only() {
        let outgoing = Outgoing::new(Loopback::Refused).unwrap();
        let token = Secret::new("token");
        let api = Api {
            outgoing: &outgoing,
            base: "https://graph.microsoft.com",
            token: &token,
        };
        let next = api.path_of("https://graph.microsoft.com/v1.0/me?$skiptoken=x");
        assert_eq!(next.as_deref(), Some("/v1.0/me?$skiptoken=x"));
        assert_eq!(
            api.path_of("/v1.0/me?page=2").as_deref(),
            Some("/v1.0/me?page=2")
        );
        for elsewhere in [
            "https://graph.microsoft.com.attacker.example/",
            "https://graph.microsoft.com@attacker.example/",
            "//attacker.example/v1.0/me",
            "http://graph.microsoft.com/v1.0/me",
            "https://graph.microsoft.com:8443/v1.0/me",
            "https://[",
        ] {
            assert_eq!(api.path_of(elsewhere), None, "{elsewhere}");
        }
    }
}
