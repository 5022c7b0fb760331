//! We as OpenID provider: a file per endpoint, and what the protocol endpoints share.
//!
//! Doesn't own clients (`application`), people (`identity`), grants (`grant`) or signing keys (`keys`).

mod attempts;
mod authorize;
mod bearer;
pub mod claims;
mod client_auth;
mod cors;
mod discovery;
mod hint;
mod introspect;
mod landing;
mod logout;
mod oauth_error;
mod parameters;
mod proven;
mod revoke;
mod token;
mod userinfo;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::app::App;
use crate::web::{path, refuse_cross_site};
use attempts::Attempts;
use discovery::Documents;
use userinfo::Told;

/// Forms of these endpoints are short; a client assertion is the longest part of one.
const LONGEST_FORM: usize = 64 * 1024;

/// Every endpoint that applications and browsers talk to.
pub fn routes(app: &App) -> Router<App> {
    let documents = Arc::new(Documents::new(&app.links));
    let published = Router::new()
        .route(path::OPENID_CONFIGURATION, get(discovery::metadata))
        .route(path::OAUTH_METADATA, get(discovery::metadata))
        .route(path::JWKS, get(discovery::jwks))
        .layer(cors::anybody())
        .layer(axum::Extension(documents));
    let attempts = Arc::new(Attempts::new());
    let called = Router::new()
        .route(path::TOKEN, post(token::answer))
        .route(path::REVOKE, post(revoke::answer))
        .route(path::USERINFO, get(userinfo::answer).post(userinfo::answer))
        .layer(cors::registered_origins(app))
        .route(path::INTROSPECT, post(introspect::answer))
        .layer(DefaultBodyLimit::max(LONGEST_FORM))
        .layer(axum::Extension(attempts))
        .layer(axum::Extension(Arc::new(Told::new())));
    let own = refuse_cross_site(authorize::own_pages(), &app.links);
    published
        .merge(called)
        .merge(authorize::called_from_elsewhere())
        .merge(logout::routes())
        .merge(own)
}
