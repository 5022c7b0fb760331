//! A request of a client that has proven itself: what the token, introspection and revocation endpoints begin with.
//!
//! Doesn't know what the client then may do.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts as _, Request};

use super::attempts::Attempts;
use super::client_auth::{Caller, authenticate};
use super::oauth_error::OAuthError;
use super::parameters::Parameters;
use crate::app::App;
use crate::application::Client;
use crate::kit::{Internal, Moment};
use crate::web::ClientAddress;

/// The client, and what it asks for.
pub(super) struct Proven {
    pub(super) app: App,
    pub(super) client: Arc<Client>,
    pub(super) parameters: Parameters,
    pub(super) moment: Moment,
}

impl FromRequest<App> for Proven {
    type Rejection = OAuthError;

    async fn from_request(request: Request, app: &App) -> Result<Self, OAuthError> {
        let (mut parts, body) = request.into_parts();
        let Ok(address) = ClientAddress::from_request_parts(&mut parts, app).await;
        let attempts = parts.extensions.get::<Arc<Attempts>>().cloned();
        let attempts = attempts.ok_or_else(|| Internal::because("nobody counts attempts here"))?;
        let headers = parts.headers.clone();
        let parameters = Parameters::read(Request::from_parts(parts, body)).await?;
        let moment = app.moment();
        let caller = Caller {
            app,
            attempts: &attempts,
            address,
            moment: &moment,
        };
        let client = authenticate(&caller, &headers, &parameters).await?;
        Ok(Self {
            app: app.clone(),
            client,
            parameters,
            moment,
        })
    }
}
