//! The token endpoint and the end of tokens.
//!
//! What is in an ID token is made elsewhere.

use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Call, SignIn, id_token, overwrite, reply};
use crate::kit::{Internal, digest};
use crate::simulator::provider::{Reply, TokenFailure, members};
use crate::simulator::signing::encode;

pub(super) fn answer(call: &Call<'_>) -> Result<Response, Internal> {
    let (status, body) = match grant(call) {
        Ok((sign_in, renewed)) => respond(call, &sign_in, renewed)?,
        Err(failure) => call.site.provider.token_failure(call, failure),
    };
    let accepted = call.request.header("accept").unwrap_or_default();
    if call.site.provider.answers_with_forms() && !accepted.contains("json") {
        return Ok(form(status, &body));
    }
    Ok(reply((status, body)))
}

fn form(status: StatusCode, body: &Value) -> Response {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in body.as_object().into_iter().flatten() {
        form.append_pair(name, value.as_str().unwrap_or_default());
    }
    let kind = [(CONTENT_TYPE, "application/x-www-form-urlencoded")];
    (status, kind, form.finish()).into_response()
}

/// Whether a refresh token was spent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Renewed {
    Yes,
    No,
}

fn grant(call: &Call<'_>) -> Result<(SignIn, Renewed), TokenFailure> {
    authenticate(call)?;
    let parameter = |name: &str| call.request.parameter(name);
    match parameter("grant_type") {
        Some("authorization_code") => Ok((by_code(call)?, Renewed::No)),
        Some("refresh_token") => {
            let token = parameter("refresh_token").ok_or(TokenFailure::Incomplete)?;
            let known = call.site.sign_ins.of_refresh_token(token);
            Ok((known.ok_or(TokenFailure::RefreshToken)?, Renewed::Yes))
        }
        Some(_) => Err(TokenFailure::GrantType),
        None => Err(TokenFailure::Incomplete),
    }
}

fn by_code(call: &Call<'_>) -> Result<SignIn, TokenFailure> {
    let code = call
        .request
        .parameter("code")
        .ok_or(TokenFailure::Incomplete)?;
    let sign_in = call.site.sign_ins.redeem(code, call.now)?;
    if call.request.parameter("redirect_uri") != Some(&sign_in.asked.redirect_uri) {
        return Err(TokenFailure::OtherRedirectUri);
    }
    let verifier = call.request.parameter("code_verifier");
    let proven = match (&sign_in.asked.challenge, verifier) {
        (None, None) => true,
        (Some((method, challenge)), Some(verifier)) if method == "S256" => {
            encode(&digest(verifier.as_bytes())) == *challenge
        }
        (Some((_, challenge)), Some(verifier)) => verifier == challenge,
        _ => false,
    };
    if proven {
        Ok(sign_in)
    } else {
        Err(TokenFailure::Verifier)
    }
}

/// `client_secret_basic` or `client_secret_post` (OpenID Connect Core section 9).
fn authenticate(call: &Call<'_>) -> Result<(), TokenFailure> {
    let client = call.site.provider.client();
    let is_ours = |id: &str, secret: &str| id == client.id && secret == client.secret;
    let basic = basic(call).is_some_and(|(id, secret)| is_ours(&id, &secret));
    let parameter = |name: &str| call.request.parameter(name).unwrap_or_default();
    let post = is_ours(parameter("client_id"), parameter("client_secret"));
    let quirks = call.quirks;
    let known =
        (basic && !quirks.only_client_secret_post) || (post && !quirks.only_client_secret_basic);
    if known {
        Ok(())
    } else {
        Err(TokenFailure::Client)
    }
}

/// Both halves are form-encoded before they are put together (RFC 6749 section 2.3.1).
fn basic(call: &Call<'_>) -> Option<(String, String)> {
    let header = call.request.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |half: &str| {
        let mut pairs = form_urlencoded::parse(half.as_bytes());
        pairs
            .next()
            .map(|(text, _)| text.into_owned())
            .unwrap_or_default()
    };
    Some((plain(id), plain(secret)))
}

fn respond(call: &Call<'_>, sign_in: &SignIn, renewed: Renewed) -> Result<Reply, Internal> {
    let (site, quirks) = (call.site, call.quirks);
    let prefix = site.provider.token_prefix(sign_in);
    let access_token = site.sign_ins.new_access_token(sign_in.clone(), &prefix);
    let mut response = members(json!({
        "token_type": "Bearer",
        "access_token": access_token,
        "expires_in": 3600,
        "scope": sign_in.asked.scope,
    }));
    if renewed == Renewed::No && site.provider.is_offline(call, sign_in) {
        let refresh_token = site.sign_ins.new_refresh_token(sign_in.clone());
        response.insert("refresh_token".to_owned(), json!(refresh_token));
    }
    let has_id_token = site.provider.has_id_tokens() && sign_in.asked.has_scope("openid");
    if has_id_token && !quirks.missing_id_token {
        let id_token = id_token::issue(call, sign_in, &access_token)?;
        response.insert("id_token".to_owned(), json!(id_token));
    }
    site.provider.token_response(call, sign_in, &mut response);
    if quirks.no_expires_in {
        response.remove("expires_in");
    }
    overwrite(&mut response, &quirks.token_response);
    Ok((StatusCode::OK, Value::Object(response)))
}

/// RFC 7009: an unknown token is none any more, which is what was wanted.
pub(super) fn revoke(call: &Call<'_>) -> Response {
    let token = call.request.parameter("token").unwrap_or_default();
    let known = call.site.sign_ins.revoke(token);
    tracing::debug!(known, "a token was revoked at the simulator");
    StatusCode::OK.into_response()
}
