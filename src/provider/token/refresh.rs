//! The grant type `refresh_token` (RFC 6749 section 6, OpenID Connect Core section 12).

use super::issue::{Issue, Occasion, issue};
use super::{Call, TokenResponse, revealed};
use crate::application::Scopes;
use crate::db::Tx;
use crate::grant::{self, NotRefreshed, RefreshLifetimes, Refreshed, Refreshing};
use crate::kit::{Internal, Secret};
use crate::provider::oauth_error::OAuthError;
use crate::session::logout;

pub(super) async fn answer(call: &Call<'_>) -> Result<TokenResponse, OAuthError> {
    let scope = call.parameters.get("scope").map(str::parse::<Scopes>);
    let scope = scope.transpose();
    let refreshing = Refreshing {
        client: call.client.id,
        token: Secret::new(call.parameters.required("refresh_token")?),
        scope: scope.map_err(|_| OAuthError::invalid_scope("The scope is malformed."))?,
    };
    let lifetimes = RefreshLifetimes::from(&call.app.config.tokens);
    match quickly(call, &refreshing, lifetimes).await? {
        Some(answer) => Ok(answer),
        None => thoroughly(call, &refreshing, lifetimes).await,
    }
}

/// The usual case: everything is read first, and the exchange is one statement, which finds whether it still holds.
async fn quickly(
    call: &Call<'_>,
    refreshing: &Refreshing,
    lifetimes: RefreshLifetimes,
) -> Result<Option<TokenResponse>, OAuthError> {
    let (app, moment) = (call.app, call.moment);
    if call.client.settings.backchannel_logout_uri.is_some() {
        return Ok(None); // has more to write
    }
    let read = app.db.read(async |tx| {
        let Some(held) = grant::look(tx, moment, refreshing, lifetimes).await? else {
            return Ok(None);
        };
        let scope = refreshing.scope.as_ref().unwrap_or(&held.grant.scope);
        let person = Issue::new(call, &held.grant, scope, Occasion::Refresh)
            .person(tx)
            .await?;
        Ok::<_, OAuthError>(Some((held, person)))
    });
    let Some((held, person)) = read.await? else {
        return Ok(None);
    };
    let exchange =
        async |tx: &mut Tx| grant::exchange(tx, &app.sealer, moment, &held, lifetimes).await;
    let Some(next) = app.db.write_one(exchange).await? else {
        return Ok(None);
    };
    let scope = refreshing.scope.as_ref().unwrap_or(&held.grant.scope);
    let issued = Issue::new(call, &held.grant, scope, Occasion::Refresh).tokens(person)?;
    Ok(Some(issued.with_refresh_token(Some(revealed(&next)))))
}

async fn thoroughly(
    call: &Call<'_>,
    refreshing: &Refreshing,
    lifetimes: RefreshLifetimes,
) -> Result<TokenResponse, OAuthError> {
    let (app, moment) = (call.app, call.moment);
    let refreshed = app
        .db
        .write(async |tx| {
            let refreshed = grant::refresh(tx, &app.sealer, moment, refreshing, lifetimes).await?;
            if let Refreshed::Granted { grant, .. } = &refreshed {
                logout::remember(tx, grant.session, call.client).await?;
            }
            Ok::<_, Internal>(refreshed)
        })
        .await?;
    let (grant, next) = match refreshed {
        Refreshed::Granted { grant, next } => (grant, next),
        Refreshed::Refused(reason) => {
            if let NotRefreshed::UsedBefore(_) = reason {
                app.revocations.reload(&app.db, moment).await?;
            }
            return Err(match reason {
                NotRefreshed::BroaderScope => OAuthError::invalid_scope(reason.to_string()),
                _ => OAuthError::invalid_grant(reason.to_string()),
            });
        }
    };
    let scope = refreshing.scope.as_ref().unwrap_or(&grant.scope);
    let issued = issue(call, &grant, scope, Occasion::Refresh).await?;
    Ok(issued.with_refresh_token(Some(revealed(&next))))
}
