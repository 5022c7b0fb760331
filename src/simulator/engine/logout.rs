//! The end of a session: asked for by a client, or told to a client by a logout token.
//!
//! Tokens stay as they are; only the browser's session ends.

use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use serde_json::{Value, json};
use url::Url;

use super::authorize::cookie_name;
use super::{Call, SignIn, sign_ins};
use crate::kit::Internal;
use crate::simulator::provider::{Members, members};
use crate::simulator::quirks::LogoutToken;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// RP-Initiated Logout 1.0, without a question in between.
pub(super) fn answer(call: &Call<'_>) -> Response {
    let back = call.request.parameter("post_logout_redirect_uri");
    let mut response = match back.and_then(|back| Url::parse(back).ok()) {
        None => call.site.pages.signed_out(&*call.site.provider),
        Some(mut back) => {
            if let Some(state) = call.request.parameter("state") {
                back.query_pairs_mut().append_pair("state", state);
            }
            match HeaderValue::from_str(back.as_str()) {
                Ok(back) => (StatusCode::FOUND, [(LOCATION, back)]).into_response(),
                Err(_) => StatusCode::BAD_REQUEST.into_response(),
            }
        }
    };
    let gone = format!("{}=; Path=/; Max-Age=0", cookie_name(call));
    if let Ok(gone) = HeaderValue::from_str(&gone) {
        response.headers_mut().insert(SET_COOKIE, gone);
    }
    response
}

/// A logout token (Back-Channel Logout 1.0 section 2.4), wrong in the way that is switched on.
pub(in crate::simulator) fn token(call: &Call<'_>, sign_in: &SignIn) -> Result<String, Internal> {
    let provider = &call.site.provider;
    let subject = provider.claims(call, sign_in).remove("sub");
    let mut claims = members(json!({
        "iss": provider.issuer(call, sign_in.persona),
        "aud": provider.client().id,
        "iat": call.now.timestamp(),
        "exp": (call.now + TimeDelta::minutes(2)).timestamp(),
        "jti": sign_ins::random(),
        "sub": subject,
        "events": { EVENT: {} },
    }));
    if !sign_in.sid.is_empty() {
        claims.insert("sid".to_owned(), json!(sign_in.sid));
    }
    let wrong = call.quirks.logout_token;
    distort(&mut claims, wrong, call);
    let typ = if wrong == LogoutToken::IdToken {
        "JWT"
    } else {
        "logout+jwt"
    };
    let claims = Value::Object(claims);
    let key = if wrong == LogoutToken::BadSignature {
        call.site.keys.unpublished()?
    } else {
        call.site
            .keys
            .signing(call, provider.key_owner(sign_in.persona))?
    };
    key.sign(members(json!({"typ": typ, "kid": key.kid})), &claims)
}

fn distort(claims: &mut Members, wrong: LogoutToken, call: &Call<'_>) {
    let mut set = |name: &str, value: Value| {
        claims.insert(name.to_owned(), value);
    };
    match wrong {
        LogoutToken::Right | LogoutToken::BadSignature => {}
        LogoutToken::WithNonce => set("nonce", json!("a-nonce")),
        LogoutToken::WrongIssuer => set("iss", json!("https://elsewhere.example")),
        LogoutToken::WrongAudience => set("aud", json!("another-client")),
        LogoutToken::Expired => {
            set("iat", json!((call.now - TimeDelta::hours(2)).timestamp()));
            set("exp", json!((call.now - TimeDelta::hours(1)).timestamp()));
        }
        LogoutToken::WithoutEvents | LogoutToken::IdToken => {
            claims.remove("events");
        }
    }
}
