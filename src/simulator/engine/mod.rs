//! The flow that all providers have in common: authorization, token, keys, userinfo, and what each request said.
//!
//! What makes a provider different is in its own file.

mod authorize;
mod id_token;
mod keys;
mod logout;
mod received;
mod sign_ins;
mod token;
mod trouble;
mod userinfo;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tower_http::set_header::SetResponseHeaderLayer;

pub(super) use authorize::{Back, Mode, Outcome, outcome};
pub(super) use logout::token as logout_token;
pub use received::Received;
pub(super) use sign_ins::{Asked, SignIn};

use super::pages::{self, Pages};
use super::persona::Persona;
use super::provider::{Endpoint, Members, Provider, Reply};
use super::quirks::Quirks;
use crate::kit::{Clock, Internal};

/// One provider, running.
pub(super) struct Site {
    pub(super) base: String,
    pub(super) provider: Box<dyn Provider>,
    pub(super) clock: Clock,
    pub(super) keys: keys::Keys,
    pub(super) sign_ins: sign_ins::SignIns,
    pub(super) pages: Pages,
    pub(super) redirect_uris: Mutex<Vec<String>>,
    quirks: Mutex<Quirks>,
    log: Mutex<Vec<Received>>,
}

/// One request, and what holds while it is answered.
pub(super) struct Call<'a> {
    pub(super) site: &'a Site,
    pub(super) request: &'a Received,
    pub(super) quirks: &'a Quirks,
    pub(super) now: DateTime<Utc>,
}

impl Site {
    pub(super) fn new(
        base: String,
        provider: Box<dyn Provider>,
        clock: Clock,
    ) -> Result<Self, Internal> {
        Ok(Self {
            base,
            provider,
            clock,
            keys: keys::Keys::default(),
            sign_ins: sign_ins::SignIns::default(),
            pages: Pages::new()?,
            redirect_uris: Mutex::default(),
            quirks: Mutex::default(),
            log: Mutex::default(),
        })
    }

    pub(super) fn quirks(&self) -> MutexGuard<'_, Quirks> {
        lock(&self.quirks)
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Vec<Received>> {
        lock(&self.log)
    }

    pub(super) fn persona(&self, key: &str) -> Option<&'static Persona> {
        let all = self.provider.personas();
        all.iter().find(|persona| persona.key == key)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The provider as a router.
pub(super) fn router(site: &Arc<Site>) -> Router {
    let mut router = Router::new();
    for (path, endpoint) in site.provider.routes() {
        let endpoint = *endpoint;
        router = router.route(
            path,
            any(
                async move |State(site): State<Arc<Site>>, request: Request| {
                    answer(&site, endpoint, request).await
                },
            ),
        );
    }
    let header = |name: HeaderName, value| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router
        .layer(header(CACHE_CONTROL, "no-store"))
        .route("/simulator/style.css", get(pages::style))
        .route("/simulator/submit.js", get(pages::script))
        .fallback(async |State(site): State<Arc<Site>>| {
            let sentence = "Nothing of this provider is simulated at this address.";
            site.pages
                .problem(&*site.provider, StatusCode::NOT_FOUND, sentence)
        })
        .layer(header(CONTENT_SECURITY_POLICY, pages::POLICY))
        .layer(header(REFERRER_POLICY, "no-referrer"))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .with_state(site.clone())
}

async fn answer(site: &Site, endpoint: Endpoint, request: Request) -> Response {
    let received = match Received::read(endpoint, request).await {
        Ok(received) => received,
        Err(too_large) => return too_large,
    };
    site.log().push(received.clone());
    let quirks = site.quirks().clone();
    if let Some(trouble) = quirks.trouble_of(endpoint) {
        return trouble::answer(site, trouble).await;
    }
    let call = Call {
        site,
        request: &received,
        quirks: &quirks,
        now: site.clock.moment().now,
    };
    let answered = match endpoint {
        Endpoint::Discovery => Ok(discovery(&call)),
        Endpoint::Authorize | Endpoint::AdminConsent => Ok(authorize::answer(&call)),
        Endpoint::Token => token::answer(&call),
        Endpoint::Keys => keys::answer(&call),
        Endpoint::Userinfo => userinfo::answer(&call),
        Endpoint::EndSession => Ok(logout::answer(&call)),
        Endpoint::Revoke => Ok(token::revoke(&call)),
        Endpoint::Api => Ok(api(&call)),
    };
    answered.unwrap_or_else(|internal: Internal| {
        tracing::error!(error = %internal.cause(), "the simulator failed");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

fn discovery(call: &Call<'_>) -> Response {
    let (status, document) = call.site.provider.discovery(call);
    let Value::Object(mut document) = document else {
        return reply((status, document));
    };
    let quirks = call.quirks;
    if !status.is_success() {
        return reply((status, Value::Object(document)));
    }
    if quirks.trailing_slash
        && let Some(Value::String(issuer)) = document.get_mut("issuer")
    {
        issuer.push('/');
    }
    if let Some(issuer) = &quirks.metadata_issuer {
        document.insert("issuer".to_owned(), Value::from(issuer.clone()));
    }
    if let Some(advertised) = quirks.advertises_iss {
        let name = "authorization_response_iss_parameter_supported";
        document.insert(name.to_owned(), Value::Bool(advertised));
    }
    if quirks.missing_token_endpoint {
        document.remove("token_endpoint");
    }
    overwrite(&mut document, &quirks.metadata);
    reply((status, Value::Object(document)))
}

fn api(call: &Call<'_>) -> Response {
    let provider = &call.site.provider;
    let sign_in = call
        .request
        .bearer()
        .and_then(|token| call.site.sign_ins.of_access_token(token));
    reply(match sign_in {
        Some(sign_in) => provider.api(call, &sign_in),
        None => provider.api_failure(StatusCode::UNAUTHORIZED),
    })
}

fn reply((status, body): Reply) -> Response {
    (status, Json(body)).into_response()
}

/// Lays some members over others; `null` removes one.
fn overwrite(members: &mut Members, by: &Members) {
    for (name, value) in by {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}
