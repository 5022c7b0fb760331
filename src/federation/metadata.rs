//! What a provider says about itself: its endpoints and its keys, read once and looked at with suspicion.
//!
//! Keeps nothing; `providers` does.

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use url::Url;

use super::connector::Connector;
use super::{OAuth2, Provider, post};
use crate::keys::{IssuerKeys, unique_object};
use crate::web::{Answer, Forbidden, Outgoing, Unanswered};

const LONGEST: usize = 1024 * 1024;
const SHORTEST_CACHE: TimeDelta = TimeDelta::minutes(5);
const LONGEST_CACHE: TimeDelta = TimeDelta::hours(24);
/// For documents that say nothing about it.
const USUAL_CACHE: TimeDelta = TimeDelta::hours(1);

/// A provider's endpoints.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// Byte for byte; for Entra possibly with `{tenantid}`.
    pub issuer: String,
    pub authorization: Url,
    pub token: Url,
    /// For plain OAuth 2.0 the address that tells who it is.
    pub userinfo: Option<Url>,
    pub jwks: Option<Url>,
    pub end_session: Option<Url>,
    /// It promises `iss` with every answer (RFC 9207 section 3).
    pub names_itself: bool,
    /// The whole document: connectors look at more of it.
    pub document: Value,
    pub(super) fresh_until: DateTime<Utc>,
}

/// The keys of a provider.
pub struct KeySet {
    pub keys: IssuerKeys,
    pub(super) fresh_until: DateTime<Utc>,
}

/// Why a provider can't be used as it describes itself, in words for who set up the connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undescribed {
    #[error("{at}: {why}")]
    Forbidden { at: String, why: Forbidden },
    #[error("{at} does not answer: {why}.")]
    Unanswered { at: String, why: String },
    #[error("{at} answers with status {status}. Expected: 200 with a JSON document.")]
    Status { at: String, status: u16 },
    #[error("{at} answers with something that is no JSON document of at most 1 MiB.")]
    NotJson { at: String },
    #[error(
        "The discovery document names the issuer “{found}”. Expected: “{expected}”, byte for byte."
    )]
    WrongIssuer { found: String, expected: String },
    #[error("The discovery document has no usable “{0}”.")]
    Missing(&'static str),
    #[error(
        "{at} has no key that can verify a signature. Expected: 1 to 100 keys of type RSA, EC P-256 or Ed25519."
    )]
    NoKeys { at: String },
}

impl Undescribed {
    /// Whether it may be otherwise in a moment.
    pub(super) const fn is_passing(&self) -> bool {
        match self {
            Self::Unanswered { .. } | Self::NotJson { .. } => true,
            Self::Status { status, .. } => *status >= 500 || *status == 429,
            _ => false,
        }
    }
}

/// Asks a provider for its discovery document. A connection's issuer is for `Metadata::is_of` to compare.
pub(super) async fn discover(
    outgoing: &Outgoing,
    at: &Url,
    now: DateTime<Utc>,
) -> Result<Metadata, Undescribed> {
    let (document, headers) = fetch(outgoing, at).await?;
    let fresh_until = now + lifetime(&headers);
    let text = |name: &'static str| document.get(name).and_then(Value::as_str);
    let url = |name: &'static str| text(name).and_then(|text| text.parse::<Url>().ok());
    let needed = |name: &'static str| url(name).ok_or(Undescribed::Missing(name));
    let metadata = Metadata {
        issuer: text("issuer")
            .ok_or(Undescribed::Missing("issuer"))?
            .to_owned(),
        authorization: needed("authorization_endpoint")?,
        token: needed("token_endpoint")?,
        userinfo: url("userinfo_endpoint"),
        jwks: Some(needed("jwks_uri")?),
        end_session: url("end_session_endpoint"),
        names_itself: document.get("authorization_response_iss_parameter_supported")
            == Some(&Value::Bool(true)),
        fresh_until,
        document,
    };
    metadata.check(outgoing)?;
    Ok(metadata)
}

/// Asks a provider for its keys.
pub(super) async fn fetch_keys(
    outgoing: &Outgoing,
    at: &Url,
    now: DateTime<Utc>,
) -> Result<KeySet, Undescribed> {
    let (document, headers) = fetch(outgoing, at).await?;
    let keys = IssuerKeys::parse(&document).ok();
    let keys = keys
        .filter(|keys| !keys.is_empty())
        .ok_or_else(|| Undescribed::NoKeys { at: at.to_string() })?;
    Ok(KeySet {
        keys,
        fresh_until: now + lifetime(&headers),
    })
}

