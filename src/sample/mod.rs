//! Expense Desk: a small application that people sign in to, for trying the product out with something real at the other end.
//!
//! A relying party in its own right: it knows the provider only by its issuer, through the `openidconnect` crate, and nothing
//! of this crate but `kit`. Its sessions live in memory and end with it.

mod handlers;
mod logout_token;
mod pages;
mod provider;
mod visits;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::header::{HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use url::Url;

use crate::kit::{Clock, Internal, Secret};

/// Where the provider sends people back to: register it as the client's redirect URI.
pub const CALLBACK_PATH: &str = "/callback";
/// Where others start a sign-in (OpenID Connect Core section 4): register it as `initiate_login_uri`.
pub const LOGIN_PATH: &str = "/login";
/// Where people land after signing out: register it as the client's post-logout redirect URI.
pub const SIGNED_OUT_PATH: &str = "/signed-out";
/// Where the provider says that a session has ended: register it as the client's `backchannel_logout_uri`.
pub const BACKCHANNEL_LOGOUT_PATH: &str = "/backchannel-logout";

const LARGEST_FORM: usize = 16 * 1024;

/// What the application has to know.
#[derive(Debug, Clone)]
pub struct SampleSettings {
    pub listen: SocketAddr,
    /// The address that browsers know it by.
    pub own_url: Url,
    /// The provider's issuer, byte for byte as its discovery document states it.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Secret,
    pub name: String,
}

/// What a handler may reach.
#[derive(Clone)]
struct Desk(Arc<Parts>);

struct Parts {
    settings: SampleSettings,
    clock: Clock,
    provider: provider::Provider,
    visits: visits::Visits,
    pages: pages::Pages,
}

impl std::ops::Deref for Desk {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Serves the application until it is cancelled.
pub async fn serve(settings: SampleSettings, cancel: CancellationToken) -> Result<(), Internal> {
    let handle = axum_server::Handle::new();
    let mut server = axum_server::bind(settings.listen).handle(handle.clone());
    let patience = Duration::from_secs(10);
    server.http_builder().http1().header_read_timeout(patience);
    let mut serving = std::pin::pin!(server.serve(router(settings)?.into_make_service()));
    tokio::select! {
        ended = &mut serving => return Ok(ended?),
        () = cancel.cancelled() => handle.graceful_shutdown(Some(patience)),
    }
    Ok(serving.await?)
}

/// The application as a router.
pub fn router(settings: SampleSettings) -> Result<Router, Internal> {
    let policy = content_security_policy(&settings)?;
    let clock = Clock::system();
    let desk = Desk(Arc::new(Parts {
        provider: provider::Provider::new(&settings, &clock)?,
        visits: visits::Visits::default(),
        pages: pages::Pages::new(&settings.name)?,
        settings,
        clock,
    }));
    // Forms of our own come from our own pages only; a sign-in may be started from anywhere.
    let own_forms = Router::new()
        .route("/renew", post(handlers::renew))
        .route("/sign-out", post(handlers::sign_out))
        .layer(CsrfLayer::new());
    let router = Router::new()
        .route("/", get(handlers::home))
        .route(
            LOGIN_PATH,
            get(handlers::login).post(handlers::login_by_post),
        )
        .route(CALLBACK_PATH, get(handlers::callback))
        .route(SIGNED_OUT_PATH, get(handlers::signed_out))
        .route(BACKCHANNEL_LOGOUT_PATH, post(handlers::backchannel_logout))
        .merge(own_forms)
        .layer(header(CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .route("/style.css", get(pages::style))
        .route("/icon.svg", get(pages::icon))
        .fallback(handlers::not_found)
        .layer(RequestBodyLimitLayer::new(LARGEST_FORM))
        .layer(header(CONTENT_SECURITY_POLICY, policy))
        .layer(header(
            REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ))
        .layer(header(
            X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ));
    Ok(router.with_state(desk))
}

fn header(name: HeaderName, value: HeaderValue) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, value)
}

/// Signing out is a form whose answer redirects to the provider, and browsers apply `form-action` to that redirect, too.
fn content_security_policy(settings: &SampleSettings) -> Result<HeaderValue, Internal> {
    let provider = Url::parse(&settings.issuer)?.origin().ascii_serialization();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' {provider}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    Ok(HeaderValue::from_str(&policy)?)
}
