//! `UserInfo` (OpenID Connect Core section 5.3): what an access token's scopes tell about its person.
//!
//! An application that asks for every request of its own is answered from memory: what it is told is at most a second old.
//! Whether the token still counts is looked at each time.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::bearer;
use super::claims::Release;
use super::oauth_error::OAuthError;
use crate::app::App;
use crate::application::SIGN_IN_SCOPES;
use crate::grant::AccessClaims;
use crate::identity::IdentityId;
use crate::kit::Internal;

/// How old an answer may be.
const FRESH: TimeDelta = TimeDelta::seconds(1);
const REMEMBERED: usize = 5_000;

/// What was told lately, by the token's id.
pub(super) struct Told(Cache<Uuid, (DateTime<Utc>, Bytes)>);

impl Told {
    pub(super) fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

/// GET and POST /userinfo.
pub(super) async fn answer(
    State(app): State<App>,
    Extension(told): Extension<Arc<Told>>,
    request: Request,
) -> Result<Response, OAuthError> {
    let Some(token) = bearer::token(request).await? else {
        return Ok(OAuthError::bearer_missing());
    };
    let moment = app.moment();
    let verified = app.access_tokens.verify(token.reveal(), &moment);
    let claims = verified.map_err(|bad| OAuthError::invalid_token(&bad.to_string()))?;
    let client = claims.client_id.parse().ok();
    if client.is_none_or(|id| app.catalogue.current().client(id).is_none()) {
        return Err(OAuthError::invalid_token("its client is gone"));
    }
    let lately = told.0.get(&claims.jti);
    let body = if let Some((_, body)) = lately.filter(|(at, _)| moment.now < *at + FRESH) {
        body
    } else {
        let body = person(&app, &claims).await?;
        told.0.insert(claims.jti, (moment.now, body.clone()));
        body
    };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from(body)).into_response())
}

async fn person(app: &App, claims: &AccessClaims) -> Result<Bytes, OAuthError> {
    if claims.aud != app.links.issuer() || !claims.has_scope("openid") {
        return Err(OAuthError::insufficient_scope("openid"));
    }
    let Ok(identity) = claims.sub.parse::<IdentityId>() else {
        return Err(OAuthError::insufficient_scope("openid"));
    };
    let release = release(claims);
    let person = app
        .db
        .read(async |tx| release.read(tx, identity).await)
        .await?;
    let mut person =
        person.ok_or_else(|| OAuthError::invalid_token("the person can not sign in any more"))?;
    person.insert("sub".to_owned(), claims.sub.clone().into());
    let body = serde_json::to_vec(&person).map_err(Internal::from)?;
    Ok(body.into())
}

/// The single claims were checked against the client when the token was issued.
fn release(claims: &AccessClaims) -> Release {
    let single = claims.userinfo_claims.iter().map(String::as_str);
    let any = SIGN_IN_SCOPES.iter().copied().collect();
    Release::of_scopes(claims.scope.split(' ')).and(Release::of_names(single, &any))
}