impl Metadata {
    /// A9: the issuer is the one that the connection expects, byte for byte; Entra's template is its connector's to accept.
    pub(super) fn is_of(
        &self,
        connector: &dyn Connector,
        provider: &Provider,
    ) -> Result<(), Undescribed> {
        if connector.describes_itself_as(&self.issuer) {
            return Ok(());
        }
        let expected = match provider {
            Provider::Oidc(oidc) => oidc.issuer.clone(),
            _ => connector
                .discovery()
                .map(|url| {
                    url.to_string()
                        .replace("/.well-known/openid-configuration", "")
                })
                .unwrap_or_default(),
        };
        Err(Undescribed::WrongIssuer {
            found: self.issuer.clone(),
            expected,
        })
    }

    /// Plain OAuth 2.0 describes itself nowhere; its settings do.
    pub(super) fn of_settings(settings: &OAuth2) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            authorization: settings.authorization_endpoint.clone(),
            token: settings.token_endpoint.clone(),
            userinfo: Some(settings.user_endpoint.clone()),
            jwks: None,
            end_session: None,
            names_itself: false,
            document: Value::Null,
            fresh_until: DateTime::<Utc>::MAX_UTC,
        }
    }

    /// A13: neither a browser nor a request of ours is sent where nothing may be sent.
    pub(super) fn check(&self, outgoing: &Outgoing) -> Result<(), Undescribed> {
        let optional = [&self.userinfo, &self.jwks, &self.end_session];
        let all = [&self.authorization, &self.token];
        for url in all.into_iter().chain(optional.into_iter().flatten()) {
            outgoing.check(url).map_err(|why| Undescribed::Forbidden {
                at: url.to_string(),
                why,
            })?;
        }
        Ok(())
    }
}

async fn fetch(outgoing: &Outgoing, at: &Url) -> Result<(Value, HeaderMap), Undescribed> {
    let place = || at.to_string();
    let answer = post::get(outgoing, at, LONGEST).await;
    let answer: Answer = answer.map_err(|why| match why {
        Unanswered::Forbidden(why) => Undescribed::Forbidden { at: place(), why },
        Unanswered::Failed(why) => Undescribed::Unanswered { at: place(), why },
    })?;
    if answer.status != StatusCode::OK {
        let status = answer.status.as_u16();
        return Err(Undescribed::Status {
            at: place(),
            status,
        });
    }
    let document = unique_object(&answer.body).filter(|_| !answer.cut);
    let document = document.ok_or_else(|| Undescribed::NotJson { at: place() })?;
    Ok((Value::Object(document), answer.headers))
}

/// A8: what the document's sender says, within reason.
fn lifetime(headers: &HeaderMap) -> TimeDelta {
    let said = headers.get(header::CACHE_CONTROL);
    let said = said
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut directives = said.split(',').map(str::trim);
    let seconds = directives.find_map(|directive| directive.strip_prefix("max-age=")?.parse().ok());
    let wanted = seconds.map_or(USUAL_CACHE, |seconds: u32| {
        TimeDelta::seconds(seconds.into())
    });
    wanted.clamp(SHORTEST_CACHE, LONGEST_CACHE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Loopback;

    /// A13: a provider that names an internal address is not used, whichever of its endpoints it is.
    #[test]
    fn internal_endpoints_are_refused() {
        let outgoing = Outgoing::new(Loopback::Refused).unwrap();
        let url = |text: &str| text.parse::<Url>().unwrap();
        let public = Metadata {
            issuer: "https://id.example".to_owned(),
            authorization: url("https://id.example/authorize"),
            token: url("https://id.example/token"),
            userinfo: None,
            jwks: None,
            end_session: None,
            names_itself: false,
            document: Value::Null,
            fresh_until: DateTime::UNIX_EPOCH,
        };
        assert_eq!(public.check(&outgoing), Ok(()));
        for inside in [
            "https://10.0.0.1/",
            "https://[::1]/",
            "http://id.example/",
            "https://169.254.169.254/latest",
        ] {
            let changes: [fn(&mut Metadata, Url); 5] = [
                |metadata, url| metadata.authorization = url,
                |metadata, url| metadata.token = url,
                |metadata, url| metadata.userinfo = Some(url),
                |metadata, url| metadata.jwks = Some(url),
                |metadata, url| metadata.end_session = Some(url),
            ];
            for change in changes {
                let mut metadata = public.clone();
                change(&mut metadata, url(inside));
                let refused = metadata.check(&outgoing);
                assert!(
                    matches!(refused, Err(Undescribed::Forbidden { .. })),
                    "{inside}"
                );
            }
        }
    }

    /// A8: a provider's word counts between five minutes and a day.
    #[test]
    fn documents_are_kept_within_reason() {
        let kept = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CACHE_CONTROL, text.parse().unwrap());
            lifetime(&headers).num_seconds()
        };
        assert_eq!(kept("public, max-age=19800, must-revalidate"), 19_800);
        assert_eq!(kept("max-age=1"), 300);
        assert_eq!(kept("max-age=999999999"), 86_400);
        assert_eq!(kept("no-store"), 3600);
        assert_eq!(kept("max-age=-1"), 3600);
        assert_eq!(lifetime(&HeaderMap::new()), USUAL_CACHE);
    }
}
