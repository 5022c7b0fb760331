//! Which client is calling, proven in the one way it is registered for (RFC 6749 section 2.3, OpenID Connect Core section 9).
//!
//! Doesn't know what the client then may do.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta};
use serde::Deserialize;

use super::attempts::Attempts;
use super::oauth_error::OAuthError;
use super::parameters::Parameters;
use crate::app::App;
use crate::application::{Client, ClientAuthentication, ClientId};
use crate::grant::use_assertion;
use crate::keys::{ForeignKeys, claimed_subject};
use crate::kit::{Moment, Secret};
use crate::web::ClientAddress;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion's id is remembered until the assertion expires: not for ever.
const LONGEST_ASSERTION: TimeDelta = TimeDelta::hours(1);

/// How a client proves itself in this request.
#[derive(Debug, PartialEq, Eq)]
enum Proof {
    /// The method is kept, for only the registered one is accepted.
    Secret(ClientAuthentication, SecretText),
    Assertion(String),
    None,
}

#[derive(PartialEq, Eq)]
struct SecretText(String);

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Where a request comes from, and what it failed at before.
pub(super) struct Caller<'c> {
    pub(super) app: &'c App,
    pub(super) attempts: &'c Attempts,
    pub(super) address: ClientAddress,
    pub(super) moment: &'c Moment,
}

/// The client behind the request, proven.
pub(super) async fn authenticate(
    caller: &Caller<'_>,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Arc<Client>, OAuthError> {
    let (named, proof) = read(headers, parameters)?;
    let id = named.parse::<ClientId>().ok();
    let (network, now) = (caller.address.network(), caller.moment.now);
    let catalogue = caller.app.catalogue.current();
    let client = id.and_then(|id| catalogue.client(id)).cloned();
    let proven = match client {
        Some(client) => prove(caller, &client, &proof).await.map(|()| client),
        None => Err(OAuthError::invalid_client("The client is unknown.")),
    };
    if let Err(OAuthError::Refused(_)) = &proven {
        // A right proof always counts, so nobody can lock a client out by guessing in its name.
        caller.attempts.failed(network, id, now);
        if let Some(seconds) = caller.attempts.wait(network, id, now) {
            return Err(OAuthError::too_many_attempts(seconds));
        }
    }
    proven
}

async fn prove(caller: &Caller<'_>, client: &Client, proof: &Proof) -> Result<(), OAuthError> {
    let registered = client.settings.authentication;
    match proof {
        Proof::Secret(method, secret) if *method == registered => {
            let secret = Secret::new(secret.0.as_str());
            if client.knows_secret(&secret, caller.moment.now) {
                return Ok(());
            }
            Err(OAuthError::invalid_client("The secret is wrong."))
        }
        Proof::Assertion(token) if registered == ClientAuthentication::PrivateKeyJwt => {
            prove_by_assertion(caller, client, token).await
        }
        Proof::None if registered == ClientAuthentication::None => Ok(()),
        _ => {
            let sentence = "The client is registered for another authentication method.";
            Err(OAuthError::invalid_client(sentence))
        }
    }
}

/// Who the request says is calling, and its one proof.
fn read(headers: &HeaderMap, parameters: &Parameters) -> Result<(String, Proof), OAuthError> {
    let basic = basic(headers)?;
    let posted = parameters.get("client_secret");
    let assertion = parameters.get("client_assertion");
    let named = parameters.get("client_id");
    let methods = [basic.is_some(), posted.is_some(), assertion.is_some()];
    if methods.into_iter().filter(|used| *used).count() > 1 {
        let sentence = "The request uses more than one client authentication method.";
        return Err(OAuthError::invalid_request(sentence));
    }
    let (id, proof) = if let Some((id, secret)) = basic {
        let method = ClientAuthentication::SecretBasic;
        (id, Proof::Secret(method, SecretText(secret)))
    } else if let Some(token) = assertion {
        if parameters.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(OAuthError::invalid_request(
                "The client_assertion_type is unknown.",
            ));
        }
        let subject = claimed_subject(token)
            .map_err(|_| OAuthError::invalid_client("The client assertion is malformed."))?;
        (subject, Proof::Assertion(token.to_owned()))
    } else {
        let id = named
            .ok_or_else(|| OAuthError::invalid_client("The client does not say who it is."))?;
        let method = ClientAuthentication::SecretPost;
        let proof = posted.map(|secret| Proof::Secret(method, SecretText(secret.to_owned())));
        (id.to_owned(), proof.unwrap_or(Proof::None))
    };
    if named.is_some_and(|named| named != id) {
        let sentence = "The client_id is not the client that authenticates.";
        return Err(OAuthError::invalid_request(sentence));
    }
    Ok((id, proof))
}

