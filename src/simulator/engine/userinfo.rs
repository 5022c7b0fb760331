//! What the bearer of a token may know about whose it is.
//!
//! The claims are the provider's own.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{Call, SignIn, id_token, overwrite, reply};
use crate::kit::Internal;
use crate::simulator::provider::Members;

pub(super) fn answer(call: &Call<'_>) -> Result<Response, Internal> {
    let token = call.request.bearer();
    let sign_in = token.and_then(|token| call.site.sign_ins.of_access_token(token));
    let Some(sign_in) = sign_in else {
        return Ok(call.site.provider.userinfo_failure());
    };
    let claims = claims(call, &sign_in);
    if call.quirks.userinfo_as_jwt {
        return signed(call, &sign_in, claims);
    }
    Ok(reply((StatusCode::OK, Value::Object(claims))))
}

fn claims(call: &Call<'_>, sign_in: &SignIn) -> Members {
    let quirks = call.quirks;
    let mut claims = call.site.provider.userinfo(call, sign_in);
    if quirks.userinfo_other_subject {
        claims.insert("sub".to_owned(), json!("somebody-else"));
    }
    if quirks.updated_at_text {
        claims.insert("updated_at".to_owned(), json!("2026-11-02T08:00:00Z"));
    }
    id_token::tidy(&mut claims, quirks);
    overwrite(&mut claims, &quirks.userinfo);
    claims
}

/// OpenID Connect Core section 5.3.2: signed, with `iss` and `aud`.
fn signed(call: &Call<'_>, sign_in: &SignIn, mut claims: Members) -> Result<Response, Internal> {
    let audience = if call.quirks.userinfo_jwt_wrong_audience {
        "another-client"
    } else {
        call.site.provider.client().id
    };
    let issuer = id_token::issuer(call, sign_in.persona);
    claims.insert("iss".to_owned(), json!(issuer));
    claims.insert("aud".to_owned(), json!(audience));
    let token = id_token::sign(call, sign_in.persona, &Value::Object(claims))?;
    Ok(([(CONTENT_TYPE, "application/jwt")], token).into_response())
}
