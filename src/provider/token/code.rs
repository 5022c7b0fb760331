//! The grant type `authorization_code` (RFC 6749 section 4.1.3).

use super::issue::{Occasion, issue};
use super::{Call, TokenResponse, revealed};
use crate::application::GrantType;
use crate::grant::{self, NotRedeemed, Redeemed, Redeeming, RefreshLifetimes};
use crate::kit::{Internal, Secret};
use crate::provider::oauth_error::OAuthError;
use crate::session::logout;

pub(super) async fn answer(call: &Call<'_>) -> Result<TokenResponse, OAuthError> {
    let redeeming = Redeeming {
        client: call.client.id,
        code: Secret::new(call.parameters.required("code")?),
        redirect_uri: call.parameters.get("redirect_uri"),
        code_verifier: call.parameters.get("code_verifier"),
    };
    let (app, moment) = (call.app, call.moment);
    let lifetimes = RefreshLifetimes::from(&app.config.tokens);
    let (redeemed, refresh_token) = app
        .db
        .write(async |tx| {
            let redeemed = grant::redeem_code(tx, moment, &redeeming).await?;
            if let Redeemed::Granted(grant) = &redeemed {
                logout::remember(tx, grant.session, call.client).await?;
            }
            let refresh_token = match &redeemed {
                Redeemed::Granted(grant) if call.client.may(GrantType::RefreshToken) => {
                    Some(grant::begin_refresh(tx, &app.sealer, moment, grant, lifetimes).await?)
                }
                _ => None,
            };
            Ok::<_, Internal>((redeemed, refresh_token))
        })
        .await?;
    let grant = match redeemed {
        Redeemed::Granted(grant) => grant,
        Redeemed::Refused(reason) => {
            if let NotRedeemed::UsedBefore(_) = reason {
                app.revocations.reload(&app.db, moment).await?;
            }
            return Err(OAuthError::invalid_grant(reason.to_string()));
        }
    };
    let issued = issue(call, &grant, &grant.scope, Occasion::SignIn).await?;
    Ok(issued.with_refresh_token(refresh_token.as_ref().map(revealed)))
}