/// Id and secret of the Basic scheme, both form-decoded (RFC 6749 section 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, OAuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let malformed = || OAuthError::invalid_client("The Authorization header is malformed.");
    if values.next().is_some() {
        return Err(OAuthError::invalid_request(
            "There is more than one Authorization header.",
        ));
    }
    let text = value.to_str().map_err(|_| malformed())?;
    let (scheme, credentials) = text.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = STANDARD
        .decode(credentials.trim())
        .map_err(|_| malformed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
    let (id, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    Ok(Some((form_decoded(id), form_decoded(secret))))
}

fn form_decoded(text: &str) -> String {
    // A lone pair "name=value" whose name is the text: the one decoder for forms that the house has.
    let escaped = text.replace('&', "%26").replace('=', "%3D");
    let mut pairs = url::form_urlencoded::parse(escaped.as_bytes());
    pairs
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

/// RFC 7523 section 3.
#[derive(Deserialize)]
struct Assertion {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn is(&self, wanted: &[&str]) -> bool {
        match self {
            Self::One(one) => wanted.contains(&one.as_str()),
            Self::Many(many) => many.iter().any(|one| wanted.contains(&one.as_str())),
        }
    }
}

async fn prove_by_assertion(
    caller: &Caller<'_>,
    client: &Client,
    token: &str,
) -> Result<(), OAuthError> {
    let no = |sentence: &str| OAuthError::invalid_client(sentence);
    let (app, moment) = (caller.app, caller.moment);
    let keys = client.settings.jwks.as_ref().map(ForeignKeys::parse);
    let Some(Ok(keys)) = keys else {
        return Err(no("The client has no keys registered."));
    };
    let claims: Assertion = keys
        .verify(token, moment)
        .map_err(|bad| no(&format!("The client assertion is refused: {bad}.")))?;
    let id = client.id.to_string();
    if claims.iss != id || claims.sub != id {
        return Err(no("The client assertion is of another client."));
    }
    if !claims.aud.is(&[app.links.issuer(), &app.links.token()]) {
        return Err(no("The client assertion is for somebody else."));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the ring's reader refuses dates beyond the year 9999"
    )]
    let expires_at = DateTime::from_timestamp_secs(claims.exp.ceil() as i64);
    let expires_at = expires_at.filter(|end| *end <= moment.now + LONGEST_ASSERTION);
    let expires_at = expires_at.ok_or_else(|| no("The client assertion is valid for too long."))?;
    if claims.jti.is_empty() || claims.jti.len() > 255 {
        return Err(no("The client assertion has no usable jti."));
    }
    let first = app
        .db
        .write(async |tx| use_assertion(tx, client.id, &claims.jti, expires_at).await)
        .await?;
    if first {
        Ok(())
    } else {
        Err(no("The client assertion was used before."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(authorization: &[&str]) -> HeaderMap {
        let values = authorization.iter().map(|value| value.parse().unwrap());
        values.map(|value| (header::AUTHORIZATION, value)).collect()
    }

    fn basic_header(credentials: &str) -> String {
        format!("Basic {}", STANDARD.encode(credentials))
    }

    /// OA-10: secrets with ":", "%", "+" and "&" arrive as they are.
    #[test]
    fn basic_credentials_are_form_decoded() {
        for (sent, id, secret) in [
            ("cli_1:s3cret", "cli_1", "s3cret"),
            ("cli%5F1:a%3Ab%25c%2Bd+e%26f%3Dg", "cli_1", "a:b%c+d e&f=g"),
            ("cli_1:a:b=c&d", "cli_1", "a:b=c&d"),
            ("cli_1:", "cli_1", ""),
        ] {
            let read = basic(&headers(&[&basic_header(sent)])).unwrap();
            assert_eq!(read, Some((id.to_owned(), secret.to_owned())), "{sent}");
        }
        for bad in ["Basic", "Basic !", "Bearer abc", &basic_header("no colon")] {
            assert!(basic(&headers(&[bad])).is_err(), "{bad}");
        }
    }

    /// OA-09: two methods at once are an invalid request.
    #[test]
    fn one_method_at_a_time() {
        let none = HeaderMap::new();
        let with_basic = headers(&[&basic_header("cli_1:x")]);
        let form = Parameters::parse;
        assert!(read(&with_basic, &form("client_secret=x")).is_err());
        assert!(read(&with_basic, &form("client_id=cli_2")).is_err());
        assert!(read(&with_basic, &form("client_id=cli_1")).is_ok());
        assert!(
            read(
                &none,
                &form("client_secret=x&client_assertion=y&client_id=cli_1")
            )
            .is_err()
        );
        assert!(read(&none, &form("grant_type=refresh_token")).is_err());
        let twice = headers(&[&basic_header("cli_1:x"), &basic_header("cli_1:y")]);
        assert!(read(&twice, &form("")).is_err());
        let (id, proof) = read(&none, &form("client_id=cli_1")).unwrap();
        assert_eq!((id.as_str(), proof), ("cli_1", Proof::None));
    }
}
